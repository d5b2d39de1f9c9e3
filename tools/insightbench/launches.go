package main

import (
	"math"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"

	"playhead/internal/insight"
	"playhead/tools/figures"
)

const (
	// launchTitles are launched in four weeks, and judged from a day after.
	launchTitles = 8
	// launchCountries have shares of 1 ÷ rank of what is shown.
	launchCountries = 60
	// failing is by how much the odds of a title that fails to start are raised.
	failing = 5
	// again is how many impressions a viewer has on the average.
	again = 6
)

// launches counts worlds in which a launch is said to go wrong though none does,
// looked at hourly for four weeks, and how often one is found that does.
func launches(o options, r *figures.Report) {
	var mu sync.Mutex
	alarms, found := map[string]int{}, map[string]int{}
	each(o.nullWorlds, func(i int) {
		fails, missing := launchWorld(uint64(i), false)
		fails2, missing2 := launchWorld(uint64(i), true)
		mu.Lock()
		defer mu.Unlock()
		for name, is := range map[string][2]bool{"fails_to_start": {fails, fails2}, "not_shown": {missing, missing2}} {
			if is[0] {
				alarms[name]++
			}
			if is[1] {
				found[name]++
			}
		}
	})
	for _, name := range []string{"fails_to_start", "not_shown"} {
		r.AtMost("insight.launches.null_alarmed."+name, float64(alarms[name]), "worlds", allowed(o.nullWorlds))
		r.Add("insight.launches.found."+name, float64(found[name])/float64(max(o.nullWorlds, 1)), "share of worlds where it is so")
	}
}

// launchWorld looks at launches every hour. Where something is wrong the first title
// fails to start and is not shown in the largest country: it tells whether that was
// said, else whether anything was.
func launchWorld(seed uint64, wrong bool) (fails, missing bool) {
	rnd := rand.New(rand.NewPCG(seed, 9))
	usual := []float64{0.005, 0.01, 0.02, 0.05}[rnd.IntN(4)]
	requests := make([]insight.Count, launchTitles)
	var sum float64
	for k := range launchCountries {
		sum += 1 / float64(k+1)
	}
	var speed [launchTitles]float64 // requests, and viewers shown, an hour
	var from [launchTitles]int
	var shown [launchTitles]float64 // impressions of each title
	var seen [launchTitles][launchCountries]bool
	for t := range speed {
		speed[t], from[t] = 0.5*math.Exp(rnd.Float64()*math.Log(600)), rnd.IntN(27*24)
	}
	from[0] = 0
	for hour := range 28 * 24 {
		for t := range speed {
			if hour < from[t] {
				continue
			}
			n := distuv.Poisson{Lambda: speed[t], Src: rnd}.Rand()
			rate := usual
			if wrong && t == 0 {
				rate = moved(usual, failing)
			}
			requests[t].N, requests[t].K = requests[t].N+n, requests[t].K+binomial(rnd, n, rate)
			for k := range launchCountries {
				viewers := distuv.Poisson{Lambda: speed[t] / sum / float64(k+1), Src: rnd}.Rand()
				if wrong && t == 0 && k == 0 {
					viewers = 0
				}
				seen[t][k] = seen[t][k] || viewers > 0
				shown[t] += again * viewers
			}
			if hour < from[t]+24 || wrong && t > 0 {
				continue
			}
			for k := range launchCountries {
				missing = missing || !seen[t][k] && insight.Missing(shown[t]/sum/float64(k+1), again)
			}
		}
		for _, t := range insight.Above(requests, 2*usual, alarmRate) {
			fails = fails || requests[t].N >= 30 && (!wrong || t == 0)
		}
	}
	return fails, missing
}
