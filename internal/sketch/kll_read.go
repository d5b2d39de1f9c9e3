package sketch

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// weighted is a value that is kept and the number of values up to it.
type weighted[T float32 | float64] struct {
	value  T
	weight uint64
}

// sorted lists what is kept, ascending, with cumulative weights.
func (q *Quantiles[T]) sorted() []weighted[T] {
	var all []weighted[T]
	for i, l := range q.levels {
		for _, v := range l {
			all = append(all, weighted[T]{v, 1 << i})
		}
	}
	slices.SortFunc(all, func(a, b weighted[T]) int { return cmp.Compare(a.value, b.value) })
	for i := range all[min(1, len(all)):] {
		all[i+1].weight += all[i].weight
	}
	return all
}

// Quantiles gives the values of normalised ranks (0 to 1): the smallest value kept
// up to which at least that share of all values lies. NaN without values.
func (q *Quantiles[T]) Quantiles(ranks ...float64) []T {
	all := q.sorted()
	values := make([]T, len(ranks))
	for i, rank := range ranks {
		if len(all) == 0 || math.IsNaN(rank) {
			values[i] = T(math.NaN())
			continue
		}
		want := q.naturalRank(min(1, max(0, rank)))
		at := sort.Search(len(all), func(i int) bool { return all[i].weight >= want })
		values[i] = all[min(at, len(all)-1)].value
	}
	return values
}

// naturalRank is a rank in values, rounded up; what floating point adds to a whole
// number is taken off first, as the library does.
func (q *Quantiles[T]) naturalRank(rank float64) uint64 {
	const tenMillion = 1e7
	n := rank * float64(q.count)
	if q.count <= tenMillion {
		n = math.Round(n*tenMillion) / tenMillion
	}
	return uint64(math.Ceil(n))
}

// Quantile gives the value of one normalised rank: 0.5 for the median.
func (q *Quantiles[T]) Quantile(rank float64) T { return q.Quantiles(rank)[0] }

// Rank is the share of values at or below value; NaN without values.
func (q *Quantiles[T]) Rank(value T) float64 {
	if q.count == 0 {
		return math.NaN()
	}
	below := uint64(0)
	for i, l := range q.levels {
		for _, v := range l {
			if v <= value {
				below += 1 << i
			}
		}
	}
	return float64(below) / float64(q.count)
}

// RankError is the normalised error of a rank with 99 % confidence, 0 while
// every value is kept: the library's fit to its measurements, 2.296/k^0.9723.
func (q *Quantiles[T]) RankError() float64 {
	if len(q.levels) <= 1 {
		return 0
	}
	return 2.296 / math.Pow(float64(q.k()), 0.9723)
}

// Bounds are the values between which the value of a normalised rank lies with
// 99 % confidence.
func (q *Quantiles[T]) Bounds(rank float64) (low, high T) {
	e := q.RankError()
	b := q.Quantiles(rank-e, rank+e)
	if q.count > 0 && rank-e <= 0 {
		b[0] = q.min
	}
	if q.count > 0 && rank+e >= 1 {
		b[1] = q.max
	}
	return b[0], b[1]
}
