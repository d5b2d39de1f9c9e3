// Command bench measures the built binary as its users meet it: over HTTP, on a
// new data folder, with bytes prepared before the clock starts. It prints a
// table and writes the figures as JSON. What each figure means and how it is
// taken is described in docs/benchmarks.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"playhead/tools/audience"
	"playhead/tools/figures"
)

// options say what is measured and for how long.
type options struct {
	binary      string
	out         string
	load        time.Duration // of the ingest run
	probes      int           // of the freshness run
	demo        time.Duration // before the demo's memory is read
	viewers     int           // of the demo
	connections int
	kept        time.Duration // of the run with many connections
	crowd       int           // viewers whose state is weighed in the processor
	levels      time.Duration // of each level of load
	overload    time.Duration // of three times the maximum
	endurance   time.Duration
	hurried     bool          // the endurance run is of hours in seconds
	rate        float64       // events a second that the server takes at most, 0 to find it out
	staged      time.Duration // of the run of the stages
	docs        string        // folder of plots
	profiles    string        // a folder, "" for none
	only        string        // "collect", "connections", "decode", "demo", "endurance", "growth", "ingest", "load", "play", "scale", "sketch", "stages", "state" or "takeover" for that run alone
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/playhead", "the binary to measure")
	flag.StringVar(&o.out, "out", "bench/results/latest.json", "where the figures are put among those that are there")
	flag.DurationVar(&o.load, "load", 0, "how long events are sent at full speed; 0 is 120s with -only ingest, else 20s")
	flag.IntVar(&o.probes, "probes", 60, "how many probes measure freshness, two a second")
	flag.DurationVar(&o.demo, "demo", 60*time.Second, "how long the demo runs, its pages open, before its memory is read; it is read again after two and a half times that; 0 leaves it out")
	flag.IntVar(&o.viewers, "viewers", 20_000, "viewers of the demo")
	flag.IntVar(&o.connections, "connections", 4, "connections that send events")
	flag.DurationVar(&o.kept, "kept", 30*time.Second, "how long 1,000 connections send small batches; 0 leaves it out")
	flag.IntVar(&o.crowd, "crowd", 1_000_000, "viewers whose plays are open at once, and who are idle later, in the run of the processor's state")
	flag.DurationVar(&o.levels, "levels", 20*time.Second, "how long each level of load is measured; 0 leaves load and overload out")
	flag.DurationVar(&o.overload, "overload", 30*time.Second, "how long three times the maximum is offered")
	flag.DurationVar(&o.endurance, "endurance", 30*time.Minute, "how long the run of -only endurance sends at half of the maximum; a full bench leaves it out")
	flag.BoolVar(&o.hurried, "hurried", false, "-only endurance sends an audience that lives through hours in seconds, and reports hurried.…; else as many as watch at once in real time")
	flag.Float64Var(&o.rate, "rate", 0, "what the server takes at most, events/s, for -only endurance; 0 finds it out")
	flag.DurationVar(&o.staged, "staged", 20*time.Second, "how long the run of -only stages sends at full speed, profiled")
	flag.StringVar(&o.docs, "docs", "docs/bench", "folder of what -only growth and -only stages draw")
	flag.StringVar(&o.profiles, "profiles", "", "a folder for the server's processor and allocation profiles of the ingest run (go tool pprof reads them)")
	flag.StringVar(&o.only, "only", "", `"collect", "connections", "decode", "demo", "endurance", "growth", "ingest", "lake", "load", "play", "sketch", "stages" or "state": that alone; "scale" or "takeover": on a real Kafka; "chaos": from the logs of make test-chaos that are named`)
	flag.Parse()
	if o.load == 0 {
		if o.load = 20 * time.Second; o.only == "ingest" {
			o.load = 2 * time.Minute
		}
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// runOnly takes one group of figures.
func runOnly(ctx context.Context, o options, r *figures.Report) error {
	switch o.only {
	case "connections":
		return measureConnections(ctx, o, r)
	case "demo":
		return measureDemo(ctx, o, r)
	case "collect":
		bodies, err := prepare(ctx, 2, 200_000)
		if err != nil {
			return err
		}
		return measureCollector(ctx, r, bodies)
	case "ingest":
		_, err := ingestBesidePeers(ctx, o, r)
		return err
	case "endurance":
		return measureEndurance(ctx, o, r)
	case "growth":
		return measureGrowth(ctx, o, r)
	case "load":
		return measureLevels(ctx, o, r)
	case "sketch":
		return measureSketch(r)
	case "stages":
		return measureStages(ctx, o, r)
	case "state":
		return measureState(ctx, r, o.crowd)
	case "play":
		return measurePlay(r)
	case "takeover":
		return measureCluster(ctx, o, r, "TestTakeover")
	case "scale":
		return measureCluster(ctx, o, r, "TestScale")
	case "chaos":
		return keepChaos(r, flag.Args())
	case "lake":
		return measureLake(ctx, o, r)
	case "decode":
		bodies, err := prepare(ctx, 2, 50_000)
		if err != nil {
			return err
		}
		if err := measureDecoding(r, bodies); err != nil {
			return err
		}
		return measureCMCD(r)
	}
	return errors.New("there is no such run")
}

func run(ctx context.Context, o options) error {
	var r figures.Report
	if o.only != "" {
		if err := runOnly(ctx, o, &r); err != nil {
			return fmt.Errorf("%s: %w", o.only, err)
		}
		r.Print(os.Stdout)
		return r.Merge(o.out)
	}
	ingest, err := ingestBesidePeers(ctx, o, &r)
	if err != nil {
		return err
	}
	say("probing freshness at half of that rate")
	if err := measureFreshness(ctx, o, &r, ingest/2); err != nil {
		return fmt.Errorf("freshness: %w", err)
	}
	if o.levels > 0 {
		if err := measureLevels(ctx, o, &r); err != nil {
			return fmt.Errorf("load: %w", err)
		}
	}
	say("merging sketches, and counting members of %d groups", saltedGroups)
	say("running the play engine in this process")
	if err := measurePlay(&r); err != nil {
		return fmt.Errorf("play: %w", err)
	}
	if err := measureSketch(&r); err != nil {
		return fmt.Errorf("sketch: %w", err)
	}
	say("opening the plays of %d viewers", o.crowd)
	if err := measureState(ctx, &r, o.crowd); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	say("writing a lake of %d events", lakeEvents)
	if err := measureLake(ctx, o, &r); err != nil {
		return fmt.Errorf("lake: %w", err)
	}
	if o.kept > 0 {
		say("sending small batches over %d connections for %s", keptConnections, o.kept)
		if err := measureConnections(ctx, o, &r); err != nil {
			return fmt.Errorf("connections: %w", err)
		}
	}
	if o.demo > 0 {
		say("running the demo for %s", o.demo)
		if err := measureDemo(ctx, o, &r); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	r.Print(os.Stdout)
	return r.Merge(o.out)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

// ingestBesidePeers takes what decoding, collecting and the whole way cost, and
// what databases take for the same bytes. It returns the rate of the whole way.
func ingestBesidePeers(ctx context.Context, o options, r *figures.Report) (float64, error) {
	say("calibrating")
	rate, err := calibrate(ctx, o)
	if err != nil {
		return 0, fmt.Errorf("calibrate: %w", err)
	}
	events := int64(rate * o.load.Seconds() * 2)
	say("preparing %d events", events)
	flow, err := audience.NewLoop(ctx, audience.Options{Seed: 2, Events: events})
	if err != nil {
		return 0, fmt.Errorf("prepare: %w", err)
	}
	bodies := flow.Kept()
	say("decoding in this process")
	if err := measureDecoding(r, bodies); err != nil {
		return 0, fmt.Errorf("decode: %w", err)
	}
	if err := measureCMCD(r); err != nil {
		return 0, fmt.Errorf("decode: %w", err)
	}
	if o.only == "" {
		say("sending to the collector alone")
		if err := measureCollector(ctx, r, bodies[:min(len(bodies), 400)]); err != nil {
			return 0, fmt.Errorf("collect: %w", err)
		}
	}
	say("sending for %s", o.load)
	ingest, err := measureIngest(ctx, o, r, flow)
	if err != nil {
		return 0, fmt.Errorf("ingest: %w", err)
	}
	say("loading the same bytes into DuckDB and ClickHouse")
	if err := measurePeers(ctx, r, bodies, ingest); err != nil {
		return 0, fmt.Errorf("peers: %w", err)
	}
	return ingest, nil
}
