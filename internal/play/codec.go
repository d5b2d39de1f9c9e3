package play

import (
	"encoding/binary"
	"errors"
	"math"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// writer and reader are the plain varint codec of stored states.
type writer struct{ data []byte }

func (w *writer) uint(v uint64) { w.data = binary.AppendUvarint(w.data, v) }
func (w *writer) int(v int64)   { w.data = binary.AppendVarint(w.data, v) }
func (w *writer) byte(v byte)   { w.data = append(w.data, v) }

func (w *writer) string(s string) {
	w.uint(uint64(len(s)))
	w.data = append(w.data, s...)
}

func (w *writer) bits(on ...bool) {
	var v uint64
	for i, b := range on {
		if b {
			v |= 1 << i
		}
	}
	w.uint(v)
}

type reader struct {
	data []byte
	err  error
}

var errShort = errors.New("ends too early")

func (r *reader) uint() uint64 {
	if len(r.data) > 0 && r.data[0] < 0x80 { // most are small
		v := uint64(r.data[0])
		r.data = r.data[1:]
		return v
	}
	v, n := binary.Uvarint(r.data)
	return v & r.skip(n)
}

func (r *reader) int() int64 {
	u := r.uint()
	return int64(u>>1) ^ -int64(u&1)
}

// skip goes on by n and returns all ones, or zero once something was wrong: then
// nothing is left to read.
func (r *reader) skip(n int) uint64 {
	if n <= 0 || n > len(r.data) || r.err != nil {
		if r.err == nil {
			r.err = errShort
		}
		r.data = nil
		return 0
	}
	r.data = r.data[n:]
	return math.MaxUint64
}

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.skip(1)
		return 0
	}
	b := r.data[0]
	return b & byte(r.skip(1))
}

// count is a length that cannot exceed what is left to read.
func (r *reader) count() int {
	n := r.uint()
	if n > uint64(len(r.data)) {
		r.skip(-1)
		return 0
	}
	return int(n)
}

func (r *reader) string() string {
	n := r.count()
	if n == 0 || r.err != nil {
		return ""
	}
	s := string(r.data[:n])
	r.skip(n)
	return s
}

func (r *reader) bits(on ...*bool) {
	v := r.uint()
	for i, b := range on {
		*b = v&(1<<i) != 0
	}
}

func (r *reader) ref(to *event.Ref) {
	if len(r.data) < len(to) {
		r.skip(-1)
		return
	}
	copy(to[:], r.data)
	r.skip(len(to))
}

func (w *writer) play(g *Engine, p *playState) {
	w.data = append(w.data, p.ref[:]...)
	w.uint(uint64(p.keyID))
	w.bits(p.known, p.history, p.silent, p.over, p.started)
	w.byte(byte(p.reached))
	w.uint(uint64(p.finalPart))
	w.int(p.origin)
	w.int(p.received - p.origin)
	w.int(int64(p.newest))
	w.int(int64(max(p.floor, longAgo)))
	w.string(g.strings.texts[p.taste])
	w.bits(false) // there is no slot: see reader.play
	w.uint(uint64(p.seqs.len()))
	p.seqs.each(func(r seqRange) {
		w.int(r.from)
		w.int(r.to - r.from)
	})
	n := p.dimsCount()
	w.uint(uint64(n))
	for i := 1; i <= n; i++ {
		w.dims(g.strings, g.dimsAt(p, uint16(i)))
	}
	w.uint(uint64(len(p.kept)))
	for i := range p.kept {
		w.evidence(&p.kept[i], p.newest, g.strings)
	}
	w.fold(&p.base, p.newest, g.strings)
	w.records(p.list[:p.base.count], p.newest)
}

func (r *reader) play(g *Engine, p *playState) {
	r.ref(&p.ref)
	p.keyID = uint32(r.uint())
	r.bits(&p.known, &p.history, &p.silent, &p.over, &p.started)
	p.reached = Reached(r.byte())
	p.finalPart = uint16(r.uint())
	p.origin = r.int()
	p.received = p.origin + r.int()
	p.newest, p.floor = r.int32(), r.int32()
	p.taste = g.strings.id(r.string())
	if r.uint() != 0 { // a slot: to which impression a play belongs is package journey's
		for range 3 {
			_ = r.string()
		}
		_ = r.int()
	}
	r.seqs(&p.seqs, 0)
	for n := min(r.count(), maxDims); n > 0 && r.err == nil; n-- {
		g.addDims(p, r.dims(g.strings, true), p.dimsCount())
	}
	if n := r.count(); n > 0 && r.err == nil {
		p.kept = make([]evidence, 0, min(n, len(r.data)/minEvidence+1))
		for ; n > 0 && r.err == nil; n-- {
			p.kept = append(p.kept, r.evidence(p.newest, g.strings))
		}
	}
	r.fold(&p.base, p.newest, g.strings)
	p.list = r.records(p.newest)
	p.base.count = uint16(len(p.list))
	if len(p.list) > math.MaxUint16 {
		r.err = errRange
		return
	}
	for _, v := range p.list {
		if v.kind == ranMedia {
			p.base.runs++
		}
	}
}

