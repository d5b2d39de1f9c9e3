package rollup

import (
	"cmp"
	"slices"
	"strings"

	"playhead/internal/sketch"
)

// Row is a cell of a face as a warehouse stores it. It is only good during the call.
type Row struct {
	Source Source // the finest that keeps it
	Bucket int64  // start of the cell, epoch ms
	Face   Face
	Keys   []string // by the face's dimensions
	// Measures are all, of which the source keeps some.
	Measures Measures

	table *table
	ref   uint32
	nodes [SketchCount]uint32 // of its sketches, 0 for none
	held  *[SketchCount]held  // to write sketches from
}

// find finds the row's sketches.
func (r *Row) find() {
	if r.table.first == nil {
		return
	}
	r.nodes = [SketchCount]uint32{}
	for at := r.table.first[r.ref-1]; at != 0; {
		n := r.table.nodes.at(at)
		r.nodes[n.kind] = at
		at = n.next
	}
}

// Image appends a sketch of the row as it is stored, and returns the estimate
// that stands beside it. Nothing is appended where there is none.
func (r *Row) Image(k Sketch, dst []byte) ([]byte, float64) {
	if at := r.nodes[k]; at != 0 {
		return r.table.nodes.at(at).image(&r.held[k], dst)
	}
	return dst, 0
}

// image writes a node's sketch. h is one of its kind to use again and again.
func (n *node) image(h *held, dst []byte) ([]byte, float64) {
	switch {
	case n.hll != nil:
		return n.hll.AppendBinary(dst), n.hll.Estimate()
	case n.kll != nil:
		return n.kll.AppendBinary(dst), float64(n.kll.Count())
	case n.theta != nil:
		return n.theta.AppendBinary(dst), n.theta.Estimate()
	case n.n == 0:
		return dst, 0
	case h.kind != n.kind || h.hll == nil && h.kll == nil && h.theta == nil:
		h.kind = n.kind
		h.make()
	}
	switch {
	case h.hll != nil:
		h.hll.Reset()
		n.addTo(h)
		return h.hll.AppendBinary(dst), h.hll.Estimate()
	case h.kll != nil:
		*h.kll = sketch.KLLFloat{}
		n.addTo(h)
		return h.kll.AppendBinary(dst), float64(h.kll.Count())
	}
	h.theta.Reset()
	n.addTo(h)
	return h.theta.AppendBinary(dst), h.theta.Estimate()
}

// StoredSources are the finest sources of each family: what Fold takes. Facts of
// long ago are in a coarser one of the same family.
func StoredSources() []Source {
	var list []Source
	for f := range familyCount {
		list = append(list, families[f].sources[0])
	}
	return list
}

// Coarser are the sources of the same family, finest first, whose cells those of
// s can be summed to.
func (s Source) Coarser() []Source {
	if f, level, ok := s.place(); ok {
		return families[f].sources[level+1:]
	}
	return nil
}

// Fold sums the cells of sealed generations that belong to a source and those
// coarser, and calls fn for every row: by face, then by time, then by keys. It
// holds no more than one face at a time.
func Fold(generations []*Generation, source Source, fn func(r *Row) error) error {
	f, _, ok := source.place()
	if !ok {
		return ErrNotCovered
	}
	for _, g := range generations {
		g.mu.RLock()
		defer g.mu.RUnlock()
	}
	for i := range families[f].faces {
		spec := &families[f].faces[i]
		measures := families[f].bases[spec.base].measures // the family's, in the order in which they are added
		fold := folding{f: f, face: spec, table: newTable(&baseSpec{spec.dims, measures, families[f].sketches &^ spec.without})}
		for _, g := range generations {
			fold.add(g, spec.base)
			if spec.gauge != 0 {
				fold.add(g, spec.gauge)
			}
		}
		if err := fold.rows(fn); err != nil {
			return err
		}
	}
	return nil
}

// folding is one face of several generations.
type folding struct {
	f      family
	face   *faceSpec
	dicts  [MaxKeys]dictionary
	tuples tuples
	pieces pieces
	table  table
}

// add adds the cells of a base of a generation.
func (o *folding) add(g *Generation, base int) {
	t := &g.tables[o.f][base]
	if len(t.heads) == 0 {
		return
	}
	at := make([]uint32, len(g.pieces[o.f].list))
	for i, p := range g.pieces[o.f].list {
		at[i] = o.pieces.find(p.start, p.end, int(p.level))
	}
	x := expander{n: &g.names, base: t.spec, by: o.face.dims}
	own := foldedKeys{list: []uint32{0}}
	alike, kinds := slices.Equal(t.spec.measures, o.table.spec.measures), o.table.spec.sketches
	for i, h := range t.heads {
		ids, ok := own.of(h.key)
		if !ok {
			k := g.names.key(o.f, base, h.key)
			own.begin(h.key)
			x.each(&k, func(keys []string) { own.list = append(own.list, o.id(keys)) })
			ids = own.end(h.key)
		}
		for _, id := range ids {
			ref := o.table.cell(at[h.piece], id)
			if alike {
				o.table.mergeAlike(ref, t, uint32(i)+1, kinds)
			} else {
				o.table.merge(ref, t, uint32(i)+1, kinds)
			}
		}
	}
}

