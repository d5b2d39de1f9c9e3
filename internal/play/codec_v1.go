package play

import (
	"math"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// playV1 reads a play as version 1 stored it: times as 64 bits relative to the
// newest, rates as floats, three lists, and no bitrates, pauses or labels.
func (r *reader) playV1(g *Engine, p *playState) {
	r.ref(&p.ref)
	p.keyID = uint32(r.uint())
	r.bits(&p.known, &p.history, &p.silent)
	p.received = r.int()
	p.origin = r.int() // the newest event
	p.newest, p.floor = 0, clampTime(r.int()-p.origin)
	r.seqs(&p.seqs, 1)
	for n := min(r.count(), maxDims); n > 0 && r.err == nil; n-- {
		g.addDims(p, r.dims(g.strings, false), p.dimsCount())
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		p.kept = append(p.kept, r.evidenceV1())
	}
	r.foldV1(p)
}

// clampTime is a time of version 1, absent (very far) ones included.
func clampTime(v int64) int32 { return int32(max(longAgo, min(v, maxLife))) }

func (r *reader) evidenceV1() evidence {
	e := evidence{time: clampTime(r.int()), seq: r.int()}
	e.position, e.duration, e.extra = r.int32(), r.int32(), r.int32()
	e.rate = r.rateV1()
	e.dims = uint16(r.uint())
	e.kind = event.Type(r.byte())
	r.bits(&e.fatal, &e.business)
	if e.kind == event.Error {
		e.extra = 0 // no code was kept
	}
	return e
}

func (r *reader) rateV1() uint16 {
	return plausibleRate(float64(math.Float32frombits(uint32(r.uint()))))
}

func (r *reader) foldV1(p *playState) {
	f := &p.base
	*f = newFold()
	for _, t := range [...]*int32{&f.last, &f.requested, &f.firstFrame, &f.stallFrom, &f.seekAt} {
		*t = clampTime(r.int())
	}
	for _, v := range [...]*int32{&f.media, &f.watched, &f.stall, &f.seekStall} {
		*v = int32(max(0, min(r.int(), math.MaxInt32)))
	}
	f.lastSeq = r.int()
	var part, firstActive, firstRun int32
	for _, v := range [...]*int32{
		&f.stalls, &part, &f.play.from, &f.play.to, &f.position, &f.ahead,
		&f.distinct, &f.start, &f.furthest, &f.duration, &f.startup, &firstActive, &firstRun,
	} {
		*v = r.int32()
	}
	f.rate = r.rateV1()
	r.gaps(f)
	f.state, f.beforeSeek, f.reason = state(r.byte()), state(r.byte()), fact.EndReason(r.byte())
	f.dims, f.reqDims, f.frameDims = uint16(r.uint()), uint16(r.uint()), uint16(r.uint())
	flags := f.flags()
	r.bits(flags[:]...)
	current := r.stretchesV1(fact.Startup)
	intervals := r.stretchesV1(fact.Startup)
	actives := r.stretchesV1(fact.ActivePlay)
	runs := r.runsV1()
	if r.err != nil || len(current) != 2 || firstActive < 0 || int(firstActive) > len(actives) || firstRun < 0 || int(firstRun) > len(runs) {
		r.skip(-1)
		return
	}
	f.interval = stretch(current[0])
	f.activeFrom, f.activeTo, f.activeDims = current[1].from, current[1].to, current[1].dims
	f.part = uint16(max(0, min(part, math.MaxUint16)))
	p.list = append(p.list, actives[:firstActive]...)
	p.list = append(p.list, runs[:firstRun]...)
	f.first = uint16(len(p.list))
	p.list = append(p.list, intervals...)
	p.list = append(p.list, actives[firstActive:]...)
	p.list = append(p.list, runs[firstRun:]...)
	f.count, f.runs = uint16(len(p.list)), uint16(len(runs))
	// What a play reached before is final since long: what is still to come is
	// said, and what it said itself needs no repetition.
	p.started = f.framed && !f.frameHere
	p.finalPart = f.part
}

// stretchesV1 reads a list of which those of kind ActivePlay were stored with
// another kind.
func (r *reader) stretchesV1(kind fact.SpanKind) []record {
	n := r.count()
	if n == 0 || r.err != nil {
		return nil
	}
	list := make([]record, 0, min(n, len(r.data)/4+1))
	for ; n > 0 && r.err == nil; n-- {
		from := r.int()
		v := record{from: clampTime(from), to: clampTime(from + r.int()), kind: fact.SpanKind(r.byte()), dims: uint16(r.uint())}
		if kind == fact.ActivePlay {
			v.kind = kind
		}
		list = append(list, v)
	}
	return list
}

func (r *reader) runsV1() []record {
	n := r.count()
	if n == 0 || r.err != nil {
		return nil
	}
	list := make([]record, 0, min(n, len(r.data)/2+1))
	for ; n > 0 && r.err == nil; n-- {
		from := r.int32()
		list = append(list, record{from: from, to: from + r.int32(), kind: ranMedia})
	}
	return list
}
