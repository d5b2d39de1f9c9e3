package collect

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/collect/wire"
)

// metrics are the collector's counters. All labels but the key's name are of
// closed sets; keys are the operator's.
type metrics struct {
	events   *prometheus.CounterVec
	rejected *prometheus.CounterVec
	repaired *prometheus.CounterVec
	ignored  *prometheus.CounterVec
	excluded *prometheus.CounterVec
	refused  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	unknown  prometheus.Counter
}

// newMetrics makes and registers the metrics; a nil registry is fine.
func newMetrics(reg prometheus.Registerer, tail *Tail) (*metrics, error) {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "playhead", Subsystem: "collect", Name: name, Help: help}, labels)
	}
	m := &metrics{
		events:   vec("events_total", "Events that came in, by what became of them.", "result", "format", "key"),
		rejected: vec("rejected_total", "Events that were rejected, by code.", "code", "format", "key"),
		repaired: vec("repaired_total", "Accepted events in which something was mended.", "repair", "format", "key"),
		ignored:  vec("ignored_total", "Reports that are fine and say nothing of a play.", "reason", "format", "key"),
		excluded: vec("excluded_total", "Events of bots, previews and internal traffic, left out by rule.", "rule", "format", "key"),
		refused:  vec("refused_total", "Requests that were refused as a whole, by code.", "code"),
		bytes:    vec("bytes_total", "Bytes of bodies, decompressed.", "format"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "playhead", Subsystem: "collect", Name: "request_seconds",
			Help:    "From the first byte of a request to its answer, durable.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10},
		}, []string{"format"}),
		unknown: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "playhead", Subsystem: "collect", Name: "unknown_fields_total", Help: "Fields that the format does not have.",
		}),
	}
	lost := prometheus.NewCounterFunc(prometheus.CounterOpts{
		Namespace: "playhead", Subsystem: "collect", Name: "tail_lost_total", Help: "Entries that slow readers of the tail did not get.",
	}, func() float64 { return float64(tail.Lost()) })
	if reg == nil {
		return m, nil
	}
	var errs []error
	for _, col := range []prometheus.Collector{m.events, m.rejected, m.repaired, m.ignored, m.excluded, m.refused, m.bytes, m.seconds, m.unknown, lost} {
		errs = append(errs, reg.Register(col))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("register the collector's metrics: %w", err)
	}
	return m, nil
}

// count adds what became of a request. stored is false when the log did not
// take it: then nothing was accepted.
func (m *metrics) count(b *batch, stored bool) {
	format, key := b.format.String(), b.key.Name
	add := func(result string, n int) {
		if n > 0 {
			m.events.WithLabelValues(result, format, key).Add(float64(n))
		}
	}
	m.bytes.WithLabelValues(format).Add(float64(b.bodyBytes() + b.bytes))
	if !stored {
		add("unstored", b.accepted)
		return
	}
	add("accepted", b.accepted)
	add("duplicate", b.duplicate)
	add("rejected", len(b.rejected))
	add("ignored", len(b.ignored))
	add("excluded", len(b.excluded))
	for i := range b.rejected {
		m.rejected.WithLabelValues(string(b.rejected[i].Code), format, key).Inc()
	}
	for _, reason := range b.ignored {
		m.ignored.WithLabelValues(reason, format, key).Inc()
	}
	for _, rule := range b.excluded {
		m.excluded.WithLabelValues(rule, format, key).Inc()
	}
	for i, name := range wire.RepairNames() {
		if n := b.repairs[i]; n > 0 {
			m.repaired.WithLabelValues(name, format, key).Add(float64(n))
		}
	}
	if b.unknown > 0 {
		m.unknown.Add(float64(b.unknown))
	}
}
