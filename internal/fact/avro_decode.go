package fact

import (
	"fmt"
	"math"
	"slices"
	"unsafe"

	"playhead/internal/avrohead"
	"playhead/internal/event"
)

// decodeAvro reads a record of an Avro form into b, which is reset.
func decodeAvro(data []byte, b *Batch) error {
	at, err := avrohead.Cut(data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBatch, err)
	}
	r := avroReader{reader: reader{data: data, at: at}}
	if n := r.int(); n != layout {
		return fmt.Errorf("%w: layout %d is not known, this build reads %d", ErrBatch, n, layout)
	}
	b.Partition = int32(r.upTo(math.MaxInt32))
	b.InputEnd, b.FreshTo = r.int(), r.int()
	if r.present() {
		b.OldestReceived = r.int()
	}
	for _, v := range b.Counts.fields() {
		*v = r.int()
	}
	r.dictionaries(b)
	b.Spans = items(&r, b.Spans, 7, r.span)
	b.Marks = items(&r, b.Marks, 8, r.mark)
	b.Plays = items(&r, b.Plays, 2*16+30, r.play)
	b.Exposures = items(&r, b.Exposures, 10, r.exposure)
	b.Sessions = items(&r, b.Sessions, 16+8, r.session)
	b.Searches = items(&r, b.Searches, 16+6, func(s *Search) {
		s.Known = r.who(&s.Viewer)
		s.Dims, s.Time, s.Query, s.Results, s.Selected = r.dims(), r.int(), r.text(), r.int(), r.bool()
	})
	b.Repeats = items(&r, b.Repeats, 1, func(offset *int64) { *offset = r.int() })
	switch at := r.at; {
	case r.bad:
		b.Reset()
		return fmt.Errorf("%w: cut short or out of range at byte %d", ErrBatch, at)
	case at != len(data):
		b.Reset()
		return fmt.Errorf("%w: %d bytes too many", ErrBatch, len(data)-at)
	}
	return nil
}

// avroReader walks over a record, as reader does.
type avroReader struct {
	reader
	room []byte // where texts are copied to
}

// upTo reads a number from 0 to a limit.
func (r *avroReader) upTo(limit uint64) uint64 {
	v := r.int()
	if v < 0 || uint64(v) > limit {
		r.fail()
		return 0
	}
	return uint64(v)
}

// below reads a number from 0 to below a limit.
func (r *avroReader) below(limit uint64) uint64 {
	if limit == 0 {
		r.fail()
		return 0
	}
	return r.upTo(limit - 1)
}

func (r *avroReader) dims() uint32 { return uint32(r.below(r.ndims)) }

// flag reads a byte that is zero, or what else it may be.
func (r *avroReader) flag(set byte) bool {
	v := r.byte()
	if v != 0 && v != set {
		r.fail()
	}
	return v != 0
}

func (r *avroReader) bool() bool { return r.flag(1) }

// present reads which branch of ["null", …] follows.
func (r *avroReader) present() bool { return r.flag(2) }

// who reads a viewer, and whether it is a real one.
func (r *avroReader) who(v *event.ViewerKey) bool {
	r.key((*[16]byte)(v))
	return r.bool()
}

// bytes are the next text's, of data itself.
func (r *avroReader) bytes() []byte {
	n := int(r.upTo(uint64(len(r.data) - r.at)))
	if r.bad || n > len(r.data)-r.at {
		r.fail()
		return nil
	}
	r.at += n
	return r.data[r.at-n : r.at]
}

// textRoom is how much room is made at once for texts.
const textRoom = 8 << 10

// text reads a text: a copy, in room that it shares with others.
func (r *avroReader) text() string { return r.copied(r.bytes()) }

func (r *avroReader) copied(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if cap(r.room)-len(r.room) < len(b) {
		r.room = make([]byte, 0, max(len(b), min(textRoom, len(r.data)-r.at+len(b))))
	}
	from := len(r.room)
	r.room = append(r.room, b...)
	return unsafe.String(&r.room[from], len(b))
}

// textAs reads a text that is often the same as another.
func (r *avroReader) textAs(before string) string {
	b := r.bytes()
	if string(b) == before {
		return before
	}
	return r.copied(b)
}

