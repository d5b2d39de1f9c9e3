package fact

import (
	"encoding/binary"
	"errors"
	"slices"
)

// ErrBatch is wrapped by every error of DecodeBatch: the data is no batch that
// this version of Playhead wrote.
var ErrBatch = errors.New("malformed fact batch")

// batchVersion is the first byte of an encoded batch; versions from oldest on
// can be decoded.
const (
	batchVersion  = 2
	oldestVersion = 1
)

// Bits that share a byte with a kind; kinds stay below 32.
const (
	kindMask  = 1<<5 - 1
	bitN      = 1 << 5 // N follows; else it is +1
	bitExtra  = 1 << 6 // Span: Scope follows. Mark, Exposure: Viewer follows
	bitKnown  = 1 << 7 // Mark.Known, Exposure.Known. Span: Bitrate follows
	bitPlayed = 1 << 0 // Play.Known
	bitDone   = 1 << 1 // Play.Completed
)

// Bits of the byte that begins an exposure's, a session's or a search's values.
const (
	bitReal     = 1 << 0 // Known
	bitSelected = 1 << 1 // Search.Selected
	bitChance   = 1 << 1 // Exposure: Propensity follows
)

// AppendBatch appends b in the format of the log "facts" and returns the
// extended slice. Equal batches give equal bytes. Indexes into Dims must be
// valid and kinds known, else DecodeBatch will refuse the result.
//
// Version 2: version byte, header, table of distinct texts, dims, slots, tastes,
// spans, marks, plays, exposures, sessions, searches, repeats. Integers are
// varints, times are differences to the time before them in the same list,
// texts are indexes into the table (0 is "").
// Version 1 ended with the plays, had no slots and no tastes, and of dims,
// spans, marks, plays and counts fewer fields.
func AppendBatch(dst []byte, b *Batch) []byte {
	w := writer{dst: append(dst, batchVersion)}
	w.uint(uint64(b.Partition))
	w.int(b.InputEnd)
	w.int(b.FreshTo)
	w.int(b.OldestReceived)
	c := &b.Counts
	for _, v := range c.fields() {
		w.int(*v)
	}
	t := findTexts(b)
	w.table(t.distinct)
	w.uint(uint64(len(b.Dims)))
	for i := range b.Dims {
		w.dims(&b.Dims[i], t)
	}
	w.slots(b.Slots, t)
	w.uint(uint64(len(b.Tastes)))
	for range b.Tastes {
		w.uint(t.one())
	}
	w.spans(b.Spans)
	w.marks(b.Marks)
	w.uint(uint64(len(b.Plays)))
	for i := range b.Plays {
		w.play(&b.Plays[i], t)
	}
	w.exposures(b.Exposures)
	w.sessions(b.Sessions)
	w.searches(b.Searches, t)
	w.uint(uint64(len(b.Repeats)))
	w.last = 0
	for _, offset := range b.Repeats {
		w.time(offset)
	}
	return w.dst
}

// writer appends to dst.
type writer struct {
	dst  []byte
	last int64 // the time before, for differences
}

func (w *writer) uint(v uint64) { w.dst = binary.AppendUvarint(w.dst, v) }
func (w *writer) int(v int64)   { w.dst = binary.AppendVarint(w.dst, v) }

// time writes v as the difference to the time before it; the wrap-around of
// an overflow is undone by the reader's.
func (w *writer) time(v int64) {
	w.int(v - w.last)
	w.last = v
}

// fields lists the counts in the order in which they are stored; version 1 had
// the first five.
func (c *Counts) fields() [7]*int64 {
	return [...]*int64{&c.Events, &c.Duplicates, &c.LateDropped, &c.Imported, &c.Evicted, &c.LateHorizon, &c.LateClosed}
}

// dimsTexts is how many texts Dims has.
const dimsTexts = 10

// fields lists the texts of d in the order in which they are stored; version 1
// had the first nine.
func (d *Dims) fields() [dimsTexts]*string {
	return [...]*string{&d.Title, &d.Country, &d.Region, &d.DeviceType, &d.OS, &d.AppVersion, &d.Player, &d.CDN, &d.ISP, &d.Labels}
}

// table writes each distinct text once, in order of first use.
func (w *writer) table(distinct []string) {
	w.uint(uint64(len(distinct)))
	for _, s := range distinct {
		w.uint(uint64(len(s)))
	}
	for _, s := range distinct {
		w.dst = append(w.dst, s...)
	}
}

func (w *writer) dims(d *Dims, t *texts) {
	var live byte
	if d.Live {
		live = 1
	}
	w.dst = append(w.dst, live)
	for range dimsTexts {
		w.uint(t.one())
	}
}

