package study

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Findings keeps what was found as days closed.
type Findings interface {
	// Findings are what was kept of a kind for the days that ended at a moment (epoch
	// ms); nil where nothing was.
	Findings(ctx context.Context, kind string, end int64) ([]byte, error)
	// KeepFindings keeps them in place of what was kept before.
	KeepFindings(ctx context.Context, kind string, end int64, body []byte) error
}

// Weighing every creative of a catalogue takes a large service minutes, and what it
// finds of days that are over hardly changes. So it is done once a day for the last
// seven whole days, and what was found is stored beside the cells that it was found in.
const (
	// standingDays are the days that findings are kept of.
	standingDays = 7
	// standingQuiet is how long after its end a day is taken to be stored.
	standingQuiet = 15 * time.Minute
	// standingLasts is for how long what was found is good while somebody asks for it:
	// impressions are taken for a day and completed for a week after they were seen.
	// It is longer where finding out takes longer, see keptTimes.
	standingLasts = time.Hour
	outliersKind  = "outliers"
)

// stood is what is stored of findings.
type stood struct {
	At     time.Time     `json:"at"` // when they were found
	Cost   time.Duration `json:"cost_ns"`
	Answer *Answer       `json:"answer"`
}

// standing are the outliers of the catalogue that were found when the last of some
// days closed; nil where they are to be worked out.
func (s *Service) standing(ctx context.Context, q OutliersAsk) (*Answer, error) {
	if s.o.Findings == nil || q.Title != "" || q.To.IsZero() || ctx.Value(anewKey{}) != nil {
		return nil, nil
	}
	to := q.To.In(s.zone())
	if from := to.AddDate(0, 0, -standingDays); !from.Equal(q.From) || !midnight(to) || !midnight(from) {
		return nil, nil
	}
	began := s.o.Clock()
	found, err := s.stood(ctx, q.To)
	if err != nil || found == nil {
		return nil, err
	}
	s.askedStanding.Store(began.UnixMilli())
	own := *found.Answer
	own.Meta.FoundAt = found.At.Format(time.RFC3339)
	own.Meta.ElapsedMS = float64(s.o.Clock().Sub(began).Microseconds()) / 1000
	return &own, nil
}

// lastStood is what was found of the days up to a moment, epoch ms.
type lastStood struct {
	end   int64
	found *stood
}

// stood is what was found of the days up to a moment, nil if nothing was. The last that
// somebody asked for is remembered: only stand changes it.
func (s *Service) stood(ctx context.Context, end time.Time) (*stood, error) {
	if last := s.last.Load(); last != nil && last.end == end.UnixMilli() {
		return last.found, nil
	}
	s.finding.Lock()
	defer s.finding.Unlock()
	if last := s.last.Load(); last != nil && last.end == end.UnixMilli() {
		return last.found, nil
	}
	body, err := s.o.Findings.Findings(ctx, outliersKind, end.UnixMilli())
	if err != nil || body == nil {
		return nil, err
	}
	found := &stood{}
	if err := json.Unmarshal(body, found); err != nil {
		return nil, fmt.Errorf("read what was found of the days up to %s: %w", end.Format(time.DateOnly), err)
	}
	if found.Answer == nil {
		return nil, fmt.Errorf("what was found of the days up to %s has no answer in it", end.Format(time.DateOnly))
	}
	found.Answer.write()
	s.last.Store(&lastStood{end.UnixMilli(), found})
	return found, nil
}

// stand finds what is off in the last seven whole days, if that is not known yet, or
// is old and somebody asks for it.
func (s *Service) stand(ctx context.Context) error {
	if s.o.Findings == nil {
		return nil
	}
	now := s.o.Clock().In(s.zone())
	end := startOfDay(now)
	if now.Sub(end) < standingQuiet {
		return nil
	}
	found, err := s.stood(ctx, end)
	if err != nil {
		return err
	}
	if found != nil {
		wanted := now.Sub(time.UnixMilli(s.askedStanding.Load())) < keptWanted
		if age := now.Sub(found.At); !wanted || age < max(standingLasts, keptTimes*found.Cost) {
			return nil
		}
	}
	began := s.o.Clock()
	a, err := s.outliers(ctx, OutliersAsk{From: end.AddDate(0, 0, -standingDays), To: end})
	if err != nil {
		return err
	}
	at := s.o.Clock()
	body, err := json.Marshal(stood{At: at.UTC(), Cost: at.Sub(began), Answer: a})
	if err != nil {
		return fmt.Errorf("write what was found of the days up to %s: %w", end.Format(time.DateOnly), err)
	}
	if err := s.keepStood(ctx, end, body); err != nil {
		return err
	}
	_, err = s.stood(ctx, end) // so that nobody waits until it is read
	return err
}

func (s *Service) keepStood(ctx context.Context, end time.Time, body []byte) error {
	s.finding.Lock()
	defer s.finding.Unlock()
	defer s.last.Store(nil)
	return s.o.Findings.KeepFindings(ctx, outliersKind, end.UnixMilli(), body)
}

// startOfDay is the midnight before a moment, by its own clock.
func startOfDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// midnight reports whether a moment is the start of a day by its own clock.
func midnight(t time.Time) bool { return startOfDay(t).Equal(t) }
