package native

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// ErrTooMany: the request holds more events than allowed.
var ErrTooMany = errors.New("too many events")

// MalformedError is a body that is not JSON of this format: nothing of it is used.
type MalformedError struct{ Reason string }

// Error is the reason.
func (e *MalformedError) Error() string { return e.Reason }

// Options of one Decode.
type Options struct {
	// Lines says that the body is newline-delimited, whatever it looks like.
	Lines bool
	// MaxEvents bounds the events of the body; 0 means no bound.
	MaxEvents int
}

// Decoder decodes request bodies, one after the other. It keeps its buffers; it
// must not be used by two goroutines at once.
type Decoder struct {
	c    cursor
	item wire.Item
	opts Options
	fn   func(*wire.Item)
	// index is the next event's place in the body.
	index int
	// utf8 is false when the body is not UTF-8 throughout.
	utf8 bool
	// whole is the body, marks its marks; what is decoded now begins at from in it.
	whole []byte
	marks []uint64
	from  int
	// sentAt is the envelope's, epoch ms, or 0.
	sentAt int64

	// habits are the names that came after each field before, the last one first.
	habits [fieldRoom][4]habit
	// places are where the fields of the item are that need no closer look.
	places [fieldRoom]place

	experiments, traits map[string]string
	compact             []byte
}

// NewDecoder makes a decoder.
func NewDecoder() *Decoder {
	d := &Decoder{experiments: map[string]string{}, traits: map[string]string{}}
	d.setPlaces()
	for f := range d.habits {
		d.habits[f] = [...]habit{noHabit, noHabit, noHabit, noHabit}
	}
	return d
}

// Decode calls fn for each event of body in order; the item is good during the
// call only, body must not change before. An event that is wrong has Bad set.
// Errors: *MalformedError, ErrTooMany.
func (d *Decoder) Decode(body []byte, opts Options, fn func(*wire.Item)) error {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	d.opts, d.fn, d.index, d.sentAt = opts, fn, 0, 0
	d.c = cursor{b: body, arena: d.c.arena[:0]}
	var ascii bool
	d.marks, ascii = marked(d.marks, body)
	d.utf8 = ascii || utf8.Valid(body)
	d.whole, d.from = body, 0
	defer d.forget()
	err := d.body()
	var syntax *syntaxError
	if errors.As(err, &syntax) {
		return &MalformedError{"the body is not JSON: " + syntax.Error()}
	}
	return err
}

// keepMarks: more of them are not kept for the next body.
const keepMarks = 1 << 15

// forget lets go of the body.
func (d *Decoder) forget() {
	d.fn, d.c.b, d.whole = nil, nil, nil
	if cap(d.marks) > keepMarks {
		d.marks = nil
	}
	d.item.Reset()
}

func (d *Decoder) body() error {
	c := &d.c
	first := c.peek()
	switch {
	case first == 0 && c.p >= len(c.b):
		return &MalformedError{"the body is empty"}
	case d.opts.Lines:
		return d.lines()
	case first == '[':
		if err := d.array(); err != nil {
			return err
		}
		return d.end()
	case first == '{':
		return d.object()
	}
	return &MalformedError{"the body is neither a JSON object nor an array"}
}

// object is a body that begins with an object: an event, an envelope or lines.
func (d *Decoder) object() error {
	c := &d.c
	start := c.p
	env, err := d.envelope()
	if env.done {
		// Some events were given out: it cannot be anything else any more.
		if err == nil {
			err = d.end()
		}
		return err
	}
	if err == nil && env.events >= 0 {
		if d.end() == nil {
			return d.enveloped(env)
		}
		err = c.fail("text after the envelope")
	}
	if err == nil && c.peek() == 0 && c.p >= len(c.b) {
		if env.noArray && !env.typed {
			return &MalformedError{"events of the envelope must be an array"}
		}
		c.p = start
		return d.event()
	}
	c.p = start
	if d.looksLikeLines() {
		return d.lines()
	}
	if err == nil {
		err = c.fail("text after the event")
	}
	return err
}

// looksLikeLines tells lines of which some may be broken from one broken object
// over several lines: at least two lines begin with a brace.
func (d *Decoder) looksLikeLines() bool {
	rest := d.c.b[d.c.p:]
	i := bytes.Index(rest, []byte("\n{"))
	return i >= 0
}

// envelope is what is known of a first object.
type envelope struct {
	// events is the place of the array "events", or -1: it is an event.
	events int
	// noArray: there is "events", but it is none; typed: there is "type", so that
	// it is an event for all that.
	noArray, typed bool
	sentAt         int64
	bad            string
	// done: sent_at stood in front, as it should, and the events were decoded
	// in the same pass.
	done bool
}

