package main

import (
	"time"

	"playhead/tools/figures"
)

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func addQuestion(r *figures.Report, t timing) {
	name := "trillion." + t.q.name
	r.Add(name+".p50_ms", ms(t.p50), "ms")
	r.AtMost(name+".p99_ms", ms(t.p99), "ms", ms(t.q.bar))
	r.AtMost(name+".cold_ms", ms(t.cold), "ms", 1000)
	r.Add(name+".processor_ms", ms(t.processor), "ms")
	if t.anew > 0 {
		r.AtMost(name+".anew_ms", ms(t.anew), "ms", ms(t.q.bar))
	}
	r.Add(name+".cold_read_mb", float64(t.read)/1e6, "MB")
	if t.compared > 0 {
		r.Add(name+".error_rms", t.rms, "relative")
		r.Add(name+".error_worst", t.worst, "relative")
	}
}
