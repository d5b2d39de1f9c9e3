package main

import (
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	var d []time.Duration
	for i := 100; i > 0; i-- {
		d = append(d, time.Duration(i)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := quantile(d, q); got != want {
			t.Errorf("quantile %g = %g, want %g", q, got, want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("quantile of nothing = %g", got)
	}
}

func TestTrackerKeepsTheFirstSight(t *testing.T) {
	began := time.Unix(0, 0)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	var tr tracker
	tr.reached(0, at(1))
	tr.reached(2, at(5))
	tr.reached(1, at(6))
	tr.reached(3, at(7))
	got := tr.delays([]time.Time{at(1), at(2), at(3), at(4)})
	if len(got) != 3 || got[0] != 4*time.Second || got[1] != 3*time.Second || got[2] != 4*time.Second {
		t.Errorf("delays %v", got)
	}
}
