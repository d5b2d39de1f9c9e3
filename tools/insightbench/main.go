// Command insightbench proves what the insight layer says about chance: on worlds
// of sums whose truth is known it counts false alarms, what is found of what was
// planted, and how often intervals hold the truth.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
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

func (r *report) atLeast(name string, v float64, unit string, bar float64) {
	met := v >= bar
	r.Figures = append(r.Figures, figure{name, v, unit, &bar, &met})
}

func (r *report) atMost(name string, v float64, unit string, bar float64) {
	met := v <= bar
	r.Figures = append(r.Figures, figure{name, v, unit, &bar, &met})
}

// options are how much is run.
type options struct {
	nullWorlds, looks int
	worlds            int // of planted truths, for each cell of the grid
	intervals         int
	regret            int
	tasters           int
	only              string
	out               string
}

func main() {
	var o options
	flag.IntVar(&o.nullWorlds, "null-worlds", 400, "worlds without anything planted")
	flag.IntVar(&o.looks, "looks", 28*24, "looks at each, evenly over 28 days")
	flag.IntVar(&o.worlds, "worlds", 12, "worlds of each effect and traffic")
	flag.IntVar(&o.intervals, "interval-worlds", 12, "worlds of 200 titles whose intervals are checked")
	flag.IntVar(&o.regret, "regret-worlds", 200, "worlds in which shrunken and raw rankings are compared")
	flag.IntVar(&o.tasters, "tasters", 8000, "viewers whose tastes are told, for each number of plays and strength")
	flag.StringVar(&o.only, "only", "", "null, planted, intervals, regret, trends or affinity")
	flag.StringVar(&o.out, "out", "bench/results/latest.json", "where the figures are put among those that are there")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "insightbench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	r := &report{}
	for _, part := range []struct {
		name string
		run  func(options, *report)
	}{{"affinity", affinity}, {"trends", trends}, {"regret", regret}, {"intervals", intervals}, {"planted", planted}, {"null", null}} {
		if o.only != "" && o.only != part.name {
			continue
		}
		start := time.Now()
		part.run(o, r)
		fmt.Fprintf(os.Stderr, "%s: %s\n", part.name, time.Since(start).Round(time.Second))
	}
	tab := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	missed := 0
	for _, f := range r.Figures {
		bar, met := "", ""
		if f.Bar != nil {
			bar, met = fmt.Sprintf("%.3g", *f.Bar), "met"
			if !*f.Met {
				met = "MISSED"
				missed++
			}
		}
		fmt.Fprintf(tab, "%s\t%.4g\t%s\t%s\t%s\n", f.Name, f.Value, f.Unit, bar, met)
	}
	if err := errors.Join(tab.Flush(), merge(o.out, r)); err != nil {
		return err
	}
	if missed > 0 {
		return fmt.Errorf("%d bars were missed", missed)
	}
	return nil
}

// merge puts the figures in the place of those of the same part in a file.
func merge(path string, r *report) error {
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
		mine[group(f.Name)] = true
	}
	old.Figures = append(slices.DeleteFunc(old.Figures, func(f figure) bool { return mine[group(f.Name)] }), r.Figures...)
	data, err = json.MarshalIndent(old, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// group is the part of a figure's name that says which run it is from.
func group(name string) string {
	parts := strings.SplitN(name, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// each runs f for 0 … n−1 on all cores; f must lock what it shares.
func each(n int, f func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
