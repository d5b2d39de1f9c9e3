package native

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/bytedance/sonic"
	"github.com/valyala/fastjson"

	"playhead/internal/collect/wire"
)

// heartbeats is a body of n typical events of about 300 bytes.
func heartbeats(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"sent_at":1795357990130,"events":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"0193f5a2-7c1e-7b3a-9d2f-%012x","type":"heartbeat","time":%d,"viewer_id":"viewer-%d","session_id":"s-%d","play_id":"p-%d",`+
			`"seq":%d,"title_id":"title-%03d","position_ms":%d,"duration_ms":5400000,"context":{"country":"DE","device_type":"tv","cdn":"alpha"},`+
			`"quality":{"bitrate_kbps":4500,"dropped_frames":0}}`, i, 1795357990000+i, i%20000, i%20000, i%20000, i, i%200, i*1000)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// typed is what a service that only decodes would read into.
type typed struct {
	SentAt int64 `json:"sent_at"`
	Events []struct {
		ID         string `json:"id"`
		Type       string `json:"type"`
		Time       int64  `json:"time"`
		ViewerID   string `json:"viewer_id"`
		SessionID  string `json:"session_id"`
		PlayID     string `json:"play_id"`
		Seq        int64  `json:"seq"`
		TitleID    string `json:"title_id"`
		PositionMS int64  `json:"position_ms"`
		DurationMS int64  `json:"duration_ms"`
		Context    struct {
			Country    string `json:"country"`
			DeviceType string `json:"device_type"`
			CDN        string `json:"cdn"`
		} `json:"context"`
		Quality struct {
			BitrateKbps   int64 `json:"bitrate_kbps"`
			DroppedFrames int64 `json:"dropped_frames"`
		} `json:"quality"`
	} `json:"events"`
}

const benchEvents = 1000

func report(b *testing.B, body []byte) {
	b.SetBytes(int64(len(body)))
	b.ReportMetric(float64(benchEvents)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportAllocs()
}

func BenchmarkNativeDecode(b *testing.B) {
	body := heartbeats(benchEvents)
	d := NewDecoder()
	for b.Loop() {
		n := 0
		if err := d.Decode(body, Options{}, func(it *wire.Item) { n++ }); err != nil || n != benchEvents {
			b.Fatal(n, err)
		}
	}
	report(b, body)
}

func BenchmarkSonicStruct(b *testing.B) {
	body := heartbeats(benchEvents)
	for b.Loop() {
		var t typed
		if err := sonic.Unmarshal(body, &t); err != nil || len(t.Events) != benchEvents {
			b.Fatal(err)
		}
	}
	report(b, body)
}

func BenchmarkFastjson(b *testing.B) {
	body := heartbeats(benchEvents)
	var p fastjson.Parser
	for b.Loop() {
		v, err := p.ParseBytes(body)
		if err != nil || len(v.GetArray("events")) != benchEvents {
			b.Fatal(err)
		}
	}
	report(b, body)
}
