package fact

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"playhead/internal/avrohead"
)

// DecodeBatch empties b and reads a record of any Form into it, reusing the memory of b's
// lists, those inside its plays too: whatever is kept of the batch before must
// have been copied. Texts are copies, not views of data, but they share one
// allocation a batch: clone a text that is kept for long. Anything that
// AppendBatch of no form wrote gives an error that wraps ErrBatch, and then b
// holds nothing of use; memory taken is bounded by a small multiple of len(data).
func DecodeBatch(data []byte, b *Batch) error {
	b.Reset()
	if len(data) == 0 {
		return fmt.Errorf("%w: empty", ErrBatch)
	}
	if avrohead.Begins(data) {
		return decodeAvro(data, b)
	}
	if data[0] < oldestVersion || data[0] > batchVersion {
		return fmt.Errorf("%w: version %d is not known, this build reads %d to %d", ErrBatch, data[0], oldestVersion, batchVersion)
	}
	r := reader{data: data, at: 1, first: data[0] == 1}
	b.Partition = r.int32u()
	b.InputEnd, b.FreshTo, b.OldestReceived = r.int(), r.int(), r.int()
	counts := b.Counts.fields()
	for _, v := range counts[:r.since(5, len(counts))] {
		*v = r.int()
	}
	texts := r.table()
	r.dims(b, texts)
	if !r.first {
		r.dictionaries(b, texts)
	}
	r.spans(b)
	r.marks(b)
	r.plays(b, texts)
	if !r.first {
		r.exposures(b)
		r.sessions(b)
		r.searches(b, texts)
		r.repeats(b)
	}
	if r.bad {
		b.Reset()
		return fmt.Errorf("%w: cut short or out of range at byte %d", ErrBatch, r.at)
	}
	if r.at != len(data) {
		b.Reset()
		return fmt.Errorf("%w: %d bytes too many", ErrBatch, len(data)-r.at)
	}
	return nil
}

// reader walks over data. After the first fault bad is set, it stands at the
// end, and everything it returns is zero.
type reader struct {
	data  []byte
	at    int
	bad   bool
	first bool // data is of version 1
	last  int64
	// How many dims, slots and tastes there are to refer to.
	ndims, nslots, ntastes uint64
}

// since is how many fields of a kind are stored: v1 in version 1, else all.
func (r *reader) since(v1, all int) int {
	if r.first {
		return v1
	}
	return all
}

func (r *reader) fail() {
	r.bad = true
	r.data = r.data[:r.at]
}

// uint reads a number; most take one byte.
func (r *reader) uint() uint64 {
	if at := r.at; at < len(r.data) && r.data[at] < 0x80 {
		r.at++
		return uint64(r.data[at])
	}
	return r.longUint()
}

func (r *reader) longUint() uint64 {
	v, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		r.fail()
		return 0
	}
	r.at += n
	return v
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.data[r.at:])
	if n <= 0 {
		r.fail()
		return 0
	}
	r.at += n
	return v
}

func (r *reader) time() int64 {
	r.last += r.int()
	return r.last
}

// uintTo reads an integer that may not exceed limit.
func (r *reader) uintTo(limit uint64) uint64 {
	v := r.uint()
	if v > limit {
		r.fail()
		return 0
	}
	return v
}

// uintBelow reads an integer below limit.
func (r *reader) uintBelow(limit uint64) uint64 {
	v := r.uint()
	if v >= limit {
		r.fail()
		return 0
	}
	return v
}

func (r *reader) int32u() int32 { return int32(r.uintTo(math.MaxInt32)) }

func (r *reader) int32() int32 {
	v := r.int()
	if v < math.MinInt32 || v > math.MaxInt32 {
		r.fail()
		return 0
	}
	return int32(v)
}

func (r *reader) byte() byte {
	if r.at >= len(r.data) {
		r.fail()
		return 0
	}
	r.at++
	return r.data[r.at-1]
}

func (r *reader) key(to *[16]byte) {
	if len(r.data)-r.at < len(to) {
		r.fail()
		return
	}
	r.at += copy(to[:], r.data[r.at:])
}

// count reads the length of a list whose elements take at least size bytes.
func (r *reader) count(size int) int {
	return int(r.uintTo(uint64(len(r.data)-r.at) / uint64(size)))
}

