package event

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"playhead/internal/avrohead"
)

// The Avro forms. The fields stand in the order of events.avsc, which is layout 1:
// another order or another field is another layout, with a schema of its own, and
// this one stays readable.

const (
	layout = 1
	// avroRoom is what Avro takes beyond room: the head, a layout, two enums more, a
	// byte for each field that may be absent, ends of maps, reach, flags.
	avroRoom = avrohead.Most + 96
)

func (f Form) append(dst []byte, kind RecordKind, e *Event) []byte {
	dst = slices.Grow(dst, room(e)+avroRoom)
	w := avroWriter{writer{buf: dst[:cap(dst)], at: len(dst)}}
	w.at += f.head.Copy(w.buf[w.at:])
	w.long(layout)
	w.long(int64(kind) - 1)
	w.long(int64(e.Type))
	w.long(int64(e.Format))
	if w.present(kind == RecordEvent) {
		w.long(e.Time)
	}
	w.long(int64(e.KeyID))
	w.bool(e.Import)
	w.bool(e.Known)
	w.bool(e.Live)
	w.bool(e.Quality.ErrorFatal)
	for _, r := range [...]*Ref{(*Ref)(&e.Viewer), &e.ID, &e.Session, &e.Play, &e.Impression, &e.Search} {
		if w.present(!r.IsZero()) {
			*(*Ref)(w.buf[w.at:]) = *r
			w.at += refBytes
		}
	}
	q := &e.Quality
	for _, n := range [...]int64{e.Seq, e.PositionMS, e.DurationMS, e.FromMS, e.Rank, q.BitrateKbps, q.DroppedFrames, q.StartupMS, e.SearchHits} {
		if w.present(n != Absent) {
			w.long(n)
		}
	}
	w.double(e.Propensity, 0)
	w.double(e.Rate, 1)
	for _, s := range e.texts() {
		w.text(*s)
	}
	w.pairs(e.Experiments)
	w.pairs(e.Traits)
	properties, control := e.Properties, []byte(nil)
	if kind == RecordControl {
		properties, control = nil, e.Properties
	}
	w.bytes(properties)
	w.long(int64(e.Reach))
	w.bytes(control)
	return w.buf[:w.at]
}

// texts are the texts of an event in the order of the schema.
func (e *Event) texts() [textFields]*string {
	c, q := &e.Context, &e.Quality
	return [...]*string{
		&e.TitleID, &e.CreativeID, &e.Placement, &c.Country, &c.Region, &c.City, &c.DeviceType, &c.OS, &c.Browser, &c.AppVersion, &c.Player,
		&c.CDN, &c.ISP, &c.Connection, &c.Timezone, &c.DeviceTypeRaw, &q.ErrorCode, &q.ErrorClass, &e.SearchQuery, &c.OSVersion, &c.BrowserVersion,
	}
}

// avroWriter writes into room that is there.
type avroWriter struct{ writer }

// long writes Avro's int or long.
func (w *avroWriter) long(v int64) { w.uvarint(uint64(v)<<1 ^ uint64(v>>63)) }

func (w *avroWriter) bool(v bool) {
	w.buf[w.at] = 0
	if v {
		w.buf[w.at] = 1
	}
	w.at++
}

// present writes which branch of ["null", …] follows, and returns it.
func (w *avroWriter) present(v bool) bool {
	w.buf[w.at] = 0
	if v {
		w.buf[w.at] = 2
	}
	w.at++
	return v
}

func (w *avroWriter) double(v, absent float64) {
	if w.present(v != absent) {
		binary.LittleEndian.PutUint64(w.buf[w.at:], math.Float64bits(v))
		w.at += 8
	}
}

func (w *avroWriter) text(v string) {
	if w.present(v != "") {
		w.long(int64(len(v)))
		w.at += copy(w.buf[w.at:], v)
	}
}

func (w *avroWriter) bytes(v []byte) {
	if w.present(len(v) > 0) {
		w.long(int64(len(v)))
		w.at += copy(w.buf[w.at:], v)
	}
}

// pairs writes a map as one block, in the order of its keys.
func (w *avroWriter) pairs(m map[string]string) {
	if len(m) > 0 {
		var names [16]string
		keys := names[:0]
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		w.long(int64(len(keys)))
		for _, k := range keys {
			v := m[k]
			w.long(int64(len(k)))
			w.at += copy(w.buf[w.at:], k)
			w.long(int64(len(v)))
			w.at += copy(w.buf[w.at:], v)
		}
	}
	w.buf[w.at] = 0
	w.at++
}

