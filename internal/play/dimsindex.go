package play

import (
	"math/bits"
	"slices"
)

// dimsIndex says under which index a batch has which dims. Beginning another
// batch costs nothing, and a look less than in a Go map: there is one for each
// event.
type dimsIndex struct {
	slots []dimsSlot // a power of two
	n     int        // of this batch
	batch uint32
}

// dimsSlot is empty unless it is of the current batch.
type dimsSlot struct {
	d            dims
	batch, index uint32
}

// begin empties the index.
func (t *dimsIndex) begin() {
	t.n = 0
	if t.batch++; t.batch == 0 {
		clear(t.slots)
		t.batch = 1
	}
}

func (d *dims) hash() uint64 {
	two := func(a, b uint32) uint64 { return uint64(a) | uint64(b)<<32 }
	const k = 0x9e3779b97f4a7c15
	h := two(d.title, d.country) * k
	for _, w := range [...]uint64{two(d.device, d.cdn), two(d.isp, d.region), two(d.os, d.app), two(d.player, d.labels), uint64(d.live)} {
		h = (bits.RotateLeft64(h, 25) ^ w) * k
	}
	return h ^ h>>32
}

// find returns the slot of d, and whether d is in it: if not, it is set to d and
// the caller sets its index. It is good until the next find.
func (t *dimsIndex) find(d *dims) (slot *dimsSlot, known bool) {
	if t.n >= len(t.slots)/2 {
		t.grow()
	}
	s := t.slot(d)
	if s.batch == t.batch {
		return s, true
	}
	t.n++
	s.d, s.batch = *d, t.batch
	return s, false
}

func (t *dimsIndex) slot(d *dims) *dimsSlot {
	mask := uint64(len(t.slots) - 1)
	for i := d.hash() & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; s.batch != t.batch || s.d == *d {
			return s
		}
	}
}

func (t *dimsIndex) grow() {
	old := slices.DeleteFunc(t.slots, func(s dimsSlot) bool { return s.batch != t.batch })
	t.slots = make([]dimsSlot, 64<<bits.Len(uint(len(old)/16)))
	for _, s := range old {
		*t.slot(&s.d) = s
	}
}
