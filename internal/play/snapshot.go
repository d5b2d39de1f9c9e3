package play

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"playhead/internal/event"
)

// Place is where a viewer's stored state is kept: viewers with an open play
// apart, since a start must bring all of those back.
type Place uint8

// Places.
const (
	Nowhere Place = iota
	Open
	Idle
)

// StateSink takes changed states. A nil state at a place means: delete it there.
type StateSink interface {
	Viewer(at Place, key event.ViewerKey, state []byte)
	Meta(state []byte)
}

// stateVersion is the first byte of every stored state.
const stateVersion = 1

// ErrState: a stored state cannot be read.
var ErrState = errors.New("play state is not readable")

func sortViewers(v []*viewer) {
	slices.SortFunc(v, func(a, b *viewer) int { return bytes.Compare(a.key[:], b.key[:]) })
}

// Snapshot hands over every state that changed since the last one. Together
// with the earlier ones they are the engine's state.
func (g *Engine) Snapshot(sink StateSink) {
	for _, v := range g.dirty {
		v.dirty = false
		g.prune(v)
		at := v.place()
		if v.stored != at && v.stored != Nowhere {
			sink.Viewer(v.stored, v.key, nil)
		}
		if at != Nowhere {
			sink.Viewer(at, v.key, g.appendViewer(nil, v))
		}
		v.stored = at
		if v.leaving || at == Nowhere {
			g.forget(v)
		}
	}
	clear(g.dirty)
	g.dirty = g.dirty[:0]
	if g.metaDirty {
		g.metaDirty = false
		sink.Meta(g.appendMeta(nil))
	}
}

// Dirty is how many viewers changed since the last snapshot.
func (g *Engine) Dirty() int { return len(g.dirty) }

func (v *viewer) place() Place {
	if len(v.plays) == 0 {
		return Nowhere
	}
	for _, p := range v.plays {
		if p.open() {
			return Open
		}
	}
	return Idle
}

// prune lets go of plays that are too old to be corrected.
func (g *Engine) prune(v *viewer) {
	v.plays = slices.DeleteFunc(v.plays, func(p *playState) bool {
		old := !p.open() && p.received+g.config.LateLimit <= g.now
		if old {
			p.unlist()
		}
		return old
	})
}

// Restore brings back a viewer that had an open play.
func (g *Engine) Restore(key event.ViewerKey, state []byte) error {
	v := &viewer{key: key}
	if err := g.restore(v, state); err != nil {
		return err
	}
	v.stored = Open
	g.viewers[key] = v
	for _, p := range v.plays {
		if p.open() {
			g.openPlays++
		}
	}
	return nil
}

// Ready sorts the queues after the last Restore.
func (g *Engine) Ready() {
	var all []*playState
	for _, v := range g.viewers {
		all = append(all, v.plays...)
	}
	slices.SortFunc(all, func(a, b *playState) int {
		return cmp.Or(cmp.Compare(a.received, b.received), bytes.Compare(a.owner.key[:], b.owner.key[:]), bytes.Compare(a.ref[:], b.ref[:]))
	})
	for _, p := range all {
		g.enlist(p)
	}
}

// Expired reports whether an idle viewer's stored state is of no more use at
// now (epoch ms of the log).
func (g *Engine) Expired(state []byte, now int64) bool {
	r := reader{data: state}
	if r.byte() != stateVersion {
		return false
	}
	last := r.int()
	return r.err == nil && last+g.config.LateLimit <= now
}

func (g *Engine) appendMeta(b []byte) []byte {
	w := writer{append(b, stateVersion)}
	w.int(g.now)
	w.uint(uint64(len(g.imports)))
	for _, k := range slices.Sorted(maps.Keys(g.imports)) {
		w.uint(uint64(k))
		w.uint(g.imports[k])
	}
	w.uint(uint64(len(g.settled)))
	for _, k := range slices.Sorted(maps.Keys(g.settled)) {
		w.uint(uint64(k))
	}
	return w.data
}

// RestoreMeta brings back what Meta was given.
func (g *Engine) RestoreMeta(state []byte) error {
	r := reader{data: state}
	if v := r.byte(); v != stateVersion {
		return fmt.Errorf("%w: version %d", ErrState, v)
	}
	g.now = r.int()
	for n := r.count(); n > 0 && r.err == nil; n-- {
		k := uint32(r.uint())
		g.imports[k] = r.uint()
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		g.settled[uint32(r.uint())] = true
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrState, r.err)
	}
	return nil
}

func (g *Engine) appendViewer(b []byte, v *viewer) []byte {
	w := writer{append(b, stateVersion)}
	var last int64
	for _, p := range v.plays {
		last = max(last, p.received)
	}
	w.int(last)
	w.uint(uint64(len(v.plays)))
	for _, p := range v.plays {
		w.play(g, p)
	}
	return w.data
}

func (g *Engine) restore(v *viewer, state []byte) error {
	r := reader{data: state}
	if ver := r.byte(); ver != stateVersion {
		return fmt.Errorf("%w: version %d, this build reads %d", ErrState, ver, stateVersion)
	}
	r.int()
	for n := r.count(); n > 0 && r.err == nil; n-- {
		p := r.play(g)
		p.owner = v
		v.plays = append(v.plays, p)
	}
	if r.err == nil && len(r.data) > 0 {
		r.err = errRange
	}
	if r.err != nil {
		return fmt.Errorf("%w: %w", ErrState, r.err)
	}
	v.stored = Idle
	return nil
}
