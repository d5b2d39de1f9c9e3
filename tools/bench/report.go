package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

// figure is one measured number. Bar is what it must reach, nil when nothing is
// demanded of it.
type figure struct {
	Name  string   `json:"name"`
	Value float64  `json:"value"`
	Unit  string   `json:"unit"`
	Bar   *float64 `json:"bar"`
	Met   *bool    `json:"met"`
}

type report struct {
	Figures []figure `json:"figures"`
}

func (r *report) add(name string, value float64, unit string) {
	r.Figures = append(r.Figures, figure{Name: name, Value: value, Unit: unit})
}

// addAtLeast demands value ≥ bar, addAtMost value ≤ bar.
func (r *report) addAtLeast(name string, value float64, unit string, bar float64) {
	met := value >= bar
	r.Figures = append(r.Figures, figure{name, value, unit, &bar, &met})
}

func (r *report) addAtMost(name string, value float64, unit string, bar float64) {
	met := value <= bar
	r.Figures = append(r.Figures, figure{name, value, unit, &bar, &met})
}

func (r *report) print(w io.Writer) {
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tab, "figure\tvalue\tunit\tbar\t")
	for _, f := range r.Figures {
		bar, met := "", ""
		if f.Bar != nil {
			bar = format(*f.Bar)
			met = map[bool]string{true: "met", false: "MISSED"}[*f.Met]
		}
		fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\n", f.Name, format(f.Value), f.Unit, bar, met)
	}
	_ = tab.Flush() // the terminal is the only reader
}

func format(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 0.1 || v == 0:
		return fmt.Sprintf("%.2f", v)
	default: // a share
		return fmt.Sprintf("%.4f", v)
	}
}

func (r *report) write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// quantile is the value below which the share q of the durations lies, in ms.
func quantile(d []time.Duration, q float64) float64 {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	at := min(len(sorted)-1, int(q*float64(len(sorted))))
	return float64(sorted[at].Microseconds()) / 1000
}
