package columnar

import (
	"encoding/binary"
	"math"
)

// dictionary numbers the different values of a column in a row group. Only the
// maps of the column's kind are used.
type dictionary struct {
	refs  map[[16]byte]int32
	nums  map[int64]int32
	texts map[string]int32
	// values are those values, encoded as a plain page.
	values []byte
	count  int32

	// sorted: values come in order, so that equal ones are neighbours.
	sorted bool
	// few are those refs whose number is looked up, while they are few, since the
	// last fresh.
	few []numbered

	lastRef  [16]byte
	lastNum  int64
	lastText []byte
	last     int32
}

// mostFew refs are looked up one by one.
const mostFew = 16

type numbered struct {
	ref [16]byte
	n   int32
}

func newDictionary(k Kind) *dictionary {
	d := &dictionary{last: -1}
	switch k {
	case Ref:
		d.refs = map[[16]byte]int32{}
	case Text, JSON:
		d.texts = map[string]int32{}
	default:
		d.nums = map[int64]int32{}
	}
	return d
}

func (d *dictionary) reset() {
	clear(d.refs)
	clear(d.nums)
	clear(d.texts)
	d.values, d.count, d.last, d.few = d.values[:0], 0, -1, d.few[:0]
}

// fresh forgets refs, which are numbered again should they come again: rows of another
// viewer have others. What is remembered would else be of all, and not in the processor's
// cache.
func (d *dictionary) fresh() {
	if d.refs == nil || d.sorted {
		return
	}
	if len(d.refs) > 0 {
		d.refs = map[[16]byte]int32{} // emptied, one that was large would stay so
	}
	d.few = d.few[:0]
}

func (d *dictionary) ref(v *[16]byte) int32 {
	if d.last >= 0 && d.lastRef == *v {
		return d.last
	}
	n, ok := d.find(v)
	if !ok {
		n = d.count
		d.count++
		d.values = append(d.values, v[:]...)
		d.remember(v, n)
	}
	d.lastRef, d.last = *v, n
	return n
}

func (d *dictionary) find(v *[16]byte) (int32, bool) {
	for i := range d.few {
		if d.few[i].ref == *v {
			return d.few[i].n, true
		}
	}
	if len(d.few) < mostFew {
		return 0, false
	}
	n, ok := d.refs[*v]
	return n, ok
}

func (d *dictionary) remember(v *[16]byte, n int32) {
	switch {
	case d.sorted:
	case len(d.few) < mostFew:
		d.few = append(d.few, numbered{*v, n})
	default:
		d.refs[*v] = n
	}
}

func (d *dictionary) number(v int64) int32 {
	if d.last >= 0 && d.lastNum == v {
		return d.last
	}
	n, ok := d.nums[v]
	if !ok {
		n = d.count
		d.count++
		d.nums[v] = n
		d.values = binary.LittleEndian.AppendUint64(d.values, uint64(v))
	}
	d.lastNum, d.last = v, n
	return n
}

func (d *dictionary) float(v float64) int32 { return d.number(int64(math.Float64bits(v))) }

// text numbers v, which may change after the call.
func (d *dictionary) text(v []byte) int32 {
	if d.last >= 0 && string(d.lastText) == string(v) {
		return d.last
	}
	n, ok := d.texts[string(v)]
	if !ok {
		n = d.count
		d.count++
		d.texts[string(v)] = n
		d.values = appendPlain(d.values, v)
	}
	d.lastText, d.last = append(d.lastText[:0], v...), n
	return n
}

// appendPlain appends a byte array as plain pages hold it.
func appendPlain(dst, v []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(v))), v...)
}
