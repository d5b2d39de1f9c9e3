package process

import (
	"testing"
	"time"

	"playhead/internal/eventlog"
)

// Under load the clock alone makes a snapshot due a few times later, and later still
// where states are more than what was read, but for a log that others may take over; and no
// later than that.
func TestDueAt(t *testing.T) {
	now := time.Now()
	p := &partition{runner: &Runner{config: Config{Snapshot: 2 * time.Second}.withDefaults()}}
	for _, test := range []struct {
		late         time.Duration
		events       int
		read, states int
		shared, want bool
	}{
		{late: -time.Millisecond, want: false},
		{late: 0, want: true},
		{late: 0, events: busyEvents - 1, want: true},
		{late: 0, events: busyEvents, want: false},
		{late: 8*time.Second - 1, events: busyEvents, want: false},
		{late: 8 * time.Second, events: busyEvents, want: true},
		{late: 8 * time.Second, events: busyEvents, read: 100, states: 100, want: true},
		{late: 8 * time.Second, events: busyEvents, read: 99, states: 100, want: false},
		{late: 8 * time.Second, events: busyEvents, read: 99, states: 100, shared: true, want: true},
		{late: 0, events: busyEvents - 1, read: 99, states: 100, want: true},
		{late: 24*time.Second - 1, events: busyEvents, read: 99, states: 100, want: false},
		{late: 24 * time.Second, events: busyEvents, read: 99, states: 100, want: true},
	} {
		p.due, p.sinceSnap, p.readBytes, p.stateBytes = now.Add(-test.late), test.events, test.read, test.states
		p.runner.shared = nil
		if test.shared {
			p.runner.shared = struct{ eventlog.Shared }{}
		}
		if got := p.dueAt(now); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
}

// What a snapshot wrote is what the next one is held against.
func TestSnapshotIsWeighed(t *testing.T) {
	p := &partition{runner: &Runner{config: Config{}.withDefaults()}, readBytes: 7, sinceSnap: 3}
	p.tx.State = []eventlog.KV{{Key: []byte("ab"), Value: []byte("cde")}, {Key: []byte("f")}}
	p.committed()
	if p.readBytes != 7 || p.stateBytes != 0 {
		t.Errorf("an epoch without a snapshot: %d read, %d written", p.readBytes, p.stateBytes)
	}
	p.tx.Snapshot = true
	p.committed()
	if p.readBytes != 0 || p.stateBytes != 6 || p.sinceSnap != 0 {
		t.Errorf("a snapshot: %d read since, %d written", p.readBytes, p.stateBytes)
	}
}
