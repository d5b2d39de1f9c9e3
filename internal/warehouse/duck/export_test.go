package duck

import (
	"context"
	"errors"
)

// Invalidate has DuckDB give up the engine in the middle of a checkpoint, as it
// does when memory runs out there. The DB is not told.
func Invalidate(ctx context.Context, db *DB) error {
	db.write.Lock()
	defer db.write.Unlock()
	return db.use(ctx, shared, func(ctx context.Context, e *engine) error {
		return on(ctx, e.writer, func(s session) error {
			if err := s.exec("SET debug_checkpoint_abort = 'before_header'"); err != nil {
				return err
			}
			if err := s.exec("UPDATE meta SET value = value"); err != nil { // something to write
				return err
			}
			if err := s.exec("CHECKPOINT"); !givenUp(err) {
				return errors.Join(errors.New("the engine is still good"), err)
			}
			return nil
		})
	})
}
