package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

// appendCurves appends the curves of generations, one row a curve; late ones to the
// month that holds their day already, too.
func (db *DB) appendCurves(s session, list []*rollup.Generation) error {
	upTo, err := s.monthsUpTo()
	if err != nil {
		return err
	}
	var days, months layout.CurveMap
	for _, g := range list {
		err := g.Curves(func(day int64, title, device string, c *rollup.Curve) error {
			if day < upTo {
				month, _ := db.days.Month(day)
				_ = months.Add(month, title, device, c) // it never fails
			}
			return days.Add(day, title, device, c)
		})
		if err != nil {
			return err
		}
	}
	if err := writeCurves(s, &days, curveDays); err != nil {
		return err
	}
	return writeCurves(s, &months, curveMonths)
}

// Tables of curves: by day, and by month of those that are over.
const (
	curveDays   = "retention_day"
	curveMonths = "retention_month"
)

// writeCurves appends the sums of curves to a table.
func writeCurves(s session, m *layout.CurveMap, table string) error {
	if m.Len() == 0 {
		return nil
	}
	return s.appendRows(table, nil, func(w *rowWriter) error {
		for k, c := range m.Sorted() {
			if err := w.curve(k.Day, k.Title, k.Device, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// curve puts a row of curveColumns.
func (w *rowWriter) curve(day int64, title, device string, c *rollup.Curve) error {
	w.int64(day)
	w.string(title)
	w.string(device)
	w.int64(c.WidthMS)
	w.int64(c.Plays)
	w.int64(c.DurationMS)
	w.scratch = layout.AppendBins(w.scratch[:0], c)
	w.blob(w.scratch)
	return w.next()
}

const curveColumns = "bucket, title, device, width, plays, duration_ms, bins"

// curveOf reads a row of curveColumns.
func curveOf(row []driver.Value) (day int64, title, device string, c *rollup.Curve, err error) {
	c = &rollup.Curve{WidthMS: row[3].(int64), Plays: row[4].(int64), DurationMS: row[5].(int64)}
	err = layout.ReadBins(row[6].([]byte), c)
	return row[0].(int64), row[1].(string), row[2].(string), c, err
}

// Retention is a title's curves, and the offsets of the snapshot read.
func (db *DB) Retention(ctx context.Context, scan rollup.CurveScan) (*rollup.CurveSet, []warehouse.Offset, error) {
	var set *rollup.CurveSet
	var offsets []warehouse.Offset
	err := db.read(ctx, func(s session) (err error) {
		set = rollup.NewCurveSet(scan)
		if offsets, err = s.offsets(); err != nil {
			return err
		}
		if len(scan.Of) == 0 {
			return nil
		}
		if !scan.Rolled() {
			return playCurves(s, &scan, set)
		}
		upTo, err := s.monthsUpTo()
		if err != nil {
			return err
		}
		from, to := db.wholeMonths(scan.From, min(scan.To, upTo))
		var sql []string
		var args []any
		some := func(table string, from, to int64) {
			condition, titles := titlesIn(&scan)
			sql = append(sql, "SELECT "+curveColumns+" FROM "+table+" WHERE "+condition+" AND bucket >= ? AND bucket < ?")
			args = append(append(args, titles...), from, to)
		}
		some(curveMonths, from, to)
		some(curveDays, scan.From, from)
		some(curveDays, to, scan.To)
		return s.each(strings.Join(sql, " UNION ALL "), args, func(row []driver.Value) error {
			day, title, device, c, err := curveOf(row)
			if err != nil {
				return err
			}
			set.Add(day, title, device, c)
			return nil
		})
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read retention: %w", err)
	}
	return set, offsets, nil
}

// titlesIn is the condition that a row is of one of the scan's titles.
func titlesIn(scan *rollup.CurveScan) (condition string, titles []any) {
	for _, title := range slices.Sorted(maps.Keys(scan.Of)) {
		titles = append(titles, title)
	}
	return "title IN (?" + strings.Repeat(", ?", len(titles)-1) + ")", titles
}

// playCurves adds the single plays of the titles.
func playCurves(s session, scan *rollup.CurveScan, set *rollup.CurveSet) error {
	condition, titles := titlesIn(scan)
	condition += fmt.Sprintf(" AND last_ms >= %d AND first_ms < %d", scan.From, scan.To)
	return eachPlay(s, condition, titles, func(b *fact.Batch) {
		p := &b.Plays[0]
		set.AddPlay(p, &b.Dims[p.Dims])
	})
}

// Values are all values of a dimension that were ever stored.
func (db *DB) Values(ctx context.Context, d rollup.Dimension) (values []string, err error) {
	err = db.read(ctx, func(s session) error {
		values = nil
		return s.each("SELECT DISTINCT value FROM dim_values WHERE dim = ?", []any{uint8(d)}, func(row []driver.Value) error {
			values = append(values, row[0].(string))
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	return values, nil
}
