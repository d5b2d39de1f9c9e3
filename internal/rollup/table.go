package rollup

import (
	"math/bits"

	"playhead/internal/sketch"
)

// table holds the cells of one base, by piece of time and key. The measures of a
// cell are in blocks of a few that are used together. Each cell has the first of
// them, by its own number; the others are made when one of their measures is first
// added to: most cells of a stretch of seconds know only the time that went by.
// Nothing in a cell is a pointer, for the collector of garbage to follow, but the
// sketches that have grown.
type table struct {
	spec  *baseSpec
	at    [MeasureCount]int8 // place of a measure: block<<shift + index in it; −1 not kept
	mask  uint64             // measures kept, a bit each
	shift uint               // a block has 1<<shift measures
	count int                // blocks that a cell may have beside its first

	rows   []row     // by piece: where most of its cells are found
	places int64     // in rows
	slots  []uint32  // hash table of the cells that are in no row: references, 0 free
	hashed int       // how many those are
	heads  []head    // by reference − 1
	firsts [][]int64 // first blocks, by reference − 1
	blocks []uint32  // count a cell: block numbers + 1, 0 none
	values [][]int64
	filled uint32   // blocks in values
	first  []uint32 // first node of a cell, 0 none; nil when no sketch is kept
	nodes  nodes
}

// head says which cell it is.
type head struct{ piece, key uint32 }

// row finds cells of a piece without a search: keys are numbers in order of
// appearance, so that those in use are near each other.
type row struct {
	refs  []uint32 // by key: references, 0 for one that is not here
	cells uint32   // of the piece, in the row or not
}

const (
	blocksAChunk = 512
	// A row may have this many places, or so many for each cell of its piece.
	rowLeast, rowACell = 64, 4
)

// noBlocks are the other blocks of a cell that has none.
var noBlocks [8]uint32

func newTable(spec *baseSpec) table {
	t := table{spec: spec, shift: 2}
	switch n := len(spec.measures); {
	case n == 1:
		t.shift = 0
	case n > 20:
		t.shift = 3
	}
	t.count = (len(spec.measures)+1<<t.shift-1)>>t.shift - 1
	for i := range t.at {
		t.at[i] = -1
	}
	for i, m := range spec.measures {
		t.at[m] = int8(i)
		t.mask |= 1 << m
	}
	return t
}

func (h head) hash() uint32 {
	return uint32((uint64(h.piece)<<32 | uint64(h.key)) * 0x9e3779b97f4a7c15 >> 32)
}

// cell finds or makes the cell of a key in a piece of time.
func (t *table) cell(piece, key uint32) uint32 {
	if ref := t.known(piece, key); ref != 0 {
		return ref
	}
	return t.seek(piece, key)
}

// known is the cell of a key in a piece of time if it is in a row, else 0.
func (t *table) known(piece, key uint32) uint32 {
	if int(piece) < len(t.rows) {
		if refs := t.rows[piece].refs; int(key) < len(refs) {
			return refs[key]
		}
	}
	return 0
}

// seek is cell of one that is in no row yet.
func (t *table) seek(piece, key uint32) uint32 {
	h := head{piece, key}
	if t.hashed > 0 {
		mask := uint32(len(t.slots) - 1)
		for i := h.hash() & mask; t.slots[i] != 0; i = (i + 1) & mask {
			if ref := t.slots[i]; t.heads[ref-1] == h {
				if refs := t.rows[piece].refs; int(key) < len(refs) {
					refs[key] = ref // the row has grown since
				}
				return ref
			}
		}
	}
	return t.make(h)
}

func (t *table) make(h head) uint32 {
	n := len(t.heads)
	t.heads = append(t.heads, h)
	if n%blocksAChunk == 0 {
		t.firsts = append(t.firsts, make([]int64, blocksAChunk<<t.shift))
	}
	t.blocks = append(t.blocks, noBlocks[:t.count]...)
	if t.spec.sketches != 0 {
		t.first = append(t.first, 0)
	}
	ref := uint32(n) + 1
	for int(h.piece) >= len(t.rows) {
		t.rows = append(t.rows, row{})
	}
	r := &t.rows[h.piece]
	r.cells++
	if int(h.key) >= len(r.refs) {
		size := 1 << bits.Len32(h.key|7)
		if size > max(rowLeast, rowACell*int(r.cells)) {
			t.hash(ref, h)
			return ref
		}
		t.places += int64(size - len(r.refs))
		r.refs = append(make([]uint32, 0, size), r.refs...)[:size]
	}
	r.refs[h.key] = ref
	return ref
}

// hash puts a cell that fits in no row into the hash table.
func (t *table) hash(ref uint32, h head) {
	if t.hashed++; t.hashed*4 > len(t.slots)*3 {
		old := t.slots
		t.slots = make([]uint32, max(16, 2*len(old)))
		for _, have := range old {
			if have != 0 {
				t.put(have, t.heads[have-1])
			}
		}
	}
	t.put(ref, h)
}

func (t *table) put(ref uint32, h head) {
	mask := uint32(len(t.slots) - 1)
	i := h.hash() & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = ref
}

// lead is the first block of a cell.
func (t *table) lead(ref uint32) []int64 {
	at := int((ref-1)%blocksAChunk) << t.shift
	return t.firsts[(ref-1)/blocksAChunk][at : at+1<<t.shift]
}

// block is the n-th block of a cell, which it makes if it is missing.
func (t *table) block(ref uint32, n int) []int64 {
	if n == 0 {
		return t.lead(ref)
	}
	b := &t.blocks[int(ref-1)*t.count+n-1]
	if *b == 0 {
		if t.filled%blocksAChunk == 0 {
			t.values = append(t.values, make([]int64, blocksAChunk<<t.shift))
		}
		t.filled++
		*b = t.filled
	}
	return t.valuesOf(*b)
}

