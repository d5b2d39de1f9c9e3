package sketch_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"playhead/internal/sketch"
)

var python = flag.String("python", "", "an interpreter that has the datasketches package")

var (
	cppSizes = []int{0, 1, 2, 7, 8, 200, 201, 384, 385, 1000, 4096, 4097, 30_000, 1_000_000}
	cppRanks = []float64{0, 0.01, 0.25, 0.5, 0.75, 0.99, 1} // those of check.py
)

// written is what was given to the library: images by file name and what they
// must say there.
type written struct {
	folder string
	want   map[string][]float64
	near   map[string]float64 // tolerance of the first figure, relative
	hll    sketch.HLL
	theta  sketch.Theta
}

func (w *written) put(t *testing.T, name string, image []byte, want []float64, near float64) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, name), image, 0o600); err != nil {
		t.Fatal(err)
	}
	w.want[name], w.near[name] = want, near
}

func write(t *testing.T, folder string) *written {
	w := &written{folder: folder, want: map[string][]float64{}, near: map[string]float64{}}
	for _, n := range cppSizes {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		var h sketch.HLL
		var a sketch.Theta
		var d sketch.KLL
		var f sketch.KLLFloat
		for range n {
			m := member(r)
			h.AddCoupon(sketch.Coupon(m))
			a.Add(m)
			d.Add(r.NormFloat64())
			f.Add(float32(r.ExpFloat64()))
		}
		w.hll.Merge(&h)
		w.theta.Merge(&a)
		// The library has another estimator: near, and its own bounds.
		w.put(t, fmt.Sprintf("hll_8_%d.sk", n), h.AppendBinary(nil), []float64{h.Estimate()}, sketch.RelativeError/2)
		w.put(t, fmt.Sprintf("hll_4_%d.sk", n), h.AppendHLL4(nil), []float64{h.Estimate()}, sketch.RelativeError/2)
		bounds := []float64{a.Estimate(), a.LowerBound(2), a.UpperBound(2)}
		w.put(t, fmt.Sprintf("theta_plain_%d.sk", n), a.AppendBinary(nil), bounds, 1e-9)
		w.put(t, fmt.Sprintf("theta_packed_%d.sk", n), a.AppendPacked(nil), bounds, 1e-9)
		w.put(t, fmt.Sprintf("kll64_%d.sk", n), d.AppendBinary(nil), kllFigures(&d), 0)
		w.put(t, fmt.Sprintf("kll32_%d.sk", n), f.AppendBinary(nil), kllFigures(&f), 0)
	}
	return w
}

func kllFigures[T float32 | float64](q *sketch.Quantiles[T]) []float64 {
	if q.IsEmpty() {
		return nil
	}
	figures := []float64{float64(q.Count())}
	for _, v := range q.Quantiles(cppRanks...) {
		figures = append(figures, float64(v))
	}
	return figures
}

// What the C++ library makes of our images is what we say of them; its unions of
// them are ours; and what it writes again, we read as the same sketch.
func TestCppReadsWhatWeWrite(t *testing.T) {
	if *python == "" {
		t.Skip("SKIPPED: no -python with the datasketches package; tools/test.sh sketches installs it")
	}
	w := write(t, t.TempDir())
	cmd := exec.Command(*python, "testdata/check.py", w.folder)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the library on our images: %v", err)
	}
	said := map[string]struct {
		Figures []float64
		Empty   bool
	}{}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatal(err)
	}
	if len(said) != len(w.want) {
		t.Fatalf("%d images, the library speaks of %d", len(w.want), len(said))
	}
	for name, want := range w.want {
		got := said[name]
		if got.Empty != strings.HasSuffix(name, "_0.sk") || len(got.Figures) < len(want) {
			t.Errorf("%s: empty %v, figures %v", name, got.Empty, got.Figures)
			continue
		}
		for i, v := range want {
			if math.Abs(got.Figures[i]-v) > w.near[name]*math.Abs(v)+1e-9 {
				t.Errorf("%s: figure %d is %v there, %v here", name, i, got.Figures[i], v)
			}
		}
		again := read(t, filepath.Join(w.folder, strings.TrimSuffix(name, ".sk")+".again"))
		if a, b := canonical(t, name, again), canonical(t, name, read(t, filepath.Join(w.folder, name))); !bytes.Equal(a, b) {
			t.Errorf("%s: written again there, it is another sketch", name)
		}
	}
	var h sketch.HLL
	var a sketch.Theta
	if err := h.MergeBytes(read(t, filepath.Join(w.folder, "hll.union"))); err != nil || !bytes.Equal(h.AppendBinary(nil), w.hll.AppendBinary(nil)) {
		t.Errorf("the library's union of our HLLs is not ours (%v)", err)
	}
	if err := a.MergeBytes(read(t, filepath.Join(w.folder, "theta.union"))); err != nil || !bytes.Equal(a.AppendBinary(nil), w.theta.AppendBinary(nil)) {
		t.Errorf("the library's union of our thetas is not ours (%v)", err)
	}
}

// canonical is an image as we write it.
func canonical(t *testing.T, name string, image []byte) []byte {
	t.Helper()
	var h sketch.HLL
	var a sketch.Theta
	var d sketch.KLL
	var f sketch.KLLFloat
	var s interface {
		MergeBytes([]byte) error
		AppendBinary([]byte) []byte
	}
	switch kind, _, _ := strings.Cut(name, "_"); kind {
	case "hll":
		s = &h
	case "theta":
		s = &a
	case "kll64":
		s = &d
	case "kll32":
		s = &f
	}
	if err := s.MergeBytes(image); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return s.AppendBinary(nil)
}
