package process_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/event"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact/facttest"
	"playhead/internal/process"
)

// way is how the same events are brought to facts.
type way struct {
	partitions int32
	config     process.Config
	chunk      int           // events an append
	pause      time.Duration // between appends
	restarts   int           // of 10 appends, so many are followed by a new start
	lose       bool          // a new start follows a loss of power, not an orderly stop
}

// The same input with other partitions, epochs, snapshots, batches and speeds
// gives the same facts, the finished plays byte for byte; so does a loss of power
// here and there.
func TestWaysToTheSameFacts(t *testing.T) {
	events := audience(rand.New(rand.NewPCG(8, 8)), 200)
	want := oracle(t, events)
	ms := time.Millisecond
	for name, w := range map[string]way{
		"one partition, large epochs": {1, process.Config{Epoch: 20 * ms, EpochBytes: 1 << 20, Tick: 50 * ms, Snapshot: time.Hour}, 5_000, 0, 0, false},
		"many partitions":             {7, process.Config{Epoch: ms, EpochBytes: 1_000, Tick: 5 * ms, Snapshot: ms}, 100, 0, 1, false},
		"an event at a time":          {3, process.Config{Epoch: ms, EpochBytes: 1, Tick: 20 * ms, Snapshot: 5 * ms}, 700, ms, 0, false},
		"a snapshot each epoch":       {2, process.Config{Epoch: ms, EpochBytes: 6_000, Tick: 3 * ms, Snapshot: time.Nanosecond}, 300, ms, 2, false},
		"no snapshot":                 {2, process.Config{Epoch: ms, EpochBytes: 9_000, Tick: 3 * ms, Snapshot: time.Hour}, 400, ms, 3, true},
		"slowly, power is lost":       {4, process.Config{Epoch: 2 * ms, EpochBytes: 3_000, Tick: 2 * ms, Snapshot: 4 * ms}, 150, 3 * ms, 3, true},
		"few states a snapshot":       {3, process.Config{Epoch: ms, Tick: 4 * ms, Snapshot: time.Hour, SnapshotStates: 9, CommitBytes: 1}, 250, 0, 2, true},
		"few events a snapshot":       {3, process.Config{Epoch: ms, Tick: 4 * ms, Snapshot: time.Hour, SnapshotEvents: 40}, 250, 0, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.follow(t, rand.New(rand.NewPCG(uint64(len(name)), 2)), events)
			if !got.Equal(want) {
				a, b := got.String(), want.String()
				t.Fatalf("facts differ\n--- got\n%s\n--- want\n%s", facttest.Diff(a, b), facttest.Diff(b, a))
			}
		})
	}
}

// follow brings events to facts in this way and sums them.
func (w way) follow(t *testing.T, r *rand.Rand, events []event.Event) *facttest.Ledger {
	t.Helper()
	fs, c := vfs.NewCrashableMem(), &clock{}
	c.now.Store(1_800_000_000_000)
	open := func() *pebblelog.Log {
		l, err := pebblelog.Open("data", pebblelog.Options{FS: fs, Partitions: w.partitions, Clock: c.Now, ReserveBytes: -1})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	stop := w.start(t, l)
	for len(events) > 0 {
		n := min(len(events), 1+r.IntN(w.chunk))
		appendEvents(t, l, events[:n])
		events = events[n:]
		time.Sleep(w.pause)
		if r.IntN(10) >= w.restarts {
			continue
		}
		after := fs
		if w.lose {
			after = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(100), RNG: r})
		}
		stop()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		fs = after
		l = open()
		stop = w.start(t, l)
	}
	settle(t, l)
	targets := ends(t, l)
	for begun := time.Now(); !committed(t, l, targets); time.Sleep(2 * time.Millisecond) {
		if time.Since(begun) > 5*time.Minute {
			t.Fatal("the events are not processed")
		}
	}
	stop()
	sum, counts := facts(t, l)
	if counts.LateDropped > 0 || counts.Duplicates > 0 {
		t.Errorf("counts %+v", counts)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return sum
}

// start runs a processor; the function returned stops it in order.
func (w way) start(t *testing.T, l *pebblelog.Log) func() {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- process.New(l, l, w.config).Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := ended(t, done); err != nil {
			t.Fatal(err)
		}
	}
}
