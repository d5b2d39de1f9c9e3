package sketch_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/datasketches-go/theta"

	"playhead/internal/sketch"
)

var thetaSizes = []int{0, 1, 2, 15, 16, 17, 24, 25, 500, 4095, 4096, 4097, 6144, 6145, 6146, 20_000, 300_000}

func thetaPair(t testing.TB, n int, seed uint64) (*sketch.Theta, *theta.QuickSelectUpdateSketch) {
	t.Helper()
	theirs, err := theta.NewQuickSelectUpdateSketch()
	if err != nil {
		t.Fatal(err)
	}
	ours, r := new(sketch.Theta), rand.New(rand.NewPCG(seed, 2))
	for range n {
		m := member(r)
		ours.Add(m)
		ours.Add(m)
		if err := theirs.UpdateBytes(m[:]); err != nil && !errors.Is(err, theta.ErrHashExceedsTheta) {
			t.Fatal(err)
		}
	}
	return ours, theirs
}

// encode is the library's image of one of its sketches.
func encode(t testing.TB, s theta.Sketch, ordered, packed bool) []byte {
	t.Helper()
	var b bytes.Buffer
	e := theta.NewEncoder(&b, packed)
	if err := e.Encode(theta.NewCompactSketch(s, ordered)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sameTheta holds a sketch to the library's reading of its own image: members,
// theta, estimate and bounds.
func sameTheta(t *testing.T, name string, ours *sketch.Theta, want *theta.CompactSketch) {
	t.Helper()
	for form, image := range map[string][]byte{"plain": ours.AppendBinary(nil), "packed": ours.AppendPacked(nil)} {
		got, err := theta.Decode(image, theta.DefaultSeed)
		if err != nil {
			t.Fatalf("%s, %s: %v", name, form, err)
		}
		if got.IsEmpty() != want.IsEmpty() || got.Theta64() != want.Theta64() || !slices.Equal(slices.Collect(got.All()), slices.Collect(want.All())) {
			t.Fatalf("%s, %s: %d members, theta %d, empty %v; want %d, %d, %v", name, form,
				got.NumRetained(), got.Theta64(), got.IsEmpty(), want.NumRetained(), want.Theta64(), want.IsEmpty())
		}
	}
	if got := ours.Estimate(); math.Abs(got-want.Estimate()) > 1e-9*want.Estimate() {
		t.Errorf("%s: estimate %v, the library's %v", name, got, want.Estimate())
	}
	if want.NumRetained() > 120 {
		for kappa := range uint8(3) {
			low, _ := want.LowerBound(kappa + 1)
			high, _ := want.UpperBound(kappa + 1)
			gotLow, gotHigh := ours.LowerBound(float64(kappa+1)), ours.UpperBound(float64(kappa+1))
			if math.Abs(low-gotLow) > 1e-9*low || math.Abs(high-gotHigh) > 1e-9*high {
				t.Errorf("%s: %d deviations: %v to %v, the library's %v to %v", name, kappa+1, gotLow, gotHigh, low, high)
			}
		}
	}
}

func TestThetaIsTheLibrarysTrimmed(t *testing.T) {
	for _, n := range thetaSizes {
		ours, theirs := thetaPair(t, n, 3)
		theirs.Trim()
		sameTheta(t, "added", ours, theirs.CompactOrdered())
		if ours.IsEmpty() != (n == 0) {
			t.Errorf("%d members: empty is %v", n, ours.IsEmpty())
		}
	}
}

func TestWeReadLibraryThetas(t *testing.T) {
	for _, n := range thetaSizes {
		_, theirs := thetaPair(t, n, 4)
		for _, trim := range []bool{false, true} {
			if trim {
				theirs.Trim()
			}
			union, _ := theta.NewUnion()
			if err := union.Update(theirs.CompactOrdered()); err != nil {
				t.Fatal(err)
			}
			want, _ := union.OrderedResult()
			for i := range 4 {
				ours := new(sketch.Theta)
				if err := ours.MergeBytes(encode(t, theirs, i&1 == 0, i&2 == 0)); err != nil {
					t.Fatalf("%d members: %v", n, err)
				}
				sameTheta(t, "read", ours, want)
			}
		}
	}
}

func TestThetaSetOperationsAgreeWithLibrary(t *testing.T) {
	for _, n := range thetaSizes {
		for _, m := range []int{0, 1, 40, 5000, 50_000} {
			a, theirA := thetaPair(t, n, 7)
			b, theirB := thetaPair(t, m, 7) // the same members first: the smaller is a part
			c, theirC := thetaPair(t, 3000, 8)
			b.Merge(c)
			join, _ := theta.NewUnion()
			theirA.Trim()
			theirB.Trim()
			for _, s := range []*theta.QuickSelectUpdateSketch{theirB, theirC} {
				if err := join.Update(s.CompactOrdered()); err != nil {
					t.Fatal(err)
				}
			}
			bc, _ := join.OrderedResult()
			sameTheta(t, "union", b, bc)
			ac := theirA.CompactOrdered()
			meet := theta.NewIntersection()
			if err := errors.Join(meet.Update(ac), meet.Update(bc)); err != nil {
				t.Fatal(err)
			}
			want, err := meet.OrderedResult()
			if err != nil {
				t.Fatal(err)
			}
			sameTheta(t, "intersection", sketch.Intersect(a, b), want)
			sameTheta(t, "intersection", sketch.Intersect(b, a), want)
			want, err = theta.ANotB(ac, bc, theta.DefaultSeed, true)
			if err != nil {
				t.Fatal(err)
			}
			sameTheta(t, "difference", sketch.Subtract(a, b), want)
		}
	}
}

// Whatever the order, the same members give the same image, from memory and from
// images of both kinds.
func TestThetaMergeLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 1))
	for round := range 40 {
		parts := make([]*sketch.Theta, 4)
		whole := new(sketch.Theta)
		for i := range parts {
			parts[i] = new(sketch.Theta)
			for range r.IntN([]int{3, 30, 5000, 40_000}[r.IntN(4)]) {
				m := member(r)
				parts[i].Add(m)
				whole.Add(m)
			}
		}
		want := whole.AppendBinary(nil)
		for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2, 1, 1, 0}} {
			var a, b, c sketch.Theta
			for _, i := range order {
				a.Merge(parts[i])
				if err := errors.Join(b.MergeBytes(parts[i].AppendBinary(nil)), c.MergeBytes(parts[i].AppendPacked(nil))); err != nil {
					t.Fatal(err)
				}
			}
			for i, s := range []*sketch.Theta{&a, &b, &c} {
				if !bytes.Equal(s.AppendBinary(nil), want) {
					t.Fatalf("round %d, order %v, way %d: another sketch", round, order, i)
				}
			}
			clone := a.Clone()
			a.Reset()
			if !a.IsEmpty() || a.Estimate() != 0 {
				t.Fatal("not empty after reset")
			}
			a.Merge(clone)
			if !bytes.Equal(a.AppendBinary(nil), want) {
				t.Fatalf("round %d: refilled after reset", round)
			}
		}
	}
}

