package simulate

import (
	"math"
	"math/rand/v2"
)

// mix is a 64-bit finaliser (SplitMix64): a well-spread function of its input.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// chance is a source of random numbers that can be re-seeded without allocation.
type chance struct {
	pcg rand.PCG
	*rand.Rand
}

func newChance(seed, stream uint64) *chance {
	c := &chance{}
	c.pcg.Seed(mix(seed), mix(stream))
	c.Rand = rand.New(&c.pcg)
	return c
}

// yes is true with probability p.
func (c *chance) yes(p float64) bool { return c.Float64() < p }

// logNormal is a draw with that median and sigma of the logarithm.
func (c *chance) logNormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*c.NormFloat64())
}

// between is a whole number in [lo,hi].
func (c *chance) between(lo, hi int64) int64 { return lo + c.Int64N(hi-lo+1) }

// poisson is how many of events with that mean happen.
func (c *chance) poisson(mean float64) int {
	if mean > 50 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*c.NormFloat64())))
	}
	limit, p, n := math.Exp(-mean), 1.0, 0
	for {
		if p *= c.Float64(); p <= limit {
			return n
		}
		n++
	}
}

// alias draws indexes by weight in constant time (Walker's method).
type alias struct {
	prob  []float64
	other []int32
}

func newAlias(weights []float64) alias {
	n := len(weights)
	a := alias{prob: make([]float64, n), other: make([]int32, n)}
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	var small, large []int32
	for i, w := range weights {
		a.prob[i] = w * float64(n) / sum
		if a.prob[i] < 1 {
			small = append(small, int32(i))
		} else {
			large = append(large, int32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		a.other[s] = l
		a.prob[l] -= 1 - a.prob[s]
		if a.prob[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) {
		a.prob[i], a.other[i] = 1, i
	}
	return a
}

func (a *alias) draw(c *chance) int {
	x := c.Float64() * float64(len(a.prob))
	i := min(int(x), len(a.prob)-1)
	if x-float64(i) < a.prob[i] {
		return i
	}
	return int(a.other[i])
}
