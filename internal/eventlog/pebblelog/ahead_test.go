package pebblelog_test

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

// gate holds syncs of the files of a kind up, and tells them how to end.
type gate struct {
	file   string
	held   chan struct{} // one for each sync that waits
	let    chan error
	closed chan struct{} // from now on syncs wait
}

func newGate(file string) *gate {
	return &gate{file: file, held: make(chan struct{}, 100), let: make(chan error), closed: make(chan struct{})}
}

func (g *gate) inject(op errorfs.Op) error {
	isSync := op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
	if !isSync || !strings.HasSuffix(op.Path, g.file) {
		return nil
	}
	select {
	case <-g.closed:
	default:
		return nil
	}
	g.held <- struct{}{}
	return <-g.let
}

// Large calls are written while the one before is synced, but none is acknowledged,
// or shown to readers, before its own sync; each is when that is through.
func TestWrittenAhead(t *testing.T) {
	for topic, file := range firstFiles {
		t.Run(string(topic), func(t *testing.T) { testWrittenAhead(t, topic, file) })
	}
}

func testWrittenAhead(t *testing.T, topic eventlog.Topic, file string) {
	g := newGate(file)
	l := openMem(t, errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(g.inject)))
	mustAppendTo(t, l, topic, 0, "safe")
	large := strings.Repeat("p", 65_600)
	close(g.closed)
	const calls = 3
	acked := make(chan int, calls)
	for i := range calls {
		before := l.UnderWay()
		go func() {
			if err := l.Append(t.Context(), topic, record(0, fmt.Sprint(i)+large)); err != nil {
				t.Errorf("append: %v", err)
			}
			acked <- i
		}()
		await(t, "a call is written", func() bool { return l.UnderWay() > before })
		if i == 0 {
			<-g.held // the first sync is for the first call alone
		}
	}
	if _, next, err := l.Bounds(t.Context(), topic, 0); err != nil || next != 1 || len(acked) > 0 {
		t.Fatalf("before the first sync %d records are shown and %d calls acknowledged; %v", next, len(acked), err)
	}
	g.let <- nil
	if first := <-acked; first != 0 {
		t.Errorf("call %d was acknowledged first", first)
	}
	if _, next, err := l.Bounds(t.Context(), topic, 0); err != nil || next != 2 || len(acked) > 0 {
		t.Errorf("after the first sync %d records are shown and %d more calls acknowledged; %v", next, len(acked), err)
	}
	close(g.let) // all further ones are through at once
	for range calls - 1 {
		<-acked
	}
	texts, err := readAll(t.Context(), l, topic, 0)
	if err != nil || len(texts) != 1+calls {
		t.Fatalf("%d records are there; %v", len(texts), err)
	}
	texts = texts[1:]
	for i := range texts {
		if !strings.HasPrefix(texts[i], fmt.Sprint(i)+"p") {
			t.Errorf("record %d is %.6s", i, texts[i])
		}
	}
}

// A sync that fails takes down with it what was written behind it.
func TestWrittenAheadOfAFailure(t *testing.T) {
	for topic, file := range firstFiles {
		t.Run(string(topic), func(t *testing.T) { testWrittenAheadOfAFailure(t, topic, file) })
	}
}

func testWrittenAheadOfAFailure(t *testing.T, topic eventlog.Topic, file string) {
	g := newGate(file)
	mem := vfs.NewCrashableMem()
	l := openMem(t, errorfs.Wrap(mem, errorfs.InjectorFunc(g.inject)))
	mustAppendTo(t, l, topic, 0, "safe")
	large := strings.Repeat("p", 65_600)
	close(g.closed)
	const calls = 3
	failed := make(chan error, calls)
	for range calls {
		before := l.UnderWay()
		go func() { failed <- l.Append(t.Context(), topic, record(0, large)) }()
		await(t, "a call is written", func() bool { return l.UnderWay() > before })
	}
	<-g.held
	g.let <- syscall.EIO
	close(g.let)
	for range calls {
		if err := <-failed; !errors.Is(err, pebblelog.ErrFailed) || !errors.Is(err, syscall.EIO) {
			t.Errorf("append: %v", err)
		}
	}
	again := openMem(t, mem.CrashClone(vfs.CrashCloneCfg{}))
	if texts, err := readAll(t.Context(), again, topic, 0); err != nil || strings.Join(texts, " ") != "safe" {
		t.Errorf("after a restart %d records are there, of which one was acknowledged; %v", len(texts), err)
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it is not so: %s", what)
		}
	}
}
