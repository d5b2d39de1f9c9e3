package warehouse_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

const partitions = 2

// rig is a log that fills, and what a loader needs.
type rig struct {
	t       *testing.T
	log     *memoryLog
	world   *warehousetest.World
	from    int64
	batches []*fact.Batch
}

func newRig(t *testing.T, seed uint64) *rig {
	from := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC).UnixMilli()
	return &rig{t: t, log: newMemoryLog(partitions), from: from, world: warehousetest.NewWorld(seed, from, from+8*rollup.HourMS)}
}

// produce adds batches to the log, as received now.
func (r *rig) produce(n, plays int) {
	for range n {
		p := int32(len(r.batches) % partitions)
		b := r.world.Batch(p, plays)
		r.batches = append(r.batches, b)
		r.log.add(p, time.Now().UnixMilli(), fact.AppendBatch(nil, b))
	}
}

func (r *rig) store(db warehouse.Warehouse, opts warehouse.StoreOptions) *warehouse.Store {
	r.t.Helper()
	opts.Partitions = partitions
	s, err := warehouse.NewStore(r.t.Context(), db, opts)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func (r *rig) scan() rollup.Scan {
	return rollup.Scan{
		Source: rollup.SourceTitleHour, From: r.from, To: r.from + 24*rollup.HourMS,
		By: []rollup.Dimension{rollup.Title, rollup.Country}, Sketches: rollup.SketchesOf(rollup.Viewers),
	}
}

func (r *rig) check(s *warehouse.Store, what string) {
	r.t.Helper()
	got, err := s.Scan(r.t.Context(), r.scan())
	if err != nil {
		r.t.Fatal(err)
	}
	want := warehousetest.Brute(r.scan(), r.batches)
	if a := warehousetest.AnswerOf(got); fmt.Sprint(a) != fmt.Sprint(want) {
		r.t.Fatalf("%s: the store's answer is not that of the facts:\n%s", what, diffOf(a, want))
	}
}

// run starts a loader and returns what stops it and waits.
func (r *rig) run(l *warehouse.Loader) (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	return func() {
		r.t.Helper()
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	}
}

func TestLoaderFlushesStopsAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 1), &warehousetest.Memory{}
		for round := range 3 {
			s := r.store(db, warehouse.StoreOptions{RotateBytes: 200_000})
			told := 0
			l := warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{
				Clock: time.Now, Observers: []warehouse.Observer{func(int32, int64, *fact.Batch) { told++ }},
			})
			stop := r.run(l)
			r.produce(20, 3)
			synctest.Wait()
			r.check(s, "in memory")
			before := flushes(t, db)
			time.Sleep(11 * time.Second)
			synctest.Wait()
			r.check(s, "flushed")
			if flushes(t, db) <= before {
				t.Error("nothing was flushed within 11 s")
			}
			r.produce(5, 3)
			synctest.Wait()
			stop()
			if want := len(r.batches); told != want {
				t.Errorf("round %d: the observer was told %d batches, want %d", round, told, want)
			}
			if st := l.Stats(t.Context()); st.LagRecords != 0 || st.UnflushedBytes > 1000 || st.Flushes == 0 {
				t.Errorf("round %d: %+v after an orderly stop", round, st)
			}
			s = r.store(db, warehouse.StoreOptions{})
			r.check(s, "after a stop")
			if got := s.FreshTo(); got != r.world.To {
				t.Errorf("fresh to %d, want %d", got, r.world.To)
			}
		}
	})
}

func flushes(t *testing.T, db warehouse.Warehouse) int64 {
	t.Helper()
	st, err := db.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st.Rows["generations"]
}

func TestLoaderTrimsWhatNobodyNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 2), &warehousetest.Memory{}
		s := r.store(db, warehouse.StoreOptions{})
		stop := r.run(warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now, KeepFacts: time.Minute}))
		for range 40 {
			r.produce(4, 1)
			time.Sleep(10 * time.Second)
		}
		stop()
		first, next, _ := r.log.Bounds(t.Context(), "facts", 0)
		if kept := next - first; kept < 10 || kept > 20 {
			t.Errorf("%d of %d facts are kept, want those of about a minute: 12", kept, next)
		}
		told := 0
		l := warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{
			Clock: time.Now, KeepFacts: time.Minute, Observers: []warehouse.Observer{func(int32, int64, *fact.Batch) { told++ }},
		})
		stop = r.run(l)
		synctest.Wait()
		stop()
		if told < 20 || told > 28 {
			t.Errorf("after a start the observer was told %d batches, want the last minute's: about 24", told)
		}
	})
}

func TestLoaderWaitsForTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		r, db := newRig(t, 3), &warehousetest.Memory{Fail: func() error {
			if broken.Load() {
				return errors.New("disk on fire")
			}
			return nil
		}}
		s := r.store(db, warehouse.StoreOptions{RotateBytes: 100_000})
		l := warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now, MaxBytes: 1_000_000, FlushBytes: 200_000})
		stop := r.run(l)
		r.produce(300, 10)
		time.Sleep(time.Minute)
		st := l.Stats(t.Context())
		if st.UnflushedBytes < 900_000 || st.UnflushedBytes > 16_000_000 || st.LagRecords == 0 || st.Failures == 0 {
			t.Errorf("with a broken database: %+v", st)
		}
		broken.Store(false)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		r.check(s, "after the database came back")
		if st := l.Stats(t.Context()); st.LagRecords != 0 {
			t.Errorf("after the database came back: %+v", st)
		}
		stop()
	})
}

// modest is a database that takes one generation at a time: more do not fit in
// its memory.
type modest struct{ *warehousetest.Memory }

func (m modest) Apply(ctx context.Context, generations []*rollup.Generation) error {
	if len(generations) > 1 {
		return &warehouse.MemoryError{LimitMB: 32, Err: errors.New("could not allocate block")}
	}
	return m.Memory.Apply(ctx, generations)
}

func TestWhatIsTooMuchTogetherGoesOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 7), modest{&warehousetest.Memory{}}
		s := r.store(db, warehouse.StoreOptions{RotateBytes: 50_000})
		l := warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now})
		stop := r.run(l)
		r.produce(60, 10)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if st := l.Stats(t.Context()); st.Failures != 0 || st.Flushes < 2 || st.UnflushedBytes > 1000 {
			t.Errorf("it stands at %+v", st)
		}
		r.check(s, "flushed one by one")
		stop()
	})
}

// stalled is a database whose commit hangs until it is interrupted.
type stalled struct {
	*warehousetest.Memory
	hang atomic.Bool
}

func (m *stalled) Apply(ctx context.Context, generations []*rollup.Generation) error {
	if m.hang.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return m.Memory.Apply(ctx, generations)
}

// A stop does not wait for a database that hangs: it breaks the flush off, and
// the next start loads those facts, each once.
func TestStopBreaksOffAFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 8), &stalled{Memory: &warehousetest.Memory{}}
		s := r.store(db, warehouse.StoreOptions{})
		stop := r.run(warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now}))
		r.produce(20, 3)
		time.Sleep(11 * time.Second)
		db.hang.Store(true)
		r.produce(20, 3)
		time.Sleep(11 * time.Second) // a flush hangs
		start := time.Now()
		stop()
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("the stop took %s", took)
		}
		db.hang.Store(false)
		s = r.store(db, warehouse.StoreOptions{})
		stop = r.run(warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now}))
		synctest.Wait()
		r.check(s, "after another start")
		stop()
	})
}

func TestGapIsFatal(t *testing.T) {
	r, db := newRig(t, 4), &warehousetest.Memory{}
	s := r.store(db, warehouse.StoreOptions{})
	r.produce(4, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now}).Run(ctx); err != nil {
		t.Fatal(err)
	}
	r.produce(10, 2)
	r.log.first[0] = 5
	err := warehouse.NewLoader(r.log, r.store(db, warehouse.StoreOptions{}), warehouse.LoaderOptions{Clock: time.Now}).Run(t.Context())
	if !errors.Is(err, warehouse.ErrGap) {
		t.Fatalf("missing facts gave %v", err)
	}
}

