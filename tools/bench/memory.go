package main

import (
	"context"
	"strconv"
	"time"
)

// measureDemo lets the demo run and reads its resident size then, and the
// highest on the way.
func measureDemo(ctx context.Context, o options, r *report) error {
	s, err := startServer(ctx, o.binary, "demo", "--viewers", strconv.Itoa(o.viewers), "--no-open")
	if err != nil {
		return err
	}
	defer s.stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(o.demo):
	}
	now, err := s.resident()
	if err != nil {
		return err
	}
	r.addAtMost("memory.demo_mib", float64(now)/(1<<20), "MiB", 400)
	r.add("memory.demo_peak_mib", float64(max(now, s.peak.Load()))/(1<<20), "MiB")
	return nil
}
