package play

import (
	"cmp"
	"slices"

	"playhead/internal/fact"
)

// keepClosed is how long (ms of the log's time) a viewer whose plays are all
// closed stays in memory before its state is only on disk.
const keepClosed = 60_000

// list is a queue of plays by last receipt. Receipt times never decrease, so a
// play that is heard of moves to the back and the front is the most silent.
type list struct{ front, back *playState }

func (l *list) push(p *playState) {
	p.in, p.prev, p.next = l, l.back, nil
	if l.back != nil {
		l.back.next = p
	} else {
		l.front = p
	}
	l.back = p
}

func (p *playState) unlist() {
	l := p.in
	if l == nil {
		return
	}
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		l.front = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		l.back = p.prev
	}
	p.in, p.prev, p.next = nil, nil, nil
}

func (p *playState) open() bool { return !p.silent && p.tip.state != closed }

// enlist moves p to the back of the queue it belongs to.
func (g *Engine) enlist(p *playState) {
	l := &g.done
	switch {
	case !p.open():
	case p.history:
		l = nil
	case p.tip.framed:
		l = &g.running
	default:
		l = &g.waiting
	}
	p.unlist()
	if l != nil {
		l.push(p)
	}
}

// Tick tells the engine that the log received nothing else before now (epoch
// ms): plays that were silent for too long are closed.
func (g *Engine) Tick(now int64, out *fact.Batch) {
	g.now = max(g.now, now)
	g.expire(&g.waiting, g.config.StartTimeout, out)
	g.expire(&g.running, g.config.PlayTimeout, out)
	for p := g.done.front; p != nil && p.received+keepClosed <= g.now; p = g.done.front {
		p.unlist()
		g.release(p.owner)
	}
}

func (g *Engine) expire(l *list, timeout int64, out *fact.Batch) {
	for p := l.front; p != nil && p.received+timeout <= g.now; p = l.front {
		g.closeSilent(p, out)
	}
}

func (g *Engine) closeSilent(p *playState, out *fact.Batch) {
	x := emitter{engine: g, config: &g.config, viewer: p.owner, play: p, out: out, sign: 1}
	p.tip.silence(&x, 1)
	p.silent = true
	g.openPlays--
	g.touch(p, p.received)
	g.enlist(p)
}

// makeRoom lets go of the play of v that was silent for longest, a closed one
// first, if v has as many as it may have.
func (g *Engine) makeRoom(v *viewer, out *fact.Batch) {
	if len(v.plays) < g.config.MaxPlays {
		return
	}
	oldest := slices.MinFunc(v.plays, func(a, b *playState) int {
		if a.open() != b.open() {
			if b.open() {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.received, b.received)
	})
	if oldest.open() {
		g.closeSilent(oldest, out)
	}
	oldest.unlist()
	v.plays = slices.DeleteFunc(v.plays, func(p *playState) bool { return p == oldest })
	out.Counts.Evicted++
}

// release lets a viewer go from memory when its plays are all closed and its
// state is stored; else it stays until the next tick or snapshot asks again.
func (g *Engine) release(v *viewer) {
	for _, p := range v.plays {
		if p.open() || p.received+keepClosed > g.now {
			return
		}
	}
	if v.dirty {
		v.leaving = true // Snapshot lets it go
		return
	}
	g.forget(v)
}

func (g *Engine) forget(v *viewer) {
	for _, p := range v.plays {
		p.unlist()
	}
	delete(g.viewers, v.key)
}

// Settle closes, as silence would, what the key sent and is still open. An
// import is complete with it: more of it is taken for a repetition.
func (g *Engine) Settle(keyID uint32, out *fact.Batch) {
	imported := false
	if _, ok := g.imports[keyID]; ok {
		imported = true
		delete(g.imports, keyID)
		g.settled[keyID] = true
		g.metaDirty = true
	}
	for _, v := range g.byKey(keyID) {
		kept := v.plays[:0]
		for _, p := range v.plays {
			if p.keyID == keyID && p.open() {
				g.closeSilent(p, out)
			}
			if imported && p.keyID == keyID && p.history {
				p.unlist()
				g.touch(p, p.received)
				continue
			}
			kept = append(kept, p)
		}
		clear(v.plays[len(kept):])
		v.plays = kept
		if len(v.plays) == 0 {
			v.leaving = true
		}
	}
}

// byKey is the viewers with a play of the key, in an order that depends on
// nothing but the state: facts must not depend on a map's order.
func (g *Engine) byKey(keyID uint32) []*viewer {
	var out []*viewer
	for _, v := range g.viewers {
		for _, p := range v.plays {
			if p.keyID == keyID && (p.open() || p.history) {
				out = append(out, v)
				break
			}
		}
	}
	sortViewers(out)
	return out
}
