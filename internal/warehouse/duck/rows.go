package duck

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

// rowsAtOnce is how many rows of a table are asked for at once: the engine holds a
// whole answer in memory.
const rowsAtOnce = 4096

// Rows calls fn for the rows of a table from a place on, in one order that stays the
// same as long as nothing is written, until there is no more or fn says that it is
// enough. A row has the types of the table, is only valid during the call, and comes
// with the place after it: where to go on. It returns where it ended.
func (db *DB) Rows(ctx context.Context, t layout.Table, from int64, fn func(row []any, next int64) (more bool, err error)) (next int64, err error) {
	last := int64(-1)
	err = db.read(ctx, func(s session) error {
		return s.each("SELECT max(rowid) FROM "+t.Name, nil, func(row []driver.Value) error {
			if v, ok := row[0].(int64); ok {
				last = v
			}
			return nil
		})
	})
	if err != nil {
		return from, fmt.Errorf("read %s: %w", t.Name, err)
	}
	sql := "SELECT rowid, " + strings.Join(t.Names(), ", ") + " FROM " + t.Name + " WHERE rowid >= ? AND rowid < ? ORDER BY rowid"
	own, more, size := make([]any, len(t.Fields)), true, int64(rowsAtOnce)
	var refused error // by fn, whose errors are not the engine's
	for more && from <= last {
		page := from // a page that is read again begins where fn has not been yet
		err := db.read(ctx, func(s session) error {
			return s.each(sql, []any{from, page + size}, func(row []driver.Value) (err error) {
				if !more || row[0].(int64) < from {
					return nil
				}
				for i, f := range t.Fields {
					if own[i], err = valueOf(f, row[1+i]); err != nil {
						return err
					}
				}
				at := row[0].(int64) + 1
				if more, refused = fn(own, at); refused == nil {
					from = at
				}
				return refused
			})
		})
		if refused != nil {
			return from, refused
		}
		if m := (*warehouse.MemoryError)(nil); errors.As(err, &m) && size > 16 {
			size /= 8 // rows with large sketches
			continue
		}
		if err != nil {
			return from, fmt.Errorf("read %s: %w", t.Name, err)
		}
		if more {
			from = max(from, page+size)
		}
	}
	return from, nil
}

// Sum is what a table holds.
func (db *DB) Sum(ctx context.Context, t layout.Table) (layout.Sum, error) {
	s := layout.NewSummer(t)
	_, err := db.Rows(ctx, t, 0, func(row []any, _ int64) (bool, error) { return true, s.Add(row) })
	return s.Sum, err
}

// valueOf is a value with the type of its column.
func valueOf(f layout.Field, v driver.Value) (any, error) {
	switch v := v.(type) {
	case nil:
		return f.Type.Zero(), nil
	case bool:
		if f.Type == layout.Whole8 {
			if v {
				return uint8(1), nil
			}
			return uint8(0), nil
		}
	case []byte:
		if f.Type == layout.Text {
			return string(v), nil
		}
	case uint8, uint32, uint64, int32, int64, float64, string:
		if fmt.Sprintf("%T", v) == fmt.Sprintf("%T", f.Type.Zero()) {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%s holds %T, not %s", f.Name, v, f.Type)
}

// errFaces: one face of a source is summed further than another.
var errFaces = errors.New("a warehouse of an older version has not summed all of its cells to hours, days and weeks yet; run it until it has, a day at most, and try again")

// Marks are what is known of the tables besides their rows.
func (db *DB) Marks(ctx context.Context) (m layout.Marks, err error) {
	err = db.read(ctx, func(s session) error {
		m = layout.Marks{Rolled: map[rollup.Source]int64{}}
		rolled, err := s.rolled()
		if err != nil {
			return err
		}
		for _, source := range layout.CellSources() {
			for i, f := range source.Faces() {
				upto := rolled.UpTo(source, f)
				if i > 0 && upto != m.Rolled[source] {
					return fmt.Errorf("%s: %w", layout.TableOf(source), errFaces)
				}
				m.Rolled[source] = upto
			}
		}
		if m.Limits, err = s.thresholds(); err != nil {
			return err
		}
		months, err := s.monthsUpTo()
		if err != nil {
			return err
		}
		if m.Months = &months; months == noMonths {
			m.Months = nil
		}
		return s.each("SELECT value::BIGINT FROM meta WHERE name = 'overcount'", nil, func(row []driver.Value) error {
			m.Overcount = row[0].(int64)
			return nil
		})
	})
	if err != nil {
		return layout.Marks{}, fmt.Errorf("read the warehouse's marks: %w", err)
	}
	return m, nil
}

// Rebase says where in another log the warehouse is: one that goes on from where the
// one that it was filled from ended.
func (db *DB) Rebase(ctx context.Context, offsets []warehouse.Offset) error {
	err := db.step(ctx, func(s session) error { return writeOffsets(s, offsets, 0) })
	if err != nil {
		return fmt.Errorf("go on from another log: %w", err)
	}
	return nil
}
