package insight

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Evidence against "nothing but chance and what is usual" is an e-value: a
// number whose mean is at most 1 when nothing is there, whenever one looks
// (Shafer 2021; Ramdas et al. 2023, "Game-theoretic statistics"). It is kept as a
// logarithm. Betting 1 on a finding that is none wins 20 at most one time in 20,
// however often one looks, so nothing is corrected for repeated looks.

// Discoveries are the indexes whose e-values stand out of all of them at a false
// discovery rate of alpha, strongest first: the e-BH procedure (Wang & Ramdas
// 2022), which holds whatever the e-values depend on. With e-values that hold at
// any time it holds at any time.
func Discoveries(logE []float64, alpha float64) []int {
	order := make([]int, len(logE))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logE[b], logE[a]) })
	found := 0
	for i, at := range order {
		if logE[at] >= math.Log(float64(len(logE))/(alpha*float64(i+1))) {
			found = i + 1
		}
	}
	return order[:found]
}

// effects are the factors on the odds, upwards, that a creative which does not
// keep to its title may have, each as likely as the others and as its inverse: a
// spread over what is worth knowing, so that no single size must be guessed.
const effectCount = 6

func effects() [effectCount]float64 { return [...]float64{1.3, 1.6, 2, 2.5, 3.2, 5} }

// sizes has a number for each effect.
type sizes [effectCount]float64

// mix is the logarithm of the mean of what logs are given of, by weights.
func (s sizes) mix(weights sizes) float64 {
	sum := newLogSum()
	for i, v := range s {
		sum.add(math.Log(weights[i]) + v)
	}
	return sum.value()
}

// alike are equal weights.
func alike() (w sizes) {
	for i := range w {
		w[i] = 1.0 / effectCount
	}
	return w
}

// odds is the evidence about one step of the funnel of one creative: for each
// effect the log of the marginal likelihood of its viewers when its rate is drawn
// as usual and then moved in odds by it, against when it is drawn as usual.
type odds struct{ up, down sizes }

// scale weighs the evidence about creatives by what is usual.
type scale struct {
	ladder *ladder
	places *placeLikes
	at     []weighed
}

// weighed is a concentration, and how likely each level is together with it.
type weighed struct {
	betas
	mass []float64
}

// newScale takes a prior that was learnt for finding what is off, and leaves out of
// it what is ruled out.
func newScale(p *Prior) *scale {
	s := &scale{ladder: p.ladder, places: p.places}
	for j, part := range p.fewer() {
		if part <= 0 {
			continue
		}
		mass := make([]float64, len(p.levels))
		for i, w := range p.weights[j] {
			if w *= part; w > 1e-7 {
				mass[i] = w
			}
		}
		s.at = append(s.at, weighed{newBetas(p.ladder.rates, p.spreads[j]), mass})
	}
	return s
}

// mostSpreads is from how many concentrations on every other one is enough.
const mostSpreads = 6

// fewer is how much each concentration weighs. Those that are ruled out weigh
// nothing; where many are left, what they say changes so little from one to the next
// that every other one stands for half of both its neighbours, too.
func (p *Prior) fewer() []float64 {
	out := make([]float64, len(p.mass))
	var left []int
	for j, m := range p.mass {
		if m >= 1e-3 {
			left = append(left, j)
		}
	}
	for k, j := range left {
		switch {
		case len(left) < mostSpreads || k%2 == 0:
			out[j] += p.mass[j]
		case k == len(left)-1:
			out[left[k-1]] += p.mass[j]
		default:
			out[left[k-1]] += p.mass[j] / 2
			out[left[k+1]] += p.mass[j] / 2
		}
	}
	return out
}

