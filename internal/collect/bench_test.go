package collect

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"playhead/internal/eventlog"
)

// sink takes everything and keeps nothing.
type sink struct{ eventlog.Log }

func (sink) Partitions() int32                                               { return 4 }
func (sink) Append(context.Context, eventlog.Topic, []eventlog.Record) error { return nil }

// BenchmarkCollect is the whole way of a request of a thousand heartbeats but
// for the network and the log: what an event costs before it is stored.
func BenchmarkCollect(b *testing.B) {
	const events = 1000
	r := newRig(b, func(c *Config) { c.Log = sink{} })
	var body bytes.Buffer
	fmt.Fprintf(&body, `{"sent_at":%d,"events":[`, now)
	for i := range events {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"id":"0193f5a2-7c1e-7b3a-9d2f-%012x","type":"heartbeat","time":%d,"viewer_id":"viewer-%d","session_id":"s-%d","play_id":"p-%d",`+
			`"seq":%d,"title_id":"title-%03d","position_ms":%d,"duration_ms":5400000,"context":{"country":"DE","device_type":"tv","cdn":"alpha"},`+
			`"quality":{"bitrate_kbps":4500,"dropped_frames":0}}`, i, now-1000+int64(i), i*7, i, i, i, i%200, i*1000)
	}
	body.WriteString("]}")
	b.ReportAllocs()
	b.SetBytes(int64(body.Len()))
	before := processorTime(b)
	for b.Loop() {
		req := httptest.NewRequest("POST", "/v1/events", bytes.NewReader(body.Bytes()))
		req.Header.Set("Authorization", "Bearer phw_test")
		w := httptest.NewRecorder()
		r.mux.ServeHTTP(w, req)
		if w.Code != 200 {
			b.Fatal(w.Body.String())
		}
	}
	b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(processorTime(b)-before)/events/float64(b.N), "core-ns/event")
}

// processorTime is what this process has used so far: what else the machine does
// is not in it.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
