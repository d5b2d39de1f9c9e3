package archtest

import (
	"go/parser"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRoom(t *testing.T) {
	for folder, want := range map[string]string{
		"internal/collect":      "collect",
		"internal/collect/cmcd": "collect",
		"cmd/playhead":          "",
		"web":                   "",
		"tools/bench":           "",
	} {
		if got := room(folder); got != want {
			t.Errorf("room(%q) = %q, want %q", folder, got, want)
		}
	}
}

func TestPackageOrder(t *testing.T) {
	write := func(page string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "ARCHITECTURE.md"), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	got, err := packageOrder(write("# A\n\n| package | what |\n|---|---|\n| `event` | x |\n| `play` | y `z` |\n"))
	if err != nil || !slices.Equal(got, []string{"event", "play"}) {
		t.Errorf("order %v, %v", got, err)
	}
	if _, err := packageOrder(write("no table")); err == nil {
		t.Error("a page without a table made no error")
	}
	if _, err := packageOrder(write("| `a` | x |\n| `a` | y |\n")); err == nil {
		t.Error("a package named twice made no error")
	}
}

func TestStatefulExpr(t *testing.T) {
	for src, stateful := range map[string]bool{
		"sync.Mutex{}":              true,
		"&sync.Pool{}":              true,
		"atomic.Int64{}":            true,
		"map[string]int{}":          true,
		"map[string]int{\"a\": 1}":  false,
		"make(map[string]int)":      true,
		"[]string{\"a\"}":           false,
		"regexp.MustCompile(\"a\")": false,
		"errors.New(\"a\")":         false,
	} {
		e, err := parser.ParseExpr(src)
		if err != nil {
			t.Fatal(err)
		}
		if got := statefulExpr(e) != ""; got != stateful {
			t.Errorf("%s: stateful %v, want %v", src, got, stateful)
		}
	}
}
