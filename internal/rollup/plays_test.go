package rollup_test

import (
	"math/rand/v2"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/rollup"
)

// anyPlay is a finished play of chance, of three dimension sets.
func anyPlay(r *rand.Rand) fact.Play {
	p := fact.Play{
		N: 1 - 2*r.Int32N(2), Viewer: event.ViewerKey{1}, Known: r.IntN(2) == 0, Dims: r.Uint32N(3), Slot: r.Uint32N(2),
		Requested: (t0 + r.Int64N(60_000)) * r.Int64N(2), StartMS: r.Int64N(3) - 1, StartupMS: r.Int64N(900) - 1, DurationMS: r.Int64N(2) * 100_000,
		Pauses: r.Int32N(3), Rewinds: r.Int32N(2), Skips: r.Int32N(2), DroppedFrames: r.Int64N(9), Stalls: r.Int32N(5),
		BitrateMS: r.Int64N(1e9), KnownBitrateMS: r.Int64N(1e5), Completed: r.IntN(2) == 0, Reason: fact.EndReason(r.IntN(4)), Part: r.Int32N(2),
		ErrorClass: []string{"", "business"}[r.IntN(2)], Cover: []fact.Coverage{{From: 0, To: r.Int64N(200_000), N: 1}},
	}
	at := t0 + r.Int64N(90_000)
	p.FirstFrame = at * r.Int64N(2)
	for range r.IntN(9) {
		to := at + 1 + r.Int64N(30_000)
		kinds := []fact.SpanKind{fact.Startup, fact.Playing, fact.Stalled, fact.SeekStalled, fact.Seeking}
		p.Intervals = append(p.Intervals, fact.Interval{Kind: kinds[r.IntN(5)], Dims: r.Uint32N(3), From: at, To: to})
		p.Active = append(p.Active, fact.Interval{Kind: fact.ActivePlay, Dims: r.Uint32N(3), From: at, To: to})
		at = to + r.Int64N(2)*r.Int64N(9_000)
	}
	p.Ended = at
	return p
}

// What a play leaves in all is what a scan without groups says of it, with any cut.
func TestWholeLifeIsAScanOfOne(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	dims, slots := []fact.Dims{{Title: "a"}, {Title: "b", Live: true}, {Country: "US"}}, []fact.Slot{{Creative: "c"}}
	something := 0
	for range 3_000 {
		p := anyPlay(r)
		from, to := rollup.FirstMoment(&p), rollup.LastMoment(&p)
		if r.IntN(3) == 0 {
			from, to = from+r.Int64N(20_000), to-r.Int64N(20_000)
		}
		a := rollup.NewAccumulator(rollup.Scan{Source: rollup.SourcePlays, From: from, To: to})
		a.AddPlay(&p, dims, slots)
		var want rollup.Measures
		for _, g := range a.Result().Groups {
			want = g.Measures
			something++
		}
		if got := rollup.WholeLife(&p, dims, from, to); got != want {
			t.Fatalf("%+v within [%d, %d)\nleaves %v\n   not %v", p, from, to, got, want)
		}
	}
	if something < 2_000 {
		t.Errorf("only %d plays left anything", something)
	}
}
