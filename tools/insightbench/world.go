package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"playhead/internal/insight"
)

// Spread of the worlds: levels of titles in log-odds, and how closely creatives
// keep to them (as many viewers as it weighs).
const (
	takeLevel, takeSpread = -2.44, 0.6 // about 8 %
	keepLevel, keepSpread = -0.4, 0.5
	takeClose, keepClose  = 200.0, 400.0
)

func expit(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func beta(r *rand.Rand, m, s float64) float64 {
	return distuv.Beta{Alpha: m * s, Beta: (1 - m) * s, Src: r}.Rand()
}

func binomial(r *rand.Rand, n, p float64) float64 {
	if n < 1 || p <= 0 {
		return 0
	}
	return distuv.Binomial{N: n, P: min(p, 1), Src: r}.Rand()
}

// service is a catalogue whose creatives are shown day and night.
type service struct {
	r     *rand.Rand
	nasty string
	// take and keep are true rates; takeAt and keepAt the levels of titles in log-odds.
	take, keep     [][]float64
	takeAt, keepAt []float64
	speed          [][]float64 // viewers an hour
	place          [][]float64 // share shown in the good place
	sums           [][]insight.Funnel
	strata         [][2][]insight.Count // by title: takes in the good and the other place
	hour           int
}

// Nasty worlds: places that creatives share unequally; serving that shows a
// creative to those who like the title anyway; Simpson's paradox, as both with
// creatives that are alike; novelty that wears off; viewers who watch very unequally.
func nasties() []string {
	return []string{"plain", "position", "personalised", "simpson", "novelty", "unequal"}
}

func newService(seed uint64, titles int, nasty string) *service {
	w := &service{r: rand.New(rand.NewPCG(seed, 77)), nasty: nasty}
	for range titles {
		x, y := takeLevel+takeSpread*w.r.NormFloat64(), keepLevel+keepSpread*w.r.NormFloat64()
		n := 3 + w.r.IntN(5)
		take, keep, speed, place := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			take[i], keep[i] = beta(w.r, expit(x), takeClose), beta(w.r, expit(y), keepClose)
			speed[i] = 0.3 * distuv.Pareto{Xm: 1, Alpha: 1.1, Src: w.r}.Rand()
			place[i] = 0.5
			switch nasty {
			case "position", "personalised":
				place[i] = w.r.Float64()
			case "simpson":
				place[i] = float64(i%2)*0.8 + 0.1
			}
		}
		w.take, w.keep, w.speed, w.place = append(w.take, take), append(w.keep, keep), append(w.speed, speed), append(w.place, place)
		w.takeAt, w.keepAt = append(w.takeAt, x), append(w.keepAt, y)
		w.sums = append(w.sums, make([]insight.Funnel, n))
		w.strata = append(w.strata, [2][]insight.Count{make([]insight.Count, n), make([]insight.Count, n)})
	}
	return w
}

// placed is how much better the good place is, by kind of world.
func (w *service) placed() float64 {
	switch w.nasty {
	case "position", "simpson":
		return 1.1
	case "personalised":
		return 0.8
	}
	return 0
}

// hours lets n hours pass.
func (w *service) hours(n int) {
	for t := range w.sums {
		for c := range w.sums[t] {
			seen := distuv.Poisson{Lambda: min(w.speed[t][c], 2000) * float64(n), Src: w.r}.Rand()
			good := binomial(w.r, seen, w.place[t][c])
			p := w.take[t][c]
			if w.nasty == "novelty" { // the same for all: what is new draws more
				p = expit(math.Log(p/(1-p)) + 0.5*math.Exp(-float64(w.hour)/72))
			}
			for place, n := range [2]float64{good, seen - good} {
				took := binomial(w.r, n, expit(math.Log(p/(1-p))+w.placed()*(0.5-float64(place))))
				if w.nasty == "unequal" { // some come back as several devices: counted twice together
					took += binomial(w.r, took, 0.05)
					took = min(took, n)
				}
				kept := binomial(w.r, took, w.keep[t][c])
				f := &w.sums[t][c]
				f.Take.N, f.Take.K = f.Take.N+n, f.Take.K+took
				f.Keep.N, f.Keep.K = f.Keep.N+took, f.Keep.K+kept
				f.Effective.N, f.Effective.K = f.Effective.N+n, f.Effective.K+kept
				s := &w.strata[t][place][c]
				s.N, s.K = s.N+n, s.K+took
			}
		}
	}
	w.hour += n
}

// seen are the ways as the product judges them: standardised over places.
func (w *service) seen() [][]insight.Funnel {
	if w.placed() == 0 {
		return w.sums
	}
	out := make([][]insight.Funnel, len(w.sums))
	for t := range w.sums {
		out[t] = append([]insight.Funnel(nil), w.sums[t]...)
		x := insight.Standardise(len(out[t]), []insight.Stratum{{Key: "good", Counts: w.strata[t][0]}, {Key: "other", Counts: w.strata[t][1]}})
		for c := range out[t] {
			if n := min(out[t][c].Take.N, x.Counts[c].N); x.Counts[c].N > 0 {
				out[t][c].Take = insight.Count{K: x.Counts[c].K / x.Counts[c].N * n, N: n}
				f := &out[t][c]
				f.Effective = insight.Count{K: f.Take.K * f.Keep.K / max(f.Keep.N, 1), N: n}
			}
		}
	}
	return out
}
