package sketch_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/datasketches-go/hll"

	"playhead/internal/sketch"
)

// Of 2,000 groups salted anew, of 1 to 100,000 members, evenly in the logarithm,
// at most 5.5 % lie outside the stated two deviations and none outside five; so
// among those that no longer hold every member. `bench -only sketch` does it with
// 20,000 groups of up to a million.
func TestDistinctCountsAreWithinTheirBounds(t *testing.T) {
	var all, dense calibration
	for g := range 2000 {
		r := rand.New(rand.NewPCG(uint64(g), 21))
		n := int(math.Exp(r.Float64() * math.Log(100_000)))
		var h sketch.HLL
		for range n {
			h.AddCoupon(sketch.Coupon(member(r)))
		}
		all.see(float64(n), h.LowerBound, h.UpperBound)
		if h.StandardError() > 0.001 {
			dense.see(float64(n), h.LowerBound, h.UpperBound)
		}
		if e := h.Estimate(); h.LowerBound(2) > e || e > h.UpperBound(2) && n > 6000 || h.StandardError() > sketch.RelativeError {
			t.Fatalf("%d members: %v in %v … %v, error %v", n, e, h.LowerBound(2), h.UpperBound(2), h.StandardError())
		}
	}
	all.check(t, "all")
	dense.check(t, "dense")
}

func TestOverlapsAreWithinTheirBounds(t *testing.T) {
	var all, sampled, rest calibration
	for g := range 1500 {
		r := rand.New(rand.NewPCG(uint64(g), 22))
		size := func() int { return int(math.Exp(r.Float64() * math.Log(20_000))) }
		common, own := size(), size()
		var a, b sketch.Theta
		for range common {
			m := member(r)
			a.Add(m)
			b.Add(m)
		}
		for range own {
			a.Add(member(r))
		}
		for range size() {
			b.Add(member(r))
		}
		both, only := sketch.Intersect(&a, &b), sketch.Subtract(&a, &b)
		all.see(float64(common), both.LowerBound, both.UpperBound)
		if both.Theta() < sketch.MaxTheta {
			sampled.see(float64(common), both.LowerBound, both.UpperBound)
			rest.see(float64(own), only.LowerBound, only.UpperBound)
		}
	}
	all.check(t, "all")
	sampled.check(t, "sampled")
	rest.check(t, "difference")
}

type calibration struct{ groups, two, five int }

func (c *calibration) see(truth float64, low, high func(float64) float64) {
	c.groups++
	if truth < low(2) || truth > high(2) {
		c.two++
	}
	if truth < low(5) || truth > high(5) {
		c.five++
	}
}

func (c *calibration) check(t *testing.T, name string) {
	t.Helper()
	// What 5.5 % of so few groups may become by chance.
	limit := 0.055 + 2*math.Sqrt(0.05/float64(c.groups))
	if share := float64(c.two) / float64(c.groups); share > limit || c.groups < 300 {
		t.Errorf("%s: %.4f of %d outside two deviations", name, share, c.groups)
	}
	if c.five > 0 {
		t.Errorf("%s: %d of %d outside five deviations", name, c.five, c.groups)
	}
}

// The estimate that the library makes of our registers, and its bounds, are
// close to ours: people compare the two.
func TestEstimatesAreNearTheLibrarys(t *testing.T) {
	for _, n := range []int{1, 7, 100, 384, 385, 1000, 2500, 2700, 4000, 10_000, 12_500, 50_000, 1_000_000} {
		for seed := range uint64(3) {
			ours, _ := pair(t, n, 100+seed, hll.TgtHllTypeHll8)
			theirs, err := hll.NewHllSketchFromSlice(ours.AppendBinary(nil), true)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := theirs.GetEstimate()
			if got := ours.Estimate(); math.Abs(got-want) > sketch.RelativeError/2*want {
				t.Errorf("%d members: %v, the library's %v", n, got, want)
			}
			for kappa := 1; kappa <= 3; kappa++ {
				low, _ := theirs.GetLowerBound(kappa)
				high, _ := theirs.GetUpperBound(kappa)
				// Ours are narrower while registers are 0; never wider by more than rounding.
				slack := 0.4 * sketch.RelativeError * float64(n)
				if gotLow, gotHigh := ours.LowerBound(float64(kappa)), ours.UpperBound(float64(kappa)); gotLow < low-slack || gotHigh > high+slack {
					t.Errorf("%d members, %d deviations: %v … %v, the library's %v … %v", n, kappa, gotLow, gotHigh, low, high)
				}
			}
		}
	}
}

// A coupon shared by two members is rare, and five deviations allow for it.
func TestSharedCouponsAreAllowedFor(t *testing.T) {
	var h sketch.HLL
	for c := range uint32(300) {
		h.AddCoupon(1<<26 | c)
	}
	if low, high := h.LowerBound(5), h.UpperBound(5); low != 300 || high != 301 {
		t.Errorf("%v … %v, want 300 … 301", low, high)
	}
	if low, high := h.LowerBound(2), h.UpperBound(2); low != 300 || high != 300 {
		t.Errorf("%v … %v, want 300 … 300", low, high)
	}
}

