package epas

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"unicode/utf8"

	"playhead/internal/collect/rawjson"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// ErrMalformed: the body is not one JSON object.
var ErrMalformed = errors.New("the body is not one EPAS event as a JSON object")

// Unit is what playhead and duration count.
type Unit uint8

// Units; Guess asks UnitOf.
const (
	Guess Unit = iota
	Seconds
	Milliseconds
)

// longest is how long a title in seconds may be, and how short one in
// milliseconds: 6 h and 21.6 s. A number as large as it counts milliseconds.
const longest = 21_600

// UnitOf tells seconds from milliseconds: by the duration, or, where there is
// none (a live stream), by the playhead.
func UnitOf(playhead, duration float64) Unit {
	size := duration
	if size <= 0 {
		size = playhead
	}
	if size >= longest {
		return Milliseconds
	}
	return Seconds
}

// Options of one Decode.
type Options struct {
	// Viewer is the viewer that the URL names, "" for none.
	Viewer string
	// Title is the title that the URL names, for events that name none.
	Title string
	// Unit of playhead and duration.
	Unit Unit
}

// Decoder decodes bodies, one after the other. It keeps its buffers; it must
// not be used by two goroutines at once.
type Decoder struct {
	item  wire.Item
	props []byte
}

// NewDecoder makes a decoder.
func NewDecoder() *Decoder { return &Decoder{} }

// message is what is read of an event.
type message struct {
	event, session     rawjson.Value
	timestamp          rawjson.Value
	playhead, duration float64
	payload            rawjson.Value
}

// Decode calls fn for the event of body; the item is good during the call only,
// body must not change before. An event that is wrong has Bad set. Errors:
// ErrMalformed.
func (d *Decoder) Decode(body []byte, opts Options, fn func(*wire.Item)) error {
	root, ok := rawjson.Parse(body)
	if !ok || !root.IsObject() {
		return ErrMalformed
	}
	it := &d.item
	it.Reset()
	defer it.Reset()
	it.Raw, it.Viewer = root, opts.Viewer
	it.Escaped = bytes.IndexByte(root, '\\') >= 0
	it.Event.Format = event.FormatEPAS
	if !utf8.Valid(root) {
		it.Reject("", event.CodeInvalidUTF8, "is not UTF-8")
		fn(it)
		return nil
	}
	m := d.read(root)
	d.conclude(&m, opts)
	fn(it)
	return nil
}

func (d *Decoder) read(root rawjson.Value) message {
	m := message{playhead: -1, duration: -1}
	root.Each(func(key string, v rawjson.Value) {
		switch key {
		case "event":
			m.event = v
		case "sessionId":
			m.session = v
		case "timestamp":
			m.timestamp = v
		case "playhead":
			m.playhead = number(v)
		case "duration":
			m.duration = number(v)
		case "payload":
			m.payload = v
		default:
			d.item.Unknown++
			d.item.Repairs |= wire.RepairUnknownField
		}
	})
	return m
}

// number is a size of media; −1 stands for unknown, as the client writes it.
func number(v rawjson.Value) float64 {
	if f, ok := v.Number(); ok && f >= 0 {
		return f
	}
	return -1
}

// conclude makes the event of what was read.
func (d *Decoder) conclude(m *message, opts Options) {
	it, e := &d.item, &d.item.Event
	name, ok := m.event.Text()
	if !ok || name == "" {
		it.Reject("event", event.CodeMissing, "every EPAS event needs its name as event")
		return
	}
	d.id("sessionId", m.session, &it.Session)
	it.Play = it.Session
	var known bool
	if e.Type, it.Ignored, known = meaning(name, m.payload); !known {
		it.Reject("event", event.CodeUnknownType, "not one of the events of EPAS 0.2")
	}
	if it.Bad.Code != "" || it.Ignored != "" {
		return
	}
	if it.Session == "" {
		it.Reject("sessionId", event.CodeMissing, "every EPAS event needs its sessionId; give one to the client's init")
		return
	}
	d.time(m.timestamp)
	d.place(m, opts.Unit)
	if e.TitleID = opts.Title; name == "metadata" && it.HasTime {
		// It describes what goes on: the attempt that the client reports within
		// the same millisecond, too.
		e.Time--
	}
	d.payload(m.payload)
}

// meaning of an event: the type it becomes, or why it is none.
//
// "playing" is the first picture and each resumption; both have the same
// effect. "metadata" changes no state: it comes as a change of quality without a
// bitrate, since it may come at any time.
func meaning(name string, payload rawjson.Value) (t event.Type, ignored string, known bool) {
	switch name {
	case "init", "loaded":
		return event.TypeUnknown, name, true
	case "loading":
		t = event.PlayRequested
	case "playing":
		t = event.Resumed
	case "paused", "pause":
		t = event.Paused
	case "buffering":
		t = event.StallStarted
	case "buffered":
		t = event.StallEnded
	case "seeking":
		t = event.SeekStarted
	case "seeked":
		t = event.Seeked
	case "heartbeat":
		t = event.Heartbeat
	case "metadata", "bitrate_changed":
		t = event.QualityChanged
	case "error", "warning":
		t = event.Error
	case "stopped":
		t = event.PlayEnded
		if reason, _ := payload.Get("reason").Text(); reason == "error" {
			t = event.Error // the error itself comes by another request, or not at all
		}
	default:
		return event.TypeUnknown, "", false
	}
	return t, "", true
}

