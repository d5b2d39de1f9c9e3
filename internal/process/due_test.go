package process

import (
	"testing"
	"time"

	"playhead/internal/eventlog"
)

// Under load the clock alone makes a snapshot due a few times later, and once a minute
// where states are more than what was read, but for a log that others may take over.
func TestDueAt(t *testing.T) {
	now := time.Now().Truncate(time.Minute).Add(30 * time.Second) // of the second of two
	p := &partition{number: 1, runner: &Runner{parts: make([]*partition, 2), config: Config{Snapshot: 2 * time.Second}.withDefaults()}}
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
		{late: 8 * time.Second, events: busyEvents, read: 99, states: heavyBytes - 1, want: true},
		{late: 8 * time.Second, events: busyEvents, read: 2 * heavyBytes, states: heavyBytes, want: true},
		{late: 8 * time.Second, events: busyEvents, read: 2*heavyBytes - 1, states: heavyBytes, shared: true, want: true},
		{late: 0, events: 1, read: 99, states: heavyBytes, want: false},
		{late: 0, events: 1, read: 99, states: heavyBytes, shared: true, want: true},
		{late: 20 * time.Second, events: busyEvents, read: 2 * heavyBytes, states: heavyBytes, want: true},
		{late: 1, events: 1, read: 99, states: heavyBytes, want: true}, // its moment is now
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

// Where states are more than what was read, each partition has its own moment of each
// minute, and none is due twice in it.
func TestDueOnceAMinute(t *testing.T) {
	const parts = 4
	r := &Runner{config: Config{Snapshot: 2 * time.Second}.withDefaults(), parts: make([]*partition, parts)}
	began := time.Now()
	for n := range int32(parts) {
		p := &partition{number: n, runner: r, due: began, stateBytes: heavyBytes}
		var due []time.Time
		for now := began; now.Before(began.Add(10 * time.Minute)); now = now.Add(50 * time.Millisecond) {
			if p.dueAt(now) {
				due = append(due, now)
				p.due = now.Add(2 * time.Second)
			}
		}
		if len(due) != 10 {
			t.Fatalf("partition %d was due %d times in ten minutes", n, len(due))
		}
		for i, at := range due {
			own := at.Add(time.Minute * time.Duration(n) / parts)
			if late := own.Sub(own.Truncate(time.Minute)); late > 50*time.Millisecond {
				t.Errorf("partition %d is due for the %d. time %v after its moment", n, i+1, late)
			}
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
