package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"playhead/tools/audience"
	"playhead/tools/figures"
)

const (
	// settlingIn is left out of what has to be flat: memory fills, files are made.
	settlingIn = 5 * time.Minute
	// seekEvery is how often the endurance run sends a probe.
	seekEvery = 2 * time.Second
	// endured is the longest that figures may trail, whatever is compacted meanwhile.
	endured = 2 * time.Second
)

// measureEndurance sends at half of what the server takes at most for a long while, and
// looks whether memory, handles, disk and latency stay as they are.
func measureEndurance(ctx context.Context, o options, r *figures.Report) error {
	most := o.rate
	if most == 0 {
		guess, err := calibrate(ctx, o)
		if err != nil {
			return fmt.Errorf("calibrate: %w", err)
		}
		flow, err := audience.NewLoop(ctx, audience.Options{Seed: 5, Events: int64(guess * maximumFor.Seconds() * 4)})
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		if _, most, err = maximum(ctx, o, r, flow); err != nil {
			return fmt.Errorf("at full speed: %w", err)
		}
	}
	rate := most / 2
	if o.hurried {
		flow, err := audience.NewLoop(ctx, audience.Options{Seed: 6, Events: int64(rate * o.endurance.Seconds() * 1.02)})
		if err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		say("sending %.0f events/s for %s, of hours in seconds", rate, o.endurance)
		return endure(ctx, o, r, "hurried", rate, func() source {
			return &paced{flow: flow, rate: rate, began: time.Now(), length: o.endurance}
		})
	}
	crowd, err := audience.NewCrowd(ctx, audience.Options{Seed: 6}, rate)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	say("sending %.0f events/s for %s, of %d audiences side by side in real time", crowd.Rate(), o.endurance, crowd.Copies())
	return endure(ctx, o, r, "endurance", crowd.Rate(), func() source {
		began := time.Now()
		crowd.Begin(began, min(settlingIn, o.endurance/3)*4/5)
		return &live{crowd, began.Add(o.endurance)}
	})
}

// endure sends what there is and reports it by names that begin with prefix.
func endure(ctx context.Context, o options, r *figures.Report, prefix string, rate float64, begin func() source) error {
	s, key, token, err := startWithKeys(ctx, o)
	if err != nil {
		return err
	}
	defer s.stop()
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	watched := s.watch(watching)
	var seekers sync.WaitGroup
	var seen []sample
	var seekErr error
	seekers.Go(func() { seen, seekErr = s.seek(watching, key, token) })
	began := time.Now()
	what := begin()
	events := what.events()
	got, err := offerOf(ctx, s, key, what, levelConnections, true)
	cancel()
	seekers.Wait()
	w := watched()
	if err != nil {
		return fmt.Errorf("the load: %w", err)
	}
	if seekErr != nil {
		return fmt.Errorf("probes: %w", seekErr)
	}
	if got.unsent > 0 || got.refused > 0 {
		say("%d events were refused and %d not even sent", got.refused, got.unsent)
	}
	from := min(settlingIn, o.endurance/3)
	steady := after(w.rss, from)
	r.Add(prefix+".minutes", time.Since(began).Minutes(), "min")
	perSecond := float64(len(after(got.acks, from))*events) / (o.endurance - from).Seconds()
	r.AtLeast(prefix+".events_per_s", perSecond, "events/s", rate*0.99)
	r.Add(prefix+".core_us_per_event", slope(after(w.spent, from))/60*1e6/perSecond, "µs")
	r.AtMost(prefix+".rss_slope", slope(steady), "MiB/min after the first 5", 1)
	r.Add(prefix+".rss_mib", mean(steady), "MiB")
	r.Add(prefix+".peak_mib", float64(s.peak.Load())/(1<<20), "MiB")
	r.AtMost(prefix+".handles_slope", slope(after(w.files, from)), "handles/min", 1)
	r.Add(prefix+".handles", mean(after(w.files, from)), "")
	r.Add(prefix+".disk_bytes_per_event", slope(after(w.disk, from))*(1<<20)/60/perSecond, "B")
	early, late := halves(after(seen, from))
	earlyAcks, lateAcks := halves(after(got.acks, from))
	r.AtMost(prefix+".fresh_max_ms", quantileOf(seen, 1), "ms", float64(endured.Milliseconds()))
	r.Add(prefix+".fresh_p99_ms", quantileOf(seen, 0.99), "ms")
	r.AtMost(prefix+".fresh_p50_growth", quantileOf(late, 0.5)/quantileOf(early, 0.5), "second half over first", 1.5)
	r.Add(prefix+".ack_p50_ms", quantileOf(got.acks, 0.5), "ms")
	r.Add(prefix+".ack_p99_ms", quantileOf(got.acks, 0.99), "ms")
	r.AtMost(prefix+".ack_p99_growth", quantileOf(lateAcks, 0.99)/quantileOf(earlyAcks, 0.99), "second half over first", 1.5)
	return nil
}

// seek sends one new viewer after the other until the context ends, and asks until
// the answer counts each: ms from sending.
func (s *server) seek(ctx context.Context, key, token string) (seen []sample, err error) {
	began := time.Now()
	for n := 1; ; n++ {
		sentAt := time.Now()
		if err := s.sendProbe(ctx, key, n, sentAt); err != nil {
			return seen, unlessOver(ctx, err)
		}
		for plays := 0.0; plays < float64(n); time.Sleep(5 * time.Millisecond) {
			if plays, err = s.sum(ctx, token, "plays", probeCountry); err != nil {
				return seen, unlessOver(ctx, err)
			}
			if time.Since(sentAt) > time.Minute {
				return seen, fmt.Errorf("probe %d is not seen after a minute", n)
			}
		}
		seen = append(seen, sample{sentAt.Sub(began), float64(time.Since(sentAt).Microseconds()) / 1000})
		select {
		case <-ctx.Done():
			return seen, nil
		case <-time.After(time.Until(sentAt.Add(seekEvery))):
		}
	}
}

// sendProbe sends probe n. Where the server holds senders back, it is sent again, as players do:
// what it waits counts as time that the figure trails.
func (s *server) sendProbe(ctx context.Context, key string, n int, sentAt time.Time) error {
	for {
		err := takeAll(s.post(ctx, "/v1/events", key, "application/x-ndjson", probeOf(n, sentAt)))
		var status *statusError
		if !errors.As(err, &status) || status.code != http.StatusTooManyRequests {
			return err
		}
		if time.Since(sentAt) > time.Minute {
			return fmt.Errorf("probe %d is not taken in a minute: %w", n, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// unlessOver is an error that is not of the end.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
