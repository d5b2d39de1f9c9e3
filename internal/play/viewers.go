package play

import (
	"encoding/binary"
	"math/bits"

	"playhead/internal/event"
)

// viewers is a hash table from keys to viewers. Keys are pseudonyms, as good as
// random and not of a client's choosing, so that a few of their bits find the
// place; a Go map, which hashes all of it again, takes twice the time and half
// as much memory again.
type viewers struct {
	slots []viewerSlot // a power of two
	shift uint         // 64 less the bits of a place
	n     int
	// fetched is of no meaning: what is read and not used need not be read.
	fetched int64
}

// viewerSlot is empty without a viewer.
type viewerSlot struct {
	tag uint64
	v   *viewer
}

// tagOf is what is compared before a viewer is looked at.
func tagOf(key *event.ViewerKey) uint64 { return binary.LittleEndian.Uint64(key[:]) }

// home is where a tag belongs: by its high bits, spread.
func (t *viewers) home(tag uint64) int {
	return int(tag * 0x9e3779b97f4a7c15 >> (t.shift & 63))
}

// get returns nil for a key that is not there.
func (t *viewers) get(key *event.ViewerKey) *viewer {
	if t.n == 0 {
		return nil
	}
	tag, mask := tagOf(key), len(t.slots)-1
	for i := t.home(tag); ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.v == nil {
			return nil
		}
		if s.tag == tag {
			t.fetched += s.v.first.fetch()
			if s.v.key == *key {
				return s.v
			}
		}
	}
}

// put adds a viewer whose key is not there yet.
func (t *viewers) put(v *viewer) {
	if t.n >= len(t.slots)-len(t.slots)/4 {
		t.grow()
	}
	t.place(viewerSlot{tagOf(&v.key), v})
	t.n++
}

func (t *viewers) place(s viewerSlot) {
	mask := len(t.slots) - 1
	i := t.home(s.tag)
	for t.slots[i].v != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

func (t *viewers) grow() { t.resize(max(64, 2*len(t.slots))) }

// shrink gives back the room of viewers who have gone, if most have.
func (t *viewers) shrink() {
	size := len(t.slots)
	for size > 1024 && t.n < size/8 {
		size /= 2
	}
	if size < len(t.slots) {
		t.resize(size)
	}
}

// resize changes the number of slots, a power of two.
func (t *viewers) resize(size int) {
	old := t.slots
	t.slots, t.shift = make([]viewerSlot, size), 64-uint(bits.Len(uint(size-1)))
	for _, s := range old {
		if s.v != nil {
			t.place(s)
		}
	}
}

// remove takes v out and moves up what was pushed on by it.
func (t *viewers) remove(v *viewer) {
	if t.n == 0 {
		return
	}
	mask := len(t.slots) - 1
	i := t.home(tagOf(&v.key))
	for t.slots[i].v != v {
		if t.slots[i].v == nil {
			return
		}
		i = (i + 1) & mask
	}
	t.n--
	for j := i; ; {
		j = (j + 1) & mask
		s := t.slots[j]
		if s.v == nil {
			break
		}
		if h := t.home(s.tag); (j-h)&mask >= (j-i)&mask {
			t.slots[i] = s
			i = j
		}
	}
	t.slots[i] = viewerSlot{}
}

// each calls fn with every viewer, in no order. fn must not add or remove any.
func (t *viewers) each(fn func(*viewer)) {
	for i := range t.slots {
		if v := t.slots[i].v; v != nil {
			fn(v)
		}
	}
}
