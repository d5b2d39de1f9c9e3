package insight

import (
	"cmp"
	"math"
	"slices"
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
	cells  []cell
	places *placeLikes
	at     []betas // by concentration; those that no cell has are empty
}

// newScale takes a prior that was learnt for finding what is off.
func newScale(p *Prior) *scale {
	s := &scale{p.ladder, p.likely(), p.places, make([]betas, len(p.spreads))}
	for _, c := range s.cells {
		if s.at[c.spread].a == nil {
			s.at[c.spread] = newBetas(p.ladder.rates, p.spreads[c.spread])
		}
	}
	return s
}

// weigh is the evidence about each creative of a title. The level of the title is
// what its other creatives say, some of which may be off themselves, so that a
// creative is not its own yardstick.
func (s *scale) weigh(title []Count) []odds {
	out := make([]odds, len(title))
	if len(title) < 2 {
		return out
	}
	own := make([]*seen, len(title))
	all := make([]float64, len(s.cells))
	for i, c := range s.cells {
		all[i] = c.logMass
	}
	for c := range title {
		if n := title[c].clean(); n.N > 0 {
			own[c] = s.see(n)
			for i := range all {
				all[i] += own[c].log[i]
			}
		}
	}
	for c := range title {
		if own[c] != nil {
			out[c] = s.against(all, own[c])
		}
	}
	return out
}

// seen is what one creative's count says.
type seen struct {
	log []float64 // log likelihood by cell, whether it strays or not
	// rungs are the likelihoods over e^top, by concentration.
	rungs [][]float64
	top   []float64
}

func (s *scale) see(n Count) *seen {
	o := &seen{make([]float64, len(s.cells)), make([][]float64, len(s.at)), make([]float64, len(s.at))}
	for i, c := range s.cells {
		j := c.spread
		if o.rungs[j] == nil {
			o.rungs[j] = make([]float64, len(s.ladder.rates))
			o.top[j] = s.at[j].likes(n, o.rungs[j])
		}
		o.log[i] = o.top[j] + logOf(s.ladder.mix(o.rungs[j], c.level, s.places))
	}
	return o
}

// against are a creative's odds when cells are as likely as its siblings say.
func (s *scale) against(all []float64, own *seen) (o odds) {
	most := math.Inf(-1)
	for i, c := range s.cells {
		if v := all[i] - own.log[i] + own.top[c.spread]; v > most {
			most = v
		}
	}
	var sums placeLikes
	for i, c := range s.cells {
		by := all[i] - own.log[i] + own.top[c.spread] - most
		if by < -100 {
			continue
		}
		by = math.Exp(by)
		rungs := own.rungs[c.spread]
		for j, n := range s.ladder.to {
			sums[j] += by * rungs[s.ladder.first+c.level+n]
		}
	}
	still := logOf(sums[0])
	for e := range o.up {
		o.up[e], o.down[e] = logOf(sums[1+2*e])-still, logOf(sums[2+2*e])-still
	}
	return o
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

// cell is a concentration and a level that are together, by their indexes.
type cell struct {
	spread, level int
	logMass       float64
}

// likely are the cells that what is usual does not rule out.
func (p *Prior) likely() []cell {
	var out []cell
	for j := range p.spreads {
		if p.mass[j] < 1e-3 {
			continue
		}
		for i := range p.levels {
			if mass := p.mass[j] * p.weights[j][i]; mass > 1e-7 {
				out = append(out, cell{j, i, math.Log(mass)})
			}
		}
	}
	return out
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
