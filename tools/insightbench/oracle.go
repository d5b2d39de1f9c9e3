package main

import (
	"math"
	"strconv"

	"playhead/internal/insight"
)

func short(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// likely is the log likelihood of a count whose rate is Beta about m.
func likely(c insight.Count, m float64) float64 {
	a, b := m*takeClose, (1-m)*takeClose
	return logBeta(c.K+a, c.N-c.K+b) - logBeta(a, b)
}

func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// oracle lists the raised takes that the Bayes-optimal observer finds at the same
// false discovery rate: it knows the distribution of levels, the concentration, the
// effect and the share that is planted, but not what was drawn.
func (w *service) oracle(planted, effect float64) [][2]int {
	n := 0
	for t := range w.sums {
		n += len(w.sums[t])
	}
	share := planted / float64(n)
	var at [][2]int
	var probability []float64
	for t := range w.sums {
		mass, off := math.Inf(-1), make([]float64, len(w.sums[t]))
		for c := range off {
			off[c] = math.Inf(-1)
		}
		part := make([]float64, len(off))
		for z := -4.0; z <= 4; z += 0.04 {
			x, like := takeLevel+takeSpread*z, -z*z/2
			for c := range off {
				up := math.Log(share) + likely(w.sums[t][c].Take, expit(x+effect))
				both := logAdd(up, math.Log(1-share)+likely(w.sums[t][c].Take, expit(x)))
				like, part[c] = like+both, up-both
			}
			mass = logAdd(mass, like)
			for c := range off {
				off[c] = logAdd(off[c], like+part[c])
			}
		}
		for c := range off {
			at, probability = append(at, [2]int{t, c}), append(probability, math.Exp(off[c]-mass))
		}
	}
	var out [][2]int
	for _, i := range insight.Likely(probability, listedRate) {
		out = append(out, at[i])
	}
	return out
}
