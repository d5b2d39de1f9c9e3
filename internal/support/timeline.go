package support

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/play"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

// Bounds of answers.
const (
	// MaxPlays of one timeline; MaxWindow is how much time it may cover.
	MaxPlays  = 300
	MaxWindow = 31 * 24 * time.Hour
	// maxStates of one play: a longer one is cut, and says so.
	maxStates = 400
	// sessionGap ends a session, as reference definition version 1 says.
	sessionGap = 30 * 60_000
)

// Plays lists finished plays; *warehouse.Store is one.
type Plays interface {
	ListPlays(context.Context, warehouse.PlayAsk) (*warehouse.PlayList, error)
}

// Open lists a viewer's open plays; *process.Runner is one.
type Open interface {
	Underway(context.Context, event.ViewerKey) ([]play.Underway, *fact.Batch, error)
}

// Ring makes pseudonyms; *privacy.Ring is one.
type Ring interface {
	Viewer(raw string) event.ViewerKey
	Anonymous(raw string) event.ViewerKey
}

// Options of a Service; all are needed.
type Options struct {
	Plays Plays
	Open  Open
	Ring  Ring
	Clock func() time.Time
	// MinViewers is how many distinct viewers must have played before a sample is
	// shown to somebody who may not look single viewers up.
	MinViewers int
}

// Service answers. It may be used from many goroutines.
type Service struct{ Options }

// New returns a service.
func New(o Options) *Service { return &Service{o} }

// ErrAsk: the question cannot be answered as it was asked; the text says why, and
// holds no id.
var ErrAsk = errors.New("cannot be answered")

// Who names a viewer in one of three ways.
type Who struct {
	ViewerID    string `json:"viewer_id,omitempty" maxLength:"256" doc:"The id as the app sends it. It is turned into a pseudonym and forgotten."`
	AnonymousID string `json:"anonymous_id,omitempty" maxLength:"256" doc:"The anonymous id as the app sends it."`
	Viewer      string `json:"viewer,omitempty" maxLength:"32" doc:"A pseudonym: 32 hexadecimal digits."`
}

// Key is the viewer that is meant, and by what. Errors: ErrAsk.
func (s *Service) Key(w Who) (key event.ViewerKey, by string, err error) {
	given := 0
	for _, v := range []string{w.ViewerID, w.AnonymousID, w.Viewer} {
		if v != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return key, "", fmt.Errorf("%w: give one of viewer_id, anonymous_id and viewer; %d are given", ErrAsk, given)
	case w.ViewerID != "":
		return s.Ring.Viewer(w.ViewerID), "viewer_id", nil
	case w.AnonymousID != "":
		return s.Ring.Anonymous(w.AnonymousID), "anonymous_id", nil
	}
	data, err := hex.DecodeString(w.Viewer)
	if err != nil || len(data) != len(key) {
		return key, "", fmt.Errorf("%w: viewer must be a pseudonym of 32 hexadecimal digits", ErrAsk)
	}
	copy(key[:], data)
	return key, "viewer", nil
}

// Timeline is what a viewer played, the latest session first.
type Timeline struct {
	Viewer   string        `json:"viewer" doc:"The pseudonym, 32 hexadecimal digits."`
	From     time.Time     `json:"from"`
	To       time.Time     `json:"to"`
	Sessions []PlaySession `json:"sessions" doc:"The latest first. Plays without a gap of over 30 minutes; browsing alone is not in it."`
	Plays    int           `json:"plays"`
	More     bool          `json:"more" doc:"There are more plays in the time asked for; the earlier ones are left out."`
}

// PlaySession is plays of a viewer without a gap over 30 min.
type PlaySession struct {
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Plays []Play    `json:"plays" doc:"The earliest first."`
}

// Window is [from, to) with what is left out filled in: the 7 days before now.
// Errors: ErrAsk.
func (s *Service) Window(from, to time.Time) (time.Time, time.Time, error) {
	return window(s.Clock(), from, to, 7*24*time.Hour, MaxWindow)
}

func window(now, from, to time.Time, usual, most time.Duration) (time.Time, time.Time, error) {
	if to.IsZero() {
		to = now
	}
	if from.IsZero() {
		from = to.Add(-usual)
	}
	switch {
	case !from.Before(to):
		return from, to, fmt.Errorf("%w: from must be before to", ErrAsk)
	case to.Sub(from) > most:
		return from, to, fmt.Errorf("%w: at most %d days at once", ErrAsk, int(most.Hours()/24))
	}
	return from.UTC(), to.UTC(), nil
}

// Timeline is what a viewer played in [from, to). Errors: the sources'.
func (s *Service) Timeline(ctx context.Context, viewer event.ViewerKey, from, to time.Time) (*Timeline, error) {
	ask := warehouse.PlayAsk{Viewer: viewer, From: from.UnixMilli(), To: to.UnixMilli(), Limit: MaxPlays}
	// The open ones first: a play that ends in between is then in both, not in none.
	open, batch, err := s.Open.Underway(ctx, viewer)
	if err != nil {
		return nil, fmt.Errorf("read a timeline: %w", err)
	}
	ended, err := s.Plays.ListPlays(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("read a timeline: %w", err)
	}
	type part struct {
		play event.Ref
		part int32
	}
	over := map[part]bool{}
	var plays []Play
	for i := range ended.Plays {
		r := &ended.Plays[i]
		over[part{r.Play.Play, r.Part}] = true
		plays = append(plays, playOf(&r.Play, r.Dims, r.Slots))
	}
	for i := range open {
		row := &open[i].Row
		if over[part{row.Play, row.Part}] || !ask.Matches(row, &batch.Dims[row.Dims]) {
			continue
		}
		p := playOf(row, batch.Dims, batch.Slots)
		p.Outcome, p.Now, p.Ended = OutcomeOpen, stateNames()[open[i].State], nil
		plays = append(plays, p)
	}
	return &Timeline{
		Viewer: hex.EncodeToString(viewer[:]), From: from, To: to, Sessions: sessionsOf(plays), Plays: len(plays), More: ended.More,
	}, nil
}

// sessionsOf cuts plays where more than sessionGap lies between them.
func sessionsOf(plays []Play) []PlaySession {
	slices.SortStableFunc(plays, func(a, b Play) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Part, b.Part)) })
	sessions := []PlaySession{}
	for _, p := range plays {
		n := len(sessions)
		if n == 0 || p.From.Sub(sessions[n-1].To).Milliseconds() > sessionGap {
			sessions = append(sessions, PlaySession{From: p.From, To: p.To})
			n++
		}
		last := &sessions[n-1]
		last.Plays = append(last.Plays, p)
		if p.To.After(last.To) {
			last.To = p.To
		}
	}
	slices.Reverse(sessions)
	return sessions
}

// evidenceEnd is the end of what is known of a play, epoch ms.
func evidenceEnd(p *fact.Play) int64 {
	end := max(p.Ended, rollup.FirstMoment(p))
	if n := len(p.Intervals); n > 0 {
		end = max(end, p.Intervals[n-1].To)
	}
	return end
}
