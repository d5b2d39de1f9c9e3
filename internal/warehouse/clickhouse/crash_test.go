package clickhouse_test

import (
	"errors"
	"maps"
	"testing"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/internal/warehouse/warehousetest"
)

// TestKilledAndTakenOver flushes with a server that is killed between flushes, and
// from a process that another one has taken the database over from: every fact
// counts once.
func TestKilledAndTakenOver(t *testing.T) {
	server := clickhousetest.Start(t)
	dir := t.TempDir()
	from := time.Date(2026, 3, 28, 9, 0, 0, 0, time.UTC).UnixMilli()
	world := warehousetest.NewWorld(41, from, from+40*rollup.HourMS)
	var batches []*fact.Batch
	var generations []*rollup.Generation
	for i := range int64(4) {
		g := rollup.NewGeneration(rollup.Options{ReportTZ: warehousetest.Zone(t)})
		b := world.Batch(0, 20)
		if err := g.Apply(i, b); err != nil {
			t.Fatal(err)
		}
		g.Seal()
		batches, generations = append(batches, b), append(generations, g)
	}
	first := open(t, server, dir, clickhouse.Options{})
	defer first.Close()
	if err := first.Apply(t.Context(), generations[:1]); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := first.Apply(t.Context(), generations[:2]); err == nil {
		t.Fatal("a flush to a server that is gone went through")
	}
	server.Run()
	deadline := time.Now().Add(time.Minute)
	for err := first.Apply(t.Context(), generations[:2]); err != nil; err = first.Apply(t.Context(), generations[:2]) {
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	second := open(t, server, dir, clickhouse.Options{})
	defer second.Close()
	if err := first.Apply(t.Context(), generations[:3]); !errors.Is(err, warehouse.ErrInUse) {
		t.Fatalf("a flush of the older process gave %v", err)
	}
	if err := second.Apply(t.Context(), generations); err != nil {
		t.Fatal(err)
	}
	if err := second.Maintain(t.Context(), from); err != nil { // what failed flushes left goes
		t.Fatal(err)
	}
	s := rollup.Scan{Source: rollup.SourceTitleDay, From: from - 48*rollup.HourMS, To: from + 96*rollup.HourMS, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SketchesOf(rollup.Viewers)}
	got, err := second.Scan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if want := warehousetest.Brute(s, batches); len(want) == 0 || !maps.Equal(warehousetest.AnswerOf(got.Result), want) {
		t.Errorf("got %v\nwant %v", warehousetest.AnswerOf(got.Result), want)
	}
}
