package collect

import (
	"encoding/binary"
	"net/http"

	"playhead/internal/access"
	"playhead/internal/collect/cloudevents"
	"playhead/internal/collect/cmcd"
	"playhead/internal/collect/native"
	"playhead/internal/collect/segment"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
	"playhead/internal/eventlog"
)

// batch is the work on one request. It is pooled with all of its buffers.
type batch struct {
	c      *Collector
	native *native.Decoder
	cmcd   *cmcd.Decoder
	// segment and cloud are made when they are needed first.
	segment *segment.Decoder
	cloud   *cloudevents.Decoder
	body    []byte
	held    hold // what body counts for

	// What is known of the request.
	key      access.Key
	format   event.Format
	received int64
	place    place
	history  *history // of an import, else nil
	record   *carried // of a delivery, else nil
	internal string   // the rule that the request's address meets, or ""
	agent    string
	device   *device // of the user agent; nil until asked for

	// What becomes of it.
	bytes      int // that came in another way than as a body
	data       []byte
	spans      []span
	records    []eventlog.Record
	seen       seen
	partitions int32
	accepted   int
	duplicate  int
	rejected   []rejection
	ignored    []string
	excluded   []string
	media      media
	repairs    [32]int
	unknown    int

	entries []Entry
	samples int // how many more entries of accepted events the tail takes
	answer  []byte
}

// span is one record in batch.data, which may still move as it grows.
type span struct {
	partition int32
	from, to  int
}

type rejection struct {
	index int
	event.Invalid
}

func newBatch(c *Collector) *batch {
	return &batch{c: c, native: native.NewDecoder(), cmcd: cmcd.NewDecoder(), partitions: c.cfg.Log.Partitions()}
}

// keepBytes: larger buffers are not kept for the next request.
const keepBytes = 1 << 20

func (b *batch) begin(r *http.Request, key access.Key, format event.Format, received int64) {
	b.key, b.format, b.received = key, format, received
	addr := b.c.cfg.Country.addressOf(r)
	b.place, b.internal = b.c.cfg.Country.placeOf(r, addr), b.c.excluded.ofAddress(addr)
	b.agent = r.UserAgent()
	b.samples = b.c.cfg.Tail.reserve(key.ID, received)
}

// release forgets the request and gives the batch back.
func (b *batch) release() {
	if cap(b.body) > keepBytes {
		b.body = nil
	}
	if cap(b.data) > keepBytes {
		b.data = nil
	}
	clear(b.records)
	clear(b.entries)
	clear(b.rejected)
	clear(b.ignored)
	clear(b.excluded)
	b.seen.reset()
	*b = batch{
		c: b.c, native: b.native, cmcd: b.cmcd, segment: b.segment, cloud: b.cloud, partitions: b.partitions, seen: b.seen,
		body: b.body[:0], data: b.data[:0], spans: b.spans[:0], records: b.records[:0], rejected: b.rejected[:0],
		ignored: b.ignored[:0], excluded: b.excluded[:0], entries: b.entries[:0], answer: b.answer[:0],
	}
	b.c.batches.Put(b)
}

// add takes one decoded item through all steps, in order. It is what the
// decoders call; after it nothing of the item is used.
func (b *batch) add(it *wire.Item) {
	e := &it.Event
	if b.history != nil {
		b.history.seen++
	}
	if b.record != nil {
		b.record.begin(it, b.received)
	}
	if it.Ignored != "" && it.Bad.Code == "" {
		b.ignored = append(b.ignored, it.Ignored)
		b.rememberMedia(it)
		b.show(it, "ignored", event.Invalid{Code: "ignored", Reason: it.Ignored})
		return
	}
	if it.Bad.Code != "" {
		b.reject(it, it.Bad)
		return
	}
	e.Format, e.KeyID = b.format, b.key.ID
	if b.history != nil {
		b.history.begin(it)
	}
	rule, bad := b.normalise(it)
	if rule != "" {
		b.excluded = append(b.excluded, rule)
		b.show(it, "excluded", event.Invalid{Code: event.Code(rule), Reason: "left out of every figure by the rule " + rule})
		return
	}
	if bad != nil {
		b.reject(it, *bad)
		return
	}
	if b.history != nil {
		b.history.number(it)
	}
	if !b.seen.add(identity(e)) {
		b.duplicate++
		b.show(it, "duplicate", event.Invalid{Code: "duplicate", Reason: "the same event is in this request already"})
		return
	}
	b.accepted++
	b.unknown += it.Unknown
	for i, left := 0, it.Repairs; left != 0; i, left = i+1, left>>1 {
		b.repairs[i] += int(left & 1)
	}
	from := len(b.data)
	b.data = event.AppendRecord(b.data, e)
	b.spans = append(b.spans, span{event.PartitionOf(e.Viewer, b.partitions), from, len(b.data)})
	b.show(it, "accepted", event.Invalid{})
}

// identity is what makes two events of a request the same one: viewer, play and
// seq when there is a seq, else the viewer and the event's id.
func identity(e *event.Event) (id event.Ref) {
	of, seq, apart := &e.ID, uint64(0), uint64(0)
	if e.Seq != event.Absent && !e.Play.IsZero() {
		of, seq, apart = &e.Play, uint64(e.Seq), 1<<63 // apart from event ids
	}
	word := binary.LittleEndian.Uint64
	binary.LittleEndian.PutUint64(id[:8], word(of[:8])^word(e.Viewer[:8])^seq)
	binary.LittleEndian.PutUint64(id[8:], word(of[8:])^word(e.Viewer[8:])^apart)
	return id
}

func (b *batch) reject(it *wire.Item, bad event.Invalid) {
	b.rejected = append(b.rejected, rejection{it.Index, bad})
	b.show(it, "rejected", bad)
}

// take makes records of what was accepted.
func (b *batch) take() []eventlog.Record {
	for _, s := range b.spans {
		b.records = append(b.records, eventlog.Record{Partition: s.partition, Data: b.data[s.from:s.to:s.to]})
	}
	return b.records
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