// index reads an index into Batch.Dims.
func (r *reader) index() uint32 { return uint32(r.uintBelow(r.ndims)) }

// table reads the distinct texts into one string and cuts it.
func (r *reader) table() []string {
	n := r.count(1)
	if r.bad || n == 0 {
		return nil
	}
	texts := make([]string, n)
	lengths := r.at
	total := uint64(0)
	for range n {
		total += r.uintTo(uint64(len(r.data)))
	}
	if r.bad || total > uint64(len(r.data)-r.at) {
		r.fail()
		return nil
	}
	all := string(r.data[r.at : r.at+int(total)])
	end := r.at + int(total)
	r.at = lengths
	at := 0
	for i := range texts {
		size := int(r.uint())
		texts[i] = all[at : at+size]
		at += size
	}
	r.at = end
	return texts
}

func (r *reader) text(texts []string) string {
	i := r.uintTo(uint64(len(texts)))
	if i == 0 {
		return ""
	}
	return texts[i-1]
}

func (r *reader) dims(b *Batch, texts []string) {
	n := r.count(minDims)
	r.ndims = uint64(n)
	b.Dims = slices.Grow(b.Dims, n)[:n]
	for i := range b.Dims {
		d := &b.Dims[i]
		live := r.byte()
		if live > 1 {
			r.fail()
		}
		d.Live = live == 1
		d.Labels = ""
		fields := d.fields()
		for _, f := range fields[:r.since(9, len(fields))] {
			*f = r.text(texts)
		}
		if r.bad {
			return
		}
	}
}

func (r *reader) dictionaries(b *Batch, texts []string) {
	n := r.count(minSlot)
	b.Slots = slices.Grow(b.Slots, n)[:n]
	for i := range b.Slots {
		s := &b.Slots[i]
		s.Creative, s.Placement, s.Experiments = r.text(texts), r.text(texts), r.text(texts)
		s.Rank = r.int32()
	}
	r.nslots = uint64(n)
	n = r.count(1)
	b.Tastes = slices.Grow(b.Tastes, n)[:n]
	for i := range b.Tastes {
		b.Tastes[i] = r.text(texts)
	}
	r.ntastes = uint64(n)
}

func (r *reader) repeats(b *Batch) {
	n := r.count(1)
	b.Repeats = slices.Grow(b.Repeats, n)[:n]
	r.last = 0
	for i := range b.Repeats {
		b.Repeats[i] = r.time()
	}
}

// head reads what writer.head wrote: kind below limit, allowed bits and N.
func (r *reader) head(limit, allowed byte) (kind, bits byte, n int32) {
	v := r.byte()
	kind, bits = v&kindMask, v&^kindMask
	if kind >= limit || bits&^allowed != 0 {
		r.fail()
	}
	n = 1
	if bits&bitN != 0 {
		n = r.int32()
	}
	return kind, bits, n
}

func (r *reader) spans(b *Batch) {
	n := r.count(minSpan)
	b.Spans = slices.Grow(b.Spans, n)[:n]
	r.last = 0
	for i := range b.Spans {
		if r.usualSpan(&b.Spans[i]) {
			continue
		}
		b.Spans[i] = r.span()
		if r.bad {
			return
		}
	}
}

func (r *reader) span() Span {
	kind, bits, n := r.head(byte(SpanKindCount), bitN|bitExtra|bitKnown)
	s := Span{Kind: SpanKind(kind), N: n, Dims: r.index()}
	if bits&bitExtra != 0 {
		s.Scope = Scope(r.uintTo(math.MaxUint16))
	}
	if bits&bitKnown != 0 {
		s.Bitrate = uint32(r.uintTo(math.MaxUint32))
	}
	s.From = r.time()
	s.To = s.From + r.int()
	return s
}

