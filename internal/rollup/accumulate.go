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
	scan    Scan
	bounds  []int64
	last    int // the bucket found last
	groups  []Group
	index   map[string]int
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

// group finds or makes the group of a bucket and keys; the keys are kept, not
// the slice.
func (a *Accumulator) group(bucket int, keys []string) *Group {
	a.key = binary.AppendUvarint(a.key[:0], uint64(bucket))
	for _, k := range keys {
		a.key = binary.AppendUvarint(a.key, uint64(len(k)))
		a.key = append(a.key, k...)
	}
	if i, ok := a.index[string(a.key)]; ok {
		return &a.groups[i]
	}
	a.index[string(a.key)] = len(a.groups)
	a.groups = append(a.groups, Group{Bucket: bucket, Keys: slices.Clone(keys), Sketches: NewSketches(a.scan.Sketches)})
	return &a.groups[len(a.groups)-1]
}

// Add adds measures to a group whose keys the caller knows.
func (a *Accumulator) Add(bucket int, keys []string, m *Measures) {
	a.group(bucket, keys).Measures.add(m)
}

// Expect makes room for so many groups more.
func (a *Accumulator) Expect(n int) {
	a.groups = slices.Grow(a.groups, n)
	if len(a.index) == 0 {
		a.index = make(map[string]int, n)
	}
}

// Empty says whether nothing was added yet.
func (a *Accumulator) Empty() bool { return len(a.groups) == 0 }

// AddSketch adds a serialised sketch to a group if the scan asks for its kind.
// It fails with sketch.ErrCorrupt.
func (a *Accumulator) AddSketch(bucket int, keys []string, k Sketch, image []byte) error {
	g := a.group(bucket, keys)
	if h := g.Sketches.find(k); h != nil {
		return h.mergeBytes(image)
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

// Merge adds the answer that another source gave to the same scan.
func (a *Accumulator) Merge(r *Result) {
	if len(a.groups) == 0 {
		a.Expect(len(r.Groups))
	}
	for i := range r.Groups {
		from := &r.Groups[i]
		g := a.group(from.Bucket, from.Keys)
		g.Measures.add(&from.Measures)
		g.Sketches.Merge(&from.Sketches)
	}
	a.cells += r.CellsRead
	a.sawFirst(r.FirstData)
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
	groups := slices.DeleteFunc(a.groups, func(g Group) bool {
		return g.Measures == Measures{} && g.Sketches.IsEmpty()
	})
	return &Result{Groups: groups, FirstData: a.first, CellsRead: a.cells}
}

// AddViewer adds one distinct viewer's coupon to a group.
func (a *Accumulator) AddViewer(bucket int, keys []string, coupon uint32) {
	g := a.group(bucket, keys)
	if v := g.Sketches.HLL(Viewers); v != nil {
		v.AddCoupon(coupon)
	}
}