// items reads an array of one block, as Playhead writes them, or of none, whose
// elements take at least size bytes.
func items[T any](r *avroReader, list []T, size int, one func(*T)) []T {
	n := int(r.upTo(uint64(len(r.data)-r.at) / uint64(size)))
	if r.bad || n == 0 {
		return list[:0]
	}
	list = slices.Grow(list[:0], n)[:n]
	for i := range list {
		one(&list[i])
		if r.bad {
			return list[:0]
		}
	}
	if r.byte() != 0 {
		r.fail()
	}
	return list
}

func (r *avroReader) dictionaries(b *Batch) {
	var before Dims
	b.Dims = items(r, b.Dims, 11, func(d *Dims) {
		last, fields := before.fields(), d.fields()
		for i, f := range fields {
			*f = r.textAs(*last[i])
		}
		d.Live = r.bool()
		before = *d
	})
	r.ndims = uint64(len(b.Dims))
	b.Slots = items(r, b.Slots, 4, func(s *Slot) {
		*s = Slot{Creative: r.text(), Placement: r.text(), Experiments: r.text(), Rank: r.int32()}
	})
	r.nslots = uint64(len(b.Slots))
	b.Tastes = items(r, b.Tastes, 1, func(s *string) { *s = r.text() })
	r.ntastes = uint64(len(b.Tastes))
}

func (r *avroReader) span(s *Span) {
	*s = Span{
		Dims: r.dims(), Kind: SpanKind(r.below(uint64(SpanKindCount))), Scope: Scope(r.upTo(math.MaxUint16)), N: r.int32(),
		Bitrate: uint32(r.upTo(math.MaxUint32)), From: r.int(), To: r.int(),
	}
}

func (r *avroReader) mark(m *Mark) {
	*m = Mark{
		Dims: r.dims(), Kind: MarkKind(r.below(uint64(MarkKindCount))), Known: r.bool(), N: r.int32(), Time: r.int(), Value: r.int(),
		Taste: uint32(r.upTo(r.ntastes)),
	}
	if r.present() {
		r.key((*[16]byte)(&m.Viewer))
	}
}

// play overwrites p, a used one perhaps, and keeps the memory of its lists.
func (r *avroReader) play(p *Play) {
	p.N = r.int32()
	p.Known = r.who(&p.Viewer)
	r.key((*[16]byte)(&p.Play))
	p.Part, p.Dims = r.int32(), r.dims()
	p.Requested, p.FirstFrame, p.Ended = r.int(), r.int(), r.int()
	p.Reason = EndReason(r.upTo(uint64(EndedByExit)))
	p.ErrorCode, p.ErrorClass = r.text(), r.text()
	for _, v := range p.numbers() {
		*v = r.int()
	}
	for _, v := range p.counts() {
		*v = r.int32()
	}
	p.Completed = r.bool()
	p.Slot = uint32(r.upTo(r.nslots))
	p.Intervals = items(r, p.Intervals, 4, r.interval)
	p.Active = items(r, p.Active, 4, r.interval)
	p.Cover = items(r, p.Cover, 3, func(c *Coverage) { *c = Coverage{From: r.int(), To: r.int(), N: r.int32()} })
}

func (r *avroReader) interval(v *Interval) {
	*v = Interval{Kind: SpanKind(r.below(uint64(SpanKindCount))), Dims: r.dims(), From: r.int(), To: r.int()}
}

func (r *avroReader) exposure(e *Exposure) {
	*e = Exposure{
		Dims: r.dims(), Slot: uint32(r.below(r.nslots)), Taste: uint32(r.upTo(r.ntastes)), Kind: ExposureKind(r.below(uint64(ExposureKindCount))),
		Known: r.bool(), N: r.int32(), Time: r.int(),
	}
	if r.present() {
		e.Propensity = r.chance()
	}
	e.MediaMS = r.int()
	if r.present() {
		r.key((*[16]byte)(&e.Viewer))
	}
}

func (r *avroReader) session(s *Session) {
	s.Known = r.who(&s.Viewer)
	s.Dims, s.From, s.To = r.dims(), r.int(), r.int()
	s.Events, s.Plays, s.Impressions, s.MediaMS = r.int32(), r.int32(), r.int32(), r.int()
}