// envelope passes the first object and looks for "events".
func (d *Decoder) envelope() (envelope, error) {
	env := envelope{events: -1}
	c := &d.c
	if !c.open('}') {
		return env, nil
	}
	for more := true; more; {
		k, err := c.key()
		if err != nil {
			return env, err
		}
		ch := c.peek()
		switch {
		case k == "events" && ch == '[' && env.sentAt != 0 && !env.done:
			env.done, d.sentAt = true, env.sentAt
			if err := d.array(); err != nil {
				return env, err
			}
			if more, err = c.next('}'); err != nil {
				return env, err
			}
			continue
		case k == "events" && ch == '[':
			env.events = c.p
		case k == "events":
			env.noArray = true
		case k == "type":
			env.typed = true
		case k == "sent_at" && !env.done:
			env.sentAt, env.bad, err = d.timeValue()
			if env.bad == absentTime {
				env.bad = ""
			}
			if err != nil {
				return env, err
			}
			if more, err = c.next('}'); err != nil {
				return env, err
			}
			continue
		}
		if err := c.skip(); err != nil {
			return env, err
		}
		if more, err = c.next('}'); err != nil {
			return env, err
		}
	}
	return env, nil
}

func (d *Decoder) enveloped(env envelope) error {
	if env.bad != "" {
		return &MalformedError{"sent_at of the envelope: " + env.bad}
	}
	d.sentAt = env.sentAt
	d.c.p = env.events
	return d.array()
}

func (d *Decoder) end() error {
	if d.c.space(); d.c.p < len(d.c.b) {
		return d.c.fail("text after the end")
	}
	return nil
}

func (d *Decoder) array() error {
	c := &d.c
	for more := c.open(']'); more; {
		c.space()
		if err := d.event(); err != nil {
			return err
		}
		var err error
		if more, err = c.next(']'); err != nil {
			return err
		}
	}
	return nil
}

// lines decodes one event a line. A bad line rejects only itself.
func (d *Decoder) lines() error {
	whole := d.c.b
	for at := d.c.p; at < len(whole); {
		line := whole[at:]
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		at += len(line) + 1
		if n := len(line); n == 0 || bare(line[0]) || bare(line[n-1]) {
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
		}
		d.c.b, d.c.p, d.from = line, 0, cap(whole)-cap(line)
		if err := d.line(line); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) line(line []byte) error {
	if err := d.begin(); err != nil {
		return err
	}
	it := &d.item
	err := d.decodeEvent()
	if err == nil {
		err = d.end()
	}
	it.Raw, it.Escaped = line, d.c.escaped
	if err != nil {
		reason := "the line is not one JSON object: " + err.Error()
		d.item.Bad = event.Invalid{Code: wire.CodeMalformed, Reason: reason}
	}
	d.finish()
	return nil
}

// event decodes the event at p and gives it to fn.
func (d *Decoder) event() error {
	if err := d.begin(); err != nil {
		return err
	}
	start := d.c.p
	if err := d.decodeEvent(); err != nil {
		return err
	}
	d.item.Raw, d.item.Escaped = d.c.b[start:d.c.p], d.c.escaped
	d.finish()
	return nil
}

func (d *Decoder) begin() error {
	if d.opts.MaxEvents > 0 && d.index >= d.opts.MaxEvents {
		return fmt.Errorf("%w: more than %d", ErrTooMany, d.opts.MaxEvents)
	}
	it := &d.item
	it.Reset()
	it.Index, it.SentAt = d.index, d.sentAt
	d.index++
	d.c.arena, d.c.escaped, d.c.deepest = d.c.arena[:0], false, 0
	return nil
}

func (d *Decoder) finish() {
	it := &d.item
	it.Trimmed = true
	if it.UTF8 = d.utf8 || utf8.Valid(it.Raw); !it.UTF8 {
		it.Reject("", event.CodeInvalidUTF8, "is not UTF-8")
	}
	if d.c.deepest >= maxEventNesting {
		it.Reject("", event.CodeInvalid, fmt.Sprintf("nested deeper than %d levels", maxEventNesting))
	}
	if it.Bad.Code == "" {
		if it.Event.Type == event.TypeUnknown {
			it.Reject("type", event.CodeMissing, "every event needs a type")
		} else if !it.HasTime {
			it.Reject("time", event.CodeMissing, "every event needs the time at which it happened")
		}
	}
	if it.Unknown > 0 {
		it.Repairs |= wire.RepairUnknownField
	}
	d.fn(it)
}
