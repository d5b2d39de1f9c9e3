package play

import (
	"slices"

	"playhead/internal/fact"
)

// emitter turns what a fold says into facts of one play, with a sign. A mute
// one says nothing: for folding what was said already.
type emitter struct {
	engine *Engine
	config *Config
	play   *playState
	out    *fact.Batch
	sign   int32
	mute   bool
	// known: index is the batch's for that entry of the play's dims.
	known bool
	entry uint16
	index uint32
}

func (x *emitter) span(kind fact.SpanKind, dims uint16, from, to int32, bitrate uint32) {
	x.out.Spans = append(x.out.Spans, fact.Span{
		Dims: x.dims(dims), Kind: kind, N: x.sign, Bitrate: bitrate, From: x.play.at(from), To: x.play.at(to),
	})
}

// stretch is a span of the play with the batch's index of dims.
func (x *emitter) stretch(kind fact.SpanKind, dims uint32, from, to int32) fact.Span {
	return fact.Span{Dims: dims, Kind: kind, N: x.sign, From: x.play.at(from), To: x.play.at(to)}
}

// beat emits the time that a heartbeat says was played, and that the play, with those
// dims, counts as concurrent until another moment than before. That of a viewer's only play,
// as nearly all are, is three spans at once.
func (x *emitter) beat(playing *fact.Span, dims uint16, before, until int32) {
	if until <= before || x.play.at(before) < x.untilOthers() {
		x.out.Spans = append(x.out.Spans, *playing)
		x.active(before, until, dims, 1)
		x.active(until, before, dims, -1)
		return
	}
	n := len(x.out.Spans)
	list := slices.Grow(x.out.Spans, 3)[:n+3]
	s := list[n : n+3 : n+3]
	s[0] = *playing
	s[1] = x.stretch(fact.ActivePlay, playing.Dims, before, until)
	s[2] = s[1]
	s[2].Kind, s[2].Scope = fact.ActiveViewer, fact.ScopeEvery
	x.out.Spans = list
}

func (x *emitter) mark(kind fact.MarkKind, dims uint16, t int32, value int64) {
	x.markN(kind, dims, t, value, 1)
}

func (x *emitter) markN(kind fact.MarkKind, dims uint16, t int32, value int64, n int32) {
	if x.mute {
		return
	}
	m := fact.Mark{Dims: x.dims(dims), Kind: kind, N: n * x.sign, Time: x.play.at(t), Value: value}
	if kind == fact.FirstFrame {
		m.Known, m.Viewer = x.play.known, x.play.owner.key
	}
	if kind == fact.FirstFrame || kind == fact.StartupKnown {
		m.Taste = x.taste()
	}
	x.out.Marks = append(x.out.Marks, m)
}

// flip emits a mark whose condition has come to hold, or no longer holds.
func (x *emitter) flip(kind fact.MarkKind, dims uint16, t int32, is bool) {
	n := int32(1)
	if !is {
		n = -1
	}
	x.markN(kind, dims, t, 0, n)
}

// active emits a change of the concurrent stretch: of the play, and of the
// viewer in those groupings in which no other play of the viewer counts.
func (x *emitter) active(from, to int32, dims uint16, n int32) {
	if x.mute || to <= from {
		return
	}
	d := x.dims(dims)
	n *= x.sign
	begin, end := x.play.at(from), x.play.at(to)
	x.out.Spans = append(x.out.Spans, fact.Span{Dims: d, Kind: fact.ActivePlay, N: n, From: begin, To: end})
	x.activeViewer(begin, end, dims, d, n)
}

