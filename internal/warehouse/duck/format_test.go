package duck_test

import (
	"database/sql"
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

// A file of format 2 has no columns for how much of a title plays show: it gets
// them, and what it holds stays.
func TestReadsFormat2(t *testing.T) {
	dir := t.TempDir()
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMilli()
	world := warehousetest.NewWorld(5, from, from+rollup.HourMS)
	var batches []*fact.Batch
	apply := func(offset int64) {
		t.Helper()
		db, err := duck.Open(t.Context(), dir, duck.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g := rollup.NewGeneration(rollup.Options{})
		batches = append(batches, world.Batch(0, 30))
		err = g.Apply(offset, batches[len(batches)-1])
		g.Seal()
		if err = errors.Join(err, db.Apply(t.Context(), []*rollup.Generation{g}), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	apply(0)
	files, err := filepath.Glob(filepath.Join(dir, "*.duckdb"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the files are %v, %v", files, err)
	}
	old, err := sql.Open("duckdb", files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"title_hour", "title_day", "label_day", "plays"} {
		for _, column := range []string{"viewed_plays", "viewed_millionths"} {
			if _, err := old.Exec("ALTER TABLE " + table + " DROP COLUMN " + column); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := old.Exec("UPDATE meta SET value = '2' WHERE name = 'version'"); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	batches[0].Marks = without(batches[0].Marks, fact.Viewed) // as the file has
	apply(1)
	db, err := duck.Open(t.Context(), dir, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	s := rollup.Scan{Source: rollup.SourceTitleDay, From: from, To: from + 48*rollup.HourMS, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SketchesOf(rollup.Viewers)}
	snap, err := db.Scan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := warehousetest.AnswerOf(snap.Result), warehousetest.Brute(s, batches); !maps.Equal(got, want) {
		t.Errorf("the answer is\n%v, not\n%v", got, want)
	}
	viewed := int64(0)
	for _, g := range snap.Groups {
		viewed += g.Measures[rollup.ViewedPlays]
	}
	if viewed == 0 {
		t.Error("nothing is known of plays that came later either")
	}
}

func without(marks []fact.Mark, kind fact.MarkKind) (kept []fact.Mark) {
	for _, m := range marks {
		if m.Kind != kind {
			kept = append(kept, m)
		}
	}
	return kept
}
