package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/lake"
	"playhead/internal/lake/lakesql"
	"playhead/tools/figures"
)

// realRun is what so many real simulated events left behind.
type realRun struct {
	events, plays float64
	rates         rates
	// cells of title × country that exist, and the bytes of their sketches; and what
	// the model says of them from the titles' and countries' own totals.
	cells, bytes, wantCells, wantBytes float64
	// The same question of the roll-ups over HTTP and, exactly, of every event.
	rollup, raw time.Duration
	differences []float64
}

// measureRuns sends real events to a new server for each number of a list.
func measureRuns(ctx context.Context, o options) (out []realRun, err error) {
	for text := range strings.SplitSeq(o.measure, ",") {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("-measure: %w", err)
		}
		r, err := measureRun(ctx, o, int64(n))
		if err != nil {
			return nil, fmt.Errorf("%s real events: %w", text, err)
		}
		say("%s events: %.0f plays, %.0f cells (model: %.0f), %.2f MB of sketches (%.2f), roll-up %s, raw %s", text, r.plays, r.cells, r.wantCells,
			r.bytes/1e6, r.wantBytes/1e6, r.rollup.Round(time.Microsecond), r.raw.Round(time.Microsecond))
		out = append(out, r)
	}
	return out, nil
}

func measureRun(ctx context.Context, o options, events int64) (r realRun, err error) {
	dir := filepath.Join(o.real, fmt.Sprintf("%d-%d", events, o.viewers))
	if o.real == "" {
		if dir, err = os.MkdirTemp("", "trillion-real-"); err != nil {
			return r, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	data := filepath.Join(dir, "data")
	if _, err := os.Stat(filepath.Join(dir, verified)); errors.Is(err, os.ErrNotExist) {
		if err := sendReal(ctx, o, dir, data, events); err != nil {
			return r, err
		}
	}
	s, err := serve(ctx, o.binary, data)
	if err != nil {
		return r, err
	}
	defer s.stop()
	r.events = float64(events)
	country, err := r.ask(ctx, s)
	if err != nil {
		return r, err
	}
	rolled, err := r.askRollup(ctx, s, country)
	if err != nil {
		return r, err
	}
	if err := s.stop(); err != nil {
		return r, err
	}
	return r, r.askRaw(ctx, data, country, rolled)
}

// verified is the file that says that a real run is whole, and was as its truth says.
const verified = "verified"

// sendReal sends real events to a new server over a folder, and holds its figures
// against the truth.
func sendReal(ctx context.Context, o options, dir, data string, events int64) error {
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return err
	}
	s, err := serve(ctx, o.binary, data, "--retain-events", "1m", "--max-lag", "20s", // of the log nothing is asked; who is sent more than it can do says so
		"--load-memory", "256", "--warehouse-memory", "1024", "--log-memory", "256")
	if err != nil {
		return err
	}
	defer s.stop()
	write, err := key(ctx, o.binary, data, "--write")
	if err != nil {
		return err
	}
	time.Sleep(2 * time.Second) // the server watches the file of keys
	truth := filepath.Join(dir, "truth.json")
	send := exec.CommandContext(ctx, o.binary, "simulate", "--target", s.url, "--key", write, "--events", fmt.Sprint(events), "--viewers", fmt.Sprint(o.viewers), "--truth", truth)
	if said, err := send.CombinedOutput(); err != nil {
		return fmt.Errorf("simulate: %w\n%s", err, said)
	}
	said, err := exec.CommandContext(ctx, o.binary, "verify", "--target", s.url, "--token", s.token, "--truth", truth).CombinedOutput()
	if err != nil {
		return fmt.Errorf("verify: %w\n%s", err, said)
	}
	if err := s.stop(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, verified), said, 0o600)
}

// table asks for metrics by dimensions, all time.
func (s *server) table(ctx context.Context, q query) (answer, map[string]int, time.Duration, error) {
	data, took, err := s.ask(ctx, &question{path: "/api/v1/query", body: q.json()})
	if err != nil {
		return answer{}, nil, 0, err
	}
	a, column, err := readAnswer(data)
	return a, column, took, err
}

// ask takes rates and cells, and returns the largest country.
func (r *realRun) ask(ctx context.Context, s *server) (string, error) {
	a, at, _, err := s.table(ctx, query{Metrics: []string{"plays", "impressions", "media_hours", "rebuffering_ratio", "viewers_reached", "eligible_viewers", "takers"}})
	if err != nil || len(a.Rows) == 0 {
		return "", errors.Join(err, errors.New("no totals"))
	}
	of := func(name string) float64 { v, _ := a.Rows[0][at[name]].(float64); return v }
	r.plays = of("plays")
	r.rates = rates{
		EventsPerPlay: r.events / r.plays, ImpressionsPerPlay: of("impressions") / r.plays, MediaMSPerPlay: of("media_hours") * 3.6e6 / r.plays,
		StallShare: of("rebuffering_ratio"), EligiblePerReached: of("eligible_viewers") / of("viewers_reached"), TakersPerEligible: of("takers") / of("eligible_viewers"),
	}
	titles, countries := map[string]float64{}, map[string]float64{}
	for name, into := range map[string]map[string]float64{"title": titles, "country": countries} {
		a, at, _, err := s.table(ctx, query{Metrics: []string{"plays"}, Dimensions: []string{name}})
		if err != nil {
			return "", err
		}
		for _, row := range a.Rows {
			if v, _ := row[at[name]].(string); v != "" {
				into[v], _ = row[at["plays"]].(float64)
			}
		}
	}
	for _, v := range []*float64{&r.rates.EligiblePerReached, &r.rates.TakersPerEligible} {
		if math.IsNaN(*v) || math.IsInf(*v, 0) {
			*v = 0 // impressions of the last day have not ripened
		}
	}
	a, at, _, err = s.table(ctx, query{Metrics: []string{"plays", "viewers"}, Dimensions: []string{"title", "country"}})
	if err != nil {
		return "", err
	}
	viewers, played := 0.0, 0.0
	for _, row := range a.Rows {
		n, _ := row[at["plays"]].(float64)
		v, _ := row[at["viewers"]].(float64)
		if n > 0 {
			r.cells++
			r.bytes += hllBytes(v)
			viewers, played = viewers+v, played+n
		}
	}
	r.rates.ViewersPerPlay = viewers / played
	largest := ""
	for c, n := range countries {
		if largest == "" || n > countries[largest] {
			largest = c
		}
		for _, m := range titles {
			mean := m * n / r.plays
			r.wantCells += -math.Expm1(-mean)
			r.wantBytes += expectedBytes(mean, r.rates.ViewersPerPlay)
		}
	}
	return largest, nil
}

