package insight

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestSimpson: a worse picture that was shown in the better place looks better,
// until like is compared with like; and the reversal is told.
func TestSimpson(t *testing.T) {
	strata := []Stratum{
		{Key: "billboard", Counts: []Count{{K: 1800, N: 9000}, {K: 250, N: 1000}}},
		{Key: "row", Counts: []Count{{K: 40, N: 1000}, {K: 450, N: 9000}}},
	}
	raw := []Count{{K: 1840, N: 10000}, {K: 700, N: 10000}}
	got := Standardise(2, strata)
	if a, b := got.Counts[0].rate(), got.Counts[1].rate(); a >= b {
		t.Errorf("standardised: %.4f and %.4f, want the second to be better: it is, in each place", a, b)
	} else if r := b / a; math.Abs(r-1.25) > 0.06 {
		t.Errorf("the second is %.3f times the first, want about 1.25 as in each place", r)
	}
	for i, o := range got.Overlap {
		if o != 1 {
			t.Errorf("creative %d overlaps by %.2f, want 1: both were shown in both places", i, o)
		}
	}
	if r := Reversals(raw, got.Counts); len(r) != 1 || r[0] != (Reversal{0, 1}) {
		t.Errorf("reversals %v, want the pair", r)
	}
	if r := Reversals(raw, raw); r != nil {
		t.Errorf("reversals %v of the same", r)
	}
}

// TestStandardiseTakesPlacesOut: whatever the places and how often each creative
// was in them, the standardised rates of creatives without any difference do not
// differ by more than chance.
func TestStandardiseTakesPlacesOut(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	told := coverage{}
	for range 300 {
		const creatives = 4
		var strata []Stratum
		for range 12 {
			p := expit(-2.5 + r.NormFloat64())
			s := Stratum{Counts: make([]Count, creatives)}
			for i := range s.Counts {
				n := math.Floor(math.Exp(3 + 4*r.Float64()))
				s.Counts[i] = Count{K: distuv.Binomial{N: n, P: p, Src: r}.Rand(), N: n}
			}
			strata = append(strata, s)
		}
		got := Standardise(creatives, strata)
		for i := 1; i < creatives; i++ {
			told.note(math.Abs(deviate(got.Counts[0], got.Counts[i])) > z95)
		}
	}
	if told.share() > 0.075 {
		t.Errorf("%.3f of %d pairs without a difference are told apart, want about 0.05", told.share(), told.n)
	}
}

func TestStandardiseOfNothing(t *testing.T) {
	got := Standardise(2, nil)
	if len(got.Counts) != 2 || got.Counts[0].N != 0 || got.Overlap[0] != 0 {
		t.Errorf("of no strata: %+v", got)
	}
	got = Standardise(2, []Stratum{{Counts: []Count{{K: 0, N: 10}, {K: 0, N: 0}}}})
	if got.Counts[1].N != 0 || got.Counts[0].K != 0 || got.Counts[0].N <= 0 || got.Overlap[0] != 0 {
		t.Errorf("of nobody who took: %+v", got)
	}
}

// TestWeighted: under a skewed random choice the weighted rate is unbiased and its
// interval covers; the raw rate is neither.
func TestWeighted(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	hit := coverage{}
	for range 500 {
		const truth = 0.5*0.05 + 0.5*0.25
		var m Moments
		for range 3000 {
			fan := r.IntN(2) == 1 // fans take more, and are shown it more often
			p, chance := 0.05, 0.1
			if fan {
				p, chance = 0.25, 0.7
			}
			if r.Float64() >= chance {
				continue
			}
			w := 1 / chance
			m.W += w
			m.W2 += w * w
			if r.Float64() < p {
				m.WY += w
				m.W2Y += w * w
			}
		}
		e := Raw(m.Weighted(1))
		hit.note(e.Low <= truth && truth <= e.High)
	}
	if hit.share() < 0.93 {
		t.Errorf("%.3f of %d intervals cover the truth, want 0.95", hit.share(), hit.n)
	}
	if c := (Moments{}).Weighted(1); c != (Count{}) {
		t.Errorf("of no impressions: %+v", c)
	}
}

// TestRank: the order, the probability to be best and what is missing.
func TestRank(t *testing.T) {
	p := LearnPrior(drawWorld(rand.New(rand.NewPCG(7, 8)), 100, 100).counts)
	ranked := Rank(p.Posteriors([]Count{{K: 80, N: 1000}, {K: 4000, N: 20000}, {K: 4, N: 20}}))
	if ranked[0].Creative != 1 || ranked[0].Best < 0.7 {
		t.Errorf("best: %+v, want the one with 20 %% of 20,000", ranked[0])
	}
	sum, small := 0.0, ranked[1]
	for _, r := range ranked {
		sum += r.Best
		if r.Creative == 2 {
			small = r
		}
	}
	if math.Abs(sum-1) > 1e-9 {
		t.Errorf("the probabilities to be best add up to %v", sum)
	}
	if small.Needs < 20 {
		t.Errorf("of twenty viewers %v more are said to be enough", small.Needs)
	}
	if w := small.Estimate.High - small.Estimate.Low; w < 0.03 {
		t.Errorf("twenty viewers give an interval of %v", w)
	}
}
