package sketch_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/datasketches-go/hll"

	"playhead/internal/sketch"
)

func member(r *rand.Rand) (m [16]byte) {
	binary.LittleEndian.PutUint64(m[:], r.Uint64())
	binary.LittleEndian.PutUint64(m[8:], r.Uint64())
	return m
}

// pair fills a sketch of ours and one of the library with the same members.
func pair(t *testing.T, n int, seed uint64, kind hll.TgtHllType) (*sketch.HLL, hll.HllSketch) {
	t.Helper()
	theirs, err := hll.NewHllSketch(sketch.LgK, kind)
	if err != nil {
		t.Fatal(err)
	}
	ours, r := new(sketch.HLL), rand.New(rand.NewPCG(seed, 1))
	for range n {
		m := member(r)
		ours.AddCoupon(sketch.Coupon(m))
		if err := theirs.UpdateSlice(m[:]); err != nil {
			t.Fatal(err)
		}
	}
	return ours, theirs
}

var sizes = []int{0, 1, 2, 6, 7, 8, 9, 24, 25, 26, 100, 383, 384, 385, 386, 1000, 5000, 20_000, 1_000_000}

func TestLibraryReadsOurImages(t *testing.T) {
	for _, n := range sizes {
		ours, theirs := pair(t, n, 3, hll.TgtHllTypeHll8)
		read, err := hll.NewHllSketchFromSlice(ours.AppendBinary([]byte("before"))[len("before"):], true)
		if err != nil {
			t.Fatalf("%d members: %v", n, err)
		}
		want, _ := theirs.GetCompositeEstimate()
		got, _ := read.GetEstimate()
		if math.Abs(got-want) > 1e-9*want {
			t.Errorf("%d members: the library reads %v, has itself %v", n, got, want)
		}
		if math.Abs(ours.Estimate()-want) > 0.02*want+1e-4 {
			t.Errorf("%d members: ours %v, the library's %v", n, ours.Estimate(), want)
		}
		if ours.IsEmpty() != (n == 0) {
			t.Errorf("%d members: empty is %v", n, ours.IsEmpty())
		}
	}
}

func TestWeReadLibraryImages(t *testing.T) {
	kinds := []hll.TgtHllType{hll.TgtHllTypeHll4, hll.TgtHllTypeHll6, hll.TgtHllTypeHll8}
	for _, n := range sizes {
		for _, kind := range kinds {
			ours, theirs := pair(t, n, 5, kind)
			compact, err := theirs.ToCompactSlice()
			if err != nil {
				t.Fatal(err)
			}
			updatable, err := theirs.ToUpdatableSlice()
			if err != nil {
				t.Fatal(err)
			}
			for name, image := range map[string][]byte{"compact": compact, "updatable": updatable} {
				got := new(sketch.HLL)
				if err := got.MergeBytes(image); err != nil {
					t.Fatalf("%d members, kind %d, %s: %v", n, kind, name, err)
				}
				if !bytes.Equal(got.AppendBinary(nil), ours.AppendBinary(nil)) {
					t.Errorf("%d members, kind %d, %s: another sketch than by adding", n, kind, name)
				}
			}
		}
	}
}

func TestUnionAgreesWithLibrary(t *testing.T) {
	for _, n := range sizes {
		for _, m := range []int{0, 5, 200, 3000} {
			a, theirA := pair(t, n, 7, hll.TgtHllTypeHll8)
			b, theirB := pair(t, m, 8, hll.TgtHllTypeHll4)
			union, err := hll.NewUnion(sketch.LgK)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(union.UpdateSketch(theirA), union.UpdateSketch(theirB)); err != nil {
				t.Fatal(err)
			}
			result, err := union.GetResult(hll.TgtHllTypeHll8)
			if err != nil {
				t.Fatal(err)
			}
			image, err := result.ToCompactSlice()
			if err != nil {
				t.Fatal(err)
			}
			want := new(sketch.HLL)
			if err := want.MergeBytes(image); err != nil {
				t.Fatal(err)
			}
			a.Merge(b)
			if !bytes.Equal(a.AppendBinary(nil), want.AppendBinary(nil)) {
				t.Errorf("%d ∪ %d differs from the library's", n, m)
			}
		}
	}
}

// Merging is commutative, associative and idempotent whatever the modes, and
// the same from images as from memory.
func TestMergeLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	for round := range 60 {
		parts := make([]*sketch.HLL, 3)
		whole := new(sketch.HLL)
		for i := range parts {
			parts[i] = new(sketch.HLL)
			for range r.IntN([]int{5, 40, 500, 9000}[r.IntN(4)]) {
				c := sketch.Coupon(member(r))
				parts[i].AddCoupon(c)
				whole.AddCoupon(c)
			}
		}
		want := whole.AppendBinary(nil)
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2, 1, 1, 0}} {
			a, b := new(sketch.HLL), new(sketch.HLL)
			for _, i := range order {
				a.Merge(parts[i])
				if err := b.MergeBytes(parts[i].AppendBinary(nil)); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(a.AppendBinary(nil), want) || !bytes.Equal(b.AppendBinary(nil), want) {
				t.Fatalf("round %d, order %v: another sketch", round, order)
			}
			clone := a.Clone()
			a.Reset()
			if !a.IsEmpty() || a.Estimate() != 0 || !bytes.Equal(clone.AppendBinary(nil), want) {
				t.Fatalf("round %d: reset or clone", round)
			}
			a.Merge(clone)
			if !bytes.Equal(a.AppendBinary(nil), want) {
				t.Fatalf("round %d: refilled after reset", round)
			}
		}
	}
}

