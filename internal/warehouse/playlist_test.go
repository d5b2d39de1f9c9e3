package warehouse_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/warehousetest"
)

// Single plays are listed once, wherever they are: in memory, in the database, or
// taken back in one and given in the other.
func TestPlaysAreListedFromMemoryAndDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 5), &warehousetest.Memory{}
		s := r.store(db, warehouse.StoreOptions{})
		stop := r.run(warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now}))
		defer stop()
		all := warehouse.PlayAsk{From: r.from - rollup.HourMS, To: r.from + 48*rollup.HourMS, Limit: 1000, AtLeast: 3}
		check := func(what string, want int) {
			t.Helper()
			got, err := s.ListPlays(t.Context(), all)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Plays) != want || got.More || got.Viewers != 3 {
				t.Errorf("%s: %d plays, want %d; %d viewers, more %v", what, len(got.Plays), want, got.Viewers, got.More)
			}
		}
		r.produce(10, 4)
		synctest.Wait()
		check("in memory", 40)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		check("flushed", 40)
		r.produce(10, 4)
		synctest.Wait()
		check("in both", 80)
		if _, err := s.ListPlays(t.Context(), warehouse.PlayAsk{Where: []rollup.Filter{{Dimension: rollup.Genre}}}); !errors.Is(err, rollup.ErrNotCovered) {
			t.Errorf("a filter by genre gave %v", err)
		}
	})
}