// Hashes that no data has, all in one place of the table.
func TestThetaOfClusteredHashes(t *testing.T) {
	for name, first := range map[string]uint64{"low": 1, "high": sketch.MaxTheta - 20_000, "middle": 1 << 62} {
		var s sketch.Theta
		order := rand.New(rand.NewPCG(5, 5)).Perm(10_000)
		for _, i := range order {
			s.AddHash(first + uint64(i))
		}
		image := s.AppendBinary(nil)
		got, err := theta.Decode(image, theta.DefaultSeed)
		if err != nil {
			t.Fatal(err)
		}
		if got.NumRetained() != sketch.ThetaK || got.Theta64() != first+sketch.ThetaK {
			t.Errorf("%s: %d members, theta %d above the first", name, got.NumRetained(), got.Theta64()-first)
		}
		next := first
		for h := range got.All() {
			if h != next {
				t.Fatalf("%s: %d above the first, want %d", name, h-first, next-first)
			}
			next++
		}
	}
}

func TestFewMembersHaveExactBounds(t *testing.T) {
	for _, c := range []struct {
		k     int
		theta uint64
	}{{0, 1 << 60}, {1, 1 << 60}, {5, 1 << 62}, {40, 1 << 61}, {100, 1 << 61}, {120, 1 << 50}, {7, 1 << 40}} {
		image := binary.LittleEndian.AppendUint64(nil, 0x93cc_1a00_0003_0303)
		image = binary.LittleEndian.AppendUint64(image, uint64(c.k))
		image = binary.LittleEndian.AppendUint64(image, c.theta)
		for i := range c.k {
			image = binary.LittleEndian.AppendUint64(image, uint64(i+1))
		}
		want, err := theta.Decode(image, theta.DefaultSeed)
		if err != nil {
			t.Fatal(err)
		}
		var s sketch.Theta
		if err := s.MergeBytes(image); err != nil {
			t.Fatal(err)
		}
		for kappa := range uint8(3) {
			low, _ := want.LowerBound(kappa + 1)
			high, _ := want.UpperBound(kappa + 1)
			gotLow, gotHigh := s.LowerBound(float64(kappa+1)), s.UpperBound(float64(kappa+1))
			// The library rounds, and fits the normal distribution to what is exact here.
			if tolerance := 0.02*(high-low) + 1; math.Abs(low-gotLow) > tolerance || math.Abs(high-gotHigh) > tolerance {
				t.Errorf("%d of theta %d: %v to %v, the library's %v to %v", c.k, c.theta, gotLow, gotHigh, low, high)
			}
		}
	}
}

