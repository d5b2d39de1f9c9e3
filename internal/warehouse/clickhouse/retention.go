package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

const curveColumns = "bucket, title, device, width, plays, duration_ms, bins"

// curveReader reads rows of curveColumns.
type curveReader struct {
	key             layout.CurveKey
	plays, duration int64
	bins            []byte
}

func (r *curveReader) read(rows driver.Rows) (*rollup.Curve, error) {
	if err := rows.Scan(&r.key.Day, &r.key.Title, &r.key.Device, &r.key.Width, &r.plays, &r.duration, &r.bins); err != nil {
		return nil, err
	}
	c := &rollup.Curve{WidthMS: r.key.Width, Plays: r.plays, DurationMS: r.duration}
	return c, layout.ReadBins(r.bins, c)
}

// wholeMonths are the months that lie within [from, to), which are none where the
// two are the same. A start before all time needs no month to begin there.
func (db *DB) wholeMonths(from, to int64) (int64, int64) {
	if to <= from {
		return from, from
	}
	if from != math.MinInt64 {
		if start, end := db.days.Month(from); start != from {
			from = end
		}
	}
	to, _ = db.days.Month(to)
	return from, max(from, to)
}

// Retention is the titles' curves, and the offsets of the snapshot read.
func (db *DB) Retention(ctx context.Context, scan rollup.CurveScan) (*rollup.CurveSet, []warehouse.Offset, error) {
	var set *rollup.CurveSet
	var offsets []warehouse.Offset
	tables := []string{tableDays, tableMonths}
	if !scan.Rolled() {
		tables = []string{playsName}
	}
	err := db.read(ctx, tables, func(v *view) error {
		set, offsets = rollup.NewCurveSet(scan), v.offsets()
		if len(scan.Of) == 0 {
			return nil
		}
		titles := oneOf("title", slices.Sorted(maps.Keys(scan.Of)))
		if !scan.Rolled() {
			where := fmt.Sprintf("%s AND last_ms >= %s AND first_ms < %d", titles, number(scan.From), scan.To)
			return v.eachPlay(ctx, where, func(b *fact.Batch) {
				p := &b.Plays[0]
				set.AddPlay(p, &b.Dims[p.Dims])
			})
		}
		upTo := int64(math.MinInt64)
		if v.Months != nil {
			upTo = *v.Months
		}
		from, to := db.wholeMonths(scan.From, min(scan.To, upTo))
		for _, x := range []struct {
			table    string
			from, to int64
		}{{tableMonths, from, to}, {tableDays, scan.From, from}, {tableDays, to, scan.To}} {
			if err := v.addCurves(ctx, set, x.table, titles, x.from, x.to); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read retention: %w", err)
	}
	return set, offsets, nil
}

// addCurves adds the curves of days or months that begin in some time.
func (v *view) addCurves(ctx context.Context, set *rollup.CurveSet, table, where string, from, to int64) error {
	runs := v.runs(table, from, to)
	if from >= to || runs == "" {
		return nil
	}
	var r curveReader
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s AND %s AND bucket >= %s AND bucket < %d", curveColumns, table, runs, where, number(from), to)
	return v.all(small(ctx), sql, func(rows driver.Rows) error {
		c, err := r.read(rows)
		if err == nil {
			set.Add(r.key.Day, r.key.Title, r.key.Device, c)
		}
		return err
	})
}

// number writes a whole number as SQL does: the least one has no literal of its own.
func number(n int64) string {
	return fmt.Sprint(max(n, -1<<62))
}
