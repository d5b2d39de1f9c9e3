package lake

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"playhead/internal/event"
)

// TestKilledAnywhere takes copies of the folder while a lake works, as a kill
// would leave it, and goes on from each.
func TestKilledAnywhere(t *testing.T) {
	log := openLog(t)
	feed := newFeeder(t, log)
	now := time.UnixMilli(startMS).Add(30 * 24 * time.Hour)
	options := Options{BlockBytes: 256 << 10, FlushEvery: time.Millisecond, TargetBytes: 1 << 20, Clock: func() time.Time { return now }}
	dir := filepath.Join(t.TempDir(), "lake")
	l, err := Open(dir, log, options)
	if err != nil {
		t.Fatal(err)
	}
	c := newCrowd(9)
	var events []event.Event
	for range 30 {
		var some []event.Event
		for range 300 {
			some = append(some, c.event())
		}
		feed.append(append(some, some[:5]...))
		feed.process()
		events = append(events, some...)
	}
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		flushAll(t, l)
		if err := l.Tidy(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	var copies []string
	for working := true; working && len(copies) < 12; {
		select {
		case <-worked:
			working = false
		case <-time.After(5 * time.Millisecond):
		}
		if to, ok := snapshot(t, dir); ok {
			copies = append(copies, to)
		}
	}
	<-worked
	for _, at := range append(copies, dir) {
		again, err := Open(at, log, options)
		if err != nil {
			t.Fatal(err)
		}
		flushAll(t, again)
		if err := again.Tidy(context.Background()); err != nil {
			t.Fatal(err)
		}
		once(t, contents(t, at, nil), events)
		onDisk, _ := filepath.Glob(filepath.Join(at, "period=*", "*"))
		if len(onDisk) != len(again.Files()) {
			t.Errorf("%d files on disk, %d in the manifest", len(onDisk), len(again.Files()))
		}
		if parts, _ := filepath.Glob(filepath.Join(at, ".*.part")); len(parts) > 0 {
			t.Errorf("left behind: %v", parts)
		}
	}
	t.Logf("went on from %d copies", len(copies))
}

// snapshot copies a folder as it is at one moment. Files that the manifest of
// that moment names do not change, so it is enough to see that the manifest is
// the same before and after, and that nothing it names had gone meanwhile.
func snapshot(t *testing.T, dir string) (string, bool) {
	before, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return "", false
	}
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		return "", false // something went while it was copied
	}
	after, err := os.ReadFile(filepath.Join(dir, manifestFile))
	return to, err == nil && string(before) == string(after)
}
