package insight

import (
	"cmp"
	"math"
	"slices"
)

// Series is one group's share of all in this window and in the same hours of
// earlier weeks, newest first.
type Series struct {
	Now    float64
	Before []float64
	// Plays in this window: what a share of few plays owes to chance.
	Plays float64
}

// Momentum is how much a group's share is above (or below) what the same hours of
// earlier weeks let expect.
type Momentum struct {
	// Log is the shrunken log-ratio, with its 95 % interval; 0 is as expected.
	Log Estimate
	// LogE is the log e-value against "as expected".
	LogE float64
	// Alarm is set when it stands out of all groups: see Momenta.
	Alarm bool
	// Known is false where there is nothing to compare with.
	Known bool
}

const (
	// trendPrior is how many weeks the usual unrest of all groups weighs against a
	// group's own.
	trendPrior = 12.0
	// trendSize is the log-ratio that a trend worth knowing has, about.
	trendSize = 0.3
	// trendLooks is how many daily looks the alarms of four weeks come from.
	trendLooks = 28.0
)

// Momenta are the momenta of groups. Their unrest from week to week is their own
// as far as a few weeks tell it, and else that of all. alpha bounds the
// probability of any alarm in four weeks of daily looks when nothing rises or
// fades: e-BH over the groups at alpha by looks (a union bound over the looks).
func Momenta(list []Series, alpha float64) []Momentum {
	out := make([]Momentum, len(list))
	x, own, weeks := make([]float64, len(list)), make([]float64, len(list)), make([]float64, len(list))
	var unrest []weekly
	for i, s := range list {
		logs := make([]float64, 0, len(s.Before))
		for _, b := range s.Before {
			if b > 0 {
				logs = append(logs, math.Log(b))
			}
		}
		if s.Now <= 0 || len(logs) < 2 {
			continue
		}
		mean := 0.0
		for _, l := range logs {
			mean += l / float64(len(logs))
		}
		for _, l := range logs {
			own[i] += (l - mean) * (l - mean)
		}
		x[i], weeks[i] = math.Log(s.Now)-mean, float64(len(logs))
		out[i].Known = true
		unrest = append(unrest, weekly{own[i] / (weeks[i] - 1), math.Max(s.Plays, 1)})
	}
	if len(unrest) == 0 {
		return out
	}
	usual := learnUnrest(unrest)
	se := make([]float64, len(list))
	for i, s := range list {
		if !out[i].Known {
			continue
		}
		plays := math.Max(s.Plays, 1)
		v := (own[i] + trendPrior*usual.of(plays)) / (weeks[i] - 1 + trendPrior)
		v = math.Max(v, 1/plays)
		se[i] = math.Sqrt(v * (1 + 1/weeks[i]))
	}
	drift := learnDrift(x, se)
	logE := make([]float64, len(list))
	for i := range list {
		if !out[i].Known {
			continue
		}
		df := weeks[i] - 1 + trendPrior
		out[i].Log = drift.posterior(x[i], se[i]*(1+1/(2*df)))
		logE[i] = trendEvidence(x[i], se[i], df)
		out[i].LogE = logE[i]
	}
	for _, i := range Discoveries(logE, alpha/trendLooks) {
		out[i].Alarm = true
	}
	return out
}

// weekly is the variance of the logarithm of a group's share from week to week.
type weekly struct{ variance, plays float64 }

// unrest is the usual variance: what chance does to few plays, and what moves
// groups of any size.
type unrest struct{ byPlay, any float64 }

func (u unrest) of(plays float64) float64 { return u.byPlay/plays + u.any }

// learnUnrest takes the first from the smaller half of groups and the second from
// what is left of the larger half's, by medians, so that a few that move do not
// count. Groups of one size say only the sum, and that is what is used of them.
func learnUnrest(list []weekly) unrest {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b weekly) int { return cmp.Compare(a.plays, b.plays) })
	// The median of a χ² of seven degrees is 0.91 of its mean.
	const toMean = 1 / 0.91
	median := func(list []weekly, of func(weekly) float64) float64 {
		values := make([]float64, len(list))
		for i, w := range list {
			values[i] = of(w)
		}
		slices.Sort(values)
		return (values[(len(values)-1)/2] + values[len(values)/2]) / 2 * toMean
	}
	half := (len(list) + 1) / 2
	u := unrest{byPlay: median(list[:half], func(w weekly) float64 { return w.variance * w.plays })}
	u.any = math.Max(0, median(list[len(list)-half:], func(w weekly) float64 { return w.variance - u.byPlay/w.plays/toMean }))
	return u
}

// trendEvidence is the log of the Bayes factor of a log-ratio drawn from
// N(0, trendSize²) against none, where x/se is Student's t of df degrees: both
// are t densities, of scales se and √(se² + trendSize²).
func trendEvidence(x, se, df float64) float64 {
	wide := math.Hypot(se, trendSize)
	tail := func(scale float64) float64 { return -math.Log(scale) - (df+1)/2*math.Log1p(x*x/(df*scale*scale)) }
	return tail(wide) - tail(se)
}
