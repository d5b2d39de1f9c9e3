package live

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"playhead/internal/fact"
)

// Parts that are told by several add up to what one who hears everything says.
func TestPartsAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	whole, sum := NewHub(Options{}), NewSum(Options{})
	hubs := []*Hub{NewHub(Options{}), NewHub(Options{}), NewHub(Options{})}
	now := t0
	for range 600 {
		now += r.Int64N(1_500)
		d := fact.Dims{Title: fmt.Sprint("t", r.IntN(30)), Country: fmt.Sprint("c", r.IntN(4)), DeviceType: "tv"}
		from := now / 1000 * 1000
		b := &fact.Batch{
			Dims:  []fact.Dims{d},
			Spans: []fact.Span{{Kind: fact.ActiveViewer, Scope: fact.ScopeEvery, N: 1, From: from, To: from + 1000*r.Int64N(120)}},
			Marks: []fact.Mark{{Kind: fact.FirstFrame, Time: now, N: 1}},
		}
		b.Counts.Events = 3
		whole.Apply(b, now)
		hubs[r.IntN(len(hubs))].Apply(b, now)
		for i, h := range hubs {
			sum.Put(fmt.Sprint(i), h.Part(now), now)
		}
		want, got := whole.Snapshot(now), sum.Snapshot(now)
		if now-whole.lastAt > 0 || now-sum.asked > 0 {
			continue // asked again within the life of a snapshot
		}
		if got.ConcurrentViewers != want.ConcurrentViewers || got.PerMinute != want.PerMinute || math.Abs(got.EventsPerSecond-want.EventsPerSecond) > 1e-6 {
			t.Fatalf("%+v, want %+v", got, want)
		}
		if !maps.Equal(got.Countries, want.Countries) || fmt.Sprint(values(got.Top["title"])) != fmt.Sprint(values(want.Top["title"])) {
			t.Fatalf("%v, want %v", got.Top, want.Top)
		}
	}
	if top := sum.Snapshot(now + snapshotAge).Top["title"]; len(top) == 0 || top[0].Change == nil {
		t.Errorf("after five minutes it is not known what changed: %v", top)
	}
	if n := sum.Events(); n != 1800 {
		t.Errorf("%d events", n)
	}
	// Who is silent is forgotten, and who takes over takes the place.
	now += PartLasts.Milliseconds() / 2
	p := hubs[0].Part(now)
	sum.Put("0", p, now)
	now += PartLasts.Milliseconds()/2 + 1
	if got := sum.Snapshot(now); got.ConcurrentViewers != p.Viewers {
		t.Errorf("%d viewers, the only part that is told has %d", got.ConcurrentViewers, p.Viewers)
	}
}

func values(list []Entry) (out []string) {
	for _, e := range list {
		out = append(out, fmt.Sprint(e.Value, " ", e.ConcurrentViewers))
	}
	return out
}
