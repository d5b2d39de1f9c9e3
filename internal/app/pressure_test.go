package app

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/eventlog"
	"playhead/internal/eventlog/pebblelog"
)

// What waits for somebody for longer than is allowed presses on clients, until
// four fifths of that are left; a reader's usual delay does not count, nor does a
// clock that went back.
func TestPressure(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	log, err := pebblelog.Open("log", pebblelog.Options{FS: vfs.NewMem(), Partitions: 2, Clock: func() int64 { return now.UnixMilli() }})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	add := func(partition int32) {
		t.Helper()
		if err := log.Append(t.Context(), eventlog.Events, []eventlog.Record{{Partition: partition, Data: []byte("x")}}); err != nil {
			t.Fatal(err)
		}
	}
	quick, slow := []eventlog.Cursor{{Partition: 0}, {Partition: 1}}, []eventlog.Cursor{{Partition: 0}, {Partition: 1}}
	reader := func(name string, usual time.Duration, at []eventlog.Cursor) follower {
		return follower{name, eventlog.Events, usual, func(context.Context) ([]eventlog.Cursor, error) { return at, nil }, false}
	}
	p := newPressure(log, time.Minute, clock, slog.New(slog.DiscardHandler), reader("quick", 0, quick), reader("slow", 3*time.Minute, slow))
	check := func(what string, pressed bool, quick, slow float64) {
		t.Helper()
		if err := p.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		if (p.retryAfter() > 0) != pressed || p.seconds(0) != quick || p.seconds(1) != slow {
			t.Errorf("%s: retry after %v, %v s wait for the quick, %v s for the slow", what, p.retryAfter(), p.seconds(0), p.seconds(1))
		}
	}
	check("nothing is there", false, 0, 0)
	add(1)
	now = now.Add(50 * time.Second)
	add(0)
	check("one waits", false, 50, 50)
	now = now.Add(11 * time.Second)
	check("it waits too long", true, 61, 61)
	quick[1].Offset = 1
	check("the next has waited for less", false, 11, 61)
	quick[1].Offset, now = 0, now.Add(-12*time.Second)
	check("most of the bound", false, 49, 49)
	now = now.Add(12 * time.Second)
	check("too long again", true, 61, 61)
	now = now.Add(-12 * time.Second)
	check("not yet by four fifths", true, 49, 49)
	quick[0].Offset, quick[1].Offset = 1, 1
	check("the quick one is through", false, 0, 49)
	now = now.Add(3 * time.Minute)
	check("the slow one is as it is", false, 0, 229)
	now = now.Add(time.Minute)
	check("for too long even for it", true, 0, 289)
	now = now.Add(-24 * time.Hour)
	check("the clock goes back", false, 0, 0)
	now, p.most = now.Add(48*time.Hour), 0
	check("no bound", false, 0, 2*86_400-24*3600+289)
}
