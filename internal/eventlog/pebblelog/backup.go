package pebblelog

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Backup puts a copy of the log and its state, as of one moment, into a folder that
// must not exist. Whatever can be is linked and not copied, so that it takes little
// time and space; appends and reads go on. Open opens it. Errors: eventlog.ErrClosed,
// file errors.
func (l *Log) Backup(dir string) error {
	if err := l.life.begin(); err != nil {
		return err
	}
	defer l.life.end()
	// The events that a later processor begins with are there as long as they are held.
	l.segments.hold()
	defer l.segments.release()
	if err := l.db.Checkpoint(dir, pebble.WithFlushedWAL()); err != nil {
		return fmt.Errorf("copy the log to %s: %w", dir, storeError(err))
	}
	if err := l.segments.backup(dir); err != nil {
		return fmt.Errorf("copy the log to %s: %w", dir, storeError(err))
	}
	return nil
}
