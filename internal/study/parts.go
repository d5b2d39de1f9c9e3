package study

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// inParts takes several steps of an answer at once, where together asks single queries, and
// notes how they were answered in the order in which they are named. The first
// failure ends the others.
func (a *answering) inParts(ctx context.Context, parts ...func(context.Context, *answering) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	own := make([]*answering, len(parts))
	var wg sync.WaitGroup
	for i, part := range parts {
		own[i] = &answering{s: a.s, start: a.start}
		wg.Go(func() {
			// A panic here would end the process and not only the answer.
			defer func() {
				if p := recover(); p != nil {
					cancel(fmt.Errorf("a part of an answer failed: %v", p))
				}
			}()
			if err := part(ctx, own[i]); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	for _, o := range own {
		a.join(o)
	}
	return context.Cause(ctx)
}

// join takes over what a part noted.
func (a *answering) join(o *answering) {
	for _, m := range o.metrics {
		if !slices.Contains(a.metrics, m) {
			a.metrics = append(a.metrics, m)
		}
	}
	if len(o.metrics) == 0 {
		return
	}
	m := &a.meta
	for _, r := range splitPlus(o.meta.Rollup) {
		m.Rollup = join(m.Rollup, r)
	}
	m.Engine, m.From, m.To = o.meta.Engine, o.meta.From, o.meta.To
	if m.FreshTo == "" || o.meta.FreshTo < m.FreshTo {
		m.FreshTo = o.meta.FreshTo
	}
	m.Suppressed += o.meta.Suppressed
	for _, text := range o.meta.Warnings {
		a.warn("%s", text)
	}
}
