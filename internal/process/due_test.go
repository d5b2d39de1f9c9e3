package process

import (
	"testing"
	"time"
)

// Under load the clock alone makes a snapshot due a few times later, and no later
// than that.
func TestDueAt(t *testing.T) {
	now := time.Now()
	p := &partition{runner: &Runner{config: Config{Snapshot: 2 * time.Second}.withDefaults()}}
	for _, test := range []struct {
		late   time.Duration
		events int
		want   bool
	}{
		{-time.Millisecond, 0, false},
		{0, 0, true},
		{0, busyEvents - 1, true},
		{0, busyEvents, false},
		{8*time.Second - 1, busyEvents, false},
		{8 * time.Second, busyEvents, true},
	} {
		p.due, p.sinceSnap = now.Add(-test.late), test.events
		if got := p.dueAt(now); got != test.want {
			t.Errorf("%v after it was due, with %d events: %t, want %t", test.late, test.events, got, test.want)
		}
	}
}
