package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"playhead/internal/insight"
	"playhead/tools/figures"
)

// Rates: of alarms of trends in four weeks, and of false discoveries of what is listed.
const (
	alarmRate  = 0.05
	listedRate = 0.1
	// nullTitles is how large a null world is.
	nullTitles = 25
)

// allowed is of how many null worlds there may be an alarm: 29 of 400.
func allowed(worlds int) float64 { return float64(29 * worlds / 400) }

// null looks at worlds where nothing is planted, a sixth of them of each kind,
// and counts those with any alarm, by family.
func null(o options, r *figures.Report) error {
	kept, err := openNotes(o.kept, o.looks)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	alarmed := map[insight.Family]int{}
	byKind := map[string]int{}
	each(o.nullWorlds, func(i int) {
		i += o.nullFirst
		seen := kept.outcome(i, func() outcome { return lookAt(i, o.looks) })
		mu.Lock()
		defer mu.Unlock()
		for _, f := range seen.Alarmed {
			alarmed[f]++
		}
		if len(seen.Alarmed) > 0 {
			byKind[seen.Kind]++
		}
	})
	r.Add("insight.null.worlds", float64(o.nullWorlds), "worlds")
	r.Add("insight.null.looks", float64(o.looks), "looks a world")
	bar := allowed(o.nullWorlds)
	for _, f := range insight.Families() {
		r.AtMost("insight.null.alarmed."+string(f), float64(alarmed[f]), "worlds", bar)
	}
	for _, k := range nasties() {
		r.Add("insight.null.kind."+k, float64(byKind[k]), "worlds with any alarm")
	}
	return kept.close()
}

// lookAt looks at the null world i, evenly over 28 days, as the product does.
func lookAt(i, looks int) outcome {
	out := outcome{Kind: nasties()[i%len(nasties())]}
	w := newService(uint64(i)+1, nullTitles, out.Kind)
	var judge *insight.Judge
	for look := range looks {
		w.hours(28 * 24 / looks)
		sums := w.seen()
		if look&(look-1) == 0 { // learnt anew as the service grows
			judge = insight.NewJudge(insight.LearnUsual(sums))
		}
		judge.Weigh(sums)
		if len(judge.Alarmed()) == 0 {
			continue // nothing that is listed can be one
		}
		for _, f := range judge.Findings(listedRate) {
			if f.Alarm && !slices.Contains(out.Alarmed, f.Family) {
				out.Alarmed = append(out.Alarmed, f.Family)
			}
		}
	}
	return out
}

// planted plants raised takes in a fifth of the titles, over a grid of effects
// (factor on the odds) and traffic (viewers of a creative), and compares what is
// found with the Bayes-optimal observer who knows the model but not the draw.
func planted(o options, r *figures.Report) {
	const titles = 200
	allFound, allBest, allWrong := 0, 0, 0
	for _, effect := range []float64{1.5, 2.5, 4} {
		for _, viewers := range []float64{1500, 15_000} {
			var mu sync.Mutex
			found, best, wrong := 0, 0, 0
			each(o.worlds, func(i int) {
				w := newService(uint64(1000+i)+uint64(viewers)*31+uint64(effect*100)+o.seed<<32, titles, "plain")
				at := map[[2]int]bool{}
				for t := range titles {
					for c := range w.speed[t] {
						w.speed[t][c] = viewers / (28 * 24)
					}
					if t%5 == 0 {
						c := w.r.IntN(len(w.take[t]))
						w.take[t][c] = beta(w.r, expit(w.takeAt[t]+math.Log(effect)), takeClose)
						at[[2]int{t, c}] = true
					}
				}
				w.hours(28 * 24)
				b := 0
				for _, x := range w.oracle(float64(len(at)), math.Log(effect)) {
					if at[x] {
						b++
					}
				}
				f, wr := 0, 0
				for _, x := range insight.Outliers(w.sums, insight.LearnUsual(w.sums), listedRate) {
					switch {
					case x.Family != insight.TakeUp:
					case at[[2]int{x.Title, x.Creative}]:
						f++
					default:
						wr++
					}
				}
				mu.Lock()
				defer mu.Unlock()
				found, best, wrong = found+f, best+b, wrong+wr
			})
			name := "insight.planted.effect_" + short(effect) + "_viewers_" + short(viewers)
			r.Add(name+".found", float64(found), "creatives")
			r.Add(name+".oracle", float64(best), "creatives")
			r.Add(name+".wrong", float64(wrong), "creatives")
			allFound, allBest, allWrong = allFound+found, allBest+best, allWrong+wrong
		}
	}
	r.AtLeast("insight.planted.recall_of_oracle", float64(allFound)/float64(max(allBest, 1)), "ratio", 0.9)
	r.AtMost("insight.planted.false_discovery_rate", float64(allWrong)/float64(max(allFound+allWrong, 1)), "ratio", 0.1)
}

