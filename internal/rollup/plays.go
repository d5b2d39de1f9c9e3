package rollup

import (
	"cmp"
	"math/bits"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/sketch"
)

// AddPlay adds one row of a finished play (of either sign) to the answer of a
// SourcePlays scan. dims and slots are what the row's indexes point into. Time
// is cut exactly at the boundaries of the buckets, and each stretch counts for
// the dimension values of its moment.
func (a *Accumulator) AddPlay(p *fact.Play, dims []fact.Dims, slots []fact.Slot) {
	if a.plays == nil {
		a.plays = newPlayScan(a)
	}
	a.sawFirst(FirstMoment(p))
	a.plays.add(p, dims, slots)
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

// WholeLife are the measures of a finished play within [first, last), epoch ms, whatever
// the dimension values of its moments: what a scan of SourcePlays that groups by nothing
// would say of it alone.
func WholeLife(p *fact.Play, dims []fact.Dims, first, last int64) Measures {
	bounds := [2]int64{first, last}
	a := Accumulator{scan: Scan{From: first, To: last}, bounds: bounds[:]}
	var only Group
	x := playScan{a: &a, only: &only}
	x.add(p, dims, nil)
	return only.Measures
}

// playScan evaluates plays for an accumulator.
type playScan struct {
	a    *Accumulator
	only *Group // that everything is in; else the accumulator finds each
	play *fact.Play
	dims []fact.Dims
	slot *fact.Slot
	keys [DimensionCount]string
	// fan is a grouping dimension that has many values, if there is one.
	fan  int
	fans bool
	// filters by what a play has one of, and by what it has many of.
	single, multi []filterSet

	// screens are the active stretches of viewers, when the gauges are asked for.
	screens []screen
	// startups are the startup times of plays, when they are asked for.
	startups []startup
}

// startup is a startup time of a group, n times.
type startup struct {
	group int
	ms    int64
	n     int32
}

func newPlayScan(a *Accumulator) *playScan {
	x := &playScan{a: a}
	for i, d := range a.scan.By {
		if d.MultiValued() {
			x.fan, x.fans = i, true
		}
	}
	for _, f := range a.filters {
		if f.dim.MultiValued() {
			x.multi = append(x.multi, f)
		} else {
			x.single = append(x.single, f)
		}
	}
	return x
}

// screen is a stretch in which a viewer was active in a group.
type screen struct {
	viewer   event.ViewerKey
	group    int32
	n        int32
	from, to int64
}

func (x *playScan) add(p *fact.Play, dims []fact.Dims, slots []fact.Slot) {
	x.play, x.dims, x.slot = p, dims, nil
	if p.Slot != 0 && x.only == nil {
		x.slot = &slots[p.Slot-1]
	}
	x.a.cells++
	x.marks()
	for i := range p.Intervals {
		x.interval(i)
	}
	for i := range p.Active {
		x.active(&p.Active[i])
	}
	x.bitrate()
}

// value is the value of a dimension that a moment of the play has one of.
func (x *playScan) value(d *fact.Dims, dim Dimension) string {
	switch {
	case dim < Creative:
		return Value(d, dim)
	case dim == Creative && x.slot != nil:
		return x.slot.Creative
	case dim == Placement && x.slot != nil:
		return x.slot.Placement
	case dim == RankBucket && x.slot != nil:
		return RankBucketOf(x.slot.Rank)
	case dim == Language || dim == Show:
		return Values(d, dim)[0]
	}
	return ""
}

// groups calls fn for the groups of a moment and a dimension set: none when it is
// filtered out, several where a dimension has many values.
func (x *playScan) groups(ms int64, dims uint32, fn func(g *Group)) {
	bucket := x.a.bucketOf(ms)
	if bucket < 0 {
		return
	}
	if x.only != nil {
		fn(x.only)
		return
	}
	d := &x.dims[dims]
	for i := range x.single {
		if _, ok := x.single[i].in[x.value(d, x.single[i].dim)]; !ok {
			return
		}
	}
	by := x.a.scan.By
	for i, dim := range by {
		if !dim.MultiValued() {
			x.keys[i] = x.value(d, dim)
		}
	}
	for i := range x.multi {
		f := &x.multi[i]
		if x.fans && f.dim == by[x.fan] {
			continue
		}
		if !slices.ContainsFunc(Values(d, f.dim), func(v string) bool { _, ok := f.in[v]; return ok }) {
			return
		}
	}
	if !x.fans {
		fn(x.a.group(bucket, x.keys[:len(by)]))
		return
	}
next:
	for _, v := range Values(d, by[x.fan]) {
		for i := range x.multi {
			if _, ok := x.multi[i].in[v]; !ok && x.multi[i].dim == by[x.fan] {
				continue next
			}
		}
		for i, dim := range by {
			if dim == by[x.fan] {
				x.keys[i] = v
			}
		}
		fn(x.a.group(bucket, x.keys[:len(by)]))
	}
}

func (x *playScan) mark(kind fact.MarkKind, ms int64, dims uint32, value int64) {
	if ms == 0 {
		return
	}
	m := fact.Mark{Kind: kind, N: x.play.N, Value: value, Known: x.play.Known}
	c := markChange(&m)
	x.groups(ms, dims, func(g *Group) {
		for i := range c.count {
			g.Measures[c.measures[i]] += c.values[i]
		}
		if kind != fact.FirstFrame {
			return
		}
		if v := g.Sketches.HLL(Viewers); v != nil && x.play.Known && x.play.N > 0 {
			v.AddCoupon(sketch.Coupon(x.play.Viewer))
		}
		if value >= 0 && g.Sketches.KLL(StartupTimes) != nil {
			x.startups = append(x.startups, startup{x.a.index[string(x.a.key)], value, x.play.N})
		}
	})
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
		for _, m := range [...]struct {
			kind fact.MarkKind
			n    int64
		}{{fact.Pause, int64(p.Pauses)}, {fact.Rewind, int64(p.Rewinds)}, {fact.Skip, int64(p.Skips)}, {fact.DroppedFrames, p.DroppedFrames}} {
			x.count(m.kind, m.n)
		}
		if p.StartMS >= 0 && p.DurationMS > 0 && !x.dims[latest].Live {
			x.mark(fact.Measured, p.FirstFrame, p.Dims, 0)
			if p.Completed {
				x.mark(fact.Completed, p.FirstFrame, p.Dims, 0)
			}
			x.mark(fact.Viewed, p.FirstFrame, p.Dims, viewedOf(p))
		}
	case p.Reason == fact.EndedByExit:
		x.mark(fact.Exit, p.Requested, p.Dims, 0)
	case p.Reason == fact.EndedByFailure && p.Part == 0:
		x.mark(fact.StartFailure, p.Requested, p.Dims, 0)
		if p.ErrorClass == businessClass {
			x.mark(fact.BusinessFailure, p.Requested, p.Dims, 0)
		}
	}
	if p.Reason == fact.EndedByFailure && (p.FirstFrame != 0 || p.Part > 0) {
		x.mark(fact.PlaybackFailure, p.Ended, latest, 0)
	}
}

