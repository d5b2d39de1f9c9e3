package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"playhead/tools/audience"
	"playhead/tools/figures"
)

// body is one request as it will be sent.
type body = audience.Body

// prepare makes the requests of a synthetic audience, in order of time.
func prepare(ctx context.Context, seed uint64, events int64) ([]body, error) {
	return audience.Prepare(ctx, audience.Options{Seed: seed, Events: events})
}

// sent is the outcome of a load.
type sent struct {
	events  int64
	took    time.Duration
	acks    []time.Duration
	lastAck time.Time
}

// send posts bodies over a few connections until they are used up or the time
// is over. With a rate, it is held to that many events a second.
func send(ctx context.Context, s *server, key string, bodies []body, connections int, limit time.Duration, rate float64) (sent, error) {
	var (
		next, events atomic.Int64
		mu           sync.Mutex
		acks         []time.Duration
		errs         []error
		workers      sync.WaitGroup
	)
	began := time.Now()
	work := func() error {
		for ctx.Err() == nil && time.Since(began) < limit {
			i := next.Add(1) - 1
			if i >= int64(len(bodies)) {
				return nil
			}
			b := bodies[i]
			if rate > 0 {
				time.Sleep(time.Until(began.Add(time.Duration(float64(i) * float64(b.Events) / rate * float64(time.Second)))))
			}
			asked := time.Now()
			if err := takeAll(s.post(ctx, "/v1/events", key, "application/x-ndjson", b.Data)); err != nil {
				return err
			}
			events.Add(int64(b.Events))
			mu.Lock()
			acks = append(acks, time.Since(asked))
			mu.Unlock()
		}
		return ctx.Err()
	}
	for range connections {
		workers.Go(func() {
			if err := work(); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	now := time.Now()
	return sent{events.Load(), now.Sub(began), acks, now}, errors.Join(errs...)
}

// takeAll wants every event of a request accepted: a rate of refusals is no rate.
func takeAll(data []byte, err error) error {
	if err != nil {
		return err
	}
	var a struct {
		Rejected []struct{ Field, Code, Reason string }
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return err
	}
	if len(a.Rejected) > 0 {
		return fmt.Errorf("%d events were rejected; the first: %+v", len(a.Rejected), a.Rejected[0])
	}
	return nil
}

// calibrate finds roughly how many events a second the server takes.
func calibrate(ctx context.Context, o options) (float64, error) {
	bodies, err := prepare(ctx, 1, 100_000)
	if err != nil {
		return 0, err
	}
	s, err := startServer(ctx, o.binary, "serve")
	if err != nil {
		return 0, err
	}
	defer s.stop()
	key, err := s.key(ctx, "write")
	if err != nil {
		return 0, err
	}
	got, err := send(ctx, s, key, bodies, o.connections, time.Minute, 0)
	return float64(got.events) / got.took.Seconds(), err
}

// measureIngest sends at full speed and waits until the last answer is the
// final one. It returns the rate.
func measureIngest(ctx context.Context, o options, r *figures.Report, flow *audience.Loop) (float64, error) {
	looked, err := newProfiler(o.profiles)
	if err != nil {
		return 0, err
	}
	s, err := startServer(ctx, o.binary, "serve", looked.flags()...)
	if err != nil {
		return 0, err
	}
	defer s.stop()
	key, err := s.key(ctx, "write")
	if err != nil {
		return 0, err
	}
	token, err := s.key(ctx, "read")
	if err != nil {
		return 0, err
	}
	profiled := looked.begin(ctx, o.load*3/4)
	before, err := processorTime()
	if err != nil {
		return 0, err
	}
	got, err := offer(ctx, s, key, flow, o.connections, o.load, 0)
	if got.refused > 0 {
		err = errors.Join(err, fmt.Errorf("%d events were refused", got.refused))
	}
	if err := errors.Join(err, profiled()); err != nil {
		return 0, err
	}
	after, err := processorTime()
	if err != nil {
		return 0, err
	}
	drained, err := s.metric(ctx, "playhead_lake_events")
	if err != nil {
		return 0, err
	}
	lag, err := s.metric(ctx, "playhead_lake_lag_seconds")
	if err != nil {
		return 0, err
	}
	backlog, err := settle(ctx, s, token, got.lastAck)
	if err != nil {
		return 0, err
	}
	s.stop()
	spent := s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
	rate := got.rate()
	r.Add("ingest.events_per_s", rate, "events/s")
	r.Add("ingest.seconds", got.took.Seconds(), "s")
	r.Add("ingest.core_us_per_event", float64(spent.Nanoseconds())/1e3/float64(got.accepted), "µs")
	r.Add("ingest.sender_us_per_event", float64((after-before).Nanoseconds())/1e3/float64(got.accepted), "µs")
	r.Add("ingest.lake_drain.events_per_s", drained/got.took.Seconds(), "events/s")
	r.Add("ingest.lake_lag_s", lag, "s")
	r.AtMost("ingest.backlog_s", backlog.Seconds(), "s", 2)
	for _, f := range r.Figures {
		if f.Name == "decode.native.events_per_s" {
			r.Add("ingest.to_decode.ratio", rate/f.Value, "ratio")
		}
	}
	r.Add("ack.p50_ms", quantileOf(got.acks, 0.5), "ms")
	r.Add("ack.p99_ms", quantileOf(got.acks, 0.99), "ms")
	r.Add("memory.ingest_peak_mib", float64(s.peak.Load())/(1<<20), "MiB")
	return rate, nil
}

// settle waits until the figures stop moving for three seconds, and returns how long
// after the last acknowledgement they moved last.
func settle(ctx context.Context, s *server, token string, lastAck time.Time) (time.Duration, error) {
	const quiet, patience = 3 * time.Second, 2 * time.Minute
	last, moved := -1.0, lastAck
	for time.Since(moved) < quiet {
		v, err := s.sum(ctx, token, "watch_hours", "")
		if err != nil {
			return 0, err
		}
		now := time.Now()
		if v != last {
			if last >= 0 {
				moved = now
			}
			last = v
		}
		if now.Sub(lastAck) > patience {
			return now.Sub(lastAck), nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return moved.Sub(lastAck), nil
}
