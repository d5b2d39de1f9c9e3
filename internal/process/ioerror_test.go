package process_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"playhead/internal/event"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/fact/facttest"
	"playhead/internal/process"
)

// breaking fails one write to the disk, the one that left counts down to; what
// was to be written is then not there.
type breaking struct {
	left atomic.Int64
	hit  atomic.Pointer[string]
}

func (b *breaking) inject(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileWrite, errorfs.OpFileSync, errorfs.OpFileSyncData, errorfs.OpFileSyncTo,
		errorfs.OpCreate, errorfs.OpRename, errorfs.OpLink, errorfs.OpReuseForWrite:
	default:
		return nil
	}
	if b.left.Add(-1) != 0 {
		return nil
	}
	b.hit.Store(&op.Path)
	return &os.PathError{Op: "write", Path: op.Path, Err: syscall.EIO}
}

// Each write that epochs make fails in turn, with an error of the disk, and the
// power goes too. Whoever is answered by an error sends again after a new
// start. Nothing acknowledged is lost, nothing counts twice, and what is said
// names the log's failure.
func TestEachWriteFailsInTurn(t *testing.T) {
	events := audience(rand.New(rand.NewPCG(5, 5)), 60)
	want := oracle(t, events).String()
	failures := 0
	for n := int64(1); ; n++ {
		fs, broke := brokenLife(t, events, n, want)
		if fs == nil {
			break
		}
		if broke {
			failures++
		}
	}
	if failures < 10 {
		t.Errorf("only %d writes failed: the test tests little", failures)
	}
	t.Logf("%d writes failed in turn", failures)
}

// brokenLife lives once with its n-th write failing, and once more without.
// The folder is nil if there were not so many writes.
func brokenLife(t *testing.T, events []event.Event, n int64, want string) (after *vfs.MemFS, broke bool) {
	t.Helper()
	b, fs, c := &breaking{}, vfs.NewCrashableMem(), &clock{}
	l := open(t, errorfs.Wrap(fs, errorfs.InjectorFunc(b.inject)), c)
	b.left.Store(n)
	acknowledged, err := live(t, l, events)
	hit := b.hit.Load()
	b.left.Store(0) // goes on below nought: nothing fails any more
	if err != nil && (hit == nil || !errors.Is(err, pebblelog.ErrFailed) || !errors.Is(err, syscall.EIO)) {
		t.Fatalf("write %d: %v", n, err)
	}
	after = fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: int(n*37) % 101, RNG: rand.New(rand.NewPCG(uint64(n), 1))})
	if closed := l.Close(); closed != nil && hit == nil {
		t.Fatalf("write %d: close: %v", n, closed)
	}
	l = open(t, after, c)
	appendEvents(t, l, events[acknowledged:])
	settle(t, l)
	run(t, l, 0)
	sum, _ := facts(t, l)
	if got := sum.String(); got != want {
		t.Fatalf("write %d: facts differ\n--- got\n%s\n--- want\n%s", n, facttest.Diff(got, want), facttest.Diff(want, got))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if hit == nil {
		return nil, false
	}
	return after, err != nil
}

// live appends events, chunk by chunk, while they are processed, and says how
// many were acknowledged and what came in the way.
func live(t *testing.T, l *pebblelog.Log, events []event.Event) (acknowledged int, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	runner := process.New(l, l, process.Config{
		Epoch: time.Millisecond, EpochBytes: 3_000, Tick: time.Hour, Snapshot: time.Nanosecond,
	})
	go func() { done <- runner.Run(ctx) }()
	for acknowledged < len(events) && err == nil {
		chunk := events[acknowledged:min(len(events), acknowledged+len(events)/4+1)]
		if err = tryAppend(ctx, l, chunk); err == nil {
			acknowledged += len(chunk)
			time.Sleep(2 * time.Millisecond)
		}
	}
	cancel()
	return acknowledged, errors.Join(err, ended(t, done))
}
