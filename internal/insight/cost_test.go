package insight

import (
	"math"
	"math/rand/v2"
	"testing"
)

// manyGroups are creatives of a title by the values of a dimension, of which few
// are large.
func manyGroups(groups, creatives int) [][]Count {
	r := rand.New(rand.NewPCG(4, 4))
	out := make([][]Count, groups)
	for g := range out {
		for range creatives {
			n := math.Floor(2e6/math.Pow(float64(g+1), 1.2)*r.ExpFloat64()) + 1
			p := 0.08 * math.Exp(0.2*r.NormFloat64())
			out[g] = append(out[g], Count{K: math.Floor(n * p), N: n, Error: 0.016})
		}
	}
	return out
}

// BenchmarkRankedGroups is what an answer by country costs: 190 countries of 12
// creatives.
func BenchmarkRankedGroups(b *testing.B) {
	groups := manyGroups(190, 12)
	prior := LearnPrior(groups)
	for b.Loop() {
		for _, g := range groups {
			Rank(prior.Posteriors(g))
		}
	}
}

// TestMerged: putting neighbours together moves a mixture's quantiles by less than a
// hundredth of its standard deviation.
func TestMerged(t *testing.T) {
	for _, n := range []float64{0, 5, 50, 2000, 1e6} {
		for _, s := range []float64{20, 200, 5000} {
			var m mixture
			for i := range 40 {
				level := expit(-3 + 0.05*float64(i))
				z := float64(i-20) / 8
				m = append(m, component{math.Exp(-z * z / 2), n*0.08 + level*s, n*0.92 + (1-level)*s})
			}
			m.normalise()
			sd := math.Sqrt(m.variance())
			few := append(mixture(nil), m...).merged()
			for _, p := range []float64{0.017, 0.5, 0.983} {
				if a, b := m.quantile(p), few.quantile(p); math.Abs(a-b) > 0.01*sd {
					t.Errorf("%g viewers, concentration %g: quantile %g is %g, merged %g, of a deviation of %g", n, s, p, a, b, sd)
				}
			}
			t.Logf("%g viewers, concentration %g: %d components", n, s, len(few))
		}
	}
}

// TestBins: a bell's density tells what its distribution does.
func TestBins(t *testing.T) {
	parts := newBins(0.02, 0.3)
	for _, c := range []component{{1, 80, 920}, {1, 2.5, 40}, {1, 800, 9200}} {
		_, sd := c.moments()
		last := betaCDF(0.02, c.a, c.b)
		for k, got := range parts.of(c, sd) {
			below := betaCDF(0.02+parts.width*float64(k+1), c.a, c.b)
			if math.Abs(got-(below-last)) > 5e-4 {
				t.Errorf("%v: bin %d has %g, not %g", c, k, got, below-last)
			}
			last = below
		}
	}
}
