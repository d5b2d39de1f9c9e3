package play

import (
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// state of a play after its last evidence.
type state uint8

const (
	idle state = iota
	starting
	playing
	paused
	seeking
	stalled
	inAd
	closed
)

// evidence is one event of a play, as small as it can be kept.
type evidence struct {
	time int64
	// seq is below zero where the client numbers nothing; then it is made of
	// the event's id.
	seq int64
	// Media ms, −1 absent.
	position, duration int32
	// extra is where a seek left (media ms) or how long a start took (ms); −1
	// absent.
	extra           int32
	rate            float32
	dims            uint16 // what the event itself knew, index into play.dims
	kind            event.Type
	fatal, business bool
}

// number is the place that the client gave to what has no seq, or −1.
func (a *evidence) number() int64 { return event.NumberOf(-1 - a.seq) }

// before is the order of evidence: time, seq or number, then the order in which
// players do things in one millisecond, then something that does not depend on
// arrival.
func (a *evidence) before(b *evidence) bool {
	switch n, m := a.number(), b.number(); {
	case a.time != b.time:
		return a.time < b.time
	case (a.seq >= 0 || b.seq >= 0) && a.seq != b.seq:
		return a.seq < b.seq // what has none comes first: the order must be transitive
	case n != m:
		return n < m
	case a.kind != b.kind:
		return rank[a.kind] < rank[b.kind] || rank[a.kind] == rank[b.kind] && a.kind < b.kind
	}
	return a.seq > b.seq // by id
}

// rank orders what has the same time and no seq: a player that reports seek,
// wait and play within one millisecond plays after it.
var rank = [...]uint8{
	event.PlayRequested: 0, event.PlayStarted: 1, event.AdStarted: 2, event.AdEnded: 3,
	event.SeekStarted: 4, event.Seeked: 5, event.StallStarted: 6, event.StallEnded: 7,
	event.Resumed: 8, event.Heartbeat: 9, event.QualityChanged: 9, event.Paused: 10,
	event.Error: 11, event.PlayEnded: 12,
}

// stretch is time in one state, or time counted as concurrent.
type stretch struct {
	from, to int64
	kind     fact.SpanKind
	dims     uint16
}

// run is media played in one go, positions in ms.
type run struct{ from, to int32 }

// fold is what the evidence so far amounts to. It is copied as a value: its
// lists only ever grow at the end, so base and tip may share them.
type fold struct {
	last                  int64 // last evidence: when it ends, the end
	requested, firstFrame int64
	stallFrom, seekAt     int64
	lastSeq               int64

	interval stretch // the current one, not yet in intervals
	active   stretch // the current concurrent stretch; may run ahead of last

	media, watched, stall, seekStall int64
	stalls, part                     int32

	play                      run   // the current run, from = −1 when none
	position, ahead           int32 // the playhead at the last evidence; media played since
	distinct, start, furthest int32
	duration                  int32
	startup                   int32
	rate                      float32

	gaps  [gapsKept]int32
	nGaps uint8

	state, beforeSeek state
	reason            fact.EndReason
	dims, reqDims     uint16
	frameDims         uint16

	// framed: the play had its first frame; frameHere: in this part.
	framed, frameHere                       bool
	lastHeartbeat, seekCaused, stallCounted bool
	measured, completed, failedStart        bool
	// positioned: a position is known, of an earlier part perhaps.
	positioned, business bool

	// intervals are of this part; actives and runs of the whole play, this
	// part's from firstActive and firstRun on.
	intervals, actives    []stretch
	runs                  []run
	firstActive, firstRun int32
}

func newFold() fold {
	return fold{
		lastSeq: -1, seekAt: -1 << 60, play: run{-1, -1}, position: -1, start: -1, furthest: -1,
		duration: -1, startup: -1, rate: 1,
	}
}

// heartbeat is the learned interval, ms.
func (f *fold) heartbeat(c *Config) int64 {
	if f.nGaps < gapsNeeded {
		return c.Heartbeat
	}
	g := f.gaps
	s := g[:f.nGaps]
	slices.Sort(s)
	return int64(s[len(s)/2])
}

func (f *fold) learn(e *evidence) {
	beat := e.kind == event.Heartbeat
	if beat && f.lastHeartbeat && f.state == playing {
		gap := e.time - f.last
		adjacent := e.seq < 0 || f.lastSeq < 0 || e.seq == f.lastSeq+1
		if gap >= minGap && gap <= maxGap && adjacent {
			if f.nGaps < gapsKept {
				f.gaps[f.nGaps] = int32(gap)
				f.nGaps++
			} else {
				copy(f.gaps[:], f.gaps[1:])
				f.gaps[gapsKept-1] = int32(gap)
			}
		}
	}
	f.lastHeartbeat = beat
	f.lastSeq = e.seq
}

// step folds the next evidence in; what follows from it goes to x.
func (f *fold) step(e *evidence, x *emitter) {
	dims := x.play.merge(f.dims, e.dims)
	switch {
	case f.state == idle && !opens(e), f.state == closed && !reopens(e):
		f.dims = dims // what it says of itself still holds later
		return
	case f.state == idle:
		f.open(e, dims, x)
	case f.state == closed, e.time-f.last > x.config.PlayTimeout:
		f.nextPart(e.time, dims, x)
	default:
		f.account(e, x)
	}
	f.learn(e)
	f.dims = dims
	f.describe(e, x.config)
	f.last = e.time
	f.transit(e, x)
	f.complete(x)
	f.activate(x)
}

// reopens reports whether e makes a closed play go on. A player that idles on
// the page of what has ended does not, however long after.
func reopens(e *evidence) bool { return e.kind == event.PlayStarted || e.kind == event.Resumed }

// begin makes t the moment from which time counts.
func (f *fold) begin(t int64, dims uint16) {
	f.dims = dims
	f.interval = stretch{from: t, to: t, dims: dims}
	f.active = stretch{from: t, to: t, dims: dims}
}

// open begins the play.
func (f *fold) open(e *evidence, dims uint16, x *emitter) {
	f.begin(e.time, dims)
	f.requested, f.reqDims, f.state = e.time, dims, starting
	switch {
	case e.kind == event.PlayRequested:
		f.startup = 0 // and counting: see firstPicture
	case (e.kind == event.PlayStarted || e.kind == event.Resumed) && e.extra >= 0:
		f.startup = e.extra
		f.requested -= int64(e.extra)
		f.interval.from, f.interval.to = f.requested, f.requested
	}
	x.mark(fact.Request, dims, f.requested, 0)
	if e.position > 0 && e.kind != event.PlayStarted && e.kind != event.PlayRequested && e.kind != event.Resumed {
		// The play is seen from its middle: its request and first frame were
		// before anything that reached us.
		f.firstPicture(e.time, x)
	} else {
		f.credit(fact.Startup, f.requested, e.time, x)
	}
}

// opens reports whether e can be the first known event of a play: one that
// begins it, or that proves by its position that it runs. A player that idles
// on a page and reports so is no attempt.
func opens(e *evidence) bool {
	switch e.kind {
	case event.PlayRequested, event.PlayStarted, event.Resumed, event.AdStarted:
		return true
	case event.PlayEnded:
		return false
	case event.Error:
		return e.fatal
	}
	return e.position > 0
}

// firstPicture: the play has its first frame at t.
func (f *fold) firstPicture(t int64, x *emitter) {
	f.state = playing
	if f.framed {
		return
	}
	f.framed, f.frameHere, f.firstFrame, f.frameDims = true, true, t, f.dims
	if f.startup >= 0 { // known, since the request is
		f.startup = int32(min(t-f.requested, 1<<31-1))
	}
	x.mark(fact.FirstFrame, f.dims, t, int64(f.startup))
}

// account credits the time since the last evidence to the state it was in.
func (f *fold) account(e *evidence, x *emitter) {
	switch f.state {
	case starting:
		f.credit(fact.Startup, f.last, e.time, x)
	case playing:
		h := f.heartbeat(x.config)
		to := e.time
		if e.time-f.last > 3*h {
			to = f.last + h
		}
		f.run(to - f.last)
		f.credit(fact.Playing, f.last, to, x)
	case seeking:
		f.credit(fact.Seeking, f.last, e.time, x)
	case paused:
		f.credit(fact.Paused, f.last, e.time, x)
	case inAd:
		f.credit(fact.Ad, f.last, e.time, x)
	case stalled:
		f.accountStall(e, x)
	}
}

// accountStall decides late whether a wait is a stall: not before it has
// lasted longer than MinStall.
func (f *fold) accountStall(e *evidence, x *emitter) {
	if e.time-f.stallFrom <= x.config.MinStall {
		if leavesStall(e) {
			f.run(e.time - f.stallFrom)
			f.credit(fact.Playing, f.stallFrom, e.time, x)
		}
		return
	}
	from := f.last
	if !f.stallCounted {
		from = f.stallFrom
		f.stallCounted = true
		f.stalls++
		x.mark(fact.Stall, f.dims, f.stallFrom, 0)
	}
	kind := fact.Stalled
	if f.seekCaused {
		kind = fact.SeekStalled
	}
	f.credit(kind, from, e.time, x)
}

func leavesStall(e *evidence) bool {
	switch e.kind {
	case event.PlayStarted, event.Resumed, event.Paused, event.SeekStarted, event.StallEnded, event.AdStarted, event.PlayEnded:
		return true
	case event.Error:
		return e.fatal
	}
	return false
}

// credit counts the time from one moment to another as kind.
func (f *fold) credit(kind fact.SpanKind, from, t int64, x *emitter) {
	if t <= from {
		return
	}
	d := t - from
	switch kind {
	case fact.Playing:
		f.media += d
		f.watched += d
	case fact.Startup, fact.Seeking:
		f.watched += d
	case fact.Stalled:
		f.watched += d
		f.stall += d
	case fact.SeekStalled:
		f.watched += d
		f.stall += d
		f.seekStall += d
	}
	x.span(kind, f.dims, from, t)
	if f.interval.kind == kind && f.interval.to == from && f.interval.dims == f.dims {
		f.interval.to = t
		return
	}
	f.pushInterval(x.config)
	f.interval = stretch{from: from, to: t, kind: kind, dims: f.dims}
}

func (f *fold) pushInterval(c *Config) {
	if f.interval.to > f.interval.from && len(f.intervals) < c.MaxListed {
		f.intervals = append(f.intervals, f.interval)
	}
}

// transit moves to the state that e says.
func (f *fold) transit(e *evidence, x *emitter) {
	switch e.kind {
	case event.PlayStarted, event.Resumed:
		f.firstPicture(e.time, x)
	case event.Paused:
		if f.state != starting {
			f.state = paused
		}
	case event.StallStarted:
		f.stallBegins(e, x.config)
	case event.StallEnded:
		if f.state == stalled {
			f.state = playing
		}
	case event.SeekStarted:
		if f.state != starting && f.state != seeking {
			f.beforeSeek = f.state
			f.state = seeking
		}
		f.seekAt = e.time
	case event.Seeked:
		f.seekAt = e.time
		if f.state == seeking {
			f.state = playing
			if f.beforeSeek == paused || f.beforeSeek == inAd {
				f.state = f.beforeSeek
			}
		}
	case event.AdStarted:
		f.firstPicture(e.time, x)
		f.state = inAd
	case event.AdEnded:
		if f.state == inAd {
			f.state = playing
		}
	case event.Error:
		if e.fatal {
			f.business = e.business
			f.fail(x)
		}
	case event.PlayEnded:
		f.end(fact.EndedByClient, x)
	}
}

func (f *fold) stallBegins(e *evidence, c *Config) {
	inSeek := f.state == seeking
	if f.state != playing && !inSeek || inSeek && (f.beforeSeek == paused || f.beforeSeek == inAd) {
		return
	}
	f.seekCaused = inSeek || e.time-f.seekAt <= c.SeekWindow
	f.stallFrom, f.state, f.stallCounted = e.time, stalled, false
}

// fail ends the play with a fatal error. A failure counts where the end, or the
// attempt, does: once a play.
func (f *fold) fail(x *emitter) {
	switch {
	case f.frameHere:
		x.mark(fact.PlaybackFailure, f.dims, f.last, 0)
	case !f.framed && f.part == 0:
		f.failedStart = true
		x.mark(fact.StartFailure, f.reqDims, f.requested, 0)
	}
	f.end(fact.EndedByFailure, x)
}

// end closes the part at the event that is being folded.
func (f *fold) end(why fact.EndReason, x *emitter) {
	f.state, f.reason = closed, why
	f.complete(x) // the row says what the last event brought
	f.activate(x)
	f.finish(x, 1)
}

// finish emits what follows from the part being over, or takes it back (n = −1).
// A play ends, or is given up, once: with the part that had its first frame, or
// with its first part.
func (f *fold) finish(x *emitter, n int32) {
	switch {
	case f.frameHere:
		x.markN(fact.End, f.dims, f.last, 0, n)
	case !f.framed && f.part == 0 && !f.failedStart:
		x.markN(fact.Exit, f.reqDims, f.requested, 0, n)
	}
	x.row(f, n)
}

// silence closes the part at its last evidence, or (n = −1) opens it again.
func (f *fold) silence(x *emitter, n int32) {
	if f.state == closed || f.state == idle {
		return
	}
	g := *f
	g.reason = fact.EndedBySilence
	g.finish(x, n)
}

// nextPart closes the current part, if it is open, and begins the next at t: no
// new request, no new startup. Who paused is still in the pause.
func (f *fold) nextPart(t int64, dims uint16, x *emitter) {
	f.silence(x, 1)
	f.pushActive(x.config)
	f.pushRun(x.config)
	next := newFold()
	next.part = f.part + 1
	next.requested, next.reqDims = f.requested, f.reqDims
	next.firstFrame, next.frameDims, next.framed = f.firstFrame, f.frameDims, f.framed
	next.failedStart, next.positioned = f.failedStart, f.positioned
	switch {
	case !f.framed:
		next.state = starting
	case f.state == paused || f.state == inAd:
		next.state = f.state
	default:
		next.state = playing
	}
	next.gaps, next.nGaps, next.rate = f.gaps, f.nGaps, f.rate
	next.duration = f.duration
	next.measured, next.completed, next.distinct = f.measured, f.completed, f.distinct
	next.actives, next.firstActive = f.actives, int32(len(f.actives))
	next.runs, next.firstRun = f.runs, int32(len(f.runs))
	next.begin(t, dims)
	*f = next
}
