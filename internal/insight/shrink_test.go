package insight

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// world draws titles whose creatives keep to them with concentration s, and
// viewers by a long-tailed traffic.
type world struct {
	counts [][]Count
	rates  [][]float64
	levels []float64
	spread float64
}

func drawWorld(r *rand.Rand, titles int, spread float64) world {
	w := world{spread: spread}
	for range titles {
		m := expit(logit(0.08) + 0.6*r.NormFloat64())
		var counts []Count
		var rates []float64
		for range 2 + r.IntN(7) {
			p := distuv.Beta{Alpha: m * spread, Beta: (1 - m) * spread, Src: r}.Rand()
			n := math.Floor(math.Exp(2 + 7*r.Float64()))
			k := distuv.Binomial{N: n, P: p, Src: r}.Rand()
			counts, rates = append(counts, Count{K: k, N: n}), append(rates, p)
		}
		w.counts, w.rates, w.levels = append(w.counts, counts), append(w.rates, rates), append(w.levels, m)
	}
	return w
}

// TestShrunkenIntervals: intervals cover in each stratum of traffic and of true
// rate, and among those that look best, and are little wider than those of an
// oracle that knows each title's level and the concentration.
func TestShrunkenIntervals(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	byTraffic, byRate := map[int]*coverage{}, map[int]*coverage{}
	var top coverage
	width, oracle := 0.0, 0.0
	for i := range 12 {
		w := drawWorld(r, 200, []float64{30, 120, 600}[i%3])
		prior := LearnPrior(w.counts)
		type found struct{ value, low, high, truth float64 }
		var all []found
		for j, group := range w.counts {
			for c, post := range prior.Posteriors(group) {
				e, truth := post.Estimate(), w.rates[j][c]
				hit := e.Low <= truth && truth <= e.High
				note(byTraffic, int(math.Log10(group[c].N)), hit)
				note(byRate, int(math.Floor(2*math.Log2(truth/0.08))), hit)
				all = append(all, found{e.Value, e.Low, e.High, truth})
				width += e.High - e.Low
				a, b := w.levels[j]*w.spread+group[c].K, (1-w.levels[j])*w.spread+group[c].N-group[c].K
				best := mixture{{1, a, b}}
				oracle += best.quantile(0.975) - best.quantile(0.025)
			}
		}
		for range 10 {
			at := 0
			for j := range all {
				if all[j].value > all[at].value {
					at = j
				}
			}
			top.note(all[at].low <= all[at].truth && all[at].truth <= all[at].high)
			all[at].value = -1
		}
	}
	for name, strata := range map[string]map[int]*coverage{"traffic of 10^": byTraffic, "a rate of level ": byRate} {
		for k, c := range strata {
			if c.n >= 400 && c.share() < 0.93 {
				t.Errorf("%s%d: %.3f of %d intervals cover the truth, want 0.93", name, k, c.share(), c.n)
			}
		}
	}
	if top.share() < 0.90 {
		t.Errorf("the ten that look best: %.3f of %d intervals cover the truth, want 0.90", top.share(), top.n)
	}
	if ratio := width / oracle; ratio > 1.25 {
		t.Errorf("intervals are %.2f times as wide as the oracle's, want 1.25", ratio)
	} else {
		t.Logf("width %.3f of the oracle's; top ten %.3f", ratio, top.share())
	}
}

type coverage struct{ hit, n int }

func (c *coverage) note(hit bool) {
	c.n++
	if hit {
		c.hit++
	}
}

func (c *coverage) share() float64 { return float64(c.hit) / float64(max(c.n, 1)) }

func note(strata map[int]*coverage, k int, hit bool) {
	if strata[k] == nil {
		strata[k] = &coverage{}
	}
	strata[k].note(hit)
}

// TestRawInterval: Jeffreys' interval at some known values (Brown, Cai & DasGupta 2001, R's binom).
func TestRawInterval(t *testing.T) {
	e := Raw(Count{K: 10, N: 100})
	if math.Abs(e.Low-0.052585) > 1e-5 || math.Abs(e.High-0.170124) > 1e-5 {
		t.Errorf("10 of 100: %+v", e)
	}
	if e := Raw(Count{K: 0, N: 20}); e.Low != 0 || e.High < 0.08 || e.High > 0.15 {
		t.Errorf("0 of 20: %+v", e)
	}
	if e := Raw(Count{}); e.Low != 0 || e.High != 1 {
		t.Errorf("of nobody: %+v", e)
	}
}

func BenchmarkLearnPrior(b *testing.B) {
	w := drawWorld(rand.New(rand.NewPCG(1, 2)), 300, 100)
	for b.Loop() {
		LearnPrior(w.counts)
	}
}

func BenchmarkPosteriors(b *testing.B) {
	w := drawWorld(rand.New(rand.NewPCG(1, 2)), 300, 100)
	p := LearnPrior(w.counts)
	b.ResetTimer()
	for b.Loop() {
		for _, post := range p.Posteriors(w.counts[0]) {
			post.Estimate()
		}
	}
}
