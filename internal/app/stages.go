package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// stage is one thing that runs until it is told to stop.
type stage struct {
	name string
	run  func(context.Context) error
}

// stages runs all of them and stops them one after the other, in order, when
// ctx ends or one of them fails: whoever feeds others is stopped before them,
// so that what was taken in is carried through. grace bounds each stop.
func stages(ctx context.Context, log *slog.Logger, grace time.Duration, list []stage) error {
	type ended struct {
		index int
		err   error
	}
	base := context.WithoutCancel(ctx)
	results := make(chan ended, len(list))
	cancels := make([]context.CancelFunc, len(list))
	done := make([]bool, len(list))
	for i, s := range list {
		var own context.Context
		own, cancels[i] = context.WithCancel(base)
		go func() { results <- ended{i, s.run(own)} }()
	}
	var errs []error
	take := func(e ended) {
		done[e.index] = true
		if e.err != nil && !errors.Is(e.err, context.Canceled) {
			errs = append(errs, fmt.Errorf("%s: %w", list[e.index].name, e.err))
		}
	}
	for running := true; running; {
		select {
		case <-ctx.Done():
			running = false
		case e := <-results:
			take(e)
			running = e.err == nil // a stage may end by itself; an error ends all
		}
	}
	for i, s := range list {
		cancels[i]()
		timeout := time.NewTimer(grace)
		for !done[i] {
			select {
			case e := <-results:
				take(e)
			case <-timeout.C:
				log.Error("a stage did not stop in time", "stage", s.name, "grace", grace)
				errs = append(errs, fmt.Errorf("%s did not stop within %s", s.name, grace))
				done[i] = true
			}
		}
		timeout.Stop()
	}
	return errors.Join(errs...)
}