// usualSpan reads a span of which no number takes over four bytes, and that is
// not among the last of the data. Of any other, a wrong one too, it reads nothing
// and returns false.
func (r *reader) usualSpan(to *Span) bool {
	if len(r.data)-r.at < usualSpan {
		return false
	}
	data, at := r.data, r.at+1
	head := data[r.at]
	n, scope, bitrate := uint32(2), uint32(0), uint32(0) // N is +1
	if head&bitN != 0 {
		if n, at = short(data, at); at == 0 {
			return false
		}
	}
	dims, at := short(data, at)
	if at == 0 {
		return false
	}
	if head&bitExtra != 0 {
		if scope, at = short(data, at); at == 0 {
			return false
		}
	}
	if head&bitKnown != 0 {
		if bitrate, at = short(data, at); at == 0 {
			return false
		}
	}
	from, at := short(data, at)
	if at == 0 {
		return false
	}
	length, at := short(data, at)
	kind := SpanKind(head & kindMask)
	if at == 0 || kind >= SpanKindCount || uint64(dims) >= r.ndims || scope > math.MaxUint16 {
		return false
	}
	r.at = at
	r.last += unzigzag(from)
	*to = Span{Kind: kind, N: int32(unzigzag(n)), Dims: dims, Scope: Scope(scope), Bitrate: bitrate, From: r.last, To: r.last + unzigzag(length)}
	return true
}

// usualSpan is how many bytes reader.usualSpan looks at.
const usualSpan = 1 + 6*4

func (r *reader) marks(b *Batch) {
	n := r.count(minMark)
	b.Marks = slices.Grow(b.Marks, n)[:n]
	r.last = 0
	for i := range b.Marks {
		kind, bits, n := r.head(byte(MarkKindCount), bitN|bitExtra|bitKnown)
		m := Mark{Kind: MarkKind(kind), N: n, Known: bits&bitKnown != 0, Dims: r.index()}
		m.Time = r.time()
		m.Value = r.int()
		if bits&bitExtra != 0 {
			r.key((*[16]byte)(&m.Viewer))
		}
		if !r.first && m.Kind.hasTaste() {
			m.Taste = uint32(r.uintTo(r.ntastes))
		}
		if r.bad {
			return
		}
		b.Marks[i] = m
	}
}

func (r *reader) plays(b *Batch, texts []string) {
	n := r.count(minPlay)
	b.Plays = slices.Grow(b.Plays, n)[:n]
	for i := range b.Plays {
		r.play(&b.Plays[i], texts)
		if r.bad {
			return
		}
	}
}

// play overwrites p, a used one perhaps, and keeps the memory of its lists.
func (r *reader) play(p *Play, texts []string) {
	bits, reason := r.byte(), r.byte()
	if bits&^(bitPlayed|bitDone) != 0 || EndReason(reason) > EndedByExit {
		r.fail()
		return
	}
	p.Known, p.Completed = bits&bitPlayed != 0, bits&bitDone != 0
	p.Reason = EndReason(reason)
	r.key((*[16]byte)(&p.Viewer))
	r.key((*[16]byte)(&p.Play))
	p.N, p.Part = r.int32(), r.int32()
	p.Dims = r.index()
	r.last = 0
	p.Requested, p.FirstFrame, p.Ended = r.time(), r.time(), r.time()
	p.ErrorCode, p.ErrorClass = r.text(texts), r.text(texts)
	p.BitrateMS, p.KnownBitrateMS, p.DroppedFrames = 0, 0, 0
	p.Pauses, p.Rewinds, p.Skips, p.Slot = 0, 0, 0, 0
	numbers, counts := p.numbers(), p.counts()
	for _, v := range numbers[:r.since(8, len(numbers))] {
		*v = r.int()
	}
	for _, v := range counts[:r.since(1, len(counts))] {
		*v = r.int32()
	}
	if !r.first {
		p.Slot = uint32(r.uintTo(r.nslots))
	}
	r.last = p.Requested
	p.Intervals = r.intervals(p.Intervals)
	p.Active = r.intervals(p.Active)
	n := r.count(minCover)
	p.Cover = slices.Grow(p.Cover[:0], n)[:n]
	r.last = 0
	for i := range p.Cover {
		from, to := r.time(), r.time()
		p.Cover[i] = Coverage{From: from, To: to, N: r.int32()}
	}
}

func (r *reader) intervals(list []Interval) []Interval {
	n := r.count(minInterval)
	list = slices.Grow(list[:0], n)[:n]
	for i := range list {
		kind := r.byte()
		if kind >= byte(SpanKindCount) {
			r.fail()
		}
		v := Interval{Kind: SpanKind(kind), Dims: r.index()}
		v.From, v.To = r.time(), r.time()
		list[i] = v
	}
	return list
}
