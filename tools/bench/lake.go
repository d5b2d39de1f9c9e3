package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog/pebblelog"
	"playhead/internal/lake"
	"playhead/tools/figures"
)

// lakeEvents is how many events the lake is measured on.
const lakeEvents = 1_000_000

// measureLake sends events to a server, stops it, and writes what its log and
// its facts hold into a new lake, on one core and by itself; then merges that.
func measureLake(ctx context.Context, o options, r *figures.Report) error {
	bodies, err := prepare(ctx, 3, lakeEvents)
	if err != nil {
		return err
	}
	s, err := startServer(ctx, o.binary, "serve", "--lake", "off")
	if err != nil {
		return err
	}
	defer s.stop()
	key, err := s.key(ctx, "write")
	if err != nil {
		return err
	}
	if _, err := send(ctx, s, key, bodies, o.connections, 10*time.Minute, 0); err != nil {
		return err
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	_ = s.cmd.Wait() // what it holds is what counts
	log, err := pebblelog.Open(filepath.Join(s.data(), "log"), pebblelog.Options{})
	if err != nil {
		return err
	}
	return errors.Join(writeLake(ctx, r, filepath.Join(s.folder, "lake"), log), log.Close())
}

func writeLake(ctx context.Context, r *figures.Report, dir string, log *pebblelog.Log) error {
	later := func() time.Time { return time.Now().Add(72 * time.Hour) } // as old files lie: small hours are a day
	l, err := lake.Open(dir, log, lake.Options{Clock: later})
	if err != nil {
		return err
	}
	began := time.Now()
	if err := l.Flush(ctx); err != nil {
		return err
	}
	rows := l.Stats().Rows
	r.Add("lake.write.events_per_s", float64(rows)/time.Since(began).Seconds(), "events/s")
	began = time.Now()
	if err := l.Tidy(ctx); err != nil {
		return err
	}
	r.Add("lake.merge.events_per_s", float64(rows)/time.Since(began).Seconds(), "events/s")
	stats := l.Stats()
	r.AtMost("lake.bytes_per_event", float64(stats.Bytes)/float64(stats.Rows), "B", 25)
	return measureImpressions(r, dir, l.Files())
}

// measureImpressions takes what an impression adds to the lake: the difference
// between the files with and without them. Its viewer's and session's ids are
// mostly there already, for its plays; its own two are not.
func measureImpressions(r *figures.Report, dir string, files []lake.File) error {
	write := func(keep func(event.Type) bool) (rows, size int64, err error) {
		path := filepath.Join(dir, "measure.part")
		for _, f := range files {
			n, bytes, err := lake.WriteFile(path, nil, func(add func(*event.Event) error) error {
				return lake.ReadFile(filepath.Join(dir, filepath.FromSlash(f.Path())), nil, func(e *event.Event) error {
					if !keep(e.Type) {
						return nil
					}
					return add(e)
				})
			})
			if err != nil {
				return 0, 0, err
			}
			rows, size = rows+n, size+bytes
		}
		return rows, size, os.Remove(path)
	}
	allRows, allBytes, err := write(func(event.Type) bool { return true })
	if err != nil {
		return err
	}
	rows, bytes, err := write(func(t event.Type) bool { return t != event.Impression })
	if err != nil {
		return err
	}
	r.AtMost("lake.bytes_per_impression", float64(allBytes-bytes)/float64(max(1, allRows-rows)), "B", 45)
	return nil
}
