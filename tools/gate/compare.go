package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/sys/cpu"
)

// held is the figures and what they depend on beside the code.
type held struct {
	Go       string   `json:"go"`
	Arch     string   `json:"arch"`
	Features []string `json:"features"` // of the processor, that code asks for
	Paths    []figure `json:"paths"`
	// Uncounted is why instructions were not counted, "" when they were.
	Uncounted string `json:"-"`
}

// figure is what a path takes for each of its units.
type figure struct {
	Name         string  `json:"name"`
	Unit         string  `json:"unit"`
	Instructions float64 `json:"instructions"`
	Allocations  float64 `json:"allocations"`
	Bytes        float64 `json:"bytes"`
}

// tolerance is how much more than the committed figure is no failure. Of five runs on
// a busy machine no two counts of a path were further apart than 1.5 %, mostly 0.3:
// each Go map has a seed of its own, and the runtime looks around now and then.
const tolerance = 0.03

// What is so little that a share of it says nothing, per unit.
const (
	fewInstructions = 1.0
	fewAllocations  = 0.01
	fewBytes        = 2.0
)

// features are those of the processor that code asks for.
func features() (list []string) {
	for _, f := range []struct {
		name string
		has  bool
	}{
		{"aes", cpu.X86.HasAES}, {"avx", cpu.X86.HasAVX}, {"avx2", cpu.X86.HasAVX2}, {"avx512", cpu.X86.HasAVX512F}, {"bmi2", cpu.X86.HasBMI2},
		{"erms", cpu.X86.HasERMS}, {"pclmul", cpu.X86.HasPCLMULQDQ}, {"popcnt", cpu.X86.HasPOPCNT}, {"sse42", cpu.X86.HasSSE42},
	} {
		if f.has {
			list = append(list, f.name)
		}
	}
	return list
}

// finding is what a comparison found.
type finding struct {
	failures, better []string
	// loud is why some figures are only told and not held.
	loud []string
}

// least takes over what of another count is less.
func (h *held) least(other *held) {
	for i := range h.Paths {
		of := &h.Paths[i]
		for _, n := range other.Paths {
			if n.Name == of.Name {
				of.Instructions, of.Allocations, of.Bytes = min(of.Instructions, n.Instructions), min(of.Allocations, n.Allocations), min(of.Bytes, n.Bytes)
			}
		}
	}
}

// compare holds what is now against what was committed.
func compare(was, now *held) (f finding) {
	apart, uncounted := "", now.Uncounted
	switch {
	case was.Go != now.Go:
		apart = fmt.Sprintf("the committed figures are of %s and this is %s", was.Go, now.Go)
	case was.Arch != now.Arch:
		apart = fmt.Sprintf("the committed figures are of %s and this is %s", was.Arch, now.Arch)
	case uncounted == "" && !slices.Equal(was.Features, now.Features):
		uncounted = fmt.Sprintf("the committed figures are of a processor with %s, this one has %s", strings.Join(was.Features, " "), strings.Join(now.Features, " "))
	}
	if apart != "" {
		f.loud = append(f.loud, "NOTHING IS HELD: "+apart+". What differs is only told; make gate-update where both are the same")
	} else if uncounted != "" {
		f.loud = append(f.loud, "INSTRUCTIONS ARE NOT HELD, allocations are: "+uncounted)
	}
	for _, n := range now.Paths {
		i := slices.IndexFunc(was.Paths, func(w figure) bool { return w.Name == n.Name })
		if i < 0 {
			f.failures = append(f.failures, n.Name+" has no committed figures")
			continue
		}
		w := was.Paths[i]
		if now.Uncounted == "" {
			f.look(apart == "" && uncounted == "", n.Name, "instructions", w.Instructions, n.Instructions, fewInstructions, n.Unit)
		}
		f.look(apart == "", n.Name, "allocations", w.Allocations, n.Allocations, fewAllocations, n.Unit)
		f.look(apart == "", n.Name, "bytes", w.Bytes, n.Bytes, fewBytes, n.Unit)
	}
	for _, w := range was.Paths {
		if !slices.ContainsFunc(now.Paths, func(n figure) bool { return n.Name == w.Name }) {
			f.failures = append(f.failures, w.Name+" is committed and there is no such path")
		}
	}
	return f
}

// look compares one figure; few of it more or less is nothing.
func (f *finding) look(hold bool, name, what string, was, now, few float64, unit string) {
	if math.Abs(now-was) <= max(few, was*tolerance) {
		return
	}
	change := "from nothing"
	if was > 0 {
		change = fmt.Sprintf("%+.1f %%", (now/was-1)*100)
	}
	line := fmt.Sprintf("%s: %.2f %s a %s, committed %.2f (%s)", name, now, what, unit, was, change)
	switch {
	case now < was:
		f.better = append(f.better, line)
	case hold:
		f.failures = append(f.failures, line)
	default:
		f.loud = append(f.loud, "not held: "+line)
	}
}

func (f *finding) print(w io.Writer) {
	for _, list := range []struct {
		head  string
		lines []string
	}{{"LOOK", f.loud}, {"better, make gate-update keeps it", f.better}, {"WORSE", f.failures}} {
		for _, l := range list.lines {
			fmt.Fprintf(w, "%s: %s\n", list.head, l)
		}
	}
}

func (h *held) print(w io.Writer) {
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tab, "path\tinstructions\tallocations\tbytes\tof each\t")
	for _, p := range h.Paths {
		fmt.Fprintf(tab, "%s\t%.1f\t%.3f\t%.1f\t%s\t\n", p.Name, p.Instructions, p.Allocations, p.Bytes, p.Unit)
	}
	_ = tab.Flush() // the terminal is the only reader
}

func read(file string) (*held, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the committed figures: %w (make gate-update writes them)", err)
	}
	var h held
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, fmt.Errorf("read the committed figures in %s: %w", file, err)
	}
	return &h, nil
}

func (h *held) write(file string) error {
	if h.Uncounted != "" {
		return fmt.Errorf("figures without instructions are not to be committed: %s", h.Uncounted)
	}
	for i := range h.Paths {
		p := &h.Paths[i]
		p.Instructions, p.Allocations, p.Bytes = round(p.Instructions, 10), round(p.Allocations, 1000), round(p.Bytes, 10)
	}
	raw, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(raw, '\n'), 0o644)
}

func round(v, parts float64) float64 { return math.Round(v*parts) / parts }
