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

// Sets keep their numbers while plays have them, have none of the indexes of the
// batch before, and make room when nobody has them.
func TestDimSets(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	sets := newDimSets()
	sets.batch = 1<<32 - 3 // it wraps on the way
	type held struct {
		n    uint32
		uses int
	}
	want := map[dims]held{}
	most := 0
	for range 8 {
		sets.begin()
		for range 4_000 {
			d := dims{title: 1 + r.Uint32N(200), country: r.Uint32N(9), cdn: r.Uint32N(3), live: r.Uint32N(2)}
			h := want[d]
			if h.uses > 0 && r.IntN(2) == 0 {
				sets.release(h.n)
				if h.uses--; h.uses == 0 {
					delete(want, d)
					continue
				}
			} else {
				n := sets.take(&d)
				if s := &sets.list[n]; s.d != d || h.uses > 0 && n != h.n || h.uses == 0 && s.batch == sets.batch {
					t.Fatalf("%+v: number %d is %+v; expected %+v", d, n, *s, h)
				}
				sets.list[n].batch = sets.batch
				h = held{n, h.uses + 1}
			}
			want[d] = h
			most = max(most, len(want))
		}
		for d, h := range want {
			if s := sets.list[h.n]; s.d != d || int(s.uses) != h.uses {
				t.Fatalf("%+v: %+v; expected %+v", d, s, h)
			}
		}
	}
	if len(sets.list) > most+1 {
		t.Errorf("%d sets are kept, %d were there at once", len(sets.list), most)
	}
	for _, h := range want {
		for range h.uses {
			sets.release(h.n)
		}
	}
	if sets.shrink(); len(sets.list) != 1 || len(sets.list) != len(sets.free)+1 {
		t.Errorf("%d sets, %d free numbers when nothing is used", len(sets.list), len(sets.free))
	}
	d := dims{title: 1}
	if n := sets.take(&d); n == 0 || sets.take(&d) != n {
		t.Error("an emptied table does not find what it takes")
	}
}
