package simulate

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// batch is a request on its way to its sender.
type batch struct {
	body []byte
	n    int
}

// Run sends an audience to a collector, waits until everything is acknowledged,
// settles, and writes the truth. The server may be killed and started again
// meanwhile. It fails when the server rejects events or stays away too long.
func Run(ctx context.Context, o Options) error {
	if err := o.Validate(); err != nil {
		return err
	}
	o.defaults()
	r := newRunner(&o)
	began := time.Now()
	if err := r.send(ctx); err != nil {
		return err
	}
	if err := r.out.settle(ctx); err != nil {
		return err
	}
	settled := time.Now()
	if o.Truth != "" {
		t := r.gen.ledger.truth(o.Seed, max(r.end, settled.UnixMilli()))
		t.Events, t.Repeats = r.gen.events, r.gen.repeats
		if t.World = o.World; r.gen.stage != nil {
			t.Planted = r.gen.stage.planted
		}
		if err := WriteTruth(o.Truth, t); err != nil {
			return err
		}
	}
	took := settled.Sub(began).Seconds()
	fmt.Fprintf(o.Out, "sent %d events of %d plays (%d sent twice, %d late) in %.1f s: %.0f/s; %d requests retried\n",
		r.gen.events, r.gen.plays, r.gen.repeats, r.gen.late, took, float64(r.gen.events+r.gen.repeats)/took, r.out.retries.Load())
	return nil
}

type runner struct {
	o    *Options
	gen  *generator
	out  *sender
	base int64 // simulated time, epoch ms
	end  int64
	// early is how much longer ago (ms) all of it is than it had to be, so that
	// what comes late has happened when it is sent.
	early int64
	lanes []lane
	pool  sync.Pool
	sent  atomic.Int64
}

// lane is one sender's part: viewers stay in theirs, so that their events
// arrive in order.
type lane struct {
	open   batch
	queue  chan batch
	opened time.Time
}

// afterEnd is for how long (ms) events may come after the end: some are late,
// and a play may go on for a moment.
const afterEnd = 30_000

func newRunner(o *Options) *runner {
	length := o.length()
	now := time.Now()
	if !o.End.IsZero() {
		now = o.End
	}
	r := &runner{o: o}
	switch {
	case o.Speed == 0:
		// All in the past, and old enough that no gauge runs into the future.
		r.end = now.UnixMilli() - 150_000
		r.base = r.end - length
	default:
		slower := max(0, 1-1/o.Speed)
		r.early = int64(afterEnd * slower)
		r.base = now.UnixMilli() - int64(float64(length)*slower) - r.early - 1
		r.end = r.base + length
	}
	r.base -= r.base % tickMS
	titles := titleList(o.Catalog)
	if o.World != "" {
		titles = WorldCatalog(now).Titles()
	}
	w := newWorld(o.Seed, titles)
	var stage *scene
	if o.World != "" {
		stage = newScene(o.World, w, r.base, r.end) // before the ledger: it orders the titles
	}
	r.gen = newGenerator(w, o.Seed, r.base, r.end-r.base, o.Viewers, o.Events)
	r.gen.stage = stage
	r.gen.ledger.diary.off = o.Truth == ""
	client := o.Client
	if client == nil {
		client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: o.Workers, DisableCompression: true}}
	}
	r.out = &sender{client: client, target: o.Target, key: o.Key, patience: o.Patience}
	r.lanes = make([]lane, o.Workers)
	for i := range r.lanes {
		r.lanes[i].queue = make(chan batch, 4)
	}
	return r
}

// send generates and delivers everything, and returns when all of it is
// acknowledged.
func (r *runner) send(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers, reporter sync.WaitGroup
	for i := range r.lanes {
		workers.Go(func() {
			if err := r.work(ctx, &r.lanes[i]); err != nil {
				cancel(err)
			}
		})
	}
	reporter.Go(func() { r.report(ctx) })
	err := r.gen.run(func(d delivery) error { return r.deliver(ctx, d) })
	for i := range r.lanes {
		if err == nil && r.lanes[i].open.n > 0 {
			err = r.flush(ctx, &r.lanes[i])
		}
		close(r.lanes[i].queue)
	}
	workers.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	cancel(nil)
	reporter.Wait()
	return err
}

func (r *runner) work(ctx context.Context, l *lane) error {
	for b := range l.queue {
		if err := r.out.events(ctx, ndjson, b.body, b.n); err != nil {
			return err
		}
		r.sent.Add(int64(b.n))
		r.pool.Put(&b.body)
	}
	return nil
}

// deliver puts an event into its lane, at its time when there is a pace.
func (r *runner) deliver(ctx context.Context, d delivery) error {
	if r.o.Speed > 0 {
		if err := r.pace(ctx, d.at); err != nil {
			return err
		}
	}
	l := &r.lanes[d.sender%uint64(len(r.lanes))]
	if l.open.body == nil {
		if p, ok := r.pool.Get().(*[]byte); ok {
			l.open.body = (*p)[:0]
		}
	}
	if l.open.n == 0 {
		l.opened = time.Now()
	}
	l.open.body = append(append(l.open.body, d.body...), '\n')
	if l.open.n++; l.open.n < r.o.Batch {
		return nil
	}
	return r.flush(ctx, l)
}

func (r *runner) flush(ctx context.Context, l *lane) error {
	b := l.open
	l.open = batch{}
	select {
	case l.queue <- b:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// pace waits until simulated time at has come; nothing waits in a lane longer
// than a quarter of a second.
func (r *runner) pace(ctx context.Context, at int64) error {
	for {
		now := time.Now()
		for i := range r.lanes {
			if l := &r.lanes[i]; l.open.n > 0 && now.Sub(l.opened) > 250*time.Millisecond {
				if err := r.flush(ctx, l); err != nil {
					return err
				}
			}
		}
		due := r.due(at)
		ahead := due.Sub(now)
		if ahead <= 0 {
			return nil
		}
		timer := time.NewTimer(min(ahead, 100*time.Millisecond))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// due is the wall time at which simulated time at is sent: never before it has
// really come.
func (r *runner) due(at int64) time.Time {
	if r.o.Speed < 1 {
		return time.UnixMilli(r.base + int64(float64(at-r.base)/r.o.Speed))
	}
	// Whatever comes after all is not sent before it happens.
	return time.UnixMilli(max(at, r.end+r.early-int64(float64(r.end-at)/r.o.Speed)))
}

func (r *runner) report(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	last := int64(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n := r.sent.Load()
			fmt.Fprintf(r.o.Out, "%d events acknowledged, %d/s, %d requests retried\n", n, (n-last)/5, r.out.retries.Load())
			last = n
		}
	}
}
