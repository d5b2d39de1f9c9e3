package collect

import (
	"math/rand/v2"
	"testing"

	"playhead/internal/event"
)

// TestSeen compares the set with a map over requests of all sizes.
func TestSeen(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s seen
	for request := range 300 {
		want := map[event.Ref]bool{}
		n := 1 + r.IntN(1<<r.IntN(13))
		for range n {
			var id event.Ref
			id[0], id[1] = byte(r.IntN(n)), byte(r.IntN(n)>>8)
			if r.IntN(2) == 0 {
				id[9] = 7
			}
			if got := s.add(id); got == want[id] {
				t.Fatalf("request %d: add says %v of an id that was in: %v", request, got, want[id])
			}
			want[id] = true
		}
		s.reset()
		for i := range s.slots {
			if s.slots[i] != 0 {
				t.Fatalf("request %d left something", request)
			}
		}
	}
	for range 20 {
		s.add(event.Ref{1})
		s.reset()
	}
	if len(s.slots) != 64 {
		t.Errorf("after small requests %d slots are emptied for each", len(s.slots))
	}
}
