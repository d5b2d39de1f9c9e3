package sketch

import (
	"math"
	"slices"
)

const (
	// KLLK is the k of the quantile sketches: ranks are within 1.33 % with 99 %
	// confidence, whatever the number of values.
	KLLK = 200

	kllM      = 8  // the least capacity of a level
	kllLevels = 61 // a level's values weigh 2^level
)

// Quantiles is a sketch of the distribution of values: the KLL sketch of Z.
// Karnin, K. Lang and E. Liberty, "Optimal quantile approximation in streams",
// FOCS 2016, arXiv:1603.05346, with k = 200. Up to 200 values are all kept. The
// zero value is empty and small. It is not safe for concurrent use when one of
// the users changes it; readers change nothing.
//
// Which of two neighbours survives a compaction is decided by a hash of the values
// themselves: equal sequences of calls give equal sketches.
type Quantiles[T float32 | float64] struct {
	// levels hold values that stand for 2^level each. All ascend, but for the
	// first while it is loose.
	levels   [][]T
	loose    bool
	count    uint64 // values added
	kept     int32  // values in levels
	room     int32  // how many fit in as many levels
	coins    uint64 // state of the hash that decides
	min, max T
	minK     uint16 // of all sketches that were merged and no longer exact; 0 for KLLK
}

// KLL holds values of 64 bits, KLLFloat of 32. Their images do not say which.
type (
	KLL      = Quantiles[float64]
	KLLFloat = Quantiles[float32]
)

// Add adds a value. NaN is no value and is ignored.
func (q *Quantiles[T]) Add(value T) {
	if value != value {
		return
	}
	q.span(value, value)
	q.count++
	if len(q.levels) == 0 {
		q.grow(1)
	}
	q.levels[0] = append(q.levels[0], value)
	q.loose = true
	if q.kept++; q.kept > q.room {
		q.shrink()
	}
}

// IsEmpty reports whether nothing was added.
func (q *Quantiles[T]) IsEmpty() bool { return q.count == 0 }

// Count is the number of values added.
func (q *Quantiles[T]) Count() uint64 { return q.count }

// Min is the smallest value added, NaN when there is none.
func (q *Quantiles[T]) Min() T {
	if q.count == 0 {
		return T(math.NaN())
	}
	return q.min
}

// Max is the greatest value added, NaN when there is none.
func (q *Quantiles[T]) Max() T {
	if q.count == 0 {
		return T(math.NaN())
	}
	return q.max
}

// Reset empties q and keeps its memory.
func (q *Quantiles[T]) Reset() {
	levels := q.levels
	for i := range levels {
		levels[i] = levels[i][:0]
	}
	*q = Quantiles[T]{levels: levels[:min(1, len(levels))]}
	q.room = int32(capacity(len(q.levels)))
}

// Clone is a copy that shares nothing with q.
func (q *Quantiles[T]) Clone() *Quantiles[T] {
	c := *q
	c.levels = slices.Clone(q.levels)
	for i := range c.levels {
		c.levels[i] = slices.Clone(c.levels[i])
	}
	return &c
}

// Bytes is the memory that q holds.
func (q *Quantiles[T]) Bytes() int {
	n := 80 + 24*cap(q.levels)
	for _, l := range q.levels[:cap(q.levels)] {
		n += cap(l) * width[T]()
	}
	return n
}

// Merge adds all values of other, which is not changed.
func (q *Quantiles[T]) Merge(other *Quantiles[T]) {
	if other == nil || other.count == 0 {
		return
	}
	q.span(other.min, other.max)
	q.count += other.count
	if len(other.levels) > 1 {
		q.minK = min(q.k(), other.k())
	}
	q.grow(len(other.levels))
	for i, values := range other.levels {
		q.merge(i, values, i > 0 || !other.loose)
	}
	q.kept += other.kept
	q.shrink()
}

func (q *Quantiles[T]) k() uint16 {
	if q.minK == 0 {
		return KLLK
	}
	return q.minK
}

// span widens min and max; it is called before count grows.
func (q *Quantiles[T]) span(low, high T) {
	if q.count == 0 {
		q.min, q.max = low, high
		return
	}
	q.min, q.max = min(q.min, low), max(q.max, high)
}

// grow makes levels be there, with the memory that Reset kept.
func (q *Quantiles[T]) grow(levels int) {
	if levels <= len(q.levels) {
		return
	}
	for len(q.levels) < levels {
		if len(q.levels) < cap(q.levels) {
			q.levels = q.levels[:len(q.levels)+1]
		} else {
			q.levels = append(q.levels, nil)
		}
	}
	q.room = int32(capacity(levels))
}

// merge adds a level's values. A few to the first level are rather sorted later,
// together with others.
func (q *Quantiles[T]) merge(level int, values []T, ascending bool) {
	if level > 0 || ascending && !q.loose && len(values) >= len(q.levels[0])/8 {
		q.levels[level] = mergeUp(q.levels[level], values)
		return
	}
	q.levels[level] = append(q.levels[level], values...)
	q.loose = true
}

// mergeUp adds ascending values to an ascending slice of other memory, from the end.
func mergeUp[T float32 | float64](dst, values []T) []T {
	i, j := len(dst)-1, len(values)-1
	dst = slices.Grow(dst, len(values))[:len(dst)+len(values)]
	for k := len(dst) - 1; i >= 0 && j >= 0; k-- {
		// Without a branch: which of two samples is greater cannot be foreseen.
		d, v := dst[i], values[j]
		fromDst := 0
		if d > v {
			fromDst = 1
		}
		dst[k] = max(d, v)
		i -= fromDst
		j -= 1 - fromDst
	}
	copy(dst, values[:j+1])
	return dst
}

// shrink compacts levels until no more values are kept than the library's
// layout has room for.
func (q *Quantiles[T]) shrink() {
	for q.kept > q.room {
		i := 0
		for len(q.levels[i]) < levelCapacity(len(q.levels), i) {
			i++
		}
		q.compact(i)
	}
}

// capacity is the number of values that a sketch of so many levels keeps.
func capacity(levels int) int {
	n := 0
	for i := range levels {
		n += levelCapacity(levels, i)
	}
	return n
}

// levelCapacity is k·(2/3)^depth, rounded, at least kllM; the top has depth 0.
func levelCapacity(levels, level int) int {
	depth := levels - 1 - level
	if depth > 20 {
		return kllM
	}
	p := uint64(1)
	for range depth {
		p *= 3
	}
	return max(kllM, int((2*KLLK<<depth/p+1)/2))
}

// compact moves every second value of a level up and drops the others; of an odd
// number one stays.
func (q *Quantiles[T]) compact(level int) {
	q.grow(level + 2)
	values := q.levels[level]
	odd := len(values) & 1
	pairs := values[odd:]
	if level == 0 && q.loose {
		slices.Sort(pairs)
		q.loose = false
	}
	q.coins = mix64(q.coins + math.Float64bits(float64(pairs[0])) + 0x9e3779b97f4a7c15)
	offset := int(q.coins >> 63)
	half := len(pairs) / 2
	for i := range half {
		pairs[i] = pairs[2*i+offset]
	}
	q.levels[level+1] = mergeUp(q.levels[level+1], pairs[:half])
	q.levels[level] = values[:odd]
	q.kept -= int32(half)
}
