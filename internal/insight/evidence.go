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

// weigh is the evidence about each creative of a title. The level of the title is
// what its other creatives say, some of which may be off themselves, so that a
// creative is not its own yardstick.
func (p *Prior) weigh(title []Count) []odds {
	out := make([]odds, len(title))
	if len(title) < 2 {
		return out
	}
	cells := p.likely()
	any := make([][]float64, len(title)) // log likelihood of each creative, off or not, by cell
	own := make([][][1 + 2*effectCount]float64, len(title))
	for c := range title {
		any[c], own[c] = make([]float64, len(cells)), make([][1 + 2*effectCount]float64, len(cells))
	}
	for i, cell := range cells {
		around := p.around(cell.level, cell.spread)
		for c := range title {
			n := title[c].clean()
			if n.N <= 0 {
				continue
			}
			sum, whole := newLogSum(), logGamma(n.N+cell.spread)
			for j := range around {
				v := around[j].logLike(n, whole)
				own[c][i][j] = v
				sum.add(around[j].logWeight + v)
			}
			any[c][i] = sum.value()
		}
	}
	all := make([]float64, len(cells))
	for i, cell := range cells {
		all[i] = cell.logMass
		for c := range title {
			all[i] += any[c][i]
		}
	}
	for c := range title {
		if title[c].N > 0 {
			out[c] = against(all, any[c], own[c], p.around(0.5, 1))
		}
	}
	return out
}

// against are a creative's odds when cells are as likely as its siblings say.
func against(all, any []float64, own [][1 + 2*effectCount]float64, around []place) (o odds) {
	var sums [1 + 2*effectCount]*logSum
	for j := range sums {
		sums[j] = newLogSum()
	}
	for i := range all {
		for j := range around {
			sums[j].add(all[i] - any[i] + own[i][j])
		}
	}
	for j, k := range around {
		switch v := sums[j].value() - sums[0].value(); {
		case k.effect < 0:
		case k.down:
			o.down[k.effect] = v
		default:
			o.up[k.effect] = v
		}
	}
	return o
}

// fitSizes is which effects there are among those of whom all is known that odds
// say, by EM; half a creative of each is put in.
func fitSizes(list []sizes) sizes {
	weights := alike()
	off := 0.04
	for range 60 {
		next, n := sizes{}, 0.0
		for _, o := range list {
			logs := [1 + effectCount]float64{math.Log(1 - off)}
			for i, v := range o {
				logs[1+i] = math.Log(off*weights[i]) + v
			}
			p := softmax(logs[:])
			for i := range next {
				next[i] += p[1+i]
				n += p[1+i]
			}
		}
		for i := range next {
			weights[i] = (next[i] + 0.5) / (n + 0.5*effectCount)
		}
		off = (n + 1) / (float64(len(list)) + 2)
	}
	return weights
}

// cell is a concentration and a level that are together.
type cell struct{ spread, level, logMass float64 }

// likely are the cells that what is usual does not rule out.
func (p *Prior) likely() []cell {
	var out []cell
	for j, s := range p.spreads {
		if p.mass[j] < 1e-3 {
			continue
		}
		for i, m := range p.levels {
			if mass := p.mass[j] * p.weights[j][i]; mass > 1e-7 {
				out = append(out, cell{s, m, math.Log(mass)})
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
	out := make([]float64, len(a))
	for range 200 {
		var next [4]float64
		for i := range a {
			p := split(weights, a, b, i)
			for k := range p {
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

// split is how likely each of the four cases is for one creative.
func split(weights [4]float64, a, b []float64, i int) [4]float64 {
	logs := [4]float64{0, a[i], math.Inf(-1), math.Inf(-1)}
	if b != nil {
		logs[2], logs[3] = b[i], a[i]+b[i]
	}
	for k := range logs {
		logs[k] += math.Log(weights[k])
	}
	p := softmax(logs[:])
	return [4]float64{p[0], p[1], p[2], p[3]}
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
