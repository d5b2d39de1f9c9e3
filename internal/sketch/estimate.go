package sketch

import "math"

// Estimate is the number of distinct members. While the sketch holds coupons it
// is their number, corrected for the coupons that two members share; after that
// it is the maximum-likelihood estimator of the registers under a Poisson model:
// O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
// 2017, arXiv:1702.01284, section 4. It depends on nothing but the members: the
// order of adding and merging does not matter.
func (h *HLL) Estimate() float64 {
	if h.dense == nil {
		// Two members share a coupon with probability 2⁻²⁶·Σ4⁻ⁱ = 2⁻²⁶/3.
		n := float64(h.count)
		return n + n*(n-1)/(6<<keyBits)
	}
	var histogram [maxValue + 1]int
	for _, v := range h.dense {
		histogram[v&maxValue]++
	}
	return estimate(&histogram)
}

// estimate solves, for the rate x of members a register,
//
//	Σₖ cₖ·2⁻ᵏ/(exp(x·2⁻ᵏ)−1) = c₀ + Σₖ cₖ·2⁻ᵏ
//
// which is where the derivative of the log-likelihood is 0. The left side falls
// with x, so Newton's method in ln x converges from the harmonic-mean estimate.
func estimate(c *[maxValue + 1]int) float64 {
	if c[0] == registers {
		return 0
	}
	right := float64(c[0])
	for k := 1; k <= maxValue; k++ {
		right += math.Ldexp(float64(c[k]), -scale(k))
	}
	x := (registers - float64(c[0])) / right // ≥ a half of the root, ≤ twice it
	for range 32 {
		left, slope := 0.0, 0.0
		for k := 1; k <= maxValue; k++ {
			if c[k] == 0 {
				continue
			}
			w := math.Ldexp(1, -scale(k))
			y := x * w
			e := math.Expm1(y)
			t := float64(c[k]) * w / e
			left += t
			slope -= t * y * (e + 1) / e
		}
		step := (left - right) / -slope
		x *= math.Exp(max(-1, min(1, step)))
		if math.Abs(step) < 1e-9 {
			break
		}
	}
	return x * registers
}

// scale is the exponent k of P(value = k) = 2⁻ᵏ; the greatest value takes all
// that is left, 2⁻⁶².
func scale(k int) int { return min(k, maxValue-1) }
