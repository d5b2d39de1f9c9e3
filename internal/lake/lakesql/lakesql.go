package lakesql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"

	"playhead/internal/lake"
)

// tries are how often a question is asked anew when a file that it needs was
// merged away meanwhile.
const tries = 5

// DB is a DuckDB with the view.
type DB struct{ db *sql.DB }

// Options of Open.
type Options struct {
	// MemoryMB bounds DuckDB's memory; 0 is its own choice. Threads likewise.
	MemoryMB, Threads int
}

// Open makes an engine; Close it.
func Open(ctx context.Context, o Options) (*DB, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	db.SetMaxOpenConns(1)
	var set []string
	if o.MemoryMB > 0 {
		set = append(set, fmt.Sprintf("SET memory_limit = '%dMiB'", o.MemoryMB))
	}
	if o.Threads > 0 {
		set = append(set, fmt.Sprintf("SET threads = %d", o.Threads))
	}
	set = append(set, "SET TimeZone = 'UTC'")
	for _, s := range set {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return nil, errors.Join(fmt.Errorf("set DuckDB up: %w", err), db.Close())
		}
	}
	return &DB{db}, nil
}

// Close lets go of the engine.
func (d *DB) Close() error { return d.db.Close() }

// Query asks about the lake in a folder: header gets the columns' names, row each
// row, whose values are only valid during the call. Their errors stop it.
func (d *DB) Query(ctx context.Context, dir, question string, header func([]string) error, row func([]any) error) error {
	for try := 1; ; try++ {
		started := false
		err := d.query(ctx, dir, question, func(names []string) error {
			started = true
			return header(names)
		}, row)
		if err == nil || started || try == tries || !gone(err) {
			return err
		}
	}
}

// gone tells that a file of the view is no longer there.
func gone(err error) bool {
	return strings.Contains(err.Error(), "No files found") || strings.Contains(err.Error(), "No such file")
}

func (d *DB) query(ctx context.Context, dir, question string, header func([]string) error, row func([]any) error) error {
	files, err := lake.ListFiles(dir)
	if err != nil {
		return err
	}
	if _, err := d.db.ExecContext(ctx, lake.View(dir, files)); err != nil {
		return fmt.Errorf("make the view over the lake: %w", err)
	}
	rows, err := d.db.QueryContext(ctx, question)
	if err != nil {
		return fmt.Errorf("ask the lake: %w", err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("ask the lake: %w", err)
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range into {
		into[i] = &values[i]
	}
	first := true
	for rows.Next() {
		if first {
			if err := header(names); err != nil {
				return err
			}
			first = false
		}
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("ask the lake: %w", err)
		}
		if err := row(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("ask the lake: %w", err)
	}
	if first {
		return header(names)
	}
	return nil
}
