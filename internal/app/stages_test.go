package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStagesStopInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		mk := func(name string, takes time.Duration) stage {
			return stage{name, func(ctx context.Context) error {
				<-ctx.Done()
				time.Sleep(takes)
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
				return nil
			}}
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { time.Sleep(time.Second); cancel() }()
		err := stages(ctx, slog.New(slog.DiscardHandler), 5*time.Second, []stage{mk("http", 2*time.Second), mk("process", time.Second), mk("load", 0)})
		if err != nil || !slices.Equal(order, []string{"http", "process", "load"}) {
			t.Fatalf("order %v, error %v", order, err)
		}
	})
}

func TestStagesEndTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("disk on fire")
		err := stages(t.Context(), slog.New(slog.DiscardHandler), time.Second, []stage{
			{"http", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			{"helper", func(context.Context) error { return nil }},
			{"process", func(context.Context) error { time.Sleep(time.Second); return broken }},
			{"stuck", func(ctx context.Context) error { <-ctx.Done(); time.Sleep(10 * time.Second); return nil }},
		})
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "stuck did not stop") || strings.Contains(err.Error(), "http") {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
	})
}
