package warehouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"playhead/internal/eventlog"
	"playhead/internal/fact"
)

// Observer is told every batch of facts once, in order within a partition, on
// the loader's goroutine: it must be quick and keep nothing of b. After a start
// it is first told the batches of the last KeepFacts again, so that what it
// keeps in memory comes back.
type Observer func(partition int32, offset int64, b *fact.Batch)

// LoaderOptions of a Loader.
type LoaderOptions struct {
	Clock  func() time.Time
	Logger *slog.Logger
	// FlushEvery is the longest that facts stay in memory only; 0 is 10 s.
	FlushEvery time.Duration
	// FlushBytes of sealed generations are flushed at once; 0 is 12 MiB.
	FlushBytes int64
	// MaxBytes of unflushed generations stop the reading until the database
	// catches up; 0 is 32 MiB.
	MaxBytes int64
	// MaintainEvery is how often the database is tidied up; 0 is 30 s.
	MaintainEvery time.Duration
	// KeepFacts is how long facts that were flushed stay in the log for
	// observers; 0 is 15 min.
	KeepFacts time.Duration
	// StopWithin bounds the last flush; 0 is 2 s. What it does not reach is in the log.
	StopWithin time.Duration
	// Observers are told every batch.
	Observers []Observer
}

// Loader brings facts from the log to a store and to observers.
type Loader struct {
	log   eventlog.Log
	store *Store
	opts  LoaderOptions

	rotate  chan chan struct{} // asks the reader to seal the open generation
	wake    chan struct{}      // tells the flusher that there is much to flush
	drained chan struct{}      // tells the reader that something was flushed

	mu      sync.Mutex
	applied []eventlog.Cursor // by partition
	samples [][]sample        // by partition, oldest first
	flush   FlushStats

	batches, events atomic.Int64
}

// sample says when the log took the record before an offset.
type sample struct {
	offset, receivedAt int64
}

// FlushStats say how flushing goes.
type FlushStats struct {
	Flushes, Failures int64
	Last              time.Duration
}

// LoaderStats are for operators.
type LoaderStats struct {
	FlushStats
	// UnflushedBytes of generations are in memory only.
	UnflushedBytes int64
	// SealedBytes of them are of generations that only wait for the database, or
	// are being written to it.
	SealedBytes int64
	// Batches applied since the start, and events that they consumed.
	Batches, Events int64
	// LagRecords is how many facts wait in the log.
	LagRecords int64
	FreshTo    int64 // epoch ms
}

// NewLoader returns a loader that Run starts.
func NewLoader(log eventlog.Log, store *Store, opts LoaderOptions) *Loader {
	setDuration := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	setDuration(&opts.FlushEvery, 10*time.Second)
	setDuration(&opts.MaintainEvery, 30*time.Second)
	setDuration(&opts.KeepFacts, 15*time.Minute)
	setDuration(&opts.StopWithin, 2*time.Second)
	if opts.FlushBytes == 0 {
		opts.FlushBytes = 12 << 20
	}
	if opts.MaxBytes == 0 {
		opts.MaxBytes = 32 << 20
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	return &Loader{
		log: log, store: store, opts: opts,
		rotate: make(chan chan struct{}), wake: make(chan struct{}, 1), drained: make(chan struct{}, 1),
		samples: make([][]sample, log.Partitions()),
	}
}

// Run loads until ctx is done, then flushes what it has and returns nil. It
// returns early only when the log is broken or facts are missing from it.
func (l *Loader) Run(ctx context.Context) error {
	if err := l.start(ctx); err != nil {
		return stopped(ctx, err)
	}
	g, run := errgroup.WithContext(ctx)
	g.Go(func() error { return l.readAll(run) })
	g.Go(func() error { return l.flushAll(run) })
	g.Go(func() error { return l.maintainAll(run) })
	err := stopped(ctx, g.Wait())
	l.store.rotate()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.opts.StopWithin)
	defer cancel()
	flush := l.flushOnce(last)
	if flush != nil && last.Err() != nil {
		l.opts.Logger.Info("the last flush was broken off; the next start reads its facts from the log again", "within", l.opts.StopWithin)
		flush = nil
	}
	return errors.Join(err, flush)
}

// stopped turns the error that an orderly stop causes into none.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// start finds where to read on, and tells observers what they knew.
func (l *Loader) start(ctx context.Context) error {
	offsets, err := l.store.db.Offsets(ctx)
	if err != nil {
		return fmt.Errorf("start loading: %w", err)
	}
	cursors := make([]eventlog.Cursor, l.log.Partitions())
	for p := range cursors {
		first, next, err := l.log.Bounds(ctx, eventlog.Facts, int32(p))
		if err != nil {
			return fmt.Errorf("start loading partition %d: %w", p, err)
		}
		cursors[p] = eventlog.Cursor{Partition: int32(p), Offset: first}
		for _, o := range offsets {
			if int(o.Partition) != p {
				continue
			}
			if o.End < first {
				return fmt.Errorf("start loading partition %d at %d: %w: the log begins at %d", p, o.End, ErrGap, first)
			}
			if o.End > next {
				return fmt.Errorf("start loading partition %d at %d: %w: the log ends at %d: it is not the one that the warehouse was filled from, or has lost its end", p, o.End, ErrGap, next)
			}
			if err := l.remember(ctx, int32(p), o.End); err != nil {
				return err
			}
			cursors[p].Offset = o.End
		}
	}
	l.mu.Lock()
	l.applied = cursors
	l.mu.Unlock()
	return nil
}

