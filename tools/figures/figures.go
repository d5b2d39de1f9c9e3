// Package figures is what the benchmarks measure and what is demanded of it: a
// table for people, and a file that all benchmarks share. It measures nothing.
package figures

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// Figure is one measured number. Bar is what it must reach, nil when nothing is
// demanded of it.
type Figure struct {
	Name  string   `json:"name"`
	Value float64  `json:"value"`
	Unit  string   `json:"unit"`
	Bar   *float64 `json:"bar"`
	Met   *bool    `json:"met"`
}

// Report is the figures of a run, in the order in which they were measured.
type Report struct {
	Figures []Figure `json:"figures"`
}

// Add notes a figure of which nothing is demanded.
func (r *Report) Add(name string, value float64, unit string) {
	r.Figures = append(r.Figures, Figure{Name: name, Value: value, Unit: unit})
}

// AtLeast notes a figure that must not be below bar.
func (r *Report) AtLeast(name string, value float64, unit string, bar float64) {
	met := value >= bar
	r.Figures = append(r.Figures, Figure{name, value, unit, &bar, &met})
}

// AtMost notes a figure that must not be above bar.
func (r *Report) AtMost(name string, value float64, unit string, bar float64) {
	met := value <= bar
	r.Figures = append(r.Figures, Figure{name, value, unit, &bar, &met})
}

// Missed is how many bars were missed.
func (r *Report) Missed() (n int) {
	for _, f := range r.Figures {
		if f.Met != nil && !*f.Met {
			n++
		}
	}
	return n
}

// Print writes the table.
func (r *Report) Print(w io.Writer) {
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tab, "figure\tvalue\tunit\tbar\t")
	for _, f := range r.Figures {
		bar, met := "", ""
		if f.Bar != nil {
			bar, met = format(*f.Bar), map[bool]string{true: "met", false: "MISSED"}[*f.Met]
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\n", f.Name, format(f.Value), f.Unit, bar, met)
	}
	_ = tab.Flush() // the terminal is the only reader
}

func format(v float64) string {
	switch a := max(v, -v); {
	case a >= 1000:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	case a >= 0.1 || v == 0:
		return fmt.Sprintf("%.2f", v)
	default: // a share
		return fmt.Sprintf("%.4f", v)
	}
}

// Merge puts the figures into a file, in the place of those of the same parts that
// are there: another benchmark's stay. No path is nowhere.
func (r *Report) Merge(path string) error {
	if path == "" {
		return nil
	}
	all := Report{}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", path, err)
	}
	mine := map[string]bool{}
	for _, f := range r.Figures {
		mine[part(f.Name)] = true
	}
	all.Figures = append(slices.DeleteFunc(all.Figures, func(f Figure) bool { return mine[part(f.Name)] }), r.Figures...)
	if data, err = json.MarshalIndent(all, "", "  "); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// part is what of a figure's name says which run it is from: its first two words.
func part(name string) string {
	words := strings.SplitN(name, ".", 3)
	return strings.Join(words[:min(2, len(words))], ".")
}
