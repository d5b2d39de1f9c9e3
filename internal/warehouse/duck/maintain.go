package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// Maintain sums finished buckets to coarser ones, drops what is older than is
// kept and merges partial rows, a little a transaction. A reader keeps the
// snapshot it has; only a flush waits, for one step at most.
func (db *DB) Maintain(ctx context.Context, now int64) error {
	db.tidy.Lock()
	defer db.tidy.Unlock()
	if err := db.rollUp(ctx, now); err != nil {
		return fmt.Errorf("make coarser cells: %w", err)
	}
	for _, source := range layout.CellSources() {
		if keep := db.opts.Keep.Of(source); keep != 0 {
			if err := db.drop(ctx, source, now-keep); err != nil {
				return fmt.Errorf("drop old cells: %w", err)
			}
		}
	}
	for _, source := range layout.CellSources() {
		if err := db.compactCells(ctx, source, now); err != nil {
			return fmt.Errorf("merge partial rows of %s: %w", layout.TableOf(source), err)
		}
	}
	for _, table := range []string{curveDays, curveMonths} {
		if err := db.compactCurves(ctx, table, now); err != nil {
			return fmt.Errorf("merge partial rows of %s: %w", table, err)
		}
	}
	if err := db.rollCurves(ctx, now); err != nil {
		return fmt.Errorf("sum retention to months: %w", err)
	}
	if err := db.thinSample(ctx); err != nil {
		return fmt.Errorf("thin the sample: %w", err)
	}
	if err := db.measure(ctx); err != nil {
		return fmt.Errorf("measure the tables: %w", err)
	}
	return nil
}

