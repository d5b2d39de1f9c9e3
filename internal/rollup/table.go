package rollup

import "playhead/internal/sketch"

// table holds the cells of one base: hashed by piece of time and key. The
// measures of a cell are in blocks of a few that are used together, made when
// one of them is first added to: most cells of a stretch of seconds know only
// the time that went by. Nothing in a cell is a pointer, for the collector of
// garbage to follow, but the sketches that have grown.
type table struct {
	spec  *baseSpec
	at    [MeasureCount]int8 // place of a measure: block<<shift + index in it; −1 not kept
	mask  uint64             // measures kept, a bit each
	shift uint               // a block has 1<<shift measures
	count int                // blocks that a cell may have

	slots  []uint32 // hash table: references, 0 free
	heads  []head   // by reference − 1
	blocks []uint32 // count a cell: block numbers + 1, 0 none
	values [][]int64
	filled uint32   // blocks in values
	first  []uint32 // first node of a cell, 0 none; nil when no sketch is kept
	nodes  nodes
}

// head says which cell it is.
type head struct{ piece, key uint32 }

const blocksAChunk = 512

func newTable(spec *baseSpec) table {
	t := table{spec: spec, shift: 2}
	if len(spec.measures) == 1 {
		t.shift = 0
	}
	t.count = (len(spec.measures) + 1<<t.shift - 1) >> t.shift
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
	h := head{piece, key}
	if len(t.heads)*4 >= len(t.slots)*3 {
		t.grow()
	}
	mask := uint32(len(t.slots) - 1)
	for i := h.hash() & mask; ; i = (i + 1) & mask {
		ref := t.slots[i]
		if ref == 0 {
			return t.make(i, h)
		}
		if t.heads[ref-1] == h {
			return ref
		}
	}
}

func (t *table) make(slot uint32, h head) uint32 {
	t.heads = append(t.heads, h)
	for range t.count {
		t.blocks = append(t.blocks, 0)
	}
	if t.spec.sketches != 0 {
		t.first = append(t.first, 0)
	}
	ref := uint32(len(t.heads))
	t.slots[slot] = ref
	return ref
}

func (t *table) grow() {
	t.slots = make([]uint32, max(16, 2*len(t.slots)))
	mask := uint32(len(t.slots) - 1)
	for r := range t.heads {
		i := t.heads[r].hash() & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(r) + 1
	}
}

// block is the block of a cell, which it makes if it is missing.
func (t *table) block(ref uint32, n int) []int64 {
	b := t.blocks[int(ref-1)*t.count+n]
	if b == 0 {
		b = t.fill(ref, n)
	}
	at := int((b-1)%blocksAChunk) << t.shift
	return t.values[(b-1)/blocksAChunk][at : at+1<<t.shift]
}

func (t *table) fill(ref uint32, n int) uint32 {
	if t.filled%blocksAChunk == 0 {
		t.values = append(t.values, make([]int64, blocksAChunk<<t.shift))
	}
	t.filled++
	t.blocks[int(ref-1)*t.count+n] = t.filled
	return t.filled
}

// add adds to a measure of a cell; one that is not kept is left out.
func (t *table) add(ref uint32, m Measure, v int64) {
	if at := int(t.at[m]); at >= 0 && v != 0 {
		t.block(ref, at>>t.shift)[at&(1<<t.shift-1)] += v
	}
}

// sum adds a cell's measures to a row.
func (t *table) sum(ref uint32, to *Measures) {
	for n, b := range t.blocks[int(ref-1)*t.count : int(ref)*t.count] {
		if b == 0 {
			continue
		}
		at := int((b-1)%blocksAChunk) << t.shift
		values := t.values[(b-1)/blocksAChunk][at : at+1<<t.shift]
		for i, m := range t.spec.measures[n<<t.shift : min((n+1)<<t.shift, len(t.spec.measures))] {
			to[m] += values[i]
		}
	}
}

// merge adds a cell of another table of the same measures, and its sketches of the kinds.
func (t *table) merge(ref uint32, o *table, from uint32, kinds SketchSet) {
	for n, b := range o.blocks[int(from-1)*o.count : int(from)*o.count] {
		if b == 0 {
			continue
		}
		at := int((b-1)%blocksAChunk) << o.shift
		values := o.values[(b-1)/blocksAChunk][at : at+1<<o.shift]
		for i, m := range o.spec.measures[n<<o.shift : min((n+1)<<o.shift, len(o.spec.measures))] {
			t.add(ref, m, values[i])
		}
	}
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
	return int64(4*cap(t.slots)+8*cap(t.heads)+4*cap(t.blocks)+4*cap(t.first)) +
		int64(len(t.values))*int64(blocksAChunk<<t.shift)*8 + t.nodes.bytes()
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
