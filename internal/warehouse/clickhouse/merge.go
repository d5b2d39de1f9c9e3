package clickhouse

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/warehouse/layout"
)

// mergeRuns merges the runs of a tier where there are many of them, table by table,
// so that a row is rewritten a few times however often its table is written to.
func (db *DB) mergeRuns(ctx context.Context) error {
	for _, t := range tables() {
		for more := true; more; {
			var err error
			if more, err = db.mergeSome(ctx, t); err != nil {
				return fmt.Errorf("of %s: %w", t.name, err)
			}
		}
	}
	return nil
}

// piled are runs of the lowest tier that has many, nil if none has; the tier that
// their merger gets is in the second value.
func (db *DB) piled(runs []run) ([]run, int) {
	tiers := map[int][]run{}
	for _, r := range runs {
		if r.Tier < noMerge {
			tiers[r.Tier] = append(tiers[r.Tier], r)
		}
	}
	for _, tier := range slices.Sorted(maps.Keys(tiers)) {
		if list := tiers[tier]; len(list) >= db.opts.Runs {
			sum := int64(0)
			for i := range list {
				sum += list[i].rows()
			}
			if sum >= db.opts.MergeRows {
				return list, noMerge
			}
			return list, tier + 1
		}
	}
	return nil, 0
}

func (db *DB) mergeSome(ctx context.Context, t *table) (bool, error) {
	db.write.Lock()
	defer db.write.Unlock()
	list, tier := db.piled(db.state.Load().Runs[t.name])
	if len(list) == 0 {
		return false, nil
	}
	ids := make([]string, len(list))
	gone := map[int64]bool{}
	for i := range list {
		ids[i], gone[list[i].ID] = fmt.Sprint(list[i].ID), true
	}
	where := "run IN (" + strings.Join(ids, ", ") + ")"
	var next *state
	err := db.read(ctx, []string{t.name}, func(v *view) error {
		next = v.clone()
		next.retire(t.name, db.clock().UnixMilli(), func(r *run) bool { return gone[r.ID] })
		return db.writeRun(ctx, next, tier, func(w *writer) error { return w.mergeTable(v, t, where) })
	})
	if err != nil {
		return false, err
	}
	return true, db.commit(ctx, next)
}

// mergeTable writes the rows of some runs of a table as one run.
func (w *writer) mergeTable(v *view, t *table, where string) error {
	switch t.name {
	case tableDays, tableMonths:
		return w.mergeCurves(v, t.name, t.name, where, 0)
	case playsName:
		return w.copyRows(v, t, where, "first_ms")
	case sampleName:
		return w.copyRows(v, t, where+v.inSample(), "bucket")
	case tableValues:
		return w.copyRows(v, t, where, "toInt64(0)")
	}
	for _, s := range layout.CellSources() {
		if layout.TableOf(s) == t.name {
			where += fmt.Sprintf(" AND bucket >= %s", number(v.floor(t.name)))
			return w.mergeCells(v, s, s, where, nil)
		}
	}
	return nil
}

// copyRows has the servers copy rows into the run, as they are. at is the expression
// of a row's time.
func (w *writer) copyRows(v *view, t *table, where, at string) error {
	columns := strings.Join(t.names()[1:], ", ")
	sql := fmt.Sprintf("INSERT INTO %s (run, %s) SELECT toInt64(%d), %s FROM %s WHERE %s", t.name, columns, w.id, columns, t.name, where)
	for shard := range v.conns {
		w.to[shard] = v.from[shard] // who has the rows
		if err := v.conns[shard].Exec(w.ctx, sql); err != nil {
			return fmt.Errorf("copy rows of %s at %s: %w", t.name, v.from[shard].host, v.from[shard].note(w.ctx, err))
		}
		var first, last, n int64
		sums := fmt.Sprintf("SELECT min(%s), max(%s), toInt64(count()) FROM %s WHERE run = %d", at, at, t.name, w.id)
		err := v.at(w.ctx, shard, sums, func(rows driver.Rows) error { return rows.Scan(&first, &last, &n) })
		if err != nil {
			return err
		}
		if n > 0 {
			w.count(t.name, shard, first, last, n)
		}
	}
	return nil
}
