package main

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"playhead/internal/sketch"
)

// hllSlots is the number of registers of the sketches that are kept.
const hllSlots = 1 << sketch.LgK

// couponShift is where a coupon's value begins.
const couponShift = 26

// directMembers is up to how many members are drawn one by one, fewMembers about
// how many of a larger number are.
const (
	directMembers = 4 * hllSlots
	fewMembers    = hllSlots / 4
)

// drawHLL adds n new members to a sketch without hashing any. What a hash gives is
// uniform bits: a register, and a value that is k with probability 2⁻ᵏ. Of many
// members only those with high values matter. So those above a level are drawn one
// by one (one to two in four registers), and each register that none of them hit gets the
// largest of its other members, Poisson many: P(value ≤ k) = exp(−λ·2⁻ᵏ).
// TestDrawnSketchesAreLikeHashedOnes compares both ways.
func drawHLL(r *rand.Rand, h *sketch.HLL, n int64) {
	if n <= directMembers {
		for range n {
			h.AddCoupon(coupon(r, 0))
		}
		return
	}
	level := bits.Len64(uint64(n/fewMembers)) - 1
	above := binomial(r, n, math.Exp2(-float64(level)))
	var hit [hllSlots]bool
	for range above {
		c := coupon(r, level)
		hit[c%hllSlots] = true
		h.AddCoupon(c)
	}
	rate := float64(n) / hllSlots
	var below [64]float64 // that no member is above a value
	for value := range level + 1 {
		below[value] = math.Exp(-rate * math.Exp2(-float64(value)))
	}
	for slot := range uint32(hllSlots) {
		if hit[slot] {
			continue
		}
		// None above the level, so the draw is below exp(−rate·2^−level).
		u := r.Float64() * below[level]
		value := level
		for value > 0 && u <= below[value-1] {
			value--
		}
		if value > 0 {
			h.AddCoupon(uint32(value)<<couponShift | slot)
		}
	}
}

// coupon draws a member whose value is above a level.
func coupon(r *rand.Rand, level int) uint32 {
	value := uint32(level + min(bits.LeadingZeros64(r.Uint64())+1, 62-level))
	return value<<couponShift | uint32(r.Uint64()&(1<<couponShift-1))
}

// binomial draws how many of n happen; n·p and n·(1−p) are large or p is 1.
func binomial(r *rand.Rand, n int64, p float64) int64 {
	if p >= 1 {
		return n
	}
	mean := float64(n) * p
	return max(0, min(n, int64(math.Round(mean+r.NormFloat64()*math.Sqrt(mean*(1-p))))))
}

// drawTheta adds n new members to a theta sketch. It keeps the smallest hashes: of
// n uniform ones they are drawn in ascending order by exponential gaps, and no more
// of them than a sketch can hold.
func drawTheta(r *rand.Rand, t *sketch.Theta, n int64) {
	const most = 2 * sketch.ThetaK
	at, rest := 0.0, float64(n)
	for i := range min(n, most) {
		// The least of the rest, uniform above what was drawn.
		at += (1 - at) * -math.Expm1(math.Log(1-r.Float64())/(rest-float64(i)))
		t.AddHash(uint64(at*float64(sketch.MaxTheta)) | 1)
	}
}
