package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"playhead/internal/warehouse"
)

var errClosed = errors.New("the warehouse is closed")

// engine is one opening of the file. An engine that DuckDB has given up
// ("invalidated") answers nothing any more; another one takes its place.
type engine struct {
	pool   *sql.DB
	writer *sql.Conn
	life   context.Context // ends when the engine is given up
	end    context.CancelCauseFunc
	raised bool // the memory limit is above what was asked for; under DB.write
	single bool // it has one thread; under DB.write
}

// turn is how an engine is used.
type turn bool

const (
	shared turn = false
	alone  turn = true // nobody else uses it: all of its memory is there
)

// startEngine opens the file and reads what memory keeps of it. The gate is held
// exclusively, or nobody knows the DB yet.
func (db *DB) startEngine(ctx context.Context) error {
	// Already the write-ahead log that a crash left may need the temporary
	// folder, and it cannot be changed once it was used. The blocks are those of a
	// new file: an append holds one or two for each column, and there are many columns.
	config := url.Values{"temp_directory": {filepath.Join(db.dir, "tmp")}, "default_block_size": {fmt.Sprint(blockBytes)}}
	connector, err := duckdb.NewConnector(db.path()+"?"+config.Encode(), nil)
	if err != nil {
		if strings.Contains(err.Error(), "Could not set lock") {
			return warehouse.ErrInUse
		}
		return err
	}
	e := &engine{pool: sql.OpenDB(connector)}
	e.life, e.end = context.WithCancelCause(context.Background())
	e.pool.SetMaxOpenConns(db.opts.Readers + 1)
	e.pool.SetMaxIdleConns(db.opts.Readers + 1)
	if e.writer, err = e.pool.Conn(ctx); err == nil {
		err = on(ctx, e.writer, db.prepare)
	}
	if err != nil {
		return errors.Join(err, e.close())
	}
	db.engine = e
	return nil
}

// prepare sets the engine up, brings the file to the present format and reads
// what memory keeps of it.
func (db *DB) prepare(s session) error {
	for _, q := range db.settings() {
		if err := s.exec(q); err != nil {
			return err
		}
	}
	if err := db.migrate(s); err != nil {
		return err
	}
	// From here on checkpoints are ours: one that runs out of memory costs the
	// engine, so it is not left to the end of any transaction.
	if err := s.exec("SET wal_autocheckpoint = '1TB'"); err != nil {
		return err
	}
	if err := db.checkZone(s); err != nil {
		return err
	}
	if err := db.loadValues(s); err != nil {
		return err
	}
	return db.findFirst(s)
}

func (e *engine) close() error {
	var errs []error
	if e.writer != nil {
		errs = append(errs, e.writer.Close())
	}
	return errors.Join(append(errs, e.pool.Close())...)
}

// use runs fn with the engine. When that turns out to be given up, another one is
// opened and fn runs again: all that was committed is in the file, and fn finds it
// there. Out of memory, the error is a *warehouse.MemoryError.
func (db *DB) use(ctx context.Context, t turn, fn func(context.Context, *engine) error) error {
	const attempts = 3
	for n := 1; ; n++ {
		failed, err := db.useOnce(ctx, t, fn)
		err = db.named(err)
		switch {
		case failed == nil || ctx.Err() != nil:
			if outOfMemory(err) {
				err = &warehouse.MemoryError{LimitMB: db.opts.MemoryLimitMB, Err: err}
			}
			if given := ctx.Err(); err != nil && given != nil && !errors.Is(err, given) {
				err = errors.Join(given, err) // the engine says only that it was interrupted
			}
			return err
		case n == attempts:
			return err
		}
		if err := db.reopen(ctx, failed); err != nil {
			return fmt.Errorf("open the warehouse again: %w", err)
		}
	}
}

// named adds the file to what DuckDB says of its bytes, which leaves it out.
func (db *DB) named(err error) error {
	if err == nil || !strings.Contains(err.Error(), "Corrupt database file") {
		return err
	}
	return fmt.Errorf("%s: %w", db.path(), err)
}

// useOnce runs fn, and returns the engine if it is given up.
func (db *DB) useOnce(ctx context.Context, t turn, fn func(context.Context, *engine) error) (failed *engine, err error) {
	if t == alone {
		db.gate.Lock()
		defer db.gate.Unlock()
	} else {
		db.gate.RLock()
		defer db.gate.RUnlock()
	}
	e := db.engine
	if e == nil {
		return nil, errClosed
	}
	if e.life.Err() != nil {
		return e, context.Cause(e.life)
	}
	run, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(e.life, func() { cancel(context.Cause(e.life)) })
	defer cancel(nil)
	defer stop()
	if err = fn(run, e); givenUp(err) {
		e.end(err)
	}
	if err != nil && e.life.Err() != nil {
		return e, err
	}
	return nil, err
}

