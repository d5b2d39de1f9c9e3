package pebblelog_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

func record(p int32, data string) []eventlog.Record {
	return []eventlog.Record{{Partition: p, Data: []byte(data)}}
}

func mustAppend(t *testing.T, l *pebblelog.Log, p int32, data string) {
	t.Helper()
	mustAppendTo(t, l, eventlog.Events, p, data)
}

func mustAppendTo(t *testing.T, l *pebblelog.Log, topic eventlog.Topic, p int32, data string) {
	t.Helper()
	if err := l.Append(t.Context(), topic, record(p, data)); err != nil {
		t.Fatal(err)
	}
}

// firstFiles are what the topics are written to first.
var firstFiles = map[eventlog.Topic]string{eventlog.Events: ".seg", eventlog.Facts: ".log"}

// readAll reads a partition of a topic from its first kept offset on.
func readAll(ctx context.Context, l *pebblelog.Log, topic eventlog.Topic, p int32) ([]string, error) {
	at, next, err := l.Bounds(ctx, topic, p)
	var texts []string
	for err == nil && at < next {
		at, err = l.Read(ctx, topic, eventlog.Cursor{Partition: p, Offset: at}, 1<<20, func(e eventlog.Entry) error {
			texts = append(texts, string(e.Data))
			return nil
		})
	}
	return texts, err
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("the number of partitions is fixed", func(t *testing.T) {
		at := filepath.Join(dir, "three")
		l, err := pebblelog.Open(at, pebblelog.Options{Partitions: 3})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = pebblelog.Open(at, pebblelog.Options{Partitions: 5})
		if err == nil || !strings.Contains(err.Error(), "made with 3") || !strings.Contains(err.Error(), "with 5") {
			t.Errorf("error is %v", err)
		}
		if l, err = pebblelog.Open(at, pebblelog.Options{}); err != nil || l.Partitions() != 3 {
			t.Fatalf("as stored: %v", err)
		}
		_ = l.Close()
		info, err := os.Stat(at)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the folder has mode %v, %v", info.Mode(), err)
		}
	})
	t.Run("a file is in the way", func(t *testing.T) {
		for _, at := range []string{file, filepath.Join(file, "below")} {
			_, err := pebblelog.Open(at, pebblelog.Options{})
			if err == nil || !strings.Contains(err.Error(), at) || errors.Is(err, eventlog.ErrLocked) {
				t.Errorf("error is %v", err)
			}
		}
	})
	t.Run("the folder cannot be written", func(t *testing.T) {
		denied := errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind == errorfs.OpLock || op.Kind == errorfs.OpCreate {
				return &os.PathError{Op: "open", Path: op.Path, Err: syscall.EACCES}
			}
			return nil
		})
		_, err := pebblelog.Open("data", pebblelog.Options{FS: errorfs.Wrap(vfs.NewMem(), denied)})
		if !errors.Is(err, os.ErrPermission) || errors.Is(err, eventlog.ErrLocked) || !strings.Contains(err.Error(), "data") {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("partitions out of range", func(t *testing.T) {
		for _, n := range []int32{-1, 1 << 20} {
			if _, err := pebblelog.Open(filepath.Join(dir, "n"), pebblelog.Options{Partitions: n}); err == nil {
				t.Errorf("%d partitions were accepted", n)
			}
		}
	})
	t.Run("another format version", func(t *testing.T) {
		at := filepath.Join(dir, "later")
		rawSet(t, at, []byte{0x00}, []byte{9, 0, 0, 0, 4})
		if _, err := pebblelog.Open(at, pebblelog.Options{}); err == nil || !strings.Contains(err.Error(), "version 9") {
			t.Errorf("error is %v", err)
		}
	})
}

// rawSet writes one pair straight into the database under a log.
func rawSet(t *testing.T, dir string, key, value []byte) {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatValueSeparation, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Set(key, value, pebble.Sync), db.Close()); err != nil {
		t.Fatal(err)
	}
}

type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(f string, a ...any) {
	panic(f)
}

func TestDiskFull(t *testing.T) {
	fs := vfs.NewMem()
	free := func(mib uint64) {
		fs.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: mib << 20, TotalBytes: 1 << 40})
	}
	free(65)
	l, err := pebblelog.Open("log", pebblelog.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	mustAppend(t, l, 0, "before")
	free(63)
	if err := l.Append(t.Context(), eventlog.Events, record(0, "x")); !errors.Is(err, eventlog.ErrFull) {
		t.Errorf("append: %v", err)
	}
	tx := []eventlog.Transaction{{To: 1, Output: [][]byte{[]byte("x")}, Snapshot: true, State: []eventlog.KV{{Key: []byte("k"), Value: []byte("v")}}}}
	if err := l.Commit(t.Context(), tx); !errors.Is(err, eventlog.ErrFull) {
		t.Errorf("commit: %v", err)
	}
	if m := l.Metrics(); m.Refused != 2 || m.Failed {
		t.Errorf("metrics: %+v", m)
	}
	if err := l.Trim(t.Context(), eventlog.Events, eventlog.Cursor{Offset: 1}); err != nil {
		t.Errorf("trim must work on a full disk: %v", err)
	}
	free(65)
	if err := l.Commit(t.Context(), tx); err != nil {
		t.Errorf("commit after there is room again: %v", err)
	}
	mustAppend(t, l, 0, "after")
	if texts, err := readAll(t.Context(), l, eventlog.Events, 0); err != nil || strings.Join(texts, " ") != "after" {
		t.Errorf("read %q, %v", texts, err)
	}
}

