package play

import (
	"math"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// What was watched of the media, by the oracle: stretches of positions, how
// often each was played, and the rows that follow from them.

// oracleStretch is media watched in one go.
type oracleStretch struct{ from, to int64 }

// positions is what the part watched, where it began and how far it came.
func (o *oraclePlayer) positions(part int, duration int64) (stretches []oracleStretch, start, furthest, lastDuration int64) {
	start, furthest = -1, -1
	known := false
	var from, to, pos, held int64
	rate := int64(1000)
	watched := func(p int64) {
		if !known {
			return
		}
		if duration > 0 {
			p = min(p, duration)
		}
		pos, to = p, max(to, p)
		furthest = max(furthest, to)
	}
	finish := func() {
		if known && to > from {
			stretches = append(stretches, oracleStretch{from, to})
		}
		known = false
	}
	begin := func(p int64) {
		finish()
		if p < 0 {
			return
		}
		known, from, to, pos = true, p, p, p
		furthest = max(furthest, p)
		if start < 0 {
			start = p
		}
	}
	near := func(p int64) bool { return known && p >= 0 && p-pos <= 2_000 && pos-p <= 2_000 }
	p := &o.parts[part]
	before := oNone
	if part > 0 && o.moments[p.first-1].state == oAd {
		before = oAd
	}
	// jump counts a seek that is known to have gone from one position to another.
	jump := func(from int64, m *oracleMoment) {
		if from < 0 || m.e.PositionMS < 0 {
			return
		}
		if d := m.e.PositionMS - from; d > 2_000 {
			p.skips++
			o.mark(fact.Skip, m.e.Time, 0, m.dims)
		} else if d < -2_000 {
			p.rewinds++
			o.mark(fact.Rewind, m.e.Time, 0, m.dims)
		}
	}
	seekFrom := int64(-1) // of a seek whose end is not known yet
	left := func(e *event.Event) int64 {
		switch {
		case e.FromMS >= 0:
			return e.FromMS
		case known:
			return pos
		}
		return -1
	}
	for i := o.parts[part].first; i <= o.parts[part].last; i++ {
		m := &o.moments[i]
		e := m.e
		if before == oAd && m.state == oAd && e.Type != event.Seeked || before == oAd && e.Type == event.Error {
			continue // what is reported is the ad's
		}
		before = m.state
		if e.DurationMS > 0 {
			duration = e.DurationMS
		}
		switch {
		case e.Type == event.SeekStarted:
			if near(e.FromMS) {
				watched(e.FromMS)
			} else {
				watched(pos)
			}
			if seekFrom < 0 && o.hasFrame && i >= o.frameMoment {
				seekFrom = left(e)
			}
			begin(-1)
		case e.Type == event.Seeked:
			if near(e.FromMS) {
				watched(e.FromMS)
			} else {
				watched(pos)
			}
			if seekFrom < 0 && o.hasFrame && i >= o.frameMoment {
				seekFrom = left(e)
			}
			jump(seekFrom, m)
			seekFrom = -1
			begin(e.PositionMS)
		case near(e.PositionMS):
			watched(e.PositionMS)
		default:
			watched(pos)
			if e.PositionMS >= 0 {
				begin(e.PositionMS)
			}
		}
		switch {
		case seekFrom < 0, e.Type == event.SeekStarted, m.state == oSeeking, m.state == oAd:
		case m.state == oOver:
			seekFrom = -1
		case e.PositionMS >= 0:
			jump(seekFrom, m)
			seekFrom = -1
		case m.state == oPlaying:
			seekFrom = -1
		}
		if e.Rate > 0 {
			rate = int64(math.Round(e.Rate * 1000))
		}
		if m.kind == fact.Playing {
			// That a wait was short is known when it is over.
			held += m.credited
			if m.state != oWaiting || i == o.parts[part].last || o.moments[i+1].state != oWaiting {
				if known {
					pos += held * rate / 1000
				}
				held = 0
			}
		}
	}
	finish()
	return stretches, start, furthest, duration
}

// oracleCover counts how often each position was played.
func oracleCover(stretches []oracleStretch) []fact.Coverage {
	var cuts []int64
	for _, s := range stretches {
		cuts = append(cuts, s.from, s.to)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var out []fact.Coverage
	for i := 0; i+1 < len(cuts); i++ {
		n := int32(0)
		for _, s := range stretches {
			if s.from <= cuts[i] && cuts[i+1] <= s.to {
				n++
			}
		}
		if n == 0 {
			continue
		}
		if l := len(out); l > 0 && out[l-1].To == cuts[i] && out[l-1].N == n {
			out[l-1].To = cuts[i+1]
			continue
		}
		out = append(out, fact.Coverage{From: cuts[i], To: cuts[i+1], N: n})
	}
	return out
}

// rows makes the rows of finished parts, and what follows from all positions.
func (o *oraclePlayer) rows() {
	var all []oracleStretch
	var duration int64 = -1
	positioned, live := false, false
	for n := range o.parts {
		p := &o.parts[n]
		stretches, start, furthest, last := o.positions(n, duration)
		duration = last
		live = o.moments[p.last].dims.Live
		positioned = positioned || start >= 0
		all = append(all, stretches...)
		row := fact.Play{
			N: 1, Viewer: o.viewer, Known: o.known, Play: o.play, Part: int32(n), Dims: o.dim(o.requestDims),
			Requested: p.requested, FirstFrame: p.frame, Ended: p.ended, Reason: p.reason,
			ErrorClass: p.errorKind, ErrorCode: p.code, DroppedFrames: p.dropped, Pauses: p.pauses, Rewinds: p.rewinds, Skips: p.skips,
			StartupMS: p.startup, DurationMS: duration, StartMS: start, FurthestMS: furthest, Stalls: p.stalls,
			Cover: oracleCover(stretches), Intervals: []fact.Interval{}, Active: []fact.Interval{},
		}
		if live {
			row.DurationMS = -1
		}
		if o.hasFrame && n >= o.framePart {
			row.Dims = o.dim(o.frameDims)
		}
		row.Completed = o.hasFrame && n >= o.framePart && !live && positioned && duration > 0 && oracleUnion(all)*10 >= duration*9
		o.fillRow(&row, p)
		o.out.Plays = append(o.out.Plays, row)
	}
	o.watched, o.duration = all, duration
	if o.hasFrame && positioned && duration > 0 && !live {
		o.mark(fact.Measured, o.frame, 0, o.frameDims)
		if oracleUnion(all)*10 >= duration*9 {
			o.mark(fact.Completed, o.frame, 0, o.frameDims)
		}
		share := math.Min(1, float64(oracleUnion(all))/float64(duration))
		o.mark(fact.Viewed, o.frame, int64(math.Floor(share*1e6+0.5)), o.frameDims)
	}
}

func oracleUnion(stretches []oracleStretch) int64 {
	total := int64(0)
	for _, c := range oracleCover(stretches) {
		total += c.To - c.From
	}
	return total
}

// fillRow sums the part's time.
func (o *oraclePlayer) fillRow(row *fact.Play, p *oraclePart) {
	add := func(kind fact.SpanKind, from, to, bitrate int64, d fact.Dims) {
		ms := to - from
		if ms <= 0 {
			return
		}
		switch kind {
		case fact.Playing:
			row.MediaMS += ms
			if bitrate > 0 {
				row.BitrateMS, row.KnownBitrateMS = row.BitrateMS+ms*bitrate, row.KnownBitrateMS+ms
			}
		case fact.Stalled:
			row.StallMS += ms
		case fact.SeekStalled:
			row.StallMS, row.SeekStallMS = row.StallMS+ms, row.SeekStallMS+ms
		}
		if kind != fact.Paused && kind != fact.Ad {
			row.WatchedMS += ms
		}
		if n := len(row.Intervals); n > 0 {
			if l := &row.Intervals[n-1]; l.Kind == kind && l.To == from && o.out.Dims[l.Dims] == d {
				l.To = to
				return
			}
		}
		row.Intervals = append(row.Intervals, fact.Interval{Kind: kind, From: from, To: to, Dims: o.dim(d)})
	}
	for i := p.first; i <= p.last; i++ {
		m := &o.moments[i]
		if i == 0 {
			add(fact.Startup, p.requested, m.e.Time, 0, m.dims)
		}
		add(m.kind, m.e.Time, m.e.Time+m.credited, m.timeRate, m.timeDims)
	}
	until := int64(math.MaxInt64)
	if p.last+1 < len(o.moments) {
		until = o.moments[p.last+1].e.Time
	}
	for _, a := range o.active {
		if a.from < p.began || a.from >= until {
			continue
		}
		if n := len(row.Active); n > 0 {
			if l := &row.Active[n-1]; l.To == a.from && o.out.Dims[l.Dims] == a.dims {
				l.To = a.to
				continue
			}
		}
		row.Active = append(row.Active, fact.Interval{Kind: fact.ActivePlay, From: a.from, To: a.to, Dims: o.dim(a.dims)})
	}
}