func (d *Decoder) id(field string, v rawjson.Value, to *string) {
	switch s, ok := v.Text(); {
	case v.IsNull():
	case !ok:
		d.item.Reject(field, event.CodeInvalid, "must be a string")
	case len(s) > event.MaxIDBytes:
		d.item.Reject(field, event.CodeTooLong, "longer than 256 bytes")
	default:
		*to = s
	}
}

func (d *Decoder) time(v rawjson.Value) {
	it := &d.item
	f, ok := v.Number()
	switch {
	case v.IsNull():
		return // counts as now
	case !ok:
		it.Reject("timestamp", event.CodeInvalid, "must be a number: epoch milliseconds")
	case f <= 0 || f >= float64(event.MaxTime):
		it.Reject("timestamp", event.CodeOutOfRange, "must lie between 1970 and 2200, in epoch milliseconds")
	default:
		it.Event.Time, it.HasTime = int64(f), true
	}
}

// place takes over playhead and duration. While it seeks the client sends where
// the seek goes, which is no place that was played up to.
func (d *Decoder) place(m *message, unit Unit) {
	e := &d.item.Event
	if unit == Guess {
		unit = UnitOf(m.playhead, m.duration)
	}
	scale := 1000.0
	if unit == Milliseconds {
		scale = 1
	}
	millis := func(f float64) int64 {
		if f < 0 || f*scale >= float64(event.MaxMediaMS) {
			return event.Absent
		}
		return int64(math.Round(f * scale))
	}
	e.PositionMS = millis(m.playhead)
	if m.duration > 0 {
		e.DurationMS = millis(m.duration)
	}
}

// payload reads what the events say beyond their place.
func (d *Decoder) payload(payload rawjson.Value) {
	it, e := &d.item, &d.item.Event
	q := &e.Quality
	name, _ := rawjson.Value(it.Raw).Get("event").Text()
	q.ErrorFatal = e.Type == event.Error && name != "warning"
	d.props = append(d.props[:0], '{')
	payload.Each(func(key string, v rawjson.Value) {
		switch key {
		case "contentId":
			d.id("payload.contentId", v, &e.TitleID)
		case "live":
			if live, ok := v.Bool(); ok {
				e.Live = live
			}
		case "deviceType":
			d.text(v, &e.Context.DeviceType)
		case "contentUrl":
			d.text(v, &it.MediaURL)
		case "bitrate":
			if f, ok := v.Number(); ok && f >= 0 && f <= math.MaxInt32 {
				q.BitrateKbps = int64(math.Round(f))
			}
		case "code":
			if e.Type == event.Error {
				d.code(v, &q.ErrorCode)
			}
		case "contentTitle", "deviceModel", "drmType", "category", "message", "reason", "width", "height", "videoBitrate", "audioBitrate":
			d.keep(key, v)
		}
	})
	if e.Type == event.Error && q.ErrorCode == "" && name != "stopped" {
		d.text(payload.Get("category"), &q.ErrorCode)
	}
	if len(d.props) > 1 {
		d.props = append(d.props, '}')
		e.Properties = d.props
	}
}

// keep stores what has no field of its own among the properties.
func (d *Decoder) keep(key string, v rawjson.Value) {
	if v.IsObject() || v.IsArray() || v.IsNull() || len(v) > event.MaxTextBytes || len(d.props)+len(v) > event.MaxPropertyBytes/2 {
		return
	}
	if len(d.props) > 1 {
		d.props = append(d.props, ',')
	}
	d.props = append(append(append(d.props, '"'), key...), '"', ':')
	if s, ok := v.Text(); ok {
		// Spelt anew: a raw id in it is looked for as JSON needs it spelt.
		d.props = appendText(d.props, s)
		return
	}
	d.props = append(d.props, v...)
}

func appendText(dst []byte, s string) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return append(dst, `""`...) // a string always marshals
	}
	return append(dst, bytes.TrimSpace(out.Bytes())...)
}

func (d *Decoder) text(v rawjson.Value, to *string) {
	if s, ok := v.Text(); ok && len(s) <= event.MaxTextBytes {
		*to = s
	}
}

// code is a text that clients also write as a number.
func (d *Decoder) code(v rawjson.Value, to *string) {
	if _, ok := v.Number(); ok && len(v) <= event.MaxTextBytes {
		*to = string(v)
		return
	}
	d.text(v, to)
}
