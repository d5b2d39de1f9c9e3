package play

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// Place is where a viewer's stored state is kept: viewers of whom something is
// to be said though nothing is heard apart, since a start must bring all of
// those back.
type Place uint8

// Places.
const (
	Nowhere Place = iota
	Open
	Idle
)

// StateSink takes changed states, which are good only during the call. A nil state
// at a place means: delete it there.
type StateSink interface {
	Viewer(at Place, key event.ViewerKey, state []byte)
	Meta(state []byte)
}

// stateVersion is the first byte of every stored viewer; older ones are read.
// metaVersion is that of what belongs to the engine as a whole.
const (
	stateVersion = 3
	metaVersion  = 1
)

// ErrState: a stored state cannot be read.
var ErrState = errors.New("play state is not readable")

func sortViewers(v []*viewer) {
	slices.SortFunc(v, func(a, b *viewer) int { return bytes.Compare(a.key[:], b.key[:]) })
}

// Snapshot hands over every state that changed since the last one. Together
// with the earlier ones they are the engine's state.
func (g *Engine) Snapshot(sink StateSink) {
	var buf []byte
	for _, v := range g.dirty {
		gone := v.change == leaving
		v.change = unchanged
		g.prune(v)
		at := v.place()
		if v.stored != at && v.stored != Nowhere {
			sink.Viewer(v.stored, v.key, nil)
		}
		for p := v.plays; p != nil; p = p.sibling {
			p.trim()
		}
		g.weigh(v)
		if at != Nowhere {
			buf = g.appendViewer(buf[:0], v)
			sink.Viewer(at, v.key, buf)
		}
		v.stored = at
		if gone || v.plays == nil {
			g.forget(v)
		}
	}
	clear(g.dirty)
	g.dirty = fact.Shrink(g.dirty)[:0]
	g.shrink()
	if g.metaDirty {
		g.metaDirty = false
		sink.Meta(g.appendMeta(nil))
	}
}

// shrink gives back the room that a burst has taken.
func (g *Engine) shrink() {
	g.viewers.shrink()
	g.sets.shrink()
	g.resting.shrink()
	g.scratch = fact.Shrink(g.scratch)
	g.wheel.due, g.wheel.quiet = fact.Shrink(g.wheel.due), fact.Shrink(g.wheel.quiet)
	g.Changes, g.ranges, g.runs = fact.Shrink(g.Changes), fact.Shrink(g.ranges), fact.Shrink(g.runs)
}

// Dirty is how many viewers changed since the last snapshot.
func (g *Engine) Dirty() int { return len(g.dirty) }

// place is Open too while something is to be said of a closed play.
func (v *viewer) place() Place {
	for p := v.plays; p != nil; p = p.sibling {
		if p.open() || !p.over {
			return Open
		}
	}
	if v.plays == nil && !v.buried {
		return Nowhere
	}
	return Idle
}

// prune leaves of plays that are too old to be corrected that there were such.
func (g *Engine) prune(v *viewer) {
	var tombs []tomb
	g.remove(v, func(p *playState) bool {
		old := !p.open() && p.over && p.received+g.config.LateLimit <= g.now
		if old {
			tombs = append(tombs, tomb{p.ref, p.received})
		}
		return old
	})
	if tombs != nil || v.buried {
		g.bury(v, tombs)
	}
}

// Restore brings back a viewer that was stored as Open, as one who sleeps where
// that can be. Ready is called after the last. A state that is damaged may be
// found when it is woken: see Err. Errors: ErrState.
func (g *Engine) Restore(key event.ViewerKey, state []byte) error {
	r := reader{data: state}
	if r.byte() == stateVersion {
		last := r.int()
		if b := r.brief(last); r.err == nil && !b.now {
			g.now = max(g.now, last)
			g.sleep(key, state, b)
			return nil
		}
	}
	v := newViewer(key)
	if err := g.restore(v, state); err != nil {
		return err
	}
	v.stored = Open
	g.viewers.put(v)
	for p := v.plays; p != nil; p = p.sibling {
		if p.open() {
			g.openPlays++
		}
		g.now = max(g.now, p.received)
	}
	return nil
}

// Ready files what was restored under what will be due of it.
func (g *Engine) Ready() {
	g.asleep.ready()
	g.viewers.each(func(v *viewer) {
		for p := v.plays; p != nil; p = p.sibling {
			g.file(p)
		}
	})
}

// Expired reports whether an idle viewer's stored state is of no more use at
// now (epoch ms of the log).
func (g *Engine) Expired(state []byte, now int64) bool {
	r := reader{data: state}
	if v := r.byte(); v == 0 || v > stateVersion {
		return false
	}
	last := r.int()
	return r.err == nil && last+g.config.ForgetAfter <= now
}