// seqs reads the ranges of a set; their ends are stored less short.
func (r *reader) seqs(s *seqSet, short int64) {
	var list []seqRange
	for n := r.count(); n > 0 && r.err == nil; n-- {
		from := r.int()
		v := seqRange{from, from + r.int() + short}
		if v.to <= v.from || len(list) > 0 && v.from < list[len(list)-1].to {
			r.err = errRange
			return
		}
		list = append(list, v)
	}
	if n := len(list); n > 0 {
		s.last = list[n-1]
		if list = list[:n-1]; n > 1 {
			s.lower = &list
		}
	}
}

var errRange = errors.New("holds a value that cannot be")

// valid reports whether what was read can be worked with: indexes that exist,
// kinds and times that can be.
func (p *playState) valid(c *Config) error {
	ok := true
	dims := uint16(p.dimsCount())
	index := func(i uint16) { ok = ok && i <= dims }
	within := func(t int32) { ok = ok && t >= longAgo && t <= maxLife+maxStartup }
	for i := range p.kept {
		e := &p.kept[i]
		index(e.dims)
		within(e.time)
		ok = ok && e.kind.OfPlay() && e.rate <= maxRate*1000 && (i == 0 || !e.before(&p.kept[i-1]))
	}
	f := &p.base
	for _, t := range f.times() {
		within(*t)
	}
	within(p.newest)
	for _, i := range [...]uint16{f.dims, f.reqDims, f.frameDims, f.interval.dims, f.activeDims} {
		index(i)
	}
	check := func(s stretch) {
		index(s.dims)
		within(s.from)
		within(s.to)
		ok = ok && s.kind < fact.SpanKindCount
	}
	check(f.interval)
	check(f.active())
	for _, r := range p.list {
		if r.kind == ranMedia {
			ok = ok && r.from >= 0 && r.to >= r.from
		} else {
			check(stretch(r))
		}
	}
	ok = ok && len(p.list) <= max(c.MaxListed, 60_000) && f.first <= f.count
	ok = ok && f.state <= closed && f.beforeSeek <= closed && f.reason <= fact.EndedByExit && f.nGaps <= gapsKept
	ok = ok && f.rate > 0 && f.rate <= maxRate*1000 && f.every >= 0 && f.every <= maxGap
	ok = ok && p.origin > -1<<50 && p.origin < 1<<50 && p.received > -1<<50 && p.received < 1<<50
	if !ok {
		return errRange
	}
	return nil
}

func (w *writer) dims(in *interner, d *dims) {
	for _, id := range [...]uint32{d.title, d.country, d.region, d.device, d.os, d.app, d.player, d.cdn, d.isp, d.labels} {
		w.string(in.texts[id])
	}
	w.byte(byte(d.live))
}

func (r *reader) dims(in *interner, labels bool) dims {
	var d dims
	for _, id := range [...]*uint32{&d.title, &d.country, &d.region, &d.device, &d.os, &d.app, &d.player, &d.cdn, &d.isp} {
		*id = r.text(in)
	}
	if labels {
		d.labels = r.text(in)
	}
	d.live = uint32(r.byte() & 1)
	return d
}

// text reads a string as its number, without an allocation where it is known.
func (r *reader) text(in *interner) uint32 {
	n := r.count()
	if n == 0 || r.err != nil {
		return 0
	}
	b := r.data[:n]
	r.skip(n)
	if id, ok := in.byText[string(b)]; ok {
		return id
	}
	return in.id(string(b))
}

// minEvidence is the fewest bytes that one piece of evidence takes.
const minEvidence = 10

func (w *writer) evidence(e *evidence, ref int32, in *interner) {
	w.int(int64(e.time) - int64(ref))
	w.int(e.seq)
	for _, v := range [...]int32{e.position, e.duration} {
		w.int(int64(v))
	}
	w.uint(uint64(e.bitrate))
	w.uint(uint64(e.dropped))
	w.uint(uint64(e.rate))
	w.uint(uint64(e.dims))
	w.byte(byte(e.kind))
	w.bits(e.fatal, e.business)
	if e.kind == event.Error {
		w.string(in.texts[e.extra])
	} else {
		w.int(int64(e.extra))
	}
}