// viewedOf is how much of its duration a row shows, in millionths.
func viewedOf(p *fact.Play) int64 {
	seen := int64(0)
	for _, v := range p.Cover {
		seen += v.To - v.From
	}
	return min((seen*1_000_000+p.DurationMS/2)/p.DurationMS, 1_000_000)
}

// businessClass is the error class of entitlement and geo-blocks.
const businessClass = "business"

// count counts what the row only knows the number of: it is dated by the first frame.
func (x *playScan) count(kind fact.MarkKind, n int64) {
	if n == 0 {
		return
	}
	m := fact.Mark{Kind: kind, N: x.play.N, Value: n}
	c := markChange(&m)
	if kind != fact.DroppedFrames {
		c.values[0] *= n
	}
	x.groups(x.play.FirstFrame, x.play.Dims, func(g *Group) { g.Measures[c.measures[0]] += c.values[0] })
}

// bitrate lays the row's bitrate over its playing time, evenly: the row does not
// know when which was played.
func (x *playScan) bitrate() {
	p := x.play
	total := int64(0)
	for i := range p.Intervals {
		if p.Intervals[i].Kind == fact.Playing {
			total += p.Intervals[i].To - p.Intervals[i].From
		}
	}
	if total == 0 || p.KnownBitrateMS == 0 {
		return
	}
	before := int64(0) // playing time before the interval
	for i := range p.Intervals {
		iv := &p.Intervals[i]
		if iv.Kind != fact.Playing {
			continue
		}
		upTo := func(all, ms int64) int64 { return mulDiv(all, before+ms-iv.From, total) }
		x.pieces(iv, func(g *Group, from, to int64) {
			g.Measures[BitrateMS] += int64(p.N) * (upTo(p.BitrateMS, to) - upTo(p.BitrateMS, from))
			g.Measures[KnownBitrateMS] += int64(p.N) * (upTo(p.KnownBitrateMS, to) - upTo(p.KnownBitrateMS, from))
		})
		before += iv.To - iv.From
	}
}

