package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"playhead/internal/event"
	"playhead/internal/eventlog"
	"playhead/internal/fact"
	"playhead/internal/journey"
	"playhead/internal/play"
)

// Config holds the runner's settings; zero values take the defaults.
type Config struct {
	Play    play.Config
	Journey journey.Config
	// Events and Facts are how records are written into the log.
	Events event.Form
	Facts  fact.Form
	// Epoch is the least time between two commits: what arrives meanwhile is
	// committed together. Default 60 ms.
	Epoch time.Duration
	// EpochBytes bounds what one epoch reads of one partition. Default 8 MiB over the
	// number of partitions, of four at least; so are the others that are shared.
	EpochBytes int
	// Tick is how often time is written into the log. Default 500 ms.
	Tick time.Duration
	// MaxStep is the most that one tick moves time on: longer than that nobody
	// listened. Many times Tick; a log must always be read with the same. Default 10 s.
	MaxStep time.Duration
	// Snapshot is how often changed states are stored, five times less often under load and up
	// to thirty times where they are many, and SnapshotEvents how many events of a partition
	// a restart may have to replay, a few microseconds each. Defaults 2 s and a million over
	// the number of partitions.
	Snapshot       time.Duration
	SnapshotEvents int
	// SnapshotStates is how many changed states of a partition are written together
	// as a rule: a snapshot is due when so many have changed, since what a crowd
	// that was silent brings about would fill the memory otherwise. Default 600,000 over
	// the number of partitions.
	SnapshotStates int
	// CommitBytes is about what one commit writes at most, if not one partition
	// alone has more: partitions know nothing of each other, but share a sync where
	// they can. Default 8 MiB.
	CommitBytes int
	// RetainEvents is how long processed events stay in the log. Default 1 h.
	RetainEvents time.Duration
	// Taken is told of each partition of a shared log that was taken over and
	// restored, before it is processed; nil tells nobody.
	Taken  func(ctx context.Context, partition int32) error
	Logger *slog.Logger

	// See partition.dueAt: of one partition, events and bytes.
	busyEvents, heavyBytes int
}

