package facttest

import (
	"testing"

	"playhead/internal/fact"
)

// What is taken back is as if it had not been said, whatever batch it was in,
// and each kind of fact counts.
func TestLedger(t *testing.T) {
	batch := func(n int32, padding int) *fact.Batch {
		b := &fact.Batch{Dims: make([]fact.Dims, padding), Slots: make([]fact.Slot, padding), Tastes: make([]string, padding)}
		d := uint32(padding)
		b.Dims = append(b.Dims, fact.Dims{Title: "film", Labels: "genre:x"})
		b.Slots = append(b.Slots, fact.Slot{Creative: "picture"})
		b.Tastes = append(b.Tastes, "genre:x")
		b.Spans = []fact.Span{{Dims: d, Kind: fact.Playing, N: n, Bitrate: 800, From: 1, To: 5}, {Dims: d, Kind: fact.ActiveViewer, Scope: fact.ScopeEvery, N: n, From: 1, To: 9}}
		b.Marks = []fact.Mark{{Dims: d, Kind: fact.StartupKnown, N: n, Time: 3, Taste: d + 1}}
		b.Plays = []fact.Play{{N: n, Dims: d, Slot: d + 1, Skips: 2, Intervals: []fact.Interval{{Dims: d, Kind: fact.Playing, From: 1, To: 5}}}}
		b.Exposures = []fact.Exposure{{Dims: d, Slot: d, Taste: d + 1, N: n, Time: 4}}
		return b
	}
	l, empty := NewLedger(), NewLedger()
	l.Add(batch(1, 0))
	for i, s := range []int{len(l.edges), len(l.marks), len(l.plays), len(l.exposures)} {
		if s == 0 {
			t.Errorf("kind %d of facts is not counted", i)
		}
	}
	if l.Equal(empty) || l.String() == "" {
		t.Error("a ledger with facts is like one without")
	}
	l.Add(batch(-1, 3))
	if !l.Equal(empty) || l.String() != "" {
		t.Errorf("something is left:\n%s", l)
	}
	l.Add(&fact.Batch{Dims: make([]fact.Dims, 1), Sessions: []fact.Session{{To: 1}}})
	one := NewLedger()
	one.Add(&fact.Batch{Dims: make([]fact.Dims, 1), Searches: []fact.Search{{Query: "q"}}})
	if l.Equal(empty) || one.Equal(empty) || l.Equal(one) {
		t.Error("sessions and searches are not counted apart")
	}
}