func (w *writer) slots(slots []Slot, t *texts) {
	w.uint(uint64(len(slots)))
	for i := range slots {
		w.uint(t.one()) // Creative
		w.uint(t.one()) // Placement
		w.uint(t.one()) // Experiments
		w.int(int64(slots[i].Rank))
	}
}

// head writes a kind, its bits and N when it is not +1.
func (w *writer) head(kind, bits byte, n int32) {
	if n != 1 {
		bits |= bitN
	}
	w.dst = append(w.dst, kind|bits)
	if n != 1 {
		w.int(int64(n))
	}
}

// spanRoom is how many bytes a span takes at most, and what put needs.
const spanRoom = 1 + 5 + 5 + 3 + 5 + 2*binary.MaxVarintLen64 + slack

// spans are most of a batch: each is written where there is room, without
// asking for it at each byte.
func (w *writer) spans(spans []Span) {
	w.uint(uint64(len(spans)))
	dst, last := w.dst, int64(0)
	for i := range spans {
		s := &spans[i]
		if cap(dst)-len(dst) < spanRoom {
			dst = slices.Grow(dst, spanRoom)
		}
		begin, kind := len(dst), byte(s.Kind)
		dst = dst[:begin+spanRoom]
		at := begin + 1
		if s.N != 1 {
			kind |= bitN
			at = put(dst, at, zigzag(int64(s.N)))
		}
		at = put(dst, at, uint64(s.Dims))
		if s.Scope != 0 {
			kind |= bitExtra
			at = put(dst, at, uint64(s.Scope))
		}
		if s.Bitrate != 0 {
			kind |= bitKnown
			at = put(dst, at, uint64(s.Bitrate))
		}
		dst[begin] = kind
		at = put(dst, at, zigzag(s.From-last))
		last = s.From
		at = put(dst, at, zigzag(s.To-s.From))
		dst = dst[:at]
	}
	w.dst = dst
}

func (w *writer) marks(marks []Mark) {
	w.uint(uint64(len(marks)))
	w.last = 0
	for i := range marks {
		m := &marks[i]
		var bits byte
		if m.Known {
			bits |= bitKnown
		}
		if !m.Viewer.IsZero() {
			bits |= bitExtra
		}
		w.head(byte(m.Kind), bits, m.N)
		w.uint(uint64(m.Dims))
		w.time(m.Time)
		w.int(m.Value)
		if !m.Viewer.IsZero() {
			w.dst = append(w.dst, m.Viewer[:]...)
		}
		if m.Kind.hasTaste() {
			w.uint(uint64(m.Taste))
		}
	}
}

// hasTaste reports whether marks of the kind carry the viewer's taste.
func (k MarkKind) hasTaste() bool { return k == FirstFrame || k == StartupKnown }

func (w *writer) play(p *Play, t *texts) {
	var bits byte
	if p.Known {
		bits |= bitPlayed
	}
	if p.Completed {
		bits |= bitDone
	}
	w.dst = append(w.dst, bits, byte(p.Reason))
	w.dst = append(w.dst, p.Viewer[:]...)
	w.dst = append(w.dst, p.Play[:]...)
	w.int(int64(p.N))
	w.int(int64(p.Part))
	w.uint(uint64(p.Dims))
	w.last = 0
	w.time(p.Requested)
	w.time(p.FirstFrame)
	w.time(p.Ended)
	w.uint(t.one()) // ErrorCode
	w.uint(t.one()) // ErrorClass
	for _, v := range p.numbers() {
		w.int(*v)
	}
	for _, v := range p.counts() {
		w.int(int64(*v))
	}
	w.uint(uint64(p.Slot))
	w.last = p.Requested
	w.intervals(p.Intervals)
	w.intervals(p.Active)
	w.uint(uint64(len(p.Cover)))
	w.last = 0
	for i := range p.Cover {
		c := &p.Cover[i]
		w.time(c.From)
		w.time(c.To)
		w.int(int64(c.N))
	}
}

// numbers lists the plain int64 fields of p in the order in which they are
// stored; version 1 had the first eight.
func (p *Play) numbers() [11]*int64 {
	return [...]*int64{
		&p.StartupMS, &p.DurationMS, &p.StartMS, &p.FurthestMS, &p.MediaMS, &p.WatchedMS, &p.StallMS, &p.SeekStallMS,
		&p.BitrateMS, &p.KnownBitrateMS, &p.DroppedFrames,
	}
}

// counts lists the plain int32 fields of p in the order in which they are
// stored; version 1 had the first.
func (p *Play) counts() [4]*int32 { return [...]*int32{&p.Stalls, &p.Pauses, &p.Rewinds, &p.Skips} }

func (w *writer) intervals(list []Interval) {
	w.uint(uint64(len(list)))
	for i := range list {
		v := &list[i]
		w.dst = append(w.dst, byte(v.Kind))
		w.uint(uint64(v.Dims))
		w.time(v.From)
		w.time(v.To)
	}
}
