package rollup

import (
	"encoding/binary"
	"slices"
	"sort"
)

// Accumulator sums partial answers to one scan into one Result: cells, plays
// and the results of others, each fact brought by exactly one of them. It is
// used by one goroutine.
type Accumulator struct {
	scan   Scan
	bounds []int64
	last   int // the bucket found last
	// Groups are in one piece as far as their number was known before, then in
	// pages: a slice that grows would be copied again and again, and a group is big.
	whole   []Group
	pages   [][]Group
	n       int            // groups
	index   map[string]int // of a group, by its bucket and keys
	key     []byte
	cells   int64
	first   int64
	filters []filterSet
	plays   *playScan
}

// filterSet is a filter ready to be asked.
type filterSet struct {
	dim Dimension
	in  map[string]struct{}
}

// NewAccumulator returns an empty answer to a scan.
func NewAccumulator(s Scan) *Accumulator {
	a := &Accumulator{scan: s, bounds: s.Bounds(), index: map[string]int{}}
	for _, w := range s.Where {
		f := filterSet{dim: w.Dimension, in: make(map[string]struct{}, len(w.In))}
		for _, v := range w.In {
			f.in[v] = struct{}{}
		}
		a.filters = append(a.filters, f)
	}
	return a
}

// Bounds are the boundaries of the scan's buckets: at least two, ascending.
// What lies outside [From,To) is in none, whatever the buckets say.
func (s *Scan) Bounds() []int64 {
	if len(s.Buckets) < 2 {
		return []int64{s.From, s.To}
	}
	return s.Buckets
}

// bucketOf is the bucket that holds a moment, −1 if none does.
func (a *Accumulator) bucketOf(ms int64) int {
	if ms < a.scan.From || ms >= a.scan.To || ms < a.bounds[0] || ms >= a.bounds[len(a.bounds)-1] {
		return -1
	}
	if a.bounds[a.last] <= ms && ms < a.bounds[a.last+1] {
		return a.last
	}
	a.last = sort.Search(len(a.bounds), func(i int) bool { return a.bounds[i] > ms }) - 1
	return a.last
}

// pageGroups is how many groups a page has: it stays below the size from which
// memory is taken in whole pages of the system's.
const pageGroups = 64

// at is the group of an index.
func (a *Accumulator) at(i int) *Group {
	if i < len(a.whole) {
		return &a.whole[i]
	}
	i -= len(a.whole)
	return &a.pages[i/pageGroups][i%pageGroups]
}

// push adds an empty group.
func (a *Accumulator) push() *Group {
	a.n++
	if len(a.pages) == 0 && len(a.whole) < cap(a.whole) {
		a.whole = a.whole[:len(a.whole)+1]
		return &a.whole[len(a.whole)-1]
	}
	last := len(a.pages) - 1
	if last < 0 || len(a.pages[last]) == pageGroups {
		a.pages = append(a.pages, make([]Group, 0, pageGroups))
		last++
	}
	page := append(a.pages[last], Group{})
	a.pages[last] = page
	return &page[len(page)-1]
}

// find is the index of the group of a bucket and keys, or the one that it gets.
func (a *Accumulator) find(bucket int, keys []string) int {
	a.key = binary.AppendUvarint(a.key[:0], uint64(bucket))
	for _, k := range keys {
		a.key = binary.AppendUvarint(a.key, uint64(len(k)))
		a.key = append(a.key, k...)
	}
	i, ok := a.index[string(a.key)]
	if !ok {
		i = len(a.index)
		a.index[string(a.key)] = i
	}
	return i
}

// group finds or makes the group of a bucket and keys; the keys are kept, not
// the slice.
func (a *Accumulator) group(bucket int, keys []string) *Group {
	i := a.find(bucket, keys)
	if i < a.n {
		return a.at(i)
	}
	g := a.push()
	g.Bucket, g.Keys, g.Sketches = bucket, slices.Clone(keys), NewSketches(a.scan.Sketches)
	return g
}

// Add adds measures to a group whose keys the caller knows.
func (a *Accumulator) Add(bucket int, keys []string, m *Measures) {
	a.group(bucket, keys).Measures.add(m)
}