// id is the number that the values of the face's dimensions have in the fold.
func (o *folding) id(values []string) uint32 {
	var k key
	for j, v := range values {
		k[j] = o.dicts[j].id(v)
	}
	if len(values) > 1 {
		return o.tuples.id(k)
	}
	return k[0]
}

// foldedKeys are the numbers in a fold that the keys of a base stand for: a key is in
// many pieces of time, and its texts are looked up once.
type foldedKeys struct {
	at   [][2]uint32 // by key: where its numbers are in list; from 0, not known yet
	list []uint32
}

func (f *foldedKeys) of(key uint32) ([]uint32, bool) {
	if int(key) >= len(f.at) || f.at[key][0] == 0 {
		return nil, false
	}
	return f.list[f.at[key][0]:f.at[key][1]], true
}

// begin says that the numbers of a key are appended to the list next, up to end.
func (f *foldedKeys) begin(key uint32) {
	for int(key) >= len(f.at) {
		f.at = append(f.at, [2]uint32{})
	}
	f.at[key][0] = uint32(len(f.list))
}

func (f *foldedKeys) end(key uint32) []uint32 {
	f.at[key][1] = uint32(len(f.list))
	return f.list[f.at[key][0]:]
}

// rows calls fn for every cell, in order.
func (o *folding) rows(fn func(r *Row) error) error {
	keyOf := func(id uint32) key {
		if len(o.face.dims) < 2 {
			return key{id}
		}
		return o.tuples.list[id]
	}
	order := o.order()
	r := Row{Face: o.face.face, Keys: make([]string, len(o.face.dims)), table: &o.table, held: new([SketchCount]held)}
	for _, i := range order {
		h := o.table.heads[i]
		p := o.pieces.list[h.piece]
		r.Source, r.Bucket, r.ref = families[o.f].sources[p.level], p.start, i+1
		k := keyOf(h.key)
		for j := range r.Keys {
			r.Keys[j] = o.dicts[j].texts[k[j]]
		}
		r.Measures = Measures{}
		o.table.fill(r.ref, &r.Measures)
		r.find()
		if err := fn(&r); err != nil {
			return err
		}
	}
	return nil
}

// order is the cells by time, then by keys. There are many cells to a piece of time
// and to a key, so that those are compared and cells only counted.
func (o *folding) order() []uint32 {
	order := make([]uint32, len(o.table.heads))
	for i := range order {
		order[i] = uint32(i)
	}
	heads := o.table.heads
	if len(o.face.dims) > 0 {
		keys := o.keyRanks()
		order = counted(order, len(keys), func(i uint32) uint32 { return keys[heads[i].key] })
	}
	pieces := ranksOf(o.pieces.list, func(a, b *piece) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.level, b.level))
	})
	return counted(order, len(pieces), func(i uint32) uint32 { return pieces[heads[i].piece] })
}

// keyRanks is the place of each key in the order of its values.
func (o *folding) keyRanks() []uint32 {
	var ranks [MaxKeys][]uint32
	for j := range o.face.dims {
		ranks[j] = ranksOf(o.dicts[j].texts, func(a, b *string) int { return strings.Compare(*a, *b) })
	}
	if len(o.face.dims) == 1 {
		return ranks[0]
	}
	return ranksOf(o.tuples.list, func(a, b *key) int {
		for j := range o.face.dims {
			if c := cmp.Compare(ranks[j][a[j]], ranks[j][b[j]]); c != 0 {
				return c
			}
		}
		return 0
	})
}

// counted is a list in the order of the ranks, below n, of what is in it. What has
// one rank stays as it was.
func counted(list []uint32, n int, rank func(uint32) uint32) []uint32 {
	at := make([]uint32, n+1)
	for _, v := range list {
		at[rank(v)+1]++
	}
	for i := range n {
		at[i+1] += at[i]
	}
	out := make([]uint32, len(list))
	for _, v := range list {
		r := rank(v)
		out[at[r]] = v
		at[r]++
	}
	return out
}

// ranksOf is the place of each of a list in order.
func ranksOf[T any](list []T, compare func(a, b *T) int) []uint32 {
	order := make([]uint32, len(list))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return compare(&list[a], &list[b]) })
	ranks := make([]uint32, len(list))
	for place, i := range order {
		ranks[i] = uint32(place)
	}
	return ranks
}
