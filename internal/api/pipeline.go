package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	dto "github.com/prometheus/client_model/go"
)

// Pipeline is how the server itself fares, out of the same counters as /metrics.
type Pipeline struct {
	Time time.Time `json:"time"`
	// Figures by the name that /metrics has, without labels.
	Figures map[string]float64 `json:"figures" doc:"Counters and gauges without labels by name, as /metrics has them without the prefix playhead_."`
	Counts  []Count            `json:"counts" doc:"Counters with labels."`
	Waits   []Wait             `json:"waits" doc:"Times that requests took, by format."`
}

// Count is one counter with its labels.
type Count struct {
	Name   string            `json:"name" doc:"Without the prefix playhead_, such as collect_rejected_total."`
	Labels map[string]string `json:"labels"`
	Value  float64           `json:"value"`
}

// Wait is a histogram of durations.
type Wait struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Count  uint64            `json:"count"`
	Sum    float64           `json:"sum" doc:"Seconds."`
	// Buckets are cumulative.
	Buckets []WaitBucket `json:"buckets"`
}

// WaitBucket counts what took at most so long.
type WaitBucket struct {
	Seconds float64 `json:"seconds"`
	Count   uint64  `json:"count"`
}

type pipelineOutput struct{ Body Pipeline }

const metricPrefix = "playhead_"

func (s *server) registerPipeline() {
	if s.Registry == nil {
		return
	}
	huma.Register(s.api, huma.Operation{
		OperationID: "pipeline", Method: http.MethodGet, Path: "/api/v1/pipeline", Security: readers(),
		Summary:     "Rate, lag, freshness, drop reasons by key, state, sinks, disk",
		Description: "The counters of /metrics as JSON; rates are the reader's to take. " + whoReads,
	}, func(context.Context, *struct{}) (*pipelineOutput, error) {
		families, err := s.Registry.Gather()
		if err != nil {
			s.Logger.Error("gathering metrics failed", "error", err)
			return nil, huma.NewError(http.StatusInternalServerError, "the counters could not be read; the server's log says why")
		}
		return &pipelineOutput{pipelineOf(families, s.Clock())}, nil
	})
}

func pipelineOf(families []*dto.MetricFamily, now time.Time) Pipeline {
	p := Pipeline{Time: now.UTC(), Figures: map[string]float64{}, Counts: []Count{}, Waits: []Wait{}}
	for _, f := range families {
		name := strings.TrimPrefix(f.GetName(), metricPrefix)
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if h := m.GetHistogram(); h != nil {
				p.Waits = append(p.Waits, waitOf(name, labels, h))
				continue
			}
			value := m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
			if len(labels) == 0 {
				p.Figures[name] = value
			} else if strings.HasPrefix(f.GetName(), metricPrefix) {
				p.Counts = append(p.Counts, Count{name, labels, value})
			}
		}
	}
	return p
}

func waitOf(name string, labels map[string]string, h *dto.Histogram) Wait {
	w := Wait{Name: name, Labels: labels, Count: h.GetSampleCount(), Sum: h.GetSampleSum(), Buckets: []WaitBucket{}}
	for _, b := range h.GetBucket() {
		w.Buckets = append(w.Buckets, WaitBucket{b.GetUpperBound(), b.GetCumulativeCount()})
	}
	return w
}
