package process_test

import (
	"context"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/process"
)

// What a viewer has open is read from the stored state while the runner runs.
func TestUnderwayIsReadBesideTheRunner(t *testing.T) {
	var c clock
	c.now.Store(1_800_000_000_000)
	l := open(t, vfs.NewMem(), &c)
	defer l.Close()
	r := process.New(l, l, process.Config{Snapshot: 10 * time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var events []event.Event
	for i, typ := range []event.Type{event.PlayRequested, event.PlayStarted, event.Heartbeat} {
		var e event.Event
		e.Reset()
		e.Viewer, e.Play, e.Type, e.Seq, e.Known, e.TitleID = event.ViewerKey{9}, event.Ref{1}, typ, int64(i), true, "dune"
		e.Time = 1_800_000_000_000 + int64(i)*1_000
		events = append(events, e)
	}
	appendEvents(t, l, events)
	for end := time.Now().Add(20 * time.Second); ; {
		list, b, err := r.Underway(t.Context(), event.ViewerKey{9})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 1 && list[0].Row.MediaMS == 1_000 {
			if list[0].State != fact.Playing || b.Dims[list[0].Row.Dims].Title != "dune" {
				t.Errorf("%+v", list[0])
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("after 20 s: %+v", list)
		}
		time.Sleep(5 * time.Millisecond)
	}
	if list, _, err := r.Underway(t.Context(), event.ViewerKey{8}); err != nil || len(list) != 0 {
		t.Errorf("of a stranger: %v, %v", list, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
