package sketch_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/apache/datasketches-go/common"
	"github.com/apache/datasketches-go/kll"

	"playhead/internal/sketch"
)

type (
	libraryDouble = kll.ItemsSketch[float64]
	libraryFloat  = kll.ItemsSketch[float32]
)

func readDouble(image []byte) (*libraryDouble, error) {
	return kll.NewKllItemsSketchFromSlice(image, common.ItemSketchDoubleComparator(false), common.ItemSketchDoubleSerDe{})
}

func readFloat(image []byte) (*libraryFloat, error) {
	return kll.NewKllItemsSketchFromSlice(image, common.ItemSketchFloatComparator(false), common.ItemSketchFloatSerDe{})
}

var kllSizes = []int{0, 1, 2, 9, 199, 200, 201, 400, 1000, 10_000, 300_000}

// sameKLL holds a sketch to the library's reading of its image, or of another.
func sameKLL[T float32 | float64](t *testing.T, name string, ours *sketch.Quantiles[T], theirs *kll.ItemsSketch[T]) {
	t.Helper()
	if ours.Count() != theirs.GetN() || ours.IsEmpty() != theirs.IsEmpty() {
		t.Fatalf("%s: %d values, the library has %d", name, ours.Count(), theirs.GetN())
	}
	if ours.IsEmpty() {
		return
	}
	low, _ := theirs.GetMinItem()
	high, _ := theirs.GetMaxItem()
	if ours.Min() != low || ours.Max() != high {
		t.Errorf("%s: %v to %v, the library has %v to %v", name, ours.Min(), ours.Max(), low, high)
	}
	for i := range 101 {
		rank := float64(i) / 100
		want, err := theirs.GetQuantile(rank, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := ours.Quantile(rank); got != want {
			t.Errorf("%s: quantile %v is %v, the library's %v", name, rank, got, want)
		}
		below, err := theirs.GetRank(want, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := ours.Rank(want); math.Abs(got-below) > 1e-12 {
			t.Errorf("%s: rank of %v is %v, the library's %v", name, want, got, below)
		}
	}
	if e := theirs.GetNormalizedRankError(false); ours.RankError() != 0 && math.Abs(ours.RankError()-e) > 1e-12 {
		t.Errorf("%s: rank error %v, the library's %v", name, ours.RankError(), e)
	}
}

func TestLibraryReadsOurKLL(t *testing.T) {
	for _, n := range kllSizes {
		var d sketch.KLL
		var f sketch.KLLFloat
		r := rand.New(rand.NewPCG(uint64(n), 1))
		for range n {
			v := r.ExpFloat64() * 1000
			d.Add(v)
			f.Add(float32(v))
		}
		theirs, err := readDouble(d.AppendBinary(nil))
		if err != nil {
			t.Fatalf("%d values: %v", n, err)
		}
		sameKLL(t, "double", &d, theirs)
		single, err := readFloat(f.AppendBinary(nil))
		if err != nil {
			t.Fatalf("%d values: %v", n, err)
		}
		sameKLL(t, "float", &f, single)
	}
}

func TestWeReadLibraryKLL(t *testing.T) {
	for _, n := range kllSizes {
		theirs, err := kll.NewKllItemsSketchWithDefault(common.ItemSketchDoubleComparator(false), common.ItemSketchDoubleSerDe{})
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(uint64(n), 2))
		for range n {
			theirs.Update(r.NormFloat64())
		}
		image, err := theirs.ToSlice()
		if err != nil {
			t.Fatal(err)
		}
		var ours sketch.KLL
		if err := ours.MergeBytes(image); err != nil {
			t.Fatalf("%d values: %v", n, err)
		}
		sameKLL(t, "read", &ours, theirs)
		again, err := readDouble(ours.AppendBinary(nil))
		if err != nil {
			t.Fatal(err)
		}
		sameKLL(t, "written again", &ours, again)
	}
}

// Of 500 streams, merged from parts in memory and from images, the ranks at nine
// places are outside the stated error for 1 % at most.
func TestRankErrorHolds(t *testing.T) {
	places := []float64{0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999}
	checked, outside := 0, 0
	for stream := range 500 {
		r := rand.New(rand.NewPCG(uint64(stream), 3))
		var whole sketch.KLL
		n := 0
		for range 1 + r.IntN(30) {
			var part sketch.KLL
			for range r.IntN(2000) {
				part.Add(r.Float64())
				n++
			}
			if r.IntN(2) == 0 {
				whole.Merge(&part)
			} else if err := whole.MergeBytes(part.AppendBinary(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if whole.Count() != uint64(n) {
			t.Fatalf("%d values, %d counted", n, whole.Count())
		}
		if n == 0 {
			continue
		}
		// The values are uniform: a quantile is its rank, within the sample's own spread.
		for _, p := range places {
			low, high := whole.Bounds(p)
			spread := 2.6 * math.Sqrt(p*(1-p)/float64(n))
			checked++
			if p < low-spread || p > high+spread {
				outside++
			}
		}
	}
	if share := float64(outside) / float64(checked); share > 0.01 {
		t.Errorf("%.4f of %d outside", share, checked)
	}
}

func TestFewValuesAreExact(t *testing.T) {
	var a, b sketch.KLL
	if !math.IsNaN(a.Quantile(0.5)) || !math.IsNaN(a.Rank(3)) || !math.IsNaN(a.Min()) || !math.IsNaN(a.Max()) {
		t.Error("an empty sketch says something")
	}
	order := rand.New(rand.NewPCG(1, 1)).Perm(200)
	for i, v := range order {
		a.Add(float64(v))
		b.Add(float64(order[199-i]))
	}
	a.Add(math.NaN())
	for _, v := range []float64{0, 7, 100, 199} {
		if got := a.Rank(v); got != (v+1)/200 {
			t.Errorf("rank of %v: %v", v, got)
		}
		if got := a.Quantile((v + 1) / 200); got != v {
			t.Errorf("quantile of %v: %v", (v+1)/200, got)
		}
	}
	if a.RankError() != 0 || a.Count() != 200 {
		t.Errorf("error %v of %d", a.RankError(), a.Count())
	}
	if !bytes.Equal(a.AppendBinary(nil), b.AppendBinary(nil)) {
		t.Error("the order of few values shows")
	}
	clone := a.Clone()
	a.Reset()
	if !a.IsEmpty() || clone.Count() != 200 {
		t.Error("reset or clone")
	}
	a.Merge(clone)
	if !bytes.Equal(a.AppendBinary(nil), b.AppendBinary(nil)) {
		t.Error("another sketch after reset and merge")
	}
}

func TestCorruptKLLChangesNothing(t *testing.T) {
	var s sketch.KLL
	r := rand.New(rand.NewPCG(4, 4))
	for range 5000 {
		s.Add(r.Float64())
	}
	before := s.AppendBinary(nil)
	var one sketch.KLL
	one.Add(3)
	change := func(image []byte, at int, v byte) []byte {
		image = bytes.Clone(image)
		image[at] = v
		return image
	}
	for name, image := range map[string][]byte{
		"empty":        nil,
		"short":        before[:7],
		"other family": change(before, 2, 7),
		"version":      change(before, 1, 3),
		"preamble":     change(before, 0, 2),
		"k":            change(change(before, 4, 1), 5, 0),
		"m":            change(before, 6, 2),
		"levels":       change(before, 18, 200),
		"no levels":    change(before, 18, 0),
		"count":        change(before, 8, before[8]+1),
		"great count":  change(before, 15, 0x7f),
		"least k":      change(before, 17, 9),
		"start":        change(before, 22, 9),
		"cut":          before[:len(before)-8],
		"no head":      before[:19],
		"NaN":          change(change(before, len(before)-1, 0x7f), len(before)-2, 0xff),
		"order":        change(before, len(before)-1, 0),
		"one cut":      one.AppendBinary(nil)[:12],
		"one NaN":      change(change(one.AppendBinary(nil), 15, 0x7f), 14, 0xff),
	} {
		if err := s.MergeBytes(image); !errors.Is(err, sketch.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(s.AppendBinary(nil), before) {
			t.Fatalf("%s: changed the sketch", name)
		}
	}
}

func TestKLLMergeAllocatesNothing(t *testing.T) {
	var acc, part sketch.KLL
	r := rand.New(rand.NewPCG(4, 4))
	for range 200_000 {
		acc.Add(r.Float64())
	}
	for range 20_000 {
		part.Add(r.Float64())
	}
	image := part.AppendBinary(nil)
	for range 30 { // the levels reach the size they keep
		_ = acc.MergeBytes(image)
	}
	if n := testing.AllocsPerRun(50, func() { _ = acc.MergeBytes(image) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzKLLMergeBytes(f *testing.F) {
	for _, n := range []int{0, 1, 2, 150, 4000} {
		var s sketch.KLL
		var g sketch.KLLFloat
		for i := range n {
			s.Add(float64(i))
			g.Add(float32(i))
		}
		f.Add(s.AppendBinary(nil))
		f.Add(g.AppendBinary(nil))
	}
	f.Fuzz(func(t *testing.T, image []byte) {
		fuzzKLL[float64](t, image)
		fuzzKLL[float32](t, image)
	})
}

func fuzzKLL[T float32 | float64](t *testing.T, image []byte) {
	var s, again sketch.Quantiles[T]
	if err := s.MergeBytes(image); err != nil {
		if !s.IsEmpty() {
			t.Fatal("an error, and a changed sketch")
		}
		return
	}
	if err := again.MergeBytes(s.AppendBinary(nil)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.AppendBinary(nil), s.AppendBinary(nil)) {
		t.Fatal("does not survive its own image")
	}
	again.Merge(&s)
	if low, high := s.Bounds(0.5); low > high {
		t.Fatal("bounds the wrong way round")
	}
}
