package process

import (
	"fmt"
	"time"

	"playhead/internal/event"
	"playhead/internal/eventlog"
)

const (
	// aheadEvents are decoded before the first of them is applied: so many viewers' states
	// are fetched at once, and so many events are near by in the processor's first cache.
	aheadEvents = 16
	// aheadBytes is how much room there is for their records; fewer wait when they are large,
	// and what is larger by itself does not wait.
	aheadBytes = 16 << 10
)

// ahead are the next events of the log, decoded, in the order of their offsets. The engines
// are asked to seek the viewers of all before the first is applied (see play.Engine.Seek).
type ahead struct {
	events [aheadEvents]event.Event
	said   [aheadEvents]event.Said
	from   [aheadEvents]source
	keys   [aheadEvents]event.ViewerKey
	n      int
	data   []byte // the records: the log's are good during a call only
}

// source is where an event came from.
type source struct {
	offset, received int64
	size             int // bytes of the record
}

// upTo is where a read ends: when so many states have changed or, unless it is zero, at a time.
type upTo struct {
	states int
	until  time.Time
	count  int // records that were taken
}

// ended reports whether it does after another record.
func (u *upTo) ended(p *partition) bool {
	u.count++
	return p.changed() >= u.states || u.count%256 == 0 && !u.until.IsZero() && time.Now().After(u.until)
}

// take takes the next record: an event waits until there are enough of them, for
// anything else those before it are applied first. errLimit: the read ends.
func (p *partition) take(e eventlog.Entry, u *upTo) error {
	a, data := &p.ahead, e.Data
	if len(a.data)+len(data) > cap(a.data) {
		if err := p.applyAhead(u); err != nil {
			return err
		}
	}
	large := len(data) > cap(a.data)
	if !large {
		from := len(a.data)
		a.data = append(a.data, data...)
		data = a.data[from:len(a.data):len(a.data)]
	}
	next := &a.events[a.n]
	kind, err := event.DecodeSaid(data, next, &a.said[a.n])
	if err == nil && kind == event.RecordEvent {
		a.from[a.n] = source{e.Offset, e.ReceivedAt, len(data)}
		a.keys[a.n] = next.Viewer
		if a.n++; a.n == aheadEvents || large {
			return p.applyAhead(u)
		}
		return nil
	}
	if early := p.applyAhead(u); early != nil {
		return early
	}
	if err == nil {
		err = p.other(kind, next, e.ReceivedAt)
	}
	if err != nil {
		return fmt.Errorf("offset %d: %w", e.Offset, err)
	}
	return p.taken(e.Offset, len(e.Data), u)
}

// taken notes that a record was folded. errLimit: the read ends.
func (p *partition) taken(offset int64, size int, u *upTo) error {
	p.next = offset + 1
	p.readBytes += size
	if u.ended(p) {
		return errLimit
	}
	return nil
}

// applyAhead applies the events that wait, up to where the read ends: those behind it are
// left out and read again.
func (p *partition) applyAhead(u *upTo) error {
	a := &p.ahead
	n := a.n
	a.n, a.data = 0, a.data[:0]
	p.engine.Seek(a.keys[:n])
	p.across.Seek(a.keys[:n])
	for i := range n {
		from := &a.from[i]
		if err := p.apply(&a.events[i], &a.said[i], from.offset, p.hear(from.received)); err != nil {
			return fmt.Errorf("offset %d: %w", from.offset, err)
		}
		if err := p.taken(from.offset, from.size, u); err != nil {
			return err
		}
	}
	return nil
}
