package cmcd

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// ErrTooMany: the request holds more reports than allowed.
var ErrTooMany = errors.New("too many reports")

// Options of one Decode.
type Options struct {
	// Viewer is the viewer that the URL names, for reports that name none.
	Viewer string
	// MaxReports bounds the reports of the body; 0 means no bound.
	MaxReports int
}

// Decoder decodes bodies of reports, one after the other. It keeps its buffers;
// it must not be used by two goroutines at once.
type Decoder struct {
	r    reader
	m    member
	item wire.Item
	rep  report
}

// report is what is used of a line before the event is known.
type report struct {
	event, state string
	custom       string
	sid, cid     string
	errorCode    string
	rate         float64
	hasRate      bool
	// first: among the first two of its session. loaded: it tells what only a
	// loaded manifest does.
	first, loaded bool
	// dashError is an error code that is a bare number, as only dash.js writes it.
	dashError int
}

// NewDecoder makes a decoder.
func NewDecoder() *Decoder { return &Decoder{} }

// Decode calls fn for each report of body in order; the item is good during
// the call only. Errors: ErrTooMany.
func (d *Decoder) Decode(body []byte, opts Options, fn func(*wire.Item)) error {
	defer func() { d.r.b, d.m = nil, member{}; d.item.Reset(); d.rep = report{} }()
	for index := 0; len(body) > 0; {
		line := body
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		body = body[min(len(line)+1, len(body)):]
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if opts.MaxReports > 0 && index >= opts.MaxReports {
			return fmt.Errorf("%w: more than %d", ErrTooMany, opts.MaxReports)
		}
		d.line(line, index, opts)
		fn(&d.item)
		index++
	}
	return nil
}

func (d *Decoder) line(line []byte, index int, opts Options) {
	it := &d.item
	it.Reset()
	it.Index, it.Raw, it.Escaped = index, line, bytes.IndexByte(line, '\\') >= 0
	it.Event.Format = event.FormatCMCD
	d.rep = report{}
	d.r = reader{b: line, arena: d.r.arena[:0]}
	if it.UTF8 = utf8.Valid(line); !it.UTF8 {
		it.Reject("", event.CodeInvalidUTF8, "is not UTF-8")
		return
	}
	for {
		ok, err := d.r.next(&d.m)
		if err != nil {
			it.Reject("", wire.CodeMalformed, fmt.Sprintf("%v: byte %d of the line", err, d.r.p))
			return
		}
		if !ok {
			break
		}
		d.take(&d.m)
	}
	if it.Viewer == "" {
		it.Viewer = opts.Viewer
	}
	d.conclude()
}

// take keeps what is of use of one member. A key that is there twice counts as
// its last.
func (d *Decoder) take(m *member) {
	it, e, rep := &d.item, &d.item.Event, &d.rep
	switch m.key {
	case "e":
		rep.event = m.text
	case "sta":
		rep.state = m.text
	case "sid":
		rep.sid = d.id("sid", m)
	case "cid":
		rep.cid = d.id("cid", m)
	case KeyViewer:
		it.Viewer = d.id(KeyViewer, m)
	case "ts":
		d.time(m)
	case "sn":
		if m.kind == kindNumber && m.number >= 0 && m.number < math.MaxInt32 {
			it.Number, rep.first = int64(m.number)+1, m.number < 2
		}
	case KeyPosition:
		d.millis(m, &e.PositionMS)
	case "pt":
		if e.PositionMS == event.Absent {
			d.millis(m, &e.PositionMS)
		}
	case KeyDuration:
		d.millis(m, &e.DurationMS)
	case "br":
		rep.loaded = true
		d.number(m, &e.Quality.BitrateKbps)
	case "msd":
		d.millis(m, &e.Quality.StartupMS)
	case "pr":
		if m.kind == kindNumber {
			rep.rate, rep.hasRate = m.number, true
		}
	case "st":
		rep.loaded = true
		e.Live = m.text == "l" || m.text == "ll"
	case "url":
		if m.kind == kindString {
			it.MediaURL = m.text
		}
	case "cdn":
		e.Context.CDN = m.text
	case "ec", KeyCode:
		d.errorCode(m)
	case "cen":
		rep.custom = m.text
	default:
		d.other(m)
	}
}

// other looks at members that say nothing about the play.
func (d *Decoder) other(m *member) {
	if !knownKey(m.key) {
		d.item.Unknown++
		d.item.Repairs |= wire.RepairUnknownField
	}
	d.rep.loaded = d.rep.loaded || m.key == "sf"
}

// maxTime keeps times within what an int64 can hold; it is far in the future.
const maxTime = 1e15

func (d *Decoder) time(m *member) {
	if m.kind != kindNumber && m.kind != kindDate {
		return
	}
	ms := m.number
	if m.kind == kindDate {
		ms *= 1000
	}
	d.item.Event.Time, d.item.HasTime = int64(max(-maxTime, min(ms, maxTime))), true
}

func (d *Decoder) errorCode(m *member) {
	d.rep.errorCode = m.text
	if m.kind != kindNumber {
		return
	}
	d.rep.errorCode = strconv.FormatFloat(m.number, 'f', -1, 64)
	if !m.list && m.number > 0 && m.number < math.MaxInt16 {
		d.rep.dashError = int(m.number)
	}
}

// id is a text that names something.
func (d *Decoder) id(field string, m *member) string {
	if m.kind != kindString && m.kind != kindToken {
		d.item.Reject(field, event.CodeInvalid, "must be a string")
		return ""
	}
	if len(m.text) > event.MaxIDBytes {
		d.item.Reject(field, event.CodeTooLong, "longer than 256 bytes")
		return ""
	}
	return m.text
}

func (d *Decoder) number(m *member, to *int64) {
	if m.kind == kindNumber && m.number >= 0 && m.number <= math.MaxInt32 {
		*to = int64(math.Round(m.number))
	}
}

// millis keeps a place of media; players report a little below 0 at the start.
// CMCD wants strings of custom keys, so numbers in quotes are numbers too.
func (d *Decoder) millis(m *member, to *int64) {
	if m.kind == kindString {
		if n, err := strconv.ParseFloat(m.text, 64); err == nil {
			m.kind, m.number = kindNumber, n
		}
	}
	if m.kind != kindNumber || !(m.number >= -1000 && m.number < float64(event.MaxMediaMS)) {
		return
	}
	*to = int64(math.Round(max(m.number, 0)))
}

// conclude makes the event of what was read.
func (d *Decoder) conclude() {
	it, e, rep := &d.item, &d.item.Event, &d.rep
	if it.Bad.Code != "" {
		return
	}
	rep.ours()
	it.Session = rep.sid
	if e.Type, it.Ignored = meaning(rep.event, rep.state); it.Ignored != "" {
		return
	}
	e.Type = rep.habits(e.Type)
	if rep.event == "" {
		it.Reject("e", event.CodeMissing, "every report needs an event")
		return
	}
	if rep.sid == "" {
		it.Reject("sid", event.CodeMissing, "every report needs the session; include the key sid in the player's settings")
		return
	}
	if rep.hasRate && rep.rate > 0 {
		e.Rate = rep.rate
	}
	if e.Type == event.Error {
		e.Quality.ErrorCode = rep.errorCode
		e.Quality.ErrorFatal = rep.state == "f"
	}
	e.TitleID = rep.cid
	// A play is one title within one session of the player.
	from := len(d.r.arena)
	d.r.arena = append(append(append(d.r.arena, rep.sid...), 0), rep.cid...)
	it.Play = textOf(d.r.arena[from:])
}
