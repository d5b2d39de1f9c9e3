package journey

import (
	"cmp"
	"slices"

	"playhead/internal/fact"
)

// renew says which of the viewer's plays are the first in 28 days, and takes
// back what was said of others. Nothing else is kept of plays that were let go
// than the stretches they make: a first play is where a stretch begins, in
// whatever order plays come to be known.
func (g *Engine) renew(v *viewer, m *more, out *fact.Batch) {
	if !v.known {
		return
	}
	all := slices.Clone(m.months)
	for _, p := range m.plays {
		if p.firstFrame > 0 {
			all = append(all, month{period{p.firstFrame, p.firstFrame}, p.where})
		}
	}
	all = stretches(all, g.config.Memory)
	was := m.news
	m.news = make([]opening, len(all))
	for i, o := range all {
		m.news[i] = opening{o.from, o.where}
	}
	for _, o := range was {
		if !slices.Contains(m.news, o) {
			g.newViewer(v, o, -1, out)
		}
	}
	for _, o := range m.news {
		if !slices.Contains(was, o) {
			g.newViewer(v, o, 1, out)
		}
	}
}

// stretches joins what lies no further apart than gap.
func stretches(list []month, gap int64) []month {
	slices.SortStableFunc(list, func(a, b month) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.title.Value(), b.title.Value()))
	})
	out := list[:0]
	for _, o := range list {
		if n := len(out); n > 0 && o.from-out[n-1].to <= gap {
			out[n-1].to = max(out[n-1].to, o.to)
			continue
		}
		out = append(out, o)
	}
	return out
}

// keepFrame keeps of a play that is let go that there was one.
func (m *more) keepFrame(p *played, c *Config) {
	if p.firstFrame > 0 {
		m.months = stretches(append(m.months, month{period{p.firstFrame, p.firstFrame}, p.where}), c.Memory)
	}
}

func (g *Engine) newViewer(v *viewer, o opening, n int32, out *fact.Batch) {
	out.Marks = append(out.Marks, fact.Mark{
		Dims: g.dims(o.where, out), Kind: fact.NewViewer, Known: true, N: n, Time: o.at, Viewer: v.key,
	})
}
