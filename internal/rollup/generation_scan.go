package rollup

import "slices"

// Scan answers from the generation alone. FreshTo is the least of its
// partitions'. It fails with ErrNotCovered.
func (g *Generation) Scan(s Scan) (*Result, error) {
	acc := NewAccumulator(s)
	if err := g.AddTo(acc); err != nil {
		return nil, err
	}
	r := acc.Result()
	r.Engine = "memory"
	for i, p := range g.Progress() {
		if i == 0 || p.FreshTo < r.FreshTo {
			r.FreshTo = p.FreshTo
		}
	}
	return r, nil
}

// AddTo adds what the generation holds to the answer of the accumulator's
// scan. It fails with ErrNotCovered, having added nothing.
func (g *Generation) AddTo(a *Accumulator) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if a.scan.Source == SourcePlays {
		for i := range g.plays {
			a.AddPlay(&g.plays[i], g.names.list, g.names.placed)
		}
		return nil
	}
	f, level, ok := a.scan.Source.place()
	if !ok {
		return ErrNotCovered
	}
	face, ok := FaceOf(a.scan.Source, a.scan.Dimensions())
	if !ok {
		return ErrNotCovered
	}
	spec := families[f].face(face)
	buckets := g.bucketsOf(a, f, level)
	g.scanBase(a, f, spec, spec.base, buckets)
	if spec.gauge != 0 {
		g.scanBase(a, f, spec, spec.gauge, buckets)
	}
	return nil
}

// bucketsOf are the scan's buckets that the pieces of a family lie in, −1 for none.
func (g *Generation) bucketsOf(a *Accumulator, f family, level int) []int {
	buckets := make([]int, len(g.pieces[f].list))
	days := g.levels.days.days
	for i, p := range g.pieces[f].list {
		buckets[i] = -1
		if !p.used || int(p.level) > level {
			continue
		}
		if a.scan.Source == SourceCreativeAll {
			a.sawFirst(p.start) // all time begins with the first day
			buckets[i] = 0
			continue
		}
		start, _ := days.Bucket(a.scan.Source, p.start)
		a.sawFirst(start)
		buckets[i] = a.bucketOf(start)
	}
	return buckets
}

// scanBase adds the cells of a base to the groups of a face.
func (g *Generation) scanBase(a *Accumulator, f family, spec *faceSpec, base int, buckets []int) {
	t := &g.tables[f][base]
	kinds := a.scan.Sketches & t.spec.sketches &^ spec.without
	x := expander{n: &g.names, base: t.spec, by: a.scan.By}
	for _, w := range a.filters {
		x.filter(w)
	}
	var ref uint32
	var bucket int
	emit := func(keys []string) {
		group := a.group(bucket, keys)
		t.sum(ref, &group.Measures)
		if kinds != 0 {
			t.sketches(ref, kinds, &group.Sketches)
		}
	}
	for i, h := range t.heads {
		if bucket = buckets[h.piece]; bucket >= 0 {
			a.cells++
			ref = uint32(i) + 1
			k := g.names.key(f, base, h.key)
			x.each(&k, emit)
		}
	}
}

// sketches adds a cell's sketches of the kinds to a group's.
func (t *table) sketches(ref uint32, kinds SketchSet, to *Sketches) {
	for at := t.first[ref-1]; at != 0; {
		n := t.nodes.at(at)
		if kinds.Has(n.kind) {
			if h := to.find(n.kind); h != nil {
				n.addTo(h)
			}
		}
		at = n.next
	}
}

// expander turns the key of a base's cell into the keys of a face: one, or
// several where a dimension has many values. A face has one such dimension at most.
type expander struct {
	n       *names
	base    *baseSpec
	by      []Dimension
	filters []idFilter
	keys    [DimensionCount]string
}

// idFilter is a filter by id.
type idFilter struct {
	dim   Dimension
	allow []bool
}

func (x *expander) filter(w filterSet) {
	texts := x.n.dims[w.dim].texts
	f := idFilter{w.dim, make([]bool, len(texts))}
	for id, v := range texts {
		_, f.allow[id] = w.in[v]
	}
	x.filters = append(x.filters, f)
}

// fanned reports whether a dimension of the face is not one of the base's own.
func (x *expander) fanned(d Dimension) bool { return !slices.Contains(x.base.dims, d) }

// each calls fn for the keys that a base's key stands for in the face.
func (x *expander) each(k *key, fn func(keys []string)) {
	var room [1]uint32
	var many []uint32 // values of the fanned dimension
	fan := false
	for _, f := range x.filters {
		ids := x.n.ids(x.base, k, f.dim, &room)
		if x.fanned(f.dim) {
			fan, many = true, ids
			continue
		}
		if !f.allow[ids[0]] {
			return
		}
	}
	for i, d := range x.by {
		ids := x.n.ids(x.base, k, d, &room)
		if x.fanned(d) {
			fan, many = true, ids
			continue
		}
		x.keys[i] = x.n.dims[d].texts[ids[0]]
	}
	if !fan {
		fn(x.keys[:len(x.by)])
		return
	}
next:
	for _, id := range many {
		for _, f := range x.filters {
			if x.fanned(f.dim) && !f.allow[id] {
				continue next
			}
		}
		for i, d := range x.by {
			if x.fanned(d) {
				x.keys[i] = x.n.dims[d].texts[id]
			}
		}
		fn(x.keys[:len(x.by)])
	}
}
