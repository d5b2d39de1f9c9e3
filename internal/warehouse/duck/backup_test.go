package duck_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

// A backup that is made while flushes go on is the database of one moment: its
// answers are those of the facts up to its offsets.
func TestBackupWhileRunning(t *testing.T) {
	db, err := duck.Open(t.Context(), t.TempDir(), duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMilli()
	world := warehousetest.NewWorld(3, from, from+rollup.HourMS)
	var batches []*fact.Batch
	flush := func() {
		b := world.Batch(0, 10)
		g := rollup.NewGeneration(rollup.Options{})
		if err := g.Apply(int64(len(batches)), b); err != nil {
			t.Error(err)
		}
		g.Seal()
		batches = append(batches, b)
		if err := db.Apply(t.Context(), []*rollup.Generation{g}); err != nil {
			t.Error(err)
		}
	}
	flush()
	copied := filepath.Join(t.TempDir(), "copy")
	done := make(chan error)
	go func() { done <- db.Backup(t.Context(), copied) }()
	for range 4 {
		flush()
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), copied); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second backup to the same folder gave %v", err)
	}
	restored, err := duck.Open(t.Context(), copied, duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = restored.Close() }()
	for _, s := range []rollup.Scan{
		{Source: rollup.SourceTitleDay, From: from - 48*rollup.HourMS, To: from + 48*rollup.HourMS, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SourceTitleDay.Sketches()},
		{Source: rollup.SourceCreativeAll, By: []rollup.Dimension{rollup.Title, rollup.Creative}, Sketches: rollup.SourceCreativeAll.Sketches()},
	} {
		snap, err := restored.Scan(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if len(snap.Offsets) != 1 || snap.Offsets[0].End < 1 {
			t.Fatalf("offsets %v", snap.Offsets)
		}
		got, want := warehousetest.AnswerOf(snap.Result), warehousetest.Brute(s, batches[:snap.Offsets[0].End])
		if len(want) == 0 || len(got) != len(want) {
			t.Errorf("%d groups, want %d", len(got), len(want))
		}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("%s is %s, want %s", k, got[k], v)
			}
		}
	}
}

// Many groups of many buckets do not need the memory of all at once.
func TestManyBucketsInLittleMemory(t *testing.T) {
	db, err := duck.Open(t.Context(), t.TempDir(), duck.Options{MemoryLimitMB: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	from := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMilli()
	world := warehousetest.NewWorld(4, from, from+4*rollup.HourMS)
	world.Titles = 300
	s := rollup.Scan{Source: rollup.SourcePulse, From: from, To: from + 4*rollup.HourMS, By: []rollup.Dimension{rollup.Title}}
	for at := s.From; at <= s.To; at += rollup.PulseMS {
		s.Buckets = append(s.Buckets, at)
	}
	var marks int64
	for i := range int64(3) {
		b := world.Batch(0, 700)
		g := rollup.NewGeneration(rollup.Options{})
		if err := g.Apply(i, b); err != nil {
			t.Fatal(err)
		}
		g.Seal()
		if err := db.Apply(t.Context(), []*rollup.Generation{g}); err != nil {
			t.Fatal(err)
		}
		r, err := g.Scan(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Groups {
			marks += x.Measures[rollup.PlayMarks]
		}
	}
	snap, err := db.Scan(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	got := int64(0)
	for _, x := range snap.Groups {
		got += x.Measures[rollup.PlayMarks]
	}
	if got != marks || len(snap.Groups) < 90_000 {
		t.Errorf("%d groups, %d marks, want %d", len(snap.Groups), got, marks)
	}
}
