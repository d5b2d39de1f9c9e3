package metric

import (
	"testing"

	"playhead/internal/rollup"
)

// An installation younger than what pulse keeps has dropped nothing: all time in
// tens of seconds needs no finished plays, and so shows open ones.
func TestPulseHoldsAllTimeOfYoungInstallation(t *testing.T) {
	now := int64(100 * 24 * rollup.HourMS)
	for _, c := range []struct {
		name            string
		first, from     int64
		fromStart, want bool
	}{
		{"all time, young", now - 6*rollup.HourMS, now - 6*rollup.HourMS, true, true},
		{"from before the first cell, young", now - 6*rollup.HourMS, now - 100*rollup.HourMS, false, true},
		{"all time, old", now - 100*rollup.HourMS, now - 100*rollup.HourMS, true, false},
		{"from long ago, old", now - 200*rollup.HourMS, now - 100*rollup.HourMS, false, false},
		{"from lately, old", now - 100*rollup.HourMS, now - 6*rollup.HourMS, false, true},
	} {
		p := &planner{now: now, first: c.first, limits: DefaultRetention()}
		w := &window{from: c.from, to: now, bounds: []int64{c.from, now}}
		if got := p.holds(rollup.SourcePulse, &request{fromStart: c.fromStart, grain: Grain10s}, w); got != c.want {
			t.Errorf("%s: holds = %v, want %v", c.name, got, c.want)
		}
	}
}
