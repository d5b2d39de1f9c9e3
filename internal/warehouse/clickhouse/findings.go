package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// findingsKeptMS is for how long what was found of some days is kept.
const findingsKeptMS = int64(35 * 24 * time.Hour / time.Millisecond)

// Findings are what was kept of a kind for the days that ended at a moment (epoch
// ms), nil where nothing was.
func (db *DB) Findings(ctx context.Context, kind string, end int64) (body []byte, err error) {
	err = db.read(ctx, []string{tableFindings}, func(v *view) error {
		body = nil
		runs := v.runs(tableFindings, end, end+1)
		if runs == "" {
			return nil
		}
		latest, id := int64(0), int64(0)
		var text string
		sql := fmt.Sprintf("SELECT run, body FROM %s WHERE %s AND kind = %s AND ended = %d", tableFindings, runs, quote(kind), end)
		return v.all(small(ctx), sql, func(rows driver.Rows) error {
			if err := rows.Scan(&id, &text); err != nil {
				return err
			}
			if id > latest {
				latest, body = id, []byte(text)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read findings of %s: %w", kind, err)
	}
	return body, nil
}

// KeepFindings keeps them in place of what was kept before, and lets go of all that
// are five weeks older.
func (db *DB) KeepFindings(ctx context.Context, kind string, end int64, body []byte) error {
	db.write.Lock()
	defer db.write.Unlock()
	next := db.state.Load().clone()
	next.retire(tableFindings, db.clock().UnixMilli(), func(r *run) bool { return r.Last < end-findingsKeptMS })
	t := tableNamed(tableFindings)
	err := db.writeRun(ctx, next, noMerge, func(w *writer) error {
		b := w.row(t)
		b.row = append(b.row, kind, end, string(body))
		return w.add(t, w.shardOf(kind), end)
	})
	if err == nil {
		err = db.commit(ctx, next)
	}
	if err != nil {
		return fmt.Errorf("keep findings of %s: %w", kind, err)
	}
	return nil
}

// noMerge is the tier of runs that are merged no further.
const noMerge = 1 << 20
