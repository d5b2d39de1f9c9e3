package insight

import (
	"math"
	"slices"
)

// Prior is what is usual: how rates of titles are spread, and how closely the
// creatives of a title keep to their title. It is learnt from many titles, since
// the few pictures of one cannot tell it.
//
// The model: a creative's rate is Beta(m·s, (1−m)·s) about its title's level m;
// levels m have any distribution, here weights on a grid (the nonparametric
// maximum likelihood of Kiefer & Wolfowitz 1956, by EM); s, the concentration, is
// pooled across titles and known by its own likelihood, so its uncertainty is
// carried into every interval.
type Prior struct {
	// places are how likely a creative is to keep to its title's level, and to have
	// strayed from it by each effect, so that a few do not make all look spread; nil
	// where every rate is wanted as it is.
	places  *placeLikes
	ladder  *ladder
	levels  []float64   // of titles
	spreads []float64   // concentrations s
	mass    []float64   // posterior of each concentration
	weights [][]float64 // for each concentration, of each level
}

const (
	levelPoints  = 61
	spreadPoints = 13
	finePoints   = 7
	emSteps      = 40
)

// levelRange is the log-odds of what was seen, with some room.
func levelRange(groups [][]Count) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, g := range groups {
		t := total(g)
		if t.N <= 0 {
			continue
		}
		x, sd := logit((t.K+0.5)/(t.N+1)), 1/math.Sqrt(t.K+0.5)+1/math.Sqrt(t.N-t.K+0.5)
		lo, hi = math.Min(lo, x-2*sd), math.Max(hi, x+2*sd)
	}
	if lo > hi {
		lo, hi = logit(0.001), logit(0.9)
	}
	lo, hi = math.Max(lo, logit(1e-5)), math.Min(hi, logit(1-1e-5))
	if hi-lo < 0.2 {
		lo, hi = lo-0.1, hi+0.1
	}
	return lo, hi
}

// levelGrid are rates evenly spaced in log-odds.
func levelGrid(lo, hi float64) []float64 {
	grid := make([]float64, levelPoints)
	for i := range grid {
		grid[i] = expit(lo + (hi-lo)*float64(i)/(levelPoints-1))
	}
	return grid
}

// LearnPrior learns what is usual from titles, each with its creatives. A few
// hundred titles are enough; the time it takes is proportional to their
// creatives (about 15 µs each).
func LearnPrior(titles [][]Count) *Prior { return learnPrior(titles, nil) }

// LearnRobustPrior does so for finding what is off: some creatives may be.
func LearnRobustPrior(titles [][]Count) *Prior {
	places := placeWeights(0.04)
	return learnPrior(titles, &places)
}

func learnPrior(titles [][]Count, places *placeLikes) *Prior {
	titles = cleanGroups(titles)
	from, to := levelRange(titles)
	p := &Prior{places: places, ladder: newLadder(from, to)}
	if places != nil {
		p.levels = p.ladder.rates[p.ladder.first : p.ladder.first+p.ladder.levels]
	} else {
		p.levels = levelGrid(from, to)
	}
	coarse := make([]float64, spreadPoints)
	for i := range coarse { // 5 … 5·10⁴
		coarse[i] = 5 * math.Pow(10, 4*float64(i)/(spreadPoints-1))
	}
	p.weighSpreads(titles, coarse)
	// Where much is known, points that far apart would be too coarse for it.
	for range 2 {
		best, last := slices.Index(p.mass, slices.Max(p.mass)), len(p.spreads)-1
		lo, hi := max(best-1, 0), min(best+1, last)
		near := 0.0
		for _, m := range p.mass[lo : hi+1] {
			near += m
		}
		if near < 0.99 {
			break
		}
		fine := make([]float64, finePoints)
		for i := range fine {
			fine[i] = p.spreads[lo] * math.Pow(p.spreads[hi]/p.spreads[lo], float64(i)/(finePoints-1))
		}
		p.weighSpreads(titles, fine)
	}
	return p
}

// weighSpreads sets how likely each concentration is, and the levels for each.
func (p *Prior) weighSpreads(titles [][]Count, spreads []float64) {
	fit := make([]float64, len(spreads))
	p.spreads, p.weights = spreads, make([][]float64, len(spreads))
	for j, s := range spreads {
		p.weights[j], fit[j] = p.learnLevels(titles, s)
	}
	p.mass = softmax(fit)
}

