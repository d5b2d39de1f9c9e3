package insight

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

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
	// Counts have as K/N the standardised rate, and as K the takers that know as much
	// of it beside the title's other creatives: no more than took, and fewer where the
	// creatives hardly met, so that what the places are worth is hardly known.
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
//
// Margins are strata of the same viewers that are kept for themselves and not within
// the others, such as device types beside placements. By how much a creative's mix
// of them lets expect more than the title's is taken out too, as if within a creative
// they had nothing to do with the strata.
func Standardise(creatives int, strata []Stratum, margins ...[]Stratum) Standardised {
	f := fitStrata(creatives, strata)
	out := Standardised{Counts: make([]Count, creatives), Overlap: f.overlap}
	for _, m := range margins {
		g := fitStrata(creatives, m)
		for i := range f.index {
			f.index[i] *= g.index[i]
			f.known[i] *= g.known[i]
		}
	}
	for i := range out.Counts {
		out.Counts[i] = Count{K: f.takers[i] * f.known[i], N: math.Max(f.viewers[i]*f.index[i], f.takers[i]) * f.known[i], Error: f.errors[i]}
	}
	return out
}

// Shift is how far strata move a title's creatives apart: the mean square of what they
// let expect more or less of each, in logarithms, weighed by takers. It is 0 when all
// were shown in one mix of them, or when they make no difference.
func Shift(creatives int, strata []Stratum) float64 {
	f := fitStrata(creatives, strata)
	sum, all := 0.0, 0.0
	for i, n := range f.takers {
		if f.index[i] > 0 {
			sum += n * math.Log(f.index[i]) * math.Log(f.index[i])
			all += n
		}
	}
	if all <= 0 {
		return 0
	}
	return sum / all
}

// fitted is what strata say of each creative.
type fitted struct {
	viewers, takers, errors []float64
	overlap                 []float64 // see Standardised
	// index is by how much its strata let expect more takers than the title's mix.
	index []float64
	known []float64 // see efficiency
}

func fitStrata(creatives int, strata []Stratum) *fitted {
	room := make([]float64, 7*creatives)
	part := func() (p []float64) {
		p, room = room[:creatives:creatives], room[creatives:]
		return p
	}
	f := &fitted{part(), part(), part(), part(), part(), nil}
	effect, level := part(), make([]float64, len(strata))
	for i := range effect {
		effect[i], f.index[i] = 1, 1
	}
	for _, s := range strata {
		shown := 0
		for i := range s.Counts {
			if s.Counts[i].N > 0 {
				shown++
			}
			f.viewers[i] += math.Max(s.Counts[i].N, 0)
			f.takers[i] += math.Max(s.Counts[i].K, 0)
			f.errors[i] = math.Max(f.errors[i], s.Counts[i].Error)
		}
		if shown > 1 {
			for i := range s.Counts {
				f.overlap[i] += math.Max(s.Counts[i].N, 0)
			}
		}
	}
	fitEffects(strata, effect, level, f.takers)
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
	for i := range f.viewers {
		if f.viewers[i] <= 0 {
			continue
		}
		f.overlap[i] /= f.viewers[i]
		expected := 0.0
		for c := range strata {
			expected += strata[c].Counts[i].N * level[c]
		}
		if mix > 0 {
			f.index[i] = expected / mix / f.viewers[i]
		}
	}
	f.known = efficiency(strata, effect, level)
	return f
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

// siblingTakers is from how many takers on another creative says little more about
// its title: what creatives differ by anyway is as much.
const siblingTakers = 20

// efficiency is, for each creative, what is left of its takers' knowledge when the
// strata have to be learnt from the same takers. The covariance of creatives' log
// effects is the inverse of the profile information of the log-linear model,
// diag(μᵢ) − Σ_c μ_ic μ_jc / μ_c (Breslow & Day 1987, ch. 4), of rank one less, since
// only contrasts are known. A creative's contrast with its siblings would have the
// variance 1/μᵢ + Σ wⱼ²/μⱼ were the strata known: what it has more is its own loss.
func efficiency(strata []Stratum, effect, level []float64) []float64 {
	n := len(effect)
	out, expected := make([]float64, n), make([]float64, n)
	info := mat.NewSymDense(max(n, 1), nil)
	for c, s := range strata {
		all := 0.0
		for i := range s.Counts {
			all += s.Counts[i].N * level[c] * effect[i]
		}
		if all <= 0 {
			continue
		}
		for i := range s.Counts {
			x := s.Counts[i].N * level[c] * effect[i]
			expected[i] += x
			for j := i; j < n && x > 0; j++ {
				info.SetSym(i, j, info.At(i, j)-x*s.Counts[j].N*level[c]*effect[j]/all)
			}
		}
	}
	// What all have in common is not known; any information about it makes the rest
	// invertible and changes no contrast.
	for i := range n {
		for j := i; j < n; j++ {
			v := info.At(i, j) + 1
			if i == j {
				v += expected[i] + 1e-9
			}
			info.SetSym(i, j, v)
		}
	}
	var chol mat.Cholesky
	var cov mat.SymDense
	if n < 2 || !chol.Factorize(info) || chol.InverseTo(&cov) != nil {
		for i := range out {
			out[i] = 1
		}
		return out
	}
	for i := range out {
		out[i] = efficiencyOf(i, &cov, expected)
	}
	return out
}

// efficiencyOf is that of one creative, of the covariance of all.
func efficiencyOf(i int, cov *mat.SymDense, expected []float64) float64 {
	weight, all := make([]float64, len(expected)), 0.0
	for j, x := range expected {
		if j != i {
			weight[j] = x / (x + siblingTakers)
			all += weight[j]
		}
	}
	if all <= 0 || expected[i] <= 0 {
		return 1
	}
	has, siblings := cov.At(i, i), 0.0
	for j := range weight {
		weight[j] /= all
		has -= 2 * weight[j] * cov.At(i, j)
		for k := range weight[:j] {
			has += 2 * weight[j] * weight[k] * cov.At(j, k)
		}
		has += weight[j] * weight[j] * cov.At(j, j)
		if weight[j] > 0 {
			siblings += weight[j] * weight[j] / expected[j]
		}
	}
	own := has - siblings
	if own*expected[i] <= 1 {
		return 1
	}
	return 1 / (own * expected[i])
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
