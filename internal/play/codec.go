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
	v, n := binary.Uvarint(r.data)
	return v & r.skip(n)
}

func (r *reader) int() int64 {
	v, n := binary.Varint(r.data)
	return int64(uint64(v) & r.skip(n))
}

// skip goes on by n and returns all ones, or zero once something was wrong.
func (r *reader) skip(n int) uint64 {
	if n <= 0 || n > len(r.data) || r.err != nil {
		if r.err == nil {
			r.err = errShort
		}
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

func (w *writer) play(g *Engine, p *playState) {
	w.data = append(w.data, p.ref[:]...)
	w.uint(uint64(p.keyID))
	w.bits(p.known, p.history, p.silent)
	w.int(p.received)
	w.int(p.newest)
	w.int(p.floor)
	w.uint(uint64(len(p.seqs.ranges)))
	for _, s := range p.seqs.ranges {
		w.int(s.from)
		w.int(s.to - s.from)
	}
	w.uint(uint64(len(p.dims)))
	for _, d := range p.dims {
		w.dims(g.strings, d)
	}
	w.uint(uint64(len(p.kept)))
	for i := range p.kept {
		w.evidence(&p.kept[i], p.newest)
	}
	w.fold(&p.base, p.newest)
}

func (r *reader) play(g *Engine) *playState {
	p := &playState{}
	if len(r.data) < len(p.ref) {
		r.skip(-1)
		return p
	}
	copy(p.ref[:], r.data)
	r.skip(len(p.ref))
	p.keyID = uint32(r.uint())
	r.bits(&p.known, &p.history, &p.silent)
	p.received, p.newest, p.floor = r.int(), r.int(), r.int()
	for n := r.count(); n > 0 && r.err == nil; n-- {
		from := r.int()
		p.seqs.ranges = append(p.seqs.ranges, seqRange{from, from + r.int()})
	}
	for n := min(r.count(), 1<<16); n > 0 && r.err == nil; n-- {
		p.dims = append(p.dims, r.dims(g.strings))
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		p.kept = append(p.kept, r.evidence(p.newest))
	}
	r.fold(&p.base, p.newest)
	if r.err == nil {
		r.err = p.valid()
	}
	if r.err != nil {
		return p
	}
	mute := emitter{engine: g, config: &g.config, play: p, mute: true}
	p.tip = p.base
	p.tip.steps(p.kept, &mute)
	p.base.shareLists(&p.tip)
	return p
}

var errRange = errors.New("holds a value that cannot be")

// valid reports whether what was read can be worked with: indexes that exist,
// kinds that are known.
func (p *playState) valid() error {
	ok := len(p.dims) <= maxDims
	index := func(i uint16) { ok = ok && int(i) <= len(p.dims) }
	for i := range p.kept {
		e := &p.kept[i]
		index(e.dims)
		ok = ok && e.kind.OfPlay() && e.rate >= 0 && e.rate <= maxRate && (i == 0 || !e.before(&p.kept[i-1]))
	}
	f := &p.base
	for _, i := range [...]uint16{f.dims, f.reqDims, f.frameDims, f.interval.dims, f.active.dims} {
		index(i)
	}
	for _, list := range [...][]stretch{f.intervals, f.actives} {
		for _, s := range list {
			index(s.dims)
			ok = ok && s.kind < fact.SpanKindCount
		}
	}
	ok = ok && f.interval.kind < fact.SpanKindCount && f.active.kind < fact.SpanKindCount
	ok = ok && f.state <= closed && f.beforeSeek <= closed && f.reason <= fact.EndedByExit && f.nGaps <= gapsKept
	ok = ok && f.firstActive >= 0 && int(f.firstActive) <= len(f.actives)
	ok = ok && f.firstRun >= 0 && int(f.firstRun) <= len(f.runs)
	ok = ok && f.rate > 0 && f.rate <= maxRate
	if !ok {
		return errRange
	}
	return nil
}

func (w *writer) dims(in *interner, d dims) {
	for _, id := range [...]uint32{d.title, d.country, d.region, d.device, d.os, d.app, d.player, d.cdn, d.isp} {
		w.string(in.texts[id])
	}
	w.bits(d.live)
}

func (r *reader) dims(in *interner) dims {
	var d dims
	for _, id := range [...]*uint32{&d.title, &d.country, &d.region, &d.device, &d.os, &d.app, &d.player, &d.cdn, &d.isp} {
		*id = in.id(r.string())
	}
	r.bits(&d.live)
	return d
}

func (w *writer) evidence(e *evidence, ref int64) {
	w.int(e.time - ref)
	w.int(e.seq)
	for _, v := range [...]int32{e.position, e.duration, e.extra} {
		w.int(int64(v))
	}
	w.uint(uint64(math.Float32bits(e.rate)))
	w.uint(uint64(e.dims))
	w.byte(byte(e.kind))
	w.bits(e.fatal, e.business)
}

func (r *reader) evidence(ref int64) evidence {
	e := evidence{time: r.int() + ref, seq: r.int()}
	for _, v := range [...]*int32{&e.position, &e.duration, &e.extra} {
		*v = int32(r.int())
	}
	e.rate = math.Float32frombits(uint32(r.uint()))
	e.dims = uint16(r.uint())
	e.kind = event.Type(r.byte())
	r.bits(&e.fatal, &e.business)
	return e
}

// times are written relative to ref, absent ones included: a varint of a small
// difference is short.
func (f *fold) times() [5]*int64 {
	return [5]*int64{&f.last, &f.requested, &f.firstFrame, &f.stallFrom, &f.seekAt}
}

func (f *fold) sums() [5]*int64 {
	return [5]*int64{&f.media, &f.watched, &f.stall, &f.seekStall, &f.lastSeq}
}

func (f *fold) numbers() [13]*int32 {
	return [13]*int32{
		&f.stalls, &f.part, &f.play.from, &f.play.to, &f.position, &f.ahead,
		&f.distinct, &f.start, &f.furthest, &f.duration, &f.startup, &f.firstActive, &f.firstRun,
	}
}

func (w *writer) fold(f *fold, ref int64) {
	for _, t := range f.times() {
		w.int(*t - ref)
	}
	for _, v := range f.sums() {
		w.int(*v)
	}
	for _, v := range f.numbers() {
		w.int(int64(*v))
	}
	w.uint(uint64(math.Float32bits(f.rate)))
	w.byte(f.nGaps)
	for i := range f.nGaps {
		w.int(int64(f.gaps[i]))
	}
	for _, b := range [...]byte{byte(f.state), byte(f.beforeSeek), byte(f.reason)} {
		w.byte(b)
	}
	for _, d := range [...]uint16{f.dims, f.reqDims, f.frameDims} {
		w.uint(uint64(d))
	}
	w.bits(f.framed, f.lastHeartbeat, f.seekCaused, f.stallCounted, f.measured, f.completed, f.failedStart, f.positioned, f.business, f.frameHere)
	w.stretches([]stretch{f.interval, f.active}, ref)
	w.stretches(f.intervals, ref)
	w.stretches(f.actives, ref)
	w.uint(uint64(len(f.runs)))
	for _, v := range f.runs {
		w.int(int64(v.from))
		w.int(int64(v.to - v.from))
	}
}

func (r *reader) fold(f *fold, ref int64) {
	for _, t := range f.times() {
		*t = r.int() + ref
	}
	for _, v := range f.sums() {
		*v = r.int()
	}
	for _, v := range f.numbers() {
		*v = int32(r.int())
	}
	f.rate = math.Float32frombits(uint32(r.uint()))
	f.nGaps = r.byte()
	for i := range min(f.nGaps, gapsKept) {
		f.gaps[i] = int32(r.int())
	}
	f.state, f.beforeSeek, f.reason = state(r.byte()), state(r.byte()), fact.EndReason(r.byte())
	for _, d := range [...]*uint16{&f.dims, &f.reqDims, &f.frameDims} {
		*d = uint16(r.uint())
	}
	r.bits(&f.framed, &f.lastHeartbeat, &f.seekCaused, &f.stallCounted, &f.measured, &f.completed, &f.failedStart, &f.positioned, &f.business, &f.frameHere)
	if pair := r.stretches(ref); len(pair) == 2 {
		f.interval, f.active = pair[0], pair[1]
	} else {
		r.skip(-1)
	}
	f.intervals = r.stretches(ref)
	f.actives = r.stretches(ref)
	for n := r.count(); n > 0 && r.err == nil; n-- {
		from := int32(r.int())
		f.runs = append(f.runs, run{from, from + int32(r.int())})
	}
}

func (w *writer) stretches(list []stretch, ref int64) {
	w.uint(uint64(len(list)))
	for _, s := range list {
		w.int(s.from - ref)
		w.int(s.to - s.from)
		w.byte(byte(s.kind))
		w.uint(uint64(s.dims))
	}
}

func (r *reader) stretches(ref int64) []stretch {
	n := r.count()
	if n == 0 {
		return nil
	}
	out := make([]stretch, n)
	for i := range out {
		from := r.int() + ref
		out[i] = stretch{from: from, to: from + r.int(), kind: fact.SpanKind(r.byte()), dims: uint16(r.uint())}
	}
	return out
}