// TestWriteFailure lets the disk refuse a write or a sync of a segment or of the
// write-ahead log: the log cannot go on, so the log must fail loudly, acknowledge nothing and
// answer everyone; after a restart what was acknowledged is there. A sync that
// finds no room is no better: what became of the bytes before it is not known.
func TestWriteFailure(t *testing.T) {
	for topic, file := range firstFiles {
		t.Run(string(topic), func(t *testing.T) { testWriteFailure(t, topic, file) })
	}
}

func testWriteFailure(t *testing.T, topic eventlog.Topic, file string) {
	for name, kind := range map[string]errorfs.OpKind{"write": errorfs.OpFileWrite, "sync": errorfs.OpFileSyncData} {
		cause := syscall.EIO
		if name == "sync" {
			cause = syscall.ENOSPC
		}
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewCrashableMem()
			var broken atomic.Bool
			inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
				isSync := kind == errorfs.OpFileSyncData && (op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo)
				if broken.Load() && strings.HasSuffix(op.Path, file) && (op.Kind == kind || isSync) {
					return &os.PathError{Op: "write", Path: op.Path, Err: cause}
				}
				return nil
			})
			var told atomic.Int64
			var logged bytes.Buffer
			l, err := pebblelog.Open("log", pebblelog.Options{
				FS: errorfs.Wrap(fs, inject), OnFailure: func(error) { told.Add(1) },
				Logger: slog.New(slog.NewTextHandler(&logged, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			mustAppendTo(t, l, topic, 0, "safe")
			waited := make(chan error, 1)
			go func() { waited <- l.Wait(t.Context(), topic, []eventlog.Cursor{{Offset: 1}}) }()
			broken.Store(true)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					err := l.Append(t.Context(), topic, record(0, "lost"))
					if !errors.Is(err, pebblelog.ErrFailed) || !errors.Is(err, cause) || errors.Is(err, eventlog.ErrFull) != (cause == syscall.ENOSPC) {
						t.Errorf("append: %v", err)
					}
				})
			}
			wg.Wait()
			broken.Store(false)
			if err := l.Append(t.Context(), topic, record(0, "lost")); !errors.Is(err, pebblelog.ErrFailed) {
				t.Errorf("append to a failed log: %v", err)
			}
			if _, err := readAll(t.Context(), l, topic, 0); !errors.Is(err, pebblelog.ErrFailed) {
				t.Errorf("read from a failed log: %v", err)
			}
			if err := <-waited; !errors.Is(err, pebblelog.ErrFailed) {
				t.Errorf("wait on a failed log: %v", err)
			}
			if err := l.Close(); !errors.Is(err, pebblelog.ErrFailed) {
				t.Errorf("close of a failed log: %v", err)
			}
			// The failing write tells on its own goroutine, after it has logged.
			for end := time.Now().Add(10 * time.Second); told.Load() == 0 && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
			if told.Load() != 1 || !strings.Contains(logged.String(), "has failed") {
				t.Errorf("told %d times; logged %q", told.Load(), logged.String())
			}
			again := openMem(t, fs.CrashClone(vfs.CrashCloneCfg{}))
			if texts, err := readAll(t.Context(), again, topic, 0); err != nil || len(texts) == 0 || texts[0] != "safe" {
				t.Errorf("after a restart: %q, %v", texts, err)
			}
		})
	}
}

