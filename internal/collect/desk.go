package collect

import (
	"encoding/binary"

	"playhead/internal/collect/cloudevents"
	"playhead/internal/collect/cmcd"
	"playhead/internal/collect/native"
	"playhead/internal/collect/segment"
	"playhead/internal/event"
)

// desk is what decoding a request takes and nothing behind it needs. A request
// waits far longer for the disk than it is decoded: the next one is meanwhile
// decoded at the desk of the one before, in memory that the processor has near by.
type desk struct {
	native *native.Decoder
	cmcd   *cmcd.Decoder
	// segment and cloud are made when they are needed first.
	segment *segment.Decoder
	cloud   *cloudevents.Decoder
	body    []byte
	seen    seen
}

func newDesk() *desk { return &desk{native: native.NewDecoder(), cmcd: cmcd.NewDecoder()} }

// batch is an empty batch, at a desk, until its release.
func (c *Collector) batch() *batch {
	b := c.batches.Get().(*batch)
	b.desk = c.desks.Get().(*desk)
	return b
}

// leaveEarly gives the desk back before the request is answered. Not when the
// answer or the tail are to say something of single events, which may lie in the body.
func (b *batch) leaveEarly() {
	if len(b.rejected)+len(b.ignored)+len(b.excluded)+len(b.entries) == 0 {
		b.leaveDesk()
	}
}

// leaveDesk gives the desk back, if that was not done before.
func (b *batch) leaveDesk() {
	d := b.desk
	if d == nil {
		return
	}
	b.size, b.desk = len(d.body), nil
	if d.body = d.body[:0]; cap(d.body) > keepBytes {
		d.body = nil
	}
	d.seen.reset()
	b.c.desks.Put(d)
}

// bodyBytes is the size of the body.
func (b *batch) bodyBytes() int {
	if b.desk == nil {
		return b.size
	}
	return len(b.body)
}

// seen is a set of identities. Its slots hold places in ids, plus one, so that
// those of a usual request stay in the processor's nearest cache.
type seen struct {
	slots []uint32
	ids   []event.Ref
}

// add puts id in and reports whether it was not in yet.
func (s *seen) add(id event.Ref) bool {
	if 2*len(s.ids) >= len(s.slots) {
		s.grow()
	}
	mask := uint32(len(s.slots) - 1)
	for i := slotOf(&id) & mask; ; i = (i + 1) & mask {
		at := s.slots[i]
		if at == 0 {
			s.ids = append(s.ids, id)
			s.slots[i] = uint32(len(s.ids))
			return true
		}
		if s.ids[at-1] == id {
			return false
		}
	}
}

// slotOf spreads identities of which only the lower half may differ (the seqs
// of one play).
func slotOf(id *event.Ref) uint32 {
	lower, upper := binary.LittleEndian.Uint64(id[:8]), binary.LittleEndian.Uint64(id[8:])
	return uint32((lower ^ upper) * 0x9e3779b97f4a7c15 >> 32)
}

// grow doubles the slots, in what earlier requests left if there is room.
func (s *seen) grow() {
	n := max(64, 2*len(s.slots))
	if n <= cap(s.slots) {
		s.slots = s.slots[:n]
		clear(s.slots)
	} else {
		s.slots = make([]uint32, n)
	}
	mask := uint32(n - 1)
	for n := range s.ids {
		i := slotOf(&s.ids[n]) & mask
		for s.slots[i] != 0 {
			i = (i + 1) & mask
		}
		s.slots[i] = uint32(n + 1)
	}
}

// reset empties it. Emptying what one large request made must not cost every
// small one behind it, so the slots become fewer while they are too many.
func (s *seen) reset() {
	clear(s.slots)
	if len(s.slots) > 64 && 8*len(s.ids) < len(s.slots) {
		s.slots = s.slots[:len(s.slots)/2]
	}
	s.ids = s.ids[:0]
}
