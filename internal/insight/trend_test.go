package insight

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// drawSeries are groups whose shares wander from week to week; group 0 rises by a factor.
func drawSeries(r *rand.Rand, groups int, unrest, factor float64) []Series {
	list := make([]Series, groups)
	for i := range list {
		base := math.Exp(r.NormFloat64()) / float64(groups)
		draw := func() float64 { return base * math.Exp(unrest*r.NormFloat64()) }
		list[i] = Series{Now: draw(), Before: []float64{draw(), draw(), draw(), draw(), draw(), draw(), draw(), draw()}, Plays: 1e6}
	}
	list[0].Now *= factor
	return list
}

// TestMomenta: intervals cover what was planted, a rise is found, and 28 days of
// looking at nothing seldom give an alarm.
func TestMomenta(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	found, cover := 0, coverage{}
	for range 200 {
		got := Momenta(drawSeries(r, 30, 0.05, 1.6), 0.05)
		if got[0].Alarm {
			found++
		}
		for _, m := range got[1:] {
			cover.note(m.Log.Low <= 0 && 0 <= m.Log.High)
		}
	}
	if found < 180 {
		t.Errorf("a rise by 1.6 was found in %d of 200 worlds", found)
	}
	if cover.share() < 0.93 {
		t.Errorf("%.3f of the intervals of what did not move hold 0", cover.share())
	}
	alarmed := 0
	for range 400 {
		any := false
		for range 28 {
			for _, m := range Momenta(drawSeries(r, 30, 0.05+0.1*r.Float64(), 1), 0.05) {
				any = any || m.Alarm
			}
		}
		if any {
			alarmed++
		}
	}
	if alarmed > 29 {
		t.Errorf("alarms in %d of 400 worlds where nothing moved, want at most 29", alarmed)
	}
	t.Logf("found %d of 200, alarms in %d of 400 null worlds", found, alarmed)
	if m := Momenta([]Series{{Now: 0.1, Before: []float64{0.1}}}, 0.05); m[0].Known {
		t.Error("one earlier week is said to be enough")
	}
}

// TestOneMoves: where little moves and one group does, its interval holds what it
// moved by, and those of the others are no narrower than what is known.
func TestOneMoves(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	mover, still := coverage{}, coverage{}
	for range 300 {
		size := 0.2 + r.Float64()
		for i, m := range Momenta(drawSeries(r, 12, 0.15, math.Exp(size)), 0.05) {
			if i == 0 {
				mover.note(m.Log.Low <= size && size <= m.Log.High)
			} else {
				still.note(m.Log.Low <= 0 && 0 <= m.Log.High)
			}
		}
	}
	if mover.share() < 0.9 || still.share() < 0.95 {
		t.Errorf("intervals hold what moved in %.3f and what did not in %.3f of 300 worlds", mover.share(), still.share())
	}
	t.Logf("of what moved %.3f, of what did not %.3f", mover.share(), still.share())
}

// TestIndexes: the index of the label that looks strongest covers its truth.
func TestIndexes(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	top := coverage{}
	for range 300 {
		truth := make([]float64, 40)
		part, whole := make([]Count, 40), make([]Count, 40)
		for i := range truth {
			truth[i] = math.Exp(0.25 * r.NormFloat64())
			const n, all = 600, 50_000
			for range n {
				if r.Float64() < 0.1*truth[i] {
					part[i].K++
				}
			}
			part[i].N, whole[i] = n, Count{K: 0.1 * all, N: all}
		}
		got := Indexes(part, whole)
		best := 0
		for i := range got {
			if got[i].Value.Value > got[best].Value.Value {
				best = i
			}
		}
		top.note(got[best].Value.Low <= truth[best] && truth[best] <= got[best].Value.High)
	}
	if top.share() < 0.9 {
		t.Errorf("%.3f of the intervals of what looks strongest cover the truth, want 0.9", top.share())
	}
	if x := Indexes([]Count{{}}, []Count{{}}); x[0].Value.Value != 1 {
		t.Errorf("of nobody: %+v", x[0])
	}
}

func TestWants(t *testing.T) {
	got := Wants([]Wish{
		{"Dragon Riders", 50, 45, 40}, {"dragon rider", 20, 20, 20}, {"dragn riders!", 3, 3, 3},
		{"cooking", 10, 1, 0}, {"cooks", 5, 5, 5}, {"?!", 9, 9, 9},
	}, "english")
	if len(got) != 2 || got[0].Text != "Dragon Riders" || got[0].Unmet.K != 68 || !slices.Contains(got[0].Spellings, "dragn riders!") {
		t.Errorf("got %+v", got)
	}
	if got := Wants([]Wish{{"war", 2, 1, 1}, {"wax", 1, 1, 1}}, "english"); len(got) != 2 {
		t.Errorf("short words that differ were put together: %+v", got)
	}
}
