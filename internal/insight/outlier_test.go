package insight

import (
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

// catalogue is a service whose creatives are shown day and night; what is planted
// in it is off by a factor in odds.
type catalogue struct {
	r      *rand.Rand
	take   [][]float64 // true rates
	keep   [][]float64
	speed  [][]float64 // viewers an hour
	sums   [][]Funnel
	family map[[2]int]Family
}

func newCatalogue(seed uint64, titles int) *catalogue {
	w := &catalogue{r: rand.New(rand.NewPCG(seed, 9)), family: map[[2]int]Family{}}
	for range titles {
		level, stay := expit(logit(0.08)+0.6*w.r.NormFloat64()), expit(logit(0.4)+0.5*w.r.NormFloat64())
		n := 3 + w.r.IntN(5)
		take, keep, speed := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range n {
			take[i] = distuv.Beta{Alpha: level * 200, Beta: (1 - level) * 200, Src: w.r}.Rand()
			keep[i] = distuv.Beta{Alpha: stay * 400, Beta: (1 - stay) * 400, Src: w.r}.Rand()
			speed[i] = 0.3 * distuv.Pareto{Xm: 1, Alpha: 1.1, Src: w.r}.Rand()
		}
		w.take, w.keep, w.speed = append(w.take, take), append(w.keep, keep), append(w.speed, speed)
		w.sums = append(w.sums, make([]Funnel, n))
	}
	return w
}

// hours lets time pass.
func (w *catalogue) hours(n float64) {
	draw := func(n, p float64) float64 {
		if n < 1 {
			return 0
		}
		return distuv.Binomial{N: n, P: p, Src: w.r}.Rand()
	}
	for t := range w.sums {
		for c := range w.sums[t] {
			seen := distuv.Poisson{Lambda: min(w.speed[t][c], 2000) * n, Src: w.r}.Rand()
			took := draw(seen, w.take[t][c])
			kept := draw(took, w.keep[t][c])
			f := &w.sums[t][c]
			f.Take.N, f.Take.K = f.Take.N+seen, f.Take.K+took
			f.Keep.N, f.Keep.K = f.Keep.N+took, f.Keep.K+kept
			f.Effective.N, f.Effective.K = f.Effective.N+seen, f.Effective.K+kept
		}
	}
}

// TestNullWorlds: where nothing is planted, few worlds ever give an alarm in 28
// days of looking twice a day. `make bench-insight` looks at 400, hourly.
func TestNullWorlds(t *testing.T) {
	const worlds = 12
	alarms := map[Family]int{}
	for seed := range uint64(worlds) {
		w := newCatalogue(seed, 25)
		seen := map[Family]bool{}
		var usual Usual
		for look := range 28 * 2 {
			w.hours(12)
			if look&(look-1) == 0 {
				usual = LearnUsual(w.sums)
			}
			for _, f := range Outliers(w.sums, usual, 0.05) {
				seen[f.Family] = true
			}
		}
		for f := range seen {
			alarms[f]++
		}
	}
	for f, n := range alarms {
		// 29 of 400 is the bar; of 12 more than 4 would be less than a chance in a thousand.
		if n > 4 {
			t.Errorf("%s: an alarm in %d of %d worlds without any", f, n, worlds)
		}
	}
	t.Logf("alarms %v of %d worlds", alarms, worlds)
}

// TestPlantedOutliers: what is planted is found, and little else.
func TestPlantedOutliers(t *testing.T) {
	found, planted, wrong := 0, 0, 0
	for seed := range uint64(8) {
		w := newCatalogue(100+seed, 40)
		for i := range 6 {
			t, c := 5*i, w.r.IntN(len(w.take[5*i]))
			for j := range w.speed[t] {
				w.speed[t][j] = 20
			}
			w.take[t][c] = expit(logit(w.take[t][c]) + 0.9)
			if i%2 == 0 { // clickbait
				w.keep[t][c] = expit(logit(w.keep[t][c]) - 1.2)
				w.family[[2]int{t, c}] = Clickbait
			} else {
				w.family[[2]int{t, c}] = TakeUp
			}
		}
		w.hours(28 * 24)
		got := map[[2]int]map[Family]bool{}
		for _, f := range Outliers(w.sums, LearnUsual(w.sums), 0.1) {
			at := [2]int{f.Title, f.Creative}
			if got[at] == nil {
				got[at] = map[Family]bool{}
			}
			got[at][f.Family] = true
			if w.family[at] == "" {
				wrong++
			}
		}
		for at, f := range w.family {
			planted++
			if got[at][f] {
				found++
			}
		}
	}
	if share := float64(found) / float64(planted); share < 0.8 {
		t.Errorf("found %d of %d planted", found, planted)
	}
	if wrong > planted/5 {
		t.Errorf("%d findings where nothing was planted, %d planted", wrong, planted)
	}
	u := newCatalogue(100, 40)
	u.hours(28 * 24)
	t.Logf("concentration %v", LearnUsual(u.sums).Take.Concentration())
	t.Logf("found %d of %d, wrong %d", found, planted, wrong)
}
