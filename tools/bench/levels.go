package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"playhead/tools/audience"
	"playhead/tools/figures"
)

const (
	levelConnections    = 16  // more than can be answered at once, of a service that is not overloaded
	overloadConnections = 512 // …and of one that is
	overloadTimes       = 3   // how much is offered of what the server takes at most
	// maximumFor is for how long events are sent as fast as they are answered.
	maximumFor = 30 * time.Second
)

// measureLevels takes how fresh figures are and how long acknowledgements take at
// 10, 50, 80 and 100 % of what the server takes at most, and what happens at three
// times that.
func measureLevels(ctx context.Context, o options, r *figures.Report) error {
	guess, err := calibrate(ctx, o)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	// Generously: the guess is of a moment, and overload fills what holds bodies, too.
	flow, err := audience.NewLoop(ctx, audience.Options{Seed: 5, Events: int64(guess * max(maximumFor, o.levels, o.overload).Seconds() * 4)})
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	most, settled, err := maximum(ctx, o, r, flow)
	if err != nil {
		return fmt.Errorf("at full speed: %w", err)
	}
	for _, percent := range []int{10, 50, 80, 100} {
		say("sending at %d %% of %.0f events/s", percent, settled)
		if err := measureLevel(ctx, o, r, flow, percent, settled); err != nil {
			return fmt.Errorf("at %d %%: %w", percent, err)
		}
	}
	say("offering %d times as much as the server takes", overloadTimes)
	if err := measureOverload(ctx, o, r, flow, most, settled); err != nil {
		return fmt.Errorf("overload: %w", err)
	}
	return nil
}

// maximum is what the server takes a second: acknowledged, and on the whole way until
// the last of it is in answers.
func maximum(ctx context.Context, o options, r *figures.Report, flow *audience.Loop) (acknowledged, settled float64, err error) {
	s, key, token, err := startWithKeys(ctx, o)
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	flow.Rewind()
	got, err := offer(ctx, s, key, flow, levelConnections, maximumFor, 0)
	if err != nil {
		return 0, 0, err
	}
	backlog, err := settle(ctx, s, token, got.lastAck)
	if err != nil {
		return 0, 0, err
	}
	acknowledged, settled = got.rate(), float64(got.accepted)/(got.took+backlog).Seconds()
	r.Add("load.maximum.acknowledged_per_s", acknowledged, "events/s")
	r.Add("load.maximum.events_per_s", settled, "events/s")
	r.Add("load.maximum.peak_mib", float64(s.peak.Load())/(1<<20), "MiB")
	return acknowledged, settled, nil
}

// startWithKeys starts a server and makes a write key and a read token.
func startWithKeys(ctx context.Context, o options, flags ...string) (s *server, key, token string, err error) {
	if s, err = startServer(ctx, o.binary, "serve", flags...); err != nil {
		return nil, "", "", err
	}
	if key, err = s.key(ctx, "write"); err == nil {
		token, err = s.key(ctx, "read")
	}
	if err != nil {
		s.stop()
	}
	return s, key, token, err
}

func measureLevel(ctx context.Context, o options, r *figures.Report, flow *audience.Loop, percent int, most float64) error {
	s, key, token, err := startWithKeys(ctx, o)
	if err != nil {
		return err
	}
	defer s.stop()
	flow.Rewind()
	got, err := freshUnder(ctx, s, key, token, flow, most*float64(percent)/100, int(o.levels/probeEvery))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("load.%d.", percent)
	r.Add(name+"events_per_s", got.load.rate(), "events/s")
	r.Add(name+"ack_p50_ms", quantileOf(got.load.acks, 0.5), "ms")
	r.Add(name+"ack_p99_ms", quantileOf(got.load.acks, 0.99), "ms")
	r.Add(name+"fresh_p50_ms", quantile(got.live, 0.5), "ms")
	add := r.Add
	if percent <= 50 { // what DESIGN demands
		add = func(n string, v float64, u string) { r.AtMost(n, v, u, 1000) }
	}
	add(name+"fresh_p99_ms", quantile(got.live, 0.99), "ms")
	add(name+"query_p99_ms", quantile(got.query, 0.99), "ms")
	return nil
}

func measureOverload(ctx context.Context, o options, r *figures.Report, flow *audience.Loop, most, settled float64) error {
	s, key, token, err := startWithKeys(ctx, o)
	if err != nil {
		return err
	}
	defer s.stop()
	watching, cancel := context.WithCancel(ctx)
	watched := s.watch(watching)
	defer cancel()
	flow.Rewind()
	before, err := processorTime()
	if err != nil {
		return err
	}
	got, err := offer(ctx, s, key, flow, overloadConnections, o.overload, overloadTimes*most)
	if err != nil {
		return err
	}
	cancel()
	w := watched()
	spent, err := processorTime()
	if err != nil {
		return err
	}
	backlog, err := settle(ctx, s, token, got.lastAck)
	if err != nil {
		return err
	}
	all := float64(got.accepted + got.refused + got.unsent)
	if all == 0 {
		return errors.New("nothing was offered")
	}
	r.Add("overload.offered_per_s", all/got.took.Seconds(), "events/s")
	r.Add("overload.accepted_per_s", got.rate(), "events/s")
	r.AtLeast("overload.goodput.ratio", got.rate()/most, "ratio", 0.9)
	r.AtLeast("overload.goodput.settled_ratio", float64(got.accepted)/(got.took+backlog).Seconds()/settled, "ratio", 0.9)
	r.Add("overload.refused.share", float64(got.refused)/all, "")
	r.Add("overload.unsent.share", float64(got.unsent)/all, "")
	r.Add("overload.ack_p99_ms", quantileOf(got.acks, 0.99), "ms")
	r.Add("overload.backlog_s", backlog.Seconds(), "s")
	r.Add("overload.sender_cores", (spent-before).Seconds()/got.took.Seconds(), "cores")
	r.Add("overload.rss_slope", slope(after(w.rss, o.overload/3)), "MiB/min, the first third left out")
	r.Add("overload.peak_mib", float64(s.peak.Load())/(1<<20), "MiB")
	return nil
}