func TestErrorIsWithinTheStatedBound(t *testing.T) {
	for _, n := range []int{100, 385, 1000, 3000, 10_000, 20_000, 100_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			trials := min(400, 4_000_000/n)
			sum, squares, outside := 0.0, 0.0, 0
			for trial := range trials {
				r, h := rand.New(rand.NewPCG(uint64(trial), uint64(n))), new(sketch.HLL)
				for range n {
					h.AddCoupon(sketch.Coupon(member(r)))
				}
				e := h.Estimate()/float64(n) - 1
				sum += e
				squares += e * e
				if math.Abs(e) > 2*sketch.RelativeError {
					outside++
				}
			}
			k := float64(trials)
			rmse := math.Sqrt(squares / k)
			// The spread of a root mean square over k trials is 1/√(2k).
			if limit := sketch.RelativeError * (1 + 2.5/math.Sqrt(2*k)); rmse > limit {
				t.Errorf("error %.4f, limit %.4f", rmse, limit)
			}
			if bias := math.Abs(sum / k); bias > 3*sketch.RelativeError/math.Sqrt(k) {
				t.Errorf("bias %.5f", bias)
			}
			if share := float64(outside) / k; share > 0.055+2*math.Sqrt(0.05/k) {
				t.Errorf("%.3f outside two standard errors", share)
			}
		})
	}
}

func TestCorruptImagesChangeNothing(t *testing.T) {
	ours, theirs := pair(t, 5000, 9, hll.TgtHllTypeHll4)
	before := ours.AppendBinary(nil)
	hll4, err := theirs.ToCompactSlice()
	if err != nil {
		t.Fatal(err)
	}
	small, _ := pair(t, 20, 9, hll.TgtHllTypeHll8)
	change := func(image []byte, at int, v byte) []byte {
		image = bytes.Clone(image)
		image[at] = v
		return image
	}
	for name, image := range map[string][]byte{
		"empty":              nil,
		"short":              before[:7],
		"cut registers":      before[:3000],
		"great register":     change(before, 100, 64),
		"other family":       change(before, 2, 3),
		"other version":      change(before, 1, 2),
		"other lgK":          change(before, 3, 11),
		"mode of none":       change(before, 7, 3),
		"preamble":           change(before, 0, 3),
		"set cut":            small.AppendBinary(nil)[:20],
		"set count":          change(small.AppendBinary(nil), 9, 9),
		"valueless":          change(small.AppendBinary(nil), 15, 0),
		"hll4 cut":           hll4[:40+2000],
		"hll4 exceptions":    change(hll4, 36, hll4[36]+1),
		"hll4 great minimum": change(hll4, 6, 60),
	} {
		if err := ours.MergeBytes(image); !errors.Is(err, sketch.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(ours.AppendBinary(nil), before) {
			t.Fatalf("%s: changed the sketch", name)
		}
	}
}

func TestDenseMergeAllocatesNothing(t *testing.T) {
	dense, _ := pair(t, 5000, 1, hll.TgtHllTypeHll8)
	_, hll4 := pair(t, 5000, 2, hll.TgtHllTypeHll4)
	image4, _ := hll4.ToCompactSlice()
	images := [][]byte{dense.AppendBinary(nil), image4}
	small, _ := pair(t, 200, 3, hll.TgtHllTypeHll8)
	images = append(images, small.AppendBinary(nil))
	for i, image := range images {
		if n := testing.AllocsPerRun(20, func() { _ = dense.MergeBytes(image) }); n != 0 {
			t.Errorf("image %d: %v allocations", i, n)
		}
	}
}

func FuzzMergeBytes(f *testing.F) {
	for _, n := range []int{0, 5, 30, 2000} {
		for _, kind := range []hll.TgtHllType{hll.TgtHllTypeHll4, hll.TgtHllTypeHll6, hll.TgtHllTypeHll8} {
			s, _ := hll.NewHllSketch(sketch.LgK, kind)
			r := rand.New(rand.NewPCG(1, uint64(n)))
			for range n {
				m := member(r)
				_ = s.UpdateSlice(m[:])
			}
			image, _ := s.ToCompactSlice()
			f.Add(image)
			image, _ = s.ToUpdatableSlice()
			f.Add(image)
		}
	}
	f.Fuzz(func(t *testing.T, image []byte) {
		h := new(sketch.HLL)
		if err := h.MergeBytes(image); err != nil {
			if !h.IsEmpty() {
				t.Fatal("an error, and a changed sketch")
			}
			return
		}
		again := new(sketch.HLL)
		if err := again.MergeBytes(h.AppendBinary(nil)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.AppendBinary(nil), h.AppendBinary(nil)) {
			t.Fatal("does not survive its own image")
		}
	})
}

func BenchmarkMergeBytes(b *testing.B) {
	for _, n := range []int{5, 100, 5000} {
		h, r := new(sketch.HLL), rand.New(rand.NewPCG(1, 1))
		for range n {
			h.AddCoupon(sketch.Coupon(member(r)))
		}
		image, dst := h.AppendBinary(nil), new(sketch.HLL)
		for range 20_000 {
			dst.AddCoupon(sketch.Coupon(member(r)))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := dst.MergeBytes(image); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEstimate(b *testing.B) {
	dst, r := new(sketch.HLL), rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		dst.AddCoupon(sketch.Coupon(member(r)))
	}
	for b.Loop() {
		_ = dst.Estimate()
	}
}
