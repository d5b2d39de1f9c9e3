package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"playhead/internal/warehouse"
)

// session is one use of a connection. It talks to the driver directly:
// database/sql converts every value by reflection, which costs more than the
// query itself where many rows come back.
type session struct {
	ctx  context.Context // of the one call that the session serves
	conn *duckdb.Conn
}

// on runs fn on a connection.
func on(ctx context.Context, c *sql.Conn, fn func(session) error) error {
	return c.Raw(func(raw any) error {
		conn, ok := raw.(*duckdb.Conn)
		if !ok {
			return fmt.Errorf("unexpected connection %T", raw)
		}
		return fn(session{ctx, conn})
	})
}

// transaction commits what fn did, or nothing. Beginning and ending cannot be
// given up half-way: a connection must not go back with a transaction open.
func (s session) transaction(fn func(session) error) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	steady := session{context.WithoutCancel(s.ctx), s.conn}
	if err := steady.exec("BEGIN TRANSACTION"); err != nil {
		return err
	}
	err := fn(s)
	if err == nil {
		err = s.ctx.Err() // given up in time: a commit cannot be
	}
	if err == nil {
		err = steady.exec("COMMIT")
	}
	if err != nil {
		// An engine that ended the transaction itself refuses this, and that is well;
		// a connection with one that cannot be ended must not be used again.
		if stuck := steady.exec("ROLLBACK"); stuck != nil && !strings.Contains(stuck.Error(), "no transaction is active") {
			err = errors.Join(err, driver.ErrBadConn)
		}
	}
	return err
}

func (s session) exec(query string, args ...any) error {
	_, err := s.conn.ExecContext(s.ctx, query, named(args))
	return err
}

// each calls fn for the rows of an answer; a row is only valid during the call.
func (s session) each(query string, args []any, fn func(row []driver.Value) error) error {
	rows, err := s.conn.QueryContext(s.ctx, query, named(args))
	if err != nil {
		return err
	}
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err = rows.Next(row); err != nil {
			break
		}
		if err = fn(row); err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, rows.Close(), s.ctx.Err())
}

func named(args []any) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, v := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out
}

// appendRows appends to a table, in the transaction under way if there is one. columns
// are those that are given, nil for all.
func (s session) appendRows(table string, columns []string, fn func(w *rowWriter) error) error {
	w, err := newRowWriter(s, table, columns)
	if err != nil {
		return err
	}
	return w.close(fn(w))
}

func (s session) offsets() ([]warehouse.Offset, error) {
	var list []warehouse.Offset
	err := s.each("SELECT part, end_offset, fresh_to FROM offsets ORDER BY part", nil, func(row []driver.Value) error {
		list = append(list, warehouse.Offset{Partition: row[0].(int32), End: row[1].(int64), FreshTo: row[2].(int64)})
		return nil
	})
	return list, err
}

// Offsets are the partitions that have facts in the file.
func (db *DB) Offsets(ctx context.Context) (list []warehouse.Offset, err error) {
	err = db.read(ctx, func(s session) error {
		list, err = s.offsets()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read offsets: %w", err)
	}
	return list, nil
}
