package rollup

import (
	"playhead/internal/fact"
	"playhead/internal/sketch"
)

// change is what a fact adds to the cells that it touches.
type change struct {
	measures [4]Measure
	values   [4]int64 // of a span: a ms, or a boundary
	count    int
	mask     uint64 // of the measures
	gauge    bool   // counts boundaries, not ms
	shape    shape  // of a span
	whole    int64  // how often all of a span adds its values

	// A sketch that gets a member: has is 0, or a set of one.
	has    SketchSet
	kind   Sketch
	coupon uint32
	value  float32
}

func (c *change) add(m Measure, v int64) {
	c.measures[c.count], c.values[c.count] = m, v
	c.mask |= 1 << m
	c.count++
}

// ofSpan makes it what each ms of a span (each boundary in it) adds.
func (c *change) ofSpan(s *fact.Span) {
	n := int64(s.N)
	c.count, c.mask, c.gauge, c.shape = 0, 0, false, shape(s.Kind)
	switch s.Kind {
	case fact.Startup, fact.Seeking:
		c.add(WatchMS, n)
	case fact.Playing:
		c.add(WatchMS, n)
		c.add(MediaMS, n)
		if s.Bitrate != 0 {
			c.shape = shapeBitrate
			c.add(BitrateMS, n*int64(s.Bitrate))
			c.add(KnownBitrateMS, n)
		}
	case fact.Stalled:
		c.add(WatchMS, n)
		c.add(StallMS, n)
	case fact.SeekStalled:
		c.add(WatchMS, n)
		c.add(StallMS, n)
		c.add(SeekStallMS, n)
	case fact.ActivePlay:
		c.gauge = true
		c.add(PlayMarks, n)
	case fact.ActiveViewer:
		c.gauge = true
		c.add(ViewerMarks, n)
	}
}

// amount is how often [from, to) adds a span's values.
func (c *change) amount(from, to int64) int64 {
	if c.gauge {
		return boundaries(from, to)
	}
	return to - from
}

// markChange is what a mark adds.
func markChange(m *fact.Mark) (c change) {
	n := int64(m.N)
	switch m.Kind {
	case fact.Request:
		c.add(PlayRequests, n)
	case fact.FirstFrame:
		c.add(Plays, n)
		if m.Value >= 0 {
			c.add(StartupMS, n*m.Value)
			c.add(StartupCount, n)
		}
		if m.Known {
			c.add(KnownPlays, n)
		}
	case fact.Exit:
		c.add(Exits, n)
	case fact.StartFailure:
		c.add(StartFailures, n)
	case fact.PlaybackFailure:
		c.add(PlaybackFailures, n)
	case fact.End:
		c.add(EndedPlays, n)
	case fact.Stall:
		c.add(Stalls, n)
	case fact.Measured:
		c.add(MeasuredPlays, n)
	case fact.Completed:
		c.add(CompletedPlays, n)
	case fact.Pause:
		c.add(Pauses, n)
	case fact.Rewind:
		c.add(Rewinds, n)
	case fact.Skip:
		c.add(Skips, n)
	case fact.DroppedFrames:
		c.add(DroppedFrames, n*m.Value)
	case fact.NewViewer:
		c.add(NewViewers, n)
	case fact.BusinessFailure:
		c.add(BusinessFailures, n)
	case fact.Viewed:
		c.add(ViewedPlays, n)
		c.add(ViewedMillionths, n*m.Value)
	case fact.SessionEnd:
		c.add(Sessions, n)
		c.add(SessionMS, n*m.Value)
	}
	c.sketchOf(m)
	return c
}

// sketchOf is the sketch that a mark adds a member to.
func (c *change) sketchOf(m *fact.Mark) {
	if m.N <= 0 {
		return
	}
	switch m.Kind {
	case fact.StartupKnown:
		c.kind, c.value = StartupTimes, float32(m.Value)
		c.has = 1 << StartupTimes
		return
	case fact.SessionEnd:
		c.kind, c.value = SessionLengths, float32(m.Value)
		c.has = 1 << SessionLengths
		return
	case fact.FirstFrame:
		c.kind = Viewers
	case fact.Starter:
		c.kind = Starters
	case fact.Watcher:
		c.kind = Watchers
	case fact.Completer:
		c.kind = Completers
	case fact.SeasonStarter:
		c.kind = SeasonStarters
	case fact.SeasonWatcher:
		c.kind = SeasonWatchers
	case fact.SeasonCompleter:
		c.kind = SeasonCompleters
	default:
		return
	}
	if m.Known {
		c.has, c.coupon = 1<<c.kind, sketch.Coupon(m.Viewer)
	}
}

// exposureChange is what an exposure adds.
func exposureChange(x *fact.Exposure) (c change) {
	n := int64(x.N)
	weigh := func(m, m2 Measure) {
		if x.Propensity > 0 {
			w := min(1/x.Propensity, MaxWeight)
			c.add(m, n*int64(w*momentUnit+0.5))
			c.add(m2, n*int64(w*w*momentUnit+0.5))
		}
	}
	has := true
	switch x.Kind {
	case fact.Shown:
		c.kind = Reached
		c.add(Impressions, n)
	case fact.Eligible:
		c.kind = Eligible
		c.add(EligibleImpressions, n)
		weigh(MomentW, MomentW2)
	case fact.Taken:
		c.kind = Takers
		c.add(TakenImpressions, n)
		c.add(TakenMediaMS, n*x.MediaMS)
		weigh(MomentWY, MomentW2Y)
	case fact.TakeCompleted:
		c.kind = TakeCompleters
	case fact.Selected:
		has = false
		c.add(Selects, n)
	case fact.QualifiedPlay:
		has = false
		c.add(QualifiedPlays, n)
	}
	if has && x.Known && n > 0 {
		c.has, c.coupon = 1<<c.kind, sketch.Coupon(x.Viewer)
	}
	return c
}

// apply adds a change, times an amount, to the cell of a key in a piece of time.
func (t *table) apply(piece, key uint32, c *change, amount int64) {
	sketches := c.has & t.spec.sketches
	if c.mask&t.mask == 0 && sketches == 0 {
		return
	}
	ref := t.cell(piece, key)
	last, values := -1, []int64(nil)
	for i := range c.count {
		at := int(t.at[c.measures[i]])
		if at < 0 {
			continue
		}
		if n := at >> t.shift; n != last {
			last, values = n, t.block(ref, n)
		}
		values[at&(len(values)-1)] += c.values[i] * amount
	}
	switch {
	case sketches == 0:
	case c.kind.Quantile():
		t.nodes.of(&t.first[ref-1], c.kind).addValue(&t.nodes, c.value)
	default:
		t.addCoupon(ref, c.kind, c.coupon)
	}
}
