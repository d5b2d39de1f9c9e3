package process_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kfake"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact/facttest"
	"playhead/internal/process"
)

// unsteady is a log on Kafka whose commits begin to fail after some.
type unsteady struct {
	*kafkalog.Log
	left int
}

var errUnsteady = errors.New("no more")

func (u *unsteady) Commit(ctx context.Context, txs []eventlog.Transaction) error {
	if u.left--; u.left < 0 {
		return errUnsteady
	}
	return u.Log.Commit(ctx, txs)
}

// An audience is half through when its states move to another log, in pieces that are
// broken off: what both logs say together is what one pair of engines says of all of it,
// and what was sent before the move is known after it.
func TestMove(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	brokers, dir := cluster.ListenAddrs(), t.TempDir()
	events := audience(rand.New(rand.NewPCG(23, 5)), 200)
	want := oracle(t, events).String()
	half := len(events) / 2
	old := open(t, vfs.NewMem(), &clock{})
	defer old.Close()
	appendEvents(t, old, events[:half])
	run(t, old, 0)

	// A collector of the new house takes events already.
	l := openKafka(t, brokers, filepath.Join(dir, "new"))
	appendEvents(t, l, slices.Concat(events[half-40:half], events[half:half+60]))
	move(t, old, l)
	first := states(t, old)
	// The old one was run again all the same: the move is made again.
	appendEvents(t, old, events[half-3:half])
	if _, err := process.Move(t.Context(), old, l, event.PartitionOf(events[half-1].Viewer, partitions)); !errors.Is(err, process.ErrUnfinished) {
		t.Fatalf("a log with something to process is moved: %v", err)
	}
	run(t, old, 0)
	move(t, old, l)
	if states(t, old) == first {
		t.Fatal("nothing has changed in the old log")
	}
	for p := range int32(partitions) {
		l.Release(p)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	m := join(t, brokers, filepath.Join(dir, "processor"))
	appendEvents(t, m.log, events[half+60:])
	settle(t, m.log)
	waitFor(t, "everything to be committed", func() bool {
		for p := range int32(partitions) {
			_, end, err := m.log.Bounds(t.Context(), eventlog.Events, p)
			if err != nil {
				t.Fatal(err)
			}
			progress, err := m.log.Progress(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if progress.Committed < end-1 { // a tick may have come since
				return false
			}
		}
		return true
	})
	m.leave()
	l = openKafka(t, brokers, filepath.Join(dir, "again"))
	defer l.Close()
	sum := facttest.NewLedger()
	before, after := addFacts(t, sum, old), addFacts(t, sum, l)
	if got := sum.String(); got != want {
		t.Fatalf("facts differ\n--- got\n%s\n--- want\n%s", facttest.Diff(got, want), facttest.Diff(want, got))
	}
	if before.Duplicates != 3 || after.Duplicates != 40 || before.LateDropped+after.LateDropped > 0 {
		t.Errorf("counts %+v, then %+v", before, after)
	}
	if err := l.Claim(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := process.Move(t.Context(), old, l, 0); !errors.Is(err, process.ErrMoved) {
		t.Fatalf("a log that goes on is moved into: %v", err)
	}
}

// move moves all partitions. Each is begun, fails, is claimed again and gets through.
func move(t *testing.T, old *pebblelog.Log, l *kafkalog.Log) {
	t.Helper()
	for p := range int32(partitions) {
		for _, commits := range []int{0, 1, 1 << 30} {
			if err := l.Claim(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			_, err := process.Move(t.Context(), old, &unsteady{l, commits}, p)
			if err != nil && !errors.Is(err, errUnsteady) || commits > 1 && err != nil {
				t.Fatal(err)
			}
		}
		m, err := process.Move(t.Context(), old, l, p)
		if err != nil || m.States == 0 || m.Written > 0 || m.Gone > 0 {
			t.Fatalf("once more: %+v, %v", m, err)
		}
	}
}

// states is a digest of all states.
func states(t *testing.T, l *pebblelog.Log) (text string) {
	t.Helper()
	for p := range int32(partitions) {
		err := l.ScanState(t.Context(), p, nil, func(key, value []byte) error {
			text += string(key) + "=" + string(value) + "\n"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return text
}
