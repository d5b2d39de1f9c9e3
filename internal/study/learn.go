package study

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"playhead/internal/insight"
	"playhead/internal/metric"
)

const (
	// learnEvery is how often it is looked whether what is usual must be learnt anew:
	// when learnGrown of what it was learnt from has come or gone, or a day is over.
	// Where it has just been learnt, more may be on its way (a service that begins, a
	// history that is sent): then whoever asks after learnSoon has it looked again, if
	// that takes no longer than learnQuick, and each time that nothing has changed it
	// takes twice as long to the next.
	learnEvery = 10 * time.Minute
	learnSoon  = 10 * time.Second
	learnQuick = 500 * time.Millisecond
	// learnShare is how many times as long as a look takes there is at least to the next.
	learnShare = 20
	learnLasts = 24 * time.Hour
	learnGrown = 0.25
	// learnTitles are enough to learn it from; more would only take longer.
	learnTitles = 400
	// learnAsked are asked for, so that enough of them were shown.
	learnAsked = learnTitles * 5 / 4
	// fewTitles are learnt from anew each time: a service that begins has more
	// a moment later, and they take no time.
	fewTitles = 20
	// hllError is the relative standard error of a distinct count.
	hllError = metric.ViewersError
)

// usually is what is usual, learnt now if it never was.
func (s *Service) usually(ctx context.Context) (*usual, time.Time, error) {
	s.known.RLock()
	u, at, few := s.usual, s.learntAt, s.few
	due := s.lookTook < learnQuick && s.o.Clock().Sub(s.lookedAt) >= s.lookAfter
	s.known.RUnlock()
	switch {
	case u == nil || few:
		if err := s.learn(ctx, anyWill); err != nil {
			return nil, at, err
		}
	case due:
		s.lookAgain(ctx) // what is known will do if that fails
	default:
		return u, at, nil
	}
	u, at = s.knownUsual()
	return u, at, nil
}

// usuallyAnew is what is usual now that something does not fit what was, unless somebody
// else has learnt it since.
func (s *Service) usuallyAnew(ctx context.Context, was *usual) (*usual, time.Time, error) {
	u, at := s.knownUsual()
	if u == was {
		if err := s.learn(ctx, anew); err != nil {
			return nil, at, err
		}
		u, at = s.knownUsual()
	}
	return u, at, nil
}

func (s *Service) knownUsual() (*usual, time.Time) {
	s.known.RLock()
	defer s.known.RUnlock()
	return s.usual, s.learntAt
}

// firstLookAfter is how long a service that starts has its processors for those who ask.
const firstLookAfter = 20 * time.Second

// firstLook takes over what was kept when the service last ran. Where nothing was it
// looks what is usual, since whoever asks would wait for it, and says when.
func (s *Service) firstLook(ctx context.Context) (learnt time.Time) {
	timer := time.NewTimer(firstLookAfter)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return learnt
	case <-timer.C:
	}
	if err := s.remember(ctx); err != nil && ctx.Err() == nil {
		s.o.Logger.Warn("what was usual of creatives could not be read; it is learnt anew", "error", err)
	}
	s.known.RLock()
	known := s.usual != nil
	s.known.RUnlock()
	if !known {
		learnt = s.o.Clock()
		s.lookAgain(ctx)
	}
	return learnt
}

// lookAgain learns what is usual, or tells why not: it is tried again.
func (s *Service) lookAgain(ctx context.Context) {
	if err := s.learn(ctx, ifChanged); err != nil && ctx.Err() == nil {
		s.o.Logger.Warn("what is usual of creatives could not be learnt", "error", err)
	}
}

// whatFor says what will do for whoever wants to know what is usual.
type whatFor int

const (
	anyWill   whatFor = iota // whatever is known, which somebody else may have learnt by now
	ifChanged                // what is known, unless what it was learnt from has changed
	anew                     // nothing that is known, unless it has just been learnt
)

