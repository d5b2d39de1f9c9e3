package rollup

import (
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/sketch"
)

// AddPlay adds one row of a finished play (of either sign) to the answer of a
// SourcePlays scan. dims is what the row's dimension indexes point into. Time
// is cut exactly at the boundaries of the buckets, and each stretch counts for
// the dimension values of its moment.
func (a *Accumulator) AddPlay(p *fact.Play, dims []fact.Dims) {
	if a.plays == nil {
		a.plays = &playScan{a: a}
	}
	a.sawFirst(FirstMoment(p))
	a.plays.add(p, dims)
}

// FirstMoment is when the part began, epoch ms.
func FirstMoment(p *fact.Play) int64 {
	first := p.Ended
	for _, t := range []int64{p.Requested, p.FirstFrame} {
		if t != 0 {
			first = min(first, t)
		}
	}
	for _, list := range [][]fact.Interval{p.Intervals, p.Active} {
		if len(list) > 0 {
			first = min(first, list[0].From)
		}
	}
	return first
}

// LastMoment is the end of all that the row counts, epoch ms, exclusive.
func LastMoment(p *fact.Play) int64 {
	last := p.Ended + 1
	for _, t := range []int64{p.Requested, p.FirstFrame} {
		last = max(last, t+1)
	}
	for _, list := range [][]fact.Interval{p.Intervals, p.Active} {
		for i := range list {
			last = max(last, list[i].To)
		}
	}
	return last
}

// playScan evaluates plays for an accumulator.
type playScan struct {
	a    *Accumulator
	play *fact.Play
	dims []fact.Dims
	keys [DimensionCount]string

	// screens are the active stretches of viewers, when the gauges are asked for.
	screens []screen
}

// screen is a stretch in which a viewer was active in a group.
type screen struct {
	viewer   event.ViewerKey
	group    int32
	n        int32
	from, to int64
}

func (x *playScan) add(p *fact.Play, dims []fact.Dims) {
	x.play, x.dims = p, dims
	x.a.cells++
	x.marks()
	for i := range p.Intervals {
		x.interval(i)
	}
	for i := range p.Active {
		x.active(&p.Active[i])
	}
}

// group is the group of a moment and a dimension set; nil when filtered out.
func (x *playScan) group(ms int64, dims uint32) *Group {
	bucket := x.a.bucketOf(ms)
	if bucket < 0 {
		return nil
	}
	d := &x.dims[dims]
	for i := range x.a.filters {
		f := &x.a.filters[i]
		if _, ok := f.in[Value(d, f.dim)]; !ok {
			return nil
		}
	}
	by := x.a.scan.By
	for i, dim := range by {
		x.keys[i] = Value(d, dim)
	}
	return x.a.group(bucket, x.keys[:len(by)])
}

func (x *playScan) mark(kind fact.MarkKind, ms int64, dims uint32, value int64) {
	if ms == 0 {
		return
	}
	g := x.group(ms, dims)
	if g == nil {
		return
	}
	m := fact.Mark{Kind: kind, N: x.play.N, Value: value, Known: x.play.Known}
	addMark(&g.Measures, &m)
	if v := g.Sketches.HLL(Viewers); v != nil && kind == fact.FirstFrame && x.play.Known && x.play.N > 0 {
		v.AddCoupon(sketch.Coupon(x.play.Viewer))
	}
}

// Moments of a play that are counted, as package play marks them.
func (x *playScan) marks() {
	p := x.play
	latest := p.Dims
	if n := len(p.Intervals); n > 0 {
		latest = p.Intervals[n-1].Dims
	}
	asked := p.Dims
	if p.Requested != 0 && len(p.Intervals) > 0 && p.Intervals[0].From == p.Requested {
		asked = p.Intervals[0].Dims
	}
	x.mark(fact.Request, p.Requested, asked, 0)
	switch {
	case p.FirstFrame != 0:
		x.mark(fact.FirstFrame, p.FirstFrame, p.Dims, p.StartupMS)
		x.mark(fact.End, p.Ended, p.Dims, 0)
		if p.StartMS >= 0 && p.DurationMS > 0 && !x.dims[latest].Live {
			x.mark(fact.Measured, p.FirstFrame, p.Dims, 0)
			if p.Completed {
				x.mark(fact.Completed, p.FirstFrame, p.Dims, 0)
			}
		}
	case p.Reason == fact.EndedByExit:
		x.mark(fact.Exit, p.Requested, p.Dims, 0)
	case p.Reason == fact.EndedByFailure && p.Part == 0:
		x.mark(fact.StartFailure, p.Requested, p.Dims, 0)
	}
	if p.Reason == fact.EndedByFailure && (p.FirstFrame != 0 || p.Part > 0) {
		x.mark(fact.PlaybackFailure, p.Ended, latest, 0)
	}
}

