package sketch

import "math"

// Estimate is the number of distinct members: those kept, divided by theta.
func (t *Theta) Estimate() float64 {
	v := t.view()
	return float64(v.count) / (float64(v.theta) / MaxTheta)
}

// LowerBound and UpperBound are the ends of the interval that holds the true
// number with the confidence of kappa standard deviations of a normal
// distribution on each side (2 for 95.45 %). While the sketch holds every member
// both are their number.
func (t *Theta) LowerBound(kappa float64) float64 {
	v := t.view()
	return lowerBound(v.count, float64(v.theta)/MaxTheta, kappa)
}

// UpperBound is described at LowerBound.
func (t *Theta) UpperBound(kappa float64) float64 {
	v := t.view()
	return upperBound(v.count, float64(v.theta)/MaxTheta, kappa)
}

// thetaNormal is the number of members kept from which a normal distribution
// stands in for the binomial one, as in the library.
const thetaNormal = 120

// lowerBound is the greatest n that would give at least k members kept of n with
// the probability of kappa's tail at most; the library's formulas, except for
// few members, where it looks up a fit to what is computed here.
func lowerBound(k int, theta, kappa float64) float64 {
	if theta >= 1 || k == 0 {
		return float64(k)
	}
	var n float64
	if k > thetaNormal {
		center, half := wilson(float64(k)-0.5, theta, kappa)
		n = center - half - 0.5
	} else {
		n = search(float64(k), float64(k)/theta, func(n float64) bool { return 1-binomial(k-1, n, theta) > tail(kappa) })
	}
	return min(float64(k)/theta, max(float64(k), n))
}

// upperBound is the smallest n that would give at most k members kept of n with
// the probability of kappa's tail at most.
func upperBound(k int, theta, kappa float64) float64 {
	if theta >= 1 {
		return float64(k)
	}
	var n float64
	switch {
	case k == 0:
		n = math.Ceil(math.Log(tail(kappa)) / math.Log1p(-theta))
	case k > thetaNormal:
		center, half := wilson(float64(k)+0.5, theta, kappa)
		n = center + half + 0.5
	default:
		high := float64(k) / theta
		for binomial(k, high, theta) > tail(kappa) {
			high *= 2
		}
		n = 1 + search(float64(k), high, func(n float64) bool { return binomial(k, n, theta) <= tail(kappa) })
	}
	return max(float64(k)/theta, n)
}

// wilson solves |k − n·theta| = kappa·√(n·theta·(1−theta)) for n: the middle of
// the two solutions and their distance from it (E. B. Wilson, 1927).
func wilson(k, theta, kappa float64) (center, half float64) {
	b := kappa * math.Sqrt((1-theta)/theta)
	n := k / theta
	return n + b*b/2, b / 2 * math.Sqrt(b*b+4*n)
}

// tail is the probability of a normal distribution beyond kappa deviations.
func tail(kappa float64) float64 { return math.Erfc(kappa/math.Sqrt2) / 2 }

// binomial is the probability of at most k successes in n trials. It is exact
// while n·p is below 700.
func binomial(k int, n, p float64) float64 {
	term := math.Exp(n * math.Log1p(-p))
	sum := term
	for j := range k {
		term *= (n - float64(j)) / float64(j+1) * p / (1 - p)
		sum += term
	}
	return min(1, sum)
}

// search is the greatest whole number from low on for which beyond is false. It
// is false at low, true from some number on, and true at high.
func search(low, high float64, beyond func(float64) bool) float64 {
	if beyond(low) {
		return low - 1
	}
	high = math.Ceil(high) + 1
	for high-low > 1 && high-low > 1e-12*high {
		if mid := math.Floor((low + high) / 2); beyond(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return low
}