// mulDiv is a·b/c, rounded down, for 0 ≤ b ≤ c and a ≥ 0.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(q)
}

// interval adds the time of one stretch, and the stall that begins with it. A
// stall that goes on under other dimension values is one stall; stalls that
// follow each other without a gap are told apart by the row's own count only,
// and the first of them takes what is over.
func (x *playScan) interval(i int) {
	p := x.play
	iv := &p.Intervals[i]
	var c change
	c.ofSpan(&fact.Span{Kind: iv.Kind, N: p.N})
	x.pieces(iv, func(g *Group, from, to int64) {
		for k := range c.count {
			g.Measures[c.measures[k]] += c.values[k] * (to - from)
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
	x.groups(iv.From, iv.Dims, func(g *Group) { g.Measures[Stalls] += n * int64(p.N) })
}

func isStall(k fact.SpanKind) bool { return k == fact.Stalled || k == fact.SeekStalled }

// continues says whether b is the same stall as a under other dimension values.
func continues(a, b *fact.Interval) bool { return a.Kind == b.Kind && a.To == b.From }

// pieces cuts a stretch at the boundaries of the buckets.
func (x *playScan) pieces(iv *fact.Interval, fn func(g *Group, from, to int64)) {
	bounds := x.a.bounds
	from := max(iv.From, x.a.scan.From, bounds[0])
	last := min(iv.To, x.a.scan.To, bounds[len(bounds)-1])
	if x.only != nil && from < last {
		fn(x.only, from, last)
		return
	}
	for from < last {
		to := min(last, bounds[x.a.bucketOf(from)+1])
		x.groups(from, iv.Dims, func(g *Group) { fn(g, from, to) })
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

// finish does what needs all plays.
func (x *playScan) finish() {
	x.finishStartups()
	x.finishScreens()
}

// finishStartups adds the startup times that were not taken back.
func (x *playScan) finishStartups() {
	slices.SortFunc(x.startups, func(a, b startup) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.ms, b.ms))
	})
	for i := 0; i < len(x.startups); {
		s, n := x.startups[i], int32(0)
		for ; i < len(x.startups) && x.startups[i].group == s.group && x.startups[i].ms == s.ms; i++ {
			n += x.startups[i].n
		}
		times := x.a.at(int(s.group)).Sketches.KLL(StartupTimes)
		for ; n > 0; n-- {
			times.Add(float32(s.ms))
		}
	}
	x.startups = nil
}

// finishScreens counts each viewer once at each boundary in each group: where at
// least one of the viewer's screens is on.
func (x *playScan) finishScreens() {
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
				x.a.at(int(s.group)).Measures[ViewerMarks] += boundaries(edges[j-1].at, e.at)
			}
			on += e.n
		}
	}
	x.screens = nil
}
