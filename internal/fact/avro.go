package fact

import (
	"encoding/binary"
	"math"

	"playhead/internal/event"
)

// The Avro forms. The fields stand in the order of facts.avsc, which is layout 1:
// another order or another field is another layout, with a schema of its own, and
// this one stays readable. Each list is one block.

const layout = 1

func appendAvro(dst []byte, b *Batch) []byte {
	w := avroWriter{dst}
	w.long(layout)
	w.long(int64(b.Partition))
	w.long(b.InputEnd)
	w.long(b.FreshTo)
	if w.present(b.OldestReceived != 0) {
		w.long(b.OldestReceived)
	}
	for _, v := range b.Counts.fields() {
		w.long(*v)
	}
	list(&w, b.Dims, w.dims)
	list(&w, b.Slots, func(s *Slot) {
		w.text(s.Creative)
		w.text(s.Placement)
		w.text(s.Experiments)
		w.long(int64(s.Rank))
	})
	list(&w, b.Tastes, func(s *string) { w.text(*s) })
	list(&w, b.Spans, w.span)
	list(&w, b.Marks, w.mark)
	list(&w, b.Plays, w.play)
	list(&w, b.Exposures, w.exposure)
	list(&w, b.Sessions, w.session)
	list(&w, b.Searches, func(s *Search) {
		w.who(s.Viewer, s.Known)
		w.long(int64(s.Dims))
		w.long(s.Time)
		w.text(s.Query)
		w.long(s.Results)
		w.bool(s.Selected)
	})
	list(&w, b.Repeats, func(offset *int64) { w.long(*offset) })
	return w.dst
}

// avroWriter appends Avro to dst.
type avroWriter struct{ dst []byte }

// long writes Avro's int or long.
func (w *avroWriter) long(v int64) { w.dst = binary.AppendVarint(w.dst, v) }

func (w *avroWriter) text(v string) {
	w.long(int64(len(v)))
	w.dst = append(w.dst, v...)
}

func (w *avroWriter) bool(v bool) {
	var b byte
	if v {
		b = 1
	}
	w.dst = append(w.dst, b)
}

// present writes which branch of ["null", …] follows, and returns it.
func (w *avroWriter) present(v bool) bool {
	var b byte
	if v {
		b = 2
	}
	w.dst = append(w.dst, b)
	return v
}

func (w *avroWriter) who(v event.ViewerKey, known bool) {
	w.dst = append(w.dst, v[:]...)
	w.bool(known)
}

func (w *avroWriter) viewer(v event.ViewerKey) {
	if w.present(!v.IsZero()) {
		w.dst = append(w.dst, v[:]...)
	}
}

// list writes an array as one block.
func list[T any](w *avroWriter, items []T, one func(*T)) {
	if len(items) > 0 {
		w.long(int64(len(items)))
		for i := range items {
			one(&items[i])
		}
	}
	w.dst = append(w.dst, 0)
}

func (w *avroWriter) dims(d *Dims) {
	for _, s := range d.fields() {
		w.text(*s)
	}
	w.bool(d.Live)
}

func (w *avroWriter) span(s *Span) {
	w.long(int64(s.Dims))
	w.long(int64(s.Kind))
	w.long(int64(s.Scope))
	w.long(int64(s.N))
	w.long(int64(s.Bitrate))
	w.long(s.From)
	w.long(s.To)
}

func (w *avroWriter) mark(m *Mark) {
	w.long(int64(m.Dims))
	w.long(int64(m.Kind))
	w.bool(m.Known)
	w.long(int64(m.N))
	w.long(m.Time)
	w.long(m.Value)
	w.long(int64(m.Taste))
	w.viewer(m.Viewer)
}

func (w *avroWriter) play(p *Play) {
	w.long(int64(p.N))
	w.who(p.Viewer, p.Known)
	w.dst = append(w.dst, p.Play[:]...)
	w.long(int64(p.Part))
	w.long(int64(p.Dims))
	w.long(p.Requested)
	w.long(p.FirstFrame)
	w.long(p.Ended)
	w.long(int64(p.Reason))
	w.text(p.ErrorCode)
	w.text(p.ErrorClass)
	for _, v := range p.numbers() {
		w.long(*v)
	}
	for _, v := range p.counts() {
		w.long(int64(*v))
	}
	w.bool(p.Completed)
	w.long(int64(p.Slot))
	list(w, p.Intervals, w.interval)
	list(w, p.Active, w.interval)
	list(w, p.Cover, func(c *Coverage) {
		w.long(c.From)
		w.long(c.To)
		w.long(int64(c.N))
	})
}

func (w *avroWriter) interval(v *Interval) {
	w.long(int64(v.Kind))
	w.long(int64(v.Dims))
	w.long(v.From)
	w.long(v.To)
}

func (w *avroWriter) exposure(e *Exposure) {
	w.long(int64(e.Dims))
	w.long(int64(e.Slot))
	w.long(int64(e.Taste))
	w.long(int64(e.Kind))
	w.bool(e.Known)
	w.long(int64(e.N))
	w.long(e.Time)
	if w.present(e.Propensity != 0) {
		w.dst = binary.LittleEndian.AppendUint64(w.dst, math.Float64bits(e.Propensity))
	}
	w.long(e.MediaMS)
	w.viewer(e.Viewer)
}

func (w *avroWriter) session(s *Session) {
	w.who(s.Viewer, s.Known)
	w.long(int64(s.Dims))
	w.long(s.From)
	w.long(s.To)
	w.long(int64(s.Events))
	w.long(int64(s.Plays))
	w.long(int64(s.Impressions))
	w.long(s.MediaMS)
}
