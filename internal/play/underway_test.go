package play

import (
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// The row of an open play holds what its row will hold once it has ended there.
func TestUnderwayIsTheRowToCome(t *testing.T) {
	events := []event.Event{
		ev(event.PlayRequested, 0, 0, -1), ev(event.PlayStarted, 800, 1, 0), ev(event.Heartbeat, 10_800, 2, 10_000),
		ev(event.StallStarted, 15_800, 3, 15_000), ev(event.StallEnded, 18_800, 4, 15_000), ev(event.Paused, 20_800, 5, 17_000),
		ev(event.Heartbeat, 30_800, 6, 17_000),
	}
	g, sink, b := New(DefaultConfig(), nil), newMemory(), fact.Batch{}
	g.Begin()
	for i := range events {
		must(t, g.Apply(&events[i], &b))
	}
	g.Snapshot(sink)
	state := sink.open[events[0].Viewer]
	if state == nil {
		t.Fatal("the viewer is not stored as open")
	}
	var out fact.Batch
	list, err := ReadUnderway(DefaultConfig(), events[0].Viewer, state, &out)
	must(t, err)
	if len(list) != 1 || len(out.Plays) != 0 {
		t.Fatalf("%d plays under way, %d rows left in the batch", len(list), len(out.Plays))
	}
	row := list[0].Row
	if list[0].State != fact.Paused || row.StartupMS != 800 || row.StallMS != 3_000 || row.Stalls != 1 || row.MediaMS != 17_000 || row.Play != events[0].Play {
		t.Errorf("%v: %+v", list[0].State, row)
	}
	want := []fact.SpanKind{fact.Startup, fact.Playing, fact.Stalled, fact.Playing, fact.Paused}
	if len(row.Intervals) != len(want) {
		t.Fatalf("intervals %+v", row.Intervals)
	}
	for i, k := range want {
		if row.Intervals[i].Kind != k || out.Dims[row.Intervals[i].Dims].Title != events[0].TitleID {
			t.Errorf("interval %d is %+v, want kind %d", i, row.Intervals[i], k)
		}
	}
	if _, err := ReadUnderway(DefaultConfig(), events[0].Viewer, []byte{99}, &out); err == nil {
		t.Error("a damaged state was read")
	}
}

func TestNothingIsUnderwayOfWhatEnded(t *testing.T) {
	events := []event.Event{ev(event.PlayRequested, 0, 0, -1), ev(event.PlayStarted, 800, 1, 0), ev(event.PlayEnded, 10_800, 2, 10_000)}
	_, g := apply(t, events)
	var out fact.Batch
	list, err := ReadUnderway(DefaultConfig(), events[0].Viewer, g.appendViewer(nil, viewerOne(g)), &out)
	if err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}
