package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// sweep drops runs that a commit condemned, once no reader can be at them. It first
// condemns what no state names: what a failed flush left.
//
// Nothing is dropped but what the latest commit condemns. A process that was stopped
// for a while, and wakes up in the middle of this after another one has taken the
// database over, then does no harm: what goes on from that commit never counts a
// condemned run again, however late it is dropped.
func (db *DB) sweep(ctx context.Context) error {
	drop, err := db.sweepable(ctx)
	if err != nil {
		return err
	}
	var errs []error
	gone := false
	for _, x := range drop {
		if err := x.at.drop(ctx, x.table, x.id); err != nil {
			errs = append(errs, err)
			continue
		}
		gone = true
	}
	if gone {
		errs = append(errs, db.forgetDead(ctx))
	}
	return errors.Join(errs...)
}

// rubbish is a partition of a replica that can go.
type rubbish struct {
	at    *replica
	table string
	id    int64
}

// sweepable are the partitions that can go. Numbers are given under the lock that it
// holds, so that what it sees and no state names is nobody's, unless it is the run of a
// process that took over: those have greater numbers. Errors: ErrTakenOver.
func (db *DB) sweepable(ctx context.Context) (list []rubbish, err error) {
	db.write.Lock()
	defer db.write.Unlock()
	found := map[*replica]map[string]map[int64]int64{}
	for _, r := range healthy(ctx, db.everybody()) {
		parts, err := r.parts(ctx)
		if err != nil {
			db.log.Warn("a replica was not swept; it will be tried again", "error", err)
			continue
		}
		found[r] = parts
	}
	if err := db.condemn(ctx, found); err != nil {
		return nil, err
	}
	s, oldest := db.state.Load(), db.oldest()
	before := db.clock().Add(-db.opts.Grace).UnixMilli()
	for r, parts := range found {
		for _, d := range s.Dead {
			if _, there := parts[d.Table][d.ID]; there && d.Seq < oldest && d.At < before {
				list = append(list, rubbish{r, d.Table, d.ID})
			}
		}
		list = append(list, r.oldCommits(parts[tableCommits])...)
	}
	if len(list) == 0 {
		return nil, ctx.Err()
	}
	agreed, err := db.agreed(ctx)
	if err != nil || !agreed {
		return nil, err
	}
	return list, nil
}

// condemn commits that runs which no state names are dead. Such a run may be in a
// commit that failed and arrived all the same: whoever takes over goes by a later one
// then, or has taken over already and this one fails. Errors: ErrTakenOver.
func (db *DB) condemn(ctx context.Context, found map[*replica]map[string]map[int64]int64) error {
	s := db.state.Load()
	known := map[dead]bool{}
	for t, runs := range s.Runs {
		for i := range runs {
			known[dead{Table: t, ID: runs[i].ID}] = true
		}
	}
	for _, d := range s.Dead {
		known[dead{Table: d.Table, ID: d.ID}] = true
	}
	next, now := s.clone(), db.clock().UnixMilli()
	for _, t := range tables() {
		for _, parts := range found {
			for id := range parts[t.name] {
				if id > db.last {
					return ErrTakenOver // whoever did is writing already
				}
				if d := (dead{Table: t.name, ID: id}); !known[d] {
					known[d] = true
					next.Dead = append(next.Dead, dead{t.name, id, s.Seq, now})
				}
			}
		}
	}
	if len(next.Dead) == len(s.Dead) {
		return nil
	}
	return db.commit(ctx, next)
}

// agreed reports whether most servers have the latest commit, so that no loss of one
// brings back an older one that counts what is dropped, and makes sure that nobody has
// taken over. Errors: ErrTakenOver.
func (db *DB) agreed(ctx context.Context) (bool, error) {
	everybody, have := db.everybody(), 0
	if err := db.sync(ctx); err != nil {
		db.log.Warn("nothing is dropped until the servers agree on the latest commit", "error", err)
		return false, ctx.Err()
	}
	for _, r := range healthy(ctx, everybody) {
		latest, err := r.latest(ctx)
		switch {
		case err != nil:
		case latest > db.last:
			return false, ErrTakenOver
		case latest >= db.state.Load().Seq:
			have++
		}
	}
	return 2*have > len(everybody), ctx.Err()
}

// oldCommits are the partitions of commits but for the last few.
func (r *replica) oldCommits(parts map[int64]int64) (list []rubbish) {
	const kept = 4
	ids := slices.Sorted(maps.Keys(parts))
	for _, id := range ids[:max(0, len(ids)-kept)] {
		list = append(list, rubbish{r, tableCommits, id})
	}
	return list
}

// drop drops a partition. One that is gone already, by way of another replica, is no error.
func (r *replica) drop(ctx context.Context, table string, id int64) error {
	conn, err := r.open(ctx)
	if err != nil {
		return err
	}
	if err := conn.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP PARTITION %d", table, id)); err != nil {
		return fmt.Errorf("drop %d of %s at %s: %w", id, table, r.host, r.note(ctx, err))
	}
	return nil
}

// forgetDead leaves the runs that are gone out of the state.
func (db *DB) forgetDead(ctx context.Context) error {
	db.write.Lock()
	defer db.write.Unlock()
	there := map[dead]bool{}
	for _, r := range db.everybody() {
		if !r.usable(ctx) {
			return nil
		}
		parts, err := r.parts(ctx)
		if err != nil {
			return nil // it may have them still: the next time
		}
		for table, runs := range parts {
			for id := range runs {
				there[dead{Table: table, ID: id}] = true
			}
		}
	}
	next := db.state.Load().clone()
	next.Dead = slices.DeleteFunc(next.Dead, func(d dead) bool { return !there[dead{Table: d.Table, ID: d.ID}] })
	return db.commit(ctx, next)
}
