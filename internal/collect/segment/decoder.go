package segment

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"playhead/internal/collect/rawjson"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// Limits of Segment's API.
const (
	MaxEventBytes = 32 << 10
	MaxBatchBytes = 500 << 10
	// maxNesting is how deep one event may nest.
	maxNesting = 32
)

// ErrTooMany: the request holds more events than allowed. ErrTooLarge: more bytes.
var (
	ErrTooMany  = errors.New("too many events")
	ErrTooLarge = errors.New("a batch may have at most 500 KB, an event 32 KB")
	// ErrMalformed: the body is not JSON of this format; nothing of it is used.
	ErrMalformed = errors.New("the body is neither a JSON object with the fields of an event nor one with a batch")
)

// Options of one Decode.
type Options struct {
	// Kind is what the path says that the body is: track, identify, page,
	// screen, group or alias; "" for a batch, whose events say it themselves.
	Kind string
	// MaxEvents bounds the events of the body; 0 means no bound.
	MaxEvents int
}

// Decoder decodes bodies, one after the other. It must not be used by two
// goroutines at once.
type Decoder struct {
	item wire.Item
	msg  message
	// traits and experiments are kept between events.
	traits, experiments map[string]string
	props               []byte
}

// message is what is read of one event before it is known what it means.
type message struct {
	kind, name, group           string
	time, original, sent        int64
	properties, traits, context rawjson.Value
}

// NewDecoder makes a decoder.
func NewDecoder() *Decoder {
	return &Decoder{traits: map[string]string{}, experiments: map[string]string{}}
}

// WriteKey is the key that a body names, or "". It does not judge the body.
func WriteKey(body []byte) string {
	if len(body) > MaxBatchBytes {
		return ""
	}
	v, _ := rawjson.Parse(body)
	key, _ := v.Get("writeKey").Text()
	return key
}

// Decode calls fn for each event of body in order; the item is good during the
// call only, body must not change before. An event that is wrong has Bad set.
// Errors: ErrMalformed, ErrTooLarge, ErrTooMany.
func (d *Decoder) Decode(body []byte, opts Options, fn func(*wire.Item)) error {
	if len(body) > MaxBatchBytes {
		return ErrTooLarge
	}
	root, ok := rawjson.Parse(body)
	if !ok {
		return ErrMalformed
	}
	defer func() { d.item.Reset(); d.msg = message{} }()
	batch := envelope{events: root}
	if root.IsObject() {
		batch = envelopeOf(root)
	}
	if batch.events == nil {
		d.event(root, 0, opts.Kind, &batch)
		fn(&d.item)
		return nil
	}
	if !batch.events.IsArray() {
		return ErrMalformed
	}
	index := 0
	var err error
	batch.events.Elements(func(v rawjson.Value) bool {
		if opts.MaxEvents > 0 && index >= opts.MaxEvents {
			err = fmt.Errorf("%w: more than %d", ErrTooMany, opts.MaxEvents)
			return false
		}
		d.event(v, index, opts.Kind, &batch)
		fn(&d.item)
		index++
		return true
	})
	return err
}

// envelope is what stands around the events of a batch.
type envelope struct {
	events, context rawjson.Value
	sent            int64
}

// envelopeOf reads the object of a batch; without events it is none.
func envelopeOf(root rawjson.Value) envelope {
	var env envelope
	root.Each(func(key string, v rawjson.Value) {
		switch key {
		case "batch":
			env.events = v
		case "context":
			env.context = v
		case "sentAt", "sent_at":
			env.sent, _ = timeOf(v)
		}
	})
	return env
}

// event makes d.item of one event.
func (d *Decoder) event(v rawjson.Value, index int, kind string, env *envelope) {
	it := &d.item
	it.Reset()
	it.Index, it.Raw, it.Escaped = index, v, hasEscape(v)
	it.Event.Format = event.FormatSegment
	d.msg = message{kind: kind, sent: env.sent, context: env.context}
	switch {
	case len(v) > MaxEventBytes:
		it.Reject("", event.CodeTooLong, "an event may have at most 32 KB")
	case !v.IsObject():
		it.Reject("", event.CodeInvalid, "an event is a JSON object")
	case !utf8.Valid(v):
		it.Reject("", event.CodeInvalidUTF8, "is not UTF-8")
	case v.Depth() > maxNesting:
		it.Reject("", event.CodeInvalid, "nested deeper than 32 levels")
	}
	if it.Bad.Code != "" {
		return
	}
	v.Each(d.field)
	d.when()
	d.context(d.msg.context)
	d.conclude()
	if it.Unknown > 0 {
		it.Repairs |= wire.RepairUnknownField
	}
}

func (d *Decoder) field(key string, v rawjson.Value) {
	it, m := &d.item, &d.msg
	switch key {
	case "type":
		if s, _ := v.Text(); s != "" {
			m.kind = s
		}
	case "event":
		m.name, _ = v.Text()
	case "name":
		if m.name == "" {
			m.name, _ = v.Text()
		}
	case "userId", "user_id":
		d.id(key, v, &it.Viewer)
	case "anonymousId", "anonymous_id":
		d.id(key, v, &it.Anonymous)
	case "messageId", "message_id":
		d.id(key, v, &it.ID)
	case "groupId", "group_id":
		d.id(key, v, &m.group)
	case "timestamp":
		d.moment(key, v, &m.time)
	case "originalTimestamp", "original_timestamp":
		d.moment(key, v, &m.original)
	case "sentAt", "sent_at":
		if sent, ok := timeOf(v); ok {
			m.sent = sent
		}
	case "properties":
		m.properties = v
	case "traits":
		m.traits = v
	case "context":
		m.context = v
	}
}

// when is the client's own time: what it wrote first counts, since a service
// in between may have set timestamp by its own clock.
func (d *Decoder) when() {
	it, m := &d.item, &d.msg
	for _, t := range [...]int64{m.original, m.time, m.sent} {
		if t != 0 {
			it.Event.Time, it.HasTime, it.SentAt = t, true, m.sent
			return
		}
	}
}

// id reads what names something; some clients write numbers.
func (d *Decoder) id(field string, v rawjson.Value, to *string) {
	s, ok := label(v)
	switch {
	case !ok && !v.IsNull():
		d.item.Reject(field, event.CodeInvalid, "must be a string")
	case len(s) > event.MaxIDBytes:
		d.item.Reject(field, event.CodeTooLong, "longer than 256 bytes")
	default:
		*to = s
	}
}

func (d *Decoder) moment(field string, v rawjson.Value, to *int64) {
	t, ok := timeOf(v)
	if !ok && !v.IsNull() {
		d.item.Reject(field, event.CodeInvalid, "must be a time of ISO 8601")
	}
	*to = t
}

// The ways in which times are written; the second lacks a zone and is UTC.
var layouts = [...]string{time.RFC3339, "2006-01-02T15:04:05"}

// timeOf is a time, epoch ms; a number is epoch ms already.
func timeOf(v rawjson.Value) (int64, bool) {
	if f, ok := v.Number(); ok {
		return int64(f), f > 0 && f < float64(event.MaxTime)
	}
	s, ok := v.Text()
	if !ok || len(s) > 64 {
		return 0, false
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMilli(), t.UnixMilli() > 0
		}
	}
	return 0, false
}
