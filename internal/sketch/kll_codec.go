package sketch

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The layout of a DataSketches KLL image.
const (
	familyKLL = 15

	kllFull, kllSingle = 1, 2 // serial versions; empty is 1 too

	atKLLFlags, atKLLK, atKLLM             = 3, 4, 6
	atKLLCount, atKLLMinK, atKLLLevelCount = 8, 16, 18
	kllSmallStart, kllStart                = 8, 20

	flagKLLEmpty, flagKLLSorted, flagKLLSingle = 1, 2, 4
)

// width is the bytes of a value.
func width[T float32 | float64]() int {
	var v T
	if _, is := any(v).(float32); is {
		return 4
	}
	return 8
}

func appendValue[T float32 | float64](dst []byte, v T) []byte {
	if width[T]() == 4 {
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v)))
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(float64(v)))
}

// AppendBinary appends q's image: 8 bytes when empty, 8 and the value when there
// is one, else 20 bytes, 4 a level, and the values kept with min and max.
func (q *Quantiles[T]) AppendBinary(dst []byte) []byte {
	head := [8]byte{2, kllFull, familyKLL, flagKLLSorted, KLLK & 255, KLLK >> 8, kllM, 0}
	switch q.count {
	case 0:
		head[atKLLFlags] |= flagKLLEmpty
		return append(dst, head[:]...)
	case 1:
		head[atVersion] = kllSingle
		head[atKLLFlags] |= flagKLLSingle
		return appendValue(append(dst, head[:]...), q.min)
	}
	head[atPreamble] = kllStart / 4
	dst = append(dst, head[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, q.count)
	dst = binary.LittleEndian.AppendUint16(dst, q.k())
	dst = append(dst, byte(len(q.levels)), 0)
	at := q.room - q.kept // where a level begins in the library's array
	for _, l := range q.levels {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(at))
		at += int32(len(l))
	}
	dst = appendValue(appendValue(dst, q.min), q.max)
	var few [KLLK]T
	first := append(few[:0], q.levels[0]...)
	if q.loose {
		slices.Sort(first)
	}
	for _, v := range first {
		dst = appendValue(dst, v)
	}
	for _, l := range q.levels[1:] {
		for _, v := range l {
			dst = appendValue(dst, v)
		}
	}
	return dst
}

// MergeBytes adds all values of a serialised KLL sketch of the same type of value
// and any k. Once q has as many levels and room in them it allocates nothing, for
// an image of no greater k. It fails with ErrCorrupt, and then q is as it was.
func (q *Quantiles[T]) MergeBytes(image []byte) error {
	if len(image) < kllSmallStart || image[atFamily] != familyKLL {
		return fmt.Errorf("%w: no KLL sketch in %d bytes", ErrCorrupt, len(image))
	}
	preamble, version, flags := image[atPreamble], image[atVersion], image[atKLLFlags]
	switch {
	case preamble == 2 && version == kllFull && flags&flagKLLEmpty != 0:
		return nil
	case preamble == 2 && version == kllSingle && flags&flagKLLEmpty == 0:
		if len(image) < kllSmallStart+width[T]() {
			return fmt.Errorf("%w: a KLL sketch of one value in %d bytes", ErrCorrupt, len(image))
		}
		var one [1]T
		v := appendValues(one[:0], image[kllSmallStart:], 1)[0]
		if v != v {
			return fmt.Errorf("%w: NaN in a KLL sketch", ErrCorrupt)
		}
		q.Add(v)
		return nil
	case preamble == kllStart/4 && version == kllFull && flags&flagKLLEmpty == 0:
		m, err := parseKLL(image)
		if err != nil {
			return err
		}
		return mergeKLL(q, &m)
	}
	return fmt.Errorf("%w: KLL preamble %d, version %d, flags %#x", ErrCorrupt, preamble, version, flags)
}

// kllImage is the head of an image of many values.
type kllImage struct {
	count  uint64
	k      uint16 // the least of all that were merged
	sorted bool   // the first level too
	levels int
	starts []byte // 4 bytes a level, ascending; where the last one ends is not stored
	values []byte // min, max, then all levels
}

