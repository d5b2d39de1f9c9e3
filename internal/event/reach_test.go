package event

import (
	"math/rand/v2"
	"testing"
)

func TestReachGrowsToEverybody(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	keys := make([]ViewerKey, 20_000)
	for i := range keys {
		for j := range keys[i] {
			keys[i][j] = byte(r.Uint32())
		}
	}
	keys = append(keys, ViewerKey{}, ViewerKey{4: 0xff, 5: 0xff})
	for _, count := range []int{1, 2, 3, 7, 64, 512} {
		seen := make([]bool, len(keys))
		for n := 1; n <= count; n++ {
			anew := 0
			for i, key := range keys {
				holds := ReachOf(n, count).Holds(key)
				if seen[i] && !holds {
					t.Fatalf("step %d of %d leaves out a viewer of an earlier one", n, count)
				}
				if holds && !seen[i] {
					anew++
				}
				seen[i] = holds
			}
			if even := len(keys) / count; anew < even/4 || anew > 2*even {
				t.Errorf("step %d of %d concerns %d viewers anew, an even share is %d", n, count, anew, even)
			}
		}
		for i := range seen {
			if !seen[i] {
				t.Fatalf("the last of %d steps leaves out %x", count, keys[i])
			}
		}
	}
}
