// Command trillionbench builds the roll-ups and sketches that a number of events
// leave behind, and asks them the twelve questions of the design over HTTP. What it
// models, what it measures and how the one follows from the other is described in
// docs/trillion.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"playhead/tools/figures"
)

type options struct {
	binary   string
	dir      string
	out      string
	docs     string
	events   float64
	measure  string // numbers of real events, comma separated
	viewers  int64  // of those
	real     string // folder that keeps them, "" for none
	end      time.Time
	thin     int
	runs     int
	memory   int // MiB of DuckDB's
	question string
	keep     bool
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "trillionbench: "+format+"\n", args...) }

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/playhead", "the binary that answers")
	flag.StringVar(&o.dir, "dir", "", "folder for what is built; left out: a new one that is removed at the end")
	flag.StringVar(&o.out, "out", "bench/results/latest.json", "where the figures are put among those that are there; empty: nowhere")
	flag.Float64Var(&o.events, "events", 1e12, "events of 400 days whose roll-ups are built; 0: only the real runs")
	flag.StringVar(&o.docs, "docs", "docs/trillion", "folder of the plots")
	flag.StringVar(&o.measure, "measure", "1e6,1e7", "numbers of real events that the model is held against; empty: none. 1e8 takes an hour and 3 GB")
	flag.StringVar(&o.real, "real", "", "folder that keeps the real runs: one that is there is only asked, at 1e8 a minute instead of an hour; left out: a new one that is removed")
	flag.Int64Var(&o.viewers, "viewers", 20_000, "viewers of the real runs")
	flag.IntVar(&o.thin, "thin", 8, "of rows that no question asks for, one in so many is built")
	flag.IntVar(&o.runs, "runs", 30, "how often each question is asked warm")
	flag.IntVar(&o.memory, "memory", 1024, "DuckDB's memory, MiB")
	flag.StringVar(&o.question, "only", "", "only these questions, such as q1,q4")
	flag.BoolVar(&o.keep, "keep", false, "answer from what is in -dir already")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "trillionbench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "trillion-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	}
	r := &figures.Report{}
	rates := documented()
	o.end = time.Now().UTC().Truncate(24 * time.Hour)
	if o.measure != "" {
		runs, err := measureRuns(ctx, o)
		if err != nil {
			return err
		}
		for i := range runs {
			runs[i].figures(r)
		}
		if err := growth(o, runs); err != nil {
			return err
		}
		if o.events == 0 {
			r.Print(os.Stdout)
			return r.Merge(o.out)
		}
	}
	m := newModel(trillion(o.events), rates, o.end)
	if !o.keep {
		began := time.Now()
		if err := os.MkdirAll(filepath.Join(o.dir, "data"), 0o700); err != nil {
			return err
		}
		b, err := build(ctx, m, o.dir, o.thin)
		if err != nil {
			return fmt.Errorf("build: %w", err)
		}
		rows := int64(0)
		for _, n := range b.rows {
			rows += n
		}
		r.Add("trillion.build.s", time.Since(began).Seconds(), "s")
		r.Add("trillion.build.rows", float64(rows), "rows")
	}
	r.Add("trillion.build.gb", float64(diskBytes(filepath.Join(o.dir, "data", "warehouse")))/1e9, "GB")
	if err := closeDay(ctx, o, m, r); err != nil {
		return fmt.Errorf("close the day: %w", err)
	}
	timings, err := askAll(ctx, o, m, o.dir)
	if err != nil {
		return err
	}
	for _, t := range timings {
		addQuestion(r, t)
	}
	if err := remember(o, timings); err != nil {
		return err
	}
	r.Print(os.Stdout)
	return r.Merge(o.out)
}

// documented are the rates of docs/trillion.md: events by play as measured, the
// others round numbers.
func documented() rates {
	return rates{
		EventsPerPlay: 156, ImpressionsPerPlay: 3, ViewersPerPlay: 0.85, ReachedPerImpression: 0.8, EligiblePerReached: 0.8, TakersPerEligible: 0.08,
		MediaMSPerPlay: 1_500_000, StallShare: 0.006,
	}
}
