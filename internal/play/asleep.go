package play

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"unsafe"

	"playhead/internal/event"
)

// sleepers are viewers of whom something is open that nothing was heard of since
// the start that brought them back. Their stored states are kept as they are:
// that is quicker than to make a million plays at once, and takes less room. One
// is woken when an event of its own comes or when something is due of it.
type sleepers struct {
	list  []sleeper // by key
	due   []uint64  // second and place in the list, in order; those that are over are gone
	parts []part
	left  int // that are asleep still
}

// sleeper is where a viewer's state is, and what must be known of it before it is
// looked at.
type sleeper struct {
	key        event.ViewerKey
	part       uint32
	from, size uint32 // size 0: it is awake
	brief      brief
}

// part holds states of some sleepers one behind the other, until all are awake.
type part struct {
	data []byte
	left int
}

const partBytes = 256 << 10

// brief is what a stored viewer says of itself in front of its plays.
type brief struct {
	open  uint32 // plays
	due   uint32 // the second in which something is due of it first
	keyID uint32 // of one of its plays
	// several: its plays are of more than one key. now: when it is due depends on
	// the time it is asked at.
	several, now bool
}

// brief is what is stored of v in front.
func (g *Engine) brief(v *viewer) (b brief) {
	for p := v.plays; p != nil; p = p.sibling {
		if p.open() {
			b.open++
			b.now = b.now || p.history
		}
		if s := second(g.deadline(p)); b.due == 0 || s < b.due {
			b.due = s
		}
		b.several = b.several || p != v.plays && p.keyID != b.keyID
		b.keyID = p.keyID
	}
	if b.now {
		b.due = 0
	}
	return b
}

func (w *writer) brief(b brief, last int64) {
	w.bits(b.several, b.now)
	w.uint(uint64(b.open))
	w.int(int64(b.due) - last/1000)
	w.uint(uint64(b.keyID))
}

func (r *reader) brief(last int64) (b brief) {
	r.bits(&b.several, &b.now)
	b.open = uint32(r.uint())
	b.due = uint32(max(0, min(r.int()+last/1000, math.MaxUint32)))
	b.keyID = uint32(r.uint())
	return b
}

// sleep keeps the stored state of a viewer that need not be looked at now.
func (g *Engine) sleep(key event.ViewerKey, state []byte, b brief) {
	a := &g.asleep
	n := len(a.parts)
	if n == 0 || len(a.parts[n-1].data)+len(state) > cap(a.parts[n-1].data) {
		a.parts = append(a.parts, part{data: make([]byte, 0, max(partBytes, len(state)))})
		n++
	}
	in := &a.parts[n-1]
	a.list = append(a.list, sleeper{key: key, part: uint32(n - 1), from: uint32(len(in.data)), size: uint32(len(state)), brief: b})
	in.data = append(in.data, state...)
	in.left++
	a.left++
	g.openPlays += int(b.open)
}

// ready puts in order what was added.
func (a *sleepers) ready() {
	byKey := func(p, q sleeper) int { return bytes.Compare(p.key[:], q.key[:]) }
	if !slices.IsSortedFunc(a.list, byKey) { // a log reads them in order
		slices.SortFunc(a.list, byKey)
	}
	a.list = slices.Clip(a.list)
	a.due = make([]uint64, len(a.list))
	for i := range a.list {
		a.due[i] = uint64(a.list[i].brief.due)<<32 | uint64(i)
	}
	slices.Sort(a.due)
}

// find is the place of a viewer that is asleep, or −1.
func (a *sleepers) find(key *event.ViewerKey) int {
	if a.left == 0 {
		return -1
	}
	// By value: through a pointer that is handed on every event would be made on the heap.
	i, ok := slices.BinarySearchFunc(a.list, *key, func(s sleeper, key event.ViewerKey) int {
		return bytes.Compare(s.key[:], key[:])
	})
	if !ok || a.list[i].size == 0 {
		return -1
	}
	return i
}

// wake makes a viewer of the sleeper at i.
func (g *Engine) wake(i int) (*viewer, error) {
	a := &g.asleep
	s := &a.list[i]
	in := &a.parts[s.part]
	v := newViewer(s.key)
	if err := g.restore(v, in.data[s.from:s.from+s.size]); err != nil {
		g.failure = fmt.Errorf("bring back a viewer: %w", err)
		return nil, g.failure
	}
	v.stored = Open
	s.size = 0
	if in.left--; in.left == 0 {
		in.data = nil
	}
	if a.left--; a.left == 0 {
		*a = sleepers{}
	}
	g.viewers.put(v)
	return v, nil
}

// wakeDue wakes those of whom something is due up to second s.
func (g *Engine) wakeDue(s uint32) {
	a := &g.asleep
	for len(a.due) > 0 && uint32(a.due[0]>>32) <= s && g.failure == nil {
		i := int(uint32(a.due[0]))
		a.due = a.due[1:]
		if a.list[i].size > 0 {
			if v, err := g.wake(i); err == nil { // see Err
				g.fileDue(v, g.deadline)
			}
		}
	}
}

// wakeOf wakes those within the reach with plays of a key.
func (g *Engine) wakeOf(keyID uint32, reach event.Reach) {
	a := &g.asleep
	for i := 0; i < len(a.list) && g.failure == nil; i++ {
		if s := &a.list[i]; s.size > 0 && (s.brief.keyID == keyID || s.brief.several) && reach.Holds(s.key) {
			if v, err := g.wake(i); err == nil { // see Err
				g.fileDue(v, g.look)
			}
		}
	}
}

// from is the first second from s on under which something is filed, of those who
// are asleep or rest too, who are woken then.
func (g *Engine) from(s uint32) (uint32, bool) {
	at, ok := g.wheel.from(s)
	for first, any := g.firstAsleep(); any && (!ok || first <= at) && g.failure == nil; first, any = g.firstAsleep() {
		g.wakeDue(first)
		g.rouseDue(first)
		s = min(s, max(first, 1))
		at, ok = g.wheel.from(s)
	}
	return at, ok
}

// firstAsleep is the first second in which something is due of who is asleep or rests.
func (g *Engine) firstAsleep() (at uint32, any bool) {
	at, any = g.resting.first()
	if due := g.asleep.due; len(due) > 0 && (!any || uint32(due[0]>>32) < at) {
		at, any = uint32(due[0]>>32), true
	}
	return at, any
}

// Err is why the engine cannot go on: a state that was stored is not readable.
// What it said since is not to be used. Errors: ErrState.
func (g *Engine) Err() error { return g.failure }

// bytes is how much memory those who are asleep take.
func (a *sleepers) bytes() (n int64) {
	for i := range a.parts {
		n += int64(cap(a.parts[i].data))
	}
	return n + int64(cap(a.list))*int64(unsafe.Sizeof(sleeper{})) + int64(cap(a.due))*8
}
