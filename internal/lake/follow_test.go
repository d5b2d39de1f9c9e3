package lake

import (
	"path/filepath"
	"testing"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog/pebblelog"
)

// TestALoadThatNeverEnds sends for ten minutes while others need the processor: events wait
// for as long as they may and no longer, and each step writes only what may wait no more.
// When there is room again, all that waits is written.
func TestALoadThatNeverEnds(t *testing.T) {
	const patience = 2 * time.Minute
	now, busy := time.UnixMilli(startMS).Add(5*time.Hour), true
	log, err := pebblelog.Open(t.TempDir(), pebblelog.Options{Partitions: 3, ReserveBytes: -1, Clock: func() int64 { return now.UnixMilli() }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	feed := newFeeder(t, log)
	l, err := Open(filepath.Join(t.TempDir(), "lake"), log, Options{
		Clock: func() time.Time { return now }, Busy: func() bool { return busy }, Patience: patience, BlockBytes: 4 << 10,
	})
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter(nil, quick)
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{lake: l, writer: w, flushed: now}
	c := newCrowd(3)
	flushes := 0
	step := func() (lag time.Duration) {
		t.Helper()
		for {
			due, err := f.due(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if lag = time.Duration(l.Stats().LagMS) * time.Millisecond; !due {
				return lag
			}
			if busy && lag <= patience {
				t.Fatalf("what waits for %s is written while others need the processor", lag)
			}
			if f.full, err = f.flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if flushes++; !f.full {
				return lag
			}
		}
	}
	for second := range 600 {
		var some []event.Event
		for range 10 {
			some = append(some, c.event())
		}
		feed.append(some)
		feed.process()
		lag := step()
		if want := min(time.Duration(second)*time.Second, patience-45*time.Second); lag < want || lag > patience {
			t.Fatalf("second %d: the oldest event waits for %s", second, lag)
		}
		waits, err := f.waiting(t.Context(), l.state().Reached)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range waits { // none is left behind for the others
			if age := now.Sub(w.since); w.records > 0 && age > patience {
				t.Fatalf("second %d: the oldest event of partition %d waits for %s", second, w.partition, age)
			}
		}
		now = now.Add(time.Second)
	}
	if flushes < 10 {
		t.Errorf("%d blocks are written", flushes)
	}
	busy = false
	step()
	if _, err := f.due(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l.Stats().LagRecords > int64(l.options.BlockBytes/recordBytes) {
		t.Errorf("%d records wait though there is room", l.Stats().LagRecords)
	}
}
