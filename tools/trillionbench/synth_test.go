package main

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"playhead/internal/sketch"
)

func hashed(r *rand.Rand, h *sketch.HLL, n int64) {
	var m [16]byte
	for range n {
		binary.LittleEndian.PutUint64(m[:], r.Uint64())
		binary.LittleEndian.PutUint64(m[8:], r.Uint64())
		h.AddCoupon(sketch.Coupon(m))
	}
}

// values counts the registers of each value in an image, and of coupons.
func values(h *sketch.HLL, into *[64]float64) {
	image := h.AppendBinary(nil)
	if len(image) == 40+hllSlots {
		for _, v := range image[40:] {
			into[v]++
		}
		return
	}
	start := 8
	if image[7]&3 == 1 {
		start = 12
	}
	for i := start; i+4 <= len(image); i += 4 {
		into[binary.LittleEndian.Uint32(image[i:])>>couponShift]++
	}
}

func TestDrawnSketchesAreLikeHashedOnes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, n := range []int64{5, 300, 2000, 16_384, 40_000, 300_000} {
		rounds := int(max(8, min(300, 1_500_000/n)))
		var drawn, real [64]float64
		var mean [2]float64
		var square [2]float64
		for range rounds {
			var a, b sketch.HLL
			drawHLL(r, &a, n)
			hashed(r, &b, n)
			values(&a, &drawn)
			values(&b, &real)
			for i, h := range []*sketch.HLL{&a, &b} {
				e := h.Estimate()/float64(n) - 1
				mean[i] += e / float64(rounds)
				square[i] += e * e / float64(rounds)
			}
		}
		// χ² of two samples of values, over those that are common enough.
		chi, cells := 0.0, 0
		for v := range drawn {
			if drawn[v]+real[v] >= 40 {
				d := drawn[v] - real[v]
				chi += d * d / (drawn[v] + real[v])
				cells++
			}
		}
		if k := float64(cells); chi > k+5*math.Sqrt(2*k) {
			t.Errorf("%d members: χ² of register values %.1f with %d cells", n, chi, cells)
		}
		if limit := 5 * sketch.RelativeError / math.Sqrt(float64(rounds)); math.Abs(mean[0]) > limit+1e-9 {
			t.Errorf("%d members: estimates are off by %.4f on average, more than %.4f", n, mean[0], limit)
		}
		if a, b := math.Sqrt(square[0]), math.Sqrt(square[1]); a > 1.6*b+0.001 || b > 1.6*a+0.001 {
			t.Errorf("%d members: estimates of drawn sketches vary by %.4f, of hashed ones by %.4f", n, a, b)
		}
	}
}

func TestDrawnSketchesMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for range 20 {
		var union sketch.HLL
		truth := 0.0
		for range 12 {
			n := r.Int64N(2_000_000)
			var h sketch.HLL
			drawHLL(r, &h, n)
			union.Merge(&h)
			truth += float64(n)
		}
		if low, high := union.LowerBound(5), union.UpperBound(5); truth < low || truth > high {
			t.Errorf("a union of %.0f members is said to lie in [%.0f, %.0f]", truth, low, high)
		}
	}
}

func TestDrawnThetasMeetTheirBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	outside := 0
	const rounds = 100
	for range rounds {
		common := 1000 + r.Int64N(500_000)
		var both, a, b sketch.Theta
		drawTheta(r, &both, common)
		drawTheta(r, &a, r.Int64N(500_000))
		drawTheta(r, &b, r.Int64N(500_000))
		a.Merge(&both)
		b.Merge(&both)
		x := sketch.Intersect(&a, &b)
		if float64(common) < x.LowerBound(2) || float64(common) > x.UpperBound(2) {
			outside++
		}
	}
	if outside > rounds/10 {
		t.Errorf("%d of %d overlaps of drawn sketches lie outside two standard errors", outside, rounds)
	}
}