func TestEstimateBytesIsTheEstimate(t *testing.T) {
	for _, n := range sizes {
		for _, kind := range []hll.TgtHllType{hll.TgtHllTypeHll4, hll.TgtHllTypeHll6, hll.TgtHllTypeHll8} {
			ours, theirs := pair(t, n, 31, kind)
			compact, _ := theirs.ToCompactSlice()
			updatable, _ := theirs.ToUpdatableSlice()
			for i, image := range [][]byte{compact, updatable, ours.AppendBinary(nil), ours.AppendHLL4(nil)} {
				got, err := sketch.EstimateBytes(image)
				if err != nil || got != ours.Estimate() {
					t.Errorf("%d members, kind %d, image %d: %v, want %v (%v)", n, kind, i, got, ours.Estimate(), err)
				}
				if i >= 2 {
					if allocs := testing.AllocsPerRun(5, func() { _, _ = sketch.EstimateBytes(image) }); allocs != 0 {
						t.Errorf("%v allocations", allocs)
					}
				}
			}
		}
	}
	if _, err := sketch.EstimateBytes([]byte("nothing of the kind")); err == nil {
		t.Error("no error")
	}
}

// HLL_4 is the library's own image, but for what the order of adding leaves behind.
func TestLibraryReadsOurHLL4(t *testing.T) {
	for _, n := range sizes {
		ours, _ := pair(t, n, 41, hll.TgtHllTypeHll4)
		image := ours.AppendHLL4(nil)
		theirs, err := hll.NewHllSketchFromSlice(image, true)
		if err != nil {
			t.Fatalf("%d members: %v", n, err)
		}
		if theirs.GetTgtHllType() != hll.TgtHllTypeHll4 {
			t.Errorf("%d members: type %v", n, theirs.GetTgtHllType())
		}
		again, err := theirs.ToCompactSlice()
		if err != nil {
			t.Fatal(err)
		}
		if len(again) != len(image) {
			t.Errorf("%d members: the library writes %d bytes, we %d", n, len(again), len(image))
		}
		r := rand.New(rand.NewPCG(1, uint64(n)))
		for range 1000 { // its exceptions must be where it looks for them
			m := member(r)
			ours.AddCoupon(sketch.Coupon(m))
			if err := theirs.UpdateSlice(m[:]); err != nil {
				t.Fatal(err)
			}
		}
		again, _ = theirs.ToCompactSlice()
		var read sketch.HLL
		if err := read.MergeBytes(again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read.AppendBinary(nil), ours.AppendBinary(nil)) {
			t.Errorf("%d members: it differs after more were added", n)
		}
	}
}

// The union's estimate lies between its greatest part's and the sum, as widened;
// and of registers alone it is never below the greatest part's.
func TestUnionsLieInTheirRange(t *testing.T) {
	for round := range 300 {
		r := rand.New(rand.NewPCG(uint64(round), 51))
		var union sketch.HLL
		greatest, sum, greatestDense := 0.0, 0.0, 0.0
		for range 1 + r.IntN(8) {
			var part sketch.HLL
			n := int(math.Exp(r.Float64() * math.Log(20_000)))
			for i := range n {
				m := member(r)
				if r.IntN(3) == 0 { // some members are in several parts
					m = [16]byte{byte(i), byte(i >> 8)}
				}
				part.AddCoupon(sketch.Coupon(m))
			}
			e := part.Estimate()
			greatest, sum = max(greatest, e), sum+e
			if part.StandardError() > 0.001 {
				greatestDense = max(greatestDense, e)
			}
			union.Merge(&part)
		}
		low, high := sketch.UnionRange(greatest, sum)
		if e := union.Estimate(); e < low || e > high || e < greatestDense*(1-1e-9) {
			t.Errorf("round %d: %v, parts up to %v, together %v", round, e, greatest, sum)
		}
	}
}

func TestFewMembersAreSmall(t *testing.T) {
	var h sketch.HLL
	r := rand.New(rand.NewPCG(1, 1))
	for n := 1; n <= 8; n++ {
		h.AddCoupon(sketch.Coupon(member(r)))
		bytes, memory := len(h.AppendBinary(nil)), h.Bytes()
		if n <= 5 && memory != 32 || memory > 128 || n <= 7 && bytes != 8+4*n || n == 8 && bytes != 12+4*n {
			t.Errorf("%d members: %d bytes, %d in memory", n, bytes, memory)
		}
	}
	if allocs := testing.AllocsPerRun(20, func() {
		var h sketch.HLL
		for c := range uint32(5) {
			h.AddCoupon(1<<26 | c)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations for five members", allocs)
	}
}