func parseKLL(image []byte) (m kllImage, err error) {
	if len(image) < kllStart {
		return m, fmt.Errorf("%w: a KLL sketch of %d bytes", ErrCorrupt, len(image))
	}
	k := binary.LittleEndian.Uint16(image[atKLLK:])
	m.count, m.levels = le64(image[atKLLCount:]), int(image[atKLLLevelCount])
	m.sorted = image[atKLLFlags]&flagKLLSorted != 0
	m.k = binary.LittleEndian.Uint16(image[atKLLMinK:])
	body := image[kllStart:]
	if k < kllM || image[atKLLM] != kllM || m.levels < 1 || m.levels > kllLevels || len(body) < 4*m.levels {
		return m, fmt.Errorf("%w: KLL k %d, m %d, %d levels", ErrCorrupt, k, image[atKLLM], m.levels)
	}
	if m.levels > 1 && (m.k < kllM || m.k > k) {
		return m, fmt.Errorf("%w: KLL k %d, least %d", ErrCorrupt, k, m.k)
	}
	m.starts, m.values = body[:4*m.levels], body[4*m.levels:]
	return m, nil
}

// size is the number of values of a level, given the weight of those below it:
// the last level has what makes up the count.
func (m *kllImage) size(level int, below uint64) (n int, ok bool) {
	left := int(min((m.count-below)>>level, math.MaxInt32))
	if level == m.levels-1 {
		return left, true
	}
	n = int(le32(m.starts[4*level+4:])) - int(le32(m.starts[4*level:]))
	return n, 0 <= n && n <= left
}

// mergeKLL checks the sizes of all levels and their values, then adds them.
func mergeKLL[T float32 | float64](q *Quantiles[T], m *kllImage) error {
	var sizes [kllLevels]int
	weight, total, used := uint64(0), 0, 0
	there := len(m.values)/width[T]() - 2
	for i := range m.levels {
		n, ok := m.size(i, weight)
		if !ok || n > there-total {
			return fmt.Errorf("%w: KLL level %d of %d values, %d there", ErrCorrupt, i, n, there-total)
		}
		if sizes[i] = n; n > 0 {
			used = i + 1
		}
		weight += uint64(n) << i
		total += n
	}
	if weight != m.count || total == 0 {
		return fmt.Errorf("%w: KLL count %d, weight %d", ErrCorrupt, m.count, weight)
	}
	if total+2 > kllFew {
		return mergeManyValues(q, m, sizes[:used], total)
	}
	var space [kllFew]T
	return mergeValues(q, m, sizes[:used], appendValues(space[:0], m.values, total+2))
}

// kllFew values are decoded into little memory, which is cleared first.
const kllFew = 64

func mergeManyValues[T float32 | float64](q *Quantiles[T], m *kllImage, sizes []int, total int) error {
	var space [4 * KLLK]T
	return mergeValues(q, m, sizes, appendValues(space[:0], m.values, total+2))
}

func mergeValues[T float32 | float64](q *Quantiles[T], m *kllImage, sizes []int, values []T) error {
	low, high, values := values[0], values[1], values[2:]
	if !(low <= high) {
		return fmt.Errorf("%w: KLL values from %v to %v", ErrCorrupt, low, high)
	}
	rest := values
	for i, n := range sizes {
		if err := checkLevel(rest[:n], i > 0 || m.sorted, low, high); err != nil {
			return err
		}
		rest = rest[n:]
	}
	q.span(low, high)
	q.count += m.count
	if len(sizes) > 1 {
		q.minK = min(q.k(), m.k)
	}
	q.grow(len(sizes))
	q.kept += int32(len(values))
	for i, n := range sizes {
		q.merge(i, values[:n], i > 0 || m.sorted)
		values = values[n:]
	}
	q.shrink()
	return nil
}

// checkLevel holds values to min and max and to their order.
func checkLevel[T float32 | float64](values []T, ascending bool, low, high T) error {
	last := low
	for _, v := range values {
		if !(v >= last && v <= high) {
			return fmt.Errorf("%w: KLL value %v after %v", ErrCorrupt, v, last)
		}
		if ascending {
			last = v
		}
	}
	return nil
}

// appendValues appends the first n values of b.
func appendValues[T float32 | float64](dst []T, b []byte, n int) []T {
	at := len(dst)
	dst = slices.Grow(dst, n)[:at+n]
	if width[T]() == 4 {
		for i := range dst[at:] {
			dst[at+i] = T(math.Float32frombits(le32(b[4*i:])))
		}
		return dst
	}
	for i := range dst[at:] {
		dst[at+i] = T(math.Float64frombits(le64(b[8*i:])))
	}
	return dst
}
