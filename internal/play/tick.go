package play

import (
	"bytes"
	"cmp"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// keepClosed is how long (ms of the log's time) a viewer whose plays are all
// closed stays in memory before its state is only on disk.
const keepClosed = 60_000

// keepImported is the same of imported plays: many of them close in a short time,
// and hardly one of them goes on.
const keepImported = 10_000

// wheel files plays by the second in which something may be due of them: a close
// by silence, the horizon of what has closed, leaving memory. A play that is
// heard of is not filed anew: when its second has come, it is looked at and, as
// a rule, filed under a later one. So an event costs nothing here.
type wheel struct {
	seconds map[uint32][]*playState
	// next is the first second that was not looked at as a whole.
	next, last uint32
	filed      int // entries, of plays that are gone too
	gone       int // at least so many entries are of plays that are gone
	due        []*playState
	quiet      []*playState // whose viewers may rest now
}

func newWheel() wheel { return wheel{seconds: map[uint32][]*playState{}} }

// deadline is when something is due of p, epoch ms.
func (g *Engine) deadline(p *playState) int64 {
	c := &g.config
	switch {
	case p.open() && p.history:
		// Never, but it is looked at: a multiple of the timeout later.
		return p.received + c.PlayTimeout*((g.now-p.received)/c.PlayTimeout+1)
	case p.open() && p.tip.framed:
		return p.received + c.PlayTimeout
	case p.open():
		return p.received + c.StartTimeout
	case !p.over:
		return p.received + c.Horizon
	case p.history:
		return p.received + keepImported
	}
	return p.received + keepClosed
}

func second(ms int64) uint32 { return uint32(max(1, min(ms/1000, 1<<32-2))) }

// file files p under when it is looked at, unless it is filed under an earlier second.
func (g *Engine) file(p *playState) { g.fileUnder(p, second(g.look(p))) }

func (g *Engine) fileUnder(p *playState, s uint32) {
	if p.due != 0 && p.due <= s {
		return
	}
	w := &g.wheel
	p.due = s
	w.seconds[s] = append(w.seconds[s], p)
	w.filed++
	w.last = max(w.last, s)
	if w.next == 0 || s < w.next {
		w.next = s
	}
}

// from is the first second from s on under which something is filed.
func (w *wheel) from(s uint32) (uint32, bool) {
	for range 1000 {
		if _, ok := w.seconds[s]; ok || s > w.last {
			return s, ok
		}
		s++
	}
	found := false // far between: clocks have jumped
	first := uint32(1<<32 - 1)
	for k := range w.seconds {
		if k >= s && k <= first {
			first, found = k, true
		}
	}
	return first, found
}

// take takes the entries of a second out.
func (w *wheel) take(s uint32) []*playState {
	list, ok := w.seconds[s]
	if !ok {
		return nil
	}
	delete(w.seconds, s)
	w.filed -= len(list)
	kept := list[:0]
	for _, p := range list {
		switch {
		case p.gone():
			w.gone--
		case p.due == s:
			p.due = 0
			kept = append(kept, p)
		}
	}
	return kept
}

// drop notes that a filed play has gone, and sweeps when too many have.
func (w *wheel) drop() {
	w.gone++
	if w.gone < 4096 || w.gone < w.filed/2 {
		return
	}
	w.filed, w.gone = 0, 0
	for s, list := range w.seconds {
		list = slices.DeleteFunc(list, func(p *playState) bool { return p.gone() || p.due != s })
		w.filed += len(list)
		w.seconds[s] = list
	}
}

// Tick tells the engine that the log received nothing else before now (epoch
// ms): plays that were silent for too long are closed, and what waited for the
// horizon is said.
func (g *Engine) Tick(now int64, out *fact.Batch) {
	g.now = max(g.now, now)
	g.wakeDue(second(g.now))
	g.rouseDue(second(g.now))
	w := &g.wheel
	if w.next == 0 {
		return
	}
	end := min(second(g.now), w.last)
	w.due = w.due[:0]
	for s, ok := w.from(w.next); ok && s <= end; s, ok = w.from(s + 1) {
		for _, p := range w.take(s) {
			switch {
			case g.deadline(p) <= g.now:
				w.due = append(w.due, p)
			case p.open() && p.owner.change == unchanged && p.received+restAfter <= g.now:
				w.quiet = append(w.quiet, p)
			default:
				g.file(p)
			}
		}
	}
	w.next = max(w.next, min(second(g.now), w.last+1))
	bySilence(w.due)
	for _, p := range w.due {
		g.act(p, out)
	}
	clear(w.due)
	for i, p := range w.quiet { // now that nothing is due of them
		switch {
		case p.gone():
		case i >= restAtOnce: // after an outage all go silent at once
			g.fileUnder(p, second(min(g.deadline(p), g.now+int64(i/restAtOnce)*1000)))
		case !g.rest(p.owner):
			g.file(p)
		}
	}
	clear(w.quiet)
	w.quiet = w.quiet[:0]
}

// bySilence sorts plays by what depends on the log alone: facts must not depend
// on when a play was filed.
func bySilence(list []*playState) {
	slices.SortFunc(list, func(a, b *playState) int {
		return cmp.Or(cmp.Compare(a.received, b.received), bytes.Compare(a.owner.key[:], b.owner.key[:]), bytes.Compare(a.ref[:], b.ref[:]))
	})
}

// act does what is due of p.
func (g *Engine) act(p *playState, out *fact.Batch) {
	switch {
	case p.gone():
	case p.open() && !p.history:
		g.closeSilent(p, out)
	case p.open():
		g.file(p)
	case !p.over:
		g.settled(p, out)
		g.dirtied(p.owner)
		g.file(p)
	default:
		g.release(p.owner)
	}
}

// closeSilent closes p at its last evidence. It was silent for longer than the
// horizon: what is known of it is final.
func (g *Engine) closeSilent(p *playState, out *fact.Batch) {
	b := p.before(out)
	p.tip.silence(g.emitter(p, out), 1)
	p.silent = true
	g.openPlays--
	g.dirtied(p.owner)
	g.tell(p, b, out)
	g.settled(p, out)
	g.file(p)
}

// letGo closes p, if it is open, and forgets it.
func (g *Engine) letGo(p *playState, out *fact.Batch) {
	if p.open() {
		g.closeSilent(p, out)
	}
	g.settled(p, out)
	g.remove(p.owner, func(q *playState) bool { return q == p })
	out.Counts.Evicted++
}

// remove lets go of the plays of v that which names.
func (g *Engine) remove(v *viewer, which func(*playState) bool) {
	v.remove(func(p *playState) bool {
		if !which(p) {
			return false
		}
		g.dropDims(p)
		if p.due != 0 {
			g.wheel.drop()
		}
		return true
	})
}

// makeRoom lets go of the play of v that was silent for longest, a closed one
// first, if v has as many as it may have, and closes what was silent for longest
// if there are too many open plays.
func (g *Engine) makeRoom(v *viewer, out *fact.Batch) {
	if g.openPlays >= g.config.MaxOpenPlays {
		g.closeSome(out)
	}
	if v.plays == nil || v.count() < g.config.MaxPlays {
		return
	}
	oldest := v.plays
	for p := v.plays.sibling; p != nil; p = p.sibling {
		if p.open() != oldest.open() {
			if oldest.open() {
				oldest = p
			}
		} else if p.received < oldest.received {
			oldest = p
		}
	}
	g.letGo(oldest, out)
}

// closeSome closes a thousandth of the open plays: those of which the least is
// left of their timeout, as silence would.
func (g *Engine) closeSome(out *fact.Batch) {
	need := max(1, g.config.MaxOpenPlays/1000)
	w := &g.wheel
	var due []*playState
	next := w.next
	for need > 0 {
		s, ok := g.from(next)
		if !ok {
			break
		}
		next = s + 1
		due = due[:0]
		for _, p := range w.take(s) {
			if p.open() && second(g.deadline(p)) == s {
				due = append(due, p)
			} else {
				// It is sought by what is left of its time. So it does not rest before that.
				g.fileUnder(p, second(g.deadline(p)))
			}
		}
		bySilence(due)
		for _, p := range due {
			if need <= 0 {
				g.file(p)
				continue
			}
			g.closeSilent(p, out)
			out.Counts.Evicted++
			need--
		}
	}
}

// idle sees to it that a viewer that was brought back in vain is let go again.
func (g *Engine) idle(v *viewer) {
	if v.plays == nil {
		if v.change == unchanged {
			g.forget(v)
		}
		return
	}
	for p := v.plays; p != nil; p = p.sibling {
		g.file(p)
	}
}

// release lets a viewer go from memory when its plays are all closed and its
// state is stored; else it stays until the next snapshot, or until the plays
// that hold it are due.
func (g *Engine) release(v *viewer) {
	for p := v.plays; p != nil; p = p.sibling {
		if p.open() || !p.over || g.deadline(p) > g.now {
			return
		}
	}
	if v.change != unchanged {
		v.change = leaving // Snapshot lets it go
		return
	}
	g.forget(v)
}

func (g *Engine) forget(v *viewer) {
	for p := v.plays; p != nil; p = p.sibling {
		p.owner = nil
		g.dropDims(p)
		if p.due != 0 {
			g.wheel.drop()
		}
	}
	g.viewers.remove(v)
	delete(g.tombs, v.key)
}

// Settle closes, as silence would, what the key sent and is still open of the
// viewers within the reach, and says that what it sent is final. With everybody's
// an import is complete: more of it is taken for a repetition.
func (g *Engine) Settle(keyID uint32, reach event.Reach, out *fact.Batch) {
	_, imported := g.imports[keyID]
	if imported && reach == event.Everybody {
		delete(g.imports, keyID)
		g.complete[keyID] = true
		g.metaDirty = true
	}
	for _, v := range g.byKey(keyID, reach) {
		for p := v.plays; p != nil; p = p.sibling {
			switch {
			case p.keyID != keyID:
			case p.open():
				g.closeSilent(p, out)
			case !p.over:
				g.settled(p, out)
				g.dirtied(v)
			}
		}
		if !imported {
			continue
		}
		g.dirtied(v)
		g.remove(v, func(p *playState) bool { return p.keyID == keyID && p.history })
		if v.plays == nil {
			v.change = leaving
		} else {
			g.idle(v)
		}
	}
}

// byKey is the viewers within the reach with something of the key that is open or
// not final, in an order that depends on nothing but the state: facts must not
// depend on a map's order.
func (g *Engine) byKey(keyID uint32, reach event.Reach) []*viewer {
	g.wakeOf(keyID, reach)
	g.rouseOf(keyID, reach)
	var out []*viewer
	g.viewers.each(func(v *viewer) {
		if !reach.Holds(v.key) {
			return
		}
		for p := v.plays; p != nil; p = p.sibling {
			if p.keyID == keyID && (p.open() || p.history || !p.over) {
				out = append(out, v)
				break
			}
		}
	})
	sortViewers(out)
	return out
}
