package duck

import (
	"encoding/binary"
	"slices"

	"playhead/internal/rollup"
)

// summed is a group as sums tell of it.
type summed struct {
	bucket   int
	keys     []string
	measures []int64 // those that are asked for, in their order
	parts    []parts // by kind of sketch
}

// summedRows are the groups that one query tells of. A slice that grows would be
// copied again and again, so that they are kept in pages until all are known, and
// what they hold in slabs of a page's.
type summedRows struct {
	measures, kinds, keys int
	pages                 [][]summed
	sums                  []int64
	parts                 []parts
	texts                 []string
	last                  []string // keys of the group before
}

const summedPage = 128

// next is one group more, with room for what it holds.
func (r *summedRows) next() *summed {
	last := len(r.pages) - 1
	if last < 0 || len(r.pages[last]) == summedPage {
		r.pages = append(r.pages, make([]summed, 0, summedPage))
		r.sums, r.parts, r.texts = make([]int64, summedPage*r.measures), make([]parts, summedPage*r.kinds), make([]string, summedPage*r.keys)
		last++
	}
	page := append(r.pages[last], summed{
		keys: r.texts[:r.keys:r.keys], measures: r.sums[:r.measures:r.measures], parts: r.parts[:r.kinds:r.kinds],
	})
	r.texts, r.sums, r.parts = r.texts[r.keys:], r.sums[r.measures:], r.parts[r.kinds:]
	r.pages[last] = page
	return &page[len(page)-1]
}

// share has the keys that the group before had too, and that groups in order have, be
// one text in memory.
func (r *summedRows) share(keys []string) {
	for i := range r.last {
		if r.last[i] == keys[i] {
			keys[i] = r.last[i]
		}
	}
	r.last = keys
}

func (r *summedRows) len() (n int) {
	for _, page := range r.pages {
		n += len(page)
	}
	return n
}

// addTo adds the sums to an answer. list are the measures.
func (x *summed) addTo(acc *rollup.Accumulator, list []rollup.Measure) {
	var m rollup.Measures
	for i, k := range list {
		m[k] = x.measures[i]
	}
	acc.Add(x.bucket, x.keys, &m)
}

// parts are what is known of the stored sketches of a group without reading them.
type parts struct {
	count    int64
	max, sum float64 // of their estimates
}

// summary is the groups of a scan before any sketch is read.
type summary struct {
	scan     *rollup.Scan
	measures []rollup.Measure
	kinds    []rollup.Sketch
	groups   []summed
	index    map[string]int
	key      []byte
}

func groupKey(key []byte, bucket int, keys []string) []byte {
	key = binary.AppendUvarint(key[:0], uint64(bucket))
	for _, k := range keys {
		key = binary.AppendUvarint(key, uint64(len(k)))
		key = append(key, k...)
	}
	return key
}

// addAll adds what one query told of. Unless torn, its groups are in no other.
func (s *summary) addAll(rows *summedRows, torn bool) {
	if !torn {
		s.groups = slices.Grow(s.groups, rows.len())
		for _, page := range rows.pages {
			s.groups = append(s.groups, page...)
		}
		return
	}
	for i := len(s.index); i < len(s.groups); i++ { // those that came before
		s.key = groupKey(s.key, s.groups[i].bucket, s.groups[i].keys)
		s.index[string(s.key)] = i
	}
	for _, page := range rows.pages {
		for i := range page {
			s.add(&page[i])
		}
	}
}

// add adds the part of a group that may be there already.
func (s *summary) add(x *summed) {
	s.key = groupKey(s.key, x.bucket, x.keys)
	i, ok := s.index[string(s.key)]
	if !ok {
		s.index[string(s.key)] = len(s.groups)
		s.groups = append(s.groups, *x)
		return
	}
	g := &s.groups[i]
	for m := range g.measures {
		g.measures[m] += x.measures[m]
	}
	for k := range g.parts {
		p, o := &g.parts[k], x.parts[k]
		p.count, p.max, p.sum = p.count+o.count, max(p.max, o.max), p.sum+o.sum
	}
}

// pruneMargin is by how much a bound made of estimates may be off: they are of
// merged sketches to within a few parts in a hundred.
const pruneMargin = 0.05

// bounds are between what and what the figure of a group lies that Scan.Top is
// about: the union of sets is at least its largest part and at most their sum.
func (s *summary) bounds(g *summed) (low, high float64) {
	top := s.scan.Top
	if !top.BySketch {
		i := slices.Index(s.measures, top.Measure)
		if i < 0 {
			return 0, 0
		}
		v := float64(g.measures[i])
		return v, v
	}
	i := slices.Index(s.kinds, top.Sketch)
	if i < 0 {
		return 0, 0
	}
	p := g.parts[i]
	if p.count <= 1 {
		return p.max, p.max
	}
	return p.max * (1 - pruneMargin), p.sum * (1 + pruneMargin)
}

// prune leaves out the groups that cannot be among the first, whatever their
// sketches hold.
func (s *summary) prune(oneBucket bool) {
	top := s.scan.Top
	if top == nil || !oneBucket || len(s.groups) <= top.N || top.BySketch && !slices.Contains(s.kinds, top.Sketch) {
		return
	}
	lows := make([]float64, len(s.groups))
	for i := range s.groups {
		lows[i], _ = s.bounds(&s.groups[i])
	}
	slices.Sort(lows)
	least := lows[len(lows)-max(1, top.N)]
	s.groups = slices.DeleteFunc(s.groups, func(g summed) bool {
		_, high := s.bounds(&g)
		return high+top.Slack < least
	})
}

// answer adds to the accumulator what needs no sketch, and returns of the other
// groups which kinds have to be read.
func (s *summary) answer(acc *rollup.Accumulator) map[string]rollup.SketchSet {
	need := map[string]rollup.SketchSet{}
	acc.Expect(len(s.groups))
	for i := range s.groups {
		g := &s.groups[i]
		g.addTo(acc, s.measures)
		whole := !s.scan.EstimateOnly || s.scan.Whole != nil && s.scan.Whole(g.bucket, g.keys)
		set := rollup.SketchSet(0)
		for j, k := range s.kinds {
			switch p := g.parts[j]; {
			case p.count == 0:
			case p.count == 1 && !whole && !k.Quantile():
				acc.AddEstimate(g.bucket, g.keys, k, p.max)
			default:
				set |= 1 << k
			}
		}
		if set != 0 {
			s.key = groupKey(s.key, g.bucket, g.keys)
			need[string(s.key)] = set
		}
	}
	return need
}
