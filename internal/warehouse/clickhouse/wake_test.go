package clickhouse_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/internal/warehouse/warehousetest"
)

// stream is some facts on their way to warehouses, and what they come to.
type stream struct {
	from        int64
	batches     []*fact.Batch
	generations []*rollup.Generation
}

// newStream makes n generations of plays random plays each.
func newStream(t *testing.T, seed uint64, n, plays int) *stream {
	t.Helper()
	s := &stream{from: time.Date(2026, 3, 28, 9, 0, 0, 0, time.UTC).UnixMilli()}
	world := warehousetest.NewWorld(seed, s.from, s.from+40*rollup.HourMS)
	for i := range n {
		g := rollup.NewGeneration(rollup.Options{ReportTZ: warehousetest.Zone(t)})
		b := world.Batch(0, plays)
		if err := g.Apply(int64(i), b); err != nil {
			t.Fatal(err)
		}
		g.Seal()
		s.batches, s.generations = append(s.batches, b), append(s.generations, g)
	}
	return s
}

// scans are what is asked of a warehouse that has the stream.
func (s *stream) scans() []rollup.Scan {
	list := []rollup.Scan{
		{Source: rollup.SourceTitleDay, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SketchesOf(rollup.Viewers)},
		{Source: rollup.SourcePlays, By: []rollup.Dimension{rollup.Country}},
	}
	for i := range list {
		list[i].From, list[i].To = s.from-48*rollup.HourMS, s.from+96*rollup.HourMS
	}
	return list
}

// want is the answer of the first n batches, counted one by one.
func (s *stream) want(scan rollup.Scan, n int) warehousetest.Answer {
	batches := s.batches[:n]
	if scan.Source == rollup.SourcePlays {
		batches = withoutViewers(batches)
	}
	return warehousetest.Brute(scan, batches)
}

// withoutMarks is an answer without viewers at work, which sums of plays do not know.
func withoutMarks(scan rollup.Scan, r *rollup.Result) *rollup.Result {
	for i := range r.Groups {
		if scan.Source == rollup.SourcePlays {
			r.Groups[i].Measures[rollup.ViewerMarks] = 0
		}
	}
	return r
}

// check holds what a warehouse answers to the first n batches.
func (s *stream) check(t *testing.T, db warehouse.Warehouse, n int) {
	t.Helper()
	for _, scan := range s.scans() {
		got, err := db.Scan(t.Context(), scan)
		if err != nil {
			t.Fatal(err)
		}
		if want := s.want(scan, n); len(want) == 0 || !maps.Equal(warehousetest.AnswerOf(withoutMarks(scan, got.Result)), want) {
			t.Fatalf("of source %d, got %v\nwant %v", scan.Source, warehousetest.AnswerOf(got.Result), want)
		}
	}
}

// withoutViewers are batches without spans of viewers.
func withoutViewers(batches []*fact.Batch) (list []*fact.Batch) {
	for _, b := range batches {
		own := *b
		own.Spans = slices.DeleteFunc(slices.Clone(b.Spans), func(s fact.Span) bool { return s.Kind == fact.ActiveViewer })
		list = append(list, &own)
	}
	return list
}

// TestWokenTidiesNothing has a process look for what can be dropped after another one
// has taken the database over and written to it: it drops nothing that counts.
func TestWokenTidiesNothing(t *testing.T) {
	server := clickhousetest.Start(t)
	s := newStream(t, 43, 6, 20)
	dir, opts := t.TempDir(), clickhouse.Options{Grace: time.Millisecond}
	first := open(t, server, dir, opts)
	defer first.Close()
	if err := first.Apply(t.Context(), s.generations[:2]); err != nil {
		t.Fatal(err)
	}
	second := open(t, server, dir, opts)
	defer second.Close()
	if err := second.Apply(t.Context(), s.generations[:5]); err != nil {
		t.Fatal(err)
	}
	if err := first.Maintain(t.Context(), s.from); !errors.Is(err, warehouse.ErrInUse) {
		t.Errorf("the older process tidied: %v", err)
	}
	s.check(t, second, 5)
	third := open(t, server, dir, opts)
	defer third.Close()
	if err := third.Apply(t.Context(), s.generations); err != nil {
		t.Fatal(err)
	}
	s.check(t, third, 6)
}

// TestCommitInDoubt loses the answer to a commit, so that the process which wrote it
// takes it for failed, and another one goes on from it. The first then tidies what it
// thinks nobody names: it drops nothing that counts. Without the second it does.
func TestCommitInDoubt(t *testing.T) {
	server := clickhousetest.Start(t)
	for _, another := range []bool{true, false} {
		s := newStream(t, 44, 4, 20)
		dir, opts := t.TempDir(), clickhouse.Options{Grace: time.Millisecond}
		way := clickhousetest.NewProxy(t, server.Addr)
		first := open(t, &clickhousetest.Server{Addr: way.Addr}, dir, opts)
		defer first.Close()
		if err := first.Apply(t.Context(), s.generations[:1]); err != nil {
			t.Fatal(err)
		}
		way.LoseAnswer("INSERT INTO commits")
		if err := first.Apply(t.Context(), s.generations[:2]); err == nil || way.Lost() != 1 {
			t.Fatalf("the commit was not in doubt: %v, %d answers lost", err, way.Lost())
		}
		if another {
			second := open(t, server, dir, opts)
			defer second.Close()
			if at, err := second.Offsets(t.Context()); err != nil || at[0].End != 2 {
				t.Fatalf("it goes on from %v, and not from the commit that arrived: %v", at, err)
			}
			if err := first.Maintain(t.Context(), s.from); !errors.Is(err, warehouse.ErrInUse) {
				t.Errorf("the older process tidied: %v", err)
			}
			s.check(t, second, 2)
			continue
		}
		for range 2 { // what failed flushes left is condemned, then it goes
			if err := first.Maintain(t.Context(), s.from); err != nil {
				t.Fatal(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
		s.check(t, first, 1)
		if err := first.Apply(t.Context(), s.generations); err != nil {
			t.Fatal(err)
		}
		stats, err := first.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		second := open(t, server, dir, opts)
		defer second.Close()
		s.check(t, second, 4)
		if err := second.Maintain(t.Context(), s.from); err != nil {
			t.Fatal(err)
		}
		if after, err := second.Stats(t.Context()); err != nil || after.FileBytes > stats.FileBytes+1<<20 {
			t.Errorf("what counts takes %d bytes, and was %d: %v", after.FileBytes, stats.FileBytes, err)
		}
	}
}
