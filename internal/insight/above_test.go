package insight

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestLogAbove: on the average an e-value is at most 1 under the bound, and it grows
// above it.
func TestLogAbove(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for _, bound := range []float64{0.01, 0.05, 0.3} {
		for _, rate := range []float64{bound / 2, bound} {
			mean := 0.0
			const n, draws = 60, 20_000
			for range draws {
				k := distuv.Binomial{N: n, P: rate, Src: r}.Rand()
				mean += math.Exp(LogAbove(Count{K: k, N: n}, bound)) / draws
			}
			if mean > 1.15 { // its own error, of a long tail
				t.Errorf("a rate of %g under a bound of %g: mean e-value %.2f", rate, bound, mean)
			}
		}
		if e := LogAbove(Count{K: 3 * 1000 * bound, N: 1000}, bound); e < math.Log(100) {
			t.Errorf("three times a bound of %g: log e %.1f", bound, e)
		}
	}
	if LogAbove(Count{K: 1, N: 2}, 0) != 0 || LogAbove(Count{}, 0.1) > 1e-9 {
		t.Error("nothing is evidence of something")
	}
	if got := Above([]Count{{K: 2, N: 100}, {K: 60, N: 100}, {K: 40, N: 100}}, 0.1, 0.05); len(got) != 2 || got[0] != 1 || got[1] != 2 {
		t.Errorf("above are %v", got)
	}
}

// TestMissing: few viewers who see much are few.
func TestMissing(t *testing.T) {
	for _, c := range []struct {
		expected, perViewer float64
		want                bool
	}{{10, 1, false}, {16, 1, true}, {16, 0, true}, {100, 10, false}, {200, 10, true}} {
		if Missing(c.expected, c.perViewer) != c.want {
			t.Errorf("%+v", c)
		}
	}
}
