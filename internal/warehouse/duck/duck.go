package duck

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

var _ warehouse.Warehouse = (*DB)(nil)

// ErrTimezone: the file's days were cut in another report time zone. It is
// fixed when the installation is made.
var ErrTimezone = errors.New("the warehouse was made with another report time zone")

// Options of a DB.
type Options struct {
	// MemoryLimitMB bounds the engine's buffers; 0 is 96.
	MemoryLimitMB int
	// SpillMB bounds the files of what a query has no memory for; 0 is 4096.
	SpillMB int
	// Threads of the engine; 0 is 2.
	Threads int
	// Busy reports that others need the processors, nil that they never do. What is
	// written then is written by one thread: a second one only makes the first wait
	// for it, by looking again and again whether it is ready.
	Busy func() bool
	// Readers is how many scans run at once, others wait; 0 is one for each 32 MiB
	// of memory, 1 to 4.
	Readers int
	// TZ is where days are cut; nil is UTC.
	TZ *time.Location
	// Keep is how long the short-lived cells are kept; the zero value is
	// rollup.DefaultKeep.
	Keep rollup.Keep
	// SampleRows is about how many rows of a day the sample of viewers may have; 0
	// is 250,000.
	SampleRows int64
	// Compact are the thresholds of Maintain; the zero value is the default.
	Compact Compaction
}

// Compaction says when partial rows are merged.
type Compaction struct {
	// Parts is how many partial rows of a tier a cell of a bucket still being
	// written may have; 0 is 8.
	Parts int
	// QuietMS is how long after its end a bucket is taken to be finished: then
	// two parts are merged already; 0 is 10 min.
	QuietMS int64
	// Bytes is about how much one transaction rewrites, as it is in memory; 0 is an
	// eighth of the engine's memory, 4 to 12 MiB.
	Bytes int64
}

// DB is a warehouse in a DuckDB file.
type DB struct {
	opts Options
	dir  string
	lock *os.File
	days rollup.Days

	// The locks are taken in this order: tidy, write, gate, mu.
	tidy  sync.Mutex                 // held by Maintain
	parts map[string]map[int64]int64 // under tidy: by table, the parts of buckets left for later

	write sync.Mutex // held by Apply and by each step of Maintain

	gate   sync.RWMutex      // held by who uses the engine; exclusively by who replaces it or must have its memory
	engine *engine           // under gate; nil when closed
	values map[dimValue]bool // under write and gate: those that are stored

	mu        sync.Mutex
	reopened  int64            // how often another engine was opened
	first     map[string]int64 // start of each table's data, epoch ms, 0 for none
	overcount int64
	bytes     map[string]int64 // of each table on disk, as of the last Maintain
}

// Open opens or makes the warehouse in a folder of its own. Errors:
// warehouse.ErrInUse when another process (or this one) has it open, ErrTimezone.
func Open(ctx context.Context, dir string, opts Options) (*DB, error) {
	opts = withDefaults(opts)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open warehouse: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open warehouse %s: %w", dir, err)
	}
	db := &DB{opts: opts, dir: dir, lock: lock, days: rollup.NewDays(opts.TZ), first: map[string]int64{}, parts: map[string]map[int64]int64{}}
	if err := db.startEngine(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open warehouse %s: %w", dir, err), db.lock.Close())
	}
	return db, nil
}

func withDefaults(o Options) Options {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&o.MemoryLimitMB, 96)
	set(&o.Threads, 2)
	set(&o.Readers, max(1, min(4, o.MemoryLimitMB/32)))
	set(&o.Compact.Parts, 8)
	if o.Compact.QuietMS == 0 {
		o.Compact.QuietMS = 600_000
	}
	if o.Compact.Bytes == 0 {
		o.Compact.Bytes = int64(min(max(o.MemoryLimitMB/8, 4), rewriteMB)) << 20
	}
	if o.SampleRows == 0 {
		o.SampleRows = 250_000
	}
	if o.TZ == nil {
		o.TZ = time.UTC
	}
	if o.Keep == (rollup.Keep{}) {
		o.Keep = rollup.DefaultKeep()
	}
	return o
}

