package privacy

import (
	"math/rand/v2"
	"testing"

	"playhead/internal/event"
)

func TestThreeRefsAreRefs(t *testing.T) {
	ring, err := newRing([]byte("0123456789abcdef0123456789abcdef"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(9, 10))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return string(b)
	}
	for n := range 300 {
		domains := [3]byte{byte(r.IntN(256)), DomainPlay, DomainID}
		for _, raws := range [][3]string{{text(n), text(n), text(n)}, {text(n), text(n + 1), text(n)}, {text(n), text(n), ""}, {"", text(n), text(n)}} {
			before := event.Ref{1, 2, 3}
			got := [3]event.Ref{before, before, before}
			ring.ThreeRefs(domains, raws, [3]*event.Ref{&got[0], &got[1], &got[2]})
			for i, raw := range raws {
				want := before
				if raw != "" {
					want = ring.Ref(domains[i], raw)
				}
				if got[i] != want {
					t.Fatalf("%d bytes, the place %d of %q: %s, want %s", n, i, raws, got[i], want)
				}
			}
		}
	}
}

var benchIDs = [3]string{"3ec6c661-06e2-0b65-fb4d-be3bf660810f", "b46dfb59-cd79-973f-eb8b-2f463e2b1b65", "d73fcf28-6eab-2618-8d15-ec8a8eaf9a10"}

func BenchmarkThreeRefs(b *testing.B) {
	ring, err := newRing([]byte("0123456789abcdef0123456789abcdef"), nil)
	if err != nil {
		b.Fatal(err)
	}
	domains := [3]byte{DomainSession, DomainPlay, DomainID}
	var out [3]event.Ref
	b.Run("at once", func(b *testing.B) {
		for b.Loop() {
			ring.ThreeRefs(domains, benchIDs, [3]*event.Ref{&out[0], &out[1], &out[2]})
		}
	})
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			for i := range out {
				out[i] = ring.Ref(domains[i], benchIDs[i])
			}
		}
	})
}
