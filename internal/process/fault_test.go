package process_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact/facttest"
	"playhead/internal/process"
)

// faulty is a log whose disk is full, or broken, when the test says so.
type faulty struct {
	*pebblelog.Log
	full    atomic.Int64 // so many commits find the disk full
	appends error        // what every append returns
}

func (f *faulty) Commit(ctx context.Context, txs []eventlog.Transaction) error {
	if f.full.Add(-1) >= 0 {
		return eventlog.ErrFull
	}
	return f.Log.Commit(ctx, txs)
}

func (f *faulty) Append(ctx context.Context, topic eventlog.Topic, records []eventlog.Record) error {
	if f.appends != nil {
		return f.appends
	}
	return f.Log.Append(ctx, topic, records)
}

var quick = process.Config{Epoch: time.Millisecond, Tick: 5 * time.Millisecond, Snapshot: 2 * time.Millisecond}

func start(f *faulty) (stop context.CancelFunc, done chan error) {
	ctx, cancel := context.WithCancel(context.Background())
	done = make(chan error, 1)
	r := process.New(f, f.Log, quick)
	go func() { done <- r.Run(ctx) }()
	return cancel, done
}

func ended(t *testing.T, done chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("the runner does not end")
		return nil
	}
}

// A full disk holds facts up and loses none, also when the process is stopped
// while it waits.
func TestFullDisk(t *testing.T) {
	events := audience(rand.New(rand.NewPCG(3, 3)), 60)
	want := oracle(t, events).String()
	before := runtime.NumGoroutine()
	l := open(t, vfs.NewMem(), &clock{})
	appendEvents(t, l, events)
	f := &faulty{Log: l}
	f.full.Store(1 << 40)
	stop, done := start(f)
	time.Sleep(30 * time.Millisecond)
	stop()
	if err := ended(t, done); err != nil {
		t.Fatalf("stopped while the disk was full: %v", err)
	}
	f.full.Store(1)
	stop, done = start(f)
	settle(t, l)
	for targets, begun := ends(t, l), time.Now(); !committed(t, l, targets) && time.Since(begun) < 20*time.Second; {
		time.Sleep(2 * time.Millisecond)
	}
	stop()
	if err := ended(t, done); err != nil {
		t.Fatal(err)
	}
	sum, _ := facts(t, l)
	if got := sum.String(); got != want {
		t.Fatalf("facts differ\n--- got\n%s\n--- want\n%s", facttest.Diff(got, want), facttest.Diff(want, got))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// A log that takes no ticks ends the run: time would stand still unnoticed.
func TestBrokenTicks(t *testing.T) {
	l := open(t, vfs.NewMem(), &clock{})
	broken := errors.New("the disk is on fire")
	_, done := start(&faulty{Log: l, appends: broken})
	if err := ended(t, done); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// A second runner on the same log is refused, not believed.
func TestTwoRunners(t *testing.T) {
	l := open(t, vfs.NewMem(), &clock{})
	appendEvents(t, l, audience(rand.New(rand.NewPCG(4, 4)), 20))
	stopA, a := start(&faulty{Log: l})
	stopB, b := start(&faulty{Log: l})
	var refused error
	select {
	case refused = <-a:
		stopB()
		a = b
	case refused = <-b:
		stopA()
	case <-time.After(20 * time.Second):
		t.Fatal("both go on")
	}
	if !errors.Is(refused, eventlog.ErrConflict) {
		t.Fatalf("got %v", refused)
	}
	if err := ended(t, a); err != nil {
		t.Fatal(err)
	}
	stopA()
	stopB()
	if _, counts := facts(t, l); counts.Duplicates > 0 {
		t.Fatalf("counts %+v", counts)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// State of another version is refused with words.
func TestUnreadableState(t *testing.T) {
	l := open(t, vfs.NewMem(), &clock{})
	txs := []eventlog.Transaction{{Snapshot: true, State: []eventlog.KV{{Key: []byte("m"), Value: []byte{200}}}}}
	if err := l.Commit(t.Context(), txs); err != nil {
		t.Fatal(err)
	}
	_, done := start(&faulty{Log: l})
	if err := ended(t, done); err == nil || !strings.Contains(err.Error(), "version 200") {
		t.Fatalf("got %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
