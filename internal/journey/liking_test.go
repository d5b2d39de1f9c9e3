package journey

import (
	"cmp"
	"math"
	"slices"
	"testing"
)

// observed is one number of titles with a label: how likely it is for viewers who
// like the label and for those who do not, their shares taken into account.
type observed struct{ liked, not float64 }

// ways are all numbers of n titles that bear a label of share p, liked by one viewer
// of ten at factor times the odds.
func ways(n int, p, factor float64) []observed {
	q := factor * p / (1 - p + factor*p)
	out := make([]observed, n+1)
	for k := range out {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		at := func(p float64) float64 {
			return math.Exp(a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
		}
		out[k] = observed{0.1 * at(q), 0.9 * at(p)}
	}
	return out
}

// bestF1 is that of the observer who knows the factor: who tells first what is most
// probable.
func bestF1(all []observed, liked float64) float64 {
	slices.SortFunc(all, func(x, y observed) int { return cmp.Compare(y.liked*x.not, x.liked*y.not) })
	best, right, told := 0.0, 0.0, 0.0
	for _, o := range all {
		right, told = right+o.liked, told+o.liked+o.not
		best = max(best, 2*right/(told+liked))
	}
	return best
}

// TestTastesNearTheBest: what is told has at least 0.9 of the F1 of the observer who
// knows how much those who like a label like it, which tastes do not know.
func TestTastesNearTheBest(t *testing.T) {
	const label = "genre:horror"
	shares := []float64{0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3}
	for _, n := range []int{5, 10, 20, 50, 100} {
		for _, factor := range []float64{1.5, 2, 3} {
			var all []observed
			right, told := 0.0, 0.0
			for _, p := range shares {
				w := ways(n, p, factor)
				for k := range w {
					chosen := make([]Choice, n)
					for i := range k {
						chosen[i].Labels = label
					}
					if len(Likes(chosen, func(string) float64 { return p }, DefaultConfig().HalfLife)) > 0 {
						right, told = right+w[k].liked, told+w[k].liked+w[k].not
					}
				}
				all = append(all, w...)
			}
			liked := 0.1 * float64(len(shares))
			if got, best := 2*right/(told+liked), bestF1(all, liked); got < 0.9*best {
				t.Errorf("%d titles, liked %g times: F1 %.3f, the best %.3f", n, factor, got, best)
			}
		}
	}
}

// TestRareLabels: one title makes no taste of a rare label, nor one of few.
func TestRareLabels(t *testing.T) {
	chosen := func(n int) []Choice {
		list := make([]Choice, n)
		list[0].Labels = "cast:a"
		return list
	}
	for _, c := range []struct {
		titles int
		share  float64
		want   int
	}{{4, 0.05, 0}, {5, 0.05, 1}, {5, 0.02, 0}, {60, 0.05, 0}} {
		if got := Likes(chosen(c.titles), func(string) float64 { return c.share }, DefaultConfig().HalfLife); len(got) != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