// cleanGroups leaves out what has no data.
func cleanGroups(groups [][]Count) [][]Count {
	var out [][]Count
	for _, g := range groups {
		var kept []Count
		for _, c := range g {
			if c = c.clean(); c.N > 0 {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

// learnLevels are the weights of the levels for a concentration, and the log
// likelihood that they reach.
func (p *Prior) learnLevels(titles [][]Count, s float64) (weights []float64, fit float64) {
	like := make([][]float64, len(titles))
	top := make([]float64, len(titles))
	at := p.at(s)
	for t, group := range titles {
		like[t] = p.logLikes(group, &at)
		top[t] = slices.Max(like[t])
		for i := range like[t] {
			like[t][i] = math.Exp(like[t][i] - top[t])
		}
	}
	weights = make([]float64, len(p.levels))
	for i := range weights {
		weights[i] = 1 / float64(len(weights))
	}
	// One pseudo-title keeps a level that no title happens to have possible.
	next := make([]float64, len(weights))
	for range emSteps {
		for i := range next {
			next[i] = 1 / float64(len(next))
		}
		fit = 0
		for t := range like {
			sum := 0.0
			for i, w := range weights {
				sum += w * like[t][i]
			}
			fit += math.Log(sum) + top[t]
			for i, w := range weights {
				next[i] += w * like[t][i] / sum
			}
		}
		for i := range weights {
			weights[i] = next[i] / float64(len(like)+1)
		}
	}
	return weights, fit
}

// at are the distributions of creatives' rates for a concentration: about each
// level, or at each rung where creatives may stray.
func (p *Prior) at(s float64) betas {
	if p.places != nil {
		return newBetas(p.ladder.rates, s)
	}
	return newBetas(p.levels, s)
}

// logLikes is the log likelihood of a title's creatives at each level.
func (p *Prior) logLikes(group []Count, at *betas) []float64 {
	out, one, mixed := make([]float64, len(p.levels)), make([]float64, len(at.a)), make([]float64, len(p.levels))
	for _, c := range group {
		if p.places == nil {
			at.logLikes(c, one)
			for i, v := range one {
				out[i] += v
			}
			continue
		}
		top := at.likes(c, one)
		p.ladder.mix(one, p.places, mixed)
		for i, v := range mixed {
			out[i] += top + logOf(v)
		}
	}
	return out
}

// Concentration is the expected concentration s of creatives about their title:
// as many viewers as what is usual weighs against a creative's own.
func (p *Prior) Concentration() float64 {
	sum := 0.0
	for j, s := range p.spreads {
		sum += p.mass[j] * math.Log(s)
	}
	return math.Exp(sum)
}

// ruledOut is below which weight a concentration says nothing any more.
const ruledOut = 1e-5

// Posteriors are what is known of the rate of each creative of one title: its
// own viewers, its siblings', and what is usual.
func (p *Prior) Posteriors(title []Count) []Posterior {
	clean := make([]Count, len(title))
	for i := range title {
		clean[i] = title[i].clean()
	}
	out := make([]Posterior, len(title))
	joint := make([][]float64, len(p.spreads)) // log weight of (spread, level) given the title
	best := math.Inf(-1)
	for j, s := range p.spreads {
		if p.mass[j] < ruledOut {
			continue
		}
		at := p.at(s)
		joint[j] = p.logLikes(clean, &at)
		for i := range joint[j] {
			joint[j][i] += math.Log(p.mass[j]*p.weights[j][i] + 1e-300)
			best = math.Max(best, joint[j][i])
		}
	}
	sum := 0.0
	for j := range joint {
		for i := range joint[j] {
			joint[j][i] = math.Exp(joint[j][i] - best)
			sum += joint[j][i]
		}
	}
	for c := range clean {
		out[c].count = clean[c]
		for j, s := range p.spreads {
			var of mixture
			for i, like := range joint[j] {
				if w := like / sum; w > 2e-4 {
					m := p.levels[i]
					of = append(of, component{w, clean[c].K + m*s, clean[c].N - clean[c].K + (1-m)*s})
				}
			}
			out[c].rate = append(out[c].rate, of.merged()...)
		}
		out[c].rate.normalise()
	}
	return out
}

func (m mixture) normalise() {
	sum := 0.0
	for _, c := range m {
		sum += c.weight
	}
	for i := range m {
		m[i].weight /= sum
	}
}

// Posterior is what is known of one rate.
type Posterior struct {
	count Count
	rate  mixture
}

// shrunkenLevel is what a shrunken interval leaves out on each side. It is less
// than half of 5 %: a posterior covers 95 % on average over all rates, and less
// among those that are far from what is usual, from which it is pulled away. With
// this it covers 93 % of those too.
const shrunkenLevel = 0.017

// Estimate is the shrunken rate with its 95 % interval.
func (p Posterior) Estimate() Estimate {
	return Estimate{Value: p.rate.mean(), Low: p.rate.quantile(shrunkenLevel), High: p.rate.quantile(1 - shrunkenLevel)}.widen(p.count.Error)
}

// Spread is the standard deviation of what is known, counting error included.
func (p Posterior) Spread() float64 {
	mean := p.rate.mean()
	return math.Sqrt(p.rate.variance() + 2*p.count.Error*p.count.Error*mean*mean)
}

func total(group []Count) Count {
	var t Count
	for _, c := range group {
		t.K += c.K
		t.N += c.N
	}
	return t
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }
func expit(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// softmax turns log weights into weights that add up to 1.
func softmax(logs []float64) []float64 {
	out := make([]float64, len(logs))
	top, sum := slices.Max(logs), 0.0
	for i, v := range logs {
		out[i] = math.Exp(v - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// looser is the prior with creatives less close to their title, by a factor.
func (p *Prior) looser(by float64) *Prior {
	q := *p
	q.spreads = make([]float64, len(p.spreads))
	for i, s := range p.spreads {
		q.spreads[i] = s * by
	}
	return &q
}

// Mean is the usual rate of a title.
func (p *Prior) Mean() float64 {
	sum := 0.0
	for j := range p.spreads {
		for i, m := range p.levels {
			sum += p.mass[j] * p.weights[j][i] * m
		}
	}
	return sum
}
