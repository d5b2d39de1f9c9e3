package journey

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/play"
)

// play is the viewer's play of a ref, made if it is not there.
func (g *Engine) play(v *viewer, m *more, ref event.Ref, out *fact.Batch) *played {
	for _, p := range m.plays {
		if p.ref == ref {
			p.received = g.now
			return p
		}
	}
	if len(m.plays) >= g.config.MaxPlays {
		oldest := slices.MinFunc(m.plays, func(a, b *played) int {
			return cmp.Or(cmp.Compare(a.received, b.received), bytes.Compare(a.ref[:], b.ref[:]))
		})
		m.keepFrame(oldest, &g.config)
		m.plays = slices.DeleteFunc(m.plays, func(o *played) bool { return o == oldest })
		out.Counts.Evicted++
	}
	p := &played{ref: ref, received: g.now, where: g.nowhere(), history: v.history != 0}
	m.plays = append(m.plays, p)
	return p
}

// nowhere is where nothing is known.
func (g *Engine) nowhere() where {
	return where{base: unique.Make(fact.Dims{}), title: g.none, labels: g.none}
}

// name notes the impression that a client says a play is of: what the earliest
// of its events says.
func (g *Engine) name(v *viewer, m *more, e *event.Event, out *fact.Batch) {
	p := g.play(v, m, e.Play, out)
	if !p.named.IsZero() && (p.namedAt < e.Time || p.namedAt == e.Time && bytes.Compare(p.named[:], e.Impression[:]) <= 0) {
		return
	}
	p.named, p.namedAt = e.Impression, e.Time
	g.attribute(v, m, p, out)
	g.markMore(v)
}

// freeze makes the attribution final.
func (p *played) freeze() {
	p.frozen = true
	for i := range p.rows {
		p.rows[i].held = nil
	}
}

// attribute decides anew which impression a play is of, as long as that may
// change. Rows that were given with another are taken back and given again.
func (g *Engine) attribute(v *viewer, m *more, p *played, out *fact.Batch) {
	if p.frozen {
		return
	}
	var of *impression
	if p.firstFrame > 0 {
		of = g.find(m, p.named, p.title, g.showOf(p.title), p.firstFrame, g.config.Attribution)
	}
	p.of = 0
	if of != nil {
		p.of, p.slot = of.seq, of.slot()
	}
	for i := range p.rows {
		r := &p.rows[i]
		if r.held == nil || r.of == p.of {
			continue
		}
		g.giveAgain(r, p, out)
	}
}

// changes takes in what became of plays.
func (g *Engine) changes(list []play.Change, out *fact.Batch) error {
	for i := range list {
		c := &list[i]
		if c.Kind == play.Closed {
			continue // what follows from it is said by rows and by Final
		}
		v, err := g.viewer(c.Viewer)
		if err != nil {
			return err
		}
		m, err := g.more(v)
		if err != nil {
			return err
		}
		v.known = v.known || c.Known
		p := g.play(v, m, c.Play, out)
		g.markMore(v)
		switch c.Kind {
		case play.Opened:
			if p.firstFrame == 0 {
				p.where = whereOf(out.Dims[c.Dims])
			}
		case play.FirstFrame:
			p.firstFrame = c.Time
			p.where = p.where.nextWhere(&out.Dims[c.Dims])
			if c.Gone {
				p.firstFrame = 0
			}
			if i+1 < len(list) && c.Gone && list[i+1].Kind == play.FirstFrame && list[i+1].Play == c.Play {
				continue // the one that takes its place
			}
			g.attribute(v, m, p, out)
			g.renew(v, m, out)
		case play.Final:
			if err := g.final(v, m, p, c, out); err != nil {
				return err
			}
		}
		g.plan(v)
	}
	return nil
}

// final takes in what a play has come to for good.
func (g *Engine) final(v *viewer, m *more, p *played, c *play.Change, out *fact.Batch) error {
	if c.New&play.Qualified != 0 && !p.qualified {
		p.qualified = true
		g.attribute(v, m, p, out)
		p.freeze()
		if of := m.bySeq(p.of); of != nil {
			g.expose(v, of, fact.QualifiedPlay, 1, c.MediaMS, out)
			if !of.taken {
				of.taken, of.media, of.took = true, c.MediaMS, p.title
				of.completed = slices.ContainsFunc(m.titles, func(t chosen) bool {
					return t.title == p.title && g.completes(of, t.whole)
				})
				g.sayTaken(v, of, out)
			}
		}
	}
	if !v.known || len(c.Cover) == 0 || c.FirstFrame == 0 {
		return nil
	}
	return g.cover(v, m, p, c, out)
}