// reopen puts another engine in the place of one that was given up.
func (db *DB) reopen(ctx context.Context, failed *engine) error {
	db.gate.Lock()
	defer db.gate.Unlock()
	if db.engine != failed {
		return nil // somebody else did
	}
	_ = failed.close() // it has nothing that is not in the file
	if err := db.startEngine(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	db.mu.Lock()
	db.reopened++
	db.mu.Unlock()
	return nil
}

// read runs fn in one snapshot on a connection for readers; fn may run more than
// once. What runs out of memory is tried again when nobody else needs any.
func (db *DB) read(ctx context.Context, fn func(session) error) error {
	err := db.readIn(ctx, shared, fn)
	if outOfMemory(err) {
		err = db.readIn(ctx, alone, fn)
	}
	return err
}

func (db *DB) readIn(ctx context.Context, t turn, fn func(session) error) error {
	return db.use(ctx, t, func(ctx context.Context, e *engine) error {
		c, err := e.pool.Conn(ctx)
		if err != nil {
			return err
		}
		err = on(ctx, c, func(s session) error { return s.transaction(fn) })
		if errors.Is(err, driver.ErrBadConn) {
			return err // it is closed already
		}
		return errors.Join(err, c.Close())
	})
}

// commit runs fn in a transaction of the writer, and then done; fn may run more
// than once. The caller holds write.
func (db *DB) commit(ctx context.Context, fn func(session) error, done func()) error {
	once := func(ctx context.Context, e *engine) error {
		db.lower(e)
		db.spread(e)
		err := on(ctx, e.writer, func(s session) error { return s.transaction(fn) })
		if errors.Is(err, driver.ErrBadConn) {
			var another error
			if e.writer, another = e.pool.Conn(context.WithoutCancel(ctx)); another != nil {
				e.end(another)
			}
		}
		if err == nil {
			done()
		}
		return err
	}
	err := db.use(ctx, shared, once)
	if outOfMemory(err) {
		// Rows that are not in the file yet may take the memory that new ones need,
		// and so may readers.
		_ = db.checkpoint(ctx, alone)
		err = db.use(ctx, alone, once)
	}
	if err != nil {
		return err
	}
	if db.logBytes() >= checkpointBytes {
		_ = db.checkpoint(ctx, shared) // the write-ahead log keeps it all until the next one
	}
	return nil
}

// logBytes is the size of the write-ahead log.
func (db *DB) logBytes() int64 {
	info, err := os.Stat(db.path() + ".wal")
	if err != nil {
		return 0 // there is none
	}
	return info.Size()
}

const (
	// blockBytes is the size of a block of a new file.
	blockBytes = 64 << 10
	// checkpointBytes of write-ahead log are written into the file.
	checkpointBytes = 32 << 20
	// reserveMB is how much more memory a checkpoint may take.
	reserveMB = 32
)

// checkpoint writes the write-ahead log into the file. The caller holds write.
// DuckDB gives up the whole engine when a checkpoint runs out of memory or is
// interrupted: so it has a reserve, and is not broken off.
func (db *DB) checkpoint(ctx context.Context, t turn) error {
	return db.use(context.WithoutCancel(ctx), t, func(ctx context.Context, e *engine) error {
		err := on(ctx, e.writer, func(s session) error {
			if err := s.exec(memoryLimit(db.opts.MemoryLimitMB + reserveMB)); err != nil {
				return err
			}
			e.raised = true
			return s.exec("CHECKPOINT")
		})
		db.lower(e)
		return err
	})
}

// lower puts the memory limit back after a checkpoint. The engine refuses while
// more is in use: the next write tries again.
func (db *DB) lower(e *engine) {
	if e.raised {
		e.raised = on(context.Background(), e.writer, func(s session) error { return s.exec(memoryLimit(db.opts.MemoryLimitMB)) }) != nil
	}
}

func memoryLimit(mb int) string { return fmt.Sprintf("SET memory_limit = '%dMB'", mb) }

// spread gives the engine one thread while others need the processors, else those
// that were asked for. Where it refuses, it writes as it did.
func (db *DB) spread(e *engine) {
	if single := db.opts.Busy != nil && db.opts.Busy(); single != e.single {
		threads := db.opts.Threads
		if single {
			threads = 1
		}
		if on(context.Background(), e.writer, func(s session) error { return s.exec(setThreads(threads)) }) == nil {
			e.single = single
		}
	}
}

func setThreads(n int) string { return fmt.Sprintf("SET threads = %d", n) }

// givenUp reports whether DuckDB says that this engine is no good any more.
func givenUp(err error) bool {
	if err == nil {
		return false
	}
	var e *duckdb.Error
	if errors.As(err, &e) && (e.Type == duckdb.ErrorTypeFatal || e.Type == duckdb.ErrorTypeInternal) {
		return true
	}
	text := err.Error()
	return strings.Contains(text, "FATAL Error") || strings.Contains(text, "database has been invalidated")
}

// outOfMemory reports whether an error says that memory ran out. Where that is in
// a commit or an appender, the driver tells no type of error.
func outOfMemory(err error) bool {
	if err == nil {
		return false
	}
	var m *warehouse.MemoryError
	var e *duckdb.Error
	if errors.As(err, &m) || errors.As(err, &e) && e.Type == duckdb.ErrorTypeOutOfMemory {
		return true
	}
	text := err.Error()
	for _, words := range []string{"Out of Memory", "could not allocate block", "failed to pin block", "failed to allocate data", "failed to resize block"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
