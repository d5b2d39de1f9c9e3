// Command insightbench proves what the insight layer says about chance: on worlds
// of sums whose truth is known it counts false alarms, what is found of what was
// planted, and how often intervals hold the truth.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"playhead/tools/figures"
)

// options are how much is run.
type options struct {
	nullFirst, nullWorlds, looks int
	worlds                       int    // of planted truths, for each cell of the grid
	seed                         uint64 // added to those of planted worlds
	intervals                    int
	regret                       int
	tasters                      int
	only                         string
	kept                         string
	out                          string
}

func main() {
	var o options
	flag.IntVar(&o.nullWorlds, "null-worlds", 400, "worlds without anything planted")
	flag.IntVar(&o.nullFirst, "null-first", 0, "the first of them, so that parts can be run apart")
	flag.IntVar(&o.looks, "looks", 28*24, "looks at each, evenly over 28 days")
	flag.IntVar(&o.worlds, "worlds", 12, "worlds of each effect and traffic")
	flag.Uint64Var(&o.seed, "seed", 0, "another draw of the worlds of planted truths: what was chosen on one is confirmed on another")
	flag.IntVar(&o.intervals, "interval-worlds", 36, "worlds of 200 titles whose intervals are checked")
	flag.IntVar(&o.regret, "regret-worlds", 200, "worlds in which shrunken and raw rankings are compared")
	flag.IntVar(&o.tasters, "tasters", 16000, "viewers whose tastes are told, for each number of plays and strength")
	flag.StringVar(&o.kept, "kept", "", "a file that keeps what each null world gave, so that a run can be made in parts or go on")
	flag.StringVar(&o.only, "only", "", "null, planted, intervals, regret, trends, launches or affinity")
	flag.StringVar(&o.out, "out", "bench/results/latest.json", "where the figures are put among those that are there")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "insightbench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	r := &figures.Report{}
	for _, part := range []struct {
		name string
		run  func(options, *figures.Report) error
	}{
		{"affinity", always(affinity)}, {"trends", always(trends)}, {"launches", always(launches)}, {"regret", always(regret)},
		{"intervals", always(intervals)}, {"planted", always(planted)}, {"null", null},
	} {
		if o.only != "" && o.only != part.name {
			continue
		}
		start := time.Now()
		if err := part.run(o, r); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", part.name, time.Since(start).Round(time.Second))
	}
	r.Print(os.Stdout)
	if err := r.Merge(o.out); err != nil {
		return err
	}
	if missed := r.Missed(); missed > 0 {
		return fmt.Errorf("%d bars were missed", missed)
	}
	return nil
}

// always is a part that cannot fail.
func always(part func(options, *figures.Report)) func(options, *figures.Report) error {
	return func(o options, r *figures.Report) error {
		part(o, r)
		return nil
	}
}

// each runs f for 0 … n−1 on all cores; f must lock what it shares.
func each(n int, f func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