// decodeAvro reads a record of an Avro form into e, which is reset.
func decodeAvro(data []byte, e *Event) (RecordKind, error) {
	at, err := avrohead.Cut(data)
	if err != nil {
		return RecordInvalid, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	r := avroReader{reader{data: data, at: at}}
	if n := r.long(); n != layout {
		return RecordInvalid, fmt.Errorf("%w: layout %d is not known, this build reads %d", ErrRecord, n, layout)
	}
	kind := RecordKind(r.below(int64(recordKindCount)-1) + 1)
	e.Type, e.Format = Type(r.below(int64(typeCount))), Format(r.below(int64(formatCount)))
	if timed := r.present(); timed {
		e.Time = r.long()
	} else if kind == RecordEvent {
		r.bad = true
	}
	e.KeyID = uint32(r.below(math.MaxUint32 + 1))
	e.Import, e.Known, e.Live, e.Quality.ErrorFatal = r.bool(), r.bool(), r.bool(), r.bool()
	r.event(e, kind)
	if kind != RecordEvent {
		e.only(kind)
	}
	switch {
	case r.bad:
		return RecordInvalid, fmt.Errorf("%w: cut short or out of range at byte %d", ErrRecord, r.at)
	case r.at != len(data):
		return RecordInvalid, fmt.Errorf("%w: %d bytes too many", ErrRecord, len(data)-r.at)
	}
	return kind, nil
}

// only leaves of e what a record that is no event has.
func (e *Event) only(kind RecordKind) {
	id, reach, data := e.KeyID, e.Reach, e.Properties
	e.Reset()
	switch kind {
	case RecordSettle:
		e.KeyID, e.Reach = id, reach
	case RecordControl:
		e.Properties = data
	}
}

// avroReader walks over a record, as reader does.
type avroReader struct{ reader }

// long reads Avro's int or long.
func (r *avroReader) long() int64 {
	if r.at < len(r.data) {
		if b := r.data[r.at]; b < 0x80 { // as most are
			r.at++
			return int64(b>>1) ^ -int64(b&1)
		}
	}
	v, n := binary.Varint(r.data[r.at:])
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.at += n
	return v
}

// below reads a number from 0 to below a limit.
func (r *avroReader) below(limit int64) int64 {
	v := r.long()
	if v < 0 || v >= limit {
		r.bad = true
		return 0
	}
	return v
}

// flag reads a byte that is zero, or what else it may be.
func (r *avroReader) flag(set byte) bool {
	if r.at >= len(r.data) || r.data[r.at] != 0 && r.data[r.at] != set {
		r.bad = true
		return false
	}
	r.at++
	return r.data[r.at-1] != 0
}

func (r *avroReader) bool() bool { return r.flag(1) }

// present reads which branch of ["null", …] follows.
func (r *avroReader) present() bool { return r.flag(2) }

// text reads a length and that many bytes, without a copy.
func (r *avroReader) text() []byte {
	n := r.long()
	if n < 0 {
		r.bad = true
	}
	if r.bad {
		return nil
	}
	return r.bytes(uint64(n))
}

// event reads what follows the flags.
func (r *avroReader) event(e *Event, kind RecordKind) {
	for _, to := range [...]*Ref{(*Ref)(&e.Viewer), &e.ID, &e.Session, &e.Play, &e.Impression, &e.Search} {
		if r.present() {
			copy(to[:], r.bytes(16))
		}
	}
	q := &e.Quality
	for _, to := range [...]*int64{&e.Seq, &e.PositionMS, &e.DurationMS, &e.FromMS, &e.Rank, &q.BitrateKbps, &q.DroppedFrames, &q.StartupMS, &e.SearchHits} {
		if r.present() {
			*to = r.long()
		}
	}
	for _, to := range [...]*float64{&e.Propensity, &e.Rate} {
		if !r.present() {
			continue
		}
		if b := r.bytes(8); !r.bad {
			*to = math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	}
	for _, to := range e.texts() {
		if r.present() {
			*to = unsafeText(r.text())
		}
		if r.bad {
			return
		}
	}
	e.Experiments, e.Traits = r.pairs(), r.pairs()
	if r.present() {
		if b := r.text(); len(b) > 0 {
			e.Properties = b
		}
	}
	e.Reach = Reach(r.below(math.MaxUint16 + 1))
	if kind == RecordEvent && e.Reach != Everybody {
		r.bad = true
	}
	if r.present() {
		b := r.text()
		if kind != RecordControl {
			r.bad = true
		}
		e.Properties = b
	}
}

// pairs reads a map of one block, as Playhead writes them, or none.
func (r *avroReader) pairs() map[string]string {
	n := r.long()
	// Each pair takes at least two bytes, so a wrong count cannot make a large map.
	if n < 0 || n > int64(len(r.data)-r.at)/2 {
		r.bad = true
	}
	if r.bad || n == 0 {
		return nil
	}
	m := make(map[string]string, min(n, 64))
	for range n {
		k, v := unsafeText(r.text()), unsafeText(r.text())
		if r.bad {
			return nil
		}
		m[k] = v
	}
	if r.long() != 0 {
		r.bad = true
	}
	return m
}
