package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

var _ warehouse.Warehouse = (*DB)(nil)

// Options of a DB.
type Options struct {
	// TZ is where days are cut; nil is UTC.
	TZ *time.Location
	// Keep is how long the short-lived cells are kept; the zero value is
	// rollup.DefaultKeep.
	Keep rollup.Keep
	// SampleRows is about how many rows of a day the sample of viewers may have; 0
	// is 250,000.
	SampleRows int64
	// Runs is how many runs of a tier a table may have before they are merged; 0 is 8.
	Runs int
	// MergeRows is from how many rows on a run is not merged any more; 0 is 4,000,000.
	MergeRows int64
	// QuietMS is how long after its end a bucket is taken to be finished; 0 is 10 min.
	QuietMS int64
	// Grace is how long runs that no longer count are left for readers in other
	// processes; 0 is 10 min.
	Grace time.Duration
	// Settle is how long a flush waits for the other replicas that can be reached to
	// have its rows; 0 is 10 s.
	Settle time.Duration
	// Fill says that the database is opened to be filled from another warehouse.
	Fill *Origin
	// FillRows is how many rows Fill copies in one commit; 0 is 250,000.
	FillRows int
	// Patience is how long a server may say nothing before another replica is asked; 0
	// is 30 s.
	Patience time.Duration
	// Clock is asked when commits were made; nil is time.Now.
	Clock func() time.Time
	// Logger is told what an operator should know; nil is nobody.
	Logger *slog.Logger
}

// DB is a warehouse in ClickHouse.
type DB struct {
	opts  Options
	clock func() time.Time
	log   *slog.Logger
	zone  *time.Location
	days  rollup.Days
	fleet fleet

	tidy  sync.Mutex // held by Maintain; taken before write
	write sync.Mutex // held by Apply and by each step of Maintain
	last  int64      // under write: the last number given
	first int64      // the number before the first that this open gave
	seen  int64      // the latest commit that recover saw
	known map[dimValue]bool

	state atomic.Pointer[state]

	mu    sync.Mutex
	views map[*view]int64 // readers under way, by when their snapshot began to count
}

// Open makes what is missing of the warehouse, and goes on from its latest state.
// What another process had open is taken over from it. Errors: ErrTimezone, ErrNewer,
// ErrLost, ErrFilling, ErrNotEmpty.
func Open(ctx context.Context, a Address, opts Options) (*DB, error) {
	db := &DB{opts: withDefaults(opts), known: map[dimValue]bool{}, views: map[*view]int64{}}
	db.clock, db.log, db.zone = db.opts.Clock, db.opts.Logger, db.opts.TZ
	db.days = rollup.NewDays(db.zone)
	if err := db.open(ctx, a); err != nil {
		return nil, errors.Join(fmt.Errorf("open the warehouse in ClickHouse: %w", err), db.Close())
	}
	return db, nil
}

func (db *DB) open(ctx context.Context, a Address) (err error) {
	if err := db.contact(ctx, a); err != nil {
		return err
	}
	if db.fleet, err = findFleet(ctx, a, db.opts.Patience); err != nil {
		return err
	}
	for {
		s, err := db.recover(ctx)
		if err != nil {
			return err
		}
		if s.Zone != db.zone.String() {
			return fmt.Errorf("%w: it has %s, asked for %s", ErrTimezone, s.Zone, db.zone)
		}
		if s, err = db.opts.Fill.begin(s, db.clock().UnixMilli()); err != nil {
			return err
		}
		if err := db.commit(ctx, s.clone()); err != nil { // from here on an older process cannot commit
			return err
		}
		if late, err := db.lateCommit(ctx); err != nil {
			return err
		} else if !late {
			return db.loadValues(ctx)
		}
	}
}

