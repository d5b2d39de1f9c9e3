package lake

import (
	"path/filepath"
	"testing"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

// What the lake holds and the rest of the log are each event once: what was
// processed and is in no file yet, with repetitions that facts name, and what was
// not processed, with repetitions that nobody has told yet.
func TestRest(t *testing.T) {
	dir, folder := t.TempDir(), filepath.Join(t.TempDir(), "lake")
	log, err := pebblelog.Open(dir, pebblelog.Options{Partitions: 3, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(folder, log, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, f := newCrowd(3), newFeeder(t, log)
	var all []event.Event
	more := func(n int) []event.Event {
		var list []event.Event
		for range n {
			list = append(list, c.event())
		}
		all = append(all, list...)
		return list
	}
	f.append(more(4_000))
	f.process()
	flushAll(t, l)
	second := more(3_000)
	f.append(second)
	f.append(second[1_000:]) // the sender got no answer
	f.process()
	third := more(2_500)
	f.append(third)
	f.append(third[:2_000])
	f.append(second[2_900:])
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	got := contents(t, folder, nil)
	if len(got) != 4_000 {
		t.Fatalf("%d events are in the lake", len(got))
	}
	for range 2 { // reading changes nothing
		again := map[string]int{}
		for k, n := range got {
			again[k] = n
		}
		if log, err = pebblelog.Open(dir, pebblelog.Options{ReadOnly: true}); err != nil {
			t.Fatal(err)
		}
		missing, err := Rest(t.Context(), folder, log, func(events []event.Event) error {
			for i := range events {
				again[key(&events[i])]++
			}
			return nil
		})
		if err != nil || missing != 0 {
			t.Fatalf("%d missing, %v", missing, err)
		}
		once(t, again, all)
		if err := log.Append(t.Context(), eventlog.Events, []eventlog.Record{{Data: []byte("x")}}); err == nil {
			t.Error("a log that is only read takes a record")
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