// measure finds what each table takes on disk: the blocks that hold some of it. A
// block that several small tables share counts for each.
func (db *DB) measure(ctx context.Context) error {
	bytes := map[string]int64{}
	err := db.read(ctx, func(s session) error {
		size := int64(0) // of a block: older files have larger ones
		err := s.each("SELECT block_size FROM pragma_database_size()", nil, func(row []driver.Value) error {
			size = row[0].(int64)
			return nil
		})
		if err != nil {
			return err
		}
		for table := range sizedTables() {
			sql := fmt.Sprintf("SELECT count(DISTINCT block_id) FROM pragma_storage_info('%s') WHERE persistent AND block_id >= 0", table)
			err := s.each(sql, nil, func(row []driver.Value) error {
				bytes[table] = row[0].(int64) * size
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.bytes = bytes
	return nil
}

// step runs fn in a transaction of the writer; fn may run more than once.
func (db *DB) step(ctx context.Context, fn func(session) error) error {
	db.write.Lock()
	defer db.write.Unlock()
	return db.commit(ctx, fn, func() {})
}

// drop deletes cells that begin before a time, when there are at least an hour's,
// but none that a coarser source does not hold yet.
func (db *DB) drop(ctx context.Context, source rollup.Source, before int64) error {
	table := layout.TableOf(source)
	db.mu.Lock()
	first := db.first[table]
	db.mu.Unlock()
	if first == 0 || first >= before-rollup.HourMS {
		return nil
	}
	err := db.step(ctx, func(s session) error {
		rolled, err := s.rolled()
		if err != nil {
			return err
		}
		for _, coarser := range source.Coarser()[:min(1, len(source.Coarser()))] {
			for _, face := range source.Faces() {
				before = min(before, rolled.UpTo(coarser, face))
			}
		}
		return s.exec("DELETE FROM "+table+" WHERE bucket < ?", before)
	})
	if err != nil {
		return err
	}
	return db.read(ctx, db.findFirst)
}

// width is the greatest width of a bucket, ms.
func width(source rollup.Source) int64 {
	switch source {
	case rollup.SourcePulse:
		return rollup.PulseMS
	case rollup.SourceQualityMinute:
		return rollup.MinuteMS
	case rollup.SourceTitleHour, rollup.SourceQualityHour:
		return rollup.HourMS
	case rollup.SourceCreativeWeek, rollup.SourceAffinityWeek:
		return 8 * 24 * rollup.HourMS
	case rollup.SourceOverlapMonth:
		return 32 * 24 * rollup.HourMS
	case rollup.SourceCreativeAll:
		return 1 << 60
	}
	return 25 * rollup.HourMS
}

// pile are the partial rows of a bucket at a tier that should be merged now.
type pile struct {
	bucket int64
	tier   uint8 // greatest tier that is in it
	bytes  float64
}

// piles are the partial rows that should be merged: of a tier, where there are
// many parts (each row is merged once a tier, however often its bucket is written),
// and of all tiers, where the bucket has ended and got no more since the last look.
// (An import writes long-ended buckets again and again.)
func (db *DB) piles(ctx context.Context, source rollup.Source, now int64) (list []pile, err error) {
	table := layout.TableOf(source)
	sql := fmt.Sprintf(`SELECT bucket, tier, count(*) FILTER (WHERE face = 0), sum(%s)::DOUBLE FROM %s
		WHERE tier < %d GROUP BY bucket, tier ORDER BY bucket, tier`, rowBytes(partBytes, source.Sketches()), table, finalTier)
	before, seen := db.parts[table], map[int64]int64(nil)
	ended := now - db.opts.Compact.QuietMS - width(source)
	var open pile
	parts := int64(0)
	quiet := func() {
		switch {
		case parts < 2 || open.bucket >= ended:
		case before[open.bucket] != parts:
			seen[open.bucket] = parts
		default:
			open.tier = finalTier
			list = append(list, open)
		}
		parts = 0
	}
	err = db.read(ctx, func(s session) error {
		list, seen, open, parts = nil, map[int64]int64{}, pile{}, 0
		return s.each(sql, nil, func(row []driver.Value) error {
			p := pile{row[0].(int64), row[1].(uint8), row[3].(float64)}
			n := row[2].(int64)
			if p.bucket != open.bucket {
				quiet()
				open = pile{bucket: p.bucket}
			}
			parts += n
			open.bytes += p.bytes
			if n >= int64(db.opts.Compact.Parts) && p.bucket >= ended {
				list = append(list, p)
			}
			return nil
		})
	})
	quiet()
	db.parts[table] = seen
	return list, err
}

func (db *DB) compactCells(ctx context.Context, source rollup.Source, now int64) error {
	list, err := db.piles(ctx, source, now)
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(a, b pile) int { return int(a.tier) - int(b.tier) })
	for len(list) > 0 {
		n, sum := 0, 0.0
		for n < len(list) && n < 512 && list[n].tier == list[0].tier && (n == 0 || sum+list[n].bytes <= float64(db.opts.Compact.Bytes)) {
			sum += list[n].bytes
			n++
		}
		if err := db.mergePiles(ctx, source, list[:n], sum); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// mergePiles merges the partial rows of buckets; of a large one face by face and
// page by page, so that a flush waits for one page at most.
func (db *DB) mergePiles(ctx context.Context, source rollup.Source, list []pile, bytes float64) error {
	buckets := make([]int64, len(list))
	for i := range list {
		buckets[i] = list[i].bucket
	}
	where, to := oneOf("bucket", buckets), uint8(finalTier) // also what was merged for good before more came
	if list[0].tier != finalTier {
		where += fmt.Sprintf(" AND tier = %d", list[0].tier)
		to = min(list[0].tier+1, finalTier-1)
	}
	if bytes <= float64(db.opts.Compact.Bytes) {
		return db.step(ctx, func(s session) error { return rewritePage(s, source, source, where, nil, to) })
	}
	for _, face := range slices.Backward(source.Faces()) { // face 0, whose parts are counted, last
		where := fmt.Sprintf("%s AND face = %d", where, face)
		var pages []string
		err := db.read(ctx, func(s session) (err error) {
			pages, err = pagesOf(s, source, where)
			return err
		})
		for i := 0; err == nil && i < len(pages); i++ {
			err = db.step(ctx, func(s session) error { return rewritePage(s, source, source, where+pages[i], nil, to) })
		}
		if err != nil {
			return err
		}
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