// weigh is the evidence about each creative of a title. The level of the title is
// what its other creatives say, some of which may be off themselves, so that a
// creative is not its own yardstick.
func (s *scale) weigh(own []*seen) []odds {
	out := make([]odds, len(own))
	if len(own) < 2 {
		return out
	}
	sums, top := make([]placeLikes, len(own)), make([]float64, len(own))
	for c := range top {
		top[c] = math.Inf(-1)
	}
	before, after := newProducts(len(own), s.ladder.levels), newProducts(len(own), s.ladder.levels)
	by := make([]float64, s.ladder.levels)
	for j := range s.at {
		before.multiply(own, j, true)
		after.multiply(own, j, false)
		for c, o := range own {
			if o == nil {
				continue
			}
			for i, v := range before.of[c] {
				by[i] = v * after.of[c][i] * s.at[j].mass[i]
			}
			// Sums are over e^top, which grows with the concentrations that fit better.
			log := before.log[c] + after.log[c] + o.top[j]
			if log > top[c] {
				for k := range sums[c] {
					sums[c][k] *= expDown(top[c] - log)
				}
				top[c] = log
			}
			s.ladder.at(o.rungs[j], by, expDown(log-top[c]), &sums[c])
		}
	}
	for c, o := range own {
		if o != nil {
			out[c] = oddsOf(&sums[c])
		}
	}
	return out
}

// covers reports whether the title's rate, as far as it is known, is among the levels
// that were learnt.
func (s *scale) covers(title []Count) bool {
	t := total(title)
	rate, error := (t.K+0.5)/(t.N+1), math.Sqrt(t.K+0.5)/(t.N+1)
	l := s.ladder
	return rate+error >= l.rates[l.first] && rate-error <= l.rates[l.first+l.levels-1]
}

// oddsOf are the odds of likelihoods by place.
func oddsOf(sums *placeLikes) (o odds) {
	still := logOf(sums[0])
	for e := range o.up {
		o.up[e], o.down[e] = logOf(sums[1+2*e])-still, logOf(sums[2+2*e])-still
	}
	return o
}

// seen is what one creative's count says, by concentration.
type seen struct {
	levels [][]float64 // likelihood at each level, whether it strays or not, over e^top
	rungs  [][]float64 // likelihood at each rung, over e^top
	top    []float64
}

// see is nil where nobody was seen.
func (s *scale) see(n Count) *seen {
	if n.N <= 0 {
		return nil
	}
	levels, rungs := s.ladder.levels, len(s.ladder.rates)
	room := make([]float64, len(s.at)*(levels+rungs))
	o := &seen{make([][]float64, len(s.at)), make([][]float64, len(s.at)), make([]float64, len(s.at))}
	for j := range s.at {
		o.levels[j], o.rungs[j], room = room[:levels:levels], room[levels:levels+rungs:levels+rungs], room[levels+rungs:]
		o.top[j] = s.at[j].likes(n, o.rungs[j])
		s.ladder.mix(o.rungs[j], s.places, o.levels[j])
		for i, v := range o.levels[j] {
			o.levels[j][i] = math.Max(v, leastLike)
		}
	}
	return o
}

// products are, for each creative of a title, the likelihoods by level of those
// before it (or after it) together, over e^log.
type products struct {
	of  [][]float64
	log []float64
}

func newProducts(n, levels int) *products {
	p := &products{make([][]float64, n), make([]float64, n)}
	room := make([]float64, n*levels)
	for c := range p.of {
		p.of[c], room = room[:levels:levels], room[levels:]
	}
	return p
}

// multiply makes them for a concentration.
func (p *products) multiply(own []*seen, j int, forward bool) {
	n := len(own)
	for k := range n {
		c, last := k, k-1
		if !forward {
			c, last = n-1-k, n-k
		}
		to := p.of[c]
		if k == 0 {
			for i := range to {
				to[i] = 1
			}
			p.log[c] = 0
			continue
		}
		p.log[c] = p.log[last]
		if own[last] == nil {
			copy(to, p.of[last])
			continue
		}
		p.log[c] += own[last].top[j]
		floats.MulTo(to, p.of[last], own[last].levels[j])
		if most := floats.Max(to); most < 1e-20 {
			floats.Scale(1/most, to)
			p.log[c] += math.Log(most)
		}
	}
}

