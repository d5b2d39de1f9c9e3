package play

import (
	"math/rand/v2"
	"testing"
)

// What adds nothing is told without making the sum.
func TestDimsHas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	some := func() (d dims) {
		for _, f := range [...]*uint32{&d.title, &d.country, &d.region, &d.device, &d.os, &d.app, &d.player, &d.cdn, &d.isp, &d.labels} {
			if r.IntN(8) == 0 {
				*f = 1 + r.Uint32N(2)
			}
		}
		d.live = r.Uint32N(2)
		return d
	}
	had := 0
	for range 100_000 {
		n := some()
		d := n
		for range 3 {
			more := some()
			d = d.over(&more)
		}
		got := d.has(&n)
		if want := d.over(&n) == d; got != want {
			t.Fatalf("%+v has %+v: %v", d, n, got)
		}
		if got {
			had++
		}
	}
	if had < 10_000 || had > 90_000 {
		t.Errorf("%d of 100,000 have it: too few of one kind are tried", had)
	}
}