// While facts are applied, rotated, flushed and merged, every scan is the
// answer of some prefix of each partition, each fact once.
func TestScansDuringFlushesCountEachFactOnce(t *testing.T) {
	db, err := duck.Open(t.Context(), t.TempDir(), duck.Options{Compact: duck.Compaction{Parts: 2, Bytes: 100_000}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	r := newRig(t, 5)
	r.world.Corrections = 0
	s := r.store(db, warehouse.StoreOptions{RotateBytes: 300_000})
	l := warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{
		Clock: time.Now, FlushEvery: 20 * time.Millisecond, FlushBytes: 200_000, MaintainEvery: 30 * time.Millisecond, StopWithin: time.Minute,
	})
	stop := r.run(l)
	produced := make(chan struct{})
	go func() {
		defer close(produced)
		for range 120 {
			r.produce(2, 1)
			time.Sleep(5 * time.Millisecond)
		}
	}()
	q := rollup.Scan{Source: rollup.SourceTitleDay, From: r.from - 48*rollup.HourMS, To: r.from + 48*rollup.HourMS}
	last, scans := int64(0), 0
	for running := true; running || scans < 20; scans++ {
		select {
		case <-produced:
			running = false
		default:
		}
		var requests [2]int64
		for i, source := range []rollup.Source{rollup.SourceTitleDay, rollup.SourcePlays} {
			q.Source = source
			res, err := s.Scan(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range res.Groups {
				requests[i] += g.Measures[rollup.PlayRequests]
			}
		}
		// A batch has one play: the number of requests is that of batches applied.
		if requests[0] < last || requests[1] < requests[0] || requests[1] > 240 {
			t.Fatalf("requests %v after %d", requests, last)
		}
		last = requests[1]
	}
	for l.Stats(t.Context()).LagRecords > 0 {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	r.check(s, "at the end")
	if err := db.Maintain(t.Context(), r.world.To+100*rollup.HourMS); err != nil {
		t.Fatal(err)
	}
	r.check(r.store(db, warehouse.StoreOptions{}), "from the database")
}

// slow is a database that others load into while it thinks.
type slow struct {
	warehouse.Warehouse
	meanwhile func()
}

func (d *slow) Scan(ctx context.Context, s rollup.Scan) (warehouse.Snapshot, error) {
	snap, err := d.Warehouse.Scan(ctx, s)
	if d.meanwhile != nil {
		d.meanwhile()
	}
	return snap, err
}

// Where the database gives an estimate for a group because memory knows nothing of
// it, memory may know it by the time that the database has answered.
func TestEstimatesWhileNewGroupsComeIn(t *testing.T) {
	r := newRig(t, 9)
	file, err := duck.Open(t.Context(), t.TempDir(), duck.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	db := &slow{Warehouse: file}
	s := r.store(db, warehouse.StoreOptions{})
	first := warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now, StopWithin: time.Minute})
	l := warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now, FlushEvery: time.Hour, StopWithin: time.Minute})
	loaded := func(l *warehouse.Loader, batches int64) {
		for l.Stats(t.Context()).Batches < batches {
			time.Sleep(time.Millisecond)
		}
	}
	r.produce(6, 10)
	stop := r.run(first)
	loaded(first, 6)
	stop() // it is in the file
	r.produce(2, 1)
	stop = r.run(l)
	n := int64(2)
	loaded(l, n)
	defer stop()
	db.meanwhile = func() {
		r.produce(4, 10)
		n += 4
		loaded(l, n)
	}
	scan := r.scan()
	scan.EstimateOnly = true
	for range 3 {
		before := warehousetest.Brute(scan, r.batches)
		res, err := s.Scan(t.Context(), scan)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Groups) < len(before) {
			t.Errorf("%d groups, there were %d before it was asked", len(res.Groups), len(before))
		}
	}
	db.meanwhile = nil
	r.check(s, "after all")
}

func TestValuesAndRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, db := newRig(t, 6), &warehousetest.Memory{}
		s := r.store(db, warehouse.StoreOptions{})
		stop := r.run(warehouse.NewLoader(r.log, s, warehouse.LoaderOptions{Clock: time.Now}))
		r.produce(10, 20)
		synctest.Wait()
		got, err := s.Values(t.Context(), rollup.Title, "T-A", 3)
		if err != nil || !slices.Equal(got, []string{"t-aa", "t-ab", "t-ac"}) {
			t.Errorf("values %q, %v", got, err)
		}
		inMemory, err := s.Retention(t.Context(), map[string]string{"t-aa": ""}, rollup.DeviceType, r.from, r.world.To)
		if err != nil || len(inMemory) == 0 {
			t.Fatalf("retention %v, %v", inMemory, err)
		}
		stop()
		s = r.store(db, warehouse.StoreOptions{})
		flushed, err := s.Retention(t.Context(), map[string]string{"t-aa": ""}, rollup.DeviceType, r.from, r.world.To)
		if err != nil || fmt.Sprint(flushed) != fmt.Sprint(inMemory) {
			t.Errorf("retention changed by a flush: %v", err)
		}
		for i := 1; i < len(flushed); i++ {
			if flushed[i].Key <= flushed[i-1].Key {
				t.Errorf("two curves for %q", flushed[i].Key)
			}
		}
		if again, _ := s.Values(t.Context(), rollup.Title, "t-a", 3); !slices.Equal(again, got) {
			t.Errorf("values after a restart %q", again)
		}
		if _, err := s.Retention(t.Context(), map[string]string{"t-aa": ""}, rollup.Genre, 0, 0); !errors.Is(err, warehouse.ErrDimension) {
			t.Errorf("retention by genre gave %v", err)
		}
	})
}

// diffOf are the groups that differ.
func diffOf(got, want warehousetest.Answer) (out string) {
	for k, v := range got {
		if want[k] != v {
			out += fmt.Sprintf("%v: got %v, want %v\n", k, v, want[k])
		}
	}
	for k, v := range want {
		if _, ok := got[k]; !ok {
			out += fmt.Sprintf("%v: missing %v\n", k, v)
		}
	}
	return out
}
