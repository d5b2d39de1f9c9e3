package warehouse_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/warehousetest"
)

// counted counts the scans that reach the database.
type counted struct {
	*warehousetest.Memory
	scans atomic.Int64
}

func (c *counted) Scan(ctx context.Context, s rollup.Scan) (warehouse.Snapshot, error) {
	c.scans.Add(1)
	return c.Memory.Scan(ctx, s)
}

// fill produces facts of an hour, counted from the first.
func (r *rig) fill(hour int) {
	r.world.From, r.world.To = r.from+int64(hour)*rollup.HourMS, r.from+int64(hour+1)*rollup.HourMS
	r.produce(6, 5)
}

// flushed waits, in a bubble's time, until what was produced is in the database.
func flushed() {
	time.Sleep(11 * time.Second)
	synctest.Wait()
}

// An answer about hours that nothing more comes to is asked of the database once,
// and is that of the facts all the same, whatever is flushed meanwhile, late facts
// too. Answers that are added to memory's stay as they are.
func TestAnswersAreRememberedUntilTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 6), &counted{Memory: &warehousetest.Memory{}}
		s := r.store(db, warehouse.StoreOptions{RecallBytes: 8 << 20})
		stop := r.run(warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now}))
		defer stop()
		hour := func(n int) rollup.Scan {
			scan := r.scan()
			scan.From, scan.To = r.from+int64(n)*rollup.HourMS, r.from+int64(n+1)*rollup.HourMS
			return scan
		}
		check := func(what string, scan rollup.Scan) (asked int64) {
			t.Helper()
			before := db.scans.Load()
			for range 2 {
				got, err := s.Scan(t.Context(), scan)
				if err != nil {
					t.Fatal(err)
				}
				if a, want := warehousetest.AnswerOf(got), warehousetest.Brute(scan, r.batches); fmt.Sprint(a) != fmt.Sprint(want) {
					t.Fatalf("%s: the store's answer is not that of the facts", what)
				}
			}
			return db.scans.Load() - before
		}
		r.world.Corrections = 0 // they may be of any hour
		r.fill(0)
		flushed()
		r.fill(2) // the hour between keeps the ends of plays apart
		flushed()
		if n := check("hour 0", hour(0)); n != 1 {
			t.Errorf("hour 0 was asked %d times", n)
		}
		r.fill(6)
		synctest.Wait()
		check("hour 6 in memory", hour(6))
		check("all, partly in memory", r.scan())
		flushed()
		if n := check("hour 0 after a flush of hour 6", hour(0)); n != 0 {
			t.Errorf("hour 0 was asked again %d times", n)
		}
		check("hour 6 flushed", hour(6))
		r.fill(0)
		synctest.Wait()
		if n := check("hour 0 with late facts in memory", hour(0)); n != 0 {
			t.Errorf("hour 0 was asked again %d times though memory has all that is new", n)
		}
		flushed()
		if n := check("hour 0 with late facts flushed", hour(0)); n != 1 {
			t.Errorf("hour 0 was asked %d times after late facts", n)
		}
		r.fill(-3)
		flushed()
		got, err := s.Scan(t.Context(), hour(0))
		if err != nil || got.FirstData >= r.from {
			t.Errorf("the first data is at %d after earlier facts came, %v", got.FirstData, err)
		}
	})
}

// Whoever asks while generations go from memory to the database sees each fact
// once, remembered or not.
func TestRememberedAnswersMissNoFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 7), &counted{Memory: &warehousetest.Memory{}}
		s := r.store(db, warehouse.StoreOptions{RecallBytes: 8 << 20, RotateBytes: 60_000})
		stop := r.run(warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now, FlushEvery: 20 * time.Millisecond}))
		defer stop()
		scan := rollup.Scan{Source: rollup.SourceTitleDay, From: r.from - 48*rollup.HourMS, To: r.from + 96*rollup.HourMS}
		requests := func() int64 {
			res, err := s.Scan(t.Context(), scan)
			if err != nil {
				t.Error(err)
				return 0
			}
			n := int64(0)
			for _, g := range res.Groups {
				n += g.Measures[rollup.PlayRequests]
			}
			return n
		}
		r.world.Corrections = 0
		ctx, cancel := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				for last := int64(0); ctx.Err() == nil; time.Sleep(time.Millisecond) {
					n := requests()
					if n < last {
						t.Errorf("%d requests after %d", n, last)
					}
					last = n
				}
			})
		}
		for range 60 {
			r.produce(2, 3)
			time.Sleep(7 * time.Millisecond)
		}
		cancel()
		readers.Wait()
		synctest.Wait()
		want := int64(0)
		for _, b := range r.batches {
			for _, p := range b.Plays {
				want += int64(p.N)
			}
		}
		if got := requests(); got != want {
			t.Errorf("%d requests of %d", got, want)
		}
	})
}
