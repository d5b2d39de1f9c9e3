package process

import (
	"encoding/binary"
	"testing"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/fact"
	"playhead/internal/journey"
	"playhead/internal/play"
)

// Under load the clock alone makes a snapshot due a few times later, and once a minute
// where states are more than what was read, but for a log that others may take over.
func TestDueAt(t *testing.T) {
	const some = 300 // viewers that changed
	engine := withViewers(t, some)
	made := time.Now()
	now := made.Add(150 * time.Second) // the moment of the second of two
	p := &partition{number: 1, engine: engine, across: journey.New(journey.DefaultConfig(), nil),
		runner: &Runner{made: made, parts: make([]*partition, 2), config: Config{Snapshot: 2 * time.Second}.withDefaults(4)}}
	if p.changed() != some {
		t.Fatalf("%d changed", p.changed())
	}
	const heavy = (1<<20 + some - 1) / some // bytes of each that are much together
	const busyEvents = 20_000
	for _, test := range []struct {
		late         time.Duration
		events       int
		read, each   int
		shared, want bool
	}{
		{late: -time.Millisecond, want: false},
		{late: 0, want: true},
		{late: 0, events: busyEvents - 1, want: true},
		{late: 0, events: busyEvents, want: false},
		{late: 8*time.Second - 1, events: busyEvents, want: false},
		{late: 8 * time.Second, events: busyEvents, want: true},
		{late: 0, events: busyEvents - 1, read: 99, each: heavy - 1, want: true},
		{late: 8 * time.Second, events: busyEvents, read: 99, each: heavy - 1, want: true},
		{late: 0, events: busyEvents - 1, read: 2 * heavy * some, each: heavy, want: true},
		{late: 0, events: busyEvents - 1, read: 2*heavy*some - 1, each: heavy, want: false},
		{late: 0, events: busyEvents - 1, read: 2*heavy*some - 1, each: heavy, shared: true, want: true},
		{late: 1, events: 1, read: 99, each: heavy, want: true}, // its moment came
		{late: 20 * time.Second, events: busyEvents, read: 99, each: heavy, want: true},
	} {
		p.due, p.sinceSnap, p.readBytes, p.changeBytes = now.Add(-test.late), test.events, test.read, test.each
		p.runner.shared = nil
		if test.shared {
			p.runner.shared = struct{ eventlog.Shared }{}
		}
		if got := p.dueAt(now); got != test.want {
			t.Errorf("%+v: %t", test, got)
		}
	}
}

// withViewers is an engine in which as many viewers have changed.
func withViewers(t *testing.T, n int) *play.Engine {
	t.Helper()
	g := play.New(play.DefaultConfig(), func(event.ViewerKey) ([]byte, error) { return nil, nil })
	g.Ready()
	var out fact.Batch
	g.Begin()
	for i := range n {
		var e event.Event
		e.Reset()
		e.Type, e.Seq = event.PlayStarted, 0
		e.Time, e.ReceivedAt = 1_795_358_000_000, 1_795_358_000_000
		binary.BigEndian.PutUint64(e.Viewer[:], uint64(i)+1)
		binary.BigEndian.PutUint64(e.Play[:], uint64(i)+1)
		if err := g.Apply(&e, &out); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// Where states are more than what was read, each partition has its own moment of each
// minute, and none is due twice in it.
func TestDueOnceAMinute(t *testing.T) {
	const parts = 4
	made := time.Now()
	r := &Runner{made: made, config: Config{Snapshot: 2 * time.Second}.withDefaults(4), parts: make([]*partition, parts)}
	engine := withViewers(t, 10)
	for n := range int32(parts) {
		p := &partition{number: n, runner: r, due: made.Add(time.Second), changeBytes: 1 << 20, engine: engine, across: journey.New(journey.DefaultConfig(), nil)}
		var due []time.Duration
		for since := time.Duration(0); since < 10*time.Minute; since += 50 * time.Millisecond {
			if p.dueAt(made.Add(since)) {
				due = append(due, since)
				p.due = made.Add(since + 2*time.Second)
			}
		}
		if len(due) < 9 || len(due) > 10 {
			t.Fatalf("partition %d was due %d times in ten minutes", n, len(due))
		}
		for _, since := range due {
			if late := (since + time.Minute*time.Duration(n)/parts) % time.Minute; late > 50*time.Millisecond {
				t.Errorf("partition %d is due %v after its moment", n, late)
			}
		}
	}
}

// What each change took in the last snapshot is what the next is weighed by.
func TestSnapshotIsWeighed(t *testing.T) {
	p := &partition{runner: &Runner{config: Config{}.withDefaults(4)}, readBytes: 7, sinceSnap: 3, changes: 2}
	p.tx.State = []eventlog.KV{{Key: []byte("ab"), Value: []byte("cde")}, {Key: []byte("f")}}
	p.committed()
	if p.readBytes != 7 || p.changeBytes != 0 {
		t.Errorf("an epoch without a snapshot: %d read, %d each", p.readBytes, p.changeBytes)
	}
	p.tx.Snapshot = true
	p.committed()
	if p.readBytes != 0 || p.changeBytes != 3 || p.sinceSnap != 0 {
		t.Errorf("a snapshot: %d read since, %d each", p.readBytes, p.changeBytes)
	}
	p.changes = 0 // of time alone: it says nothing of what a viewer takes
	if p.committed(); p.changeBytes != 3 {
		t.Errorf("a snapshot of nothing: %d each", p.changeBytes)
	}
}

// What one partition may take is a share of what all may, at most a quarter and not nothing.
func TestSharesOfPartitions(t *testing.T) {
	for partitions, want := range map[int32]int{0: 250_000, 1: 250_000, 4: 250_000, 16: 62_500, 256: 20_000} {
		if got := (Config{}).withDefaults(partitions).SnapshotEvents; got != want {
			t.Errorf("%d partitions: %d events a snapshot, want %d", partitions, got, want)
		}
	}
	if c := (Config{}).withDefaults(16); c.Play.MaxOpenPlays != 500_000 || c.Journey.MaxViewers != 50_000 {
		t.Errorf("16 partitions: %d open plays and %d viewers in memory each", c.Play.MaxOpenPlays, c.Journey.MaxViewers)
	}
	if got := (Config{SnapshotEvents: 7}).withDefaults(16).SnapshotEvents; got != 7 {
		t.Errorf("what is said became %d", got)
	}
}
