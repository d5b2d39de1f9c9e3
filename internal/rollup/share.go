package rollup

import (
	"encoding/binary"
	"slices"
)

// Clone is a group of its own, to be added to.
func (g *Group) Clone() *Group {
	own := *g
	own.Keys = slices.Clone(g.Keys)
	own.Sketches = g.Sketches.clone()
	return &own
}

// Union is a group of all that several have, which are not changed; one alone is
// given back as it is. Its estimates are worked out.
func Union(parts []*Group) *Group {
	if len(parts) == 1 {
		return parts[0]
	}
	own := parts[0].Clone()
	for _, g := range parts[1:] {
		own.Measures.add(&g.Measures)
		own.Sketches.Merge(&g.Sketches)
	}
	own.Sketches.settle()
	return own
}

// Join is the answer to several scans of the same keys as one, without buckets: their
// groups together, and of distinct counts the estimates alone. The answers stay as they
// are, but for what the join is made of.
func Join(results ...*Result) *Result {
	joined := &Result{}
	index := map[string]int{}
	var parts [][]*Group
	var key []byte
	for i, r := range results {
		joined.CellsRead += r.CellsRead
		if i == 0 || r.FreshTo < joined.FreshTo {
			joined.FreshTo = r.FreshTo
		}
		if r.FirstData != 0 && (joined.FirstData == 0 || r.FirstData < joined.FirstData) {
			joined.FirstData = r.FirstData
		}
		joined.Engine = r.Engine
		for j := range r.Groups {
			g := &r.Groups[j]
			key = key[:0]
			for _, k := range g.Keys {
				key = binary.AppendUvarint(key, uint64(len(k)))
				key = append(key, k...)
			}
			at, ok := index[string(key)]
			if !ok {
				at = len(parts)
				index[string(key)] = at
				parts = append(parts, nil)
			}
			parts[at] = append(parts[at], g)
		}
	}
	joined.Groups = make([]Group, len(parts))
	for i, list := range parts {
		joined.Groups[i] = Union(list).estimated()
		parts[i] = nil
	}
	return joined
}

// estimated is the group with estimates in place of its distinct counts.
func (g *Group) estimated() Group {
	own := *g
	own.Bucket = 0
	own.Sketches.list = slices.Clone(g.Sketches.list)
	for i := range own.Sketches.list {
		if h := &own.Sketches.list[i]; h.hll != nil || h.theta != nil {
			*h = held{kind: h.kind, estimate: h.count()}
		}
	}
	return own
}

func (s *Sketches) clone() Sketches {
	own := Sketches{list: slices.Clone(s.list)}
	for i := range own.list {
		h := &own.list[i]
		if h.hll != nil {
			h.hll = h.hll.Clone()
		}
		if h.kll != nil {
			h.kll = h.kll.Clone()
		}
		if h.theta != nil {
			h.theta = h.theta.Clone()
		}
	}
	return own
}

// Bytes is about how much memory an answer takes.
func (r *Result) Bytes() int64 {
	const group, sketch, key = 450, 48, 32 // with what points to them
	n := int64(0)
	for i := range r.Groups {
		g := &r.Groups[i]
		n += group
		for _, k := range g.Keys {
			n += key + int64(len(k))
		}
		for j := range g.Sketches.list {
			n += sketch
			switch h := &g.Sketches.list[j]; {
			case h.hll != nil:
				n += int64(h.hll.Bytes())
			case h.kll != nil:
				n += int64(h.kll.Bytes())
			case h.theta != nil:
				n += int64(h.theta.Bytes())
			}
		}
	}
	return n
}

// Touches reports whether the generation may have cells of a source within some
// time (epoch ms, half open). A source of all time has every cell in it; what
// keeps no cells is always touched.
func (g *Generation) Touches(s Source, from, to int64) bool {
	f, _, ok := s.place()
	if !ok {
		return true
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, p := range g.pieces[f].list {
		if p.used && (s == SourceCreativeAll || p.start < to && p.end > from) {
			return true
		}
	}
	return false
}
