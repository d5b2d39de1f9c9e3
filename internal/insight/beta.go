package insight

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// logGamma is the logarithm of the gamma function for x > 0 by Stirling's series,
// good to 1e-9; several times as fast as math.Lgamma, and most of the work here.
func logGamma(x float64) float64 {
	shift := 1.0
	for x < 6 {
		shift *= x
		x++
	}
	r := 1 / x
	q := r * r
	v := (x-0.5)*math.Log(x) - x + 0.9189385332046727 + r*(1.0/12-q*(1.0/360-q*(1.0/1260-q/1680)))
	if shift != 1 {
		v -= math.Log(shift)
	}
	return v
}

// logGammas is logGamma(x) + logGamma(y), with one division instead of two: nothing
// is asked for more often.
func logGammas(x, y float64) float64 {
	if x < 6 || y < 6 {
		return logGamma(x) + logGamma(y)
	}
	r := 1 / (x * y)
	p, q := r*y, r*x // 1/x, 1/y
	p2, q2 := p*p, q*q
	return (x-0.5)*math.Log(x) + (y-0.5)*math.Log(y) - x - y + 2*0.9189385332046727 +
		p*(1.0/12-p2*(1.0/360-p2*(1.0/1260-p2/1680))) + q*(1.0/12-q2*(1.0/360-q2*(1.0/1260-q2/1680)))
}

// expDown is e^x for x ≤ 0, good to 4e-13 of it, and 0 below −300: e^(n·log 2) is a
// shift of the exponent, what is left of x lies within half of log 2, where ten terms
// of the series will do.
func expDown(x float64) float64 {
	if x < -300 {
		return 0
	}
	n := math.Trunc(x*math.Log2E - 0.5)
	r := (x - n*6.93147180369123816490e-01) - n*1.90821492927058770002e-10 // log 2, in two parts
	e := 1 + r*(1+r*(1.0/2+r*(1.0/6+r*(1.0/24+r*(1.0/120+r*(1.0/720+r*(1.0/5040+r*(1.0/40320+r*(1.0/362880+r*(1.0/3628800))))))))))
	return e * math.Float64frombits(uint64(int64(n)+1023)<<52)
}

// logBeta is the logarithm of the beta function.
func logBeta(a, b float64) float64 { return logGamma(a) + logGamma(b) - logGamma(a+b) }

// logBetaBinomial is the log-probability of k takes of n when the rate is drawn
// from Beta(m·s, (1−m)·s), up to a term that depends on neither m nor s.
func logBetaBinomial(k, n, m, s float64) float64 {
	a, b := m*s, (1-m)*s
	return logBeta(k+a, n-k+b) - logBeta(a, b)
}

// betaCDF is P(X ≤ x) of Beta(a, b).
func betaCDF(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	}
	return mathext.RegIncBeta(a, b, x)
}

// component is one Beta distribution of a mixture.
type component struct{ weight, a, b float64 }

// mixture of Beta distributions; weights add up to 1.
type mixture []component

// mean of the mixture.
func (m mixture) mean() float64 {
	sum := 0.0
	for _, c := range m {
		sum += c.weight * c.a / (c.a + c.b)
	}
	return sum
}

// variance of the mixture.
func (m mixture) variance() float64 {
	mean, sum := m.mean(), 0.0
	for _, c := range m {
		t := c.a + c.b
		p := c.a / t
		sum += c.weight * (p*(1-p)/(t+1) + (p-mean)*(p-mean))
	}
	return sum
}

// cdf is P(X ≤ x).
func (m mixture) cdf(x float64) float64 {
	sum := 0.0
	for _, c := range m {
		sum += c.weight * betaCDF(x, c.a, c.b)
	}
	return sum
}

// quantile finds x with cdf(x) = p by bisection between bounds that Newton
// steps narrow, from where a bell of the same mean and variance has it; it is good to
// 1e-8 of the probability.
func (m mixture) quantile(p float64) float64 {
	lo, hi := 0.0, 1.0
	mean, sd := m.mean(), math.Sqrt(m.variance())
	x := mean + sd*math.Sqrt2*math.Erfinv(2*p-1)
	if !(x > 0 && x < 1) {
		x = mean
	}
	whole := make([]float64, len(m))
	for i, c := range m {
		whole[i] = logBeta(c.a, c.b)
	}
	for range 200 {
		f := m.cdf(x) - p
		if math.Abs(f) < 1e-8 {
			return x
		}
		if f > 0 {
			hi = x
		} else {
			lo = x
		}
		if hi-lo < 1e-10*math.Max(hi, 1e-6) {
			break
		}
		next := x - f/math.Max(m.density(x, whole), 1e-9/math.Max(sd, 1e-12))
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		x = next
	}
	return x
}

// density at x, in (0, 1); whole are the logarithms of the components' beta
// functions.
func (m mixture) density(x float64, whole []float64) float64 {
	if x <= 0 || x >= 1 {
		return 0
	}
	sum, log, logOne := 0.0, math.Log(x), math.Log1p(-x)
	for i, c := range m {
		sum += c.weight * math.Exp((c.a-1)*log+(c.b-1)*logOne-whole[i])
	}
	return sum
}

// mergeWithin is how far apart the means of components may be, in standard deviations
// of one, that are put together.
const mergeWithin = 0.7

// merged puts neighbours that nearly are the same together, as one of their mean and
// variance: over that much of a bell the mixture's quantiles move by less than a
// thousandth of its width. Components must be in the order of their means.
func (m mixture) merged() mixture {
	out := m[:0]
	for len(m) > 0 {
		first, n := m[0], 1
		mean, sd := first.moments()
		for n < len(m) && m[n].a/(m[n].a+m[n].b)-mean < mergeWithin*sd {
			n++
		}
		if n > 1 {
			first = m[:n].one()
		}
		out, m = append(out, first), m[n:]
	}
	return out
}

// one is the component of the mixture's weight, mean and variance.
func (m mixture) one() component {
	sum := 0.0
	for _, c := range m {
		sum += c.weight
	}
	mean, variance := 0.0, 0.0
	for _, c := range m {
		x, _ := c.moments()
		mean += c.weight / sum * x
	}
	for _, c := range m {
		x, sd := c.moments()
		variance += c.weight / sum * (sd*sd + (x-mean)*(x-mean))
	}
	t := mean*(1-mean)/variance - 1
	return component{sum, mean * t, (1 - mean) * t}
}

// moments are its mean and standard deviation.
func (c component) moments() (mean, sd float64) {
	t := c.a + c.b
	mean = c.a / t
	return mean, math.Sqrt(mean * (1 - mean) / (t + 1))
}
