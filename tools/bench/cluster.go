package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"playhead/tools/figures"
)

// measureCluster takes figures of several processes on a real Kafka. The test that has
// the harness measures, and prints lines that are read here.
func measureCluster(ctx context.Context, o options, r *figures.Report, name string) error {
	libs, err := exec.CommandContext(ctx, "tools/kafka.sh").Output()
	if err != nil {
		return fmt.Errorf("bring Kafka's jars: %w", err)
	}
	binary, err := filepath.Abs(o.binary)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout", "30m", "-v", "./test/scale", "-run", name,
		"-binary", binary, "-kafka", strings.TrimSpace(string(libs)))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&out, os.Stderr), os.Stderr // it takes minutes
	err = cmd.Run()
	if err != nil {
		return err
	}
	found := 0
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) != 4 || words[0] != "figure" {
			continue
		}
		value, err := strconv.ParseFloat(words[2], 64)
		if err != nil {
			return fmt.Errorf("figure %s: %w", words[1], err)
		}
		found++
		switch {
		case words[1] == "takeover.open_plays_s":
			r.AtMost(words[1], value, words[3], 10)
		case strings.HasPrefix(words[1], "scale.") && strings.HasSuffix(words[1], ".ratio"):
			r.AtLeast(words[1], value, words[3], 0.9)
		default:
			r.Add(words[1], value, words[3])
		}
	}
	if found == 0 {
		return errors.New("it measured nothing")
	}
	return nil
}

// ofChaos is the last line of a chaos test.
var ofChaos = regexp.MustCompile(`(?m)^(\d+) faults, seed (\d+): (verify exact over (\d+) cells|verify differs)`)

// keepChaos adds up what chaos tests say in their logs. A run whose figures differ from
// the truth is no run of which faults count: it is an error.
func keepChaos(r *figures.Report, logs []string) error {
	var faults, cells float64
	seeds := map[string]bool{}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		m := ofChaos.FindSubmatch(text)
		switch {
		case m == nil:
			return fmt.Errorf("%s: it does not say how a chaos test ended", path)
		case len(m[4]) == 0:
			return fmt.Errorf("%s: figures differ from the truth", path)
		case seeds[string(m[2])]:
			return fmt.Errorf("%s: seed %s is in another log, too", path, m[2])
		}
		seeds[string(m[2])] = true
		n, _ := strconv.ParseFloat(string(m[1]), 64) // digits
		c, _ := strconv.ParseFloat(string(m[4]), 64)
		faults, cells = faults+n, cells+c
	}
	r.AtLeast("chaos.faults", faults, "faults", 100)
	r.Add("chaos.cells", cells, "figures compared")
	// Every figure that is exact is the truth in these runs, by one the other: a lost or a
	// doubled event would be a difference.
	r.AtMost("chaos.lost", 0, "events", 0)
	r.AtMost("chaos.doubled", 0, "events", 0)
	return nil
}