func TestCorruptThetasChangeNothing(t *testing.T) {
	ours, _ := thetaPair(t, 9000, 9)
	before := ours.AppendBinary(nil)
	packed := ours.AppendPacked(nil)
	one := new(sketch.Theta)
	one.AddHash(77)
	change := func(image []byte, at int, v byte) []byte {
		image = bytes.Clone(image)
		image[at] = v
		return image
	}
	for name, image := range map[string][]byte{
		"empty":           nil,
		"short":           before[:7],
		"other family":    change(before, 2, 7),
		"other version":   change(before, 1, 9),
		"other seed":      change(before, 6, 1),
		"preamble":        change(before, 0, 4),
		"cut":             before[:1000],
		"count":           change(before, 10, 9),
		"order":           change(before, 24+7, 0x7f),
		"no hash":         append(before[:24:24], make([]byte, 8*4096)...),
		"one cut":         one.AppendBinary(nil)[:12],
		"one of nothing":  change(one.AppendBinary(nil), 8, 0),
		"packed cut":      packed[:1000],
		"packed width":    change(packed, 3, 64),
		"packed no width": change(packed, 3, 0),
		"packed count":    change(packed, 4, 9),
		"packed beyond":   change(packed, 15, 0),
	} {
		if err := ours.MergeBytes(image); !errors.Is(err, sketch.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(ours.AppendBinary(nil), before) {
			t.Fatalf("%s: changed the sketch", name)
		}
	}
}

func TestThetaMergeAllocatesNothing(t *testing.T) {
	acc := new(sketch.Theta)
	r := rand.New(rand.NewPCG(6, 6))
	var images [][]byte
	for i := range 40 {
		part := new(sketch.Theta)
		for range 9000 {
			part.Add(member(r))
		}
		images = append(images, part.AppendBinary(nil), part.AppendPacked(nil))
		if i == 0 {
			acc.Merge(part)
		}
	}
	if n := testing.AllocsPerRun(1, func() {
		for _, image := range images {
			_ = acc.MergeBytes(image)
		}
		_ = acc.Estimate() + acc.LowerBound(2)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzThetaMergeBytes(f *testing.F) {
	for _, n := range []int{0, 1, 9, 300, 8000} {
		_, theirs := thetaPair(f, n, 1)
		for i := range 4 {
			f.Add(encode(f, theirs, i&1 == 0, i&2 == 0))
		}
	}
	base, _ := thetaPair(f, 6000, 5)
	f.Fuzz(func(t *testing.T, image []byte) {
		var s sketch.Theta
		full := base.Clone()
		before := full.AppendBinary(nil)
		err := s.MergeBytes(image)
		if err2 := full.MergeBytes(image); err != nil {
			if !s.IsEmpty() || err2 != nil && !bytes.Equal(full.AppendBinary(nil), before) {
				t.Fatal("an error, and a changed sketch")
			}
			return
		}
		var again, packed sketch.Theta
		if err := errors.Join(again.MergeBytes(s.AppendBinary(nil)), packed.MergeBytes(s.AppendPacked(nil))); err != nil {
			t.Fatal(err)
		}
		if want := s.AppendBinary(nil); !bytes.Equal(again.AppendBinary(nil), want) || !bytes.Equal(packed.AppendBinary(nil), want) {
			t.Fatal("does not survive its own image")
		}
		if s.LowerBound(2) > s.Estimate() || s.Estimate() > s.UpperBound(2) {
			t.Fatal("estimate outside its bounds")
		}
		sketch.Intersect(&s, full)
		sketch.Subtract(full, &s)
	})
}
