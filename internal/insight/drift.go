package insight

import "math"

// drift is what log-ratios of groups are usually like: most stay about where they
// were, N(0, still²); some move, N(0, moving²). One bell for both would take a
// world in which little moves for one in which nothing can.
type drift struct {
	share float64 // of groups that move
	still float64 // standard deviation
}

// moving is the standard deviation of the log-ratio of what moves.
const moving = 0.6

// What is known of drift before anything is seen: as much as driftGroups groups
// would say, of which two move and the others by 5 % or so.
const (
	driftGroups = 6.0
	driftMoves  = 0.3
	driftStill  = 0.05
)

// learnDrift fits it by EM to log-ratios x with standard errors se; those of 0 are
// left out.
func learnDrift(x, se []float64) drift {
	d := drift{driftMoves, driftStill}
	for range 25 {
		moved, square, n := driftMoves*driftGroups, driftStill*driftStill*driftGroups, driftGroups
		for i := range x {
			if se[i] <= 0 {
				continue
			}
			p := d.moves(x[i], se[i])
			mean, sd := shrink(x[i], se[i], d.still)
			moved += p
			square += (1 - p) * (mean*mean + sd*sd)
			n++
		}
		d.share, d.still = moved/n, math.Sqrt(square/(n-moved+driftMoves*driftGroups))
	}
	return d
}

// moves is how likely a group is one that moves.
func (d drift) moves(x, se float64) float64 {
	log := func(sd float64) float64 {
		v := sd*sd + se*se
		return -math.Log(v)/2 - x*x/(2*v)
	}
	return 1 / (1 + (1-d.share)/d.share*math.Exp(log(d.still)-log(moving)))
}

// shrink is the mean and the deviation of what is known when what is usual is
// N(0, usual²).
func shrink(x, se, usual float64) (mean, sd float64) {
	keep := usual * usual / (usual*usual + se*se)
	return x * keep, se * math.Sqrt(keep)
}

// posterior is the mean and the 95 % interval of what is known; see shrunkenLevel.
func (d drift) posterior(x, se float64) Estimate {
	p := d.moves(x, se)
	m0, s0 := shrink(x, se, d.still)
	m1, s1 := shrink(x, se, moving)
	below := func(at float64) float64 {
		return (1-p)*math.Erfc((m0-at)/(s0*math.Sqrt2))/2 + p*math.Erfc((m1-at)/(s1*math.Sqrt2))/2
	}
	quantile := func(q float64) float64 {
		lo, hi := math.Min(m0-6*s0, m1-6*s1), math.Max(m0+6*s0, m1+6*s1)
		for range 30 {
			if mid := (lo + hi) / 2; below(mid) < q {
				lo = mid
			} else {
				hi = mid
			}
		}
		return (lo + hi) / 2
	}
	return Estimate{(1-p)*m0 + p*m1, quantile(shrunkenLevel), quantile(1 - shrunkenLevel)}
}
