package journey

import (
	"bytes"
	"fmt"
	"testing"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// A viewer who floods is held to each bound. What has to make room is said as far
// as it is known, and counted; who keeps within the bounds loses nothing.
func TestBoundsOfAViewer(t *testing.T) {
	const now, many, bound = int64(1_800_000_000_000), 60, 7
	type result struct {
		counts         fact.Counts
		shown, matured int32
		searches       int
		more           *more
	}
	flood := func(bound int) (r result) {
		c := DefaultConfig()
		c.MaxImpressions, c.MaxSeen, c.MaxSelects, c.MaxSearches = bound, 4*bound, bound, bound
		g := New(c, nil)
		var out fact.Batch
		var e event.Event
		e.Reset()
		e.Viewer[0], e.Known, e.KeyID = 1, true, 1
		apply := func(typ event.Type, n int, at int64) {
			e.Type, e.Time, e.ReceivedAt, e.ID = typ, at, at, event.Ref{byte(typ), byte(n)}
			if _, err := g.Apply(Step{Event: &e, Fresh: true}, &out); err != nil {
				t.Fatal(err)
			}
		}
		for n := range many {
			at := now + int64(n)*500
			e.TitleID, e.CreativeID, e.Placement, e.Rank, e.Impression = fmt.Sprint("t", n), "c", "hero", 1, event.Ref{1, byte(n)}
			apply(event.Impression, n, at)
			e.CreativeID, e.Placement, e.Rank = "", "", event.Absent
			apply(event.Select, n, at+100)
		}
		e.TitleID, e.Impression = "", event.Ref{}
		for n := range many {
			e.Search, e.SearchQuery = event.Ref{2, byte(n)}, fmt.Sprint("query ", n)
			apply(event.Search, n, now+minute+int64(n)*(c.Refine+1_000))
		}
		r.more = g.inMemory(&e.Viewer).more
		if len(r.more.impressions) > bound || len(r.more.seen) > 4*bound || len(r.more.selects) > bound || len(r.more.searches) > bound+1 {
			t.Errorf("bound %d: %d impressions, %d events, %d selects, %d searches are kept", bound,
				len(r.more.impressions), len(r.more.seen), len(r.more.selects), len(r.more.searches))
		}
		for day := range int64(3) {
			if err := g.Tick(now+(day+1)*24*hour, &out); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range out.Exposures {
			switch x.Kind {
			case fact.Shown:
				r.shown += x.N
			case fact.Eligible:
				r.matured += x.N
			}
		}
		r.counts, r.searches = out.Counts, len(out.Searches)
		return r
	}
	free, held := flood(1_000), flood(bound)
	if free.counts.Evicted != 0 || free.shown != many || free.matured != many || free.searches != many {
		t.Fatalf("within the bounds: %+v", free)
	}
	if held.shown != many || held.matured != many || held.searches != many {
		t.Errorf("%d impressions, %d of them matured, %d searches of %d each", held.shown, held.matured, held.searches, many)
	}
	if held.counts.Evicted < 2*(many-bound) {
		t.Errorf("%d are counted as evicted", held.counts.Evicted)
	}
}

// More viewers than may be in memory: those who were silent for longest are on
// disk, and what is to be said of them is said all the same.
func TestBoundOfViewersInMemory(t *testing.T) {
	const now, crowd, bound = int64(1_800_000_000_000), 300, 20
	c := DefaultConfig()
	c.MaxViewers = bound
	state := map[string][]byte{}
	g := New(c, func(kind Kind, key []byte) ([]byte, error) { return state[string(kind)+string(key)], nil })
	save := func(kind Kind, key, data []byte) { state[string(kind)+string(key)] = bytes.Clone(data) }
	var out fact.Batch
	var e event.Event
	e.Reset()
	e.Known, e.KeyID, e.Type, e.SearchQuery = true, 1, event.Search, "a film"
	for n := range crowd {
		e.Viewer, e.ID, e.Search = event.ViewerKey{byte(n), byte(n >> 8), 1}, event.Ref{1}, event.Ref{2}
		e.Time, e.ReceivedAt = now+int64(n), now+int64(n)
		if _, err := g.Apply(Step{Event: &e, Fresh: true}, &out); err != nil {
			t.Fatal(err)
		}
		if n%50 == 49 {
			if g.Snapshot(save); g.Viewers() > bound {
				t.Fatalf("%d viewers are in memory after a snapshot", g.Viewers())
			}
		}
	}
	if err := g.Tick(now+2*hour, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Searches) != crowd || len(out.Sessions) != crowd || out.Counts.Evicted != 0 {
		t.Errorf("%d searches and %d sessions of %d viewers; %+v", len(out.Searches), len(out.Sessions), crowd, out.Counts)
	}
}
