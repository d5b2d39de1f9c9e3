package figures

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMergeKeepsOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "latest.json")
	var first, second Report
	first.Add("collect.native.ratio", 1, "ratio")
	first.Add("collect.native.gone", 1, "ratio")
	first.AtLeast("insight.null.worlds", 2, "worlds", 1)
	second.AtMost("collect.native.ratio", 2, "ratio", 1)
	for _, r := range []*Report{&first, &second} {
		if err := r.Merge(path); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Figures) != 2 || !*got.Figures[0].Met || got.Figures[1].Value != 2 || *got.Figures[1].Met {
		t.Errorf("figures %s", data)
	}
	if first.Missed() != 0 || second.Missed() != 1 {
		t.Errorf("missed %d and %d", first.Missed(), second.Missed())
	}
	if err := os.WriteFile(path, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := second.Merge(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a broken file: %v", err)
	}
}

func TestPrint(t *testing.T) {
	var r Report
	var out strings.Builder
	r.Add("a", 1234.5, "ms")
	r.AtMost("b", -12.34, "s", 0.05)
	r.AtMost("c", 0.5, "s", 0.05)
	r.Print(&out)
	for _, want := range []string{"1234", "-12.3", "0.0500", "met", "MISSED"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
