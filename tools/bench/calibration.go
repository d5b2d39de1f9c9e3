package main

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"

	"playhead/internal/sketch"
	"playhead/tools/figures"
)

// saltedGroups are independent sets of members whose number is known, from 1 to
// a million, evenly in the logarithm.
const saltedGroups = 20_000

// outside counts groups whose truth lies outside the stated bounds.
type outside struct {
	groups, two, five int
	rough, roughTwo   int // of groups that do not hold every member
}

func (o *outside) see(truth float64, rough bool, bounds func(kappa float64) (low, high float64)) {
	o.groups++
	if rough {
		o.rough++
	}
	if low, high := bounds(2); truth < low || truth > high {
		o.two++
		if rough {
			o.roughTwo++
		}
	}
	if low, high := bounds(5); truth < low || truth > high {
		o.five++
	}
}

func (o *outside) add(p outside) {
	o.groups += p.groups
	o.two += p.two
	o.five += p.five
	o.rough += p.rough
	o.roughTwo += p.roughTwo
}

func (o *outside) report(r *figures.Report, name, rough string) {
	r.AtMost(name+".outside_2sigma", float64(o.two)/float64(o.groups), "share", 0.055)
	r.AtMost(name+"."+rough+"_outside_2sigma", float64(o.roughTwo)/float64(o.rough), "share", 0.055)
	r.AtMost(name+".outside_5sigma", float64(o.five), "groups", 0)
}

// measureCalibration salts every group anew, so that no two share a hash.
func measureCalibration(r *figures.Report) error {
	workers := runtime.GOMAXPROCS(0)
	distinct, overlap := make([]outside, workers), make([]outside, workers)
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for g := w; g < saltedGroups; g += workers {
				random := rand.New(rand.NewPCG(uint64(g), 4))
				distinctGroup(random, &distinct[w])
				overlapGroup(random, &overlap[w])
			}
		})
	}
	wait.Wait()
	for w := 1; w < workers; w++ {
		distinct[0].add(distinct[w])
		overlap[0].add(overlap[w])
	}
	distinct[0].report(r, "distinct", "dense")
	overlap[0].report(r, "overlap", "sampled")
	return nil
}

// upTo is a number from 1 to most, evenly in the logarithm.
func upTo(r *rand.Rand, most float64) int { return int(math.Exp(r.Float64() * math.Log(most+1))) }

func distinctGroup(r *rand.Rand, o *outside) {
	n := upTo(r, 1_000_000)
	var h sketch.HLL
	for range n {
		h.AddCoupon(sketch.Coupon(member(r)))
	}
	o.see(float64(n), h.StandardError() > 0.001, func(kappa float64) (float64, float64) { return h.LowerBound(kappa), h.UpperBound(kappa) })
}

// overlapGroup intersects two sets that have a part in common.
func overlapGroup(r *rand.Rand, o *outside) {
	common := upTo(r, 100_000)
	var a, b sketch.Theta
	for range common {
		m := member(r)
		a.Add(m)
		b.Add(m)
	}
	for range upTo(r, 100_000) {
		a.Add(member(r))
	}
	for range upTo(r, 100_000) {
		b.Add(member(r))
	}
	both := sketch.Intersect(&a, &b)
	sampled := both.Theta() < sketch.MaxTheta
	o.see(float64(common), sampled, func(kappa float64) (float64, float64) { return both.LowerBound(kappa), both.UpperBound(kappa) })
}
