package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

// figure is one number; it has the shape that tools/bench writes.
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

func (r *report) add(name string, v float64, unit string) {
	r.Figures = append(r.Figures, figure{Name: name, Value: v, Unit: unit})
}

func (r *report) atMost(name string, v float64, unit string, bar float64) {
	met := v <= bar
	r.Figures = append(r.Figures, figure{name, v, unit, &bar, &met})
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (r *report) question(t timing) {
	name := "trillion." + t.q.name
	r.add(name+".p50_ms", ms(t.p50), "ms")
	r.atMost(name+".p99_ms", ms(t.p99), "ms", ms(t.q.bar))
	r.atMost(name+".cold_ms", ms(t.cold), "ms", 1000)
	r.add(name+".processor_ms", ms(t.processor), "ms")
	r.add(name+".cold_read_mb", float64(t.read)/1e6, "MB")
	if t.compared > 0 {
		r.add(name+".error_rms", t.rms, "relative")
		r.add(name+".error_worst", t.worst, "relative")
	}
}

func (r *report) print(w io.Writer) {
	tab := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, f := range r.Figures {
		bar, met := "", ""
		if f.Bar != nil {
			bar, met = fmt.Sprintf("%.3g", *f.Bar), map[bool]string{true: "met", false: "MISSED"}[*f.Met]
		}
		fmt.Fprintf(tab, "%s\t%.4g\t%s\t%s\t%s\n", f.Name, f.Value, f.Unit, bar, met)
	}
	_ = tab.Flush() // the terminal is the only reader
}

// merge puts the figures in the place of those of the same names in a file.
func (r *report) merge(path string) error {
	if path == "" {
		return nil
	}
	old := &report{}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, old)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", path, err)
	}
	mine := map[string]bool{}
	for _, f := range r.Figures {
		mine[f.Name] = true
	}
	old.Figures = append(slices.DeleteFunc(old.Figures, func(f figure) bool { return mine[f.Name] }), r.Figures...)
	if data, err = json.MarshalIndent(old, "", "  "); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
