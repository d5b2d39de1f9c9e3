package layout

import (
	"cmp"
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	"playhead/internal/rollup"
)

// ErrBins: stored retention bins cannot be read.
var ErrBins = errors.New("corrupt retention bins")

// maxBins bounds what a damaged row can make us allocate.
const maxBins = 1 << 12

// AppendBins appends the three series of a curve, each as a count and varints.
func AppendBins(dst []byte, c *rollup.Curve) []byte {
	for _, bins := range [][]int64{c.WatchedMS, c.Furthest, c.Starts} {
		dst = binary.AppendUvarint(dst, uint64(len(bins)))
		for _, v := range bins {
			dst = binary.AppendVarint(dst, v)
		}
	}
	return dst
}

// ReadBins reads what AppendBins wrote.
func ReadBins(data []byte, c *rollup.Curve) error {
	for _, bins := range []*[]int64{&c.WatchedMS, &c.Furthest, &c.Starts} {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > maxBins {
			return ErrBins
		}
		data = data[size:]
		*bins = make([]int64, n)
		for i := range *bins {
			v, size := binary.Varint(data)
			if size <= 0 {
				return ErrBins
			}
			(*bins)[i], data = v, data[size:]
		}
	}
	if len(data) != 0 {
		return ErrBins
	}
	return nil
}

// CurveKey is what the rows of retention_day are about.
type CurveKey struct {
	Day           int64
	Title, Device string
	Width         int64
}

// CurveMap sums curves, and keeps nothing of those it is given. The zero value is empty.
type CurveMap struct {
	curves map[CurveKey]*rollup.Curve
	order  []CurveKey
}

// Add adds a curve. It never fails.
func (m *CurveMap) Add(day int64, title, device string, c *rollup.Curve) error {
	if m.curves == nil {
		m.curves = map[CurveKey]*rollup.Curve{}
	}
	k := CurveKey{day, title, device, c.WidthMS}
	if m.curves[k] == nil {
		m.curves[k] = &rollup.Curve{WidthMS: c.WidthMS}
		m.order = append(m.order, k)
	}
	m.curves[k].Merge(c)
	return nil
}

// Sorted are the sums by day, title, device and width, each once.
func (m *CurveMap) Sorted() iter.Seq2[CurveKey, *rollup.Curve] {
	slices.SortFunc(m.order, func(a, b CurveKey) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Title, b.Title), cmp.Compare(a.Device, b.Device), cmp.Compare(a.Width, b.Width))
	})
	return func(yield func(CurveKey, *rollup.Curve) bool) {
		for _, k := range m.order {
			if !yield(k, m.curves[k]) {
				return
			}
		}
	}
}

// Len is how many curves there are.
func (m *CurveMap) Len() int { return len(m.order) }
