package insight

import (
	"math"

	"gonum.org/v1/gonum/floats"
)

// What a count says about a rate is asked at very many places: each level a title
// may have, moved by each effect, for each concentration. Levels and effects lie on
// the rungs of one ladder, evenly spaced in log-odds, so that the likelihood is
// worked out once a rung and all else is adding up.

// Rungs are no closer and no farther apart than this: closer than 0.02 tells
// nothing from chance, farther than 0.1 would move the effects.
const rungMin, rungMax = 0.02, 0.1

// placeCount is where a creative's rate may be about its title's level: at it, or
// moved up or down by an effect. Place 0 is at it, 1+2i and 2+2i are up and down
// by effect i.
const placeCount = 1 + 2*effectCount

// placeLikes has a number for each place.
type placeLikes [placeCount]float64

// ladder holds rates evenly spaced in log-odds: the levels, and as many on both
// sides as the largest effect moves a rate by.
type ladder struct {
	rates []float64
	// first is the rung of the lowest level; to is how many rungs from a level a
	// place is.
	first, levels int
	to            [placeCount]int
}

// newLadder has rungs from lo to hi, in log-odds, where levels may be.
func newLadder(lo, hi float64) *ladder {
	step := math.Min(math.Max((hi-lo)/(levelPoints-1), rungMin), rungMax)
	l := &ladder{levels: int(math.Ceil((hi-lo)/step-1e-9)) + 1}
	for e, f := range effects() {
		n := int(math.Round(math.Log(f) / step))
		l.to[1+2*e], l.to[2+2*e] = n, -n
		l.first = n // of the last, which is the largest
	}
	l.rates = make([]float64, l.levels+2*l.first)
	for i := range l.rates {
		l.rates[i] = expit(lo + step*float64(i-l.first))
	}
	return l
}

// mix writes to out, by level, the likelihood of a creative wherever it may have
// strayed, of the likelihoods of rungs.
func (l *ladder) mix(rungs []float64, weights *placeLikes, out []float64) {
	clear(out)
	for j, n := range l.to {
		from := l.first + n
		floats.AddScaled(out, weights[j], rungs[from:from+l.levels])
	}
}

// at adds to sums, by place, the likelihoods of rungs, each level weighed by by.
func (l *ladder) at(rungs, by []float64, scale float64, sums *placeLikes) {
	for j, n := range l.to {
		from := l.first + n
		sums[j] += scale * floats.Dot(by, rungs[from:from+l.levels])
	}
}

// betas are Beta distributions with given means and one concentration.
type betas struct {
	spread     float64
	whole      float64 // log Γ(spread)
	a, b, base []float64
}

func newBetas(rates []float64, spread float64) betas {
	n := len(rates)
	room := make([]float64, 3*n)
	d := betas{spread, logGamma(spread), room[:n], room[n : 2*n], room[2*n:]}
	for i, m := range rates {
		d.a[i], d.b[i] = m*spread, (1-m)*spread
		d.base[i] = logGamma(d.a[i]) + logGamma(d.b[i]) - d.whole
	}
	return d
}

// logLikes writes the log likelihood of a count under each of them to out, and
// says the largest.
func (d *betas) logLikes(c Count, out []float64) (top float64) {
	whole := logGamma(c.N + d.spread)
	top = math.Inf(-1)
	for i, a := range d.a {
		v := logGammas(c.K+a, c.N-c.K+d.b[i]) - whole - d.base[i]
		out[i] = v
		if v > top {
			top = v
		}
	}
	return top
}

// likes writes the likelihoods over e^top to out.
func (d *betas) likes(c Count, out []float64) (top float64) {
	top = d.logLikes(c, out)
	for i, v := range out {
		out[i] = expDown(v - top)
	}
	return top
}

// logOf is the logarithm of a likelihood that may have been too small to keep.
func logOf(v float64) float64 {
	if v < leastLike {
		return -300
	}
	return math.Log(v)
}

// leastLike is e^-300, about: what is less likely is not told apart.
const leastLike = 1e-130

// placeWeights are how likely each place is when a share of creatives strays.
func placeWeights(strays float64) (w placeLikes) {
	w[0] = 1 - strays
	for j := 1; j < placeCount; j++ {
		w[j] = strays / (2 * effectCount)
	}
	return w
}