// interval adds the time of one stretch, and the stall that begins with it. A
// stall that goes on under other dimension values is one stall; stalls that
// follow each other without a gap are told apart by the row's own count only,
// and the first of them takes what is over.
func (x *playScan) interval(i int) {
	p := x.play
	iv := &p.Intervals[i]
	measures, count := spanMeasures(iv.Kind)
	x.pieces(iv, func(g *Group, from, to int64) {
		for _, m := range measures[:count] {
			g.Measures[m] += int64(p.N) * (to - from)
		}
	})
	if !isStall(iv.Kind) || i > 0 && continues(&p.Intervals[i-1], iv) {
		return
	}
	stalls, before := int32(0), int32(0)
	for j := range p.Intervals {
		if isStall(p.Intervals[j].Kind) && (j == 0 || !continues(&p.Intervals[j-1], &p.Intervals[j])) {
			stalls++
			if j < i {
				before++
			}
		}
	}
	n := int64(1)
	if before == 0 {
		n += int64(max(0, p.Stalls-stalls))
	}
	if g := x.group(iv.From, iv.Dims); g != nil {
		g.Measures[Stalls] += n * int64(p.N)
	}
}

func isStall(k fact.SpanKind) bool { return k == fact.Stalled || k == fact.SeekStalled }

// continues says whether b is the same stall as a under other dimension values.
func continues(a, b *fact.Interval) bool { return a.Kind == b.Kind && a.To == b.From }

// pieces cuts a stretch at the boundaries of the buckets.
func (x *playScan) pieces(iv *fact.Interval, fn func(g *Group, from, to int64)) {
	bounds := x.a.bounds
	from := max(iv.From, x.a.scan.From, bounds[0])
	last := min(iv.To, x.a.scan.To, bounds[len(bounds)-1])
	for from < last {
		to := min(last, bounds[x.a.bucketOf(from)+1])
		if g := x.group(from, iv.Dims); g != nil {
			fn(g, from, to)
		}
		from = to
	}
}

func (x *playScan) active(iv *fact.Interval) {
	x.pieces(iv, func(g *Group, from, to int64) {
		marks := int64(x.play.N) * boundaries(from, to)
		g.Measures[PlayMarks] += marks
		if !x.a.scan.Gauges {
			g.Measures[ViewerMarks] += marks
			return
		}
		group := x.a.index[string(x.a.key)] // the key of the group just found
		x.screens = append(x.screens, screen{x.play.Viewer, int32(group), x.play.N, from, to})
	})
}

// finish counts each viewer once at each boundary in each group: where at least
// one of the viewer's screens is on.
func (x *playScan) finish() {
	type edge struct {
		at int64
		n  int32
	}
	slices.SortFunc(x.screens, func(a, b screen) int {
		if a.group != b.group {
			return int(a.group - b.group)
		}
		return slices.Compare(a.viewer[:], b.viewer[:])
	})
	var edges []edge
	for i := 0; i < len(x.screens); {
		s := x.screens[i]
		edges = edges[:0]
		for ; i < len(x.screens) && x.screens[i].group == s.group && x.screens[i].viewer == s.viewer; i++ {
			edges = append(edges, edge{x.screens[i].from, x.screens[i].n}, edge{x.screens[i].to, -x.screens[i].n})
		}
		slices.SortFunc(edges, func(a, b edge) int { return int(max(-1, min(1, a.at-b.at))) })
		on := int32(0)
		for j, e := range edges {
			if j > 0 && on > 0 {
				x.a.groups[s.group].Measures[ViewerMarks] += boundaries(edges[j-1].at, e.at)
			}
			on += e.n
		}
	}
	x.screens = nil
}
