package live

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"playhead/internal/fact"
)

const t0 = int64(1_800_000_000_000)

// Signed stretches, applied at random moments, count what brute force counts.
func TestGaugesAreTheSumOfStretches(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		h := NewHub(Options{})
		var spans []fact.Span
		var dims []fact.Dims
		now := t0
		for range 300 {
			now += r.Int64N(2_000)
			from := now/1000*1000 + 1000*(r.Int64N(400)-200)
			s := fact.Span{Dims: uint32(len(dims)), Kind: fact.ActiveViewer, Scope: fact.ScopeEvery, N: 1, From: from, To: from + 1000*r.Int64N(600)}
			if r.IntN(3) == 0 {
				s.Scope = fact.ScopeTitle | fact.ScopeDevice
			}
			dims = append(dims, fact.Dims{Title: fmt.Sprint("t", r.IntN(5)), Country: fmt.Sprint("c", r.IntN(3)), DeviceType: "tv"})
			if len(spans) > 0 && r.IntN(3) == 0 { // the rest of an earlier one is taken back
				s = spans[r.IntN(len(spans))]
				s.From, s.N = max(s.From, now/1000*1000), -1
				if s.From >= s.To {
					continue
				}
			}
			spans = append(spans, s)
			h.Apply(&fact.Batch{Dims: dims, Spans: []fact.Span{s}}, now)
			if r.IntN(4) > 0 {
				continue
			}
			now += 1000
			got := h.Snapshot(now)
			var all int64
			titles := map[string]int64{}
			for _, s := range spans {
				if s.From <= now && now/1000*1000 < s.To {
					if s.Scope&fact.ScopeAll != 0 {
						all += int64(s.N)
					}
					titles[dims[s.Dims].Title] += int64(s.N)
				}
			}
			if got.ConcurrentViewers != max(0, all) {
				t.Fatalf("seed %d: %d viewers, brute force says %d", seed, got.ConcurrentViewers, all)
			}
			for _, e := range got.Top["title"] {
				if titles[e.Value] != e.ConcurrentViewers {
					t.Fatalf("seed %d: title %s has %d, brute force says %d", seed, e.Value, e.ConcurrentViewers, titles[e.Value])
				}
			}
		}
	}
}

func TestRatesAndFreshness(t *testing.T) {
	h := NewHub(Options{})
	dims := []fact.Dims{{Title: "a"}}
	h.Apply(&fact.Batch{
		Dims: dims, OldestReceived: t0 - 120, Counts: fact.Counts{Events: 500},
		Marks: []fact.Mark{
			{Kind: fact.FirstFrame, N: 1, Time: t0 - 1_000}, {Kind: fact.FirstFrame, N: 1, Time: t0 - 59_000},
			{Kind: fact.FirstFrame, N: 1, Time: t0 - 61_000}, {Kind: fact.Stall, N: 2, Time: t0 - 5_000},
			{Kind: fact.Stall, N: -1, Time: t0 - 5_000}, {Kind: fact.PlaybackFailure, N: 1, Time: t0 - 2_000},
		},
	}, t0)
	s := h.Snapshot(t0 + 1_000)
	if s.PerMinute != (PerMinute{Plays: 1, Stalls: 1, Failures: 1}) {
		t.Errorf("per minute %+v", s.PerMinute)
	}
	if s.EventsPerSecond != 100 || s.FreshnessMS != 120 {
		t.Errorf("%v events/s, freshness %d ms", s.EventsPerSecond, s.FreshnessMS)
	}
}

func TestMovementNeedsFiveMinutes(t *testing.T) {
	h := NewHub(Options{})
	watch := func(n int32, at int64) {
		h.Apply(&fact.Batch{Dims: []fact.Dims{{Title: "a"}}, Spans: []fact.Span{{Kind: fact.ActiveViewer, Scope: fact.ScopeEvery, N: n, From: at, To: at + 3_600_000}}}, at)
	}
	watch(10, t0)
	if e := h.Snapshot(t0 + 100_000).Top["title"]; e[0].Change != nil {
		t.Errorf("change %d is known after 100 s", *e[0].Change)
	}
	watch(5, t0+400_000)
	e := h.Snapshot(t0 + 401_000).Top["title"]
	if e[0].Change == nil || *e[0].Change != 5 || e[0].ConcurrentViewers != 15 {
		t.Errorf("got %+v", e[0])
	}
}

// A viewer who goes on is one viewer in every second, also in that in which
// one stretch ends and the next begins.
func TestSeamsCountOnce(t *testing.T) {
	h := NewHub(Options{})
	dims := []fact.Dims{{Title: "a", Country: "DE", DeviceType: "tv"}}
	end, next := t0+60_137, t0
	h.Apply(&fact.Batch{Dims: dims, Spans: []fact.Span{{Kind: fact.ActiveViewer, Scope: fact.ScopeEvery, N: 1, From: t0, To: end}}}, t0)
	for now := t0; now < t0+600_000; now += 250 {
		if now >= next+30_000 { // a heartbeat carries the stretch on
			next = now
			to := now + 60_137
			h.Apply(&fact.Batch{Dims: dims, Spans: []fact.Span{{Kind: fact.ActiveViewer, Scope: fact.ScopeEvery, N: 1, From: end, To: to}}}, now)
			end = to
		}
		if got := h.Snapshot(now).ConcurrentViewers; got != 1 {
			t.Fatalf("%d viewers %d ms in", got, now-t0)
		}
	}
	h.Apply(&fact.Batch{Dims: dims, Spans: []fact.Span{{Kind: fact.ActiveViewer, Scope: fact.ScopeEvery, N: -1, From: t0 + 600_500, To: end}}}, t0+600_500)
	if got := h.Snapshot(t0 + 601_000).ConcurrentViewers; got != 0 {
		t.Errorf("%d viewers after the end", got)
	}
}
