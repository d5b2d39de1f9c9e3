package play

import (
	"cmp"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// run lets d ms of playing time pass: how far the playhead should be by the
// evidence that is being folded.
func (f *fold) run(d int64) {
	if f.position < 0 || d <= 0 {
		return
	}
	if f.rate != 1 {
		d = int64(float64(d) * float64(f.rate))
	}
	f.ahead = int32(min(d, 1<<30))
}

// watchTo extends the current run to position p.
func (f *fold) watchTo(p int32) {
	if f.duration > 0 {
		p = min(p, f.duration)
	}
	f.position = p // a report may lie a little behind what was extrapolated
	if f.play.from < 0 || p <= f.play.to {
		return
	}
	f.distinct += f.uncovered(f.play.to, p)
	f.play.to = p
	f.furthest = max(f.furthest, p)
}

// describe takes over what e says of position, duration and rate. The time
// before e is accounted for already.
func (f *fold) describe(e *evidence, c *Config) {
	if f.state == inAd && !leavesAd(e.kind) {
		return // position and duration are the ad's
	}
	if e.duration > 0 {
		f.duration = e.duration
	}
	expected := f.position
	if expected >= 0 {
		expected = int32(min(int64(expected)+int64(f.ahead), 1<<31-1))
	}
	f.ahead = 0
	at := e.position
	if e.kind == event.Seeked || e.kind == event.SeekStarted {
		at = e.extra
	}
	if !near(at, expected, c) {
		at = expected
	}
	if expected >= 0 {
		f.watchTo(at)
	}
	switch {
	case e.kind == event.SeekStarted:
		f.cut(-1, c)
	case e.kind == event.Seeked:
		f.cut(e.position, c)
	case e.position >= 0 && at != e.position:
		f.cut(e.position, c)
	}
	if e.rate > 0 {
		f.rate = e.rate
	}
}

func leavesAd(k event.Type) bool {
	switch k {
	case event.PlayStarted, event.Resumed, event.Paused, event.SeekStarted, event.Seeked, event.AdEnded, event.PlayEnded:
		return true
	}
	return false
}

// near reports whether a reported position is where the playhead should be.
func near(p, expected int32, c *Config) bool {
	d := int64(p) - int64(expected)
	return p >= 0 && expected >= 0 && d <= c.PositionSlack && d >= -c.PositionSlack
}

// cut ends the current run and begins one at p, or none when p < 0.
func (f *fold) cut(p int32, c *Config) {
	f.pushRun(c)
	f.position = p
	if p < 0 {
		return
	}
	f.play, f.positioned = run{p, p}, true
	if f.start < 0 {
		f.start = p
	}
	f.furthest = max(f.furthest, p)
}

func (f *fold) pushRun(c *Config) {
	if f.play.from >= 0 && f.play.to > f.play.from && len(f.runs) < c.MaxListed {
		f.runs = append(f.runs, f.play)
	}
	f.play = run{-1, -1}
}

// uncovered is how much of the positions [a,b) no earlier run has played, ms.
func (f *fold) uncovered(a, b int32) int32 {
	if len(f.runs) == 0 {
		return b - a
	}
	var few [8]run
	seen := few[:0]
	for _, r := range f.runs {
		if r.from < b && a < r.to {
			seen = append(seen, r)
		}
	}
	slices.SortFunc(seen, func(x, y run) int { return cmp.Compare(x.from, y.from) })
	var free int32
	for _, r := range seen {
		free += max(0, r.from-a)
		a = max(a, r.to)
	}
	return free + max(0, b-a)
}

// complete emits the two marks of the completion rate when they come to hold,
// or takes them back.
func (f *fold) complete(x *emitter) {
	measured := f.framed && f.positioned && f.duration > 0 && !x.live(f.dims)
	completed := measured && float64(f.distinct) >= completedShare*float64(f.duration)
	x.flip(fact.Measured, f.frameDims, f.firstFrame, &f.measured, measured)
	x.flip(fact.Completed, f.frameDims, f.firstFrame, &f.completed, completed)
}

// activate moves the stretch in which the play counts as concurrent: from the
// evidence until two heartbeats later, unless something else is heard.
func (f *fold) activate(x *emitter) {
	t := f.last
	until := t
	switch f.state {
	case starting, playing, seeking, inAd:
		until = t + 2*f.heartbeat(x.config)
	case stalled:
		until = max(t, min(t+2*f.heartbeat(x.config), f.stallFrom+x.config.StallActive))
	}
	a := &f.active
	if a.dims != f.dims || a.to < t {
		// A hole, or other dimensions from here on.
		if a.to > t {
			x.active(t, a.to, a.dims, -1)
			a.to = t
		}
		f.pushActive(x.config)
		f.active = stretch{from: t, to: t, dims: f.dims}
		a = &f.active
	}
	switch {
	case until > a.to:
		x.active(a.to, until, a.dims, 1)
	case until < a.to:
		x.active(until, a.to, a.dims, -1)
	}
	a.to = until
}

func (f *fold) pushActive(c *Config) {
	if f.active.to > f.active.from && len(f.actives) < c.MaxListed {
		f.actives = append(f.actives, f.active)
	}
	f.active = stretch{from: f.active.to, to: f.active.to, dims: f.active.dims}
}

// coverage is how often each stretch of media was played in this part, sorted
// and disjoint.
func (f *fold) coverage() []fact.Coverage {
	runs := append([]run(nil), f.runs[f.firstRun:]...)
	if f.play.from >= 0 && f.play.to > f.play.from {
		runs = append(runs, f.play)
	}
	return cover(runs)
}
