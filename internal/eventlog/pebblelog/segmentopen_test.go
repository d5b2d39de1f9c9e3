package pebblelog

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
)

const smallPartitions = 2

// openSmall opens segments by themselves and says where they end.
func openSmall(fs vfs.FS) (*segments, []int64, error) {
	s := newSegments("", fs, smallPartitions, 1<<20)
	next, _, err := s.open(make([]int64, smallPartitions), false)
	return s, next, err
}

// appendSmall appends a record to a partition, and makes it durable.
func appendSmall(t *testing.T, s *segments, next []int64, p int32, data string) {
	t.Helper()
	var b blockBuilder
	b.add([]byte(data))
	block := readyBlock{ref: ref{partition: p, base: next[p], count: 1}}
	block.data = b.finish(topicEvents, p, next[p], 1_700_000_000_000)
	w, err := s.append([]readyBlock{block}, next, 1_700_000_000_000, 1_700_000_000_000)
	if err == nil {
		err = w.file.sync(w.to)
	}
	if err != nil {
		t.Fatal(err)
	}
	next[p]++
}

// smallSegments are eight small batches in each of two files.
func smallSegments(t *testing.T) (*vfs.MemFS, [2]string) {
	t.Helper()
	mem := vfs.NewCrashableMem()
	next := make([]int64, smallPartitions)
	for life := range 2 { // each begins a file
		s, at, err := openSmall(mem)
		if err != nil || life > 0 && !slices.Equal(at, next) {
			t.Fatalf("at %v instead of %v: %v", at, next, err)
		}
		for i := range 4 {
			appendSmall(t, s, next, 0, fmt.Sprintf("%d.%d", life, i))
			appendSmall(t, s, next, 1, strings.Repeat("y", 30*i))
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
	}
	return mem, [2]string{segmentName(1), segmentName(2)}
}

// readSmall opens segments and counts all records.
func readSmall(t *testing.T, fs vfs.FS) (records int, err error) {
	t.Helper()
	s, next, err := openSmall(fs)
	for p, end := range next {
		r := reading{topic: topicEvents, from: eventlog.Cursor{Partition: int32(p)}, end: end, left: 1 << 30,
			fn: func(eventlog.Entry) error { records++; return nil }}
		err = errors.Join(err, r.runSegments(t.Context(), s))
	}
	return records, err
}

// Each byte of the segments is another in turn, by one bit or by all: that is found, and
// the file is named.
func TestFlippedSegment(t *testing.T) {
	mem, names := smallSegments(t)
	for _, name := range names {
		good := FileContents(t, mem, name)
		for at := range good {
			for _, flip := range []byte{1 << (at % 8), 0xff} {
				fs := mem.CrashClone(vfs.CrashCloneCfg{})
				bad := bytes.Clone(good)
				bad[at] ^= flip
				PutContents(t, fs, name, bad)
				records, err := readSmall(t, fs)
				isVersion := at == 8 && err != nil && strings.Contains(err.Error(), "version")
				if !isVersion && !errors.Is(err, eventlog.ErrCorrupt) || !strings.Contains(err.Error(), name) {
					t.Errorf("%s, byte %d of %d: %d records, %v", name, at, len(good), records, err)
				}
			}
		}
	}
}

// The last segment ends anywhere: what is whole before that is there, and the log goes
// on. One before it that ends early is damaged, and one that is missing is missed.
func TestTornSegment(t *testing.T) {
	mem, names := smallSegments(t)
	last := FileContents(t, mem, names[1])
	had := 16
	for size := len(last) - 1; size >= 0; size-- {
		for _, zeros := range []bool{false, true} {
			torn := last[:size:size]
			if zeros && size%sector > sector-emptyBytes {
				continue // of so few zeros nothing can be told, and no disk leaves them
			} else if zeros {
				torn = append(torn, make([]byte, 1000)...)
			}
			fs := mem.CrashClone(vfs.CrashCloneCfg{})
			PutContents(t, fs, names[1], torn)
			records, err := readSmall(t, fs)
			if err != nil || records > had || records < 8 {
				t.Fatalf("cut to %d bytes, zeros %v: %d records, %v", size, zeros, records, err)
			}
			if !zeros {
				had = records
			}
			s, next, err := openSmall(fs)
			if err != nil {
				t.Fatal(err)
			}
			appendSmall(t, s, next, 0, "more")
			if again, err := readSmall(t, fs); err != nil || again != records+1 {
				t.Fatalf("cut to %d bytes, zeros %v: %d records, and then %d, %v", size, zeros, records, again, err)
			}
		}
	}
	if had != 8 {
		t.Errorf("%d records are there without the last segment", had)
	}
	fs := mem.CrashClone(vfs.CrashCloneCfg{})
	first := FileContents(t, fs, names[0])
	PutContents(t, fs, names[0], first[:len(first)-1])
	if _, err := readSmall(t, fs); !errors.Is(err, eventlog.ErrCorrupt) || !strings.Contains(err.Error(), names[0]) {
		t.Errorf("the first is cut short: %v", err)
	}
	if err := fs.Remove(names[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := readSmall(t, fs); !errors.Is(err, eventlog.ErrCorrupt) {
		t.Errorf("the first is missing: %v", err)
	}
}

// FuzzSegment reads a file of any bytes behind a good beginning: records come out, or an
// error, and never more than was put in.
func FuzzSegment(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	head := segmentHead{number: 1, start: make([]int64, smallPartitions)}
	for range 8 {
		var b blockBuilder
		for range 1 + r.IntN(3) {
			b.add(make([]byte, r.IntN(100)))
		}
		one := ref{base: 0, count: b.count}
		data := b.finish(topicEvents, 0, 0, 1)
		one.size = int64(len(data))
		f.Add(append(appendBatchHead(nil, 1, segmentHeadBytes(smallPartitions), []ref{one}), data...))
	}
	f.Fuzz(func(t *testing.T, tail []byte) {
		fs := vfs.NewMem()
		PutContents(t, fs, segmentName(1), append(head.append(nil), tail...))
		records, err := readSmall(t, fs)
		if records > len(tail) || err != nil && !errors.Is(err, eventlog.ErrCorrupt) && !strings.Contains(err.Error(), "version") {
			t.Fatalf("%d records of %d bytes: %v", records, len(tail), err)
		}
	})
}