// withDefaults fills in what is not said, for a log of so many partitions: what one of them
// may take is a share of what all may, at most a quarter and, of very many, not next to
// nothing.
func (c Config) withDefaults(partitions int32) Config {
	or := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	or(&c.Epoch, 60*time.Millisecond)
	or(&c.Tick, 500*time.Millisecond)
	or(&c.MaxStep, 10*time.Second)
	or(&c.Snapshot, 2*time.Second)
	or(&c.RetainEvents, time.Hour)
	each := func(n *int, all, least int) {
		if *n <= 0 {
			*n = max(least, all/int(max(4, partitions)))
		}
	}
	each(&c.EpochBytes, 8<<20, 256<<10)
	each(&c.SnapshotEvents, 1_000_000, 20_000)
	each(&c.SnapshotStates, 600_000, 10_000)
	each(&c.busyEvents, 80_000, 1_000)
	each(&c.heavyBytes, 4<<20, 64<<10)
	if c.CommitBytes <= 0 {
		c.CommitBytes = 8 << 20
	}
	if c.Play == (play.Config{}) {
		c.Play = play.DefaultConfig()
		c.Play.MaxOpenPlays = 0
		each(&c.Play.MaxOpenPlays, 8_000_000, 100_000)
	}
	if c.Journey == (journey.Config{}) {
		c.Journey = journey.DefaultConfig()
		c.Journey.MaxViewers = 0
		each(&c.Journey.MaxViewers, 800_000, 10_000)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Stats is what the runner did since it started, and what it holds.
type Stats struct {
	Events, Duplicates, LateDropped int64
	// Evicted is what did not fit into the bounds of one play or viewer.
	Evicted            int64
	OpenPlays, Viewers int64
	// LateHorizon and LateClosed are the LateDropped by reason.
	LateHorizon, LateClosed int64
	// Across is how many viewers are in memory for what they do across plays,
	// AcrossBytes about how much memory that takes.
	Across, AcrossBytes int64
	// PlayBytes is about how much memory plays take: those that are open, and those
	// that closed in the last minute.
	PlayBytes         int64
	Epochs, Snapshots int64
	// LagRecords is how many records of "events" are not processed yet.
	LagRecords int64
	// UnheardMillis is how much of the log's receipt time passed without ticks,
	// since there is the log: the server was down, or the clock jumped ahead.
	UnheardMillis int64
	// CommitMillis is how long the last commit took.
	CommitMillis int64
	// Ready is true once state is restored and the replay after a crash is done: of a
	// shared log that of all partitions that are assigned, which may be none.
	Ready bool
	// Partitions are those that are processed here.
	Partitions int64
}

// Runner processes all partitions of a log. Make one with New, run it once.
type Runner struct {
	config Config
	log    eventlog.Log
	store  eventlog.StateStore
	shared eventlog.Shared // nil where this process has all partitions
	parts  []*partition
	made   time.Time // moments are told from it
	// ticking are the partitions that get ticks from here.
	ticking  atomic.Pointer[[]int32]
	measured time.Time       // when the lag of a shared log was
	final    context.Context // ends a while after the run was told to
	// pending is set while folded events are not committed: engines are ahead
	// of the log and only a new run can go on.
	pending bool
	stats   struct {
		events, duplicates, late, evicted, open, viewers atomic.Int64
		lateHorizon, lateClosed, across, acrossBytes     atomic.Int64
		playBytes, partitions                            atomic.Int64
		epochs, snapshots, lag, commitMillis, unheard    atomic.Int64
		ready                                            atomic.Bool
	}
}

// New returns a runner over every partition of the log, or over those that a store
// which is eventlog.Shared assigns.
func New(log eventlog.Log, store eventlog.StateStore, c Config) *Runner {
	r := &Runner{config: c.withDefaults(log.Partitions()), log: log, store: store, made: time.Now()}
	r.shared, _ = store.(eventlog.Shared)
	return r
}

// Stats may be called at any time.
func (r *Runner) Stats() Stats {
	s := &r.stats
	return Stats{
		Events: s.events.Load(), Duplicates: s.duplicates.Load(), LateDropped: s.late.Load(), Evicted: s.evicted.Load(),
		LateHorizon: s.lateHorizon.Load(), LateClosed: s.lateClosed.Load(), Across: s.across.Load(), AcrossBytes: s.acrossBytes.Load(), PlayBytes: s.playBytes.Load(),
		OpenPlays: s.open.Load(), Viewers: s.viewers.Load(), Epochs: s.epochs.Load(), Snapshots: s.snapshots.Load(),
		LagRecords: s.lag.Load(), CommitMillis: s.commitMillis.Load(), UnheardMillis: s.unheard.Load(), Ready: s.ready.Load(), Partitions: s.partitions.Load(),
	}
}

// Processing are the partitions that are processed here now.
func (r *Runner) Processing() []int32 {
	if list := r.ticking.Load(); list != nil {
		return slices.Clone(*list)
	}
	return nil
}

// Run restores state and processes until ctx ends, then snapshots, so that the
// next start replays nothing. It returns nil on an orderly stop.
func (r *Runner) Run(ctx context.Context) error {
	if r.shared != nil {
		return r.share(ctx)
	}
	start := time.Now()
	if err := r.restore(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped while restoring: nothing was changed
		}
		return fmt.Errorf("restore state: %w", err)
	}
	r.stats.open.Store(int64(r.count()))
	r.stats.ready.Store(true)
	r.stats.partitions.Store(int64(len(r.parts)))
	r.config.Logger.Info("processing", "partitions", len(r.parts), "open_plays", r.count(), "restored_in", time.Since(start).Round(time.Millisecond))
	r.tickAll()
	final, release := lasting(ctx, stopWithin)
	defer release()
	r.final = final
	return r.ticked(ctx, r.epochs)
}

// stopWithin is for how long what is under way goes on once the run was told to end.
// All that was acknowledged is in the log: what is not committed by then is folded again
// by the next start, or by the partition's next owner.
const stopWithin = 3 * time.Second

// lasting is a context that ends so long after ctx, or when it is released.
func lasting(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(after, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

// ticked runs something beside the ticks.
func (r *Runner) ticked(ctx context.Context, run func(context.Context) error) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	var ticker errgroup.Group
	ticker.Go(func() error {
		defer stop() // without ticks nothing closes: better no run at all
		return r.tick(running)
	})
	err := run(running)
	stop()
	return errors.Join(err, ticker.Wait())
}

// tickAll has every partition that is processed here ticked.
func (r *Runner) tickAll() {
	list := make([]int32, len(r.parts))
	for i, p := range r.parts {
		list[i] = p.number
	}
	r.ticking.Store(&list)
}

func (r *Runner) count() (open int) {
	for _, p := range r.parts {
		open += p.engine.OpenPlays()
	}
	return open
}

func (r *Runner) restore(ctx context.Context) error {
	group, gctx := errgroup.WithContext(ctx)
	for n := range r.log.Partitions() {
		p := newPartition(n, r)
		r.parts = append(r.parts, p)
		group.Go(func() error { return p.restore(gctx) })
	}
	return group.Wait()
}

// tick writes time into the partitions that are processed here.
func (r *Runner) tick(ctx context.Context) error {
	t := time.NewTicker(r.config.Tick)
	defer t.Stop()
	var records []eventlog.Record
	data := r.config.Events.AppendTick(nil)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		records = records[:0]
		for _, p := range *r.ticking.Load() {
			records = append(records, eventlog.Record{Partition: p, Data: data})
		}
		err := r.log.Append(ctx, eventlog.Events, records)
		switch {
		case err == nil, ctx.Err() != nil, errors.Is(err, eventlog.ErrFull):
		case r.shared != nil: // it is tried again; silence that nobody heard ends nothing
			r.config.Logger.Warn("time could not be written into the log", "error", err)
		default:
			return fmt.Errorf("write a tick: %w", err)
		}
	}
}

// epochs runs epoch after epoch until ctx ends.
func (r *Runner) epochs(ctx context.Context) error {
	cursors := make([]eventlog.Cursor, len(r.parts))
	last := time.Now()
	for {
		for i, p := range r.parts {
			cursors[i] = eventlog.Cursor{Partition: p.number, Offset: p.next}
		}
		if err := r.log.Wait(ctx, eventlog.Events, cursors); err != nil {
			return r.stop(ctx, err)
		}
		if err := sleep(ctx, r.config.Epoch-time.Since(last)); err != nil {
			return r.stop(ctx, err)
		}
		last = time.Now()
		if err := r.epoch(ctx, false); err != nil {
			return r.stop(ctx, err)
		}
	}
}

// stop ends Run: after an orderly stop everything read is committed and the
// state is snapshotted.
func (r *Runner) stop(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	if r.pending {
		r.config.Logger.Warn("stopping without a snapshot: the last epoch was not committed and will be replayed")
		return nil
	}
	if err = r.final.Err(); err == nil {
		err = r.epoch(r.final, true)
	}
	if err != nil && r.final.Err() != nil {
		r.config.Logger.Warn("stopping without a snapshot: the disk is full or too slow; nothing is lost, the next start will replay", "waited", stopWithin)
		return nil
	}
	if err != nil {
		return fmt.Errorf("snapshot while stopping: %w", err)
	}
	return nil
}

// epoch reads, folds and commits what is there.
func (r *Runner) epoch(ctx context.Context, snapshot bool) error {
	r.pending = true
	var group errgroup.Group
	whole := context.WithoutCancel(ctx) // an epoch is folded as a whole
	for _, p := range r.parts {
		group.Go(func() error { return p.fold(whole, snapshot) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var txs []eventlog.Transaction
	for _, p := range r.parts {
		if p.tx.To > p.tx.From || p.tx.Snapshot {
			txs = append(txs, p.tx)
		}
	}
	if len(txs) == 0 {
		r.pending = false
		return nil
	}
	// Facts alone first: those of other partitions need not wait for one that writes its states.
	slices.SortStableFunc(txs, func(a, b eventlog.Transaction) int { return cmp.Compare(sizeOf(&a), sizeOf(&b)) })
	start := time.Now()
	for together := range inPieces(txs, r.config.CommitBytes) {
		if err := r.final.Err(); err != nil { // of several that a slow disk has to write
			return err
		}
		if err := r.commit(ctx, together); err != nil {
			return err
		}
	}
	r.pending = false
	r.stats.commitMillis.Store(time.Since(start).Milliseconds())
	r.stats.epochs.Add(1)
	return r.after(ctx)
}

// inPieces are the transactions in groups of most bytes that are committed one
// after the other.
func inPieces(txs []eventlog.Transaction, most int) iter.Seq[[]eventlog.Transaction] {
	return func(yield func([]eventlog.Transaction) bool) {
		from, size := 0, 0
		for i := range txs {
			n := sizeOf(&txs[i])
			if i > from && size+n > most {
				if !yield(txs[from:i]) {
					return
				}
				from, size = i, 0
			}
			size += n
		}
		yield(txs[from:])
	}
}

// sizeOf is about what a transaction writes, in bytes.
func sizeOf(tx *eventlog.Transaction) (n int) {
	for _, o := range tx.Output {
		n += len(o)
	}
	for i := range tx.State {
		n += len(tx.State[i].Key) + len(tx.State[i].Value)
	}
	return n
}

// commit tries again while the disk is full: facts wait, nothing is lost.
func (r *Runner) commit(ctx context.Context, txs []eventlog.Transaction) error {
	for {
		err := r.log.Commit(context.WithoutCancel(ctx), txs)
		if !errors.Is(err, eventlog.ErrFull) {
			if err != nil {
				return fmt.Errorf("commit an epoch: %w", err)
			}
			return nil
		}
		r.config.Logger.Warn("the disk is full: processing waits", "error", err)
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// after takes note of a committed epoch.
func (r *Runner) after(ctx context.Context) error {
	var open, viewers, across, acrossBytes, playBytes, lag, unheard int64
	// Where asking costs a way to another machine it is done once a second.
	measure := r.shared == nil || time.Since(r.measured) >= time.Second
	for _, p := range r.parts {
		c := p.batch.Counts
		r.stats.events.Add(c.Events)
		r.stats.duplicates.Add(c.Duplicates)
		r.stats.late.Add(c.LateDropped)
		r.stats.evicted.Add(c.Evicted)
		r.stats.lateHorizon.Add(c.LateHorizon)
		r.stats.lateClosed.Add(c.LateClosed)
		if p.tx.Snapshot {
			r.stats.snapshots.Add(1)
		}
		p.committed()
		open += int64(p.engine.OpenPlays())
		viewers += int64(p.engine.Viewers())
		across += int64(p.across.Viewers())
		if p.tx.Snapshot {
			p.acrossBytes, p.playBytes = p.across.Bytes(), p.engine.Bytes()
		}
		acrossBytes += p.acrossBytes
		playBytes += p.playBytes
		unheard = max(unheard, p.heard.skipped)
		if !measure {
			continue
		}
		if _, next, err := r.log.Bounds(ctx, eventlog.Events, p.number); err == nil {
			lag += max(0, next-p.next)
		}
	}
	r.stats.open.Store(open)
	r.stats.viewers.Store(viewers)
	r.stats.across.Store(across)
	r.stats.acrossBytes.Store(acrossBytes)
	r.stats.playBytes.Store(playBytes)
	if measure {
		r.measured = time.Now()
		r.stats.lag.Store(lag)
	}
	r.stats.unheard.Store(unheard)
	for _, p := range r.parts {
		if err := p.trim(ctx); err != nil {
			return err
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