// row emits the finished part.
func (x *emitter) row(f *fold, n int32) {
	if x.mute {
		return
	}
	p := x.play
	dims := f.reqDims
	if f.framed {
		dims = f.frameDims
	}
	r := fact.Play{
		N: n * x.sign, Viewer: x.play.owner.key, Known: p.known, Play: p.ref, Part: int32(f.part),
		Dims: x.dims(dims), Ended: p.at(f.last), Reason: f.reason,
		StartupMS: -1, DurationMS: int64(f.duration), StartMS: int64(f.start), FurthestMS: int64(f.furthest),
		MediaMS: int64(f.media), WatchedMS: int64(f.watched), StallMS: int64(f.stall), SeekStallMS: int64(f.seekStall),
		Stalls: f.stalls, Completed: f.completed,
		BitrateMS: f.bitrateMS, KnownBitrateMS: int64(f.knownBitrate), DroppedFrames: f.dropped,
		Pauses: f.pauses, Rewinds: f.rewinds, Skips: f.skips,
		Intervals: x.intervals(f), Active: x.actives(f), Cover: cover(f.appendRuns(nil, f.first, p)),
	}
	if f.part == 0 {
		r.Requested = p.at(f.requested)
	}
	if f.frameHere {
		r.FirstFrame, r.StartupMS = p.at(f.firstFrame), int64(f.startup)
	}
	if !f.framed && f.part == 0 && !f.failedStart {
		r.Reason = fact.EndedByExit
	}
	if x.live(f.dims) {
		r.DurationMS = -1
	}
	if f.reason == fact.EndedByFailure {
		r.ErrorCode, r.ErrorClass = x.engine.strings.texts[f.code], "technical"
		if f.business {
			r.ErrorClass = "business"
		}
	}
	x.out.Plays = append(x.out.Plays, r)
}

// own is what the fold has listed of its part.
func (x *emitter) own(f *fold) []record { return x.play.list[f.first:f.count] }

func (x *emitter) intervals(f *fold) []fact.Interval {
	own := x.own(f)
	n := 1
	for _, r := range own {
		if r.kind < fact.ActivePlay {
			n++
		}
	}
	out := make([]fact.Interval, 0, n)
	for _, r := range own {
		if r.kind < fact.ActivePlay {
			out = append(out, x.interval(stretch(r)))
		}
	}
	if f.interval.to > f.interval.from {
		out = append(out, x.interval(f.interval))
	}
	return out
}

func (x *emitter) actives(f *fold) []fact.Interval {
	var out []fact.Interval
	add := func(s stretch) {
		i := x.interval(s)
		i.Kind = fact.ActivePlay
		if n := len(out); n > 0 && out[n-1].To == i.From && out[n-1].Dims == i.Dims {
			out[n-1].To = i.To
			return
		}
		out = append(out, i)
	}
	for _, r := range x.own(f) {
		if r.kind == fact.ActivePlay {
			add(stretch(r))
		}
	}
	if a := f.active(); a.to > a.from {
		add(a)
	}
	return out
}

func (x *emitter) interval(s stretch) fact.Interval {
	return fact.Interval{Dims: x.dims(s.dims), Kind: s.kind, From: x.play.at(s.from), To: x.play.at(s.to)}
}

// dims is the batch's index for an entry of the play's dims table.
func (x *emitter) dims(i uint16) uint32 {
	if x.known && x.entry == i {
		return x.index
	}
	g := x.engine
	s := &g.sets.list[x.play.set(i)]
	if s.batch != g.sets.batch {
		s.batch, s.index = g.sets.batch, uint32(len(x.out.Dims))
		x.out.Dims = append(x.out.Dims, g.strings.fact(&s.d))
	}
	x.known, x.entry, x.index = true, i, s.index
	return s.index
}

// taste is the batch's index plus one of what the viewer likes.
func (x *emitter) taste() uint32 {
	id := x.play.taste
	if id == 0 {
		return 0
	}
	g := x.engine
	index, ok := g.batchTastes[id]
	if !ok {
		x.out.Tastes = append(x.out.Tastes, g.strings.texts[id])
		index = uint32(len(x.out.Tastes))
		g.batchTastes[id] = index
	}
	return index
}

func (x *emitter) live(dims uint16) bool { return x.engine.dimsAt(x.play, dims).live != 0 }
