package metric

import (
	"context"
	"testing"
	"time"

	"playhead/internal/rollup"
)

// TestAGaugeIsTheMeanUpToWhatTheAnswerIsFreshTo asks while the server is slow: what is
// scanned is fresher than the moment of the question, and a boundary lies between. A
// log whose stamps are ahead of the clock is taken as fresh to the clock's time.
func TestAGaugeIsTheMeanUpToWhatTheAnswerIsFreshTo(t *testing.T) {
	start := mustTime(t, "2026-11-23T11:59:59Z")
	begin := mustTime(t, "2026-11-23T11:00:00Z")
	for _, c := range []struct {
		name               string
		took, fresh        time.Duration // since the question came
		boundaries, freshS int64         // of the hour and what follows it
	}{
		{"the boundary passed while it scanned", 3 * time.Second, 2 * time.Second, 361, 2},
		{"the boundary passed after it scanned", 3 * time.Second, 0, 360, 0},
		{"stamps ahead of the clock", 3 * time.Second, time.Minute, 361, 3},
	} {
		w := &world{fresh: start + c.fresh.Milliseconds(), report: newCalendar(time.UTC)}
		cell := worldCell{time: begin}
		cell.measures[rollup.PlayMarks] = 722
		w.cells = []worldCell{cell}
		asked := 0
		clock := func() time.Time {
			asked++
			if asked == 1 {
				return time.UnixMilli(start)
			}
			return time.UnixMilli(start).Add(c.took)
		}
		e := NewEngine(w, Options{Clock: clock, ReportTZ: time.UTC})
		res, err := e.Run(context.Background(), Query{Metrics: []string{"concurrent_plays"}, From: "2026-11-23T11:00:00Z", To: "2026-11-23T13:00:00Z"})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := res.Rows[0][0], 722/float64(c.boundaries); got != want {
			t.Errorf("%s: %v plays, want %v", c.name, got, want)
		}
		if got, want := res.Meta.FreshTo, stamp(start+1000*c.freshS, time.UTC); got != want {
			t.Errorf("%s: fresh to %s, want %s", c.name, got, want)
		}
	}
}
