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

// effects are the factors on the odds that an alternative may have, and how much
// is bet on each: a spread over what is worth knowing, so that no single size
// must be guessed.
func effects(up bool) []float64 {
	out := []float64{1.3, 1.5, 1.8, 2.2, 3}
	if !up {
		for i := range out {
			out[i] = 1 / out[i]
		}
	}
	return out
}

// Odd is the log e-value of a creative's rate being off what its siblings and
// what is usual explain, upwards or downwards: the marginal likelihood of its
// viewers when its rate is drawn as usual and then multiplied in odds by an
// effect, against when it is drawn as usual. The level of the title is what its
// siblings alone say, so a creative is not its own yardstick.
func (p *Prior) Odd(title []Count, creative int, up bool) float64 {
	siblings := slices.Delete(slices.Clone(title), creative, creative+1)
	own := title[creative].clean()
	if own.N <= 0 {
		return 0
	}
	for i := range siblings {
		siblings[i] = siblings[i].clean()
	}
	null, alternative := newLogSum(), newLogSum()
	list := effects(up)
	for j, s := range p.spreads {
		if p.mass[j] < 1e-4 {
			continue
		}
		weights := p.logLikes(siblings, s)
		for i, m := range p.levels {
			w := weights[i] + math.Log(p.mass[j]*p.weights[j][i]+1e-300)
			null.add(w + logBetaBinomial(own.K, own.N, m, s))
			for _, f := range list {
				moved := expit(logit(m) + math.Log(f))
				alternative.add(w + logBetaBinomial(own.K, own.N, moved, s) - math.Log(float64(len(list))))
			}
		}
	}
	return alternative.value() - null.value()
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
