package clickhouse

import (
	"context"
	"errors"
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
			return fmt.Errorf("copy rows of %s at %s: %w", t.name, v.from[shard].host, err)
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

// sweep drops runs that count no more once no reader can be at them, and those that
// never counted: what a failed flush left.
func (db *DB) sweep(ctx context.Context) error {
	drop, err := db.sweepable(ctx)
	if err != nil {
		return err
	}
	var errs []error
	gone := map[dead]bool{}
	for _, x := range drop {
		if err := x.at.drop(ctx, x.table, x.id); err != nil {
			errs = append(errs, err)
			continue
		}
		gone[dead{Table: x.table, ID: x.id}] = true
	}
	if len(gone) == 0 {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, db.forgetDead(ctx))...)
}

// rubbish is a partition of a replica that can go.
type rubbish struct {
	at    *replica
	table string
	id    int64
}

// sweepable are the partitions that can go. Numbers are given under the lock that it
// holds, so that what it sees and no state names is nobody's.
func (db *DB) sweepable(ctx context.Context) (list []rubbish, err error) {
	db.write.Lock()
	defer db.write.Unlock()
	s, oldest := db.state.Load(), db.oldest()
	before := db.clock().Add(-db.opts.Grace).UnixMilli()
	held := map[string]map[int64]bool{}
	for t, runs := range s.Runs {
		held[t] = map[int64]bool{}
		for i := range runs {
			held[t][runs[i].ID] = true
		}
	}
	for _, d := range s.Dead {
		if d.Seq < oldest && d.At < before {
			continue
		}
		if held[d.Table] == nil {
			held[d.Table] = map[int64]bool{}
		}
		held[d.Table][d.ID] = true
	}
	known := map[string]bool{}
	for _, t := range tables() {
		known[t.name] = true
	}
	for _, r := range db.everybody() {
		parts, err := r.parts(ctx)
		if err != nil {
			db.log.Warn("a replica was not swept; it will be tried again", "error", err)
			continue
		}
		for table, runs := range parts {
			for id := range runs {
				if known[table] && !held[table][id] {
					list = append(list, rubbish{r, table, id})
				}
			}
		}
		list = append(list, r.oldCommits(parts[tableCommits])...)
	}
	return list, ctx.Err()
}

// oldCommits are the partitions of commits but for the last few.
func (r *replica) oldCommits(parts map[int64]int64) (list []rubbish) {
	const kept = 4
	ids := slices.Sorted(maps.Keys(parts))
	for _, id := range ids[:max(0, len(ids)-kept)] {
		list = append(list, rubbish{r, tableCommits, id})
	}
	return list
}

// drop drops a partition. One that is gone already, by way of another replica, is no error.
func (r *replica) drop(ctx context.Context, table string, id int64) error {
	conn, err := r.open(ctx)
	if err != nil {
		return err
	}
	if err := conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP PARTITION %d", table, id)); err != nil {
		return fmt.Errorf("drop %d of %s at %s: %w", id, table, r.host, err)
	}
	return nil
}

// forgetDead leaves the runs that are gone out of the state.
func (db *DB) forgetDead(ctx context.Context) error {
	db.write.Lock()
	defer db.write.Unlock()
	there := map[dead]bool{}
	for _, r := range db.everybody() {
		parts, err := r.parts(ctx)
		if err != nil {
			return nil // it may have them still: the next time
		}
		for table, runs := range parts {
			for id := range runs {
				there[dead{Table: table, ID: id}] = true
			}
		}
	}
	next := db.state.Load().clone()
	next.Dead = slices.DeleteFunc(next.Dead, func(d dead) bool { return !there[dead{Table: d.Table, ID: d.ID}] })
	return db.commit(ctx, next)
}
