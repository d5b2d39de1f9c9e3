package process_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/kafkalog"
	"playhead/internal/fact/facttest"
	"playhead/internal/process"
)

// member is a processor of several.
type member struct {
	t    *testing.T
	log  *kafkalog.Log
	stop context.CancelFunc
	done chan error
	run  *process.Runner
}

func join(t *testing.T, brokers []string, dir string) *member {
	t.Helper()
	m := &member{t: t, log: openKafka(t, brokers, dir), done: make(chan error, 1)}
	m.run = process.New(m.log, m.log, process.Config{
		Epoch: 5 * time.Millisecond, EpochBytes: 4_000, Tick: 20 * time.Millisecond, Snapshot: 30 * time.Millisecond, RetainEvents: time.Hour,
	})
	var ctx context.Context
	ctx, m.stop = context.WithCancel(t.Context())
	go func() { m.done <- m.run.Run(ctx) }()
	return m
}

// leave stops in order.
func (m *member) leave() {
	m.t.Helper()
	m.stop()
	if err := <-m.done; err != nil {
		m.t.Error(err)
	}
	if err := m.log.Close(); err != nil {
		m.t.Error(err)
	}
}

func openKafka(t *testing.T, brokers []string, dir string) *kafkalog.Log {
	t.Helper()
	l, err := kafkalog.Open(t.Context(), kafkalog.Options{Brokers: brokers, Partitions: partitions, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// waitFor waits for a condition, since nobody knows how fast the machine is.
func waitFor(t *testing.T, what string, met func() bool) {
	t.Helper()
	for until := time.Now().Add(2 * time.Minute); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("waited 2 minutes for %s", what)
		}
	}
}

// Processors come and go, one is robbed of a partition, and every fact is what one
// pair of engines says, once.
func TestSharedOut(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	brokers, dir := cluster.ListenAddrs(), t.TempDir()
	events := audience(rand.New(rand.NewPCG(7, 7)), 120)
	want := oracle(t, events).String()
	l := openKafka(t, brokers, filepath.Join(dir, "watch"))
	defer l.Close()
	send := func(n int) {
		n = min(n, len(events))
		appendEvents(t, l, events[:n])
		events = events[n:]
	}
	part := len(events) / 5

	a := join(t, brokers, filepath.Join(dir, "a"))
	send(part)
	waitFor(t, "the first processor", func() bool { return a.run.Stats().Ready })
	b := join(t, brokers, filepath.Join(dir, "b"))
	waitFor(t, "the second processor", func() bool { return b.run.Stats().Ready })
	send(part)
	// Somebody claims a partition and goes again, as when two believe it is theirs.
	for p := range int32(partitions) {
		if err := l.Claim(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		l.Release(p)
	}
	send(part)
	a.leave()
	send(part)
	c := join(t, brokers, filepath.Join(dir, "c"))
	send(len(events))
	settle(t, l)
	targets := make([]int64, partitions)
	for p := range targets {
		if _, targets[p], err = l.Bounds(t.Context(), eventlog.Events, int32(p)); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "everything to be committed", func() bool {
		for p, target := range targets {
			progress, err := l.Progress(t.Context(), int32(p))
			if err != nil {
				t.Fatal(err)
			}
			if progress.Committed < target {
				return false
			}
		}
		return true
	})
	b.leave()
	c.leave()
	sum, counts := facts(t, l)
	if counts.LateDropped > 0 || counts.Duplicates > 0 {
		t.Fatalf("counts %+v", counts)
	}
	if got := sum.String(); got != want {
		t.Fatalf("facts differ\n--- got\n%s\n--- want\n%s", facttest.Diff(got, want), facttest.Diff(want, got))
	}
	for p := range int32(partitions) {
		if err := l.Claim(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if progress, err := l.Progress(t.Context(), p); err != nil || progress.Committed != progress.Snapshot {
			t.Errorf("partition %d is at %+v after an orderly stop, %v", p, progress, err)
		}
	}
}
