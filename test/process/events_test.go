package process

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// event is a native event as a client writes it.
type event map[string]any

// aPlay is a whole play: request, first frame, heartbeats every 10 s, end. It
// began that long ago, so that nothing lies ahead of the server's clock.
func aPlay(number int, ago, length time.Duration) []event {
	began := time.Now().Add(-ago)
	var events []event
	add := func(kind string, at time.Duration) {
		events = append(events, event{
			"id": fmt.Sprintf("p%d-%d", number, len(events)), "type": kind,
			"time": began.Add(at).UnixMilli(), "seq": len(events),
			"viewer_id": fmt.Sprintf("viewer-%d", number), "play_id": fmt.Sprintf("play-%d", number),
			"title_id": "t-1", "position_ms": max(0, (at - 500*time.Millisecond).Milliseconds()), "duration_ms": 3_600_000,
		})
	}
	add("play_requested", 0)
	add("play_started", 500*time.Millisecond)
	for at := 10 * time.Second; at < length; at += 10 * time.Second {
		add("heartbeat", at)
	}
	add("play_ended", length)
	return events
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// lines writes events as NDJSON.
func lines(t *testing.T, events []event) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, e := range events {
		b.Write(marshal(t, e))
		b.WriteByte('\n')
	}
	return b.Bytes()
}