// sayTaken says that an impression that counts for take rates was taken, and its
// title completed, once each.
func (g *Engine) sayTaken(v *viewer, p *impression, out *fact.Batch) {
	if !p.eligible || !p.taken {
		return
	}
	if !p.takenIsSaid {
		p.takenIsSaid = true
		g.expose(v, p, fact.Taken, 1, p.media, out)
		if p.completed {
			g.expose(v, p, fact.TakeCompleted, 1, p.media, out)
		}
	}
}

// complete notes that the viewer completed a title with a play whose first frame
// was at f.
func (g *Engine) complete(v *viewer, m *more, title text, f int64, out *fact.Batch) {
	for i := range m.titles {
		if m.titles[i].title == title {
			m.titles[i].whole = f
		}
	}
	for i := range m.impressions {
		p := &m.impressions[i]
		if !p.taken || p.completed || p.took != title || !g.completes(p, f) {
			continue
		}
		p.completed = true
		if p.takenIsSaid {
			g.expose(v, p, fact.TakeCompleted, 1, p.media, out)
		}
	}
}

// completes reports whether a completion by a play with its first frame at f is
// one of an impression's take.
func (g *Engine) completes(p *impression, f int64) bool {
	return f >= p.time && f-p.time <= g.config.CompleteWithin
}

// rows puts the slots into the rows that the play engine gave in this step.
func (g *Engine) rows(from, to int, out *fact.Batch) error {
	for i := from; i < to; i++ {
		v, err := g.viewer(out.Plays[i].Viewer)
		if err != nil {
			return err
		}
		m, err := g.more(v)
		if err != nil {
			return err
		}
		g.row(g.play(v, m, out.Plays[i].Play, out), i, out)
		g.markMore(v)
		g.plan(v)
	}
	return nil
}

func (g *Engine) row(p *played, i int, out *fact.Batch) {
	r := &out.Plays[i]
	at := slices.IndexFunc(p.rows, func(o row) bool { return o.part == r.Part })
	if r.N < 0 {
		if at >= 0 {
			given := p.rows[at]
			p.rows = slices.Delete(p.rows, at, at+1)
			if given.of > 0 {
				r.Slot = g.slot(given.slot, out) + 1
			}
		}
		return
	}
	given := row{part: r.Part, of: p.of, slot: p.slot}
	if r.FirstFrame == 0 && r.Part == 0 {
		given.of = 0 // an attempt without a picture is nobody's
	}
	if given.of > 0 {
		r.Slot = g.slot(given.slot, out) + 1
	}
	switch {
	case p.firstFrame == 0 || p.frozen:
	case r.Ended > p.firstFrame+g.config.Horizon:
		p.freeze() // nothing that comes in time is before the first frame
	default:
		given.held = hold(r, out)
	}
	p.rows = append(p.rows, given)
}

// hold is a row as a batch of its own.
func hold(r *fact.Play, out *fact.Batch) []byte {
	b := fact.Batch{Plays: []fact.Play{*r}}
	own := &b.Plays[0]
	own.N, own.Slot = 1, 0
	own.Intervals, own.Active = slices.Clone(r.Intervals), slices.Clone(r.Active)
	index := map[uint32]uint32{}
	eachDims(own, func(i *uint32) {
		n, ok := index[*i]
		if !ok {
			n = uint32(len(b.Dims))
			b.Dims = append(b.Dims, out.Dims[*i])
			index[*i] = n
		}
		*i = n
	})
	return fact.AppendBatch(nil, &b)
}

// eachDims calls fn for every index of dims in a row.
func eachDims(r *fact.Play, fn func(*uint32)) {
	fn(&r.Dims)
	for i := range r.Intervals {
		fn(&r.Intervals[i].Dims)
	}
	for i := range r.Active {
		fn(&r.Active[i].Dims)
	}
}

// giveAgain takes a held row back and gives it with the play's present slot.
func (g *Engine) giveAgain(r *row, p *played, out *fact.Batch) {
	var b fact.Batch
	if err := fact.DecodeBatch(r.held, &b); err != nil || len(b.Plays) != 1 {
		g.failure = fmt.Errorf("%w: a held row: %v", ErrState, err)
		return
	}
	old := b.Plays[0]
	eachDims(&old, func(i *uint32) { *i = g.dims(whereOf(b.Dims[*i]), out) })
	again := old
	old.N, again.N = -1, 1
	if r.of > 0 {
		old.Slot = g.slot(r.slot, out) + 1
	}
	r.of, r.slot = p.of, p.slot
	if r.of > 0 {
		again.Slot = g.slot(r.slot, out) + 1
	}
	out.Plays = append(out.Plays, old, again)
}
