package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cespare/xxhash/v2"
)

// writer writes runs of one number, to any tables.
type writer struct {
	ctx   context.Context // of the one call that it serves
	db    *DB
	id    int64
	tier  int
	to    []*replica // by shard
	open  map[string]*blocks
	wrote map[string]*run
}

// blocks are the rows of a table on their way to the shards.
type blocks struct {
	batches []driver.Batch // by shard, nil before there is a row
	waiting []int          // bytes that the server does not have yet, by shard
	row     []any
}

// sendBytes is about how much is gathered before a server gets it.
const sendBytes = 4 << 20

// newWriter finds a replica a shard that can be written to.
func (db *DB) newWriter(ctx context.Context, tier int) (*writer, error) {
	w := &writer{ctx: ctx, db: db, id: db.next(), tier: tier, open: map[string]*blocks{}, wrote: map[string]*run{}}
	for s, replicas := range db.fleet {
		var errs []error
		for _, r := range inOrder(ctx, replicas) {
			conn, err := r.open(ctx)
			if err == nil {
				err = r.note(ctx, conn.Ping(ctx))
			}
			if err == nil {
				w.to = append(w.to, r)
				break
			}
			errs = append(errs, fmt.Errorf("write to %s: %w", r.host, err))
		}
		if len(w.to) != s+1 {
			return nil, fmt.Errorf("no replica of shard %d can be written to: %w", s+1, errors.Join(errs...))
		}
	}
	return w, nil
}

// shardOf is where rows of a name are: all of one cell on one shard.
func (w *writer) shardOf(parts ...string) int {
	if len(w.to) == 1 {
		return 0
	}
	h := xxhash.New()
	for _, p := range parts {
		_, _ = h.WriteString(p) // it never fails
		_, _ = h.Write([]byte{0})
	}
	return int(h.Sum64() % uint64(len(w.to)))
}

// row is the row under way of a table: its first column is set.
func (w *writer) row(t *table) *blocks {
	b := w.open[t.name]
	if b == nil {
		b = &blocks{batches: make([]driver.Batch, len(w.to)), waiting: make([]int, len(w.to))}
		w.open[t.name] = b
	}
	b.row = append(b.row[:0], w.id)
	return b
}

// add sends the row under way to a shard. at is its time, epoch ms.
func (w *writer) add(t *table, shard int, at int64) (err error) {
	b := w.open[t.name]
	if b.batches[shard] == nil {
		conn, err := w.to[shard].open(w.ctx)
		if err != nil {
			return err
		}
		if b.batches[shard], err = conn.PrepareBatch(w.ctx, t.insert()); err != nil {
			return fmt.Errorf("write to %s at %s: %w", t.name, w.to[shard].host, w.to[shard].note(w.ctx, err))
		}
	}
	if err := b.batches[shard].Append(b.row...); err != nil {
		return fmt.Errorf("write to %s: %w", t.name, err)
	}
	w.count(t.name, shard, at, at, 1)
	for _, v := range b.row {
		b.waiting[shard] += 8
		switch v := v.(type) {
		case string:
			b.waiting[shard] += len(v)
		case []byte:
			b.waiting[shard] += len(v)
		}
	}
	if b.waiting[shard] < sendBytes {
		return nil
	}
	return w.send(t.name, shard)
}

// send writes what is gathered for a shard. Many blocks of a run are as good as one.
func (w *writer) send(table string, shard int) error {
	b := w.open[table]
	if b.batches[shard] == nil {
		return nil
	}
	batch := b.batches[shard]
	b.batches[shard], b.waiting[shard] = nil, 0
	if err := batch.Send(); err != nil {
		return fmt.Errorf("write to %s at %s: %w", table, w.to[shard].host, w.to[shard].note(w.ctx, err))
	}
	return nil
}

// count notes rows of a table.
func (w *writer) count(table string, shard int, first, last, n int64) {
	r := w.wrote[table]
	if r == nil {
		r = &run{ID: w.id, Rows: make([]int64, len(w.to)), First: first, Last: last, Tier: w.tier}
		w.wrote[table] = r
	}
	r.Rows[shard] += n
	r.First, r.Last = min(r.First, first), max(r.Last, last)
}

// flush sends what is gathered, to all shards at a time.
func (w *writer) flush() error {
	errs := make([]error, len(w.to))
	var wg sync.WaitGroup
	for shard := range w.to {
		wg.Go(func() {
			for table := range w.open {
				if err := w.send(table, shard); err != nil {
					errs[shard] = err
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// abort lets go of what was not sent. What was is in no commit.
func (w *writer) abort() {
	for _, b := range w.open {
		for _, batch := range b.batches {
			if batch != nil {
				_ = batch.Abort()
			}
		}
	}
}

// addTo adds the runs that were written to a state, once the other replicas that
// can be reached have them too: then the loss of one machine is none of rows.
func (w *writer) addTo(s *state) error {
	if err := w.flush(); err != nil {
		return err
	}
	var written []string
	only := newState("")
	for table, r := range w.wrote {
		written = append(written, table)
		only.Runs[table] = []run{*r}
		s.Runs[table] = append(s.Runs[table], *r)
	}
	slices.Sort(written)
	return w.db.settle(w.ctx, only, written)
}

// settle waits until every replica that can be reached has all rows of some runs;
// one a shard must, the others are not waited for without end.
func (db *DB) settle(ctx context.Context, s *state, tables []string) error {
	const pause = 20 * time.Millisecond
	deadline := time.Now().Add(db.opts.Settle)
	for shard, replicas := range db.fleet {
		for {
			have, missing := 0, 0
			var errs []error
			for _, r := range healthy(ctx, replicas) {
				whole, err := r.has(ctx, s, tables)
				switch {
				case err != nil:
					errs = append(errs, err)
				case whole:
					have++
				default:
					missing++
				}
			}
			late := !time.Now().Before(deadline)
			if have > 0 && (missing == 0 || late) {
				break
			}
			if late || ctx.Err() != nil {
				return fmt.Errorf("no replica of shard %d has all that was written to it: %w", shard+1, errors.Join(append(errs, ctx.Err())...))
			}
			time.Sleep(pause)
		}
	}
	return nil
}
