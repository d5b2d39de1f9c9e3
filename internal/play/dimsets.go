package play

import (
	"math/bits"
	"slices"
)

// dimSets numbers the sets of dimension values that the plays of an engine have.
// Many plays share one, so that a number is less to keep than the values, and
// what is looked up for each event stays in the processor's cache. What no play
// has any more makes room. Number 0 is knowing nothing.
type dimSets struct {
	list  []dimSet // by number
	free  []uint32 // numbers that are given out again
	slots []uint32 // of numbers by hash, 0 none: a power of two
	batch uint32
}

// dimSet also says under which index the current batch has it.
type dimSet struct {
	d            dims
	uses         uint32 // entries of plays
	batch, index uint32 // the index is one of this batch
	// said is the hash of how an event said d but for the labels, 0 unknown: most events
	// of a play say it as the one before did, and no text is looked at then.
	said uint64
}

func newDimSets() dimSets {
	return dimSets{list: make([]dimSet, 1), slots: make([]uint32, 64), batch: 1}
}

// begin begins another batch: no set has an index in it.
func (t *dimSets) begin() {
	if t.batch++; t.batch == 0 {
		for i := range t.list {
			t.list[i].batch = 0
		}
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

// home is where d belongs in the slots.
func (t *dimSets) home(d *dims) int { return int(d.hash()) & (len(t.slots) - 1) }

// take is the number of d for one more entry; release gives it back.
func (t *dimSets) take(d *dims) uint32 {
	if *d == noDims {
		return 0
	}
	mask := len(t.slots) - 1
	i := t.home(d)
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		if s := &t.list[t.slots[i]]; s.d == *d {
			s.uses++
			return t.slots[i]
		}
	}
	n := uint32(len(t.list))
	if last := len(t.free) - 1; last >= 0 {
		n, t.free = t.free[last], t.free[:last]
	} else {
		t.list = append(t.list, dimSet{})
	}
	t.list[n] = dimSet{d: *d, uses: 1}
	t.slots[i] = n
	if used := len(t.list) - len(t.free); used > len(t.slots)/2 {
		t.grow()
	}
	return n
}

// release says that one entry of a play has gone.
func (t *dimSets) release(n uint32) {
	if n == 0 {
		return
	}
	s := &t.list[n]
	if s.uses--; s.uses > 0 {
		return
	}
	mask := len(t.slots) - 1
	i := t.home(&s.d)
	for t.slots[i] != n {
		i = (i + 1) & mask
	}
	for j := i; ; { // what was pushed on by it moves up
		j = (j + 1) & mask
		m := t.slots[j]
		if m == 0 {
			break
		}
		if h := t.home(&t.list[m].d); (j-h)&mask >= (j-i)&mask {
			t.slots[i] = m
			i = j
		}
	}
	t.slots[i] = 0
	*s = dimSet{}
	t.free = append(t.free, n)
}

func (t *dimSets) grow() { t.resize(2 * len(t.slots)) }

// shrink gives back the room of the highest numbers when most are free.
func (t *dimSets) shrink() {
	if len(t.free) < 1024 || len(t.free) < len(t.list)/4*3 {
		return
	}
	n := len(t.list)
	for n > 1 && t.list[n-1].uses == 0 {
		n--
	}
	if n == len(t.list) {
		return
	}
	t.list = append(make([]dimSet, 0, n), t.list[:n]...)
	t.free = slices.Clone(slices.DeleteFunc(t.free, func(m uint32) bool { return int(m) >= n }))
	t.resize(max(64, 1<<bits.Len(uint(2*n))))
}

func (t *dimSets) resize(size int) {
	t.slots = make([]uint32, size)
	mask := len(t.slots) - 1
	for n := range t.list {
		s := &t.list[n]
		if s.uses == 0 {
			continue
		}
		i := t.home(&s.d)
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(n)
	}
}
