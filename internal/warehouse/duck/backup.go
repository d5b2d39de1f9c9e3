package duck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Backup writes a copy of the file as of one moment to a folder that has none,
// while readers read and flushes go on. The copy is opened by Open, and goes on
// where its offsets say: whatever reads it needs a log that still holds the facts
// from there.
func (db *DB) Backup(ctx context.Context, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("back up the warehouse: %w", err)
	}
	path := filepath.Join(dir, filepath.Base(db.path()))
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("back up the warehouse: %w: %s; name an empty folder", os.ErrExist, path)
	}
	err = db.use(ctx, shared, func(ctx context.Context, e *engine) (err error) {
		c, err := e.pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.Close()) }()
		return on(ctx, c, func(s session) error {
			if err := s.exec("ATTACH " + quote(path) + " AS backup"); err != nil {
				return err
			}
			err := s.transaction(func(s session) error { return s.exec("COPY FROM DATABASE warehouse TO backup") })
			steady := session{context.WithoutCancel(ctx), s.conn}
			return errors.Join(err, steady.exec("DETACH backup"))
		})
	})
	if err != nil {
		return errors.Join(fmt.Errorf("back up the warehouse to %s: %w", dir, err), os.Remove(path))
	}
	return nil
}
