package sketch

import "math"

// Estimate is the number of distinct members. While the sketch holds coupons it
// is their number, corrected for the coupons that two members share; after that
// it is the maximum-likelihood estimator of the registers under a Poisson model:
// O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
// 2017, arXiv:1702.01284, section 4. It depends on nothing but the members: the
// order of adding and merging does not matter, and it grows with the registers.
// The library's estimate of the same registers (its composite estimator, for
// which every image asks) differs by less than half a standard error, and errs more where it changes from one formula to another.
func (h *HLL) Estimate() float64 {
	n, _ := h.estimate()
	return n
}

// StandardError is the relative standard error of the estimate.
func (h *HLL) StandardError() float64 {
	_, e := h.estimate()
	return e
}

// LowerBound and UpperBound are the ends of the interval that holds the true
// number with the confidence of kappa standard deviations of a normal
// distribution on each side (2 for 95.45 %).
func (h *HLL) LowerBound(kappa float64) float64 {
	d := h.registers()
	if d == nil {
		return float64(h.count) // nobody gives two coupons
	}
	n, e := h.estimate()
	return max(n*math.Exp(-kappa*e), float64(registers-histogram(d)[0]))
}

// UpperBound is described at LowerBound.
func (h *HLL) UpperBound(kappa float64) float64 {
	if h.registers() == nil {
		return couponUpper(float64(h.count), kappa)
	}
	n, e := h.estimate()
	return n * math.Exp(kappa*e)
}

func (h *HLL) estimate() (n, relative float64) {
	d := h.registers()
	if d == nil {
		return couponEstimate(float64(h.count))
	}
	c := histogram(d)
	return estimate(&c)
}

// EstimateBytes is the estimate of a serialised sketch, the same that the sketch
// would give. It reads a LIST or SET's count or an array's registers and
// allocates nothing. It fails with ErrCorrupt.
func EstimateBytes(image []byte) (float64, error) {
	m, err := parseHLL(image)
	if err != nil {
		return 0, err
	}
	if m.kind == ofCoupons {
		n, _ := couponEstimate(float64(m.count))
		return n, nil
	}
	if m.kind == ofHLL8 {
		c := histogram((*[registers]uint8)(m.body))
		n, _ := estimate(&c)
		return n, nil
	}
	var d [registers]uint8
	if m.kind == ofHLL4 {
		mergeHLL4(&d, &m)
	} else {
		mergeHLL6(&d, (*[registers * 3 / 4]uint8)(m.body))
	}
	c := histogram(&d)
	n, _ := estimate(&c)
	return n, nil
}

// UnionRange is the range in which the estimate of a union lies, given the
// greatest of its parts' estimates and their sum: max ≤ union ≤ sum, widened by
// five times what errors can make of it. (Of registers alone max ≤ union holds
// exactly; a part that still has its coupons knows its number, and the union is
// off by its own error. The sum is off by its parts' errors too.) A group whose
// high end lies below the low ends of N others is not in the top N, and needs no
// merge.
func UnionRange(greatest, sum float64) (low, high float64) {
	return greatest * math.Exp(-5*RelativeError), sum * math.Exp(5*math.Sqrt2*RelativeError)
}

// couponsShared is the probability that two members share a coupon: 2⁻²⁶·Σ4⁻ⁱ.
const couponsShared = 1.0 / (3 << keyBits)

// couponEstimate adds to a number of coupons the members that share one. The
// error is that of their number, a Poisson variable of mean n²/2·couponsShared.
func couponEstimate(coupons float64) (n, relative float64) {
	hidden := coupons * (coupons - 1) / 2 * couponsShared
	return coupons + hidden, math.Sqrt(hidden) / max(1, coupons)
}

// couponUpper is the number of coupons and as many hidden members as a Poisson
// variable exceeds with the probability of kappa's tail at most.
func couponUpper(coupons, kappa float64) float64 {
	mean := coupons * (coupons - 1) / 2 * couponsShared
	term, hidden := math.Exp(-mean), 0.0
	for left := -math.Expm1(-mean); left > tail(kappa) && hidden < coupons; left -= term {
		hidden++
		term *= mean / hidden
	}
	return coupons + hidden
}

// histogram counts the registers of each value. Four tables, because the same
// counter raised twice in a row waits for itself.
func histogram(d *[registers]uint8) (c [maxValue + 1]int) {
	var t [4][maxValue + 1]uint32
	for i := 0; i < registers; i += 4 {
		r := (*[4]uint8)(d[i:])
		t[0][r[0]&maxValue]++
		t[1][r[1]&maxValue]++
		t[2][r[2]&maxValue]++
		t[3][r[3]&maxValue]++
	}
	for v := range c {
		c[v] = int(t[0][v] + t[1][v] + t[2][v] + t[3][v])
	}
	return c
}

// estimate solves, for the rate x of members a register,
//
//	Σₖ cₖ·2⁻ᵏ/(exp(x·2⁻ᵏ)−1) = c₀ + Σₖ cₖ·2⁻ᵏ
//
// which is where the derivative of the log-likelihood is 0. The left side falls
// with x, so Newton's method in ln x converges from the harmonic-mean estimate.
// Its slope there is the Fisher information of ln x; the variance is its inverse,
// less the 1/n by which a Poisson number of members would vary by itself.
func estimate(c *[maxValue + 1]int) (n, relative float64) {
	if c[0] == registers {
		return 0, 0
	}
	right := float64(c[0])
	for k := 1; k <= maxValue; k++ {
		right += float64(c[k]) * weight(k)
	}
	x := (registers - float64(c[0])) / right // ≥ a half of the root, ≤ twice it
	information := 0.0
	for range 32 {
		left, slope := 0.0, 0.0
		for k := 1; k <= maxValue; k++ {
			if c[k] == 0 {
				continue
			}
			w := weight(k)
			y := x * w
			e := math.Expm1(y)
			t := float64(c[k]) * w / e
			left += t
			slope += t * y * (e + 1) / e
		}
		step := (left - right) / slope
		information = x * slope
		x *= math.Exp(max(-1, min(1, step)))
		if math.Abs(step) < 1e-9 {
			break
		}
	}
	n = x * registers
	return n, math.Sqrt(max(0, 1/information-1/n))
}

// weight is P(value = k) = 2⁻ᵏ; the greatest value takes all that is left, 2⁻⁶².
func weight(k int) float64 { return 1 / float64(uint64(1)<<min(k, maxValue-1)) }
