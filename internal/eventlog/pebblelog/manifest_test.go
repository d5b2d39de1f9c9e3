package pebblelog_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

// Each byte of the manifest is another in turn, by one bit or by all. Either the log says that it
// is corrupt, or it has every record: none is lost without a word.
func TestFlippedManifest(t *testing.T) {
	mem := vfs.NewCrashableMem()
	records := 0
	for range 3 { // each start moves what is in the write-ahead log into files
		l, err := pebblelog.Open("log", pebblelog.Options{FS: mem, Partitions: 1})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			mustAppendTo(t, l, eventlog.Facts, 0, strings.Repeat("x", 3000))
			records++
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := mem.List("log")
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, n := range names {
		if strings.HasPrefix(n, "MANIFEST-") {
			name = max(name, n)
		}
	}
	good := pebblelog.FileContents(t, mem, mem.PathJoin("log", name))
	outcome := map[string]int{}
	for at := range good {
		for _, flip := range []byte{1 << (at % 8), 0xff} {
			fs := mem.CrashClone(vfs.CrashCloneCfg{})
			bad := append([]byte(nil), good...)
			bad[at] ^= flip
			pebblelog.PutContents(t, fs, fs.PathJoin("log", name), bad)
			outcome[openDamaged(t, fs, records, at)]++
		}
	}
	t.Logf("%d bytes: %v", len(good), outcome)
}

// openDamaged opens a log with a byte that is another, and reads all of it.
func openDamaged(t *testing.T, fs vfs.FS, records, at int) string {
	t.Helper()
	l, err := pebblelog.Open("log", pebblelog.Options{FS: fs})
	if err != nil {
		if !errors.Is(err, eventlog.ErrCorrupt) || !strings.Contains(err.Error(), "MANIFEST-") {
			t.Errorf("byte %d: %v", at, err)
		}
		return "corrupt"
	}
	defer l.Close()
	texts, err := readAll(t.Context(), l, eventlog.Facts, 0)
	switch {
	case err != nil && !errors.Is(err, eventlog.ErrCorrupt):
		t.Errorf("byte %d: read: %v", at, err)
	case err == nil && len(texts) != records:
		t.Errorf("byte %d: %d of %d records are there, and nothing was said", at, len(texts), records)
	}
	return "whole"
}

// A manifest whose end a crash has torn is opened: what it said was not needed yet.
func TestTornManifest(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 3))
		mem := vfs.NewCrashableMem()
		l, err := pebblelog.Open("log", pebblelog.Options{FS: mem, Partitions: 1, MemTableBytes: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		for range r.IntN(200) {
			mustAppendTo(t, l, eventlog.Facts, 0, strings.Repeat("x", 2000))
			acknowledged++
		}
		after := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(101), RNG: r})
		_ = l.Close()
		again := openMem(t, after)
		if texts, err := readAll(t.Context(), again, eventlog.Facts, 0); err != nil || len(texts) != acknowledged {
			t.Fatalf("seed %d: %d of %d records, %v", seed, len(texts), acknowledged, err)
		}
	}
}
