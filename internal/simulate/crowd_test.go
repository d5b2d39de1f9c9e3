package simulate

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
	"unsafe"

	"playhead/internal/event"
)

func TestHistoryIsTheSameEachTime(t *testing.T) {
	h := testHistory(t, 300)
	sum := func() (n int, hash uint64) {
		for _, c := range h.Chunks()[:3] {
			if err := h.Generate(context.Background(), c, func(list []event.Event) error {
				for i := range list {
					e := &list[i]
					n++
					hash = mix(hash ^ uint64(e.Time)<<8 ^ uint64(e.Type) ^ uint64(e.PositionMS) ^ uint64(e.Play[3])<<32)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		return n, hash
	}
	n, a := sum()
	m, b := sum()
	if n == 0 || n != m || a != b {
		t.Errorf("%d events with hash %x, then %d with %x", n, a, m, b)
	}
}

func testHistory(t testing.TB, viewers int64) *History {
	h, err := NewHistory(HistoryOptions{
		Seed: 5, Viewers: viewers, End: time.UnixMilli(testBase + 17*60_000),
		Viewer: func(n uint32) (k event.ViewerKey) { return event.ViewerKey(refOf(uint64(n), 99)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHistoryChunks(t *testing.T) {
	h := testHistory(t, 20_000)
	chunks := h.Chunks()
	if chunks[0].To != testBase+17*60_000 || chunks[len(chunks)-1].From != chunks[0].To-35*dayMS {
		t.Errorf("the past is [%d,%d)", chunks[len(chunks)-1].From, chunks[0].To)
	}
	for i := 1; i < len(chunks); i++ {
		if chunks[i].To != chunks[i-1].From {
			t.Fatalf("chunk %d ends at %d, the one after it begins at %d", i, chunks[i].To, chunks[i-1].From)
		}
	}
	t.Logf("%d chunks, about %d events, mean play %.1f min and %.1f events", len(chunks), h.Events(), h.meanMS/60_000, h.meanEvents)
	for _, c := range chunks[:4] {
		t.Logf("%+v", c)
	}
}

// The past joins the crowd: as many plays are active shortly before the end as
// the crowd takes over.
func TestHistoryLevelAndOrder(t *testing.T) {
	h := testHistory(t, 1000)
	end := h.o.End.UnixMilli()
	levels := map[int64]int{}
	n := int64(0)
	for _, c := range h.Chunks()[:4] {
		last, latest := map[event.Ref]*event.Event{}, int64(0)
		if err := h.Generate(context.Background(), c, func(list []event.Event) error {
			for i := range list {
				e := list[i]
				n++
				if e.Time < latest-120_000 {
					return fmt.Errorf("an event at %d after one at %d", e.Time, latest)
				}
				latest = max(latest, e.Time)
				if e.Play.IsZero() {
					continue // browsing before it
				}
				p := last[e.Play]
				switch {
				case e.Time >= end:
					return fmt.Errorf("an event at %d, after the end %d", e.Time, end)
				case p == nil && (e.Time < c.From || e.Time >= c.To):
					return fmt.Errorf("a play begins at %d, outside [%d,%d)", e.Time, c.From, c.To)
				case p != nil && (e.Time <= p.Time || e.Seq != p.Seq+1):
					return fmt.Errorf("events of a play out of order: %d #%d after %d #%d", e.Time, e.Seq, p.Time, p.Seq)
				case p != nil && p.Type == event.Heartbeat && e.Type == event.Heartbeat && e.Time-p.Time > 90_000:
					return fmt.Errorf("a gap of %d ms", e.Time-p.Time)
				}
				if p != nil && p.Type != event.Paused {
					for b := (p.Time + tickMS - 1) / tickMS; b*tickMS < e.Time; b++ {
						levels[b]++
					}
				}
				last[e.Play] = &e
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	at := (end - crowdWarm - 60_000) / tickMS
	if got := levels[at]; got < 800 || got > 1150 {
		t.Errorf("%d plays are active where the crowd of 1000 takes over", got)
	}
	estimated := int64(0)
	for _, c := range h.Chunks()[:4] {
		estimated += c.Events
	}
	if n < estimated*7/10 || n > estimated*12/10 {
		t.Errorf("%d events, estimated %d", n, estimated)
	}
}

func BenchmarkHistory(b *testing.B) {
	h := testHistory(b, 20_000)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n = 0
		if err := h.Generate(context.Background(), h.Chunks()[1], func(list []event.Event) error { n += len(list); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func TestCrowdBeginsWarm(t *testing.T) {
	type seen struct {
		last string
		at   int64
	}
	var mu sync.Mutex
	plays := map[string]seen{}
	events := 0
	bad := ""
	warm, full := make(chan struct{}), sync.Once{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			SentAt int64       `json:"sent_at"`
			Events []wireEvent `json:"events"`
		}
		data, _ := io.ReadAll(bufio.NewReader(r.Body))
		mu.Lock()
		defer mu.Unlock()
		if err := json.Unmarshal(data, &body); err != nil {
			bad = err.Error()
		}
		if d := time.Now().UnixMilli() - body.SentAt; d < 0 || d > 5000 {
			bad = fmt.Sprintf("sent_at is %d ms off", d)
		}
		for _, e := range body.Events {
			var at int64
			if json.Unmarshal(e.Time, &at) != nil {
				var s time.Time
				if err := json.Unmarshal(e.Time, &s); err != nil {
					bad = err.Error()
				}
				at = s.UnixMilli()
			}
			if at > body.SentAt {
				bad = fmt.Sprintf("%s is %d ms in the future", e.Type, at-body.SentAt)
			}
			if e.PlayID != "" {
				plays[e.PlayID] = seen{e.Type, at}
			}
			events++
		}
		if len(plays) > 2000 {
			full.Do(func() { close(warm) })
		}
		fmt.Fprintf(w, `{"accepted":%d,"duplicate":0,"rejected":[]}`, len(body.Events))
	}))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	go func() { <-warm; time.Sleep(time.Second); cancel() }()
	if err := Crowd(ctx, CrowdOptions{Target: srv.URL, Key: "k", Seed: 3, Viewers: 2000}); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if bad != "" {
		t.Error(bad)
	}
	active := 0
	for _, p := range plays {
		if p.last != "paused" && p.last != "play_ended" {
			active++
		}
	}
	if active < 1900 || active > 2150 {
		t.Errorf("%d plays are active in a crowd of 2000", active)
	}
	t.Logf("%d events, %d plays, %d active", events, len(plays), active)
}

// A plan that is made again for each event says what it said when it was kept,
// whoever had a turn in between; and a waiting play takes little room.
func TestCrowdPlaysOnFromWhatItKeeps(t *testing.T) {
	now := int64(testBase)
	cr := newCrowd(&CrowdOptions{Seed: 3, Viewers: 500, Start: time.UnixMilli(now)})
	events := 0
	for range 200 {
		s := cr.open(now, now, false)
		if s == nil {
			t.Fatal("nobody is free")
		}
		var want []said
		walk := s.walk
		for next := (said{}); walk.step(&next); {
			want = append(want, next)
		}
		for i := range want {
			cr.open(now, now, true) // another's turn
			cr.resume(s)
			if s.due != want[i].time {
				t.Fatalf("event %d is due at %d, want %d", i, s.due, want[i].time)
			}
			var next said
			if !s.walk.step(&next) || next != want[i] {
				t.Fatalf("event %d is %+v, want %+v", i, next, want[i])
			}
			if s.ahead() != (i+1 < len(want)) {
				t.Fatalf("after event %d of %d it is wrong about what is ahead", i, len(want))
			}
			events++
			clear(cr.busy)
		}
		cr.drop(s)
	}
	if size := unsafe.Sizeof(screen{}); events < 2_000 || size > 128 {
		t.Errorf("%d events of plays that take %d bytes each", events, size)
	}
}