// expectedBytes is the mean size of a cell's sketch, if plays come by chance at a
// mean: none if nobody came.
func expectedBytes(mean, viewersPerPlay float64) float64 {
	if mean > 60 {
		return hllBytes(math.Round(mean * viewersPerPlay))
	}
	sum, p := 0.0, math.Exp(-mean)
	for n := 1.0; n < 200 && (n < mean || p > 1e-9); n++ {
		p *= mean / n
		sum += p * hllBytes(max(1, math.Round(n*viewersPerPlay)))
	}
	return sum
}

// askRollup asks for the viewers of each title in a country.
func (r *realRun) askRollup(ctx context.Context, s *server, country string) (map[string]float64, error) {
	out := map[string]float64{}
	var took []time.Duration
	for range 15 {
		a, at, t, err := s.table(ctx, query{Metrics: []string{"viewers"}, Dimensions: []string{"title"}, Where: is("country", country)})
		if err != nil {
			return nil, err
		}
		for _, row := range a.Rows {
			if title, _ := row[at["title"]].(string); title != "" {
				out[title], _ = row[at["viewers"]].(float64)
			}
		}
		took = append(took, t)
	}
	slices.Sort(took)
	r.rollup = took[len(took)/2]
	return out, nil
}

// askRaw asks the same exactly, of every event in the lake.
func (r *realRun) askRaw(ctx context.Context, data, country string, rolled map[string]float64) (err error) {
	log, err := pebblelog.Open(filepath.Join(data, "log"), pebblelog.Options{})
	if err != nil {
		return err
	}
	l, err := lake.Open(filepath.Join(data, "lake"), log, lake.Options{Clock: func() time.Time { return time.Now().Add(72 * time.Hour) }})
	if err == nil {
		err = l.Flush(ctx)
	}
	if err == nil {
		err = l.Tidy(ctx)
	}
	if err = errors.Join(err, log.Close()); err != nil {
		return err
	}
	db, err := lakesql.Open(ctx, lakesql.Options{MemoryMB: 4096})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	sql := "SELECT title_id, count(DISTINCT viewer) FROM events WHERE type = 'play_started' AND viewer_known AND country = '" + country + "' GROUP BY 1"
	var took []time.Duration
	exact := map[string]float64{}
	for range 3 {
		began := time.Now()
		err := db.Query(ctx, filepath.Join(data, "lake"), sql, func([]string) error { return nil }, func(row []any) error {
			title, _ := row[0].(string)
			n, err := strconv.ParseFloat(fmt.Sprint(row[1]), 64)
			exact[title] = n
			return err
		})
		if err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	r.raw = slices.Min(took)
	for title, n := range exact {
		if n >= 20 {
			r.differences = append(r.differences, rolled[title]/n-1)
		}
	}
	return nil
}

// Of speedupEvents real events a roll-up must answer speedupBar times as fast as exact
// distinct counts over all of them.
const speedupEvents, speedupBar = 1e8, 100

// figures puts a run into the report.
func (r *realRun) figures(out *figures.Report) {
	name := fmt.Sprintf("trillion.real_1e%.0f.", math.Log10(r.events))
	out.Add(name+"events_per_play", r.rates.EventsPerPlay, "events")
	out.Add(name+"cells", r.cells, "cells")
	out.Add(name+"cells_model", r.wantCells, "cells")
	out.Add(name+"sketch_mb", r.bytes/1e6, "MB")
	out.Add(name+"sketch_model_mb", r.wantBytes/1e6, "MB")
	out.Add(name+"rollup_ms", ms(r.rollup), "ms")
	out.Add(name+"raw_ms", ms(r.raw), "ms")
	if speedup := float64(r.raw) / float64(r.rollup); r.events >= speedupEvents {
		out.AtLeast(name+"rollup_speedup", speedup, "ratio", speedupBar)
	} else {
		out.Add(name+"rollup_speedup", speedup, "ratio")
	}
	worst := 0.0
	for _, d := range r.differences {
		worst = max(worst, math.Abs(d))
	}
	out.Add(name+"error_worst", worst, "relative")
	if data, err := json.Marshal(r.rates); err == nil {
		say("rates: %s", data)
	}
}
