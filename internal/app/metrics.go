package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"playhead/internal/rollup"
)

// registerMetrics says how the process fares, for Prometheus. What the
// collector counts it registers itself.
func registerMetrics(r *prometheus.Registry, s *server) error {
	gauge := func(name, help string, fn func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "playhead_" + name, Help: help}, fn)
	}
	counter := func(name, help string, fn func() float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "playhead_" + name, Help: help}, fn)
	}
	count := func(v int64) float64 { return float64(v) }
	list := []prometheus.Collector{
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		counter("process_events_total", "Events processed.", func() float64 { return count(s.runner.Stats().Events) }),
		counter("process_duplicates_total", "Events left out because they were processed before.", func() float64 { return count(s.runner.Stats().Duplicates) }),
		counter("process_late_dropped_total", "Events that came more than the horizon after their play's newest.", func() float64 { return count(s.runner.Stats().LateDropped) }),
		counter("process_epochs_total", "Atomic commits of facts and offsets.", func() float64 { return count(s.runner.Stats().Epochs) }),
		gauge("process_partitions", "Partitions that are processed here.", func() float64 { return count(s.runner.Stats().Partitions) }),
		gauge("process_open_plays", "Plays that are open.", func() float64 { return count(s.runner.Stats().OpenPlays) }),
		gauge("process_viewers", "Viewers with a play that is open or closed lately: in memory, or at rest on disk.", func() float64 { return count(s.runner.Stats().Viewers) }),
		gauge("process_play_bytes", "Memory of open plays and of those that closed in the last minute, about.", func() float64 { return count(s.runner.Stats().PlayBytes) }),
		gauge("process_across_viewers", "Viewers in memory for what they do across plays.", func() float64 { return count(s.runner.Stats().Across) }),
		gauge("process_across_bytes", "Memory of what viewers do across plays, about.", func() float64 { return count(s.runner.Stats().AcrossBytes) }),
		counter("process_evicted_total", "Events and states given up because a bound was reached.", func() float64 { return count(s.runner.Stats().Evicted) }),
		counter("process_late_horizon_total", "Late events to what is open, or was said.", func() float64 { return count(s.runner.Stats().LateHorizon) }),
		counter("process_late_closed_total", "Late events to plays that closed too long ago.", func() float64 { return count(s.runner.Stats().LateClosed) }),
		gauge("process_lag_records", "Records of the log that are not processed.", func() float64 { return count(s.runner.Stats().LagRecords) }),
		gauge("process_commit_seconds", "Duration of the last commit.", func() float64 { return count(s.runner.Stats().CommitMillis) / 1000 }),
		counter("process_unheard_seconds_total", "Time that passed without ticks, in which no silence is judged: the server was down, or the clock jumped ahead.", func() float64 { return count(s.runner.Stats().UnheardMillis) / 1000 }),
		gauge("collect_pace_events_per_second", "How many events a second are let in while senders are held back; 0 while they are not.", func() float64 { return s.pace.Rate() }),
		counter("collect_held_total", "Requests that had to wait for their turn, or were told to come again, because more came than is processed.", func() float64 { return count(s.pace.Held()) }),
	}
	if s.store != nil {
		list = append(list,
			newSinks(s.settings.DataDir, s.db.Stats, s.log),
			gauge("fresh_seconds", "Age of the figures.", func() float64 { return count(s.now()-s.store.FreshTo()) / 1000 }),
		)
	}
	if s.loader != nil {
		list = append(list,
			gauge("load_unflushed_bytes", "Facts that are in memory only.", func() float64 { return count(s.loader.Stats(context.Background()).UnflushedBytes) }),
			gauge("load_lag_records", "Records of facts that are not loaded.", func() float64 { return count(s.loader.Stats(context.Background()).LagRecords) }),
			gauge("load_flush_seconds", "Duration of the last flush.", func() float64 { return s.loader.Stats(context.Background()).Last.Seconds() }),
			counter("load_flush_failures_total", "Flushes that failed and were tried again.", func() float64 { return count(s.loader.Stats(context.Background()).Failures) }),
		)
	}
	if log := s.local; log != nil {
		list = append(list,
			gauge("log_disk_bytes", "Size of the log on disk.", func() float64 { return float64(log.Metrics().DiskBytes) }),
			gauge("log_failed", "1 when the log had to stop writing.", func() float64 { return oneIf(log.Metrics().Failed) }),
			gauge("log_full", "1 while the log takes nothing because the disk is full.", func() float64 { return oneIf(log.Room() != nil) }),
			gauge("log_ahead_seconds", "How far the times that records are stamped with are ahead of the clock, which went back.", func() float64 { return count(log.Ahead()) / 1000 }),
			counter("log_refused_total", "Groups of writes that the log refused because the disk was full.", func() float64 { return count(log.Metrics().Refused) }),
		)
	}
	for _, c := range list {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	for i, f := range s.pressure.followers {
		g := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "playhead_waiting_seconds", Help: "How long the oldest record that waits in the log has done so, by who has not read it.",
			ConstLabels: prometheus.Labels{"for": f.name},
		}, func() float64 { return s.pressure.seconds(i) })
		if err := r.Register(g); err != nil {
			return err
		}
	}
	for _, c := range s.lakeMetrics() {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// firstData is when the earliest figure that is kept dates from, epoch ms.
func (s *server) firstData(ctx context.Context) int64 {
	day, end := s.store.Day(time.Now())
	res, err := s.store.Scan(ctx, rollup.Scan{Source: rollup.SourceTitleDay, From: day, To: end})
	if err != nil {
		return 0
	}
	return res.FirstData
}
