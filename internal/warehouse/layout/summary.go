package layout

import (
	"encoding/binary"
	"iter"
	"slices"

	"playhead/internal/rollup"
)

// Summed is a group as sums tell of it.
type Summed struct {
	Bucket   int
	Keys     []string
	Measures []int64 // those that are asked for, in their order
	Parts    []Parts // by kind of sketch
}

// SummedRows are the groups that one query tells of. A slice that grows would be
// copied again and again, so that they are kept in pages until all are known, and
// what they hold in slabs of a page's.
type SummedRows struct {
	measures, kinds, keys int
	pages                 [][]Summed
	sums                  []int64
	parts                 []Parts
	texts                 []string
	last                  []string // keys of the group before
}

const summedPage = 128

// NewSummedRows have groups of so many measures, kinds of sketches and keys.
func NewSummedRows(measures, kinds, keys int) *SummedRows {
	return &SummedRows{measures: measures, kinds: kinds, keys: keys}
}

// Next is one group more, with room for what it holds.
func (r *SummedRows) Next() *Summed {
	last := len(r.pages) - 1
	if last < 0 || len(r.pages[last]) == summedPage {
		r.pages = append(r.pages, make([]Summed, 0, summedPage))
		r.sums, r.parts, r.texts = make([]int64, summedPage*r.measures), make([]Parts, summedPage*r.kinds), make([]string, summedPage*r.keys)
		last++
	}
	page := append(r.pages[last], Summed{
		Keys: r.texts[:r.keys:r.keys], Measures: r.sums[:r.measures:r.measures], Parts: r.parts[:r.kinds:r.kinds],
	})
	r.texts, r.sums, r.parts = r.texts[r.keys:], r.sums[r.measures:], r.parts[r.kinds:]
	r.pages[last] = page
	return &page[len(page)-1]
}

// Share has the keys that the group before had too, and that groups in order have, be
// one text in memory.
func (r *SummedRows) Share(keys []string) {
	for i := range r.last {
		if r.last[i] == keys[i] {
			keys[i] = r.last[i]
		}
	}
	r.last = keys
}

// Len is how many groups there are.
func (r *SummedRows) Len() (n int) {
	for _, page := range r.pages {
		n += len(page)
	}
	return n
}

// All are the groups in the order in which they came.
func (r *SummedRows) All() iter.Seq[*Summed] {
	return func(yield func(*Summed) bool) {
		for _, page := range r.pages {
			for i := range page {
				if !yield(&page[i]) {
					return
				}
			}
		}
	}
}

// AddTo adds the sums to an answer. list are the measures.
func (x *Summed) AddTo(acc *rollup.Accumulator, list []rollup.Measure) {
	var m rollup.Measures
	for i, k := range list {
		m[k] = x.Measures[i]
	}
	acc.Add(x.Bucket, x.Keys, &m)
}

// Parts are what is known of the stored sketches of a group without reading them.
type Parts struct {
	Count    int64
	Max, Sum float64 // of their estimates
}

// Summary is the groups of a scan before any sketch is read.
type Summary struct {
	scan     *rollup.Scan
	measures []rollup.Measure
	kinds    []rollup.Sketch
	groups   []Summed
	index    map[string]int
	key      []byte
}

// KeyAt is the n-th key in a GroupKey.
func KeyAt(k string, n int) string {
	_, rest := uvarint(k)
	for range n {
		size, after := uvarint(rest)
		rest = after[size:]
	}
	size, after := uvarint(rest)
	return after[:size]
}

func uvarint(s string) (v uint64, rest string) {
	for i, shift := 0, 0; i < len(s); i, shift = i+1, shift+7 {
		v |= uint64(s[i]&0x7f) << shift
		if s[i] < 0x80 {
			return v, s[i+1:]
		}
	}
	return 0, ""
}

