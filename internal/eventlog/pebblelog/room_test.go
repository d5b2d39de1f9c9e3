package pebblelog_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

// crowded is a disk that others may fill to the last byte.
type crowded struct {
	full  atomic.Bool
	mu    sync.Mutex
	await string   // fills up when a file of this kind is written next
	files sync.Map // kinds of files that found no room
}

func (c *crowded) inject(op errorfs.Op) error {
	switch op.Kind {
	case errorfs.OpFileWrite, errorfs.OpCreate, errorfs.OpReuseForWrite, errorfs.OpLink, errorfs.OpRename:
	default:
		return nil
	}
	name := op.Path[strings.LastIndexByte(op.Path, '/')+1:]
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[i:]
	}
	name = strings.TrimRight(name, "0123456789-")
	c.mu.Lock()
	if c.await != "" && c.await == name && op.Kind == errorfs.OpFileWrite {
		c.full.Store(true)
	}
	c.mu.Unlock()
	if !c.full.Load() {
		return nil
	}
	c.files.Store(name, true)
	return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
}

// fillAt has the disk fill up when a file of the kind is written next.
func (c *crowded) fillAt(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.await = kind
}

// clear makes room.
func (c *crowded) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.await = ""
	c.full.Store(false)
}

// anew makes files anew where Pebble would write over old ones, which errorfs does
// not follow.
type anew struct{ vfs.FS }

func (fs anew) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := fs.Remove(from); err != nil {
		return nil, err
	}
	return fs.Create(to, category)
}

// awaitFull waits until the write-ahead log's write waits for room, past the
// second that one of a table's may.
func awaitFull(t *testing.T, l *pebblelog.Log) {
	t.Helper()
	since := time.Now()
	for end := since.Add(20 * time.Second); time.Since(since) < 1500*time.Millisecond; time.Sleep(time.Millisecond) {
		err := l.Room()
		switch {
		case err == nil:
			since = time.Now()
		case !errors.Is(err, eventlog.ErrFull):
			t.Fatalf("no room: %v", err)
		}
		if time.Now().After(end) {
			t.Fatal("a write found no room, but the log does not say so")
		}
	}
	if !l.Metrics().Full {
		t.Error("the metrics do not say that the disk is full")
	}
}

// Others fill the disk in spite of the reserve, at any write: the log does not
// fail. It answers ErrFull, says so, and goes on when there is room.
func TestDiskFilledByOthers(t *testing.T) {
	c, mem := &crowded{}, vfs.NewCrashableMem()
	l := openMem(t, anew{errorfs.Wrap(mem, errorfs.InjectorFunc(c.inject))})
	// A client that tries again until it is acknowledged.
	send := func(topic eventlog.Topic, text string) error {
		for {
			err := l.Append(t.Context(), topic, record(0, text))
			if !errors.Is(err, eventlog.ErrFull) || errors.Is(err, pebblelog.ErrFailed) {
				return err
			}
			time.Sleep(time.Millisecond)
		}
	}
	acknowledged := 0 // of the sender's, while it runs
	kinds := []string{".seg", ".log", ".sst", ".blob", "MANIFEST"}
	for round := range len(kinds) + 1 {
		// Of a sender that does not rest, a file of each kind is the first to find no
		// room, and in the last round whatever happens to be written.
		if round < len(kinds) {
			c.fillAt(kinds[round])
		}
		var enough atomic.Bool
		sent := make(chan error, 1)
		go func() {
			for !enough.Load() {
				text := fmt.Sprintf("%06d%s", acknowledged, bytes.Repeat([]byte{byte(acknowledged)}, 6_000+round))
				for topic := range firstFiles {
					if err := send(topic, text); err != nil {
						sent <- err
						return
					}
				}
				acknowledged++
			}
			sent <- nil
		}()
		for end := time.Now().Add(20 * time.Second); round < len(kinds) && !c.full.Load(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("no %s was written", kinds[round])
			}
		}
		c.full.Store(true)
		awaitFull(t, l)
		if err := l.Append(t.Context(), eventlog.Events, record(1, "more")); !errors.Is(err, eventlog.ErrFull) || errors.Is(err, pebblelog.ErrFailed) {
			t.Fatalf("append while a write waits: %v", err)
		}
		trimmed := make(chan error, 1)
		go func() { trimmed <- l.Trim(t.Context(), eventlog.Events, eventlog.Cursor{Partition: 2, Offset: 1}) }()
		c.clear()
		enough.Store(true)
		if err := errors.Join(<-sent, <-trimmed); err != nil {
			t.Fatalf("what waited for room: %v", err)
		}
	}
	for _, kind := range kinds {
		if _, ok := c.files.Load(kind); !ok {
			t.Errorf("no write of a %s found the disk full: the test tests little", kind)
		}
	}
	for _, again := range []*pebblelog.Log{l, openMem(t, mem.CrashClone(vfs.CrashCloneCfg{}))} {
		for topic := range firstFiles {
			texts, err := readAll(t.Context(), again, topic, 0)
			if err != nil || len(texts) != acknowledged {
				t.Fatalf("%s: %d records are there, %d were acknowledged; %v", topic, len(texts), acknowledged, err)
			}
			for i := range texts {
				if !strings.HasPrefix(texts[i], fmt.Sprintf("%06d", i)) {
					t.Fatalf("%s: record %d is %.6s", topic, i, texts[i])
				}
			}
		}
	}
}