// learn learns from the last four weeks.
func (s *Service) learn(ctx context.Context, what whatFor) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := s.o.Clock()
	s.known.RLock()
	fresh := s.usual != nil && !s.few
	switch what {
	case ifChanged:
		fresh = fresh && began.Sub(s.lookedAt) < s.lookAfter
	case anew:
		fresh = fresh && began.Sub(s.learntAt) < max(learnSoon, learnShare*s.lookTook)
	}
	s.known.RUnlock()
	if fresh {
		return nil
	}
	switch known, err := s.recallUsual(ctx); {
	case known:
		return err
	case err != nil && ctx.Err() == nil:
		s.o.Logger.Warn("what was usual of creatives could not be read; it is learnt anew", "error", err)
	}
	all, err := s.learnable(ctx)
	if err != nil {
		return fmt.Errorf("learn what is usual of creatives: %w", err)
	}
	var titles [][]insight.Funnel
	takes := 0.0
	for _, t := range all.some(learnTitles) {
		titles = append(titles, t.counts)
		for i := range t.counts {
			takes += t.counts[i].Take.K
		}
	}
	s.known.Lock()
	now := s.o.Clock()
	lasts := what != anew && s.usual != nil && !s.few && now.Sub(s.learntAt) < learnLasts && math.Abs(takes-s.takes) < learnGrown*s.takes
	s.lookedAt, s.lookTook = now, now.Sub(began)
	if s.lookAfter = min(2*s.lookAfter, learnEvery/2); !lasts {
		s.lookAfter = learnSoon
	}
	s.known.Unlock()
	if lasts {
		return nil
	}
	x := learning{At: s.o.Clock(), Takes: takes, Titles: titles}
	if err := s.take(ctx, &x); err != nil {
		return err
	}
	if err := s.keepUsual(ctx, &x); err != nil && ctx.Err() == nil {
		s.o.Logger.Warn("what is usual of creatives could not be kept; it is learnt anew at the next start", "error", err)
	}
	return nil
}

// learning is what is usual as it is kept: what it is learnt from, which takes a second
// to learn it from and much longer to ask for.
type learning struct {
	At     time.Time          `json:"at"`
	Takes  float64            `json:"takes"`
	Titles [][]insight.Funnel `json:"titles"`
}

// take learns from the titles.
func (s *Service) take(ctx context.Context, x *learning) error {
	u := &usual{}
	err := s.begin().inParts(ctx, func(context.Context, *answering) error {
		u.rates = insight.LearnRates(x.Titles)
		return nil
	}, func(context.Context, *answering) error {
		u.off = insight.LearnUsual(x.Titles)
		return nil
	})
	if err != nil {
		return fmt.Errorf("learn what is usual of creatives: %w", err)
	}
	s.known.Lock()
	s.usual, s.learntAt, s.few, s.takes = u, x.At, len(x.Titles) < fewTitles, x.Takes
	s.known.Unlock()
	return nil
}

// usualKind is the kind of findings that what is usual is kept as, of the days up to
// when it was learnt, and usualDays for how many days it is looked for.
const (
	usualKind = "usual"
	usualDays = 7
)

// keepUsual keeps what is usual for the next start. What is learnt from few titles is
// learnt in no time.
func (s *Service) keepUsual(ctx context.Context, x *learning) error {
	if s.o.Findings == nil || len(x.Titles) < fewTitles {
		return nil
	}
	body, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("write what is usual of creatives: %w", err)
	}
	return s.o.Findings.KeepFindings(ctx, usualKind, startOfDay(x.At.In(s.zone())).UnixMilli(), body)
}

// remember takes over what was kept when the service last ran.
func (s *Service) remember(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.recallUsual(ctx)
	return err
}

// recallUsual takes over what was kept, where nothing was learnt yet; known is false
// where nothing of the last days was. It is old as of when it was learnt. s.mu is held.
func (s *Service) recallUsual(ctx context.Context) (known bool, err error) {
	s.known.RLock()
	none := s.usual == nil
	s.known.RUnlock()
	if !none || s.o.Findings == nil {
		return false, nil
	}
	today := startOfDay(s.o.Clock().In(s.zone()))
	for back := range usualDays {
		body, err := s.o.Findings.Findings(ctx, usualKind, today.AddDate(0, 0, -back).UnixMilli())
		if err != nil {
			return false, err
		}
		if body == nil {
			continue
		}
		x := &learning{}
		if err := json.Unmarshal(body, x); err != nil {
			return false, fmt.Errorf("read what is usual of creatives: %w", err)
		}
		if len(x.Titles) < fewTitles {
			continue // an older or newer form of it
		}
		s.known.Lock() // how long a look takes is found by one that nobody waits for
		s.lookedAt, s.lookTook, s.lookAfter = s.o.Clock(), learnQuick, learnSoon
		s.known.Unlock()
		return true, s.take(ctx, x)
	}
	return false, nil
}

// learnable are the ways of enough titles to learn from. Of a large catalogue some are
// asked for, and all where few of them were shown.
func (s *Service) learnable(ctx context.Context) (*serviceFunnels, error) {
	w, some := window{from: s.o.Clock().AddDate(0, 0, -28)}, s.besides(nil, learnAsked)
	if some != nil {
		f, err := s.begin().funnels(ctx, w, some)
		if err != nil || len(f.titles) >= learnTitles {
			return f, err
		}
	}
	return s.begin().funnels(ctx, w, nil)
}
