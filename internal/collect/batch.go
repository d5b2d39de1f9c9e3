package collect

import (
	"encoding/binary"
	"net/http"

	"playhead/internal/access"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
	"playhead/internal/eventlog"
)

// batch is the work on one request. It is pooled with all of its buffers.
type batch struct {
	c *Collector
	// desk is what decoding takes; nil when it was given back.
	*desk
	size int  // of the body, bytes, once the desk was given back
	held hold // what the body counts for

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
	partitions int32
	accepted   int
	taken      int // of those, by the log
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
	return &batch{c: c, partitions: c.cfg.Log.Partitions()}
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
	b.leaveDesk()
	if cap(b.data) > keepBytes {
		b.data = nil
	}
	clear(b.records)
	clear(b.entries)
	clear(b.rejected)
	clear(b.ignored)
	clear(b.excluded)
	*b = batch{
		c: b.c, partitions: b.partitions,
		data: b.data[:0], spans: b.spans[:0], records: b.records[:0], rejected: b.rejected[:0],
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
	b.data = b.c.cfg.Form.AppendRecord(b.data, e)
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
