package cloudevents

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"playhead/internal/collect/native"
	"playhead/internal/collect/rawjson"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// ErrMalformed: the body is not JSON of this format; nothing of it is used.
// ErrTooMany: the request holds more events than allowed.
var (
	ErrMalformed = errors.New("the body is neither a CloudEvent in JSON nor an array of them")
	ErrTooMany   = errors.New("too many events")
)

// Options of one Decode.
type Options struct {
	// MaxEvents bounds the events of the body; 0 means no bound.
	MaxEvents int
}

// Decoder decodes bodies, one after the other. It must not be used by two
// goroutines at once.
type Decoder struct {
	native *native.Decoder
	bad    wire.Item
	plain  []byte // of data_base64
}

// NewDecoder makes a decoder.
func NewDecoder() *Decoder { return &Decoder{native: native.NewDecoder()} }

// attributes are the context attributes of one CloudEvent that are used.
type attributes struct {
	id, source, version, kind, content string
	when                               rawjson.Value
	data, base64                       rawjson.Value
}

// Decode calls fn for each event of body, one CloudEvent or an array of them,
// in order; the item is good during the call only, body must not change before.
// An event that is wrong has Bad set. Errors: ErrMalformed, ErrTooMany.
func (d *Decoder) Decode(body []byte, opts Options, fn func(*wire.Item)) error {
	root, ok := rawjson.Parse(body)
	if !ok || !root.IsObject() && !root.IsArray() {
		return ErrMalformed
	}
	defer d.bad.Reset()
	if root.IsObject() {
		d.event(root, 0, fn)
		return nil
	}
	index := 0
	var err error
	root.Elements(func(v rawjson.Value) bool {
		if opts.MaxEvents > 0 && index >= opts.MaxEvents {
			err = fmt.Errorf("%w: more than %d", ErrTooMany, opts.MaxEvents)
			return false
		}
		d.event(v, index, fn)
		index++
		return true
	})
	return err
}

// event gives fn the one item of v, good or bad.
func (d *Decoder) event(v rawjson.Value, index int, fn func(*wire.Item)) {
	d.bad.Reset()
	d.bad.Index, d.bad.Raw = index, v
	a := attributesOf(v)
	data, ok := d.open(v, &a)
	if ok {
		seen := 0
		err := d.native.Decode(data, native.Options{MaxEvents: 1}, func(it *wire.Item) {
			seen++
			d.around(it, &a)
			it.Index, it.Raw = index, v
			fn(it)
		})
		if err == nil || seen > 0 {
			return
		}
		d.bad.Reject("data", wire.CodeMalformed, "must be one native event")
	}
	fn(&d.bad)
}

func attributesOf(v rawjson.Value) attributes {
	var a attributes
	text := func(v rawjson.Value, to *string) { *to, _ = v.Text() }
	v.Each(func(key string, v rawjson.Value) {
		switch key {
		case "id":
			text(v, &a.id)
		case "source":
			text(v, &a.source)
		case "specversion":
			text(v, &a.version)
		case "type":
			text(v, &a.kind)
		case "datacontenttype":
			text(v, &a.content)
		case "time":
			a.when = v
		case "data":
			a.data = v
		case "data_base64":
			a.base64 = v
		}
	})
	return a
}

// open checks what the specification requires and gives the native event's text.
func (d *Decoder) open(v rawjson.Value, a *attributes) (data []byte, ok bool) {
	if !v.IsObject() {
		d.bad.Reject("", event.CodeInvalid, "a CloudEvent is a JSON object")
		return nil, false
	}
	if !utf8.Valid(v) {
		d.bad.Reject("", event.CodeInvalidUTF8, "is not UTF-8")
		return nil, false
	}
	for _, required := range [...]struct{ name, value string }{
		{"id", a.id}, {"source", a.source}, {"specversion", a.version}, {"type", a.kind},
	} {
		switch {
		case required.value == "":
			d.bad.Reject(required.name, event.CodeMissing, "every CloudEvent needs id, source, specversion and type, as texts")
		case len(required.value) > event.MaxTextBytes:
			d.bad.Reject(required.name, event.CodeTooLong, "longer than 1024 bytes")
		}
	}
	if a.version != "1.0" {
		d.bad.Reject("specversion", event.CodeInvalid, "must be 1.0")
	}
	if !isJSON(a.content) {
		d.bad.Reject("datacontenttype", event.CodeInvalid, "must be JSON: data is a native event")
	}
	if d.bad.Bad.Code != "" {
		return nil, false
	}
	inner := a.data
	if encoded, is := a.base64.Text(); is && inner.IsNull() {
		var err error
		if d.plain, err = base64.StdEncoding.AppendDecode(d.plain[:0], []byte(encoded)); err != nil {
			d.bad.Reject("data_base64", event.CodeInvalid, "must be base64")
			return nil, false
		}
		inner, _ = rawjson.Parse(d.plain)
	}
	if !inner.IsObject() || inner.Get("events").IsArray() {
		d.bad.Reject("data", event.CodeMissing, "must be one native event")
		return nil, false
	}
	return inner, true
}

// isJSON tells the content types of JSON; none means JSON.
func isJSON(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	kind = strings.TrimSpace(kind)
	return kind == "" || kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json")
}

// around fills in what stands around the native event and takes back what the
// native decoder found missing.
func (d *Decoder) around(it *wire.Item, a *attributes) {
	if it.ID == "" {
		it.ID = a.source + "\x00" + a.id // unique together
	}
	if !it.HasTime {
		if t, ok := timeOf(a.when); ok {
			it.Event.Time, it.HasTime = t, true
		}
	}
	missing := it.Bad.Code == event.CodeMissing
	if missing && it.Bad.Field == "type" {
		word := a.kind[strings.LastIndexAny(a.kind, "./:")+1:]
		if it.Event.Type = event.ParseType(word); it.Event.Type != event.TypeUnknown {
			it.Bad = event.Invalid{}
			if !it.HasTime {
				it.Reject("time", event.CodeMissing, "every event needs the time at which it happened")
			}
		}
	}
	if missing && it.Bad.Field == "time" && it.HasTime {
		it.Bad = event.Invalid{}
	}
	if it.Bad.Field != "" {
		it.Bad.Field = "data." + it.Bad.Field
	}
}

// timeOf is the time of a CloudEvent, RFC 3339, as epoch ms.
func timeOf(v rawjson.Value) (int64, bool) {
	s, ok := v.Text()
	if !ok || len(s) > 64 {
		return 0, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t.UnixMilli(), err == nil && t.UnixMilli() > 0
}
