package collect

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Pace holds senders back to what those who come after the collector can do. Without
// it a machine that is offered more than it can process takes it all the same, since
// writing down is cheap, and figures trail further and further behind.
//
// Events are let in at a rate; who comes too early waits, before its body is read, so
// that nothing is kept for it meanwhile, and whose turn is further away than MostHeld
// is told to come again (429). It is safe for any number of goroutines.
type Pace struct {
	clock func() time.Time

	on    atomic.Bool
	held  atomic.Int64  // requests that had to wait or were told to come again
	share atomic.Uint64 // events in a byte of a body, as a float's bits: how many are expected

	mu     sync.Mutex
	rate   float64 // events a second
	tokens float64 // events that may be let in now; below 0 those of later that were
	at     time.Time
}

const (
	// MostHeld is for how long a request waits for its turn at most.
	MostHeld = time.Second
	// paceBurst is of how much time what nobody used may be made up for.
	paceBurst = 0.1
	// expectedEventBytes is about the size of an event on the wire before one was seen.
	expectedEventBytes = 400
	// expectedEvents are those of a request that does not say how long it is.
	expectedEvents = 20
)

// NewPace returns one that lets everything in. A nil clock is the system's.
func NewPace(clock func() time.Time) *Pace {
	if clock == nil {
		clock = time.Now
	}
	p := &Pace{clock: clock}
	p.share.Store(math.Float64bits(1.0 / expectedEventBytes))
	return p
}

// Set lets so many events a second in; 0 lets in all.
func (p *Pace) Set(rate float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.clock(); p.rate <= 0 {
		p.tokens, p.at = 0, now
	} else {
		p.pass(now)
	}
	p.rate = rate
	p.on.Store(rate > 0)
}

// Rate is how many events a second are let in, 0 when all are.
func (p *Pace) Rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rate
}

// Held counts the requests that had to wait or were told to come again.
func (p *Pace) Held() int64 { return p.held.Load() }

// pass lets time go by. p.mu is held.
func (p *Pace) pass(now time.Time) {
	if dt := now.Sub(p.at).Seconds(); dt > 0 {
		p.tokens = math.Min(p.tokens+dt*p.rate, paceBurst*p.rate)
		p.at = now
	}
}

// turn is how long a request of about n events has to wait. Where that is more than
// MostHeld it gets no turn.
func (p *Pace) turn(n float64) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rate <= 0 {
		return 0, true
	}
	p.pass(p.clock())
	if p.tokens < 0 {
		wait = time.Duration(-p.tokens / p.rate * float64(time.Second))
		p.held.Add(1)
	}
	if wait > MostHeld {
		return wait, false
	}
	p.tokens -= n
	return wait, true
}

// give puts back what was taken for events that did not come; below 0 more did.
func (p *Pace) give(n float64) {
	p.mu.Lock()
	p.tokens += n
	p.mu.Unlock()
}

// paced is what a request has taken of the pace.
type paced struct {
	of    *Pace
	taken float64
}

// wait waits for the turn of a body of so many bytes (below 0 is unknown). Where there
// is none within MostHeld, ok is false and again says when to come again.
func (p *Pace) wait(ctx context.Context, bytes int64) (_ paced, again time.Duration, ok bool) {
	if p == nil || !p.on.Load() {
		return paced{of: p}, 0, true
	}
	n := float64(expectedEvents)
	if bytes >= 0 {
		n = math.Max(1, float64(bytes)*math.Float64frombits(p.share.Load()))
	}
	wait, ok := p.turn(n)
	if !ok {
		return paced{}, wait, false
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done(): // who went away is found out about when its body is read
		}
	}
	return paced{p, n}, 0, true
}

// came says how many events there were in a body of so many bytes on the wire.
func (h *paced) came(events int, bytes int64) {
	if h.of == nil {
		return
	}
	if h.taken > 0 {
		h.of.give(h.taken - float64(events))
	}
	if bytes > 0 && events > 0 {
		// Two writers at once lose one's say: it is an estimate.
		was := math.Float64frombits(h.of.share.Load())
		h.of.share.Store(math.Float64bits(was + (float64(events)/float64(bytes)-was)/16))
	}
	h.of = nil
}
