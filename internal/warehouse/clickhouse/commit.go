package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// epochShift: the numbers of an open begin with its time, epoch ms, shifted by so much.
const epochShift = 20

// next is a number that nobody had before.
func (db *DB) next() int64 {
	db.last++
	return db.last
}

// recover finds the state to go on from: the latest whose runs are all there. A
// server that lost its last rows with its power, or a commit that no reachable
// replica has, costs no exactness: the log has the facts, and the state says where
// to read on.
func (db *DB) recover(ctx context.Context) (*state, error) {
	db.reachAll(ctx)
	have := map[*replica]map[string]map[int64]int64{}
	var states []*state
	var errs []error
	for s, replicas := range db.fleet {
		reached := false
		for _, r := range replicas {
			parts, err := r.parts(ctx)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			have[r], reached = parts, true
			list, err := r.states(ctx)
			if errors.Is(err, ErrNewer) {
				return nil, err
			}
			if err != nil {
				errs = append(errs, err)
			}
			states = append(states, list...)
			for _, s := range list {
				db.seen = max(db.seen, s.Seq)
			}
			for _, runs := range parts {
				for id := range runs {
					db.last = max(db.last, id)
				}
			}
		}
		if !reached {
			return nil, fmt.Errorf("no replica of shard %d can be reached: %w", s+1, errors.Join(errs...))
		}
	}
	// Two that open in the same millisecond begin at different numbers all the same.
	db.first = max(max(db.last, db.seen)>>epochShift+1, db.clock().UnixMilli())<<epochShift + rand.Int64N(1<<(epochShift-1))
	db.last = db.first
	slices.SortFunc(states, func(a, b *state) int { return int(min(1, max(-1, b.Seq-a.Seq))) })
	for i, s := range states {
		if db.wholeAnywhere(s, have) {
			if i > 0 && states[0].Seq != s.Seq {
				db.log.Warn("the latest commits of the warehouse name rows that no replica has; an earlier one is taken, and the log is read from there", "seq", s.Seq, "latest", states[0].Seq)
			}
			return s, nil
		}
	}
	if len(states) > 0 {
		return nil, ErrLost
	}
	return newState(db.zone.String()), nil
}

// lateCommit reports whether another process committed after this one looked for the
// latest state and before it claimed the database: what that commit condemned may be
// dropped at any time, so that the claim has to go by it. Errors: ErrTakenOver.
func (db *DB) lateCommit(ctx context.Context) (late bool, err error) {
	if err := db.sync(ctx); err != nil {
		db.log.Warn("a commit that came meanwhile may be on no server that can be reached", "error", err)
	}
	for _, r := range healthy(ctx, db.everybody()) {
		list, err := r.states(ctx)
		if err != nil {
			db.log.Warn("a replica was not asked for commits that came meanwhile", "error", err)
			continue
		}
		for _, s := range list {
			switch {
			case s.Seq > db.last:
				return false, ErrTakenOver
			case s.Seq > db.seen && s.Seq <= db.first:
				late = true
			}
		}
	}
	return late, ctx.Err()
}

// reachAll opens the connections to all replicas at a time: each makes its tables,
// which takes a while in a cluster. What cannot be reached is told where it matters.
func (db *DB) reachAll(ctx context.Context) {
	var wg sync.WaitGroup
	for _, r := range db.everybody() {
		wg.Go(func() { _, _ = r.open(ctx) })
	}
	wg.Wait()
}

// sync waits until a replica has all commits that any replica had written before, as
// ZooKeeper knows them. A single server has them.
func (db *DB) sync(ctx context.Context) error {
	var errs []error
	for _, r := range healthy(ctx, db.everybody()) {
		if !r.cluster {
			return nil
		}
		conn, err := r.open(ctx)
		if err == nil {
			own, cancel := context.WithTimeout(ctx, db.opts.Settle)
			err = conn.Exec(own, "SYSTEM SYNC REPLICA "+tableCommits)
			cancel()
		}
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("wait for the commits at %s: %w", r.host, err))
	}
	return errors.Join(errs...)
}

// spread waits until most replicas that can be reached have a commit, but not without
// end: if it is lost with the one that has it, the log is read again.
func (db *DB) spread(ctx context.Context, seq int64) {
	const pause = 10 * time.Millisecond
	for deadline := time.Now().Add(db.opts.Settle); ctx.Err() == nil && time.Now().Before(deadline); time.Sleep(pause) {
		all, have := healthy(ctx, db.everybody()), 0
		for _, r := range all {
			if latest, err := r.latest(ctx); err == nil && latest >= seq {
				have++
			}
		}
		if 2*have > len(all) {
			return
		}
	}
}

