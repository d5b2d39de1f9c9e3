package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Requests of callgrind: the tool's letters and a number.
const (
	callgrind   = 'C'<<24 | 'T'<<16
	dump        = callgrind // and 0
	zero        = callgrind | 1
	startToLook = callgrind | 4
	stopLooking = callgrind | 5
)

func ask(what uint64) { request(&[6]uint64{what}) }

// region runs once while instructions are counted, if there is somebody who counts.
// What was counted becomes a file of its own.
func region(run func() (int, error)) (int, error) {
	ask(startToLook)
	ask(zero)
	n, err := run()
	ask(dump)
	ask(stopLooking)
	return n, err
}

// errUncounted: instructions cannot be counted here.
var errUncounted = errors.New("instructions cannot be counted here")

// countable reports why instructions cannot be counted, nil when they can.
func countable() error {
	if runtime.GOARCH != "amd64" {
		return fmt.Errorf("%w: it is done on amd64 alone", errUncounted)
	}
	if _, err := exec.LookPath("valgrind"); err != nil {
		return fmt.Errorf("%w: there is no valgrind (apt-get install valgrind)", errUncounted)
	}
	return nil
}

// counting is the command that runs a program so that its regions are counted into a
// folder. Until the first region nothing is looked at, which is fast.
func counting(folder, program string, args ...string) *exec.Cmd {
	return exec.Command("valgrind", append([]string{
		"--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=" + filepath.Join(folder, "counts"), "--quiet", "--log-file=" + filepath.Join(folder, "log"), program,
	}, args...)...)
}

// counts reads how many instructions the regions had, in their order.
func counts(folder string) ([]int64, error) {
	var list []int64
	for i := 1; ; i++ {
		n, err := countIn(filepath.Join(folder, fmt.Sprint("counts.", i)))
		if errors.Is(err, os.ErrNotExist) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
}

// countIn is the sum in a file of callgrind's.
func countIn(path string) (n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if sum, found := strings.CutPrefix(lines.Text(), "summary: "); found {
			return strconv.ParseInt(strings.TrimSpace(sum), 10, 64)
		}
	}
	return 0, errors.Join(lines.Err(), fmt.Errorf("%s has no summary", path))
}
