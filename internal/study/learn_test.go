package study

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"time"
)

// TestWhatIsUsualOutlivesAStart: a service that starts again knows what was learnt before
// without asking, as if it had learnt it; of what is too old, or cannot be read, it does not.
func TestWhatIsUsualOutlivesAStart(t *testing.T) {
	c, kept := &cube{}, &drawer{}
	c.usualTitles()
	clock := now
	start := func() *Service {
		s := serve(c, nil)
		s.o.Findings, s.o.Logger, s.o.Clock = kept, slog.New(slog.DiscardHandler), func() time.Time { return clock }
		return s
	}
	first, _, err := start().usually(t.Context())
	if err != nil || len(kept.others) != 1 {
		t.Fatalf("%d are kept (%v), want what was learnt", len(kept.others), err)
	}
	clock = now.AddDate(0, 0, 6)
	s, asked := start(), len(c.asked)
	if err := s.remember(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, at, err := s.usually(t.Context())
	if err != nil || len(c.asked) != asked || !at.Equal(now) {
		t.Fatalf("%d queries, learnt at %s (%v): want none, as of the start before", len(c.asked)-asked, at, err)
	}
	if !reflect.DeepEqual(again, first) {
		t.Error("what was remembered is not what was learnt")
	}
	if err := s.learn(t.Context(), anyWill); err != nil || len(c.asked) != asked {
		t.Errorf("%d queries (%v) of somebody who waited for it to be remembered", len(c.asked)-asked, err)
	}
	clock = now.AddDate(0, 0, 8)
	if _, at, err = start().usually(t.Context()); err != nil || !at.Equal(clock) {
		t.Errorf("learnt at %s (%v), want now: what was kept is too old", at, err)
	}
	kept.broken = errors.New("the disk is gone")
	if _, at, err = start().usually(t.Context()); err != nil || !at.Equal(clock) {
		t.Errorf("learnt at %s (%v), want now: what cannot be kept is learnt", at, err)
	}
}

// TestWhatIsUsualKeepsUp: of a history that is being sent more is learnt from as it comes,
// and a title that is like none of before is not said to have creatives that are all off.
func TestWhatIsUsualKeepsUp(t *testing.T) {
	c := &cube{}
	c.usualTitles()
	clock := now
	s := serve(c, nil)
	s.o.Clock = func() time.Time { return clock }
	learnt := func() time.Time {
		t.Helper()
		_, at, err := s.usually(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	learnt()
	c.usualTitles() // as much again
	clock = now.Add(learnSoon / 2)
	if at := learnt(); !at.Equal(now) {
		t.Errorf("learnt anew after %s, sooner than after %s", at.Sub(now), learnSoon)
	}
	clock = now.Add(learnSoon)
	if at := learnt(); !at.Equal(clock) {
		t.Errorf("with twice the data, what was learnt at %s is used after %s", at, learnSoon)
	}
	began, looks := clock, 0
	for clock.Before(began.Add(learnEvery)) {
		asked := len(c.asked)
		clock = clock.Add(time.Second)
		if at := learnt(); !at.Equal(began) {
			t.Fatalf("learnt anew at %s, though nothing has changed", at)
		}
		if len(c.asked) > asked {
			looks++
		}
	}
	if looks < 3 || looks > 8 {
		t.Errorf("it was looked %d times in %s whether anything had changed, want fewer and fewer", looks, learnEvery)
	}
	for i := range 4 {
		c.shown("film", fmt.Sprint("film-", i), "row", "US", 1000, 700, 500)
	}
	clock = clock.Add(learnSoon) // too few to be learnt from for themselves
	got, err := s.Outliers(t.Context(), OutliersAsk{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) > 0 || got.Meta.LearntAt != clock.UTC().Format(time.RFC3339) {
		t.Errorf("by what was learnt at %s, %+v", got.Meta.LearntAt, got.Rows)
	}
}

// TestSomeByHash: those drawn are always the same, and of fewer a part of those of more.
func TestSomeByHash(t *testing.T) {
	ids := make([]string, 5000)
	for i := range ids {
		ids[i] = string(rune('a'+i%26)) + time.Duration(i).String()
	}
	some := someByHash(ids, 800)
	if len(some) != 800 || !reflect.DeepEqual(some, someByHash(ids, 800)) {
		t.Fatalf("%d, want the same 800", len(some))
	}
	fewer := map[string]bool{}
	for _, id := range some {
		fewer[id] = true
	}
	for _, id := range someByHash(ids, 400) {
		if !fewer[id] {
			t.Fatalf("%s is among 400 and not among 800", id)
		}
	}
}
