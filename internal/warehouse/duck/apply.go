package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

// Apply appends the generations that the file does not hold yet, with the
// offsets they reach, in one transaction.
func (db *DB) Apply(ctx context.Context, generations []*rollup.Generation) error {
	db.write.Lock()
	defer db.write.Unlock()
	var did applied
	err := db.commit(ctx, func(s session) (err error) {
		did, err = db.append(s, generations)
		return err
	}, func() { db.keep(did) })
	if err != nil {
		return fmt.Errorf("apply %d generations: %w", len(generations), err)
	}
	return nil
}

// keep notes what a transaction did.
func (db *DB) keep(did applied) {
	for _, v := range did.values {
		db.values[v] = true
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.overcount += did.over
	for table, ms := range did.first {
		if db.first[table] == 0 || ms < db.first[table] {
			db.first[table] = ms
		}
	}
}

// applied is what a transaction did: where the rows of each table begin, by how
// much the overcount grew, which values are new.
type applied struct {
	first  map[string]int64
	over   int64
	values []dimValue
}

// append appends what is not in the file yet, in the transaction under way.
func (db *DB) append(s session, generations []*rollup.Generation) (did applied, err error) {
	did.first = map[string]int64{}
	offsets, err := s.offsets()
	if err != nil {
		return did, err
	}
	pending, reached, err := warehouse.Pending(offsets, generations)
	if err != nil || len(pending) == 0 {
		return did, err
	}
	if err := db.writeGenerations(s, pending, did.first); err != nil {
		return did, err
	}
	if did.values, err = db.addValues(s, pending); err != nil {
		return did, fmt.Errorf("add to dim_values: %w", err)
	}
	for _, g := range pending {
		did.over += g.Size().Overcount
	}
	return did, writeOffsets(s, reached, did.over)
}

func writeOffsets(s session, offsets []warehouse.Offset, over int64) error {
	if err := s.exec("DELETE FROM offsets"); err != nil {
		return err
	}
	for _, o := range offsets {
		if err := s.exec("INSERT INTO offsets VALUES (?, ?, ?)", o.Partition, o.End, o.FreshTo); err != nil {
			return err
		}
	}
	if over == 0 {
		return nil
	}
	return s.exec("UPDATE meta SET value = (value::BIGINT + " + strconv.FormatInt(over, 10) + ")::VARCHAR WHERE name = 'overcount'")
}

// writeGenerations appends the rows of generations, and notes where tables now
// start.
func (db *DB) writeGenerations(s session, list []*rollup.Generation, first map[string]int64) error {
	saw := func(table string, ms int64) {
		if have, ok := first[table]; !ok || ms < have {
			first[table] = ms
		}
	}
	rolled, err := s.rolled()
	if err != nil {
		return err
	}
	for _, source := range rollup.StoredSources() {
		if err := db.writeCells(s, list, source, rolled, saw); err != nil {
			return fmt.Errorf("append to %s and coarser: %w", layout.TableOf(source), err)
		}
	}
	if err := db.appendCurves(s, list); err != nil {
		return fmt.Errorf("append to retention_day: %w", err)
	}
	if err := appendPlays(s, list, saw); err != nil {
		return fmt.Errorf("append to plays: %w", err)
	}
	if err := db.appendSample(s, list); err != nil {
		return fmt.Errorf("append to sample_day: %w", err)
	}
	return nil
}

// writeCells appends the cells of a family: each to the finest source that keeps
// it, and to those coarser ones that hold its time already.
func (db *DB) writeCells(s session, list []*rollup.Generation, source rollup.Source, rolled layout.RolledUpTo, saw func(string, int64)) (err error) {
	open := map[rollup.Source]*cellAppender{}
	defer func() {
		for _, a := range open {
			err = a.close(err)
		}
	}()
	add := func(to rollup.Source, bucket int64, r *rollup.Row) error {
		a := open[to]
		if a == nil {
			if a, err = newCellAppender(s, to, layout.TableOf(to)); err != nil {
				return err
			}
			open[to] = a
		}
		saw(layout.TableOf(to), bucket)
		return a.row(bucket, r)
	}
	return rollup.Fold(list, source, func(r *rollup.Row) error {
		if err := add(r.Source, r.Bucket, r); err != nil {
			return err
		}
		for _, coarser := range r.Source.Coarser() {
			if r.Bucket >= rolled.UpTo(coarser, r.Face) {
				break // what is coarser still is not summed from here yet either
			}
			bucket, _ := db.days.Bucket(coarser, r.Bucket)
			if err := add(coarser, bucket, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// dimValue is a value of a dimension.
type dimValue struct {
	dim  uint8
	text string
}

// addValues stores the values of dimensions that are new, and returns them.
func (db *DB) addValues(s session, list []*rollup.Generation) ([]dimValue, error) {
	seen := map[dimValue]bool{}
	var fresh []dimValue
	for d := range rollup.DimensionCount {
		for _, g := range list {
			g.Values(d, 0, func(text string) {
				if v := (dimValue{uint8(d), text}); !db.values[v] && !seen[v] {
					seen[v] = true
					fresh = append(fresh, v)
				}
			})
		}
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	return fresh, s.appendRows("dim_values", nil, func(w *rowWriter) error {
		for _, v := range fresh {
			w.uint8(v.dim)
			w.string(v.text)
			if err := w.next(); err != nil {
				return err
			}
		}
		return nil
	})
}

// loadValues reads which values are stored.
func (db *DB) loadValues(s session) error {
	db.values = map[dimValue]bool{}
	return s.each("SELECT dim, value FROM dim_values", nil, func(row []driver.Value) error {
		db.values[dimValue{row[0].(uint8), row[1].(string)}] = true
		return nil
	})
}
