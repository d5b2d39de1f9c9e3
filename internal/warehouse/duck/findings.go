package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"
)

// findingsKeptMS is for how long what was found of some days is kept.
const findingsKeptMS = int64(35 * 24 * time.Hour / time.Millisecond)

// Findings are what was kept of a kind for the days that ended at a moment (epoch
// ms), nil where nothing was.
func (db *DB) Findings(ctx context.Context, kind string, end int64) (body []byte, err error) {
	err = db.read(ctx, func(s session) error {
		return s.each("SELECT body FROM findings WHERE kind = ? AND ended = ?", []any{kind, end}, func(row []driver.Value) error {
			body = append([]byte(nil), row[0].([]byte)...)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read findings of %s: %w", kind, err)
	}
	return body, nil
}

// KeepFindings keeps them in place of what was kept before, and lets go of those of
// the same kind that are five weeks older.
func (db *DB) KeepFindings(ctx context.Context, kind string, end int64, body []byte) error {
	err := db.step(ctx, func(s session) error {
		if err := s.exec("DELETE FROM findings WHERE kind = ? AND (ended = ? OR ended < ?)", kind, end, end-findingsKeptMS); err != nil {
			return err
		}
		return s.exec("INSERT INTO findings VALUES (?, ?, ?)", kind, end, body)
	})
	if err != nil {
		return fmt.Errorf("keep findings of %s: %w", kind, err)
	}
	return nil
}
