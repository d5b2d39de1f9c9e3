package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

var (
	// ErrFilling: Fill has begun and is not through: what is there is not all of it.
	ErrFilling = errors.New("the warehouse is being filled from another one, and not all of it is there; run playhead migrate again until it is through")
	// ErrNotEmpty: the database has figures that are not those it shall be filled with.
	ErrNotEmpty = errors.New("the database has figures of something else; name an empty one, or drop it first")
)

// Origin is what a database is filled from.
type Origin struct {
	// Name is of the warehouse, Position what it holds: one that has gone on since has
	// another.
	Name, Position string
}

// filling is how far a database is filled. A commit holds it beside the runs that
// were written, so that each row is there once.
type filling struct {
	From Origin `json:"from"`
	// Next is the place in each table to go on from.
	Next map[string]int64 `json:"next"`
	Done bool             `json:"done,omitempty"`
}

// begin is the state to go on from when it shall be filled from an origin, nil for
// none. What came of an origin that has gone on since counts no more.
func (o *Origin) begin(s *state, at int64) (*state, error) {
	f := s.Filling
	switch {
	case o == nil && f != nil && !f.Done:
		return nil, ErrFilling
	case o == nil || f != nil && f.From == *o:
		return s, nil
	case f == nil && (len(s.Offsets) > 0 || len(s.Runs) > 0), f != nil && f.From.Name != o.Name, f != nil && f.Done:
		return nil, ErrNotEmpty
	}
	s = s.clone()
	for _, t := range tables() {
		s.retire(t.name, at, func(*run) bool { return true })
		delete(s.Runs, t.name)
	}
	s.Filling = &filling{From: *o, Next: map[string]int64{}}
	return s, nil
}

// Source is a warehouse that has the tables of layout.
type Source interface {
	// Rows calls fn for the rows of a table from a place on, in one order that stays the
	// same, until there is no more or fn says that it is enough, and returns where it
	// ended. With a row comes the place after it.
	Rows(ctx context.Context, t layout.Table, from int64, fn func(row []any, next int64) (more bool, err error)) (next int64, err error)
	// Marks are what it knows besides rows.
	Marks(ctx context.Context) (layout.Marks, error)
}

const (
	// fillBytes are copied in one commit at most, if rows are large.
	fillBytes = 256 << 20
	// fillTier is the tier of runs that were copied: they are larger than flushes.
	fillTier = 2
)

// Fill copies all that a warehouse holds, and says where in the log the database is
// then. The database was opened with Options.Fill. It may be broken off at any time and
// called again by another process: it goes on, and no row is there twice. told hears of
// rows as they are committed; may be nil.
func (db *DB) Fill(ctx context.Context, from Source, reached []warehouse.Offset, told func(table string, rows int64)) error {
	if told == nil {
		told = func(string, int64) {}
	}
	if f := db.state.Load().Filling; f == nil {
		return errors.New("fill the warehouse: it was not opened for that")
	} else if f.Done {
		return nil
	}
	for _, t := range layout.Tables() {
		for more := true; more; {
			rows, err := db.fillSome(ctx, from, t)
			if err != nil {
				return fmt.Errorf("fill %s: %w", t.Name, inMemory(err))
			}
			if more = rows > 0; more {
				told(t.Name, rows)
			}
		}
	}
	marks, err := from.Marks(ctx)
	if err != nil {
		return fmt.Errorf("fill the warehouse: %w", err)
	}
	db.write.Lock()
	defer db.write.Unlock()
	next := db.state.Load().clone()
	for source, upto := range marks.Rolled {
		next.Rolled[layout.TableOf(source)] = upto
	}
	next.Months, next.Limits, next.Overcount, next.Filling.Done = marks.Months, marks.Limits, marks.Overcount, true
	next.setOffsets(reached)
	if err := db.commit(ctx, next); err != nil {
		return fmt.Errorf("fill the warehouse: %w", err)
	}
	return db.loadValues(ctx)
}

