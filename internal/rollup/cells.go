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

// light is a cell in which nothing but time and gauges was counted yet, as in
// most cells of 10 s: a fifth of the memory, and nothing for the collector of
// garbage to follow.
type light [lightCount]int64

// lightCount measures are in a light cell, in the order of lightMeasures.
const lightCount = 4

// lightMeasures are what time passing adds to.
func lightMeasures() [lightCount]Measure {
	return [...]Measure{WatchMS, MediaMS, PlayMarks, ViewerMarks}
}

// lightIndex is where a measure is in a light cell, or −1.
func lightIndex(m Measure) int {
	switch m {
	case WatchMS:
		return 0
	case MediaMS:
		return 1
	case PlayMarks:
		return 2
	case ViewerMarks:
		return 3
	}
	return -1
}

const (
	cellBytes  = int64(unsafe.Sizeof(Cell{}))
	lightBytes = int64(unsafe.Sizeof(light{}))
	chunkCells = 512
	// lightRef marks the reference of a light cell.
	lightRef = uint32(1) << 31
)

// slab holds cells in chunks, so that they never move and are freed at once.
type slab struct {
	chunks [][]Cell
	used   uint32
	lights [][]light
	usedL  uint32
	free   []uint32 // light cells that became whole ones
}

// whole is the cell of a reference that next gave.
func (s *slab) whole(ref uint32) *Cell { return &s.chunks[(ref-1)/chunkCells][(ref-1)%chunkCells] }

// light is the cell of a reference that nextLight gave.
func (s *slab) light(ref uint32) *light {
	ref &^= lightRef
	return &s.lights[(ref-1)/chunkCells][(ref-1)%chunkCells]
}

// read is the cell of any reference. A light one is written out into room.
func (s *slab) read(ref uint32, room *Cell) *Cell {
	if ref&lightRef == 0 {
		return s.whole(ref)
	}
	*room = Cell{}
	l := s.light(ref)
	for i, m := range lightMeasures() {
		room.Measures[m] = l[i]
	}
	return room
}

// next makes a cell; 0 is never a reference.
func (s *slab) next() uint32 {
	if s.used%chunkCells == 0 {
		s.chunks = append(s.chunks, make([]Cell, chunkCells))
	}
	s.used++
	return s.used
}

// nextLight makes a light cell.
func (s *slab) nextLight() uint32 {
	if n := len(s.free); n > 0 {
		ref := s.free[n-1]
		s.free = s.free[:n-1]
		*s.light(ref) = light{}
		return ref
	}
	if s.usedL%chunkCells == 0 {
		s.lights = append(s.lights, make([]light, chunkCells))
	}
	s.usedL++
	return s.usedL | lightRef
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

// ref is where the reference to the cell of a face's value is.
func (t *cellTable) ref(b *bucket, face Face, id uint32) *uint32 {
	refs := b.refs[face]
	if int(id) >= len(refs) {
		grown := make([]uint32, max(int(id)+1, min(2*len(refs), len(refs)+4096), 4))
		copy(grown, refs)
		t.bytes += 4 * int64(len(grown)-len(refs))
		b.refs[face], refs = grown, grown
	}
	return &refs[id]
}

// cell finds or makes the cell of a face's value. A light one becomes whole.
func (t *cellTable) cell(s *slab, b *bucket, face Face, id uint32) *Cell {
	ref := t.ref(b, face, id)
	switch {
	case *ref == 0:
		*ref = s.next()
		t.cells++
		t.bytes += cellBytes
	case *ref&lightRef != 0:
		was := *ref
		*ref = s.next()
		s.read(was, s.whole(*ref))
		s.free = append(s.free, was)
		t.bytes += cellBytes - lightBytes
	}
	return s.whole(*ref)
}

// addTime adds an amount to measures of the cell of a face's value, which stays
// light if it can.
func (t *cellTable) addTime(s *slab, b *bucket, face Face, id uint32, measures []Measure, amount int64) {
	ref := t.ref(b, face, id)
	if *ref == 0 {
		*ref = s.nextLight()
		t.cells++
		t.bytes += lightBytes
	}
	if *ref&lightRef != 0 {
		l := s.light(*ref)
		for i, m := range measures {
			at := lightIndex(m)
			if at < 0 { // the rest, and what was not added yet, needs a whole cell
				t.addTo(t.cell(s, b, face, id), measures[i:], amount)
				return
			}
			l[at] += amount
		}
		return
	}
	t.addTo(s.whole(*ref), measures, amount)
}

func (t *cellTable) addTo(c *Cell, measures []Measure, amount int64) {
	for _, m := range measures {
		c.Measures[m] += amount
	}
}
