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

// Attributes are the context attributes of one CloudEvent that are used, ""
// when absent.
type Attributes struct{ ID, Source, SpecVersion, Type, Time, DataContentType string }

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

// DecodeBinary is Decode for a CloudEvent in binary mode: body is its data and
// the attributes came beside it. Errors: ErrMalformed.
func (d *Decoder) DecodeBinary(a Attributes, body []byte, fn func(*wire.Item)) error {
	data, ok := rawjson.Parse(body)
	if !ok {
		return ErrMalformed
	}
	defer d.bad.Reset()
	d.begin(data, 0)
	d.inner(data, &a, fn)
	return nil
}

func (d *Decoder) begin(raw rawjson.Value, index int) {
	d.bad.Reset()
	d.bad.Index, d.bad.Raw = index, raw
}

// event gives fn the one item of v, good or bad.
func (d *Decoder) event(v rawjson.Value, index int, fn func(*wire.Item)) {
	d.begin(v, index)
	if !v.IsObject() {
		d.bad.Reject("", event.CodeInvalid, "a CloudEvent is a JSON object")
	}
	a, data := d.read(v)
	d.inner(data, &a, fn)
}

// read parts a structured CloudEvent into its attributes and its data.
func (d *Decoder) read(v rawjson.Value) (a Attributes, data rawjson.Value) {
	var encoded rawjson.Value
	text := func(v rawjson.Value, to *string) { *to, _ = v.Text() }
	v.Each(func(key string, v rawjson.Value) {
		switch key {
		case "id":
			text(v, &a.ID)
		case "source":
			text(v, &a.Source)
		case "specversion":
			text(v, &a.SpecVersion)
		case "type":
			text(v, &a.Type)
		case "time":
			text(v, &a.Time)
		case "datacontenttype":
			text(v, &a.DataContentType)
		case "data":
			data = v
		case "data_base64":
			encoded = v
		}
	})
	packed, is := encoded.Text()
	if !is || !data.IsNull() {
		return a, data
	}
	var err error
	if d.plain, err = base64.StdEncoding.AppendDecode(d.plain[:0], []byte(packed)); err != nil {
		d.bad.Reject("data_base64", event.CodeInvalid, "must be base64")
	}
	data, _ = rawjson.Parse(d.plain)
	return a, data
}

// inner gives fn the native event in data, or what is wrong.
func (d *Decoder) inner(data rawjson.Value, a *Attributes, fn func(*wire.Item)) {
	if d.check(data, a); d.bad.Bad.Code != "" {
		fn(&d.bad)
		return
	}
	seen := false
	err := d.native.Decode(data, native.Options{MaxEvents: 1}, func(it *wire.Item) {
		seen = true
		d.around(it, a)
		it.Index, it.Raw = d.bad.Index, d.bad.Raw
		fn(it)
	})
	if err != nil && !seen {
		d.bad.Reject("data", wire.CodeMalformed, "must be one native event")
		fn(&d.bad)
	}
}

// check rejects what the specification does not allow, and data that is no
// native event.
func (d *Decoder) check(data rawjson.Value, a *Attributes) {
	if !utf8.Valid(d.bad.Raw) {
		d.bad.Reject("", event.CodeInvalidUTF8, "is not UTF-8")
	}
	for _, required := range [...]struct{ name, value string }{
		{"id", a.ID}, {"source", a.Source}, {"specversion", a.SpecVersion}, {"type", a.Type},
	} {
		switch {
		case required.value == "":
			d.bad.Reject(required.name, event.CodeMissing, "every CloudEvent needs id, source, specversion and type, as texts")
		case len(required.value) > event.MaxTextBytes:
			d.bad.Reject(required.name, event.CodeTooLong, "longer than 1024 bytes")
		}
	}
	if a.SpecVersion != "1.0" {
		d.bad.Reject("specversion", event.CodeInvalid, "must be 1.0")
	}
	if !isJSON(a.DataContentType) {
		d.bad.Reject("datacontenttype", event.CodeInvalid, "must be JSON: data is a native event")
	}
	if !data.IsObject() || data.Get("events").IsArray() {
		d.bad.Reject("data", event.CodeMissing, "must be one native event")
	}
}

// isJSON tells the content types of JSON; none means JSON.
func isJSON(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	kind = strings.TrimSpace(kind)
	return kind == "" || kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json")
}

// around fills in what stands around the native event and takes back what the
// native decoder found missing.
func (d *Decoder) around(it *wire.Item, a *Attributes) {
	if it.ID == "" {
		it.ID = a.Source + "\x00" + a.ID // unique together
	}
	if !it.HasTime {
		if t, ok := timeOf(a.Time); ok {
			it.Event.Time, it.HasTime = t, true
		}
	}
	missing := it.Bad.Code == event.CodeMissing
	if missing && it.Bad.Field == "type" {
		word := a.Type[strings.LastIndexAny(a.Type, "./:")+1:]
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
func timeOf(s string) (int64, bool) {
	if s == "" || len(s) > 64 {
		return 0, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t.UnixMilli(), err == nil && t.UnixMilli() > 0
}