func (r *reader) evidence(ref int32, in *interner) evidence {
	e := evidence{time: int32(r.int() + int64(ref)), seq: r.int()}
	e.position, e.duration = r.int32(), r.int32()
	e.bitrate, e.dropped = int32(r.uint()&math.MaxInt32), int32(r.uint()&math.MaxInt32)
	e.rate, e.dims = uint16(r.uint()), uint16(r.uint())
	e.kind = event.Type(r.byte())
	r.bits(&e.fatal, &e.business)
	if e.kind == event.Error {
		e.extra = int32(r.text(in))
	} else {
		e.extra = r.int32()
	}
	return e
}

func (r *reader) int32() int32 { return int32(r.int()) }

// times are written relative to ref, absent ones included: a varint of a small
// difference is short.
func (f *fold) times() [9]*int32 {
	return [9]*int32{
		&f.last, &f.requested, &f.firstFrame, &f.stallFrom, &f.seekAt,
		&f.interval.from, &f.interval.to, &f.activeFrom, &f.activeTo,
	}
}

func (f *fold) sums() [3]*int64 { return [3]*int64{&f.bitrateMS, &f.dropped, &f.lastSeq} }

func (f *fold) numbers() [21]*int32 {
	return [21]*int32{
		&f.media, &f.watched, &f.stall, &f.seekStall, &f.knownBitrate, &f.earlier,
		&f.stalls, &f.pauses, &f.rewinds, &f.skips, &f.play.from, &f.play.to, &f.position, &f.ahead,
		&f.distinct, &f.start, &f.furthest, &f.duration, &f.startup, &f.bitrate, &f.seekFrom,
	}
}

func (f *fold) indexes() [8]*uint16 {
	return [8]*uint16{&f.first, &f.rate, &f.part, &f.dims, &f.reqDims, &f.frameDims, &f.interval.dims, &f.activeDims}
}

func (f *fold) flags() [10]*bool {
	return [10]*bool{
		&f.framed, &f.lastHeartbeat, &f.seekCaused, &f.stallCounted, &f.measured, &f.completed,
		&f.failedStart, &f.positioned, &f.business, &f.frameHere,
	}
}

func (w *writer) fold(f *fold, ref int32, in *interner) {
	for _, t := range f.times() {
		w.int(int64(*t) - int64(ref))
	}
	for _, v := range f.sums() {
		w.int(*v)
	}
	for _, v := range f.numbers() {
		w.int(int64(*v))
	}
	for _, v := range f.indexes() {
		w.uint(uint64(*v))
	}
	w.string(in.texts[f.code])
	w.byte(f.nGaps)
	for i := range f.nGaps {
		w.int(int64(f.gaps[i]))
	}
	for _, b := range [...]byte{byte(f.state), byte(f.beforeSeek), byte(f.reason), byte(f.interval.kind)} {
		w.byte(b)
	}
	var bits uint64
	for i, b := range f.flags() {
		if *b {
			bits |= 1 << i
		}
	}
	w.uint(bits)
}

func (r *reader) fold(f *fold, ref int32, in *interner) {
	for _, t := range f.times() {
		*t = int32(r.int() + int64(ref))
	}
	for _, v := range f.sums() {
		*v = r.int()
	}
	for _, v := range f.numbers() {
		*v = r.int32()
	}
	for _, v := range f.indexes() {
		*v = uint16(r.uint())
	}
	f.code = r.text(in)
	r.gaps(f)
	f.state, f.beforeSeek, f.reason = state(r.byte()), state(r.byte()), fact.EndReason(r.byte())
	f.interval.kind = fact.SpanKind(r.byte())
	flags := f.flags()
	r.bits(flags[:]...)
}

func (r *reader) gaps(f *fold) {
	f.nGaps = r.byte()
	for i := range min(f.nGaps, gapsKept) {
		f.gaps[i] = r.int32()
	}
	if f.nGaps >= gapsNeeded && f.nGaps <= gapsKept {
		f.median()
	}
}

// records writes times relative to ref and positions as they are.
func (w *writer) records(list []record, ref int32) {
	w.uint(uint64(len(list)))
	for _, v := range list {
		w.byte(byte(v.kind))
		from := int64(v.from)
		if v.kind != ranMedia {
			from -= int64(ref)
			w.uint(uint64(v.dims))
		}
		w.int(from)
		w.int(int64(v.to) - int64(v.from))
	}
}

func (r *reader) records(ref int32) []record {
	n := r.count()
	if n == 0 || r.err != nil {
		return nil
	}
	list := make([]record, 0, min(n, len(r.data)/3+1))
	for ; n > 0 && r.err == nil; n-- {
		v := record{kind: fact.SpanKind(r.byte())}
		base := int64(0)
		if v.kind != ranMedia {
			base = int64(ref)
			v.dims = uint16(r.uint())
		}
		from := base + r.int()
		v.from, v.to = int32(from), int32(from+r.int())
		list = append(list, v)
	}
	return list
}
