package duck_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/duck"
	"playhead/internal/warehouse/warehousetest"
)

// Months that are over are summed, whatever comes late, and no answer changes by
// it: of all time, of whole months and of days within them. A file of format 3, that
// has days alone, gets its months.
func TestRetentionOfMonths(t *testing.T) {
	dir := t.TempDir()
	day := func(y int, m time.Month, d int) int64 { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).UnixMilli() }
	open := func() *duck.DB {
		db, err := duck.Open(t.Context(), dir, duck.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	world, ref := warehousetest.NewWorld(11, 0, 0), &warehousetest.Memory{}
	offset := int64(0)
	put := func(days ...int64) {
		t.Helper()
		for _, d := range days {
			g := rollup.NewGeneration(rollup.Options{})
			world.From, world.To = d, d+20*rollup.HourMS
			if err := g.Apply(offset, world.Batch(0, 15)); err != nil {
				t.Fatal(err)
			}
			g.Seal()
			offset++
			if err := errors.Join(db.Apply(t.Context(), []*rollup.Generation{g}), ref.Apply(t.Context(), []*rollup.Generation{g})); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(what string) {
		t.Helper()
		for _, r := range [][2]int64{
			{math.MinInt64, math.MaxInt64}, {day(2026, 2, 1), day(2026, 4, 1)}, {day(2026, 1, 20), day(2026, 3, 3)},
			{day(2026, 2, 5), day(2026, 2, 9)}, {day(2026, 3, 20), math.MaxInt64}, {math.MinInt64, day(2026, 1, 20)},
		} {
			for _, title := range []string{"t-aa", "t-ab", "t-ac", "t-ad"} {
				scan := rollup.CurveScan{Of: map[string]string{title: ""}, By: rollup.DeviceType, From: r[0], To: r[1]}
				got, _, err := db.Retention(t.Context(), scan)
				if err != nil {
					t.Fatal(err)
				}
				want, _, _ := ref.Retention(t.Context(), scan)
				if fmt.Sprint(got.Curves()) != fmt.Sprint(want.Curves()) {
					t.Errorf("%s: the curves of %s from %d to %d are not those of memory", what, title, r[0], r[1])
				}
			}
		}
	}
	maintain := func(now int64) {
		t.Helper()
		if err := db.Maintain(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	put(day(2026, 1, 15), day(2026, 1, 30), day(2026, 2, 7), day(2026, 2, 27), day(2026, 3, 2))
	check("days")
	maintain(day(2026, 3, 4))
	check("two months summed")
	put(day(2026, 1, 15), day(2026, 2, 7), day(2026, 3, 25), day(2026, 4, 2)) // some of it late
	check("late days")
	for range 2 { // what came is merged once nothing more does
		maintain(day(2026, 4, 4))
	}
	check("a third month, and the late days merged")
	st, err := db.Stats(t.Context())
	if err != nil || st.Rows["retention_month"] == 0 {
		t.Errorf("%d rows of months, %v", st.Rows["retention_month"], err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	makeFormat3(t, dir)
	db = open()
	defer func() { _ = db.Close() }()
	check("format 3")
	maintain(day(2026, 4, 5))
	check("format 3, its months summed")
}

// makeFormat3 takes out of a file what format 3 did not have.
func makeFormat3(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.duckdb"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the files are %v, %v", files, err)
	}
	old, err := sql.Open("duckdb", files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"DROP TABLE retention_month", "DROP TABLE affinity_week", "DELETE FROM meta WHERE name = 'retention_months_upto'",
		"DELETE FROM rolled WHERE source = " + fmt.Sprint(int(rollup.SourceAffinityWeek)), "UPDATE meta SET value = '3' WHERE name = 'version'",
	} {
		if _, err := old.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
}