func withDefaults(o Options) Options {
	if o.SampleRows == 0 {
		o.SampleRows = 250_000
	}
	if o.Runs == 0 {
		o.Runs = 8
	}
	if o.MergeRows == 0 {
		o.MergeRows = 4_000_000
	}
	if o.FillRows == 0 {
		o.FillRows = 250_000
	}
	if o.QuietMS == 0 {
		o.QuietMS = 600_000
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Minute
	}
	if o.Settle == 0 {
		o.Settle = 10 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = patience
	}
	if o.TZ == nil {
		o.TZ = time.UTC
	}
	if o.Keep == (rollup.Keep{}) {
		o.Keep = rollup.DefaultKeep()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Close waits for writes under way and lets go of the connections.
func (db *DB) Close() error {
	db.write.Lock()
	defer db.write.Unlock()
	var errs []error
	for _, r := range db.everybody() {
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}

// Offsets are the partitions that have facts in the database.
func (db *DB) Offsets(context.Context) ([]warehouse.Offset, error) {
	return db.state.Load().offsets(), nil
}

// view is a snapshot: a state, and for each shard a replica that has all of it.
type view struct {
	*state
	db    *DB
	conns []driver.Conn
	from  []*replica
}

// attempts is how often a reader begins anew when a server is lost.
const attempts = 3

// read runs fn on a snapshot of some tables. It may run more than once: what it
// found before is not to be kept.
func (db *DB) read(ctx context.Context, tables []string, fn func(*view) error) (err error) {
	var lost []*replica
	for range attempts {
		var v *view
		if v, err = db.look(ctx, tables, lost); err != nil {
			return err
		}
		err = fn(v)
		v.done()
		if !broken(err) || ctx.Err() != nil {
			return inMemory(err)
		}
		var at *lostError
		if !errors.As(err, &at) {
			return err
		}
		at.replica.forget()
		lost = append(lost, at.replica)
	}
	return err
}

// inMemory tells of a server that has no memory for a query in the port's words.
func inMemory(err error) error {
	const memoryLimitExceeded = 241
	var x *ch.Exception
	if errors.As(err, &x) && x.Code == memoryLimitExceeded {
		return &warehouse.MemoryError{Err: err, Mend: "ClickHouse has not the memory for this; ask for a shorter range or fewer dimensions, or raise max_memory_usage of its user"}
	}
	return err
}

// look takes the state as it is, and finds a replica a shard that has all rows of
// some of its tables. Those that were lost a moment ago come last.
func (db *DB) look(ctx context.Context, tables []string, lost []*replica) (*view, error) {
	db.mu.Lock()
	v := &view{db: db, state: db.state.Load()}
	db.views[v] = v.Seq
	db.mu.Unlock()
	for s, replicas := range db.fleet {
		order := inOrder(ctx, replicas)
		slices.SortStableFunc(order, func(a, b *replica) int {
			return slices.Index(lost, a) - slices.Index(lost, b)
		})
		r, err := firstWhole(ctx, order, v.state, tables)
		if err != nil {
			v.done()
			return nil, fmt.Errorf("read shard %d: %w", s+1, err)
		}
		conn, err := r.open(ctx)
		if err != nil {
			v.done()
			return nil, err
		}
		v.conns, v.from = append(v.conns, conn), append(v.from, r)
	}
	return v, nil
}

func firstWhole(ctx context.Context, replicas []*replica, s *state, tables []string) (*replica, error) {
	var errs []error
	for _, r := range replicas {
		whole, err := r.has(ctx, s, tables)
		switch {
		case err != nil:
			errs = append(errs, err)
		case whole:
			return r, nil
		default:
			errs = append(errs, fmt.Errorf("%s has not all rows yet", r.host))
		}
	}
	return nil, errors.Join(errs...)
}

// done lets go of a snapshot: its runs may be dropped.
func (v *view) done() {
	v.db.mu.Lock()
	defer v.db.mu.Unlock()
	delete(v.db.views, v)
}

// oldest is the seq of the oldest snapshot that somebody reads, or of the state.
func (db *DB) oldest() int64 {
	db.mu.Lock()
	defer db.mu.Unlock()
	seq := db.state.Load().Seq
	for _, s := range db.views {
		seq = min(seq, s)
	}
	return seq
}

// lostError is an error of the way to a replica.
type lostError struct {
	replica *replica
	error
}

func (e *lostError) Unwrap() error { return e.error }

// at runs a query on the replica of one shard.
func (v *view) at(ctx context.Context, shard int, sql string, fn func(driver.Rows) error) error {
	err := each(ctx, v.conns[shard], sql, fn)
	if broken(err) && ctx.Err() == nil {
		return &lostError{v.from[shard], v.from[shard].note(ctx, err)}
	}
	return err
}

// all runs a query on every shard, one after the other.
func (v *view) all(ctx context.Context, sql string, fn func(driver.Rows) error) error {
	for shard := range v.conns {
		if err := v.at(ctx, shard, sql, fn); err != nil {
			return err
		}
	}
	return nil
}
