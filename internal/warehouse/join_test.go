package warehouse_test

import (
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/warehousetest"
)

// Hours that are joined say what one scan of all of them says, of distinct counts the
// estimate alone; they are asked of the database once, and anew as soon as anything may
// have changed: in memory or flushed, within them or before.
func TestJoinedScansAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 6), &counted{Memory: &warehousetest.Memory{}}
		s := r.store(db, warehouse.StoreOptions{RecallBytes: 8 << 20})
		stop := r.run(warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now}))
		defer stop()
		hours := func(from, to int) rollup.Scan {
			scan := r.scan()
			scan.Buckets, scan.From, scan.To = nil, r.from+int64(from)*rollup.HourMS, r.from+int64(to)*rollup.HourMS
			return scan
		}
		figures := func(res *rollup.Result) map[string]string {
			out := map[string]string{}
			for i := range res.Groups {
				g := &res.Groups[i]
				out[fmt.Sprint(g.Keys)] = fmt.Sprint(g.Measures, g.Sketches.Estimate(rollup.Viewers))
			}
			return out
		}
		check := func(what string, wantAsked int64) {
			t.Helper()
			before := db.scans.Load()
			for range 2 {
				got, err := s.Join(t.Context(), []rollup.Scan{hours(0, 1), hours(1, 3)})
				if err != nil {
					t.Fatal(err)
				}
				asked := db.scans.Load() - before
				want, err := s.Scan(t.Context(), hours(0, 3))
				if err != nil {
					t.Fatal(err)
				}
				before += db.scans.Load() - before - asked
				if !maps.Equal(figures(got), figures(want)) || len(want.Groups) == 0 || got.FreshTo != want.FreshTo || got.FirstData != want.FirstData {
					t.Fatalf("%s: joined hours do not say what one scan says: %d groups, want %d", what, len(got.Groups), len(want.Groups))
				}
				for i := range got.Groups {
					if got.Groups[i].Sketches.HLL(rollup.Viewers) != nil {
						t.Fatal("a sketch was joined and kept")
					}
				}
				if wantAsked >= 0 && asked != wantAsked {
					t.Errorf("%s: %d scans, want %d", what, asked, wantAsked)
				}
			}
		}
		r.world.Corrections = 0 // they may be of any hour
		r.fill(0)
		r.fill(2)
		flushed()
		check("flushed", 2)
		r.fill(6)
		synctest.Wait()
		check("with later hours in memory", 0)
		r.fill(0)
		synctest.Wait()
		check("with late facts in memory", -1)
		flushed()
		check("with late facts flushed", 2)
		r.fill(-3)
		synctest.Wait()
		check("with earlier facts in memory", -1)
		flushed()
		check("with earlier facts flushed", -1)
	})
}
