package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"playhead/tools/plot"
)

// asked is what a question took, ms; on which day and with how many answers that
// was, since not all numbers of events need be measured in one run.
type asked struct {
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Cold      float64 `json:"cold_ms"`
	Processor float64 `json:"processor_ms"`
	Day       string  `json:"day"`
	Runs      int     `json:"runs"`
}

// history is what the questions took, by number of events and by question.
type history map[string]map[string]asked

// remember puts what was measured of the twelve questions beside what other numbers
// of events took, into asked.json, and plots how both grow.
func remember(o options, timings []timing) error {
	path := filepath.Join(o.docs, "asked.json")
	known := history{}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &known)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read what questions took before: %s: %w", path, err)
	}
	events := strconv.FormatFloat(o.events, 'e', -1, 64)
	for _, t := range timings {
		if strings.HasPrefix(t.q.name, "insight.") {
			continue
		}
		if known[events] == nil {
			known[events] = map[string]asked{}
		}
		known[events][t.q.name] = asked{ms(t.p50), ms(t.p99), ms(t.cold), ms(t.processor), o.end.Format("2006-01-02"), o.runs}
	}
	if data, err = json.MarshalIndent(known, "", "  "); err != nil {
		return err
	}
	if err := os.MkdirAll(o.docs, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return err
	}
	warm := func(a asked) float64 { return a.P50 }
	if err := plot.LogLog(filepath.Join(o.docs, "latency.svg"), "a warm answer, p50", "events in 400 days", "ms", known.lines(warm)); err != nil {
		return err
	}
	work := func(a asked) float64 { return a.Processor }
	return plot.LogLog(filepath.Join(o.docs, "processor.svg"), "processor time of a warm answer", "events in 400 days", "ms", known.lines(work))
}

// colours of the twelve questions.
var colours = [...]string{"#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf", "#000080", "#006400"}

// lines are one a question, over the numbers of events it was asked at.
func (h history) lines(of func(asked) float64) (out []plot.Series) {
	numbers := map[float64]string{}
	for text := range h {
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			numbers[n] = text
		}
	}
	for i := range colours {
		s := plot.Series{Name: fmt.Sprintf("q%d", i+1), Colour: colours[i]}
		for _, n := range slices.Sorted(maps.Keys(numbers)) {
			if a, there := h[numbers[n]][s.Name]; there && of(a) > 0 {
				s.Points = append(s.Points, [2]float64{n, of(a)})
			}
		}
		if len(s.Points) > 0 {
			dots := s
			dots.Dots, dots.Name = true, ""
			out = append(out, s, dots)
		}
	}
	return out
}
