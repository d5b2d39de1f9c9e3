package app

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"playhead/internal/eventlog"
)

// follower is one that reads the log: what it has not read waits on disk.
type follower struct {
	name  string
	topic eventlog.Topic
	// usual is how long it lets records wait by itself.
	usual time.Duration
	// reached are the next offsets that it reads, by partition.
	reached func(context.Context) ([]eventlog.Cursor, error)
	// paced is set for those without whom figures do not move on.
	paced bool
}

// standing is how far a follower is.
type standing struct {
	done, waiting int64         // records
	waited        time.Duration // of the oldest that waits
}

// pressure watches for how long what the log took has been waiting for those who
// read it. The log keeps what they have no time for, on disk, so that a sink may
// be down for a while and nobody notices; for longer than most clients are told
// to wait, since disks end too.
type pressure struct {
	log       eventlog.Log
	followers []follower
	most      time.Duration // 0 is without bound
	clock     func() time.Time
	logger    *slog.Logger

	waited []atomic.Int64 // ms, by follower
	high   atomic.Bool
}

const (
	// pressureEvery is how often is looked.
	pressureEvery = time.Second
	// pressureRetry is how long clients are told to stay away.
	pressureRetry = 10 * time.Second
)

func newPressure(log eventlog.Log, most time.Duration, clock func() time.Time, logger *slog.Logger, followers ...follower) *pressure {
	return &pressure{log: log, followers: followers, most: most, clock: clock, logger: logger, waited: make([]atomic.Int64, len(followers))}
}

// retryAfter is for how long clients shall stay away, 0 when they may send.
func (p *pressure) retryAfter() time.Duration {
	if p.high.Load() {
		return pressureRetry
	}
	return 0
}

// seconds is how long the oldest record that waits for a follower has done so.
func (p *pressure) seconds(i int) float64 { return float64(p.waited[i].Load()) / 1000 }

// run looks every second until ctx ends.
func (p *pressure) run(ctx context.Context) error {
	tick := time.NewTicker(pressureEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := p.look(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, eventlog.ErrClosed) {
			p.logger.Warn("how much waits in the log could not be read", "error", err)
		}
	}
}

// look measures. Clients are told to wait above the bound, and may come back at
// four fifths of it, so that they are not sent away again at once.
func (p *pressure) look(ctx context.Context) error {
	longest, who := int64(0), ""
	for i, f := range p.followers {
		ms, err := p.waitFor(ctx, f)
		if err != nil {
			return err
		}
		p.waited[i].Store(ms)
		if ms -= f.usual.Milliseconds(); ms > longest {
			longest, who = ms, f.name
		}
	}
	bound := p.most.Milliseconds()
	switch high := p.high.Load(); {
	case !high && bound > 0 && longest > bound:
		p.high.Store(true)
		p.logger.Warn("too much waits in the log: clients are told to wait", "for", who, "behind", time.Duration(longest)*time.Millisecond, "max_lag", p.most)
	case high && longest <= bound*4/5:
		p.high.Store(false)
		p.logger.Info("what waited in the log is caught up with: clients may send again")
	}
	return nil
}

// errEnough ends a read after one record.
var errEnough = errors.New("enough")

// waitFor is for how long, ms, the oldest record that a follower has not read has
// been in the log.
func (p *pressure) waitFor(ctx context.Context, f follower) (longest int64, err error) {
	s, err := p.stands(ctx, f)
	return s.waited.Milliseconds(), err
}

// stands is how far a follower is, by the log's own time: it never goes back.
func (p *pressure) stands(ctx context.Context, f follower) (s standing, err error) {
	cursors, err := f.reached(ctx)
	if err != nil {
		return s, err
	}
	now := p.clock().UnixMilli()
	for _, c := range cursors {
		first, next, err := p.log.Bounds(ctx, f.topic, c.Partition)
		if err != nil {
			return s, err
		}
		s.done += c.Offset
		if c.Offset = max(c.Offset, first); c.Offset >= next {
			continue
		}
		s.waiting += next - c.Offset
		_, err = p.log.Read(ctx, f.topic, c, 1, func(e eventlog.Entry) error {
			s.waited = max(s.waited, time.Duration(now-e.ReceivedAt)*time.Millisecond)
			return errEnough
		})
		if err != nil && !errors.Is(err, errEnough) && !errors.Is(err, eventlog.ErrTrimmed) {
			return s, err
		}
	}
	return s, nil
}

// followersOf are all that read the log.
func followersOf(e *engine) []follower {
	list := []follower{
		{"process", eventlog.Events, 0, e.committed, true},
	}
	if e.loader != nil {
		list = append(list, follower{"warehouse", eventlog.Facts, 0, func(context.Context) ([]eventlog.Cursor, error) { return e.loader.Reached(), nil }, true})
	}
	if e.lake != nil {
		list = append(list, follower{"lake", eventlog.Events, e.lake.Usual(), func(context.Context) ([]eventlog.Cursor, error) { return e.lake.Reached(), nil }, false})
	}
	return list
}

// committed are the offsets up to which events are processed.
func (e *engine) committed(ctx context.Context) (list []eventlog.Cursor, err error) {
	for p := range e.events.Partitions() {
		progress, err := e.events.Progress(ctx, p)
		if err != nil {
			return nil, err
		}
		list = append(list, eventlog.Cursor{Partition: p, Offset: progress.Committed})
	}
	return list, nil
}