// remember tells observers the batches of the last KeepFacts that are in the
// database already.
func (l *Loader) remember(ctx context.Context, partition int32, end int64) error {
	since := l.opts.Clock().Add(-l.opts.KeepFacts).UnixMilli()
	// A log that others read keeps days: only its end is read again.
	at, err := eventlog.Since(ctx, l.log, eventlog.Facts, partition, since)
	if err != nil {
		return fmt.Errorf("find the last facts of partition %d: %w", partition, err)
	}
	from := eventlog.Cursor{Partition: partition, Offset: at}
	var b fact.Batch
	for from.Offset < end {
		next, err := l.log.Read(ctx, eventlog.Facts, from, readBytes, func(e eventlog.Entry) error {
			if e.Offset >= end || e.ReceivedAt < since {
				return nil
			}
			l.sample(from.Partition, e)
			if err := fact.DecodeBatch(e.Data, &b); err != nil {
				return err
			}
			for _, o := range l.opts.Observers {
				o(from.Partition, e.Offset, &b)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read facts again, partition %d: %w", from.Partition, err)
		}
		if next <= from.Offset {
			return nil
		}
		from.Offset = next
	}
	return nil
}

const readBytes = 1 << 20

// readAll reads partition after partition, and waits when there is nothing.
func (l *Loader) readAll(ctx context.Context) error {
	cursors := append([]eventlog.Cursor(nil), l.applied...)
	// Where the batch before ended: the cursor may be past what the log leaves out.
	ends := make([]int64, len(cursors))
	for i := range cursors {
		ends[i] = cursors[i].Offset
	}
	var b fact.Batch
	for {
		moved := false
		for i := range cursors {
			if err := l.pause(ctx); err != nil {
				return err
			}
			next, err := l.readSome(ctx, cursors[i], &ends[i], &b)
			if err != nil {
				return err
			}
			if next != cursors[i].Offset {
				moved = true
				cursors[i].Offset = next
				l.progress(cursors[i])
			}
			l.answer()
		}
		if moved {
			continue
		}
		if err := l.wait(ctx, cursors); err != nil {
			return err
		}
	}
}

// readSome applies some batches of one partition, and moves the end of what is
// applied.
func (l *Loader) readSome(ctx context.Context, c eventlog.Cursor, end *int64, b *fact.Batch) (int64, error) {
	next, err := l.log.Read(ctx, eventlog.Facts, c, readBytes, func(e eventlog.Entry) error {
		if err := fact.DecodeBatch(e.Data, b); err != nil {
			return fmt.Errorf("facts %d: %w", e.Offset, err)
		}
		if err := l.store.apply(*end, e.Offset, b); err != nil {
			return err
		}
		*end = e.Offset + 1
		for _, o := range l.opts.Observers {
			o(c.Partition, e.Offset, b)
		}
		l.sample(c.Partition, e)
		l.batches.Add(1)
		l.events.Add(b.Counts.Events)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("load partition %d: %w", c.Partition, err)
	}
	l.store.rotateIfLarge()
	if sealed, _ := l.store.unflushed(); sealed >= l.opts.FlushBytes {
		notify(l.wake)
	}
	return next, nil
}

// answer seals the open generation if the flusher has asked for it.
func (l *Loader) answer() {
	select {
	case done := <-l.rotate:
		l.store.rotate()
		close(done)
	default:
	}
}

// wait returns when there is more to read; meanwhile it answers the flusher.
func (l *Loader) wait(ctx context.Context, cursors []eventlog.Cursor) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	more := make(chan error, 1)
	go func() { more <- l.log.Wait(waiting, eventlog.Facts, cursors) }()
	for {
		select {
		case err := <-more:
			return err
		case done := <-l.rotate:
			l.store.rotate()
			close(done)
		}
	}
}

// pause waits while too much is in memory: the log keeps the rest.
func (l *Loader) pause(ctx context.Context) error {
	for {
		_, all := l.store.unflushed()
		if all < l.opts.MaxBytes {
			return nil
		}
		l.store.rotate()
		notify(l.wake)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.drained:
		case done := <-l.rotate:
			close(done)
		}
	}
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (l *Loader) progress(c eventlog.Cursor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.applied[c.Partition] = c
}
