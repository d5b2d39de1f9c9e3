package play

import (
	"testing"

	"playhead/internal/event"
)

// Reports of one millisecond are folded in the order of the player's numbers,
// whatever they say and however they arrive.
func TestNumbersOrderAMillisecond(t *testing.T) {
	report := func(typ event.Type, at, number int64) event.Event {
		e := ev(typ, at, event.Absent, -1)
		e.Format = event.FormatCMCD
		e.ID = e.ID.WithNumber(number)
		return e
	}
	begin := report(event.Resumed, 0, 0)
	pause, resume := report(event.Paused, 10_000, 5), report(event.Resumed, 10_000, 6)
	end := report(event.PlayEnded, 20_000, 7)
	for name, events := range map[string][]event.Event{
		"as it was": {begin, pause, resume, end},
		"disorder":  {resume, end, begin, pause},
	} {
		b, _ := apply(t, events)
		if got := sums(b); got["playing"] != 20_000 || got["paused"] != 0 {
			t.Errorf("%s, pause then play: %v", name, got)
		}
	}
	pause, resume = report(event.Paused, 10_000, 6), report(event.Resumed, 10_000, 5)
	b, _ := apply(t, []event.Event{begin, pause, resume, end})
	if got := sums(b); got["playing"] != 10_000 || got["paused"] != 10_000 {
		t.Errorf("play then pause: %v", got)
	}
}
