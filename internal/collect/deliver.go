package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"playhead/internal/access"
	"playhead/internal/collect/native"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// Delivered is one record that came in another way than by HTTP. Nothing of it
// is kept.
type Delivered struct {
	// Event is the record as native JSON: an event, an array of events or an
	// envelope. It is nil when Bad or Ignored say why there is none.
	Event []byte
	// ID is the record's wherever it is delivered again. Events get it that have
	// neither an id of their own nor a place (seq) in their play.
	ID string
	// At is when it was handed over, epoch ms, or 0 when nobody knows: an event's
	// sent_at is held against it, since a record may lie about for long.
	At int64
	// Origin is where the record can be looked up, for the debugger; nil for
	// nowhere.
	Origin fmt.Stringer
	// Bad says why the record is no event; Raw is what is known of it then, in JSON.
	Bad event.Invalid
	Raw []byte
	// Ignored names, in a closed set, why a record is fine and no event.
	Ignored string
}

// Receipt says what became of the events of a delivery.
type Receipt struct {
	Accepted, Duplicate, Ignored, Excluded int
	Rejected                               []RejectedRecord
}

// RejectedRecord is a record of which an event was rejected, by its place in the
// delivery.
type RejectedRecord struct {
	Record int
	event.Invalid
}

// RefusedError is a delivery of which nothing was taken. It is worth trying again.
type RefusedError struct {
	Code, Reason string
	RetryAfter   time.Duration
}

// Error is the reason.
func (e *RefusedError) Error() string { return e.Reason }

// Pressed is for how long senders shall stay away, 0 when they may send.
func (c *Collector) Pressed() time.Duration { return c.cfg.Pressed() }

// Deliver takes records that came in another way than by HTTP, by the same steps,
// limits and counters. It returns when what was accepted is durable. It is as
// idempotent as the records' ids make it: what is delivered again is found to be
// the same downstream. Errors: *RefusedError.
func (c *Collector) Deliver(ctx context.Context, key access.Key, format event.Format, records []Delivered) (Receipt, error) {
	started := time.Now()
	defer func() { c.metrics.seconds.WithLabelValues(format.String()).Observe(time.Since(started).Seconds()) }()
	b := c.batch()
	defer b.release()
	b.key, b.format, b.received = key, format, c.cfg.Clock()
	b.samples = c.cfg.Tail.reserve(key.ID, b.received)
	if wait := c.limited(&b.key, 0); wait > 0 {
		return Receipt{}, c.refused(rateLimited(wait))
	}
	if wait := c.cfg.Pressed(); wait > 0 {
		return Receipt{}, c.refused(behind(wait))
	}
	for i := range records {
		b.bytes += len(records[i].Event) + len(records[i].Raw)
	}
	turn, wait, ok := c.cfg.Pace.wait(ctx, int64(b.bytes))
	if !ok {
		return Receipt{}, c.refused(behind(wait))
	}
	defer func() { turn.came(b.taken, int64(b.bytes)) }()
	b.held = c.hold()
	defer b.held.release()
	if err := b.held.grow(b.bytes); err != nil {
		return Receipt{}, c.refused(c.bodyProblem(err, ""))
	}
	for i := range records {
		b.deliver(&records[i], i)
	}
	b.record = nil
	if wait := c.limited(&b.key, b.accepted); wait > 0 {
		return Receipt{}, c.refused(rateLimited(wait))
	}
	if b.accepted > 0 {
		if err := c.append(ctx, b.take()); err != nil {
			c.metrics.count(b, false)
			return Receipt{}, refusal(c.untaken(err))
		}
		b.taken = b.accepted
	}
	c.metrics.count(b, true)
	c.cfg.Tail.publish(b.entries)
	return b.receipt(), nil
}

// refused counts a refusal and makes an error of it.
func (c *Collector) refused(p *problem) error {
	c.metrics.refused.WithLabelValues(p.Code).Inc()
	return refusal(p)
}

func refusal(p *problem) error {
	return &RefusedError{Code: p.Code, Reason: p.Detail, RetryAfter: time.Duration(p.retry) * time.Second}
}

func (b *batch) receipt() Receipt {
	out := Receipt{Accepted: b.accepted, Duplicate: b.duplicate, Ignored: len(b.ignored), Excluded: len(b.excluded)}
	for i := range b.rejected {
		out.Rejected = append(out.Rejected, RejectedRecord{b.rejected[i].index, b.rejected[i].Invalid})
	}
	return out
}

// carried is the record of a delivery that is being decoded.
type carried struct {
	of     *Delivered
	index  int
	events int // of it so far
}

// begin gives an event what its record knows: its place in the delivery, an id if
// it has none, and the moment to hold its sent_at against.
func (r *carried) begin(it *wire.Item, received int64) {
	it.Index = r.index
	if it.ID == "" && r.of.ID != "" && (it.Play == "" || it.Event.Seq == event.Absent) {
		it.ID = r.of.ID
		if r.events > 0 {
			it.ID += "/" + strconv.Itoa(r.events)
		}
	}
	r.events++
	if it.SentAt != 0 && r.of.At != 0 {
		it.SentAt += received - r.of.At
	}
}

// deliver decodes one record. One that cannot be decoded is rejected as a whole.
func (b *batch) deliver(d *Delivered, index int) {
	b.record = &carried{of: d, index: index}
	limits := &b.c.cfg.Limits
	bad := d.Bad
	switch {
	case bad.Code != "" || d.Ignored != "":
	case int64(len(d.Event)) > limits.MaxBodyBytes:
		bad = event.Invalid{Code: event.CodeTooLong, Reason: "the record is larger than this server takes"}
	case severalEvents(d.Event) && !json.Valid(d.Event):
		bad = event.Invalid{Code: wire.CodeMalformed, Reason: "the record is not JSON"} // of which nothing may be given out
	default:
		err := b.native.Decode(d.Event, native.Options{MaxEvents: limits.MaxEvents}, b.add)
		var malformed *native.MalformedError
		switch {
		case err == nil:
			return
		case errors.As(err, &malformed):
			bad = event.Invalid{Code: wire.CodeMalformed, Reason: malformed.Reason}
		default:
			bad = event.Invalid{Code: event.CodeTooLong, Reason: err.Error()}
		}
	}
	var it wire.Item
	it.Reset()
	it.Bad, it.Ignored, it.Raw = bad, d.Ignored, d.Raw
	if it.Raw == nil {
		it.Raw = d.Event
	}
	b.add(&it)
}

// severalEvents reports whether a record may hold more than one event.
func severalEvents(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("[")) || bytes.Contains(text, []byte(`"events"`))
}