// fitSizes is which effects there are among those of whom all is known that odds
// say, by EM; half a creative of each is put in.
func fitSizes(list []sizes) sizes {
	// Likelihoods over the largest, the unmoved one's among them.
	still, like := make([]float64, len(list)), make([]sizes, len(list))
	for n, o := range list {
		top := 0.0
		for _, v := range o {
			top = math.Max(top, v)
		}
		still[n] = math.Exp(-top)
		for i, v := range o {
			like[n][i] = math.Exp(v - top)
		}
	}
	weights := alike()
	off := 0.04
	for range 60 {
		next, all := sizes{}, 0.0
		for n := range like {
			p, moved := sizes{}, 0.0
			for i, v := range like[n] {
				p[i] = off * weights[i] * v
				moved += p[i]
			}
			by := 1 / (moved + (1-off)*still[n])
			for i := range next {
				next[i] += p[i] * by
			}
			all += moved * by
		}
		for i := range next {
			weights[i] = (next[i] + 0.5) / (all + 0.5*effectCount)
		}
		off = (all + 1) / (float64(len(list)) + 2)
	}
	return weights
}

// shares is how often what is weighed turns out to be so, by maximum likelihood
// of a mixture (EM), and the probability of each to be: the local false discovery
// rate is 1 − that (Efron 2010). A finding of two parts needs both; b is nil for one
// of a single part.
func shares(a, b []float64) []float64 {
	weights := [4]float64{0.9, 0.04, 0.04, 0.02} // neither, a, b, both
	if b == nil {
		weights = [4]float64{0.95, 0.05}
	}
	like := make([][4]float64, len(a)) // of each case, over the largest
	for i := range a {
		logs := [4]float64{0, a[i], math.Inf(-1), math.Inf(-1)}
		if b != nil {
			logs[2], logs[3] = b[i], a[i]+b[i]
		}
		top := slices.Max(logs[:])
		for k, v := range logs {
			like[i][k] = math.Exp(v - top)
		}
	}
	out := make([]float64, len(a))
	for range 200 {
		var next [4]float64
		for i := range like {
			var p [4]float64
			sum := 0.0
			for k, v := range like[i] {
				p[k] = weights[k] * v
				sum += p[k]
			}
			for k := range p {
				p[k] /= sum
				next[k] += p[k]
			}
			out[i] = p[3]
			if b == nil {
				out[i] = p[1]
			}
		}
		// Ten creatives that keep to their title are put in: of a few, none is
		// taken for an outlier because one looks a little odd.
		next[0] += 10
		moved := 0.0
		for k := range next {
			next[k] /= float64(len(a)) + 10
			moved = math.Max(moved, math.Abs(next[k]-weights[k]))
		}
		if weights = next; moved < 1e-6 {
			break
		}
	}
	return out
}

// Likely are the indexes that are so with so high a probability that no more than
// alpha of them are expected to be wrong, most probable first.
func Likely(probability []float64, alpha float64) []int {
	order := make([]int, len(probability))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(probability[b], probability[a]) })
	wrong := 0.0
	for n, i := range order {
		if wrong += 1 - probability[i]; wrong > alpha*float64(n+1) {
			return order[:n]
		}
	}
	return order
}

// logSum adds numbers given as logarithms.
type logSum struct{ top, sum float64 }

func newLogSum() *logSum { return &logSum{top: math.Inf(-1)} }

func (l *logSum) add(v float64) {
	switch {
	case math.IsInf(v, -1):
	case v <= l.top:
		l.sum += math.Exp(v - l.top)
	default:
		l.sum = l.sum*math.Exp(l.top-v) + 1
		l.top = v
	}
}

func (l *logSum) value() float64 { return l.top + math.Log(l.sum) }