func (g *Engine) appendMeta(b []byte) []byte {
	w := writer{append(b, metaVersion)}
	w.int(g.now)
	w.uint(uint64(len(g.imports)))
	for _, k := range slices.Sorted(maps.Keys(g.imports)) {
		w.uint(uint64(k))
		w.uint(g.imports[k])
	}
	w.uint(uint64(len(g.complete)))
	for _, k := range slices.Sorted(maps.Keys(g.complete)) {
		w.uint(uint64(k))
	}
	return w.data
}

// RestoreMeta brings back what Meta was given.
func (g *Engine) RestoreMeta(state []byte) error {
	r := reader{data: state}
	if v := r.byte(); v != metaVersion {
		return fmt.Errorf("%w: version %d, this build reads %d", ErrState, v, metaVersion)
	}
	g.now = r.int()
	for n := r.count(); n > 0 && r.err == nil; n-- {
		k := uint32(r.uint())
		g.imports[k] = r.uint()
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		g.complete[uint32(r.uint())] = true
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrState, r.err)
	}
	return nil
}

func (g *Engine) appendViewer(b []byte, v *viewer) []byte {
	w := writer{append(b, stateVersion)}
	var last int64
	for p := v.plays; p != nil; p = p.sibling {
		last = max(last, p.received)
	}
	tombs := g.tombs[v.key]
	for _, t := range tombs {
		last = max(last, t.received)
	}
	w.int(last)
	w.brief(g.brief(v), last)
	w.uint(uint64(v.count()))
	for p := v.plays; p != nil; p = p.sibling {
		w.play(g, p)
	}
	w.uint(uint64(len(tombs)))
	for _, t := range tombs {
		w.data = append(w.data, t.ref[:]...)
		w.int(last - t.received)
	}
	return w.data
}

func (g *Engine) restore(v *viewer, state []byte) error {
	r := reader{data: state}
	version := r.byte()
	if version == 0 || version > stateVersion {
		return fmt.Errorf("%w: version %d, this build reads 1 to %d", ErrState, version, stateVersion)
	}
	last := r.int()
	var b brief
	if version > 2 {
		b = r.brief(last)
	}
	at := &v.plays
	for n := r.count(); n > 0 && r.err == nil; n-- {
		p := v.newPlay()
		p.owner = v
		if version == 1 {
			r.playV1(g, p)
		} else {
			r.play(g, p)
		}
		if r.err == nil {
			r.err = p.valid(&g.config)
		}
		if r.err == nil {
			g.tipOf(p)
		}
		*at, at = p, &p.sibling
	}
	if version > 1 {
		if tombs := r.tombs(last); len(tombs) > 0 {
			v.buried = true
			g.tombs[v.key] = tombs
		}
	}
	if r.err == nil && len(r.data) > 0 {
		r.err = errRange
	}
	if now := g.brief(v); r.err == nil && version > 2 && (b.open != now.open || b.now != now.now) {
		r.err = errRange
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrState, r.err)
	}
	v.stored = Idle
	return nil
}

// tipOf makes the tip from the base and what was kept.
func (g *Engine) tipOf(p *playState) {
	p.tip = p.base
	g.emitter(p, nil)
	p.tip.steps(p.kept, &g.mute)
}

func (r *reader) tombs(last int64) []tomb {
	n := r.count()
	if n == 0 || r.err != nil {
		return nil
	}
	var list []tomb
	for ; n > 0 && r.err == nil; n-- {
		var t tomb
		r.ref(&t.ref)
		t.received = last - r.int()
		list = append(list, t)
	}
	return list
}

// tomb remembers a play that closed longer ago than the late limit.
type tomb struct {
	ref      event.Ref
	received int64
}

// buried is when a play that is too old to be corrected was last heard of.
func (g *Engine) buried(v *viewer, ref event.Ref) (received int64, ok bool) {
	if !v.buried {
		return 0, false
	}
	for _, t := range g.tombs[v.key] {
		if t.ref == ref {
			return t.received, true
		}
	}
	return 0, false
}

// bury adds tombs of v and forgets old ones.
func (g *Engine) bury(v *viewer, tombs []tomb) {
	old := g.now - g.config.ForgetAfter
	tombs = append(slices.DeleteFunc(g.tombs[v.key], func(t tomb) bool { return t.received <= old }), tombs...)
	if v.buried = len(tombs) > 0; v.buried {
		g.tombs[v.key] = tombs
	} else {
		delete(g.tombs, v.key)
	}
}
