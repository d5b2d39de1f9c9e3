package insight

import (
	"math"
	"slices"
)

// Ranked is a creative's place among those of its title.
type Ranked struct {
	Creative int // index into what was ranked
	Estimate Estimate
	// Best is the probability that none of the others is better.
	Best float64
	// Needs is how many more viewers it takes, about, until it can be told from
	// the leader (the leader: from the second) if the difference is as it looks:
	// 95 % sure, found 8 times of 10. 0 when it can be told already, +Inf when they
	// look the same.
	Needs float64
}

// rankPoints is how finely the probability to be best is integrated.
const rankPoints = 400

// Rank orders creatives by their shrunken rates, best first, and says how sure
// the order is.
func Rank(posteriors []Posterior) []Ranked {
	out := make([]Ranked, len(posteriors))
	best := probabilityBest(posteriors)
	for i, p := range posteriors {
		out[i] = Ranked{Creative: i, Estimate: p.Estimate(), Best: best[i]}
	}
	slices.SortStableFunc(out, func(a, b Ranked) int {
		switch {
		case a.Estimate.Value > b.Estimate.Value:
			return -1
		case a.Estimate.Value < b.Estimate.Value:
			return 1
		}
		return 0
	})
	for i := range out {
		rival := 0
		if i == 0 {
			rival = 1
		}
		if rival < len(out) {
			out[i].Needs = needs(posteriors[out[i].Creative], posteriors[out[rival].Creative])
		}
	}
	return out
}

// needs is how many viewers of a are missing until it is told from b.
func needs(a, b Posterior) float64 {
	p, q := a.rate.mean(), b.rate.mean()
	gap := math.Abs(p - q)
	if spread := math.Hypot(a.Spread(), b.Spread()); gap > z95*spread {
		return 0
	}
	if gap == 0 {
		return math.Inf(1)
	}
	const power = 0.8416212335729143 // normal deviate of 80 %
	n := (z95 + power) * (z95 + power) * (p*(1-p) + q*(1-q)) / (gap * gap)
	return math.Max(0, math.Ceil(n-a.count.N))
}

// probabilityBest integrates, for each, its density times the others'
// probabilities to be lower. Each posterior stands in as the Beta distribution
// of its mean and spread.
func probabilityBest(posteriors []Posterior) []float64 {
	n := len(posteriors)
	out := make([]float64, n)
	if n == 0 {
		return out
	}
	lo, hi := 1.0, 0.0
	single, sds := make([]component, n), make([]float64, n)
	for i, p := range posteriors {
		mean, sd := p.rate.mean(), math.Max(p.Spread(), 1e-9)
		lo, hi = math.Min(lo, mean-6*sd), math.Max(hi, mean+6*sd)
		t := math.Max(mean*(1-mean)/(sd*sd)-1, 1e-3)
		single[i], sds[i] = component{1, mean * t, (1 - mean) * t}, sd
	}
	lo, hi = math.Max(lo, 0), math.Min(hi, 1)
	parts := newBins(lo, hi)
	in := make([][]float64, n)
	for i, c := range single {
		in[i] = parts.of(c, sds[i])
	}
	last, before, after := make([]float64, n), make([]float64, n+1), make([]float64, n+1)
	before[0], after[n] = 1, 1
	for k := range rankPoints {
		// below is the mean over the bin of the probability to be lower; of all the
		// others it is the product of those before and those after.
		below := func(i int) float64 { return last[i] + in[i][k]/2 }
		for i := range n {
			before[i+1] = before[i] * below(i)
		}
		for i := n - 1; i >= 0; i-- {
			after[i] = after[i+1] * below(i)
		}
		for i := range n {
			out[i] += in[i][k] * before[i] * after[i+1]
			last[i] += in[i][k]
		}
	}
	sum := 0.0
	for _, v := range out {
		sum += v
	}
	if sum > 0 {
		for i := range out {
			out[i] /= sum
		}
	}
	return out
}

// bins divide a range of rates, with the logarithms of their middles.
type bins struct {
	lo, width     float64
	logs, logsOne []float64 // of x and of 1 − x
}

func newBins(lo, hi float64) *bins {
	s := &bins{lo, (hi - lo) / rankPoints, make([]float64, rankPoints), make([]float64, rankPoints)}
	for k := range rankPoints {
		x := lo + s.width*(float64(k)+0.5)
		s.logs[k], s.logsOne[k] = math.Log(x), math.Log1p(-x)
	}
	return s
}

// of is how likely each bin is under a distribution of the standard deviation sd.
// A bell that is no narrower than a bin is told by its density in the middle: the
// midpoint rule's error falls off as e^(−2π²(sd/width)²). What is narrower, or has no
// density at an end, is told by the distribution itself.
func (s *bins) of(c component, sd float64) []float64 {
	out := make([]float64, rankPoints)
	if sd >= s.width && c.a >= 2 && c.b >= 2 {
		whole := logBeta(c.a, c.b) - math.Log(s.width)
		for k := range out {
			if v := (c.a-1)*s.logs[k] + (c.b-1)*s.logsOne[k] - whole; v > -50 {
				out[k] = math.Exp(v)
			}
		}
		return out
	}
	last := 0.0
	for k := range out {
		below := betaCDF(s.lo+s.width*float64(k+1), c.a, c.b)
		out[k], last = below-last, below
	}
	return out
}

// Reversal is two creatives whose order turns round when like is compared with
// like (Simpson's paradox).
type Reversal struct{ A, B int }

// Reversals are the pairs that are told apart before adjusting, and in the
// opposite order after it.
func Reversals(raw, adjusted []Count) []Reversal {
	var out []Reversal
	for a := range raw {
		for b := a + 1; b < len(raw); b++ {
			before, after := deviate(raw[a], raw[b]), deviate(adjusted[a], adjusted[b])
			if before*after < 0 && math.Abs(before) > z95 && math.Abs(after) > z95 {
				out = append(out, Reversal{a, b})
			}
		}
	}
	return out
}

// deviate is the difference of two rates in standard errors.
func deviate(a, b Count) float64 {
	if a.N <= 0 || b.N <= 0 {
		return 0
	}
	p, q := (a.K+0.5)/(a.N+1), (b.K+0.5)/(b.N+1)
	v := p*(1-p)/a.N + q*(1-q)/b.N + 2*(a.Error*a.Error*p*p+b.Error*b.Error*q*q)
	return (p - q) / math.Sqrt(v)
}
