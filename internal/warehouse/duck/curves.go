package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// monthsName is the row of meta that says up to when (epoch ms) days are in
// retention_month too.
const monthsName = "retention_months_upto"

// noMonths is monthsUpTo before there was any month.
const noMonths = math.MinInt64

// monthsUpTo is up to when curves are in months.
func (s session) monthsUpTo() (upTo int64, err error) {
	upTo = noMonths
	err = s.each("SELECT value FROM meta WHERE name = ?", []any{monthsName}, func(row []driver.Value) (err error) {
		upTo, err = strconv.ParseInt(row[0].(string), 10, 64)
		return err
	})
	return upTo, err
}

func (s session) setMonthsUpTo(upTo int64) error {
	if err := s.exec("DELETE FROM meta WHERE name = ?", monthsName); err != nil {
		return err
	}
	return s.exec("INSERT INTO meta VALUES (?, ?)", monthsName, strconv.FormatInt(upTo, 10))
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

// compactCurves merges the partial rows of days or months. There is no row for
// (all): a bucket's rows over its distinct curves tell how often it was written.
func (db *DB) compactCurves(ctx context.Context, table string, now int64) error {
	over := now - db.opts.Compact.QuietMS - 25*rollup.HourMS
	if table == curveMonths {
		over = now // what comes to a month is late
	}
	sql := "SELECT bucket, count(*) // count(DISTINCT (title, device, width)) AS parts FROM " + table + `
		GROUP BY bucket HAVING parts > 1 AND (parts >= ? OR bucket < ?) ORDER BY bucket`
	before := db.parts[table]
	var seen map[int64]int64
	var buckets []int64
	err := db.read(ctx, func(s session) error {
		buckets, seen = nil, map[int64]int64{}
		return s.each(sql, []any{db.opts.Compact.Parts, over}, func(row []driver.Value) error {
			bucket, n := row[0].(int64), row[1].(int64)
			if n < int64(db.opts.Compact.Parts) && before[bucket] != n {
				seen[bucket] = n
				return nil
			}
			buckets = append(buckets, bucket)
			return nil
		})
	})
	db.parts[table] = seen
	for i := 0; err == nil && i < len(buckets); i++ {
		err = db.step(ctx, func(s session) error { return mergeCurves(s, table, buckets[i]) })
	}
	return err
}

func mergeCurves(s session, table string, bucket int64) error {
	var curves layout.CurveMap
	err := s.each("SELECT "+curveColumns+" FROM "+table+" WHERE bucket = ?", []any{bucket}, func(row []driver.Value) error {
		bucket, title, device, c, err := curveOf(row)
		if err != nil {
			return err
		}
		return curves.Add(bucket, title, device, c)
	})
	if err != nil {
		return err
	}
	if err := s.exec("DELETE FROM "+table+" WHERE bucket = ?", bucket); err != nil {
		return err
	}
	return writeCurves(s, &curves, table)
}

// rollCurves sums the days of months that are over, a month a transaction. The days
// stay: answers may begin and end on any.
func (db *DB) rollCurves(ctx context.Context, now int64) error {
	for {
		var from, to int64
		err := db.read(ctx, func(s session) error {
			upTo, err := s.monthsUpTo()
			if err != nil {
				return err
			}
			from, to = 0, 0
			return s.each("SELECT min(bucket) FROM "+curveDays+" WHERE bucket >= ?", []any{upTo}, func(row []driver.Value) error {
				if first, ok := row[0].(int64); ok {
					from, to = db.days.Month(first)
				}
				return nil
			})
		})
		if err != nil || from == to || to > now-db.opts.Compact.QuietMS {
			return err
		}
		err = db.step(ctx, func(s session) error {
			if err := rollMonth(s, from, to); err != nil {
				return err
			}
			return s.setMonthsUpTo(to)
		})
		if err != nil {
			return err
		}
	}
}

// rollMonth sums the days of one month, some titles at a time: a curve takes about
// as much as a sketch.
func rollMonth(s session, from, to int64) error {
	const most = 4000 // curves
	var cuts []string
	n := int64(0)
	err := s.each("SELECT title, count(DISTINCT (device, width)) FROM "+curveDays+" WHERE bucket >= ? AND bucket < ? GROUP BY 1 ORDER BY 1", []any{from, to}, func(row []driver.Value) error {
		if n += row[1].(int64); n > most {
			cuts, n = append(cuts, row[0].(string)), row[1].(int64)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, page := range between("title", cuts) {
		var curves layout.CurveMap
		sql := fmt.Sprintf("SELECT %s FROM %s WHERE bucket >= %d AND bucket < %d%s", curveColumns, curveDays, from, to, page)
		err := s.each(sql, nil, func(row []driver.Value) error {
			_, title, device, c, err := curveOf(row)
			if err != nil {
				return err
			}
			return curves.Add(from, title, device, c)
		})
		if err == nil {
			err = writeCurves(s, &curves, curveMonths)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
