package play

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"unsafe"

	"playhead/internal/event"
)

const (
	// restAfter is how long (ms of the log's time) nothing is heard of an open play
	// until its viewer may rest.
	restAfter = 120_000
	// restAgain is how long after it could not, it is looked at again.
	restAgain = 60_000
	// restAtOnce is how many are put to rest in one tick: some milliseconds.
	restAtOnce = 2_000
	// restRoom is for how many the maps keep room in any case.
	restRoom = 10_000
)

// resting are viewers of whom something is open and nothing was heard for a while, as of a
// player that was closed without a word: until the timeout there is one of them for every few
// who watch. Of such a one there is only its key here and what must be known of it before it is
// looked at: its state is where the last snapshot put it, or, where an engine cannot read that
// (see Engine.Stored), it is kept as a snapshot stores it, which takes a fifth of the room. One
// is woken when an event of its own comes or when something is due of it.
type resting struct {
	states map[event.ViewerKey]rested
	// seconds are those in which something is due first; who is awake again is among
	// them until then.
	seconds map[uint32][]event.ViewerKey
	next    uint32 // the first second of those, or an earlier one
	size    int64  // bytes of the states
	most    int    // there were since the maps were made
}

// rested is a viewer who rests.
type rested struct {
	state []byte // nil where the store has it
	brief brief
	due   uint32 // the second in which the first of its open plays times out
}

func newResting() resting {
	return resting{states: map[event.ViewerKey]rested{}, seconds: map[uint32][]event.ViewerKey{}}
}

// look is when p is looked at: when something is due of it or when it may rest, epoch ms.
func (g *Engine) look(p *playState) int64 {
	due := g.deadline(p)
	if !p.open() || p.history {
		return due
	}
	at := p.received + restAfter
	if at <= g.now {
		at = g.now + restAgain
	}
	return min(due, at)
}

// rest puts v to rest, if it is stored as it is and nothing was heard of it for a while.
func (g *Engine) rest(v *viewer) bool {
	if v.change != unchanged || v.plays == nil || v.stored != Open {
		return false
	}
	e := rested{due: 1<<32 - 1}
	for p := v.plays; p != nil; p = p.sibling {
		if p.history || !p.open() && !p.over || p.received+restAfter > g.now {
			return false
		}
		if p.open() { // of what is over nothing is due but to leave, and that has time
			e.due = min(e.due, second(g.deadline(p)))
		}
	}
	if e.due <= second(g.now) { // it would be woken by the next tick
		return false
	}
	e.brief = g.brief(v)
	if g.Stored == nil {
		g.scratch = g.appendViewer(g.scratch[:0], v)
		e.state = bytes.Clone(g.scratch)
	}
	r := &g.resting
	r.states[v.key] = e
	r.most = max(r.most, len(r.states))
	r.size += int64(len(e.state))
	r.seconds[e.due] = append(r.seconds[e.due], v.key)
	if len(r.seconds) == 1 || e.due < r.next {
		r.next = e.due
	}
	g.forget(v)
	return true
}

// shrink gives back the room of those who are awake again, if most are: a map keeps it.
func (r *resting) shrink() {
	if r.most > restRoom && len(r.states) < r.most/8 {
		small := newResting()
		maps.Copy(small.states, r.states)
		maps.Copy(small.seconds, r.seconds)
		r.states, r.seconds, r.most = small.states, small.seconds, len(small.states)
	}
}

// rouse makes a viewer of one who rests. Its plays are to be filed.
func (g *Engine) rouse(key event.ViewerKey, e rested) (*viewer, error) {
	r := &g.resting
	delete(r.states, key)
	r.size -= int64(len(e.state))
	if len(r.states) == 0 {
		*r = newResting() // a map keeps its room
	}
	v := newViewer(key)
	if err := g.recall(v, e.state); err != nil {
		g.failure = fmt.Errorf("rouse a viewer: %w", err)
		return nil, g.failure
	}
	v.stored = Open
	g.viewers.put(v)
	return v, nil
}

// recall restores a viewer who rested from its state, or from what is stored of it.
func (g *Engine) recall(v *viewer, state []byte) (err error) {
	if state == nil {
		if state, err = g.Stored(v.key); err != nil {
			return err
		}
		if state == nil { // nobody but a snapshot of this engine deletes it
			return fmt.Errorf("%w: it is gone", ErrState)
		}
	}
	return g.restore(v, state)
}

// rouseFor makes a viewer of one of whom something is said or sought.
func (g *Engine) rouseFor(key event.ViewerKey, e rested) {
	if v, err := g.rouse(key, e); err == nil { // see Err
		g.fileDue(v, g.deadline)
	}
}

// fileDue files the plays of a viewer who was brought back, of which something is due, under
// when they are looked at, or under their deadlines, by which closeSome seeks them.
func (g *Engine) fileDue(v *viewer, when func(*playState) int64) {
	for p := v.plays; p != nil; p = p.sibling {
		if p.open() || !p.over || g.deadline(p) > g.now {
			g.fileUnder(p, second(when(p)))
		}
	}
}

// rouseDue wakes those of whom something is due up to second s.
func (g *Engine) rouseDue(s uint32) {
	r := &g.resting
	if len(r.seconds) == 0 || r.next > s {
		return
	}
	if s-r.next > 1000 { // clocks have jumped
		for second := range r.seconds {
			if second <= s {
				g.rouseAt(second)
			}
		}
	} else {
		for second := r.next; second <= s; second++ {
			g.rouseAt(second)
		}
	}
	g.resting.next = s + 1
}

func (g *Engine) rouseAt(second uint32) {
	keys := g.resting.seconds[second]
	delete(g.resting.seconds, second)
	// In the order in which they are stored: of a crowd that fell silent together several
	// are in each block that is read.
	slices.SortFunc(keys, func(a, b event.ViewerKey) int { return bytes.Compare(a[:], b[:]) })
	for _, key := range keys {
		if e, ok := g.resting.states[key]; ok && e.due == second && g.failure == nil {
			g.rouseFor(key, e)
		}
	}
}

// rouseOf wakes those within the reach with plays of a key.
func (g *Engine) rouseOf(keyID uint32, reach event.Reach) {
	for key, e := range g.resting.states {
		if (e.brief.keyID == keyID || e.brief.several) && reach.Holds(key) && g.failure == nil {
			g.rouseFor(key, e)
		}
	}
}

// first is the first second in which something is due of one who rests.
func (r *resting) first() (at uint32, ok bool) {
	for second, keys := range r.seconds {
		if (!ok || second < at) && len(keys) > 0 {
			at, ok = second, true
		}
	}
	return at, ok
}

// bytes is about how much memory those who rest take: a map has a fifth of its room free, and
// a list that grows a quarter.
func (r *resting) bytes() int64 {
	const key = unsafe.Sizeof(event.ViewerKey{})
	each := (key+unsafe.Sizeof(rested{}))*5/4 + key*4/3
	return r.size + int64(len(r.states))*int64(each)
}
