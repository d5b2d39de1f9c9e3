package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWhatQuestionsTookIsKept remembers two numbers of events one after the other,
// and a question anew: the plots have both.
func TestWhatQuestionsTookIsKept(t *testing.T) {
	o := options{docs: t.TempDir(), runs: 3, end: time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)}
	say := func(events float64, name string, took time.Duration) {
		t.Helper()
		o.events = events
		list := []timing{{q: question{name: name}, p50: took, p99: 2 * took, processor: took / 2}, {q: question{name: "insight.trends"}, p50: time.Hour}}
		if err := remember(o, list); err != nil {
			t.Fatal(err)
		}
	}
	say(1e9, "q1", 5*time.Millisecond)
	say(1e12, "q1", 90*time.Millisecond)
	say(1e12, "q1", 40*time.Millisecond)
	say(1e12, "q12", 2*time.Millisecond)
	data, err := os.ReadFile(filepath.Join(o.docs, "asked.json"))
	if err != nil {
		t.Fatal(err)
	}
	got := string(data)
	for _, want := range []string{`"1e+09"`, `"1e+12"`, `"p50_ms": 5,`, `"p50_ms": 40,`, `"processor_ms": 1,`, `"q12"`, `"2026-11-27"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	if strings.Contains(got, "insight") || strings.Contains(got, `"p50_ms": 90`) {
		t.Errorf("what is not asked for, or was measured anew, is there: %s", got)
	}
	for _, name := range []string{"latency.svg", "processor.svg"} {
		data, err := os.ReadFile(filepath.Join(o.docs, name))
		if err != nil || strings.Count(string(data), "<circle") != 3 || strings.Contains(string(data), "NaN") {
			t.Errorf("%s: %v\n%s", name, err, data)
		}
	}
}