// intervals checks shrunken intervals by strata of viewers and of the true rate,
// among the ten that look best of each world, and against the width of an
// observer who knows each title's level and the concentration.
func intervals(o options, r *figures.Report) {
	type tally struct{ hit, n int }
	var mu sync.Mutex
	byN, byRate, byBoth, top := map[int]*tally{}, map[int]*tally{}, map[int]*tally{}, &tally{}
	width, least := 0.0, 0.0
	note := func(m map[int]*tally, k int, hit bool) {
		if m[k] == nil {
			m[k] = &tally{}
		}
		m[k].n++
		if hit {
			m[k].hit++
		}
	}
	each(o.intervals, func(i int) {
		rnd := rand.New(rand.NewPCG(uint64(i), 5))
		spread := []float64{30, 120, 600}[i%3]
		var counts [][]insight.Count
		var rates [][]float64
		var levels []float64
		for range 200 {
			m := expit(takeLevel + takeSpread*rnd.NormFloat64())
			var cs []insight.Count
			var ps []float64
			for range 2 + rnd.IntN(7) {
				p, n := beta(rnd, m, spread), math.Floor(math.Exp(2+7*rnd.Float64()))
				cs, ps = append(cs, insight.Count{K: binomial(rnd, n, p), N: n}), append(ps, p)
			}
			counts, rates, levels = append(counts, cs), append(rates, ps), append(levels, m)
		}
		prior := insight.LearnPrior(counts)
		type seen struct {
			value float64
			hit   bool
		}
		var all []seen
		for t := range counts {
			for c, post := range prior.Posteriors(counts[t]) {
				e, truth := post.Estimate(), rates[t][c]
				hit := e.Low <= truth && truth <= e.High
				all = append(all, seen{e.Value, hit})
				a, b := levels[t]*spread+counts[t][c].K, (1-levels[t])*spread+counts[t][c].N-counts[t][c].K
				mu.Lock()
				viewers, rate := int(math.Log10(counts[t][c].N)), int(math.Floor(2*math.Log2(truth/0.08)))
				note(byN, viewers, hit)
				note(byRate, rate, hit)
				note(byBoth, 1000*viewers+rate, hit)
				width += e.High - e.Low
				least += 2 * 1.96 * math.Sqrt(a*b/((a+b)*(a+b)*(a+b+1)))
				mu.Unlock()
			}
		}
		slices.SortFunc(all, func(x, y seen) int {
			if x.value > y.value {
				return -1
			}
			return 1
		})
		mu.Lock()
		defer mu.Unlock()
		for _, x := range all[:10] {
			top.n++
			if x.hit {
				top.hit++
			}
		}
	})
	worst := func(m map[int]*tally) float64 {
		low := 1.0
		for _, t := range m {
			if t.n >= 400 {
				low = min(low, float64(t.hit)/float64(t.n))
			}
		}
		return low
	}
	r.AtLeast("insight.intervals.worst_by_viewers", worst(byN), "coverage", 0.93)
	r.AtLeast("insight.intervals.worst_by_rate", worst(byRate), "coverage", 0.93)
	r.AtLeast("insight.intervals.worst_by_both", worst(byBoth), "coverage", 0.93)
	r.AtLeast("insight.intervals.top_ten", float64(top.hit)/float64(max(top.n, 1)), "coverage", 0.9)
	r.AtMost("insight.intervals.width_to_oracle", width/least, "ratio", 1.25)
}