func openMem(t *testing.T, fs vfs.FS) *pebblelog.Log {
	t.Helper()
	l, err := pebblelog.Open("log", pebblelog.Options{FS: fs, MemTableBytes: 256 << 10, SegmentBytes: 256 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// TestCorruption flips single bits in stored files; whatever is read afterwards
// is either right or refused as corrupt.
func TestCorruption(t *testing.T) {
	for topic := range firstFiles {
		t.Run(string(topic), func(t *testing.T) { testCorruption(t, topic) })
	}
}

func testCorruption(t *testing.T, topic eventlog.Topic) {
	dir := filepath.Join(t.TempDir(), "log")
	r := rand.New(rand.NewPCG(1, 1))
	var want []string
	open := func() (*pebblelog.Log, error) { return pebblelog.Open(dir, pebblelog.Options{Partitions: 1}) }
	for range 2 { // the second open moves what the first wrote out of the write-ahead log
		l, err := open()
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			data := make([]byte, 3000)
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			want = append(want, string(data))
			mustAppendTo(t, l, topic, 0, string(data))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	flips, found := 0, map[string]bool{}
	for _, file := range files {
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range []int{0, 10, 20, 30} {
			at := bytes.Index(good, []byte(want[index][:64]))
			if at < 0 {
				continue
			}
			flips++
			found[filepath.Ext(file)] = true
			corruptAndRead(t, file, good, at+40, dir, topic, want)
		}
	}
	if flips < 4 || !found[firstFiles[topic]] || topic == eventlog.Facts && !(found[".blob"] || found[".sst"]) {
		t.Errorf("only %d places were found to flip, in %v", flips, found)
	}
}

// corruptAndRead works on a copy of dir in which one bit of file is flipped.
func corruptAndRead(t *testing.T, file string, good []byte, at int, dir string, topic eventlog.Topic, want []string) {
	t.Helper()
	there := filepath.Join(t.TempDir(), "log")
	if err := os.CopyFS(there, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(good)
	bad[at] ^= 4
	if err := os.WriteFile(filepath.Join(there, filepath.Base(file)), bad, 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := pebblelog.Open(there, pebblelog.Options{})
	if err == nil {
		defer l.Close()
		var texts []string
		texts, err = readAll(t.Context(), l, topic, 0)
		for i := range texts {
			if texts[i] != want[i] {
				t.Fatalf("%s: record %d was read wrong without an error", filepath.Base(file), i)
			}
		}
	}
	if !errors.Is(err, eventlog.ErrCorrupt) {
		t.Errorf("%s, byte %d: error is %v", filepath.Base(file), at, err)
	}
}

// TestCorruptBlock changes a block behind Pebble's back, whose checksums are
// then right: the block's own must find it and name the place.
func TestCorruptBlock(t *testing.T) {
	key := func(partition byte, base byte) []byte {
		return []byte{1, 2, 0, 0, 0, partition, 0, 0, 0, 0, 0, 0, 0, base}
	}
	for name, change := range map[string]func(value []byte) []byte{
		"bit":       func(v []byte) []byte { v[15] ^= 1; return v },
		"time":      func(v []byte) []byte { v[6] ^= 1; return v },
		"cut":       func(v []byte) []byte { return v[:len(v)-1] },
		"empty":     func([]byte) []byte { return nil },
		"misplaced": nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "log")
			l, err := pebblelog.Open(dir, pebblelog.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{"first", "second", "third"} {
				mustAppendTo(t, l, eventlog.Facts, 2, text)
				mustAppendTo(t, l, eventlog.Facts, 3, text)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if change == nil {
				rawSet(t, dir, key(2, 1), rawGet(t, dir, key(3, 1)))
			} else {
				rawSet(t, dir, key(2, 1), change(rawGet(t, dir, key(2, 1))))
			}
			if l, err = pebblelog.Open(dir, pebblelog.Options{}); err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			texts, err := readAll(t.Context(), l, eventlog.Facts, 2)
			if !errors.Is(err, eventlog.ErrCorrupt) || strings.Join(texts, " ") != "first" {
				t.Fatalf("read %q, %v", texts, err)
			}
			for _, part := range []string{"facts", "partition 2", "offset 1"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error %q does not name %s", err, part)
				}
			}
			if texts, err := readAll(t.Context(), l, eventlog.Facts, 3); err != nil || len(texts) != 3 {
				t.Errorf("the other partition: %q, %v", texts, err)
			}
		})
	}
}

func rawGet(t *testing.T, dir string, key []byte) []byte {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{FormatMajorVersion: pebble.FormatValueSeparation, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	value, closer, err := db.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	defer closer.Close()
	return bytes.Clone(value)
}

// TestCancelWhileQueued cancels calls that wait behind a slow sync: each either
// is not there or was answered as written.
func TestCancelWhileQueued(t *testing.T) {
	slow := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo {
			time.Sleep(2 * time.Millisecond)
		}
		return nil
	})
	l := openMem(t, errorfs.Wrap(vfs.NewMem(), slow))
	var written, refused atomic.Int64
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for range 30 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(4000))*time.Microsecond)
				err := l.Append(ctx, eventlog.Events, record(0, "x"))
				cancel()
				switch {
				case err == nil:
					written.Add(1)
				case errors.Is(err, context.DeadlineExceeded):
					refused.Add(1)
				default:
					t.Errorf("append: %v", err)
				}
			}
		})
	}
	wg.Wait()
	_, next, err := l.Bounds(t.Context(), eventlog.Events, 0)
	if err != nil || next != written.Load() {
		t.Errorf("%d records are there, %d were acknowledged, %d refused; %v", next, written.Load(), refused.Load(), err)
	}
	if refused.Load() == 0 || written.Load() == 0 {
		t.Errorf("%d written and %d refused: the test tests nothing", written.Load(), refused.Load())
	}
}
