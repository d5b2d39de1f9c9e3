package play

import (
	"encoding/binary"
	"math/bits"

	"playhead/internal/event"
)

// Table is a hash table from keys to what an engine keeps of a viewer. Keys are
// pseudonyms, as good as random and not of a client's choosing, so that a few of their
// bits find the place; a Go map, which hashes all of it again, takes twice the time and
// half as much memory again. The zero value is empty.
type Table[V any] struct {
	slots []slot[V] // a power of two
	shift uint      // 64 less the bits of a place
	n     int
}

// slot is empty without a viewer.
type slot[V any] struct {
	tag uint64
	v   *V
}

// slotBytes is how large a slot is.
const slotBytes = 16

// tagOf is what is compared before a viewer is looked at.
func tagOf(key *event.ViewerKey) uint64 { return binary.LittleEndian.Uint64(key[:]) }

// home is where a tag belongs: by its high bits, spread.
func (t *Table[V]) home(tag uint64) int { return int(tag * 0x9e3779b97f4a7c15 >> (t.shift & 63)) }

// Len is how many viewers there are.
func (t *Table[V]) Len() int { return t.n }

// Home is the place from which on a key is sought.
func (t *Table[V]) Home(key *event.ViewerKey) int { return t.home(tagOf(key)) }

// Seek is the first viewer at a place or behind it that may have the key, by a half of it, and
// the place from which on to seek the next. It is nil when there is none.
func (t *Table[V]) Seek(key *event.ViewerKey, at int) (v *V, next int) {
	if t.n == 0 {
		return nil, 0
	}
	tag, mask := tagOf(key), len(t.slots)-1
	for {
		s := &t.slots[at&mask]
		at++
		if s.v == nil || s.tag == tag {
			return s.v, at
		}
	}
}

// Put adds a viewer whose key is not there yet.
func (t *Table[V]) Put(key *event.ViewerKey, v *V) {
	if t.n >= len(t.slots)-len(t.slots)/4 {
		t.resize(max(64, 2*len(t.slots)))
	}
	t.place(slot[V]{tagOf(key), v})
	t.n++
}

func (t *Table[V]) place(s slot[V]) {
	mask := len(t.slots) - 1
	i := t.home(s.tag)
	for t.slots[i].v != nil {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

// Shrink gives back the room of viewers who have gone, if most have.
func (t *Table[V]) Shrink() {
	size := len(t.slots)
	for size > 1024 && t.n < size/8 {
		size /= 2
	}
	if size < len(t.slots) {
		t.resize(size)
	}
}

// resize changes the number of slots, a power of two.
func (t *Table[V]) resize(size int) {
	old := t.slots
	t.slots, t.shift = make([]slot[V], size), 64-uint(bits.Len(uint(size-1)))
	for _, s := range old {
		if s.v != nil {
			t.place(s)
		}
	}
}

// Remove takes v out, if it is there, and moves up what was pushed on by it.
func (t *Table[V]) Remove(key *event.ViewerKey, v *V) {
	if t.n == 0 {
		return
	}
	mask := len(t.slots) - 1
	i := t.Home(key)
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
	t.slots[i] = slot[V]{}
}

// Each calls fn with every viewer, in no order. fn must not add or remove any.
func (t *Table[V]) Each(fn func(*V)) {
	for i := range t.slots {
		if v := t.slots[i].v; v != nil {
			fn(v)
		}
	}
}

// Bytes is how much memory the table takes.
func (t *Table[V]) Bytes() int64 { return int64(len(t.slots)) * slotBytes }

// viewers are those of an engine that are in memory.
type viewers struct {
	Table[viewer]
	// fetched is of no meaning: what is read and not used need not be read.
	fetched int64
	sought  []*viewer
}

// get returns nil for a key that is not there.
func (t *viewers) get(key *event.ViewerKey) *viewer {
	v, next := t.Seek(key, t.Home(key))
	for v != nil && v.key != *key {
		v, next = t.Seek(key, next)
	}
	return v
}

// Seek reads a little of what Apply will read of the viewers of the next events, and changes
// nothing. The state of many viewers is larger than the processor's caches: one after the other each
// step on the way to one's waits for memory, for several at once it waits as long as for one.
func (g *Engine) Seek(keys []event.ViewerKey) {
	t := &g.viewers
	t.sought = t.sought[:0]
	for i := range keys {
		v, _ := t.Seek(&keys[i], t.Home(&keys[i]))
		t.sought = append(t.sought, v)
	}
	for _, v := range t.sought {
		if v != nil {
			t.fetched += v.recent.fetch()
		}
	}
	for i, v := range t.sought {
		if v != nil && v.recent != nil {
			t.fetched += int64(g.dimsAt(v.recent, v.recent.tip.dims).title)
		}
		t.sought[i] = nil // it may be let go of
	}
}

func (t *viewers) put(v *viewer)           { t.Put(&v.key, v) }
func (t *viewers) remove(v *viewer)        { t.Remove(&v.key, v) }
func (t *viewers) each(fn func(v *viewer)) { t.Each(fn) }
func (t *viewers) shrink()                 { t.Shrink() }
