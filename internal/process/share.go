package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"playhead/internal/eventlog"
)

// sharing is a run over the partitions of a shared log that are assigned to this
// process, while that changes.
type sharing struct {
	*Runner
	taking map[int32]bool      // being restored
	again  map[int32]time.Time // not before, after it failed
	taken  chan taken
	group  errgroup.Group // of those that restore
	// final ends a while after the run was told to: what is under way has so long.
	final context.Context
}

// taken is a partition that is restored, or why it is not.
type taken struct {
	partition *partition
	err       error
	claim     time.Duration // until its stored state was here
	restore   time.Duration // until it was where it had been
	replayed  int64
}

const (
	// shareEvery is how long a wait for events takes at most, before it is looked
	// what is assigned.
	shareEvery = 100 * time.Millisecond
	// takeAgain is when a partition that failed is claimed again.
	takeAgain = 500 * time.Millisecond
)

// share processes what is assigned until ctx ends, then snapshots and lets go. A
// partition that another process took, or whose commit failed, is left and restored
// if it is still to be processed here; others do not notice.
func (r *Runner) share(ctx context.Context) error {
	s := &sharing{Runner: r, taking: map[int32]bool{}, again: map[int32]time.Time{}, taken: make(chan taken, r.log.Partitions())}
	r.tickAll()
	claiming, stop := context.WithCancel(ctx)
	defer stop()
	final, release := lasting(ctx, stopWithin)
	defer release()
	s.final = final
	err := r.ticked(ctx, func(ctx context.Context) error { return s.epochs(ctx, claiming) })
	stop()
	_ = s.group.Wait() // errors went to taken
	r.stats.ready.Store(false)
	r.stats.partitions.Store(0)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil
	}
	if err == nil {
		err = s.leave()
	}
	for _, p := range r.parts {
		r.shared.Release(p.number)
	}
	return err
}

// leave commits what is read and snapshots, so that whoever is next replays nothing.
func (s *sharing) leave() error {
	err := s.final.Err()
	if err == nil {
		err = s.step(s.final, true)
	}
	if err != nil && s.final.Err() != nil {
		s.config.Logger.Warn("stopping without a snapshot: Kafka did not answer in time; nothing is lost, the next owner replays", "partitions", len(s.parts), "waited", stopWithin, "for", err)
		return nil
	}
	return err
}

// epochs runs epoch after epoch over what there is.
func (s *sharing) epochs(ctx, claiming context.Context) error {
	last := time.Now()
	for {
		if err := s.turn(ctx, claiming); err != nil {
			return err
		}
		cursors := make([]eventlog.Cursor, len(s.parts))
		for i, p := range s.parts {
			cursors[i] = eventlog.Cursor{Partition: p.number, Offset: p.next}
		}
		if len(cursors) == 0 {
			if err := sleep(ctx, shareEvery); err != nil {
				return err
			}
			continue
		}
		waiting, cancel := context.WithTimeout(ctx, shareEvery)
		err := s.log.Wait(waiting, eventlog.Events, cursors)
		cancel()
		if err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
			return errors.Join(ctx.Err(), err)
		}
		if err := sleep(ctx, s.config.Epoch-time.Since(last)); err != nil {
			return err
		}
		last = time.Now()
		if err := s.step(ctx, false); err != nil {
			return err
		}
	}
}

// turn looks what is assigned: it lets go of what is not, begins to restore what is
// new and takes what is restored.
func (s *sharing) turn(ctx, claiming context.Context) error {
	assigned, _, err := s.shared.Assignment(ctx)
	if err != nil {
		return fmt.Errorf("ask for what to process: %w", err)
	}
	var gone []*partition
	for _, p := range s.parts {
		if !slices.Contains(assigned, p.number) {
			gone = append(gone, p)
		}
	}
	if len(gone) > 0 {
		if err := s.commitEach(ctx, gone, true); err != nil {
			return err
		}
		for _, p := range gone {
			s.drop(p)
		}
		s.config.Logger.Info("let go of partitions", "partitions", len(gone), "left", len(s.parts))
	}
	for more := true; more; {
		select {
		case t := <-s.taken:
			s.take(ctx, t, assigned)
		default:
			more = false
		}
	}
	for _, n := range assigned {
		if !s.taking[n] && !s.has(n) && time.Now().After(s.again[n]) {
			s.taking[n] = true
			p := newPartition(n, s.Runner)
			s.group.Go(func() error {
				s.taken <- s.restoreShared(claiming, p)
				return nil
			})
		}
	}
	// A spare one, of more processors than there are partitions, has nothing to restore.
	s.stats.ready.Store(assigned != nil && len(s.parts) == len(assigned))
	s.stats.partitions.Store(int64(len(s.parts)))
	return nil
}

