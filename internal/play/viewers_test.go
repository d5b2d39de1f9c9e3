package play

import (
	"math/rand/v2"
	"testing"

	"playhead/internal/event"
)

// The table holds what a map holds, keys with equal tags and homes included.
func TestViewers(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 4))
		want := map[event.ViewerKey]*viewer{}
		var got viewers
		for range 3_000 {
			k := event.ViewerKey{byte(r.IntN(8)), 7: byte(r.IntN(60)), 9: byte(r.IntN(3))}
			if old := got.get(&k); old != want[k] {
				t.Fatalf("seed %d: %v instead of %v", seed, old, want[k])
			} else if old == nil {
				want[k] = &viewer{key: k}
				got.put(want[k])
			} else if r.IntN(3) > 0 {
				got.remove(old)
				delete(want, k)
			}
		}
		n := 0
		got.each(func(v *viewer) {
			n++
			if want[v.key] != v {
				t.Fatalf("seed %d: %v is there still", seed, v.key)
			}
		})
		if n != len(want) || got.n != n {
			t.Fatalf("seed %d: %d viewers, counted %d, want %d", seed, n, got.n, len(want))
		}
	}
}

// What is left after a crowd has gone is found in a smaller table.
func TestViewersShrink(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var table viewers
	var list []*viewer
	for range 50_000 {
		v := &viewer{}
		for i := range v.key {
			v.key[i] = byte(r.Uint32())
		}
		table.put(v)
		list = append(list, v)
	}
	for _, v := range list[1_000:] {
		table.remove(v)
	}
	table.shrink()
	if len(table.slots) > 8*1_000 {
		t.Errorf("%d slots for %d viewers", len(table.slots), table.n)
	}
	for i, v := range list {
		if got := table.get(&v.key); (got == v) != (i < 1_000) {
			t.Fatalf("viewer %d: %v", i, got)
		}
	}
}

// Dims have one index a batch, and none of the batch before.
func TestDimsIndex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	var index dimsIndex
	index.batch = 1<<32 - 3 // it wraps on the way
	for range 8 {
		index.begin()
		want := map[dims]uint32{}
		for range 2_000 {
			d := dims{title: r.Uint32N(30), country: r.Uint32N(9), cdn: r.Uint32N(3), live: r.Uint32N(2)}
			s, ok := index.find(&d)
			if before, known := want[d]; known != ok || known && before != s.index {
				t.Fatalf("%+v: %d, %t instead of %d, %t", d, s.index, ok, before, known)
			}
			if !ok {
				s.index = uint32(len(want))
				want[d] = s.index
			}
		}
	}
}
