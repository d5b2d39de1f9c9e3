package duck_test

import (
	"errors"
	"maps"
	"os"
	"testing"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

func TestConformance(t *testing.T) {
	warehousetest.Run(t, func(t *testing.T, dir string) warehouse.Warehouse {
		db, err := duck.Open(t.Context(), dir, duck.Options{TZ: warehousetest.Zone(t), SampleRows: 60, Compact: duck.Compaction{Parts: 3, Bytes: 1_000_000}})
		if err != nil {
			t.Fatal(err)
		}
		return db
	})
}

func TestSecondUserIsTurnedAway(t *testing.T) {
	dir := t.TempDir()
	db, err := duck.Open(t.Context(), dir, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := duck.Open(t.Context(), dir, duck.Options{}); !errors.Is(err, warehouse.ErrInUse) {
		t.Errorf("a second open gave %v", err)
	}
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := duck.Open(t.Context(), dir, duck.Options{TZ: time.FixedZone("X", 3600)}); !errors.Is(err, duck.ErrTimezone) {
		t.Errorf("another time zone gave %v", err)
	}
}

// What a killed process leaves behind is what was applied, with its offsets:
// the same flush applied again is taken for done.
func TestCrashKeepsWhatWasApplied(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	db, err := duck.Open(t.Context(), dir, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMilli()
	world := warehousetest.NewWorld(9, from, from+rollup.HourMS)
	var batches []*fact.Batch
	var generations []*rollup.Generation
	for i := range int64(3) {
		g := rollup.NewGeneration(rollup.Options{})
		b := world.Batch(0, 20)
		if err := g.Apply(i, b); err != nil {
			t.Fatal(err)
		}
		g.Seal()
		batches, generations = append(batches, b), append(generations, g)
	}
	if err := db.Apply(t.Context(), generations[:2]); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil { // as the disk is now
		t.Fatal(err)
	}
	after, err := duck.Open(t.Context(), copied, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = after.Close() }()
	s := rollup.Scan{Source: rollup.SourceTitleDay, From: from, To: from + 48*rollup.HourMS, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SketchesOf(rollup.Viewers)}
	for _, step := range [][]*rollup.Generation{generations[:2], generations} {
		if err := after.Apply(t.Context(), step); err != nil {
			t.Fatal(err)
		}
		snap, err := after.Scan(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		want := warehousetest.Brute(s, batches[:len(step)])
		if got := warehousetest.AnswerOf(snap.Result); !maps.Equal(got, want) {
			t.Errorf("after %d generations the answer is another", len(step))
		}
	}
}

// A killed process may leave more to be read again than the memory allows: the
// next one must open the file all the same.
func TestOpensAfterACrashWithLittleMemory(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	db, err := duck.Open(t.Context(), dir, duck.Options{MemoryLimitMB: 256})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMilli()
	world := warehousetest.NewWorld(10, from, from+rollup.HourMS)
	for i := range int64(9) {
		g := rollup.NewGeneration(rollup.Options{})
		if err := g.Apply(i, world.Batch(0, 6_000)); err != nil {
			t.Fatal(err)
		}
		g.Seal()
		if err := db.Apply(t.Context(), []*rollup.Generation{g}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil { // as the disk is now
		t.Fatal(err)
	}
	after, err := duck.Open(t.Context(), copied, duck.Options{MemoryLimitMB: 32})
	if err != nil {
		t.Fatal(err)
	}
	if err := after.Close(); err != nil {
		t.Fatal(err)
	}
}
