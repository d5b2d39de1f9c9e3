package main

import (
	"math"
	"testing"
	"time"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

func TestSlope(t *testing.T) {
	var list []sample
	for i := range 100 {
		noise := float64(i%2)*2 - 1
		list = append(list, sample{time.Duration(i) * 6 * time.Second, 300 + 0.5*float64(i)/10 + noise})
	}
	near(t, "slope a minute", slope(list), 0.5, 0.02)
	if got := after(list, 5*time.Minute); len(got) != 50 || got[0].at != 5*time.Minute {
		t.Errorf("%d samples after five minutes", len(got))
	}
	if after(list, time.Hour) != nil {
		t.Error("samples after the end")
	}
	early, late := halves(list)
	if len(early) != 50 || len(late) != 50 || quantileOf(early, 1) >= quantileOf(late, 0.5) {
		t.Errorf("halves of %d and %d", len(early), len(late))
	}
	near(t, "mean", mean([]sample{{0, 1}, {0, 2}, {0, 6}}), 3, 1e-9)
	near(t, "greatest", quantileOf([]sample{{0, 1}, {1, 6}, {2, 2}}, 1), 6, 0)
	near(t, "quantile of nothing", quantileOf(nil, 0.5), 0, 0)
	near(t, "slope of nothing", slope(nil), 0, 0)
	near(t, "slope of one", slope(list[:1]), 0, 0)
}

func TestExponent(t *testing.T) {
	for _, power := range []float64{0, 0.5, 1, 2} {
		var points [][2]float64
		for _, x := range []float64{1e4, 1e5, 1e6} {
			points = append(points, [2]float64{x, 7 * math.Pow(x, power)})
		}
		near(t, "exponent", exponent(append(points, [2]float64{1e7, 0})), power, 1e-9)
	}
	// n log n over two decades looks a little steeper than n, and not more.
	near(t, "n log n", sorting(1e4, 1e6), 1.088, 0.001)
}

func TestTicksOf(t *testing.T) {
	got, err := ticksOf("4242 (play (head) x) S 1 4242 4242 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 100 1 2")
	if err != nil || got != 3*time.Second {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ticksOf("nothing"); err == nil {
		t.Error("a line without numbers has a time")
	}
}

// What grows only in the last decade is found there.
func TestWorst(t *testing.T) {
	list := []grown{{factor: 1, event: 10}, {factor: 10, event: 10}, {factor: 100, event: 20}}
	near(t, "worst power", worst(list, func(g grown) float64 { return g.event }), math.Log10(2), 1e-9)
}

func TestTitlesOf(t *testing.T) {
	for _, n := range []int{50, 5_000} {
		c, err := titlesOf(n)
		if err != nil || len(c.Titles()) != n {
			t.Fatalf("a catalogue of %d: %v", n, err)
		}
	}
}

// The name of a process may have brackets and spaces in it.
func TestSpentOf(t *testing.T) {
	const rest = " S 1 2 3 4 5 6 7 8 9 10 1234 66 0 0 20 0 9 0 100"
	for _, name := range []string{"(playhead)", "(a b)", "(a) b)"} {
		if got, err := spentOf("42 " + name + rest); err != nil || got != 13*time.Second {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, bad := range []string{"", "42 (playhead) S 1", "42 (playhead) S 1 2 3 4 5 6 7 8 9 10 x 66"} {
		if _, err := spentOf(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