// lockDir takes the folder for this process: DuckDB's own lock does not keep
// two users within one process apart.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "LOCK"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, warehouse.ErrInUse
		}
		return nil, err
	}
	return f, nil
}

func (db *DB) path() string { return filepath.Join(db.dir, "warehouse.duckdb") }

func (db *DB) settings() []string {
	return []string{
		memoryLimit(db.opts.MemoryLimitMB),
		setThreads(db.opts.Threads),
		"SET preserve_insertion_order = false",
		fmt.Sprintf("SET max_temp_directory_size = '%dMB'", cmp.Or(db.opts.SpillMB, 4096)),
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		fmt.Sprintf("SET wal_autocheckpoint = '%dB'", checkpointBytes),
		"SET enable_progress_bar = false",
		"PRAGMA disable_checkpoint_on_shutdown",
		"SET allocator_flush_threshold = '8MB'",
		"SET allocator_bulk_deallocation_flush_threshold = '16MB'",
	}
}

// checkZone notes the report time zone in a new file and compares it with an old one's.
func (db *DB) checkZone(s session) error {
	zone := ""
	err := s.each("SELECT value FROM meta WHERE name = 'report_timezone'", nil, func(row []driver.Value) error {
		zone = row[0].(string)
		return nil
	})
	if err != nil {
		return err
	}
	want := db.opts.TZ.String()
	if zone == "" {
		return s.exec("INSERT INTO meta VALUES ('report_timezone', ?), ('overcount', '0')", want)
	}
	if zone != want {
		return fmt.Errorf("%w: it has %s, asked for %s", ErrTimezone, zone, want)
	}
	return s.each("SELECT value::BIGINT FROM meta WHERE name = 'overcount'", nil, func(row []driver.Value) error {
		db.overcount = row[0].(int64)
		return nil
	})
}

// findFirst reads where each table's data starts.
func (db *DB) findFirst(s session) error {
	for table, column := range timeColumns() {
		first := int64(0)
		err := s.each("SELECT min("+column+") FROM "+table, nil, func(row []driver.Value) error {
			first, _ = row[0].(int64)
			return nil
		})
		if err != nil {
			return err
		}
		db.mu.Lock()
		db.first[table] = first
		db.mu.Unlock()
	}
	return nil
}

// Close waits for what is under way, and closes the file. A short write-ahead log
// is written into it; the next Open reads a long one faster than it is written now.
func (db *DB) Close() error {
	db.write.Lock()
	defer db.write.Unlock()
	if db.logBytes() < checkpointBytes/8 {
		_ = db.checkpoint(context.Background(), shared) // what it does not do, the next Open does
	}
	db.gate.Lock()
	defer db.gate.Unlock()
	e := db.engine
	if e == nil {
		return nil
	}
	db.engine = nil
	return errors.Join(e.close(), db.lock.Close())
}

// Stats are sizes for operators.
func (db *DB) Stats(ctx context.Context) (warehouse.Stats, error) {
	st := warehouse.Stats{Rows: map[string]int64{}}
	err := db.read(ctx, func(s session) error {
		err := s.each("SELECT table_name, estimated_size FROM duckdb_tables()", nil, func(row []driver.Value) error {
			st.Rows[row[0].(string)], _ = row[1].(int64)
			return nil
		})
		if err != nil {
			return err
		}
		return s.each("SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory()", nil, func(row []driver.Value) error {
			st.MemoryBytes, _ = row[0].(int64)
			return nil
		})
	})
	if err != nil {
		return warehouse.Stats{}, fmt.Errorf("size the warehouse: %w", err)
	}
	for _, suffix := range []string{"", ".wal"} {
		if info, err := os.Stat(db.path() + suffix); err == nil {
			st.FileBytes += info.Size()
		}
	}
	db.mu.Lock()
	st.Overcount, st.Bytes, st.Reopened = db.overcount, db.bytes, db.reopened
	db.mu.Unlock()
	return st, nil
}
