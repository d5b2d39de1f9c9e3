package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

// ErrReader: a reader changes nothing; the process that loads does.
var ErrReader = errors.New("the warehouse is open to be read only")

var (
	_ warehouse.Warehouse  = (*Reader)(nil)
	_ warehouse.Sampler    = (*Reader)(nil)
	_ warehouse.PlayLister = (*Reader)(nil)
	_ warehouse.Follower   = (*Reader)(nil)
)

// Reader is a warehouse that another process fills. It commits nothing, so that it
// takes nothing over, and there may be any number of them.
type Reader struct {
	db     *DB
	looked atomic.Int64 // when it last knew the latest state, epoch ms
	one    sync.Mutex   // of looks
}

// OpenReader opens the database to be read. One that nobody has filled yet is empty.
// Errors: ErrTimezone, ErrNewer, ErrLost, ErrFilling.
func OpenReader(ctx context.Context, a Address, opts Options) (*Reader, error) {
	db := &DB{opts: withDefaults(opts), known: map[dimValue]bool{}, views: map[*view]int64{}}
	db.clock, db.log, db.zone = db.opts.Clock, db.opts.Logger, db.opts.TZ
	db.days = rollup.NewDays(db.zone)
	r := &Reader{db: db}
	if err := r.open(ctx, a); err != nil {
		return nil, errors.Join(fmt.Errorf("open the warehouse in ClickHouse: %w", err), db.Close())
	}
	return r, nil
}

func (r *Reader) open(ctx context.Context, a Address) (err error) {
	if err := r.db.contact(ctx, a); err != nil {
		return err
	}
	if r.db.fleet, err = findFleet(ctx, a, r.db.opts.Patience); err != nil {
		return err
	}
	var s *state
	for range attempts { // runs may be swept between two looks at them
		if s, err = r.db.recover(ctx); err == nil || !errors.Is(err, ErrLost) {
			break
		}
	}
	if err != nil {
		return err
	}
	if s.Filling != nil && !s.Filling.Done {
		return ErrFilling
	}
	return r.take(s)
}

// take goes by a state.
func (r *Reader) take(s *state) error {
	if s.Zone != r.db.zone.String() {
		return fmt.Errorf("%w: it has %s, asked for %s", ErrTimezone, s.Zone, r.db.zone)
	}
	r.db.state.Store(s)
	r.looked.Store(r.db.clock().UnixMilli())
	return nil
}

// Follow implements warehouse.Follower: it goes on to the latest state that a server
// knows. The first that answers is asked: commits go there first.
func (r *Reader) Follow(ctx context.Context) (err error) {
	r.one.Lock()
	defer r.one.Unlock()
	var errs []error
	for _, at := range inOrder(ctx, r.db.everybody()) {
		s, err := at.after(ctx, r.db.state.Load().Seq)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if s != nil {
			return r.take(s)
		}
		r.looked.Store(r.db.clock().UnixMilli())
		return nil
	}
	return fmt.Errorf("look for the warehouse's latest commit: %w", errors.Join(errs...))
}

// after is the latest state that a replica has after a commit, nil for none.
func (r *replica) after(ctx context.Context, seq int64) (s *state, err error) {
	conn, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	var text string
	sql := fmt.Sprintf("SELECT state FROM %s WHERE seq > %d ORDER BY seq DESC LIMIT 1", tableCommits, seq)
	err = each(ctx, conn, sql, func(rows driver.Rows) (err error) {
		if err = rows.Scan(&text); err == nil {
			s, err = decodeState(text)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the commits at %s: %w", r.host, r.note(ctx, err))
	}
	return s, nil
}

// current makes sure that the rows of the state are not swept meanwhile: who loads
// leaves those of an old state for a while only.
func (r *Reader) current(ctx context.Context) error {
	if r.db.clock().UnixMilli()-r.looked.Load() < r.db.opts.Grace.Milliseconds()/2 {
		return nil
	}
	return r.Follow(ctx)
}

// Offsets implements warehouse.Warehouse, as of the last Follow.
func (r *Reader) Offsets(ctx context.Context) ([]warehouse.Offset, error) { return r.db.Offsets(ctx) }

// Scan implements warehouse.Warehouse.
func (r *Reader) Scan(ctx context.Context, s rollup.Scan) (warehouse.Snapshot, error) {
	if err := r.current(ctx); err != nil {
		return warehouse.Snapshot{}, err
	}
	return r.db.Scan(ctx, s)
}

// Retention implements warehouse.Warehouse.
func (r *Reader) Retention(ctx context.Context, s rollup.CurveScan) (*rollup.CurveSet, []warehouse.Offset, error) {
	if err := r.current(ctx); err != nil {
		return nil, nil, err
	}
	return r.db.Retention(ctx, s)
}

// Sample implements warehouse.Sampler.
func (r *Reader) Sample(ctx context.Context, s rollup.SampleScan) (*rollup.Sample, []warehouse.Offset, error) {
	if err := r.current(ctx); err != nil {
		return nil, nil, err
	}
	return r.db.Sample(ctx, s)
}

// ListPlays implements warehouse.PlayLister.
func (r *Reader) ListPlays(ctx context.Context, a warehouse.PlayAsk) (warehouse.PlayRows, []warehouse.Offset, error) {
	if err := r.current(ctx); err != nil {
		return warehouse.PlayRows{}, nil, err
	}
	return r.db.ListPlays(ctx, a)
}

// Values implements warehouse.Warehouse.
func (r *Reader) Values(ctx context.Context, d rollup.Dimension) ([]string, error) {
	if err := r.current(ctx); err != nil {
		return nil, err
	}
	return r.db.Values(ctx, d)
}

// Findings are what was kept of a kind for the days that ended at a moment (epoch
// ms), nil where nothing was.
func (r *Reader) Findings(ctx context.Context, kind string, end int64) ([]byte, error) {
	if err := r.current(ctx); err != nil {
		return nil, err
	}
	return r.db.Findings(ctx, kind, end)
}

// KeepFindings leaves it to the process that loads to keep them: what is found here is
// this process's own.
func (r *Reader) KeepFindings(context.Context, string, int64, []byte) error { return nil }

// Apply implements warehouse.Warehouse. It fails with ErrReader.
func (r *Reader) Apply(context.Context, []*rollup.Generation) error { return ErrReader }

// Maintain implements warehouse.Warehouse. It fails with ErrReader.
func (r *Reader) Maintain(context.Context, int64) error { return ErrReader }

// Stats implements warehouse.Warehouse.
func (r *Reader) Stats(ctx context.Context) (warehouse.Stats, error) { return r.db.Stats(ctx) }

// Close implements warehouse.Warehouse.
func (r *Reader) Close() error { return r.db.Close() }
