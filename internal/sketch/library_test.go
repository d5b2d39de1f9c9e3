package sketch_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/datasketches-go/hll"
	"github.com/apache/datasketches-go/kll"
	"github.com/apache/datasketches-go/theta"

	"playhead/internal/sketch"
)

// libraryFiles lists images that Java, C++ and Go wrote, from the library's own
// module: name → path.
func libraryFiles(t *testing.T, prefix string) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/apache/datasketches-go").Output()
	if err != nil {
		t.Fatalf("look for the library's module: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "serialization_test_data", "*", prefix+"*.sk"))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	languages := map[string]int{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".sk")
		byName[name] = f
		languages[name[strings.LastIndexByte(name, '_')+1:]]++
	}
	if languages["java"] == 0 || languages["cpp"] == 0 || languages["go"] == 0 {
		t.Fatalf("%s: %v files of the three languages", prefix, languages)
	}
	return byName
}

// members is the number in a file's name: hll4_n1000_java holds 0 … 999.
func members(t *testing.T, name string) int {
	t.Helper()
	_, rest, _ := strings.Cut(name, "_n")
	digits, _, _ := strings.Cut(rest, "_")
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestFilesOfThreeLanguagesHLL(t *testing.T) {
	for name, path := range libraryFiles(t, "hll") {
		image, n := read(t, path), members(t, name)
		var ours sketch.HLL
		if err := ours.MergeBytes(image); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e := ours.Estimate(); math.Abs(e-float64(n)) > 3*sketch.RelativeError*float64(n) {
			t.Errorf("%s: estimate %v", name, e)
		}
		// What the library makes of its file and of ours must be the same.
		theirs, err := hll.NewHllSketchFromSlice(image, true)
		if err != nil {
			t.Fatal(err)
		}
		again, err := hll.NewHllSketchFromSlice(ours.AppendBinary(nil), true)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want, _ := theirs.GetCompositeEstimate()
		if got, _ := again.GetCompositeEstimate(); math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: the library makes %v of its image, %v of ours", name, want, got)
		}
	}
}

func TestFilesOfThreeLanguagesTheta(t *testing.T) {
	for name, path := range libraryFiles(t, "theta") {
		image := read(t, path)
		want, err := theta.Decode(image, theta.DefaultSeed)
		if err != nil {
			t.Fatal(err)
		}
		var ours sketch.Theta
		if err := ours.MergeBytes(image); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want.NumRetained() > sketch.ThetaK { // not trimmed: we always are
			union, _ := theta.NewUnion()
			if err := union.Update(want); err != nil {
				t.Fatal(err)
			}
			want, _ = union.OrderedResult()
		} else if packed := strings.Contains(name, "compressed"); !packed && !bytes.Equal(ours.AppendBinary(nil)[8:], image[8:]) {
			t.Errorf("%s: written again, it differs", name)
		} else if packed && !bytes.Equal(ours.AppendPacked(nil), image) {
			t.Errorf("%s: packed again, it differs", name)
		}
		sameTheta(t, name, &ours, want)
	}
}

func TestFilesOfThreeLanguagesKLL(t *testing.T) {
	for name, path := range libraryFiles(t, "kll_double") {
		checkKLLFile(t, name, read(t, path), readDouble)
	}
	for name, path := range libraryFiles(t, "kll_float") {
		checkKLLFile(t, name, read(t, path), readFloat)
	}
}

func checkKLLFile[T float32 | float64](t *testing.T, name string, image []byte, library func([]byte) (*kll.ItemsSketch[T], error)) {
	t.Helper()
	theirs, err := library(image)
	if err != nil {
		t.Fatal(err)
	}
	var ours sketch.Quantiles[T]
	if err := ours.MergeBytes(image); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if int(ours.Count()) != members(t, name) {
		t.Errorf("%s: %d values", name, ours.Count())
	}
	sameKLL(t, name, &ours, theirs)
	again, err := library(ours.AppendBinary(nil))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	sameKLL(t, name+" again", &ours, again)
}
