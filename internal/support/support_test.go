package support

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/play"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is what the ports of a service answer.
type world struct {
	rows    []warehouse.PlayRow
	viewers int
	open    []play.Underway
	batch   fact.Batch
	asked   warehouse.PlayAsk
}

func (w *world) ListPlays(_ context.Context, a warehouse.PlayAsk) (*warehouse.PlayList, error) {
	w.asked = a
	return &warehouse.PlayList{Plays: w.rows, Viewers: w.viewers, More: true}, nil
}

func (w *world) Underway(context.Context, event.ViewerKey) ([]play.Underway, *fact.Batch, error) {
	return w.open, &w.batch, nil
}

func (w *world) Viewer(raw string) event.ViewerKey    { return event.ViewerKey{'v', byte(len(raw))} }
func (w *world) Anonymous(raw string) event.ViewerKey { return event.ViewerKey{'a', byte(len(raw))} }

func (w *world) service() *Service {
	return New(Options{Plays: w, Open: w, Ring: w, Clock: func() time.Time { return now }, MinViewers: 5})
}

// row is a play that began some minutes before now: startup, playing, a stall under
// another CDN, and an end.
func row(id byte, minutes int64, reason fact.EndReason) warehouse.PlayRow {
	from := now.UnixMilli() - minutes*60_000
	return warehouse.PlayRow{
		Play: fact.Play{
			N: 1, Viewer: event.ViewerKey{0xab, 0xcd, id}, Known: true, Play: event.Ref{id}, Requested: from, FirstFrame: from + 800, Ended: from + 60_000,
			Reason: reason, StartupMS: 800, DurationMS: -1, StartMS: -1, FurthestMS: 55_000, MediaMS: 50_000, WatchedMS: 60_000, StallMS: 9_200, Stalls: 1,
			BitrateMS: 4_000 * 50_000, KnownBitrateMS: 50_000, Slot: 1,
			Intervals: []fact.Interval{
				{Kind: fact.Startup, From: from, To: from + 800}, {Kind: fact.Playing, From: from + 800, To: from + 50_800},
				{Dims: 1, Kind: fact.Stalled, From: from + 50_800, To: from + 60_000},
			},
		},
		Dims:  []fact.Dims{{Title: "dune", CDN: "akamai", DeviceType: "tv"}, {Title: "dune", CDN: "fastly", DeviceType: "tv"}},
		Slots: []fact.Slot{{Creative: "c1", Placement: "hero"}},
	}
}

