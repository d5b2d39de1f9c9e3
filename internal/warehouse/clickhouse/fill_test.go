package clickhouse_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/clickhouse"
	"playhead/internal/warehouse/clickhouse/clickhousetest"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/layout"
	"playhead/internal/warehouse/warehousetest"
)

// breaking is a warehouse that fails after some rows.
type breaking struct {
	*duck.DB
	left int
}

var errBroken = errors.New("broken off")

func (b *breaking) Rows(ctx context.Context, t layout.Table, from int64, fn func([]any, int64) (bool, error)) (int64, error) {
	return b.DB.Rows(ctx, t, from, func(row []any, next int64) (bool, error) {
		if b.left--; b.left < 0 {
			return false, errBroken
		}
		return fn(row, next)
	})
}

// TestFill copies a DuckDB warehouse, broken off again and again, and goes on with what
// comes later: it holds the same rows, and gives the answers of brute force.
func TestFill(t *testing.T) {
	server := clickhousetest.Start(t)
	from := time.Date(2026, 3, 28, 9, 0, 0, 0, time.UTC).UnixMilli()
	world := warehousetest.NewWorld(97, from, from+40*rollup.HourMS)
	var batches []*fact.Batch
	var generations []*rollup.Generation
	for i := range int64(6) {
		g, b := rollup.NewGeneration(rollup.Options{ReportTZ: warehousetest.Zone(t)}), world.Batch(0, 20)
		if err := g.Apply(i, b); err != nil {
			t.Fatal(err)
		}
		g.Seal()
		batches, generations = append(batches, b), append(generations, g)
	}
	old, err := duck.Open(t.Context(), t.TempDir(), duck.Options{TZ: warehousetest.Zone(t), SampleRows: 300})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if err := old.Apply(t.Context(), generations[:3]); err != nil {
		t.Fatal(err)
	}
	if err := old.Maintain(t.Context(), from+80*rollup.HourMS); err != nil { // some is summed, some of the sample is out
		t.Fatal(err)
	}
	if err := old.Apply(t.Context(), generations[3:4]); err != nil {
		t.Fatal(err)
	}
	if err := old.KeepFindings(t.Context(), "usual", from, []byte("found")); err != nil {
		t.Fatal(err)
	}

	dir, r, breaks, told := t.TempDir(), rand.New(rand.NewPCG(5, 6)), 0, map[string]int64{}
	origin := clickhouse.Origin{Name: "a", Position: "1"}
	reached := []warehouse.Offset{{Partition: 0, End: 4, FreshTo: from}}
	o := clickhouse.Options{Fill: &origin, FillRows: 700, Runs: 3, Grace: time.Millisecond, SampleRows: 300}
	for done := false; !done; {
		db := open(t, server, dir, o)
		err := db.Fill(t.Context(), &breaking{old, r.IntN(4000)}, reached, func(table string, rows int64) { told[table] += rows })
		if done = err == nil; !done {
			if !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			breaks++
			if breaks == 1 {
				plain, other := o, o
				plain.Fill, other.Fill = nil, &clickhouse.Origin{Name: "b", Position: "1"}
				refused(t, server, dir, plain, clickhouse.ErrFilling)
				refused(t, server, dir, other, clickhouse.ErrNotEmpty)
			}
			if breaks == 2 { // the old one went on meanwhile: all begins anew
				origin.Position, told = "2", map[string]int64{}
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if breaks < 3 {
		t.Fatalf("broken off %d times only", breaks)
	}
	other := o
	other.Fill = &clickhouse.Origin{Name: "a", Position: "3"}
	refused(t, server, dir, other, clickhouse.ErrNotEmpty)

	o.Fill = nil
	db := open(t, server, dir, o)
	defer db.Close()
	rows := int64(0)
	for _, table := range layout.Tables() {
		want, err := old.Sum(t.Context(), table)
		if err != nil {
			t.Fatal(err)
		}
		got, err := db.Sum(t.Context(), table)
		if err != nil {
			t.Fatal(err)
		}
		if got != want || told[table.Name] != want.Rows {
			t.Errorf("%s: got %+v, told of %d, want %+v", table.Name, got, told[table.Name], want)
		}
		rows += want.Rows
	}
	t.Logf("%d rows, broken off %d times", rows, breaks)
	if rows < 1000 {
		t.Errorf("%d rows are too few to say anything", rows)
	}
	if body, err := db.Findings(t.Context(), "usual", from); err != nil || string(body) != "found" {
		t.Errorf("findings: %q, %v", body, err)
	}

	for _, w := range []warehouse.Warehouse{old, db} {
		if err := w.Apply(t.Context(), generations[4:]); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.Maintain(t.Context(), from+120*rollup.HourMS); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []rollup.Scan{
		{Source: rollup.SourceTitleDay, By: []rollup.Dimension{rollup.Title}, Sketches: rollup.SketchesOf(rollup.Viewers)},
		{Source: rollup.SourceTitleHour, By: []rollup.Dimension{rollup.Country}},
		{Source: rollup.SourceQualityHour, By: []rollup.Dimension{rollup.CDN}},
	} {
		s.From, s.To = from-48*rollup.HourMS, from+96*rollup.HourMS
		s.From, s.To = s.From/rollup.HourMS*rollup.HourMS, s.To/rollup.HourMS*rollup.HourMS
		for name, w := range map[string]warehouse.Warehouse{"duckdb": old, "clickhouse": db} {
			got, err := w.Scan(t.Context(), s)
			if err != nil {
				t.Fatalf("%s: %v: %v", name, s, err)
			}
			if want := warehousetest.Brute(s, batches); len(want) == 0 || !maps.Equal(warehousetest.AnswerOf(got.Result), want) {
				t.Errorf("%s, %v: got %v\nwant %v", name, s.Source, warehousetest.AnswerOf(got.Result), want)
			}
		}
	}
}

// refused opens a database that must not be opened so.
func refused(t *testing.T, server *clickhousetest.Server, dir string, o clickhouse.Options, why error) {
	t.Helper()
	a, err := clickhouse.ParseAddress("clickhouse://" + server.Addr + "/" + clickhousetest.Database(dir))
	if err != nil {
		t.Fatal(err)
	}
	o.TZ = warehousetest.Zone(t)
	if db, err := clickhouse.Open(t.Context(), a, o); !errors.Is(err, why) {
		t.Fatalf("opened: %v, %v; want %v", db != nil, err, why)
	}
}
