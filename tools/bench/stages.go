package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"playhead/tools/audience"
	"playhead/tools/figures"
	"playhead/tools/flame"
)

// profiledAfter is for how long the server is still profiled when nothing comes any
// more: what it had taken in is worked off then.
const profiledAfter = 5 * time.Second

// measureStages profiles the server at full rate and says what an event costs in each
// stage, in processor time and in memory that was allocated, and draws it.
func measureStages(ctx context.Context, o options, r *figures.Report) (err error) {
	guess, err := calibrate(ctx, o)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	flow, err := audience.NewLoop(ctx, audience.Options{Seed: 8, Events: int64(guess * o.staged.Seconds() * 4)})
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	folder := o.profiles
	if folder == "" {
		if folder, err = os.MkdirTemp("", "bench-profiles-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	looked, err := newProfiler(folder)
	if err != nil {
		return err
	}
	s, key, _, err := startWithKeys(ctx, o, looked.flags()...)
	if err != nil {
		return err
	}
	defer s.stop()
	before, err := s.processorTime()
	if err != nil {
		return err
	}
	say("sending for %s, profiled", o.staged)
	profiled := looked.begin(ctx, o.staged+profiledAfter)
	got, err := offer(ctx, s, key, flow, levelConnections, o.staged, 0)
	if err := errors.Join(err, profiled()); err != nil {
		return err
	}
	spent, err := s.processorTime()
	if err != nil {
		return err
	}
	return addStages(o, r, folder, float64(got.accepted), spent-before)
}

// addStages reads the profiles and notes each stage's share. What the server used and
// Go's profile does not know are threads of DuckDB's.
func addStages(o options, r *figures.Report, folder string, events float64, spent time.Duration) error {
	times, err := readProfile(filepath.Join(folder, "cpu.pprof"))
	if err != nil {
		return err
	}
	allocations, err := readProfile(filepath.Join(folder, "allocs.pprof"))
	if err != nil {
		return err
	}
	ns, bytes := flame.ByStage(times, "cpu"), flame.ByStage(allocations, "alloc_space")
	known := int64(0)
	for _, stage := range flame.All() {
		name := "stages." + strings.NewReplacer(" ", "_", "-", "").Replace(stage)
		r.Add(name+".ns_per_event", float64(ns[stage])/events, "ns")
		r.Add(name+".bytes_per_event", float64(bytes[stage])/events, "B")
		known += ns[stage]
	}
	r.Add("stages.engine_threads.ns_per_event", float64(max(0, spent.Nanoseconds()-known))/events, "ns")
	r.Add("stages.all.ns_per_event", float64(spent.Nanoseconds())/events, "ns")
	r.Add("stages.all.events", events, "")
	if err := os.MkdirAll(o.docs, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(o.docs, "flame.svg"))
	if err != nil {
		return err
	}
	title := fmt.Sprintf("processor time of the server's Go code at full rate, %.0f ns an event; by stage", float64(known)/events)
	return errors.Join(flame.SVG(f, times, "cpu", title), f.Close())
}

func readProfile(path string) (p *profile.Profile, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if p, err = profile.Parse(f); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return p, nil
}
