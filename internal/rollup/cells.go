package rollup

import (
	"unsafe"

	"playhead/internal/sketch"
)

// Cell is the sums of one bucket and one value of each dimension of a face.
type Cell struct {
	Measures Measures
	// Viewers is nil while no known viewer started in the cell.
	Viewers *sketch.HLL
}

// Clone is a copy that shares nothing with c.
func (c *Cell) Clone() *Cell {
	own := &Cell{Measures: c.Measures}
	if c.Viewers != nil {
		own.Viewers = c.Viewers.Clone()
	}
	return own
}

// Merge adds another cell.
func (c *Cell) Merge(o *Cell) {
	c.Measures.add(&o.Measures)
	if o.Viewers == nil {
		return
	}
	if c.Viewers == nil {
		c.Viewers = new(sketch.HLL)
	}
	c.Viewers.Merge(o.Viewers)
}

const (
	cellBytes  = int64(unsafe.Sizeof(Cell{}))
	chunkCells = 512
)

// slab holds cells in chunks, so that they never move and are freed at once.
type slab struct {
	chunks [][]Cell
	used   uint32
}

// at is the cell of a reference that next gave.
func (s *slab) at(ref uint32) *Cell { return &s.chunks[(ref-1)/chunkCells][(ref-1)%chunkCells] }

// next makes a cell; 0 is never a reference.
func (s *slab) next() uint32 {
	if s.used%chunkCells == 0 {
		s.chunks = append(s.chunks, make([]Cell, chunkCells))
	}
	s.used++
	return s.used
}

// bucket is one stretch of time of a source: for each face the references to
// its cells, by the id of the face's value. 0 is no cell.
type bucket struct {
	start, end int64
	refs       [FaceCount][]uint32
}

// cellTable holds the cells of one source.
type cellTable struct {
	source  Source
	buckets map[int64]*bucket
	last    *bucket
	cells   int64
	bytes   int64
}

// bucket finds or makes the bucket that starts at start.
func (t *cellTable) bucket(start, end int64) *bucket {
	if t.last != nil && t.last.start == start {
		return t.last
	}
	b := t.buckets[start]
	if b == nil {
		b = &bucket{start: start, end: end}
		t.buckets[start] = b
		t.bytes += int64(unsafe.Sizeof(*b)) + 64
	}
	t.last = b
	return b
}

// cell finds or makes the cell of a face's value.
func (t *cellTable) cell(s *slab, b *bucket, face Face, id uint32) *Cell {
	refs := b.refs[face]
	if int(id) < len(refs) {
		if ref := refs[id]; ref != 0 {
			return s.at(ref)
		}
	} else {
		grown := make([]uint32, max(int(id)+1, min(2*len(refs), len(refs)+4096), 4))
		copy(grown, refs)
		t.bytes += 4 * int64(len(grown)-len(refs))
		b.refs[face], refs = grown, grown
	}
	ref := s.next()
	refs[id] = ref
	t.cells++
	t.bytes += cellBytes
	return s.at(ref)
}