// A log that is closed while its writes wait for room ends, and keeps what it
// acknowledged.
func TestCloseWhileFull(t *testing.T) {
	for topic := range firstFiles {
		t.Run(string(topic), func(t *testing.T) { testCloseWhileFull(t, topic) })
	}
}

func testCloseWhileFull(t *testing.T, topic eventlog.Topic) {
	c, mem := &crowded{}, vfs.NewCrashableMem()
	l := openMem(t, anew{errorfs.Wrap(mem, errorfs.InjectorFunc(c.inject))})
	mustAppendTo(t, l, topic, 0, "safe")
	c.full.Store(true)
	waits := make(chan error, 1)
	go func() { waits <- l.Append(t.Context(), topic, record(0, "lost")) }()
	awaitFull(t, l)
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	for _, ch := range []chan error{waits, closed} {
		select {
		case err := <-ch:
			if !errors.Is(err, eventlog.ErrFull) {
				t.Errorf("got %v", err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the log does not end")
		}
	}
	again := openMem(t, mem.CrashClone(vfs.CrashCloneCfg{}))
	if texts, err := readAll(t.Context(), again, topic, 0); err != nil || len(texts) == 0 || texts[0] != "safe" {
		t.Errorf("after a restart: %q, %v", texts, err)
	}
}

// So does one whose flush waits for room, in whichever of its files.
func TestCloseWhileFlushWaits(t *testing.T) {
	for _, kind := range []string{".blob", "MANIFEST"} {
		c, mem := &crowded{}, vfs.NewCrashableMem()
		l := openMem(t, anew{errorfs.Wrap(mem, errorfs.InjectorFunc(c.inject))})
		c.fillAt(kind)
		acknowledged, sent := 0, make(chan struct{})
		go func() {
			defer close(sent)
			text := strings.Repeat("t", 6_000)
			for l.Append(t.Context(), eventlog.Facts, record(0, text)) == nil {
				acknowledged++
			}
		}()
		await(t, "the disk is full for a "+kind, c.full.Load)
		closed := make(chan error, 1)
		go func() { closed <- l.Close() }()
		select {
		case err := <-closed:
			if err != nil && !errors.Is(err, eventlog.ErrFull) {
				t.Errorf("%s: close: %v", kind, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: the log does not end", kind)
		}
		<-sent
		again := openMem(t, mem.CrashClone(vfs.CrashCloneCfg{}))
		if texts, err := readAll(t.Context(), again, eventlog.Facts, 0); err != nil || len(texts) < acknowledged {
			t.Errorf("%s: after a restart %d records are there, %d were acknowledged; %v", kind, len(texts), acknowledged, err)
		}
	}
}

// A file of separated values that cannot be written fails the log, not the
// process, and counts nowhere.
func TestBrokenValues(t *testing.T) {
	for _, left := range []int64{1, 2, 5} {
		mem, writes := vfs.NewCrashableMem(), atomic.Int64{}
		inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if strings.HasSuffix(op.Path, ".blob") && (op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpFileSync) && writes.Add(1) == left {
				return &os.PathError{Op: "write", Path: op.Path, Err: syscall.EIO}
			}
			return nil
		})
		l := openMem(t, errorfs.Wrap(mem, inject))
		acknowledged := 0
		var err error
		for err == nil && acknowledged < 2_000 {
			if err = l.Append(t.Context(), eventlog.Facts, record(0, fmt.Sprintf("%06d%s", acknowledged, bytes.Repeat([]byte{1}, 6_000)))); err == nil {
				acknowledged++
			}
		}
		if !errors.Is(err, pebblelog.ErrFailed) || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), ".blob") {
			t.Fatalf("write %d: after %d records: %v", left, acknowledged, err)
		}
		again := openMem(t, mem.CrashClone(vfs.CrashCloneCfg{}))
		texts, err := readAll(t.Context(), again, eventlog.Facts, 0)
		if err != nil || len(texts) < acknowledged {
			t.Fatalf("write %d: %d records are there, %d were acknowledged; %v", left, len(texts), acknowledged, err)
		}
		for i := range texts {
			if !strings.HasPrefix(texts[i], fmt.Sprintf("%06d", i)) {
				t.Fatalf("record %d is %.6s", i, texts[i])
			}
		}
	}
}
