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
	return joinWith(t, brokers, dir, nil)
}

// joinWith tells taken of each partition that was taken over.
func joinWith(t *testing.T, brokers []string, dir string, taken func(context.Context, int32) error) *member {
	t.Helper()
	m := &member{t: t, log: openKafka(t, brokers, dir), done: make(chan error, 1)}
	m.run = process.New(m.log, m.log, process.Config{
		Epoch: 5 * time.Millisecond, EpochBytes: 4_000, Tick: 20 * time.Millisecond, Snapshot: 30 * time.Millisecond, RetainEvents: time.Hour,
		Taken: taken,
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
	waitFor(t, "the first processor", func() bool { return a.run.Stats().Ready && a.run.Stats().Partitions == partitions })
	b := join(t, brokers, filepath.Join(dir, "b"))
	waitFor(t, "the second processor", func() bool { return b.run.Stats().Ready && b.run.Stats().Partitions > 0 })
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

// Who has partitions is ready once their state is restored, and not before; a spare
// processor, which has none, is ready as soon as it knows that.
func TestReadyTellsTheTruth(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	brokers, dir := cluster.ListenAddrs(), t.TempDir()
	restoring, restored := make(chan struct{}, partitions), make(chan struct{})
	first := joinWith(t, brokers, filepath.Join(dir, "first"), func(ctx context.Context, _ int32) error {
		restoring <- struct{}{}
		select {
		case <-restored:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if first.run.Stats().Ready {
		t.Error("ready before it knows what it has")
	}
	for range partitions {
		<-restoring
	}
	if s := first.run.Stats(); s.Ready || s.Partitions != 0 {
		t.Errorf("ready is %v with %d partitions while none of %d is restored", s.Ready, s.Partitions, partitions)
	}
	close(restored)
	waitFor(t, "the first to be ready", func() bool { return first.run.Stats().Ready })
	if n := first.run.Stats().Partitions; n != partitions {
		t.Errorf("ready with %d of %d partitions", n, partitions)
	}
	all := []*member{first}
	for range partitions { // one more than there are partitions
		all = append(all, join(t, brokers, filepath.Join(dir, "more"+string(rune('a'+len(all))))))
	}
	waitFor(t, "everybody to be ready, each with a partition but one", func() bool {
		ready, spare, sum := 0, 0, int64(0)
		for _, m := range all {
			s := m.run.Stats()
			sum += s.Partitions
			if s.Ready {
				ready++
			}
			if s.Partitions == 0 {
				spare++
			}
		}
		return ready == len(all) && spare == 1 && sum == partitions
	})
	for _, m := range all {
		m.leave()
		if m.run.Stats().Ready {
			t.Error("ready after it has left")
		}
	}
}
