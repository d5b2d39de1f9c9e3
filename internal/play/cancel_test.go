package play

import (
	"maps"
	"math/rand/v2"
	"testing"

	"playhead/internal/fact"
)

// What is left says the same, and nothing in it takes another thing back.
func TestCancel(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		var list []fact.Mark
		for range r.IntN(3 * fewFacts) {
			list = append(list, fact.Mark{N: int32(r.IntN(2)*2 - 1), Time: r.Int64N(20)})
		}
		sum := func(list []fact.Mark) map[int64]int {
			out := map[int64]int{}
			for _, m := range list {
				if out[m.Time] += int(m.N); out[m.Time] == 0 {
					delete(out, m.Time)
				}
			}
			return out
		}
		want, n := sum(list), 0
		for _, v := range want {
			n += max(v, -v)
		}
		left := cancelMarks(list)
		if !maps.Equal(sum(left), want) || len(left) != n {
			t.Fatalf("seed %d: %d left, want %d: %v", seed, len(left), n, left)
		}
	}
}
