package play

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// An engine that is told how events say what they say makes the same facts as one that is not.
func TestSaidChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	plain, told := New(DefaultConfig(), nil), New(DefaultConfig(), nil)
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	const start = 1_763_870_400_000
	var was [3]event.Context
	for epoch := range 60 {
		var a, b fact.Batch
		plain.Begin()
		told.Begin()
		for i := range 60 {
			var e, again event.Event
			e.Reset()
			viewer := r.IntN(len(was))
			if r.IntN(4) == 0 {
				was[viewer] = event.Context{
					Country: pick("", "US", "DE"), Region: pick("", "CA"), City: pick("", "Bonn"), DeviceType: pick("tv", "phone"),
					OS: pick("", "ios"), Browser: pick("", "safari"), Player: pick("", "hls.js"), CDN: pick("alpha", "beta", ""), ISP: pick("", "cable"),
				}
			}
			e.Context, e.TitleID, e.Live = was[viewer], pick("", "title", "title"), r.IntN(20) == 0
			e.Viewer, e.Play = event.ViewerKey{1, byte(viewer)}, event.Ref{2, byte(viewer)}
			e.Type, e.Time, e.Seq = event.Heartbeat, start+int64(epoch*60+i)*1000, int64(epoch*60+i)
			if e.Seq < 6 || r.IntN(40) == 0 {
				e.Type = event.PlayStarted
			}
			e.ReceivedAt = e.Time
			var said event.Said
			if _, err := event.DecodeSaid(event.AppendRecord(nil, &e), &again, &said); err != nil {
				t.Fatal(err)
			}
			again.ReceivedAt = e.ReceivedAt
			if err := plain.Apply(&e, &a); err != nil {
				t.Fatal(err)
			}
			if err := told.ApplySaid(&again, &said, &b); err != nil {
				t.Fatal(err)
			}
		}
		if len(a.Spans) == 0 || !bytes.Equal(fact.AppendBatch(nil, &a), fact.AppendBatch(nil, &b)) {
			t.Fatalf("epoch %d: other facts, or none", epoch)
		}
	}
}
