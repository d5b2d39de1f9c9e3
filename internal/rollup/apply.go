package rollup

import (
	"playhead/internal/fact"
	"playhead/internal/sketch"
)

// resolve turns the batch's dimension sets into ids of faces, and makes sure
// that the values of the others are known too.
func (g *Generation) resolve(b *fact.Batch) {
	g.ids = g.ids[:0]
	for i := range b.Dims {
		g.ids = append(g.ids, g.names.faces(&b.Dims[i]))
	}
}

func (g *Generation) applySpans(b *fact.Batch) {
	pulseFrom := floorTo(b.FreshTo-g.opts.Keep.PulseMS, PulseMS)
	hoursFrom := floorTo(b.FreshTo-g.opts.Keep.TitleHourMS, HourMS)
	for i := range b.Spans {
		s := &b.Spans[i]
		if s.To <= s.From || s.N == 0 {
			continue
		}
		c := contributionOf(s)
		if c.faces == 0 {
			continue
		}
		ids := &g.ids[s.Dims]
		g.spreadPulse(c, ids, max(s.From, pulseFrom), s.To)
		for from := max(s.From, hoursFrom); from < s.To; {
			start := floorTo(from, HourMS)
			to := min(s.To, start+HourMS)
			g.add(SourceTitleHour, start, start+HourMS, c, ids, c.amount(from, to))
			from = to
		}
		for from := s.From; from < s.To; {
			start, end := g.days.bounds(from)
			to := min(s.To, end)
			g.add(SourceTitleDay, start, end, c, ids, c.amount(from, to))
			from = to
		}
	}
}

// contribution says what a span adds to which measures, a ms or a boundary.
type contribution struct {
	measures [4]Measure
	count    int
	faces    fact.Scope
	n        int64
	gauge    bool // counts boundaries, not ms
}

// contributionOf knows what each kind of span is for.
func contributionOf(s *fact.Span) contribution {
	c := contribution{n: int64(s.N), faces: fact.ScopeEvery}
	c.measures, c.count = spanMeasures(s.Kind)
	switch s.Kind {
	case fact.ActivePlay:
		c.gauge = true
	case fact.ActiveViewer:
		c.gauge, c.faces = true, s.Scope
	}
	if c.count == 0 {
		c.faces = 0
	}
	return c
}

// spanMeasures are the measures that time in a state adds to.
func spanMeasures(k fact.SpanKind) ([4]Measure, int) {
	switch k {
	case fact.Startup, fact.Seeking:
		return [4]Measure{WatchMS}, 1
	case fact.Playing:
		return [4]Measure{WatchMS, MediaMS}, 2
	case fact.Stalled:
		return [4]Measure{WatchMS, StallMS}, 2
	case fact.SeekStalled:
		return [4]Measure{WatchMS, StallMS, SeekStallMS}, 3
	case fact.ActivePlay:
		return [4]Measure{PlayMarks}, 1
	case fact.ActiveViewer:
		return [4]Measure{ViewerMarks}, 1
	}
	return [4]Measure{}, 0
}

// amount is what [from, to) adds.
func (c *contribution) amount(from, to int64) int64 {
	if c.gauge {
		return c.n * boundaries(from, to)
	}
	return c.n * (to - from)
}

func (g *Generation) spreadPulse(c contribution, ids *faceIDs, from, to int64) {
	for from < to {
		start := floorTo(from, PulseMS)
		next := min(to, start+PulseMS)
		g.add(SourcePulse, start, start+PulseMS, c, ids, c.amount(from, next))
		from = next
	}
}

// add puts an amount into the cells of a bucket in every face of the source.
func (g *Generation) add(source Source, start, end int64, c contribution, ids *faceIDs, amount int64) {
	if amount == 0 {
		return
	}
	t := &g.tables[source]
	b := t.bucket(start, end)
	kept := source.Faces() & c.faces
	for f := range FaceCount {
		if kept>>f&1 == 0 {
			continue
		}
		t.addTime(&g.slab, b, f, ids[f], c.measures[:c.count], amount)
	}
}

func (g *Generation) applyMarks(b *fact.Batch) {
	for i := range b.Marks {
		m := &b.Marks[i]
		known := m.Kind == fact.FirstFrame && m.Known
		if known && m.N < 0 {
			g.over++
		}
		var coupon uint32
		if known && m.N > 0 {
			coupon = sketch.Coupon(m.Viewer)
		}
		if start := floorTo(m.Time, PulseMS); start >= b.FreshTo-g.opts.Keep.PulseMS {
			g.mark(SourcePulse, start, start+PulseMS, m, coupon)
		}
		if start := floorTo(m.Time, HourMS); start >= b.FreshTo-g.opts.Keep.TitleHourMS {
			g.mark(SourceTitleHour, start, start+HourMS, m, coupon)
		}
		start, end := g.days.bounds(m.Time)
		g.mark(SourceTitleDay, start, end, m, coupon)
	}
}

// mark counts a mark, and its viewer's coupon unless it is 0, in every face.
func (g *Generation) mark(source Source, start, end int64, m *fact.Mark, coupon uint32) {
	t := &g.tables[source]
	b := t.bucket(start, end)
	ids := &g.ids[m.Dims]
	kept := source.Faces()
	for f := range FaceCount {
		if kept>>f&1 == 0 {
			continue
		}
		cell := t.cell(&g.slab, b, f, ids[f])
		addMark(&cell.Measures, m)
		if coupon == 0 {
			continue
		}
		if cell.Viewers == nil {
			cell.Viewers = new(sketch.HLL)
			g.extra += 48
		}
		cell.Viewers.AddCoupon(coupon)
		g.extra += 6
	}
}

// addMark counts a mark.
func addMark(to *Measures, m *fact.Mark) {
	n := int64(m.N)
	switch m.Kind {
	case fact.Request:
		to[PlayRequests] += n
	case fact.FirstFrame:
		to[Plays] += n
		if m.Value >= 0 {
			to[StartupMS] += n * m.Value
			to[StartupCount] += n
		}
		if m.Known {
			to[KnownPlays] += n
		}
	case fact.Exit:
		to[Exits] += n
	case fact.StartFailure:
		to[StartFailures] += n
	case fact.PlaybackFailure:
		to[PlaybackFailures] += n
	case fact.End:
		to[EndedPlays] += n
	case fact.Stall:
		to[Stalls] += n
	case fact.Measured:
		to[MeasuredPlays] += n
	case fact.Completed:
		to[CompletedPlays] += n
	}
}

func (g *Generation) applyPlays(b *fact.Batch) {
	for i := range b.Plays {
		p := &b.Plays[i]
		g.addCurve(p, &b.Dims[p.Dims])
		own := *p
		own.Dims = g.names.row(&b.Dims[p.Dims])
		own.ErrorCode, own.ErrorClass = g.arena.text(p.ErrorCode), g.arena.text(p.ErrorClass)
		own.Intervals = g.ownIntervals(b, p.Intervals)
		own.Active = g.ownIntervals(b, p.Active)
		own.Cover = g.arena.cover.copy(p.Cover)
		g.plays = append(g.plays, own)
		g.extra += playBytes + 24*int64(len(own.Intervals)+len(own.Active)+len(own.Cover))
	}
}

func (g *Generation) ownIntervals(b *fact.Batch, list []fact.Interval) []fact.Interval {
	own := g.arena.intervals.copy(list)
	for i := range own {
		own[i].Dims = g.names.row(&b.Dims[own[i].Dims])
	}
	return own
}