// Expect makes room for so many groups. It has no effect on an answer that has
// some already.
func (a *Accumulator) Expect(n int) {
	if a.n == 0 && n > cap(a.whole) {
		a.whole = make([]Group, 0, n)
	}
	if len(a.index) == 0 {
		a.index = make(map[string]int, n)
	}
}

// Empty says whether nothing was added yet.
func (a *Accumulator) Empty() bool { return a.n == 0 }

// AddSketch adds a serialised sketch to a group if the scan asks for its kind.
// estimate is the one that stands beside it, 0 if none does. It fails with
// sketch.ErrCorrupt.
func (a *Accumulator) AddSketch(bucket int, keys []string, k Sketch, image []byte, estimate float64) error {
	g := a.group(bucket, keys)
	h := g.Sketches.find(k)
	if h == nil {
		return nil
	}
	first := h.hll != nil && h.hll.IsEmpty()
	if err := h.mergeBytes(image); err != nil {
		return err
	}
	if first { // the group's only part, so far
		h.estimate = estimate
	}
	return nil
}

// AddEstimate says what the sketch of a group would be estimated at, where the
// group is one stored cell and no other part of it is added.
func (a *Accumulator) AddEstimate(bucket int, keys []string, k Sketch, estimate float64) {
	g := a.group(bucket, keys)
	if h := g.Sketches.find(k); h != nil {
		h.setEstimate(estimate)
	}
}

// Merge adds the answers that other sources gave to the same scan.
func (a *Accumulator) Merge(results ...*Result) {
	most, all := 0, 0
	for _, r := range results {
		most, all = max(most, len(r.Groups)), all+len(r.Groups)
	}
	if len(a.index) == 0 {
		a.index = make(map[string]int, most)
	}
	at := make([]int32, 0, all) // the groups first, so that their number is known
	for _, r := range results {
		for i := range r.Groups {
			at = append(at, int32(a.find(r.Groups[i].Bucket, r.Groups[i].Keys)))
		}
	}
	a.Expect(len(a.index))
	for _, r := range results {
		for i := range r.Groups {
			from := &r.Groups[i]
			var g *Group
			if k := int(at[i]); k < a.n {
				g = a.at(k)
			} else {
				g = a.push()
				g.Bucket, g.Keys, g.Sketches = from.Bucket, slices.Clone(from.Keys), NewSketches(a.scan.Sketches)
			}
			g.Measures.add(&from.Measures)
			g.Sketches.Merge(&from.Sketches)
		}
		at = at[len(r.Groups):]
		a.cells += r.CellsRead
		a.sawFirst(r.FirstData)
	}
}

// Read counts cells that were looked at, and tells where the source's data begins
// (epoch ms, 0 for no data).
func (a *Accumulator) Read(cells, first int64) {
	a.cells += cells
	a.sawFirst(first)
}

func (a *Accumulator) sawFirst(ms int64) {
	if ms != 0 && (a.first == 0 || ms < a.first) {
		a.first = ms
	}
}

// Result is the answer. The accumulator is not used after it. FreshTo and
// Engine are the caller's to say.
func (a *Accumulator) Result() *Result {
	if a.plays != nil {
		a.plays.finish()
	}
	groups := a.whole
	if len(a.pages) > 0 {
		groups = append(make([]Group, 0, a.n), a.whole...)
		for _, page := range a.pages {
			groups = append(groups, page...)
		}
	}
	groups = slices.DeleteFunc(groups, func(g Group) bool {
		return g.Measures == Measures{} && g.Sketches.IsEmpty()
	})
	return &Result{Groups: groups, FirstData: a.first, CellsRead: a.cells}
}

// AddViewer adds one distinct viewer's coupon to a group.
func (a *Accumulator) AddViewer(bucket int, keys []string, coupon uint32) {
	g := a.group(bucket, keys)
	if h := g.Sketches.find(Viewers); h != nil && h.hll != nil {
		h.estimate = 0
		h.hll.AddCoupon(coupon)
	}
}