// NewSummary is empty. measures and kinds are what its groups tell of.
func NewSummary(scan *rollup.Scan, measures []rollup.Measure, kinds []rollup.Sketch) *Summary {
	return &Summary{scan: scan, measures: measures, kinds: kinds, index: map[string]int{}}
}

// GroupKey writes the name of a group over key.
func GroupKey(key []byte, bucket int, keys []string) []byte {
	key = binary.AppendUvarint(key[:0], uint64(bucket))
	for _, k := range keys {
		key = binary.AppendUvarint(key, uint64(len(k)))
		key = append(key, k...)
	}
	return key
}

// AddAll adds what one query told of. Unless torn, its groups are in no other.
func (s *Summary) AddAll(rows *SummedRows, torn bool) {
	if !torn {
		s.groups = slices.Grow(s.groups, rows.Len())
		for _, page := range rows.pages {
			s.groups = append(s.groups, page...)
		}
		return
	}
	for i := len(s.index); i < len(s.groups); i++ { // those that came before
		s.key = GroupKey(s.key, s.groups[i].Bucket, s.groups[i].Keys)
		s.index[string(s.key)] = i
	}
	for x := range rows.All() {
		s.add(x)
	}
}

// add adds the part of a group that may be there already.
func (s *Summary) add(x *Summed) {
	s.key = GroupKey(s.key, x.Bucket, x.Keys)
	i, ok := s.index[string(s.key)]
	if !ok {
		s.index[string(s.key)] = len(s.groups)
		s.groups = append(s.groups, *x)
		return
	}
	g := &s.groups[i]
	for m := range g.Measures {
		g.Measures[m] += x.Measures[m]
	}
	for k := range g.Parts {
		p, o := &g.Parts[k], x.Parts[k]
		p.Count, p.Max, p.Sum = p.Count+o.Count, max(p.Max, o.Max), p.Sum+o.Sum
	}
}

// pruneMargin is by how much a bound made of estimates may be off: they are of
// merged sketches to within a few parts in a hundred.
const pruneMargin = 0.05

// bounds are between what and what the figure of a group lies that Scan.Top is
// about: the union of sets is at least its largest part and at most their sum.
func (s *Summary) bounds(g *Summed) (low, high float64) {
	top := s.scan.Top
	if !top.BySketch {
		i := slices.Index(s.measures, top.Measure)
		if i < 0 {
			return 0, 0
		}
		v := float64(g.Measures[i])
		return v, v
	}
	i := slices.Index(s.kinds, top.Sketch)
	if i < 0 {
		return 0, 0
	}
	p := g.Parts[i]
	if p.Count <= 1 {
		return p.Max, p.Max
	}
	return p.Max * (1 - pruneMargin), p.Sum * (1 + pruneMargin)
}

// Prune leaves out the groups that cannot be among the first, whatever their
// sketches hold.
func (s *Summary) Prune(oneBucket bool) {
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
	s.groups = slices.DeleteFunc(s.groups, func(g Summed) bool {
		_, high := s.bounds(&g)
		return high+top.Slack < least
	})
}

// Answer adds to the accumulator what needs no sketch, and returns of the other
// groups which kinds have to be read.
func (s *Summary) Answer(acc *rollup.Accumulator) map[string]rollup.SketchSet {
	need := map[string]rollup.SketchSet{}
	acc.Expect(len(s.groups))
	for i := range s.groups {
		g := &s.groups[i]
		g.AddTo(acc, s.measures)
		whole := !s.scan.EstimateOnly || s.scan.Whole != nil && s.scan.Whole(g.Bucket, g.Keys)
		set := rollup.SketchSet(0)
		for j, k := range s.kinds {
			switch p := g.Parts[j]; {
			case p.Count == 0:
			case p.Count == 1 && !whole && !k.Quantile():
				acc.AddEstimate(g.Bucket, g.Keys, k, p.Max)
			default:
				set |= 1 << k
			}
		}
		if set != 0 {
			s.key = GroupKey(s.key, g.Bucket, g.Keys)
			need[string(s.key)] = set
		}
	}
	return need
}
