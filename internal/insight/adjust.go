package insight

import "math"

// Basis is what a comparison of creatives stands on.
type Basis string

// Only Randomised may say that a creative brings viewers in: it was chosen by a
// known chance. Adjusted compares what was shown in like places to like viewers;
// Unadjusted compares what happened.
const (
	Randomised Basis = "randomised"
	Adjusted   Basis = "adjusted"
	Unadjusted Basis = "raw"
)

// Stratum is like with like: one placement, rank, country, device type and prior
// affinity of one title. Counts has the title's creatives in their order, eligible
// viewers and those who took.
type Stratum struct {
	Key    string
	Counts []Count
}

// Standardised is what creatives would have reached had each been shown where
// all of the title's were.
type Standardised struct {
	// Counts have as N the viewers that weigh as much in the mix of the title, and
	// as K those who took: K/N is the standardised rate.
	Counts []Count
	// Overlap is the share of each creative's viewers in strata that another
	// creative of the title was shown in too. Below a half there is little to
	// compare with.
	Overlap []float64
}

// Standardise fits rate = creative × stratum over a title's strata by iterative
// proportional fitting (the Poisson likelihood equations of a log-linear model
// without interaction: Breslow & Day 1987, ch. 4) and gives every creative the
// title's own mix of strata. Placement, rank and audience, which the service and
// not the picture chose, are taken out by it as far as they are strata.
func Standardise(creatives int, strata []Stratum) Standardised {
	out := Standardised{Counts: make([]Count, creatives), Overlap: make([]float64, creatives)}
	effect, level := make([]float64, creatives), make([]float64, len(strata))
	viewers, takers := make([]float64, creatives), make([]float64, creatives)
	for i := range effect {
		effect[i] = 1
	}
	for _, s := range strata {
		shown := 0
		for i := range s.Counts {
			if s.Counts[i].N > 0 {
				shown++
			}
			viewers[i] += math.Max(s.Counts[i].N, 0)
			takers[i] += math.Max(s.Counts[i].K, 0)
			out.Counts[i].Error = math.Max(out.Counts[i].Error, s.Counts[i].Error)
		}
		if shown > 1 {
			for i := range s.Counts {
				out.Overlap[i] += math.Max(s.Counts[i].N, 0)
			}
		}
	}
	fitEffects(strata, effect, level, takers)
	// The title's mix: what a stratum weighs is how many saw any of its creatives there.
	mix, all := 0.0, 0.0
	for c, s := range strata {
		n := total(s.Counts).N
		mix += n * level[c]
		all += n
	}
	if all > 0 {
		mix /= all
	}
	for i := range out.Counts {
		expected := 0.0
		for c := range strata {
			expected += strata[c].Counts[i].N * level[c]
		}
		out.Counts[i].K = takers[i]
		if mix > 0 {
			out.Counts[i].N = math.Max(expected/mix, takers[i])
		}
		if viewers[i] > 0 {
			out.Overlap[i] /= viewers[i]
		}
	}
	return out
}

// fitEffects alternates the two sets of likelihood equations until they hold to
// 1e-6; half a taker a stratum, spread as the creatives' viewers are, keeps
// strata that nobody took from being certain.
func fitEffects(strata []Stratum, effect, level, takers []float64) {
	rate, n := 0.0, 0.0
	for _, s := range strata {
		t := total(s.Counts)
		rate += t.K
		n += t.N
	}
	if n <= 0 {
		return
	}
	rate /= n
	for range 100 {
		moved := 0.0
		for c, s := range strata {
			took, expected := 0.5, 0.5/math.Max(rate, 1e-9)
			for i := range s.Counts {
				took += s.Counts[i].K
				expected += s.Counts[i].N * effect[i]
			}
			level[c] = took / expected
		}
		for i := range effect {
			expected := 0.0
			for c := range strata {
				expected += strata[c].Counts[i].N * level[c]
			}
			if expected <= 0 || takers[i] <= 0 {
				continue
			}
			next := takers[i] / expected
			moved = math.Max(moved, math.Abs(next-effect[i])/effect[i])
			effect[i] = next
		}
		if moved < 1e-6 {
			return
		}
	}
}

// Moments are inverse-propensity sums of a creative's impressions: w is 1 over the
// probability with which it was chosen, clipped; y is 1 for a take.
type Moments struct{ W, W2, WY, W2Y float64 }

// Weighted turns the moments into a count of equal weight: as many independent
// viewers as know as much. The rate is Hájek's Σwy/Σw, its variance that of a
// ratio, and perViewer, impressions a viewer, is its design effect: what one
// viewer sees again is no independent trial.
func (m Moments) Weighted(perViewer float64) Count {
	if m.W <= 0 || m.W2 <= 0 {
		return Count{}
	}
	p := m.WY / m.W
	effective := m.W * m.W / m.W2
	if p > 0 && p < 1 {
		if v := (m.W2Y*(1-2*p) + m.W2*p*p) / (m.W * m.W); v > 0 {
			effective = math.Min(p*(1-p)/v, effective)
		}
	}
	n := effective / math.Max(perViewer, 1)
	return Count{K: p * n, N: n}
}

// EffectiveSize is how many equally likely impressions would know as much as the
// weighted ones (Kish 1965).
func (m Moments) EffectiveSize() float64 {
	if m.W2 <= 0 {
		return 0
	}
	return m.W * m.W / m.W2
}
