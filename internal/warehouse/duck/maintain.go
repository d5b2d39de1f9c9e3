package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"playhead/internal/rollup"
)

// Maintain drops what is older than is kept and merges partial rows, a few
// buckets a transaction. A reader keeps the snapshot it has; only a flush waits,
// for one step at most.
func (db *DB) Maintain(ctx context.Context, now int64) error {
	db.tidy.Lock()
	defer db.tidy.Unlock()
	for _, drop := range []struct {
		source rollup.Source
		keep   int64
	}{{rollup.SourcePulse, db.opts.Keep.PulseMS}, {rollup.SourceTitleHour, db.opts.Keep.TitleHourMS}} {
		if err := db.drop(ctx, drop.source, now-drop.keep); err != nil {
			return fmt.Errorf("drop old cells: %w", err)
		}
	}
	for _, source := range cellSources() {
		if err := db.compactCells(ctx, source, now); err != nil {
			return fmt.Errorf("merge partial rows of %s: %w", tableOf(source), err)
		}
	}
	if err := db.compactCurves(ctx, now); err != nil {
		return fmt.Errorf("merge partial rows of retention_day: %w", err)
	}
	return nil
}

// step runs fn in a transaction of the writer.
func (db *DB) step(ctx context.Context, fn func(session) error) error {
	db.write.Lock()
	defer db.write.Unlock()
	return on(ctx, db.conn, func(s session) error { return s.transaction(fn) })
}

// drop deletes cells that begin before a time, when there are at least an hour's.
func (db *DB) drop(ctx context.Context, source rollup.Source, before int64) error {
	table := tableOf(source)
	db.mu.Lock()
	first := db.first[table]
	db.mu.Unlock()
	if first == 0 || first >= before-rollup.HourMS {
		return nil
	}
	err := db.step(ctx, func(s session) error {
		return s.exec("DELETE FROM "+table+" WHERE bucket < ?", before)
	})
	if err != nil {
		return err
	}
	return db.read(ctx, db.findFirst)
}

// busy are the buckets whose partial rows should be merged now, and how many
// rows each has, oldest first: those with many parts, and those with a few that
// have ended and got no more since the last look. (An import writes long-ended
// buckets again and again: merging each time would rewrite them as often.)
func (db *DB) busy(ctx context.Context, table, parts, width string, now int64) (buckets, rows []int64, err error) {
	sql := fmt.Sprintf(`SELECT bucket, parts, many FROM (
			SELECT bucket, %s AS parts, count(*) AS many FROM %s GROUP BY bucket)
		WHERE parts > 1 AND (parts >= ? OR bucket + %s < ?) ORDER BY bucket`, parts, table, width)
	before, seen := db.parts[table], map[int64]int64{}
	err = db.read(ctx, func(s session) error {
		return s.each(sql, []any{db.opts.Compact.Parts, now - db.opts.Compact.QuietMS}, func(row []driver.Value) error {
			bucket, n := row[0].(int64), row[1].(int64)
			if n < int64(db.opts.Compact.Parts) && before[bucket] != n {
				seen[bucket] = n
				return nil
			}
			buckets = append(buckets, bucket)
			rows = append(rows, row[2].(int64))
			return nil
		})
	})
	db.parts[table] = seen
	return buckets, rows, err
}

// width is the greatest width of a bucket, ms.
func width(source rollup.Source) string {
	switch source {
	case rollup.SourcePulse:
		return fmt.Sprint(rollup.PulseMS)
	case rollup.SourceTitleHour:
		return fmt.Sprint(rollup.HourMS)
	}
	return fmt.Sprint(25 * rollup.HourMS)
}

func (db *DB) compactCells(ctx context.Context, source rollup.Source, now int64) error {
	table := tableOf(source)
	buckets, rows, err := db.busy(ctx, table, fmt.Sprintf("count(*) FILTER (WHERE face = %d)", rollup.FaceAll), width(source), now)
	if err != nil {
		return err
	}
	for len(buckets) > 0 {
		n, sum := 0, int64(0)
		for n < len(buckets) && n < 512 && (n == 0 || sum+rows[n] <= db.opts.Compact.Rows) {
			sum += rows[n]
			n++
		}
		err := db.step(ctx, func(s session) error { return mergeCells(s, table, buckets[:n]) })
		if err != nil {
			return err
		}
		buckets, rows = buckets[n:], rows[n:]
	}
	return nil
}

// oneOf is a condition that a column is one of some whole numbers.
func oneOf(column string, list []int64) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = fmt.Sprint(v)
	}
	return fmt.Sprintf("%s >= %d AND %s <= %d AND %s IN (%s)", column, slices.Min(list), column, slices.Max(list), column, strings.Join(texts, ", "))
}

// mergeCells replaces the rows of buckets by one row a cell.
func mergeCells(s session, table string, buckets []int64) error {
	type key struct {
		face uint8
		a, b string
	}
	cells := map[int64]map[key]*rollup.Cell{}
	where := oneOf("bucket", buckets)
	sql := "SELECT bucket, face, a, b, " + strings.Join(measureColumns(), ", ") + ", viewers FROM " + table + " WHERE " + where
	err := s.each(sql, nil, func(row []driver.Value) error {
		start, k := row[0].(int64), key{row[1].(uint8), row[2].(string), row[3].(string)}
		if cells[start] == nil {
			cells[start] = map[key]*rollup.Cell{}
		}
		c := cells[start][k]
		if c == nil {
			c = &rollup.Cell{}
			cells[start][k] = c
		}
		for i, v := range measuresOf(row[4:]) {
			c.Measures[i] += v
		}
		return mergeViewers(c, row[len(row)-1])
	})
	if err != nil {
		return err
	}
	if err := s.exec("DELETE FROM " + table + " WHERE " + where); err != nil {
		return err
	}
	return appendCells(s, table, slices.Sorted(maps.Keys(cells)), func(rows []cellRow, start int64) ([]cellRow, error) {
		for k, c := range cells[start] {
			rows = append(rows, cellRow{rollup.Face(k.face), k.a, k.b, *c})
		}
		slices.SortFunc(rows, compareRows)
		return rows, nil
	})
}

// compactCurves merges the partial retention rows of days. There is no row for
// (all): a day's rows over its distinct curves tell how often it was written.
func (db *DB) compactCurves(ctx context.Context, now int64) error {
	buckets, _, err := db.busy(ctx, "retention_day",
		"(count(*) // count(DISTINCT (title, device, width)))", fmt.Sprint(25*rollup.HourMS), now)
	if err != nil {
		return err
	}
	for _, day := range buckets {
		if err := db.step(ctx, func(s session) error { return mergeCurves(s, day) }); err != nil {
			return err
		}
	}
	return nil
}

func mergeCurves(s session, day int64) error {
	var curves curveMap
	err := s.each("SELECT "+curveColumns+" FROM retention_day WHERE bucket = ?", []any{day}, func(row []driver.Value) error {
		day, title, device, c, err := curveOf(row)
		if err != nil {
			return err
		}
		return curves.add(day, title, device, c)
	})
	if err != nil {
		return err
	}
	if err := s.exec("DELETE FROM retention_day WHERE bucket = ?", day); err != nil {
		return err
	}
	return curves.write(s)
}
