package rollup

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
			a.AddPlay(&g.plays[i], g.names.list)
		}
		return nil
	}
	face, ok := FaceOf(a.scan.Source, a.scan.Dimensions())
	if !ok {
		return ErrNotCovered
	}
	t := &g.tables[a.scan.Source]
	f := &faceScan{g: g, a: a, face: face}
	f.prepare()
	for start, b := range t.buckets {
		a.sawFirst(start)
		if i := a.bucketOf(start); i >= 0 {
			f.bucket(i, b)
		}
	}
	return nil
}

// faceScan reads the cells of one face.
type faceScan struct {
	g     *Generation
	a     *Accumulator
	face  Face
	at    []int       // for each key of the scan: which key of the face
	allow [2][][]bool // for each key of the face: for each filter, by id
	room  Cell
}

func (f *faceScan) prepare() {
	dims := f.face.Dimensions()
	for _, d := range f.a.scan.By {
		for i := range dims {
			if dims[i] == d {
				f.at = append(f.at, i)
			}
		}
	}
	for i, d := range dims {
		for _, w := range f.a.filters {
			if w.dim != d {
				continue
			}
			texts := f.g.names.dims[d].texts
			allow := make([]bool, len(texts))
			for id, v := range texts {
				_, allow[id] = w.in[v]
			}
			f.allow[i] = append(f.allow[i], allow)
		}
	}
}

func (f *faceScan) bucket(i int, b *bucket) {
	var keys [DimensionCount]string
	for id, ref := range b.refs[f.face] {
		if ref == 0 || !f.allowed(uint32(id)) {
			continue
		}
		x, y := f.g.names.keys(f.face, uint32(id))
		of := [2]string{x, y}
		for k, at := range f.at {
			keys[k] = of[at]
		}
		g := f.a.group(i, keys[:len(f.at)])
		cell := f.g.slab.read(ref, &f.room)
		g.Measures.add(&cell.Measures)
		if v := g.Sketches.HLL(Viewers); v != nil {
			v.Merge(cell.Viewers)
		}
		f.a.cells++
	}
}

func (f *faceScan) allowed(id uint32) bool {
	ids := [2]uint32{id}
	if f.face >= FaceTitleCountry {
		ids = f.g.names.pairs[f.face-FaceTitleCountry].list[id]
	}
	for k := range f.allow {
		for _, allow := range f.allow[k] {
			if !allow[ids[k]] {
				return false
			}
		}
	}
	return true
}

// Starts are the starts of a source's buckets (epoch ms), in no particular order.
func (g *Generation) Starts(source Source) []int64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := make([]int64, 0, len(g.tables[source].buckets))
	for start := range g.tables[source].buckets {
		out = append(out, start)
	}
	return out
}

// Cells calls fn for every cell of one bucket of a source, in no particular
// order, with the values of the face's dimensions ("" where the face has none).
// The cells are only good during the call of fn.
func (g *Generation) Cells(source Source, start int64, fn func(face Face, a, b string, c *Cell) error) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	b := g.tables[source].buckets[start]
	if b == nil {
		return nil
	}
	var room Cell
	for face := range FaceCount {
		for id, ref := range b.refs[face] {
			if ref == 0 {
				continue
			}
			x, y := g.names.keys(face, uint32(id))
			if err := fn(face, x, y, g.slab.read(ref, &room)); err != nil {
				return err
			}
		}
	}
	return nil
}
