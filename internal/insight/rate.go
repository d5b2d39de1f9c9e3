package insight

import "math"

// Count is K of N viewers (or other independent units) that did something. They
// need not be whole: distinct counts are estimates and exposures may be
// weighted. Error is the relative standard error with which K and N are known,
// 0 when they are exact (0.016 for distinct counts of more than some hundreds).
type Count struct {
	K, N  float64
	Error float64
}

// rate is K/N, 0 for nobody.
func (c Count) rate() float64 {
	if c.N <= 0 {
		return 0
	}
	return c.K / c.N
}

// clean keeps 0 ≤ K ≤ N: estimates may miss that by their error.
func (c Count) clean() Count {
	c.N = math.Max(c.N, 0)
	c.K = math.Min(math.Max(c.K, 0), c.N)
	return c
}

// Estimate is a figure with its 95 % interval.
type Estimate struct {
	Value, Low, High float64
}

// level is the probability that an interval leaves out on each side.
const level = 0.025

// z95 is the normal deviate of a 95 % interval.
const z95 = 1.959963984540054

// widen adds an independent relative error of counting to an interval of a rate,
// in quadrature on each side.
func (e Estimate) widen(relative float64) Estimate {
	if relative <= 0 {
		return e
	}
	extra := z95 * math.Sqrt2 * relative * e.Value
	e.Low = math.Max(0, e.Value-math.Hypot(e.Value-e.Low, extra))
	e.High = math.Min(1, e.Value+math.Hypot(e.High-e.Value, extra))
	return e
}

// Raw is a rate on its own data alone: the posterior of Jeffreys' prior, which
// as an interval covers well at every rate (Brown, Cai & DasGupta 2001).
func Raw(c Count) Estimate {
	c = c.clean()
	post := mixture{{1, c.K + 0.5, c.N - c.K + 0.5}}
	e := Estimate{Value: c.rate(), Low: post.quantile(level), High: post.quantile(1 - level)}
	if c.K == 0 {
		e.Low = 0
	}
	if c.K == c.N {
		e.High = 1
	}
	return e.widen(c.Error)
}
