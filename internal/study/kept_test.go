package study

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestSlowAnswersAreKept(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := New(Options{Clock: func() time.Time { return now }})
	asked := 0
	ask := func(cost time.Duration) int {
		t.Helper()
		v, err := keep(t.Context(), s, cost.String(), func(context.Context) (int, error) {
			asked++
			now = now.Add(cost)
			return asked, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if ask(time.Millisecond) != 1 || ask(time.Millisecond) != 2 {
		t.Error("a quick answer was kept")
	}
	if first, again := ask(time.Second), ask(time.Second); first != 3 || again != 3 {
		t.Error("a slow answer was worked out twice")
	}
	now = now.Add(60 * time.Second) // of the hundred that it lasts
	if err := s.renewKept(t.Context()); err != nil || asked != 4 {
		t.Errorf("%d answers after a look at what is kept (%v), want it renewed", asked, err)
	}
	if ask(time.Second) != 4 {
		t.Error("the renewed answer was not given")
	}
	now = now.Add(101 * time.Second)
	if ask(time.Second) != 5 {
		t.Error("an old answer was given")
	}
	now = now.Add(2 * time.Hour)
	if err := s.renewKept(t.Context()); err != nil || asked != 5 {
		t.Errorf("%d answers, want none that nobody asks for (%v)", asked, err)
	}
}

func TestNobodyWaitsLongerThanTheyWill(t *testing.T) {
	s := New(Options{Clock: time.Now})
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		_, err := keep(context.Background(), s, "x", func(context.Context) (int, error) {
			close(begun)
			<-end
			return 1, nil
		})
		done <- err
	}()
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := keep(ctx, s, "x", func(context.Context) (int, error) { return 2, nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the asker's own error", err)
	}
	close(end)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Who asks for it gets an answer that is worked out now, and others get that one then.
func TestKeptAnswersAreWorkedOutAnew(t *testing.T) {
	at, n := now, 0
	s := New(Options{Asker: &cube{}, Clock: func() time.Time { return at }})
	ask := func(ctx context.Context) int {
		got, err := keep(ctx, s, "x", func(context.Context) (int, error) {
			n++
			at = at.Add(2 * keptFrom)
			return n, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for i, c := range []struct {
		ctx  context.Context
		want int
	}{{t.Context(), 1}, {t.Context(), 1}, {Anew(t.Context()), 2}, {t.Context(), 2}} {
		if got := ask(c.ctx); got != c.want {
			t.Errorf("answer %d is number %d, want %d", i, got, c.want)
		}
	}
}

// What is about a part of the catalogue is kept for less, and nobody renews it.
func TestSmallAnswersAreKeptBriefly(t *testing.T) {
	at, n := now, 0
	s := New(Options{Asker: &cube{}, Clock: func() time.Time { return at }})
	ask := func() int {
		if _, err := keepBriefly(t.Context(), s, "x", func(context.Context) (*Answer, error) {
			n++
			at = at.Add(2 * briefFrom)
			return &Answer{}, nil
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if first, second := ask(), ask(); first != 1 || second != 1 {
		t.Error("an answer that took a fifth of a second was worked out twice")
	}
	at = at.Add(15 * time.Second) // of the twenty that it lasts
	if err := s.renewKept(t.Context()); err != nil || n != 1 {
		t.Errorf("%d answers were worked out (%v), want that nobody renews it", n, err)
	}
	at = at.Add(6 * time.Second)
	if ask() != 2 {
		t.Error("an old answer was given")
	}
}