// fillSome copies some rows of a table, and returns how many: 0 when there are no more.
func (db *DB) fillSome(ctx context.Context, from Source, t layout.Table) (rows int64, err error) {
	db.write.Lock()
	defer db.write.Unlock()
	next, tier := db.state.Load().clone(), fillTier
	if t.Name == tableFindings {
		tier = noMerge // as all of them are
	}
	own, size, at := tableNamed(t.Name), 0, next.Filling.Next[t.Name]
	dated, hash := t.At(t.Time), t.At("hash")
	err = db.writeRun(ctx, next, tier, func(w *writer) error {
		at, err = from.Rows(ctx, t, at, func(row []any, _ int64) (bool, error) {
			b := w.row(own)
			b.row = append(b.row, row...)
			shard := 0
			if t.Name == sampleName {
				shard = int(row[hash].(uint64) % uint64(len(w.to)))
			} else if len(w.to) > 1 {
				shard = w.shardOf(t.Keys(row)...)
			}
			when := int64(0)
			if dated >= 0 {
				when = row[dated].(int64)
			}
			for _, v := range row {
				if text, ok := v.(string); ok {
					size += len(text)
				}
			}
			rows++
			return rows < int64(db.opts.FillRows) && size < fillBytes, w.add(own, shard, when)
		})
		return err
	})
	if err != nil || rows == 0 {
		return 0, err
	}
	next.Filling.Next[t.Name] = at
	return rows, db.commit(ctx, next)
}

// Sum is what a table holds, read back from the servers.
func (db *DB) Sum(ctx context.Context, t layout.Table) (sum layout.Sum, err error) {
	if !slices.ContainsFunc(tables(), func(own *table) bool { return own.name == t.Name }) {
		return sum, fmt.Errorf("there is no table %s", t.Name)
	}
	err = db.read(ctx, []string{t.Name}, func(v *view) error {
		s := layout.NewSummer(t)
		defer func() { sum = s.Sum }()
		runs := v.allRuns(t.Name)
		if runs == "" {
			return nil
		}
		row, dest := make([]any, len(t.Fields)), make([]any, len(t.Fields))
		for i, f := range t.Fields {
			dest[i] = target(f.Type)
		}
		return v.all(small(ctx), fmt.Sprintf("SELECT %s FROM %s WHERE %s", strings.Join(t.Names(), ", "), t.Name, runs), func(rows driver.Rows) error {
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			for i := range dest {
				row[i] = valueIn(dest[i])
			}
			return s.Add(row)
		})
	})
	if err != nil {
		return sum, fmt.Errorf("add up %s: %w", t.Name, err)
	}
	return sum, nil
}

// target is what a value of a type is read into.
func target(t layout.Type) any {
	switch v := t.Zero().(type) {
	case uint8:
		return &v
	case uint32:
		return &v
	case uint64:
		return &v
	case int32:
		return &v
	case int64:
		return &v
	case float64:
		return &v
	}
	return new(string)
}

// valueIn is what was read into a target.
func valueIn(v any) any {
	switch v := v.(type) {
	case *uint8:
		return *v
	case *uint32:
		return *v
	case *uint64:
		return *v
	case *int32:
		return *v
	case *int64:
		return *v
	case *float64:
		return *v
	case *string:
		return *v
	}
	return v
}

// Look says how many rows the tables of an address have, whether they count or not, and
// makes nothing; 0 where there is no database.
func Look(ctx context.Context, a Address) (rows int64, err error) {
	f, err := findFleet(ctx, a, patience)
	if err != nil {
		return 0, err
	}
	for _, replicas := range f {
		conn, err := a.dial(replicas[0].host, "default")
		if err != nil {
			return 0, err
		}
		sql := "SELECT toInt64(sum(rows)) FROM system.parts WHERE active AND database = " + quote(a.Database) + " AND table != " + quote(tableCommits)
		err = each(ctx, conn, sql, func(r driver.Rows) error {
			n := int64(0)
			err := r.Scan(&n)
			rows += n
			return err
		})
		if err = errors.Join(err, conn.Close()); err != nil {
			return 0, fmt.Errorf("ask ClickHouse at %s: %w", replicas[0].host, err)
		}
	}
	return rows, nil
}