// restoreShared claims a partition and brings it to where it was.
func (s *sharing) restoreShared(ctx context.Context, p *partition) (t taken) {
	began := time.Now()
	t.partition = p
	if t.err = s.shared.Claim(ctx, p.number); t.err != nil {
		return t
	}
	t.claim = time.Since(began)
	if t.err = p.restore(ctx); t.err != nil {
		return t
	}
	t.restore, t.replayed = time.Since(began)-t.claim, p.next-p.snapshot
	if s.config.Taken != nil {
		t.err = s.config.Taken(ctx, p.number)
	}
	return t
}

// take adds a partition that was restored, if it is still to be processed here.
func (s *sharing) take(ctx context.Context, t taken, assigned []int32) {
	n := t.partition.number
	delete(s.taking, n)
	switch {
	case t.err == nil && slices.Contains(assigned, n):
		s.parts = append(s.parts, t.partition)
		slices.SortFunc(s.parts, func(a, b *partition) int { return cmp.Compare(a.number, b.number) })
		s.tickAll()
		s.config.Logger.Info("took a partition", "partition", n, "open_plays", t.partition.engine.OpenPlays(), "offset", t.partition.next,
			"claimed_in", t.claim.Round(time.Millisecond), "restored_in", t.restore.Round(time.Millisecond), "replayed", t.replayed)
		return
	case t.err != nil && ctx.Err() == nil:
		s.config.Logger.Warn("a partition could not be taken over: trying again", "partition", n, "error", t.err)
	}
	s.again[n] = time.Now().Add(takeAgain)
	s.shared.Release(n)
}

func (s *sharing) has(number int32) bool {
	return slices.ContainsFunc(s.parts, func(p *partition) bool { return p.number == number })
}

// drop forgets a partition; what of it is not committed comes again from the log.
func (s *sharing) drop(p *partition) {
	s.parts = slices.DeleteFunc(s.parts, func(q *partition) bool { return p == q })
	s.tickAll()
	s.shared.Release(p.number)
}

// step is one epoch of every partition.
func (s *sharing) step(ctx context.Context, snapshot bool) error {
	start := time.Now()
	if err := s.commitEach(ctx, slices.Clone(s.parts), snapshot); err != nil {
		return err
	}
	s.stats.commitMillis.Store(time.Since(start).Milliseconds())
	s.stats.epochs.Add(1)
	return s.after(ctx)
}

// commitEach folds and commits partitions side by side, each by itself. One that
// cannot go on is dropped.
func (s *sharing) commitEach(ctx context.Context, parts []*partition, snapshot bool) error {
	errs := make([]error, len(parts))
	var group errgroup.Group
	for i, p := range parts {
		group.Go(func() error {
			if err := p.fold(ctx, snapshot); err != nil {
				return err
			}
			if p.tx.To > p.tx.From || p.tx.Snapshot {
				errs[i] = s.log.Commit(s.final, []eventlog.Transaction{p.tx})
			}
			return nil
		})
	}
	failed := group.Wait()
	for i, p := range parts { // also then: what is not committed is not folded on
		switch err := errs[i]; {
		case err == nil:
		case errors.Is(err, eventlog.ErrNotClaimed) && s.final.Err() != nil:
			s.config.Logger.Warn("a commit was given up to stop: a broker did not answer in time; nothing is lost, the next owner goes on from what is committed",
				"partition", p.number, "waited", stopWithin, "for", err)
			s.drop(p)
		case errors.Is(err, eventlog.ErrNotClaimed):
			s.config.Logger.Warn("a partition is not committed: it is left, and restored if it is still to be processed here", "partition", p.number, "error", err)
			s.again[p.number] = time.Now().Add(takeAgain)
			s.drop(p)
		default:
			failed = errors.Join(failed, fmt.Errorf("commit an epoch of partition %d: %w", p.number, err))
		}
	}
	return failed
}
