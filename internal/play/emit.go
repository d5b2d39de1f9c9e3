package play

import "playhead/internal/fact"

// emitter turns what a fold says into facts of one play, with a sign. A mute
// one says nothing: for folding what was said already.
type emitter struct {
	engine *Engine
	config *Config
	viewer *viewer
	play   *playState
	out    *fact.Batch
	sign   int32
	mute   bool
}

func (x *emitter) span(kind fact.SpanKind, dims uint16, from, to int64) {
	if x.mute || to <= from {
		return
	}
	x.out.Spans = append(x.out.Spans, fact.Span{
		Dims: x.dims(dims), Kind: kind, N: x.sign, From: from, To: to,
	})
}

func (x *emitter) mark(kind fact.MarkKind, dims uint16, t, value int64) {
	x.markN(kind, dims, t, value, 1)
}

func (x *emitter) markN(kind fact.MarkKind, dims uint16, t, value int64, n int32) {
	if x.mute {
		return
	}
	m := fact.Mark{Dims: x.dims(dims), Kind: kind, N: n * x.sign, Time: t, Value: value}
	if kind == fact.FirstFrame {
		m.Known, m.Viewer = x.play.known, x.viewer.key
	}
	x.out.Marks = append(x.out.Marks, m)
}

// flip emits a mark when its condition changes.
func (x *emitter) flip(kind fact.MarkKind, dims uint16, t int64, was *bool, is bool) {
	if *was == is {
		return
	}
	*was = is
	n := int32(1)
	if !is {
		n = -1
	}
	x.markN(kind, dims, t, 0, n)
}

// active emits a change of the concurrent stretch: of the play, and of the
// viewer in those groupings in which no other play of the viewer counts.
func (x *emitter) active(from, to int64, dims uint16, n int32) {
	if x.mute || to <= from {
		return
	}
	d := x.dims(dims)
	n *= x.sign
	x.out.Spans = append(x.out.Spans, fact.Span{Dims: d, Kind: fact.ActivePlay, N: n, From: from, To: to})
	x.activeViewer(stretch{from: from, to: to, dims: dims}, d, n)
}

// row emits the finished part.
func (x *emitter) row(f *fold, n int32) {
	if x.mute {
		return
	}
	dims := f.reqDims
	if f.framed {
		dims = f.frameDims
	}
	r := fact.Play{
		N: n * x.sign, Viewer: x.viewer.key, Known: x.play.known, Play: x.play.ref, Part: f.part,
		Dims: x.dims(dims), Ended: f.last, Reason: f.reason,
		StartupMS: -1, DurationMS: int64(f.duration), StartMS: int64(f.start), FurthestMS: int64(f.furthest),
		MediaMS: f.media, WatchedMS: f.watched, StallMS: f.stall, SeekStallMS: f.seekStall,
		Stalls: f.stalls, Completed: f.completed,
		Intervals: x.intervals(f), Active: x.actives(f), Cover: f.coverage(),
	}
	if f.part == 0 {
		r.Requested = f.requested
	}
	if f.frameHere {
		r.FirstFrame, r.StartupMS = f.firstFrame, int64(f.startup)
	}
	if !f.framed && f.part == 0 && !f.failedStart {
		r.Reason = fact.EndedByExit
	}
	if x.live(f.dims) {
		r.DurationMS = -1
	}
	if f.reason == fact.EndedByFailure {
		r.ErrorClass = "technical"
		if f.business {
			r.ErrorClass = "business"
		}
	}
	x.out.Plays = append(x.out.Plays, r)
}

func (x *emitter) intervals(f *fold) []fact.Interval {
	out := make([]fact.Interval, 0, len(f.intervals)+1)
	for _, s := range f.intervals {
		out = append(out, x.interval(s))
	}
	if f.interval.to > f.interval.from {
		out = append(out, x.interval(f.interval))
	}
	return out
}

func (x *emitter) actives(f *fold) []fact.Interval {
	own := f.actives[f.firstActive:]
	out := make([]fact.Interval, 0, len(own)+1)
	add := func(s stretch) {
		i := x.interval(s)
		i.Kind = fact.ActivePlay
		if n := len(out); n > 0 && out[n-1].To == i.From && out[n-1].Dims == i.Dims {
			out[n-1].To = i.To
			return
		}
		out = append(out, i)
	}
	for _, s := range own {
		add(s)
	}
	if f.active.to > f.active.from {
		add(f.active)
	}
	return out
}

func (x *emitter) interval(s stretch) fact.Interval {
	return fact.Interval{Dims: x.dims(s.dims), Kind: s.kind, From: s.from, To: s.to}
}

// dims is the batch's index for an entry of the play's dims table.
func (x *emitter) dims(i uint16) uint32 {
	p := x.play
	if p.batch == x.engine.batch && p.cachedDims == i {
		return p.cachedIndex
	}
	d := p.dimsAt(i)
	index, ok := x.engine.batchDims[d]
	if !ok {
		index = uint32(len(x.out.Dims))
		x.out.Dims = append(x.out.Dims, x.engine.strings.fact(d))
		x.engine.batchDims[d] = index
	}
	p.batch, p.cachedDims, p.cachedIndex = x.engine.batch, i, index
	return index
}

func (x *emitter) live(dims uint16) bool { return x.play.dimsAt(dims).live }

// merge is the table index of the newer dims laid over the older.
func (p *playState) merge(old, newer uint16) uint16 {
	if old == newer {
		return old
	}
	return p.tableIndex(p.dimsAt(old).over(p.dimsAt(newer)))
}

// maxDims bounds how many different sets of dimension values a play may have;
// after that it keeps its last.
const maxDims = 1_000

func (p *playState) tableIndex(d dims) uint16 {
	if d == (dims{}) {
		return 0
	}
	for i := range p.dims {
		if p.dims[i] == d {
			return uint16(i + 1)
		}
	}
	if len(p.dims) < maxDims {
		p.dims = append(p.dims, d)
	}
	return uint16(len(p.dims))
}

// dimsAt is the entry of an index; 0 stands for knowing nothing.
func (p *playState) dimsAt(i uint16) dims {
	if i == 0 {
		return dims{}
	}
	return p.dims[i-1]
}
