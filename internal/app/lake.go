package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/eventlog"
	"playhead/internal/lake"
)

// lakeVariable may hold the key of the lake.
const lakeVariable = "PLAYHEAD_LAKE_KEY"

// LakeFolder is where the lake of a data folder is.
func LakeFolder(dataDir string) string { return filepath.Join(dataDir, "lake") }

// openLake opens the lake, if there shall be one, and returns the log with a
// Trim that minds it.
func (e *engine) openLake() (eventlog.Log, error) {
	if e.settings.Lake == "off" {
		return e.events, nil
	}
	key, err := LakeKey(e.settings.LakeKeyFile)
	if err != nil {
		return nil, err
	}
	e.lake, err = lake.Open(LakeFolder(e.settings.DataDir), e.events, lake.Options{
		Key: key, Keep: e.settings.LakeKeep, Clock: time.Now, Logger: e.log, Busy: e.crowded,
	})
	if err != nil {
		return nil, err
	}
	return e.lake.Hold(e.events), nil
}

// crowdedNow tells the lake and the warehouse that the present needs the processor:
// something waits to be processed, or there is none to spare. The log keeps what the
// lake does not read.
func (e *engine) crowdedNow(c *crowd) func() bool {
	const most = 20_000 // records, about a tenth of a second at full speed
	return func() bool { return c.full() || e.runner != nil && e.runner.Stats().LagRecords > most }
}

// runLake runs the lake, if there is one.
func (e *engine) runLake(ctx context.Context) error {
	if e.lake == nil {
		return nil
	}
	return e.lake.Run(ctx)
}

// LakeKey is the key that the operator named for the lake, nil if none. Errors:
// ErrSettings.
func LakeKey(file string) ([]byte, error) {
	text, where := os.Getenv(lakeVariable), lakeVariable
	if text == "" {
		if file == "" {
			return nil, nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%w: lake-key-file: %w", ErrSettings, err)
		}
		text, where = string(data), file
	}
	key, err := hex.DecodeString(strings.TrimSpace(text))
	if n := len(key); err != nil || n != 16 && n != 24 && n != 32 {
		return nil, errors.Join(ErrSettings, fmt.Errorf("%s does not hold 32, 48 or 64 hexadecimal digits; `openssl rand -hex 32` makes some", where))
	}
	return key, nil
}

// lakeMetrics are those of the lake, if there is one.
func (e *engine) lakeMetrics() (out []prometheus.Collector) {
	if e.lake == nil {
		return nil
	}
	gauge := func(name, help string, fn func(lake.Stats) float64) {
		out = append(out, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "playhead_lake_" + name, Help: help}, func() float64 { return fn(e.lake.Stats()) }))
	}
	counter := func(name, help string, fn func(lake.Stats) int64) {
		out = append(out, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "playhead_lake_" + name, Help: help}, func() float64 { return float64(fn(e.lake.Stats())) }))
	}
	gauge("lag_records", "Records of the log that are not in the lake.", func(s lake.Stats) float64 { return float64(s.LagRecords) })
	gauge("lag_seconds", "How long the oldest of them may have waited.", func(s lake.Stats) float64 { return float64(s.LagMS) / 1000 })
	gauge("files", "Files of the lake.", func(s lake.Stats) float64 { return float64(s.Files) })
	gauge("events", "Events in the lake.", func(s lake.Stats) float64 { return float64(s.Rows) })
	gauge("bytes", "Size of the lake's files.", func(s lake.Stats) float64 { return float64(s.Bytes) })
	counter("flushes_total", "Blocks of events written.", func(s lake.Stats) int64 { return s.Flushes })
	counter("merges_total", "Times that small files became one.", func(s lake.Stats) int64 { return s.Merges })
	counter("dropped_files_total", "Files dropped because they were older than is kept.", func(s lake.Stats) int64 { return s.Dropped })
	counter("missing_total", "Records that were gone from the log before the lake read them.", func(s lake.Stats) int64 { return s.Missing })
	return out
}