// ErrLost: no state has all of its rows any more.
var ErrLost = errors.New("ClickHouse lacks rows that were committed; restore its data, or fill another database from the lake")

// wholeAnywhere reports whether each shard has a replica with all rows of a state.
func (db *DB) wholeAnywhere(s *state, have map[*replica]map[string]map[int64]int64) bool {
	whole := func(r *replica) bool {
		parts, ok := have[r]
		if !ok {
			return false
		}
		for t, runs := range s.Runs {
			for i := range runs {
				if len(runs[i].Rows) != len(db.fleet) || parts[t][runs[i].ID] != runs[i].Rows[r.shard] {
					return false
				}
			}
		}
		return true
	}
	for _, replicas := range db.fleet {
		if !slices.ContainsFunc(replicas, whole) {
			return false
		}
	}
	return true
}

// states are the latest commits that a replica has.
func (r *replica) states(ctx context.Context) (list []*state, err error) {
	conn, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	var text string
	err = each(ctx, conn, fmt.Sprintf("SELECT state FROM %s ORDER BY seq DESC LIMIT %d", tableCommits, commitsAPart), func(rows driver.Rows) error {
		if err := rows.Scan(&text); err != nil {
			return err
		}
		s, err := decodeState(text)
		list = append(list, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the commits at %s: %w", r.host, r.note(ctx, err))
	}
	return list, nil
}

// commit publishes a state: what it says counts from now on. It may fail and be
// there all the same; the next one says everything too. Errors: ErrTakenOver.
func (db *DB) commit(ctx context.Context, s *state) error {
	s.Seq = db.next()
	text, err := s.encode()
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range inOrder(ctx, db.everybody()) {
		err := r.commit(ctx, s.Seq, db.clock().UnixMilli(), text)
		if err == nil {
			db.state.Store(s)
			if r.cluster {
				db.spread(ctx, s.Seq)
			}
			return nil
		}
		if !errors.Is(err, ErrTakenOver) {
			_ = r.note(ctx, err) // it is told below
		}
		errs = append(errs, fmt.Errorf("commit at %s: %w", r.host, err))
		if errors.Is(err, ErrTakenOver) || ctx.Err() != nil {
			break
		}
		s.Seq = db.next() // the one in doubt is left behind
		if text, err = s.encode(); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// commit writes a commit. seq is the greatest number that this process gave. It looks
// for a greater one before, and after: whoever takes over writes theirs and looks then
// whether there is another, so that one of the two sees the other's.
func (r *replica) commit(ctx context.Context, seq, at int64, text string) error {
	conn, err := r.open(ctx)
	if err != nil {
		return err
	}
	if err := r.newest(ctx, seq); err != nil {
		return err
	}
	b, err := conn.PrepareBatch(ctx, commitTable().insert())
	if err != nil {
		return err
	}
	if err := b.Append(seq, at, text); err != nil {
		return errors.Join(err, b.Abort())
	}
	if err := b.Send(); err != nil {
		return err
	}
	return r.newest(ctx, seq)
}

// newest makes sure that the replica knows no commit after one. Errors: ErrTakenOver.
func (r *replica) newest(ctx context.Context, seq int64) error {
	latest, err := r.latest(ctx)
	if err == nil && latest > seq {
		err = ErrTakenOver
	}
	return err
}

// latest is the number of the latest commit that a replica has, 0 for none.
func (r *replica) latest(ctx context.Context) (seq int64, err error) {
	conn, err := r.open(ctx)
	if err != nil {
		return 0, err
	}
	err = each(ctx, conn, "SELECT max(seq) FROM "+tableCommits, func(rows driver.Rows) error { return rows.Scan(&seq) })
	return seq, r.note(ctx, err)
}

// everybody are all replicas.
func (db *DB) everybody() (list []*replica) {
	for _, replicas := range db.fleet {
		list = append(list, replicas...)
	}
	return list
}

// chainTables are the tables that the cells of a source may be in.
func chainTables(s rollup.Source) (list []string) {
	for _, c := range layout.Chain(s) {
		list = append(list, layout.TableOf(c))
	}
	return list
}
