package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

// warmRuns is how often a path runs until its buffers are as large as they become.
// After that it runs path.runs times for allocations, and as often for instructions.
const warmRuns = 8

// taken is what the child says of a path; instructions are valgrind's.
type taken struct {
	Name, Unit         string
	Units              int     // of the counted run
	Allocations, Bytes float64 // per unit
}

// account is all that the child says.
type account struct {
	// Features of the processor as the child sees it: under valgrind not all of them.
	Features []string
	Paths    []taken
}

// child runs the paths and writes what they take as JSON. The first region is
// empty: what marking one costs.
func child(ctx context.Context, only string, w io.Writer) (err error) {
	debug.SetGCPercent(-1) // a collection would come at any moment
	dir, err := os.MkdirTemp("", "gate-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d, err := prepare(ctx, dir)
	if err != nil {
		return err
	}
	if _, err := region(func() (int, error) { return 0, nil }); err != nil {
		return err
	}
	told := account{Features: features()}
	for _, p := range paths() {
		if only != "" && only != p.name {
			continue
		}
		t, err := take(ctx, d, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		told.Paths = append(told.Paths, t)
		runtime.GC()
	}
	return json.NewEncoder(w).Encode(told)
}

func take(ctx context.Context, d *data, p path) (taken, error) {
	run, err := p.setup(ctx, d)
	if err != nil {
		return taken{}, err
	}
	if _, err := repeat(warmRuns, run); err != nil {
		return taken{}, err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	units, err := repeat(p.runs, run)
	if err != nil {
		return taken{}, err
	}
	runtime.ReadMemStats(&after)
	t := taken{Name: p.name, Unit: p.unit}
	t.Units, err = region(func() (int, error) { return repeat(p.runs, run) })
	if err == nil && (units == 0 || t.Units == 0) {
		err = errors.New("it did nothing")
	}
	t.Allocations = float64(after.Mallocs-before.Mallocs) / float64(units)
	t.Bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(units)
	return t, err
}

// repeat runs n times, and sums the units.
func repeat(n int, run func() (int, error)) (units int, err error) {
	for range n {
		more, err := run()
		if err != nil {
			return 0, err
		}
		units += more
	}
	return units, nil
}
