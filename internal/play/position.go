package play

import (
	"playhead/internal/event"
	"playhead/internal/fact"
)

// run lets d ms of playing time pass: how far the playhead should be by the
// evidence that is being folded.
func (f *fold) run(d int32) {
	if f.position < 0 || d <= 0 {
		return
	}
	if f.rate == 1000 {
		f.ahead = min(d, 1<<30)
		return
	}
	f.ahead = int32(min(int64(d)*int64(f.rate)/1000, 1<<30))
}

// watchTo extends the current run to position p.
func (f *fold) watchTo(p int32, x *emitter) {
	if f.duration > 0 {
		p = min(p, f.duration)
	}
	f.position = p // a report may lie a little behind what was extrapolated
	if f.play.from < 0 || p <= f.play.to {
		return
	}
	// In its first part a play has been nowhere beyond its furthest position.
	if f.runs == 0 || f.first == 0 && f.play.to >= f.furthest {
		f.distinct += p - f.play.to
	} else {
		f.distinct += f.uncovered(f.play.to, p, x)
	}
	f.play.to = p
	f.furthest = max(f.furthest, p)
}

// describe takes over what e says of position, duration, rate and bitrate. The
// time before e is accounted for already.
func (f *fold) describe(e *evidence, x *emitter) {
	if f.state == inAd && !leavesAd(e.kind) {
		return // what is reported is the ad's
	}
	if e.duration > 0 {
		f.duration = e.duration
	}
	if e.bitrate > 0 && e.kind != event.AdStarted {
		f.bitrate = e.bitrate
	}
	expected := f.position
	if expected >= 0 {
		expected = int32(min(int64(expected)+int64(f.ahead), 1<<31-1))
	}
	f.ahead = 0
	at := e.position
	seek := e.kind == event.Seeked || e.kind == event.SeekStarted
	if seek {
		at = e.extra
	}
	if !near(at, expected, x.config) {
		at = expected
	}
	if expected >= 0 {
		f.watchTo(at, x)
	}
	switch {
	case seek:
		f.seek(e, x)
	case e.position >= 0 && at != e.position:
		f.cut(e.position, x)
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

// seek takes the playhead away from where it is. One that begins within another
// goes on from where the other left.
func (f *fold) seek(e *evidence, x *emitter) {
	from := f.seekFrom
	if from < 0 && f.framed {
		from = f.position
		if e.extra >= 0 {
			from = e.extra
		}
	}
	if e.kind == event.SeekStarted {
		f.seekFrom = from
		f.cut(-1, x)
		return
	}
	f.seekFrom = -1
	f.sought(from, e, x)
	f.cut(e.position, x)
}

// arrive finds where a seek that was seen to begin has led: to the first
// position that is reported when it is over. A play that goes on without one
// leaves the question open.
func (f *fold) arrive(e *evidence, x *emitter) {
	switch {
	case e.kind == event.SeekStarted, f.state == seeking, f.state == inAd:
	case f.state == closed:
		f.seekFrom = -1
	case e.position >= 0:
		f.sought(f.seekFrom, e, x)
		f.seekFrom = -1
	case f.state == playing:
		f.seekFrom = -1
	}
}

// sought counts a seek that went from one position to where e is.
func (f *fold) sought(from int32, e *evidence, x *emitter) {
	if from < 0 || e.position < 0 {
		return
	}
	switch d := int64(e.position) - int64(from); {
	case d > x.config.MinSeek:
		f.skips++
		x.mark(fact.Skip, f.dims, e.time, 0)
	case d < -x.config.MinSeek:
		f.rewinds++
		x.mark(fact.Rewind, f.dims, e.time, 0)
	}
}

// cut ends the current run and begins one at p, or none when p < 0.
func (f *fold) cut(p int32, x *emitter) {
	f.pushRun(x)
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

func (f *fold) pushRun(x *emitter) {
	if f.play.from >= 0 && f.play.to > f.play.from {
		f.push(x, record{from: f.play.from, to: f.play.to, kind: ranMedia})
	}
	f.play = run{-1, -1}
}

// uncovered is how much of the positions [a,b) no earlier run has played, ms.
func (f *fold) uncovered(a, b int32, x *emitter) int32 {
	var few [8]run
	seen := few[:0]
	for _, r := range x.play.list[:f.count] {
		if r.kind == ranMedia && r.from < b && a < r.to {
			seen = append(seen, run{r.from, r.to})
		}
	}
	sortRuns(seen)
	var free int32
	for _, r := range seen {
		free += max(0, r.from-a)
		a = max(a, r.to)
	}
	return free + max(0, b-a)
}

// complete emits the two marks of the completion rate when they come to hold,
// or takes them back: 90 % of the duration make a completion.
func (f *fold) complete(x *emitter) {
	measured := f.framed && f.positioned && f.duration > 0 && !x.live(f.dims)
	completed := measured && f.share(9)
	if measured != f.measured {
		f.measured = measured
		x.flip(fact.Measured, f.frameDims, f.firstFrame, measured)
	}
	if completed != f.completed {
		f.completed = completed
		x.flip(fact.Completed, f.frameDims, f.firstFrame, completed)
	}
}

// share reports whether so many tenths of the duration were watched.
func (f *fold) share(tenths int64) bool { return int64(f.distinct)*10 >= int64(f.duration)*tenths }

// appendRuns appends the media that was played, of what was listed from first on.
func (f *fold) appendRuns(runs []run, first uint16, p *playState) []run {
	for _, r := range p.list[first:f.count] {
		if r.kind == ranMedia {
			runs = append(runs, run{r.from, r.to})
		}
	}
	if f.play.from >= 0 && f.play.to > f.play.from {
		runs = append(runs, f.play)
	}
	return runs
}
