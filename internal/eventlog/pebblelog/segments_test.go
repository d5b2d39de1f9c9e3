package pebblelog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

func openSegments(fs vfs.FS) (*pebblelog.Log, error) {
	return pebblelog.Open("log", pebblelog.Options{FS: fs, Partitions: 2, SegmentBytes: 64 << 10})
}

// numbered appends calls of one record of partition 0 and two of partition 1, so
// that offsets say which call a record is of.
type numbered struct {
	acked, trimmed atomic.Int64 // calls
}

func (n *numbered) record(call int64, part int) string {
	return fmt.Sprintf("%d.%d %s", call, part, strings.Repeat("x", int(call*7919%40_000)))
}

func (n *numbered) append(ctx context.Context, l *pebblelog.Log) error {
	call := n.acked.Load()
	err := l.Append(ctx, eventlog.Events, []eventlog.Record{
		{Partition: 1, Data: []byte(n.record(call, 0))}, {Partition: 0, Data: []byte(n.record(call, 1))},
		{Partition: 1, Data: []byte(n.record(call, 2))},
	})
	if err == nil {
		n.acked.Add(1)
	}
	return err
}

// trim lets go of all calls before one.
func (n *numbered) trim(ctx context.Context, l *pebblelog.Log, call int64) error {
	for p := range int32(2) {
		if err := l.Trim(ctx, eventlog.Events, eventlog.Cursor{Partition: p, Offset: call * int64(p+1)}); err != nil {
			return err
		}
	}
	n.trimmed.Store(call)
	return nil
}

// check reads all there is and returns how many calls that are.
func (n *numbered) check(t *testing.T, l *pebblelog.Log) int64 {
	t.Helper()
	var ends [2]int64
	for p := range int32(2) {
		first, next, err := l.Bounds(t.Context(), eventlog.Events, p)
		texts, errRead := readAll(t.Context(), l, eventlog.Events, p)
		if err := errors.Join(err, errRead); err != nil || int64(len(texts)) != next-first || first < n.trimmed.Load()*int64(p+1) {
			t.Fatalf("partition %d: %d records of [%d,%d), trimmed to call %d: %v", p, len(texts), first, next, n.trimmed.Load(), err)
		}
		for i, text := range texts {
			at := first + int64(i)
			want := n.record(at, 1)
			if p == 1 {
				want = n.record(at/2, int(at%2)*2)
			}
			if text != want {
				t.Fatalf("partition %d, offset %d: %.12q instead of %.12q", p, at, text, want)
			}
		}
		ends[p] = next
	}
	if ends[1] != 2*ends[0] || ends[0] < n.acked.Load() {
		t.Fatalf("the partitions end at %d and %d, %d calls were acknowledged", ends[0], ends[1], n.acked.Load())
	}
	return ends[0]
}

// Power is lost again and again while events are appended and trimmed over many
// segments. What was acknowledged is there, calls are whole, and files that nothing is
// needed of are gone.
func TestCrashOfSegments(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	n := &numbered{}
	fs := vfs.NewCrashableMem()
	// A slow machine does less in a life, and takes more of them.
	little := func() bool { return n.acked.Load() < 100 || n.trimmed.Load() < 50 }
	for life := 0; life < 25 || little() && life < 200; life++ {
		l, err := openSegments(fs)
		if err != nil {
			t.Fatal(err)
		}
		n.acked.Store(n.check(t, l)) // one more than was acknowledged may be there
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var done sync.WaitGroup
		done.Go(func() {
			for i := 0; ; i++ {
				err := n.append(ctx, l)
				mu.Lock() // nothing is counted between the count and the crash
				call := n.acked.Load() - 5
				mu.Unlock()
				if err == nil && i%7 == 6 && call > 0 {
					err = n.trim(ctx, l, call)
				}
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("append or trim: %v", err)
					}
					return
				}
			}
		})
		time.Sleep(time.Duration(1+r.IntN(30)) * time.Millisecond)
		mu.Lock()
		acked, trimmed := n.acked.Load(), n.trimmed.Load()
		clone := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		cancel()
		mu.Unlock()
		done.Wait()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		fs = clone
		n.acked.Store(acked)
		n.trimmed.Store(trimmed)
	}
	l, err := openSegments(fs)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n.check(t, l)
	if little() {
		t.Errorf("%d calls, trimmed to %d: the test tests little", n.acked.Load(), n.trimmed.Load())
	}
	t.Logf("%d calls, trimmed to %d", n.acked.Load(), n.trimmed.Load())
	// With all trimmed, what is left is the file that is written.
	n.acked.Store(n.check(t, l))
	if err := errors.Join(n.append(t.Context(), l), n.trim(t.Context(), l, n.acked.Load())); err != nil {
		t.Fatal(err)
	}
	if names := segmentNames(t, fs); len(names) != 1 {
		t.Errorf("with everything trimmed these files are there: %v", names)
	}
}

func segmentNames(t *testing.T, fs vfs.FS) (names []string) {
	t.Helper()
	all, err := fs.List("log")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if strings.HasSuffix(name, ".seg") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A backup has all that was acknowledged before it, while appends and trims go on, and
// opens by itself.
func TestBackupOfSegments(t *testing.T) {
	n := &numbered{}
	mem := vfs.NewMem()
	l, err := openSegments(mem)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			err := n.append(ctx, l)
			if call := n.acked.Load() - 5; err == nil && i%7 == 6 && call > 0 {
				err = n.trim(ctx, l, call)
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("append or trim: %v", err)
			}
		}
	})
	for i := range 5 {
		await(t, "more is appended", func() bool { return n.acked.Load() > int64(20*(i+1)) })
		copied := &numbered{}
		copied.acked.Store(n.acked.Load())
		copied.trimmed.Store(n.trimmed.Load())
		dir := fmt.Sprint("copy", i)
		if err := l.Backup(dir); err != nil {
			t.Fatal(err)
		}
		again, err := pebblelog.Open(dir, pebblelog.Options{FS: mem})
		if err != nil {
			t.Fatal(err)
		}
		copied.check(t, again)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	done.Wait()
}
