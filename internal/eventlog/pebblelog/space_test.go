package pebblelog_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

// TestTrimFreesSpace appends far more than it keeps: the files must stay near
// the size of what is kept.
func TestTrimFreesSpace(t *testing.T) {
	for topic := range firstFiles {
		t.Run(string(topic), func(t *testing.T) { testTrimFreesSpace(t, topic) })
	}
}

func testTrimFreesSpace(t *testing.T, topic eventlog.Topic) {
	l, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Partitions: 1, MemTableBytes: 512 << 10, SegmentBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := rand.New(rand.NewPCG(1, 1))
	record := make([]byte, 100<<10)
	for i := range record {
		record[i] = byte(r.Uint32())
	}
	for range 600 { // 60 MB
		if err := l.Append(t.Context(), topic, []eventlog.Record{{Data: record}}); err != nil {
			t.Fatal(err)
		}
	}
	before := l.Metrics().DiskBytes
	if before < 50<<20 {
		t.Fatalf("60 MB take %d bytes: the test tests nothing", before)
	}
	if err := l.Trim(t.Context(), topic, eventlog.Cursor{Offset: 590}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		// A log in use writes on, which flushes the trim to disk.
		if err := l.Append(t.Context(), topic, []eventlog.Record{{Data: record}}); err != nil {
			t.Fatal(err)
		}
		_, next, err := l.Bounds(t.Context(), topic, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Trim(t.Context(), topic, eventlog.Cursor{Offset: next - 10}); err != nil {
			t.Fatal(err)
		}
		if after := l.Metrics().DiskBytes; after < 16<<20 {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("the files take %d bytes, %d before the trim", after, before)
		}
	}
}
