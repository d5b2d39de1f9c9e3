package lake

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"playhead/internal/event"
	"playhead/internal/lake/columnar"
)

// zip merges files column by column: the columns that say in which order the rows
// come are read first, for one row group, and then one column after the other is copied
// in that order. So what a merge has in memory is a column of each file and not all of
// them, and a value that repeats is not looked up again. It is for files whose columns
// are those of now; of others each row is made an event (inOrder).
type zip struct {
	sources []*source
	heap    []int // of sources that have a row, the least first
	rooms   columnar.Rooms
	from    []uint8
	viewer  event.ViewerKey // of the last row
	begun   bool
}

// source is one file of a zip.
type source struct {
	disk    *os.File
	file    *columnar.File
	left    int64              // rows that were not looked at
	keys    []*columnar.Cursor // of keyColumns
	columns []*columnar.Cursor // of all
	viewer  event.ViewerKey
	hi, lo  uint64 // the viewer's
	time    int64
	taken   int64   // when it was received
	id      [8]byte // zero if the event has none that tells it apart
	key     uint32
}

// keyColumns say in which order rows come and which of them came before.
var keyColumns = [...]int{colViewer, colTime, colReceived, colEvent, colKeyID}

// newZip opens files; nil if one of them has not the columns of now.
func newZip(dir string, key []byte, files []File, z *zstd.Decoder) (*zip, error) {
	m := &zip{}
	if len(files) > columnar.MostSources {
		return nil, nil
	}
	want := declarations()
	for _, f := range files {
		if err := f.verify(dir); err != nil {
			m.close()
			return nil, err
		}
		r, err := openReader(filepath.Join(dir, filepath.FromSlash(f.Path())), key, z)
		if err != nil {
			m.close()
			return nil, err
		}
		s := &source{disk: r.disk, file: r.file}
		m.sources = append(m.sources, s)
		if !r.file.Like(want) || len(r.groups) == 0 {
			m.close()
			return nil, nil
		}
		if err := s.open(r.groups, &m.rooms); err != nil {
			m.close()
			return nil, fmt.Errorf("read the lake: %s: %w", r.path, err)
		}
	}
	return m, nil
}

func (s *source) open(groups []int64, rooms *columnar.Rooms) error {
	s.file.Share(rooms)
	for _, n := range groups {
		s.left += n
	}
	for _, i := range keyColumns {
		c, err := s.file.Whole(&columns[i].Column)
		if err != nil {
			return err
		}
		s.keys = append(s.keys, c)
	}
	for i := range written {
		c, err := s.file.Whole(&columns[i].Column)
		if err != nil {
			return err
		}
		s.columns = append(s.columns, c)
	}
	return nil
}

func (m *zip) close() {
	for _, s := range m.sources {
		_ = s.disk.Close() // read only
	}
}

// next reads what tells the place of the source's next row; false after the last.
func (s *source) next() (bool, error) {
	if s.left == 0 {
		return false, nil
	}
	s.left--
	var there [len(keyColumns)]bool
	for i, c := range s.keys {
		var err error
		if there[i], err = c.Next(); err != nil {
			return false, fmt.Errorf("column %s: %w", columns[keyColumns[i]].Name, err)
		}
	}
	clear(s.viewer[:])
	if there[0] {
		copy(s.viewer[:], s.keys[0].Ref())
	}
	s.hi, s.lo = binary.BigEndian.Uint64(s.viewer[:8]), binary.BigEndian.Uint64(s.viewer[8:])
	s.time, s.taken, s.key = s.keys[1].Int64(), s.keys[2].Int64(), uint32(s.keys[4].Int64())
	clear(s.id[:])
	if there[3] {
		copy(s.id[:], s.keys[3].Tag())
	}
	return true, nil
}

// before is the order of rows; of equal ones the file that comes first is first.
func (m *zip) before(a, b int) bool {
	x, y := m.sources[a], m.sources[b]
	switch {
	case x.hi != y.hi:
		return x.hi < y.hi
	case x.lo != y.lo:
		return x.lo < y.lo
	case x.time != y.time:
		return x.time < y.time
	case x.taken != y.taken:
		return x.taken < y.taken
	}
	return a < b
}

// sink moves the source at i of the heap to where it belongs.
func (m *zip) sink(i int) {
	h := m.heap
	for {
		least := 2*i + 1
		if least >= len(h) {
			return
		}
		if right := least + 1; right < len(h) && m.before(h[right], h[least]) {
			least = right
		}
		if !m.before(h[least], h[i]) {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

// start reads the first row of each source.
func (m *zip) start() error {
	for i, s := range m.sources {
		ok, err := s.next()
		if err != nil {
			return err
		}
		if ok {
			m.heap = append(m.heap, i)
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return nil
}

// plan says from which source each of the next rows comes, for a row group of w, and
// how many are kept.
func (m *zip) plan(w *writer) (kept int64, err error) {
	m.from = m.from[:0]
	for kept < w.group && len(m.heap) > 0 {
		at := m.heap[0]
		s := m.sources[at]
		mark := uint8(at)
		if !m.begun || s.viewer != m.viewer {
			m.viewer, m.begun = s.viewer, true
			mark |= columnar.Fresh
		}
		if s.id != [8]byte{} && w.repetitions.again(s.viewer, s.time, s.id, s.key) {
			mark |= columnar.Drop
		} else {
			kept++
			w.count(s.time)
		}
		m.from = append(m.from, mark)
		ok, err := s.next()
		if err != nil {
			return 0, err
		}
		if !ok {
			m.heap[0] = m.heap[len(m.heap)-1]
			m.heap = m.heap[:len(m.heap)-1]
		}
		if len(m.heap) > 0 {
			m.sink(0)
		}
	}
	return kept, nil
}

// write gives all rows to w.
func (m *zip) write(ctx context.Context, w *writer) error {
	if err := m.start(); err != nil {
		return err
	}
	cursors := make([]*columnar.Cursor, len(m.sources))
	for len(m.heap) > 0 {
		kept, err := m.plan(w)
		if err != nil {
			return err
		}
		if kept == 0 { // all that is left came before
			return nil
		}
		for i := range written {
			for s := range m.sources {
				cursors[s] = m.sources[s].columns[i]
			}
			if err := w.columns.Column(i).Merge(m.from, cursors); err != nil {
				return fmt.Errorf("read the lake: %w", err)
			}
			if err := w.columns.EndColumn(); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if err := w.columns.EndGroup(); err != nil {
			return err
		}
	}
	return nil
}

// order is that of rows in a file: viewer, time, and what then came first.
func order(a, b *row) int {
	return cmp.Or(bytes.Compare(a.Viewer[:], b.Viewer[:]), cmp.Compare(a.Time, b.Time), cmp.Compare(a.ReceivedAt, b.ReceivedAt))
}
