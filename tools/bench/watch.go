package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// watched is a server's sizes over time.
type watched struct {
	rss, files, disk, spent []sample // MiB, handles, MiB of its data folder, seconds of processor time
}

// watch looks at the server once a second until the context ends. What it returns
// waits for that.
func (s *server) watch(ctx context.Context) (wait func() watched) {
	done := make(chan watched, 1)
	began := time.Now()
	go func() {
		var w watched
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				done <- w
				return
			case <-tick.C:
			}
			at := time.Since(began)
			if n, err := s.resident(); err == nil {
				w.rss = append(w.rss, sample{at, float64(n) / (1 << 20)})
			}
			if spent, err := s.spent(); err == nil {
				w.spent = append(w.spent, sample{at, spent.Seconds()})
			}
			if n, err := s.handles(); err == nil {
				w.files = append(w.files, sample{at, float64(n)})
			}
			w.disk = append(w.disk, sample{at, float64(s.onDisk()) / (1 << 20)})
		}
	}()
	return func() watched { return <-done }
}

// spent is the processor time that the server has taken so far.
func (s *server) spent() (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return spentOf(string(data))
}

// spentOf reads the processor time, which the system counts in hundredths of a second, from a
// line of /proc/PID/stat: the 14th and 15th of its fields, of which the second is a name in
// brackets that may have anything in it.
func spentOf(stat string) (time.Duration, error) {
	_, rest, _ := strings.Cut(stat[max(0, strings.LastIndexByte(stat, ')')):], " ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("%q is no line of /proc/PID/stat", stat)
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err, err2)
}

// handles is how many files and connections the server has open.
func (s *server) handles() (int, error) {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	return len(list), err
}

// onDisk is the size of the files in the data folder. Files come and go meanwhile.
func (s *server) onDisk() (bytes int64) {
	_ = filepath.WalkDir(s.data(), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}

// metric is a value of the server's /metrics that has no labels.
func (s *server) metric(ctx context.Context, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask for %s: %w", name, err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.Join(lines.Err(), fmt.Errorf("the server (%s) has no metric %s", resp.Status, name))
}

// processorTime is what the server has used so far, its own and the system's for it.
func (s *server) processorTime() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("ask for the server's processor time: %w", err)
	}
	return ticksOf(string(raw))
}

// ticksOf reads a process's processor time, in hundredths of a second, of its line of
// proc(5): the fields after the name, which may have anything in it.
func ticksOf(stat string) (time.Duration, error) {
	_, rest, _ := strings.Cut(stat[max(0, strings.LastIndexByte(stat, ')')):], ") ")
	fields := strings.Fields(rest)
	const own, system = 11, 12 // counted from the state, which is the third of all
	if len(fields) <= system {
		return 0, fmt.Errorf("a line of %d fields has no processor time", len(fields))
	}
	var ticks int64
	for _, f := range fields[own : system+1] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