func TestTimelineIsCutIntoSessions(t *testing.T) {
	w := &world{rows: []warehouse.PlayRow{row(3, 5, fact.EndedByFailure), row(2, 20, fact.EndedByClient), row(1, 90, fact.EndedBySilence)}}
	// One that goes on, and one that has ended since its state was stored.
	w.batch.Dims = []fact.Dims{{Title: "dune"}}
	for _, id := range []byte{4, 3} {
		r := row(id, 2, fact.EndedByExit)
		r.Slot, r.Viewer = 0, event.ViewerKey{0xab}
		r.Intervals = r.Intervals[:2]
		w.open = append(w.open, play.Underway{Row: r.Play, State: fact.Paused})
	}
	got, err := w.service().Timeline(t.Context(), event.ViewerKey{0xab}, now.Add(-2*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Sessions) != 2 || got.Plays != 4 || !got.More || got.Viewer[:2] != "ab" || len(got.Viewer) != 32 {
		t.Fatalf("%+v", got)
	}
	late, early := got.Sessions[0], got.Sessions[1]
	if len(late.Plays) != 3 || len(early.Plays) != 1 || early.Plays[0].Outcome != OutcomeSilent || !late.From.After(early.To) {
		t.Fatalf("%+v", got.Sessions)
	}
	open, failed := late.Plays[2], late.Plays[1]
	if open.Outcome != OutcomeOpen || open.Now != "paused" || open.Ended != nil {
		t.Errorf("the open play: %+v", open)
	}
	if failed.Outcome != OutcomeFailed || *failed.BitrateKbps != 4000 || failed.Creative != "c1" || failed.DurationMS != nil || *failed.StartupMS != 800 {
		t.Errorf("the failed play: %+v", failed)
	}
	states := failed.States
	if len(states) != 3 || states[0].State != "startup" || states[0].CDN != "" || states[2].State != "stalled" || states[2].CDN != "fastly" || states[2].ISP != "" {
		t.Errorf("states: %+v", states)
	}
}

func TestALongPlayIsCutAndSaysSo(t *testing.T) {
	r := row(1, 60, fact.EndedByClient)
	for range maxStates {
		r.Intervals = append(r.Intervals, fact.Interval{Kind: fact.Paused, From: r.Ended, To: r.Ended + 1})
	}
	p := playOf(&r.Play, r.Dims, r.Slots)
	if len(p.States) != maxStates || !p.Cut {
		t.Errorf("%d states, cut %v", len(p.States), p.Cut)
	}
}

func TestWhoIsMeant(t *testing.T) {
	s := (&world{}).service()
	for _, c := range []struct {
		who Who
		by  string
	}{
		{Who{ViewerID: "ada@example.com"}, "viewer_id"}, {Who{AnonymousID: "ada@example.com"}, "anonymous_id"}, {Who{Viewer: strings.Repeat("0f", 16)}, "viewer"},
		{Who{}, ""}, {Who{ViewerID: "ada@example.com", AnonymousID: "b"}, ""}, {Who{Viewer: "ada@example.com"}, ""}, {Who{Viewer: "0f"}, ""},
	} {
		key, by, err := s.Key(c.who)
		switch {
		case by != c.by || (err == nil) != (c.by != ""):
			t.Errorf("%+v: by %q, %v", c.who, by, err)
		case err != nil && (!errors.Is(err, ErrAsk) || strings.Contains(err.Error(), "ada")):
			t.Errorf("%+v: the error is %v", c.who, err)
		case err == nil && key.IsZero():
			t.Errorf("%+v: no key", c.who)
		}
	}
}

func TestWindows(t *testing.T) {
	s := (&world{}).service()
	from, to, err := s.Window(time.Time{}, time.Time{})
	if err != nil || !to.Equal(now) || to.Sub(from) != 7*24*time.Hour {
		t.Errorf("left out: %v to %v, %v", from, to, err)
	}
	for _, bad := range [][2]time.Time{{now, now}, {now.Add(time.Hour), now}, {now.Add(-32 * 24 * time.Hour), now}} {
		if _, _, err := s.Window(bad[0], bad[1]); !errors.Is(err, ErrAsk) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestASampleMasksItsViewers(t *testing.T) {
	w := &world{rows: []warehouse.PlayRow{row(1, 5, fact.EndedByClient)}, viewers: 5}
	ask := SampleAsk{Worst: "stalls", Limit: 1000, Where: []rollup.Filter{{Dimension: rollup.CDN, In: []string{"akamai"}}}}
	got, err := w.service().Sample(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if p := got.Plays[0]; p.Masked != "abcd" || p.Viewer != "" || p.Play.Play != "" || p.Title != "dune" {
		t.Errorf("for the role viewer: %+v", p)
	}
	if w.asked.Limit != MaxSample || w.asked.AtLeast != 5 || w.asked.Order != warehouse.MostStalled || w.asked.To-w.asked.From != 3_600_000 || len(w.asked.Where) != 1 {
		t.Errorf("asked %+v", w.asked)
	}
	ask.Named = true
	if got, _ = w.service().Sample(t.Context(), ask); got.Plays[0].Viewer != hex.EncodeToString(w.rows[0].Viewer[:]) || got.Plays[0].Play.Play == "" {
		t.Errorf("for the role support: %+v", got.Plays[0])
	}
	// Of few viewers nothing is shown, but to those who may look them up.
	w.viewers = 4
	if got, _ = w.service().Sample(t.Context(), ask); got.Suppressed || len(got.Plays) != 1 {
		t.Errorf("few viewers, role support: %+v", got)
	}
	ask.Named = false
	if got, _ = w.service().Sample(t.Context(), ask); !got.Suppressed || len(got.Plays) != 0 || got.More {
		t.Errorf("few viewers: %+v", got)
	}
	ask.Worst = "best"
	if _, err = w.service().Sample(t.Context(), ask); !errors.Is(err, ErrAsk) {
		t.Errorf("an unknown order: %v", err)
	}
}