// regret compares what is lost by showing the creative that leads by its shrunken
// and by its raw rate, in worlds of unequal traffic: the paired difference's 95 %
// interval lies below 0.
func regret(o options, r *figures.Report) {
	diff := make([]float64, o.regret)
	each(o.regret, func(i int) {
		rnd := rand.New(rand.NewPCG(uint64(i), 6))
		var counts [][]insight.Count
		var rates [][]float64
		for range 60 {
			m := expit(takeLevel + takeSpread*rnd.NormFloat64())
			var cs []insight.Count
			var ps []float64
			for range 3 + rnd.IntN(5) {
				p, n := beta(rnd, m, takeClose), math.Floor(math.Exp(3+6*rnd.Float64()))
				cs, ps = append(cs, insight.Count{K: binomial(rnd, n, p), N: n}), append(ps, p)
			}
			counts, rates = append(counts, cs), append(rates, ps)
		}
		prior := insight.LearnPrior(counts)
		for t := range counts {
			shrunken := insight.Rank(prior.Posteriors(counts[t]))[0].Creative
			raw := 0
			for c := range counts[t] {
				if counts[t][c].K*counts[t][raw].N > counts[t][raw].K*counts[t][c].N {
					raw = c
				}
			}
			diff[i] += rates[t][raw] - rates[t][shrunken] // regret of the shrunken less that of the raw
		}
		diff[i] /= float64(len(counts))
	})
	mean, v := 0.0, 0.0
	for _, d := range diff {
		mean += d / float64(len(diff))
	}
	for _, d := range diff {
		v += (d - mean) * (d - mean) / float64(len(diff)-1)
	}
	half := 1.96 * math.Sqrt(v/float64(len(diff)))
	r.Add("insight.regret.difference", mean*1000, "takes of 1000")
	r.AtMost("insight.regret.difference_high", (mean+half)*1000, "takes of 1000", 0)
}

// trends counts null worlds with any alarm in 28 daily looks, and how many rises
// by 1.6 are found.
func trends(o options, r *figures.Report) {
	var mu sync.Mutex
	alarmed, found := 0, 0
	draw := func(rnd *rand.Rand, factor float64) []insight.Series {
		list := make([]insight.Series, 30)
		for i := range list {
			base, unrest := math.Exp(rnd.NormFloat64())/30, 0.03+0.07*rnd.Float64()
			share := func() float64 { return base * math.Exp(unrest*rnd.NormFloat64()) }
			list[i] = insight.Series{Now: share(), Plays: 1e5}
			for range 8 {
				list[i].Before = append(list[i].Before, share())
			}
		}
		list[0].Now *= factor
		return list
	}
	each(o.nullWorlds, func(i int) {
		rnd := rand.New(rand.NewPCG(uint64(i), 8))
		any := false
		for range 28 {
			for _, m := range insight.Momenta(draw(rnd, 1), alarmRate) {
				any = any || m.Alarm
			}
		}
		rise := insight.Momenta(draw(rnd, 1.6), alarmRate)[0].Alarm
		mu.Lock()
		defer mu.Unlock()
		if any {
			alarmed++
		}
		if rise {
			found++
		}
	})
	r.AtMost("insight.trends.null_alarmed", float64(alarmed), "worlds", allowed(o.nullWorlds))
	r.Add("insight.trends.rise_found", float64(found)/float64(o.nullWorlds), "share of rises by 1.6")
}
