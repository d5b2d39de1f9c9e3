package metric

import (
	"encoding/binary"
	"slices"

	"playhead/internal/rollup"
)

// groupSet numbers the groups of an answer in order of appearance. Windows and
// parts share one, so that joining them is indexing.
type groupSet struct {
	ids    map[string]int32
	values [][]string
	key    []byte
	last   int32 // the group found last, −1 if none: the buckets of one come together
}

func newGroupSet() *groupSet { return &groupSet{ids: map[string]int32{}, last: -1} }

// expect makes room for so many groups.
func (s *groupSet) expect(n int) {
	if len(s.ids) < n/4 {
		ids := make(map[string]int32, n)
		for k, id := range s.ids {
			ids[k] = id
		}
		s.ids, s.values = ids, slices.Grow(s.values, n)
	}
}

// id is the number of a group; values are kept.
func (s *groupSet) id(values []string) int32 {
	if s.last >= 0 && slices.Equal(s.values[s.last], values) {
		return s.last
	}
	s.last = s.look(values)
	return s.last
}

func (s *groupSet) look(values []string) int32 {
	s.key = s.key[:0]
	for _, v := range values {
		s.key = binary.AppendUvarint(s.key, uint64(len(v)))
		s.key = append(s.key, v...)
	}
	if id, ok := s.ids[string(s.key)]; ok {
		return id
	}
	id := int32(len(s.values))
	s.ids[string(s.key)] = id
	s.values = append(s.values, values)
	return id
}

func (s *groupSet) len() int { return len(s.values) }

// cell is one bucket of one group.
type cell struct {
	sums *rollup.Group
	more *more
	own  bool // sums are the frame's, to be added to
}

// more is what few cells have.
type more struct {
	views       float64
	viewsMS     int64 // media time of titles with a runtime
	unknownMS   int64 // … and of the others
	peakPlays   int64
	peakViewers int64
	// hidden cells of value × week are left out of the sums; shown are not.
	hidden, shown int
}

// frame is the answer to a part in one window: its cells by bucket and group.
type frame struct {
	window *window
	cells  []cell
	// at is the index of a cell by group·buckets+bucket, plus one. It is dense while
	// that is not much larger than the cells are many.
	dense  []int32
	sparse map[int64]int32
	fresh  int64
	first  int64
	engine string
	pruned bool
}

func newFrame(w *window) *frame { return &frame{window: w} }

// find is the cell of a bucket and a group, nil for none.
func (f *frame) find(bucket int, group int32) *cell {
	if f == nil {
		return nil
	}
	if i := f.index(f.slot(bucket, group)); i > 0 {
		return &f.cells[i-1]
	}
	return nil
}

func (f *frame) slot(bucket int, group int32) int64 {
	return int64(group)*int64(f.window.buckets()) + int64(bucket)
}

func (f *frame) index(slot int64) int32 {
	if f.sparse != nil {
		return f.sparse[slot]
	}
	if slot < int64(len(f.dense)) {
		return f.dense[slot]
	}
	return 0
}

// denseMost is how many slots a frame may have beyond eight a cell.
const denseMost = 1 << 20

// cell finds or makes a cell; made is true when its sums are still to be set.
func (f *frame) cell(bucket int, group int32) (c *cell, made bool) {
	slot := f.slot(bucket, group)
	if i := f.index(slot); i > 0 {
		return &f.cells[i-1], false
	}
	f.cells = append(f.cells, cell{})
	n := int32(len(f.cells))
	if f.sparse == nil && slot >= int64(len(f.dense)) {
		if slot < denseMost+8*int64(n) {
			grown := make([]int32, min(max(slot+1, 2*int64(len(f.dense))), denseMost+16*int64(n)))
			copy(grown, f.dense)
			f.dense = grown
		} else {
			f.sparse = make(map[int64]int32, 2*n)
			for s, i := range f.dense {
				if i > 0 {
					f.sparse[int64(s)] = i
				}
			}
			f.dense = nil
		}
	}
	if f.sparse != nil {
		f.sparse[slot] = n
	} else {
		f.dense[slot] = n
	}
	return &f.cells[n-1], true
}

// merge adds sums to a cell. What a scanner gave is not changed: it may give the
// same to others.
func (f *frame) merge(bucket int, group int32, g *rollup.Group) *cell {
	c, made := f.cell(bucket, group)
	if made {
		c.sums = g
		return c
	}
	if !c.own {
		c.sums, c.own = c.sums.Clone(), true
	}
	for i := range g.Measures {
		c.sums.Measures[i] += g.Measures[i]
	}
	c.sums.Sketches.Merge(&g.Sketches)
	return c
}

// extra is what few cells have, made when it is missing.
func (c *cell) extra() *more {
	if c.more == nil {
		c.more = &more{}
	}
	return c.more
}

// saw notes how fresh a scan's answer is and where its source begins.
func (f *frame) saw(res *rollup.Result) {
	if f.engine == "" || res.FreshTo < f.fresh {
		f.fresh = res.FreshTo
	}
	f.engine = res.Engine
	if res.FirstData != 0 && (f.first == 0 || res.FirstData < f.first) {
		f.first = res.FirstData
	}
}

// known says whether there is data about a bucket: not before the first cell nor
// after what is fresh.
func (f *frame) known(bucket int) bool {
	from, to := f.window.bucket(bucket)
	return f.first != 0 && to > f.first && from <= f.fresh && from < to
}
