package insight

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestScaleIsTheDefinition: the evidence is the ratio of marginal likelihoods that
// `odds` says, worked out here plainly, term by term, in logarithms.
func TestScaleIsTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 12 {
		w := newCatalogue(uint64(n), 12)
		w.hours(math.Floor(math.Pow(10, 1+2*r.Float64())))
		var takes [][]Count
		for _, title := range w.sums {
			var one []Count
			for i := range title {
				one = append(one, title[i].Take.clean())
			}
			takes = append(takes, one)
		}
		p := LearnRobustPrior(takes)
		s := newScale(p)
		for _, title := range takes[:3] {
			own := make([]*seen, len(title))
			for c := range title {
				own[c] = s.see(title[c])
			}
			got := s.weigh(own)
			for c := range title {
				if title[c].N == 0 {
					continue
				}
				want := plainOdds(p, title, c)
				for e := range effectCount {
					for _, v := range [][2]float64{{got[c].up[e], want.up[e]}, {got[c].down[e], want.down[e]}} {
						if math.Abs(v[0]-v[1]) > 1e-6*(1+math.Abs(v[1])) && v[1] > -300 {
							t.Errorf("creative %v of %v, effect %d: %v instead of %v", title[c], title, e, v[0], v[1])
						}
					}
				}
			}
		}
	}
}

func plainOdds(p *Prior, title []Count, c int) (o odds) {
	step := logit(p.levels[1]) - logit(p.levels[0])
	like := func(n Count, m, s, moved float64) float64 {
		m = expit(logit(m) + math.Round(moved/step)*step)
		return logBetaBinomial(n.K, n.N, m, s)
	}
	var sums [placeCount]*logSum
	for j := range sums {
		sums[j] = newLogSum()
	}
	moves := [placeCount]float64{}
	for e, f := range effects() {
		moves[1+2*e], moves[2+2*e] = math.Log(f), -math.Log(f)
	}
	for j, part := range p.fewer() {
		s := p.spreads[j]
		for i, m := range p.levels {
			mass := part * p.weights[j][i]
			if mass <= 1e-7 {
				continue
			}
			others := math.Log(mass)
			for d := range title {
				if d == c || title[d].N == 0 {
					continue
				}
				one := newLogSum()
				for k, x := range moves {
					one.add(math.Log(p.places[k]) + like(title[d], m, s, x))
				}
				others += one.value()
			}
			for k, x := range moves {
				sums[k].add(others + like(title[c], m, s, x))
			}
		}
	}
	for e := range effectCount {
		o.up[e], o.down[e] = sums[1+2*e].value()-sums[0].value(), sums[2+2*e].value()-sums[0].value()
	}
	return o
}

func BenchmarkOutliers(b *testing.B) {
	w := newCatalogue(1, 25)
	w.hours(28 * 24)
	usual := LearnUsual(w.sums)
	for b.Loop() {
		Outliers(w.sums, usual, 0.1)
	}
}

func BenchmarkLearnUsual(b *testing.B) {
	w := newCatalogue(1, 25)
	w.hours(28 * 24)
	for b.Loop() {
		LearnUsual(w.sums)
	}
}
