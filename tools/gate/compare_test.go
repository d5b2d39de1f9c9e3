package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func figuresOf(change func(*held)) *held {
	h := &held{Go: "go1", Arch: "linux/amd64", Features: []string{"avx"}, Paths: []figure{
		{Name: "a", Unit: "event", Instructions: 1000, Allocations: 0, Bytes: 0},
		{Name: "b", Unit: "row", Instructions: 20_000, Allocations: 2, Bytes: 500},
	}}
	if change != nil {
		change(h)
	}
	return h
}

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name                   string
		change                 func(*held)
		failures, better, loud []string // what they begin with
	}{
		{"the same", nil, nil, nil, nil},
		{"within the tolerance", func(h *held) { h.Paths[0].Instructions, h.Paths[1].Bytes = 1029, 514 }, nil, nil, nil},
		{"more instructions", func(h *held) { h.Paths[0].Instructions = 1031 }, []string{"a: 1031.00 instructions a event, committed 1000.00 (+3.1 %)"}, nil, nil},
		{"an allocation where there was none", func(h *held) { h.Paths[0].Allocations = 0.02 }, []string{"a: 0.02 allocations a event, committed 0.00 (from nothing)"}, nil, nil},
		{"bytes", func(h *held) { h.Paths[1].Bytes = 516 }, []string{"b: 516.00 bytes a row"}, nil, nil},
		{"fewer", func(h *held) { h.Paths[1].Instructions = 15_000 }, nil, []string{"b: 15000.00 instructions a row, committed 20000.00 (-25.0 %)"}, nil},
		{"another Go", func(h *held) { h.Go, h.Paths[0].Instructions = "go2", 2000 }, nil, nil, []string{"NOTHING IS HELD: the committed figures are of go1 and this is go2", "not held: a: 2000.00"}},
		{"another machine", func(h *held) { h.Arch = "linux/arm64" }, nil, nil, []string{"NOTHING IS HELD"}},
		{"another processor", func(h *held) { h.Features, h.Paths[0].Instructions, h.Paths[1].Allocations = nil, 2000, 3 },
			[]string{"b: 3.00 allocations"}, nil, []string{"INSTRUCTIONS ARE NOT HELD", "not held: a: 2000.00"}},
		{"nobody who counts", func(h *held) { h.Uncounted, h.Paths[0].Instructions, h.Paths[1].Allocations = "no valgrind", 0, 3 },
			[]string{"b: 3.00 allocations"}, nil, []string{"INSTRUCTIONS ARE NOT HELD, allocations are: no valgrind"}},
		{"a new path", func(h *held) { h.Paths = append(h.Paths, figure{Name: "c"}) }, []string{"c has no committed figures"}, nil, nil},
		{"a path that is gone", func(h *held) { h.Paths = h.Paths[:1] }, []string{"b is committed and there is no such path"}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compare(figuresOf(nil), figuresOf(c.change))
			for what, lists := range map[string][2][]string{"failures": {got.failures, c.failures}, "better": {got.better, c.better}, "loud": {got.loud, c.loud}} {
				if len(lists[0]) != len(lists[1]) {
					t.Fatalf("%s: %q, want %q", what, lists[0], lists[1])
				}
				for i, want := range lists[1] {
					if !strings.HasPrefix(lists[0][i], want) {
						t.Errorf("%s: %q, want %q…", what, lists[0][i], want)
					}
				}
			}
		})
	}
}

func TestFiguresAreWrittenAndRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bench", "gate.json")
	h := figuresOf(func(h *held) { h.Paths[1].Instructions = 123.456 })
	if err := h.write(file); err != nil {
		t.Fatal(err)
	}
	again, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	if again.Paths[1].Instructions != 123.5 || again.Go != "go1" || len(compare(again, h).failures) != 0 {
		t.Errorf("%+v", again)
	}
	h.Uncounted = "no valgrind"
	if err := h.write(file); err == nil {
		t.Error("figures without instructions were written")
	}
	if _, err := read(file + "x"); err == nil || !strings.Contains(err.Error(), "make gate-update") {
		t.Error(err)
	}
}

func TestCounts(t *testing.T) {
	dir := t.TempDir()
	for i, n := range []int{11, 22} {
		text := fmt.Sprintf("version: 1\nevents: Ir\nsummary: %d\n\nfn=(1) main\n1 2\n", n)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("counts.", i+1)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := counts(dir)
	if err != nil || len(list) != 2 || list[0] != 11 || list[1] != 22 {
		t.Errorf("%v, %v", list, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "counts.3"), []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := counts(dir); err == nil {
		t.Error("a file without a sum was read")
	}
}

// Every path does something, without an error, as it will under the gate.
func TestPathsRun(t *testing.T) {
	d, err := prepare(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, p := range paths() {
		got, err := take(t.Context(), d, p)
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
		}
		if got.Units < 10 || got.Unit == "" || names[p.name] {
			t.Errorf("%+v", got)
		}
		names[p.name] = true
	}
}

func TestPrint(t *testing.T) {
	var b bytes.Buffer
	f := compare(figuresOf(nil), figuresOf(func(h *held) { h.Paths[0].Instructions, h.Paths[1].Instructions = 2000, 1 }))
	f.print(&b)
	if want := "better, make gate-update keeps it: b: 1.00"; !strings.Contains(b.String(), want) || !strings.Contains(b.String(), "WORSE: a: 2000.00") {
		t.Errorf("%s", &b)
	}
}

// What is worse in one count and not in another is not worse.
func TestLeast(t *testing.T) {
	h := &held{Paths: []figure{{Name: "a", Instructions: 110, Allocations: 2, Bytes: 30}, {Name: "b", Instructions: 50}}}
	h.least(&held{Paths: []figure{{Name: "b", Instructions: 60}, {Name: "a", Instructions: 100, Allocations: 3, Bytes: 20}}})
	if want := (figure{Name: "a", Instructions: 100, Allocations: 2, Bytes: 20}); h.Paths[0] != want || h.Paths[1].Instructions != 50 {
		t.Errorf("%+v", h.Paths)
	}
}
