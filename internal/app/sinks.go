package app

import (
	"context"
	"log/slog"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/warehouse"
)

// sinks says how large what is stored is, once for each scrape.
type sinks struct {
	folder string
	stats  func(context.Context) (warehouse.Stats, error)
	log    *slog.Logger

	rows, bytes, file, memory, overcount, reopened, free, total *prometheus.Desc
}

// statsTimeout bounds the look at the warehouse.
const statsTimeout = 2 * time.Second

func newSinks(folder string, stats func(context.Context) (warehouse.Stats, error), log *slog.Logger) *sinks {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("playhead_"+name, help, labels, nil)
	}
	return &sinks{
		folder: folder, stats: stats, log: log,
		rows:      desc("warehouse_rows", "Rows by table.", "table"),
		bytes:     desc("warehouse_table_bytes", "Size on disk by table, as of the last tidying up.", "table"),
		file:      desc("warehouse_disk_bytes", "Size of the warehouse on disk."),
		memory:    desc("warehouse_memory_bytes", "What the warehouse's engine says it holds in memory."),
		overcount: desc("warehouse_sketch_overcount_total", "Members that corrections would have removed from sketches."),
		reopened:  desc("warehouse_reopened_total", "How often DuckDB gave up and was opened again."),
		free:      desc("disk_free_bytes", "Free space where the data folder is."),
		total:     desc("disk_bytes", "Size of the file system of the data folder."),
	}
}

// Describe implements prometheus.Collector.
func (s *sinks) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.rows, s.bytes, s.file, s.memory, s.overcount, s.reopened, s.free, s.total} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out.
func (s *sinks) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(s.folder, &fs); err == nil {
		gauge(s.free, float64(fs.Bavail)*float64(fs.Bsize))
		gauge(s.total, float64(fs.Blocks)*float64(fs.Bsize))
	}
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	st, err := s.stats(ctx)
	if err != nil {
		s.log.Warn("the warehouse's size could not be read", "error", err)
		return
	}
	for table, n := range st.Rows {
		gauge(s.rows, float64(n), table)
	}
	for table, n := range st.Bytes {
		gauge(s.bytes, float64(n), table)
	}
	gauge(s.file, float64(st.FileBytes))
	gauge(s.memory, float64(st.MemoryBytes))
	ch <- prometheus.MustNewConstMetric(s.overcount, prometheus.CounterValue, float64(st.Overcount))
	ch <- prometheus.MustNewConstMetric(s.reopened, prometheus.CounterValue, float64(st.Reopened))
}
