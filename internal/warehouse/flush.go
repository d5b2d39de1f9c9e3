package warehouse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"playhead/internal/eventlog"
	"playhead/internal/rollup"
)

// flushAll flushes every FlushEvery, and when much has gathered.
func (l *Loader) flushAll(ctx context.Context) error {
	tick := time.NewTicker(l.opts.FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if err := l.askRotate(ctx); err != nil {
				return err
			}
		case <-l.wake:
		}
		if err := l.flushRetrying(ctx); err != nil {
			return err
		}
	}
}

// maintainAll tidies up the database every MaintainEvery, beside the flushes:
// the database takes turns step by step, so that no flush waits for all of it.
func (l *Loader) maintainAll(ctx context.Context) error {
	tick := time.NewTicker(l.opts.MaintainEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := l.store.db.Maintain(ctx, l.opts.Clock().UnixMilli()); err != nil && ctx.Err() == nil {
			l.opts.Logger.Warn("the warehouse was not tidied up; it will be tried again", "error", err)
		}
	}
}

// askRotate has the reader seal the open generation.
func (l *Loader) askRotate(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case l.rotate <- done:
		<-done
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flushRetrying flushes, and tries again with growing pauses while the database
// refuses. Facts wait in the log meanwhile. ErrGap is final.
func (l *Loader) flushRetrying(ctx context.Context) error {
	const most = 10 * time.Second
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, most) {
		err := l.flushOnce(ctx)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrGap):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		l.mu.Lock()
		l.flush.Failures++
		l.mu.Unlock()
		l.opts.Logger.Warn("the warehouse refused a flush; it will be tried again", "error", err, "pause", pause)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// flushOnce hands the sealed generations to the database, not many at a time:
// what has gathered while it was out of reach must not be more than it can take.
// What is too much for its memory all the same goes one by one.
func (l *Loader) flushOnce(ctx context.Context) error {
	most := l.opts.FlushBytes
	for {
		list := l.store.pending()
		n, bytes := 0, int64(0)
		for n < len(list) && (n == 0 || bytes < most) {
			bytes += list[n].Size().Bytes
			n++
		}
		if n == 0 {
			return nil
		}
		err := l.flushSome(ctx, list[:n])
		if m := (*MemoryError)(nil); n > 1 && errors.As(err, &m) {
			most = 0
			continue
		}
		if err != nil {
			return err
		}
	}
}

// flushSome hands generations to the database and lets go of them, and then of
// the facts that nobody will read again.
func (l *Loader) flushSome(ctx context.Context, generations []*rollup.Generation) error {
	start := l.opts.Clock()
	if err := l.store.db.Apply(ctx, generations); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	l.store.flushed(generations)
	notify(l.drained)
	l.mu.Lock()
	l.flush.Flushes++
	l.flush.Last = l.opts.Clock().Sub(start)
	l.mu.Unlock()
	var reached []Offset
	for _, g := range generations {
		reached = advance(reached, g.Progress())
	}
	if err := l.trim(ctx, reached); err != nil {
		l.opts.Logger.Warn("facts that were flushed were not trimmed; it will be tried again", "error", err)
	}
	return nil
}

// sample notes now and then at what offset which time was: one a few seconds is
// enough for trimming.
func (l *Loader) sample(partition int32, e eventlog.Entry) {
	const every = 5_000 // ms
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.samples[partition]
	if n := len(list); n > 0 && e.ReceivedAt < list[n-1].receivedAt+every {
		return
	}
	l.samples[partition] = append(list, sample{e.Offset, e.ReceivedAt})
}

// trim lets go of facts that are flushed and older than KeepFacts.
func (l *Loader) trim(ctx context.Context, reached []Offset) error {
	before := l.opts.Clock().Add(-l.opts.KeepFacts).UnixMilli()
	var errs []error
	for _, o := range reached {
		l.mu.Lock()
		list := l.samples[o.Partition]
		for len(list) > 1 && list[1].receivedAt < before && list[1].offset <= o.End {
			list = list[1:]
		}
		l.samples[o.Partition] = list
		l.mu.Unlock()
		if len(list) == 0 || list[0].receivedAt >= before || list[0].offset > o.End {
			continue
		}
		errs = append(errs, l.log.Trim(ctx, eventlog.Facts, eventlog.Cursor{Partition: o.Partition, Offset: list[0].offset}))
	}
	return errors.Join(errs...)
}

// Reached are the next offsets of facts to be read, by partition; none before Run
// has found out.
func (l *Loader) Reached() []eventlog.Cursor {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]eventlog.Cursor(nil), l.applied...)
}

// Stats are for operators.
func (l *Loader) Stats(ctx context.Context) LoaderStats {
	sealed, all := l.store.unflushed()
	st := LoaderStats{UnflushedBytes: all, SealedBytes: sealed, Batches: l.batches.Load(), Events: l.events.Load(), FreshTo: l.store.FreshTo()}
	l.mu.Lock()
	st.FlushStats = l.flush
	applied := append([]eventlog.Cursor(nil), l.applied...)
	l.mu.Unlock()
	for _, c := range applied {
		if _, next, err := l.log.Bounds(ctx, eventlog.Facts, c.Partition); err == nil {
			st.LagRecords += max(0, next-c.Offset)
		}
	}
	return st
}