func (t *table) valuesOf(block uint32) []int64 {
	at := int((block-1)%blocksAChunk) << t.shift
	return t.values[(block-1)/blocksAChunk][at : at+1<<t.shift]
}

// add adds to a measure of a cell; one that is not kept is left out.
func (t *table) add(ref uint32, m Measure, v int64) {
	if at := int(t.at[m]); at >= 0 && v != 0 {
		t.block(ref, at>>t.shift)[at&(1<<t.shift-1)] += v
	}
}

// each calls fn for the measures of a block and their values.
func (t *table) each(ref uint32, fn func(measures []Measure, values []int64)) {
	measures := t.spec.measures
	cut := func(n int) []Measure { return measures[n<<t.shift : min((n+1)<<t.shift, len(measures))] }
	fn(cut(0), t.lead(ref))
	for n, b := range t.blocks[int(ref-1)*t.count : int(ref)*t.count] {
		if b != 0 {
			fn(cut(n+1), t.valuesOf(b))
		}
	}
}

// fill sets what a cell has of each measure.
func (t *table) fill(ref uint32, to *Measures) {
	measures, wide := t.spec.measures, 1<<t.shift
	fillBlock(measures[:min(wide, len(measures))], t.lead(ref), to)
	for n, b := range t.blocks[int(ref-1)*t.count : int(ref)*t.count] {
		if b != 0 {
			fillBlock(measures[(n+1)*wide:min((n+2)*wide, len(measures))], t.valuesOf(b), to)
		}
	}
}

func fillBlock(measures []Measure, values []int64, to *Measures) {
	values = values[:len(measures)]
	for i, m := range measures {
		to[m] = values[i]
	}
}

// sum adds a cell's measures to a row.
func (t *table) sum(ref uint32, to *Measures) {
	t.each(ref, func(measures []Measure, values []int64) {
		for i, m := range measures {
			to[m] += values[i]
		}
	})
}

// merge adds a cell of another table: its measures, and its sketches of the kinds.
func (t *table) merge(ref uint32, o *table, from uint32, kinds SketchSet) {
	o.each(from, func(measures []Measure, values []int64) {
		for i, m := range measures {
			t.add(ref, m, values[i])
		}
	})
	t.mergeSketches(ref, o, from, kinds)
}

// mergeAlike is merge of a table with the same measures in the same places.
func (t *table) mergeAlike(ref uint32, o *table, from uint32, kinds SketchSet) {
	addBlock(t.lead(ref), o.lead(from))
	for n, b := range o.blocks[int(from-1)*o.count : int(from)*o.count] {
		if b != 0 {
			addBlock(t.block(ref, n+1), o.valuesOf(b))
		}
	}
	t.mergeSketches(ref, o, from, kinds)
}

func addBlock(to, values []int64) {
	for len(values) >= 4 && len(to) >= 4 { // of four or eight
		a, b := (*[4]int64)(to), (*[4]int64)(values)
		a[0] += b[0]
		a[1] += b[1]
		a[2] += b[2]
		a[3] += b[3]
		to, values = to[4:], values[4:]
	}
	for i, v := range values {
		to[i] += v
	}
}

func (t *table) mergeSketches(ref uint32, o *table, from uint32, kinds SketchSet) {
	if o.first == nil {
		return
	}
	for at := o.first[from-1]; at != 0; {
		n := o.nodes.at(at)
		if kinds.Has(n.kind) {
			t.nodes.of(&t.first[ref-1], n.kind).merge(&t.nodes, n)
		}
		at = n.next
	}
}

// addCoupon adds a distinct member to a sketch of a cell.
func (t *table) addCoupon(ref uint32, k Sketch, coupon uint32) {
	t.nodes.of(&t.first[ref-1], k).addCoupon(&t.nodes, coupon)
}

// bytes is the memory of the table, roughly.
func (t *table) bytes() int64 {
	return int64(4*cap(t.slots)+8*cap(t.heads)+4*cap(t.blocks)+4*cap(t.first)+32*cap(t.rows)) + 4*t.places +
		int64(len(t.firsts)+len(t.values))*int64(blocksAChunk<<t.shift)*8 + t.nodes.bytes()
}

// node is a sketch of a cell. The first few members are kept in it as they are.
type node struct {
	next uint32 // another sketch of the same cell
	kind Sketch
	n    uint8 // members in few
	few  [4]uint32
	// One of these takes over when few is full.
	hll   *sketch.HLL
	kll   *sketch.KLLFloat
	theta *sketch.Theta
}

const (
	nodesAChunk = 128
	nodeBytes   = 48
)

// nodes holds nodes in chunks, so that they never move.
type nodes struct {
	chunks [][]node
	used   uint32
	large  int64 // bytes of what has grown, roughly
}

func (s *nodes) at(ref uint32) *node { return &s.chunks[(ref-1)/nodesAChunk][(ref-1)%nodesAChunk] }

func (s *nodes) bytes() int64 { return int64(len(s.chunks))*nodesAChunk*nodeBytes + s.large }

// of finds or makes the sketch of a kind in a list.
func (s *nodes) of(first *uint32, k Sketch) *node {
	for at := *first; at != 0; {
		n := s.at(at)
		if n.kind == k {
			return n
		}
		at = n.next
	}
	if s.used%nodesAChunk == 0 {
		s.chunks = append(s.chunks, make([]node, nodesAChunk))
	}
	s.used++
	n := s.at(s.used)
	n.kind, n.next = k, *first
	*first = s.used
	return n
}
