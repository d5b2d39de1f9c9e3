package study

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// What is about the whole catalogue is the same for everybody who asks, and on a
// large service it takes seconds. So an answer that took long is kept for a while,
// the longer the more it cost, and worked out anew in the background as long as
// somebody asks for it. What is quick is never kept.
const (
	// keptFrom is from which cost an answer is kept.
	keptFrom = 500 * time.Millisecond
	// briefFrom is the same of an answer about one title or one country, of which there
	// are many: it is kept as long, and never renewed unasked.
	briefFrom = 100 * time.Millisecond
	// keptTimes is for how many times its cost.
	keptTimes = 100
	keptMost  = 15 * time.Minute
	// keptWanted is for how long after it was last asked for it is renewed.
	keptWanted = time.Hour
	// keptMany bounds how many answers are kept.
	keptMany = 256
)

// keeper holds answers by name.
type keeper struct {
	mu   sync.Mutex
	held map[string]*kept
}

// kept is one answer, and how to come by it again.
type kept struct {
	turn   chan struct{} // holds one thing while nobody works it out
	value  any
	at     time.Time
	cost   time.Duration
	least  time.Duration // cost from which it is kept
	wanted time.Time
	renew  func(context.Context) (any, error)
}

func (k *kept) lasts() time.Duration { return min(keptTimes*k.cost, keptMost) }

func (k *kept) fresh(now time.Time) bool {
	return k.value != nil && k.cost >= k.least && now.Sub(k.at) < k.lasts()
}

// hold puts what was worked out in its place. What will be given again is written now.
func (k *kept) hold(v any, at time.Time, cost time.Duration) {
	k.value, k.at, k.cost = v, at, cost
	if a, ok := v.(*Answer); ok && a != nil && cost >= k.least {
		a.write()
	}
}

func (k *kept) take(ctx context.Context) error {
	select {
	case <-k.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *kept) give() { k.turn <- struct{}{} }

// find is the place of an answer.
func (h *keeper) find(name string, now time.Time) *kept {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := h.held[name]
	if k == nil {
		if h.held == nil {
			h.held = map[string]*kept{}
		}
		if len(h.held) >= keptMany {
			oldest := ""
			for n, x := range h.held {
				if oldest == "" || x.wanted.Before(h.held[oldest].wanted) {
					oldest = n
				}
			}
			delete(h.held, oldest)
		}
		k = &kept{turn: make(chan struct{}, 1)}
		k.turn <- struct{}{}
		h.held[name] = k
	}
	k.wanted = now
	return k
}

type anewKey struct{}

// Anew is a context in which a kept answer will not do: it is worked out.
func Anew(ctx context.Context) context.Context { return context.WithValue(ctx, anewKey{}, true) }

// keepFrom gives a kept answer, or works it out; whoever comes meanwhile waits for it.
func keepFrom[T any](ctx context.Context, s *Service, name string, least time.Duration, work func(context.Context) (T, error)) (T, error) {
	k := s.keeper.find(name, s.o.Clock())
	var none T
	if err := k.take(ctx); err != nil {
		return none, err
	}
	defer k.give()
	if k.fresh(s.o.Clock()) && ctx.Value(anewKey{}) == nil {
		return k.value.(T), nil
	}
	again := func(ctx context.Context) (any, error) { return work(ctx) }
	if k.least = least; least == keptFrom {
		// Who asked may have less patience than it takes; the background has enough.
		k.renew = again
	}
	v, cost, err := timed(ctx, s.o.Clock, again)
	if err != nil {
		return none, err
	}
	k.hold(v, s.o.Clock(), cost)
	return v.(T), nil
}

// keep gives what is about the whole catalogue.
func keep[T any](ctx context.Context, s *Service, name string, work func(context.Context) (T, error)) (T, error) {
	return keepFrom(ctx, s, name, keptFrom, work)
}

// keepBriefly gives what is about a part of it.
func keepBriefly(ctx context.Context, s *Service, name string, work func(context.Context) (*Answer, error)) (*Answer, error) {
	return keepFrom(ctx, s, name, briefFrom, work)
}

func timed(ctx context.Context, clock func() time.Time, work func(context.Context) (any, error)) (any, time.Duration, error) {
	began := clock()
	v, err := work(ctx)
	return v, clock().Sub(began), err
}

// keptName names an answer: what it is about and the range that was asked for.
func keptName(what string, from, to time.Time, more ...string) string {
	return fmt.Sprintf("%s\x00%d\x00%d\x00%q", what, from.UnixMilli(), to.UnixMilli(), more)
}

// due are the answers that should be renewed before they are too old.
func (h *keeper) due(now time.Time) (list []*kept) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, k := range h.held {
		if now.Sub(k.wanted) > keptWanted {
			delete(h.held, name)
			continue
		}
		list = append(list, k)
	}
	return list
}

// renewKept works out anew what is kept and has gone half-way, and what nobody had
// the patience for. It holds up nobody:
// meanwhile the old answer is given.
func (s *Service) renewKept(ctx context.Context) error {
	for _, k := range s.keeper.due(s.o.Clock()) {
		if err := k.take(ctx); err != nil {
			return err
		}
		renew, old := k.renew, k.value == nil || k.cost >= keptFrom && s.o.Clock().Sub(k.at) > k.lasts()/2
		k.give()
		if renew == nil || !old {
			continue
		}
		v, cost, err := timed(ctx, s.o.Clock, renew)
		if err != nil {
			return err
		}
		if err := k.take(ctx); err != nil {
			return err
		}
		k.hold(v, s.o.Clock(), cost)
		k.give()
	}
	return nil
}
