package app

import (
	"context"
	"errors"
	"time"

	"playhead/internal/collect"
	"playhead/internal/eventlog"
)

// pacer looks ten times a second how far figures trail behind what is sent, and has the
// collector hold senders back to what is processed when it is too far. It is for a
// process that has both roles: where processors are elsewhere there can be more of them,
// and what waits in the log is what says so.
type pacer struct {
	pressure *pressure
	pace     *collect.Pace
	control  paceControl
}

const (
	// paceEvery is how often is looked.
	paceEvery = 100 * time.Millisecond
	// paceOver is over how much time it is counted what followers get done: they commit
	// several times a second.
	paceOver = 2 * time.Second
	// paceIdle is for how much time, in seconds, there is something to do where there is
	// little to do: a commit's worth.
	paceIdle = 0.05
	// paceSlower is by what part less is thought to be possible, at each look, while a
	// database has figures trail by the bound.
	paceSlower = 0.03
	// paceWrites is for how long a database writes, at most, until it is thought that it
	// cannot, which nobody is held back for.
	paceWrites = 2 * time.Second
	// paceLeast is what any machine can process a second: what it does while little comes
	// says nothing of what it can.
	paceLeast = 2000
	// paceDead is for how long a follower does nothing until it is taken to be down.
	// Then nobody is held back for anything: the log keeps what it has no time for.
	paceDead = 5 * time.Second
)

func newPacer(p *pressure, pace *collect.Pace, trail time.Duration) *pacer {
	n := 0
	for _, f := range p.followers {
		if f.paced {
			n++
		}
	}
	return &pacer{pressure: p, pace: pace, control: paceControl{trail: trail, done: make([]history, n)}}
}

// run looks until ctx ends.
func (p *pacer) run(ctx context.Context) error {
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		seen, err := p.see(ctx)
		switch {
		case errors.Is(err, eventlog.ErrClosed):
			return nil
		case err != nil && ctx.Err() == nil:
			seen = nil // run of pressure tells of it
		}
		was := p.pace.Rate()
		rate := p.control.next(p.pressure.clock(), seen, p.pace.Held())
		p.pace.Set(rate)
		switch {
		case was == 0 && rate > 0:
			p.pressure.logger.Info("more comes than is processed: senders are held back", "events_per_second", int(rate))
		case was > 0 && rate == 0:
			p.pressure.logger.Info("senders are no longer held back")
		}
	}
}

// see is how far each follower is.
func (p *pacer) see(ctx context.Context) (seen []standing, err error) {
	for _, f := range p.pressure.followers {
		if !f.paced {
			continue
		}
		s, err := p.pressure.stands(ctx, f)
		if err != nil {
			return nil, err
		}
		seen = append(seen, s)
	}
	return seen, nil
}

// paceControl finds the rate at which events may come in. It is pure.
//
// Followers come one after the other: figures trail by the sum of what waits for each.
// For how long events will is how many wait, by how many can be processed in a second:
// who has waited the longest tells it only when it is too late, since a collector that
// is not held back takes several seconds' worth in one. What can be processed is what is,
// while there is always something to do; and no less than what was, while there is not,
// since little is done where little is let in. Above the bound what comes in is held to
// that, times less than 1 while figures trail by more, and more while they do not.
//
// A database that writes takes nothing meanwhile, and catches up: of what waits for it
// counts what has waited for longer than half of the bound. As long as that does not go
// away, less can be done than was thought.
type paceControl struct {
	trail time.Duration // that is fine
	done  []history     // by follower
	paced bool
	rate  float64
	able  float64   // events that can be processed a second
	idle  time.Time // when there was last little to process
	held  int64     // requests, as of before
	quiet time.Time // since when nobody was held back
}

// history is how many records were done by when.
type history struct {
	at      []time.Time
	done    []int64
	moved   time.Time // when there were last more
	perSec  float64   // over paceOver
	stopped bool
}

// add notes how far a follower is, and works out how many records a second it does.
func (h *history) add(now time.Time, s standing) {
	if n := len(h.done); n == 0 || s.done > h.done[n-1] || s.waiting == 0 {
		h.moved = now
	}
	h.at, h.done = append(h.at, now), append(h.done, s.done)
	for len(h.at) > 2 && now.Sub(h.at[1]) >= paceOver {
		h.at, h.done = h.at[1:], h.done[1:]
	}
	h.perSec = 0
	if dt := now.Sub(h.at[0]).Seconds(); dt > 0 {
		h.perSec = float64(h.done[len(h.done)-1]-h.done[0]) / dt
	}
	h.stopped = now.Sub(h.moved) >= paceDead
}

// next is the rate from now on, events a second; 0 is without bound. held is how many
// requests had to wait so far.
func (c *paceControl) next(now time.Time, seen []standing, held int64) float64 {
	if len(seen) != len(c.done) || c.trail <= 0 {
		return c.let()
	}
	trail, long := c.trail.Seconds(), 0.0
	for i, s := range seen {
		h := &c.done[i]
		h.add(now, s)
		if h.stopped {
			return c.let()
		}
		if i > 0 && now.Sub(h.moved) < paceWrites {
			long = max(long, s.waited.Seconds()-trail/2)
		}
	}
	first := &c.done[0]
	if seen[0].waiting < int64(c.able*paceIdle) {
		c.idle = now
	}
	if first.perSec > c.able || now.Sub(c.idle) > paceOver {
		c.able = first.perSec
	}
	c.able -= c.able * paceSlower * min(1, long/trail)
	waited := seen[0].waited.Seconds()
	behind := max(waited, float64(seen[0].waiting)/max(c.able, 1)) + long
	if held != c.held || c.quiet.IsZero() {
		c.held, c.quiet = held, now
	}
	switch {
	case !c.paced && behind > trail && waited+long > trail/3 && c.able > 1:
		c.paced, c.quiet = true, now
	case c.paced && behind < trail && now.Sub(c.quiet) > time.Second:
		return c.let() // less comes by itself
	}
	if c.paced {
		c.rate = max(c.able*min(max(1.5-behind/trail/2, 0.5), 1.4), paceLeast)
	}
	return c.rate
}

// let lets everything in.
func (c *paceControl) let() float64 {
	c.paced, c.rate = false, 0
	return 0
}
