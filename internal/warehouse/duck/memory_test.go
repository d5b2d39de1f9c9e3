package duck_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

// loads are generations of some plays each, and the facts they were made of.
func loads(t *testing.T, plays ...int) (generations []*rollup.Generation, batches []*fact.Batch, from int64) {
	t.Helper()
	from = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC).UnixMilli()
	world := warehousetest.NewWorld(11, from, from+rollup.HourMS)
	for i, n := range plays {
		g, b := rollup.NewGeneration(rollup.Options{}), world.Batch(0, n)
		if err := g.Apply(int64(i), b); err != nil {
			t.Fatal(err)
		}
		g.Seal()
		generations, batches = append(generations, g), append(batches, b)
	}
	return generations, batches, from
}

// check compares an answer with what the facts say.
func check(t *testing.T, db *duck.DB, from int64, batches []*fact.Batch) {
	t.Helper()
	for _, s := range []rollup.Scan{
		{Source: rollup.SourceTitleDay, From: from, To: from + 48*rollup.HourMS, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SketchesOf(rollup.Viewers)},
		{Source: rollup.SourcePulse, From: from, To: from + rollup.HourMS, By: []rollup.Dimension{rollup.Country}},
	} {
		snap, err := db.Scan(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := warehousetest.AnswerOf(snap.Result), warehousetest.Brute(s, batches); !maps.Equal(got, want) {
			t.Errorf("of source %d there are %d groups that are not the %d there should be", s.Source, len(got), len(want))
		}
	}
}

// An engine that DuckDB has given up is replaced under whoever uses it: nothing
// that was committed is lost, nothing is applied twice, and nobody sees an error.
func TestInvalidatedEngineIsReplaced(t *testing.T) {
	db, err := duck.Open(t.Context(), t.TempDir(), duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	generations, batches, from := loads(t, 60, 60, 60)
	for i := range generations {
		if err := db.Apply(t.Context(), generations[:i+1]); err != nil {
			t.Fatal(err)
		}
		if err := duck.Invalidate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				s := rollup.Scan{Source: rollup.SourcePulse, From: from, To: from + rollup.HourMS}
				if _, err := db.Scan(t.Context(), s); err != nil {
					t.Errorf("a scan gave %v", err)
				}
			})
		}
		all.Go(func() {
			if err := db.Maintain(t.Context(), from+3*rollup.HourMS); err != nil {
				t.Errorf("tidying up gave %v", err)
			}
		})
		all.Go(func() {
			if err := db.Apply(t.Context(), generations[:min(i+2, len(generations))]); err != nil {
				t.Errorf("a load gave %v", err)
			}
		})
		all.Wait()
	}
	check(t, db, from, batches)
	st, err := db.Stats(t.Context())
	if err != nil || st.Reopened != int64(len(generations)) {
		t.Errorf("the engine was opened again %d times, want %d (%v)", st.Reopened, len(generations), err)
	}
}

// What does not fit in memory is refused, with the reason and what to do, and
// that is all: what fits goes on, reads and loads alike, also while others ask.
func TestOutOfMemoryHarmsNobodyElse(t *testing.T) {
	dir := t.TempDir()
	generations, batches, from := loads(t, 10, 1_500, 10)
	db, err := duck.Open(t.Context(), dir, duck.Options{MemoryLimitMB: 32})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Apply(t.Context(), generations[:1]), db.Close()); err != nil {
		t.Fatal(err)
	}
	if db, err = duck.Open(t.Context(), dir, duck.Options{MemoryLimitMB: 10, Readers: 4}); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				s := rollup.Scan{Source: rollup.SourceTitleHour, From: from, To: from + rollup.HourMS, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SketchesOf(rollup.Viewers)}
				var m *warehouse.MemoryError
				if _, err := db.Scan(t.Context(), s); err != nil && !errors.As(err, &m) {
					t.Errorf("a scan gave %v", err)
				}
			}
		})
	}
	err = db.Apply(t.Context(), generations[:2])
	var m *warehouse.MemoryError
	if !errors.As(err, &m) || !strings.Contains(err.Error(), "10 MiB") || !strings.Contains(err.Error(), "PLAYHEAD_WAREHOUSE_MEMORY") {
		t.Errorf("too much at once gave %v", err)
	}
	close(stop)
	readers.Wait()
	check(t, db, from, batches[:1])
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = duck.Open(t.Context(), dir, duck.Options{MemoryLimitMB: 32}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for i := range generations {
		if err := db.Apply(t.Context(), generations[:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	check(t, db, from, batches)
}

// A load that is given up half-way leaves nothing, soon, and can be done again.
func TestLoadGivenUpLeavesNothing(t *testing.T) {
	db, err := duck.Open(t.Context(), t.TempDir(), duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	generations, batches, from := loads(t, 20, 1_500)
	if err := db.Apply(t.Context(), generations[:1]); err != nil {
		t.Fatal(err)
	}
	for _, after := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		if err := db.Apply(ctx, generations); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a load given up after %s gave %v", after, err)
		}
		cancel()
		check(t, db, from, batches[:1])
	}
	if err := db.Apply(t.Context(), generations); err != nil {
		t.Fatal(err)
	}
	check(t, db, from, batches)
}
