package study

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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

// spread calls fn for 0 to n−1, shared out among the processors, and returns when
// all are done. A panic of fn is the caller's.
func spread(n int, fn func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	var failed atomic.Value
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					failed.CompareAndSwap(nil, fmt.Sprint(p))
				}
			}()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				fn(i)
			}
		})
	}
	wg.Wait()
	if p := failed.Load(); p != nil {
		panic(p)
	}
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
