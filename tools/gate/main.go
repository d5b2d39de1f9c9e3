// Command gate holds what hot paths cost: instructions and allocations on fixed
// data, against committed figures. Time on shared machines proves nothing; these
// are the same however busy the machine is. docs/benchmarks.md says how they are
// counted.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	file := flag.String("figures", "bench/gate.json", "the committed figures")
	update := flag.Bool("update", false, "write the figures instead of comparing with them")
	only := flag.String("only", "", "this path alone, such as play.mixed; it is printed and not compared")
	inner := flag.Bool("child", false, "what the gate starts itself with: run the paths, with marks around what is counted")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *inner {
		err = child(ctx, *only, os.Stdout)
	} else {
		err = gate(*file, *only, *update, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gate:", err)
		stop()
		os.Exit(1)
	}
}

// again is how often all is counted again when something is worse.
const again = 2

func gate(file, only string, update bool, w io.Writer) error {
	now, err := measure(only)
	if err != nil {
		return err
	}
	now.print(w)
	switch {
	case only != "":
		return nil
	case update:
		return now.write(file)
	}
	was, err := read(file)
	if err != nil {
		return err
	}
	found := compare(was, now)
	for range again {
		if len(found.failures) == 0 {
			break
		}
		fmt.Fprintf(w, "%d figures are worse: counted once more, since what an unlucky seed of a map costs is not there again\n", len(found.failures))
		next, err := measure(only)
		if err != nil {
			return err
		}
		now.least(next)
		found = compare(was, now)
	}
	found.print(w)
	if n := len(found.failures); n > 0 {
		return fmt.Errorf("%d figures are worse than %s allows. If that is meant, and looked at: make gate-update", n, file)
	}
	return nil
}

// measure runs the paths in a process of their own, under valgrind where it is.
func measure(only string) (*held, error) {
	now := &held{Go: runtime.Version(), Arch: runtime.GOOS + "/" + runtime.GOARCH}
	why := countable()
	if why != nil {
		now.Uncounted = why.Error()
	}
	told, sums, err := runPaths(only, why == nil)
	if err != nil {
		return nil, err
	}
	list := told.Paths
	now.Features = told.Features
	if len(list) == 0 {
		return nil, fmt.Errorf("there is no path %q", only)
	}
	if why == nil && len(sums) != len(list)+1 {
		return nil, fmt.Errorf("%d counts of %d paths and an empty one", len(sums), len(list))
	}
	for i, t := range list {
		f := figure{Name: t.Name, Unit: t.Unit, Allocations: t.Allocations, Bytes: t.Bytes}
		if why == nil {
			f.Instructions = float64(sums[i+1]-sums[0]) / float64(t.Units)
		}
		now.Paths = append(now.Paths, f)
	}
	return now, nil
}

// runPaths runs the paths in a child process, whose instructions are counted if asked
// for: those of an empty region first.
func runPaths(only string, count bool) (told account, sums []int64, err error) {
	folder, err := os.MkdirTemp("", "gate-")
	if err != nil {
		return told, nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	program, err := os.Executable()
	if err != nil {
		return told, nil, err
	}
	args := []string{"-child", "-only", only}
	cmd := exec.Command(program, args...)
	if count {
		cmd = counting(folder, program, args...)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	// Nothing comes between: no other goroutine's turn, no collection of garbage.
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1")
	if err := cmd.Run(); err != nil {
		return told, nil, fmt.Errorf("run the paths: %w", err)
	}
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		return told, nil, fmt.Errorf("read what the paths took: %w", err)
	}
	if count {
		sums, err = counts(folder)
	}
	return told, sums, err
}
