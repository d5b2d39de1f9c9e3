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

// stretch is time in one state, or time counted as concurrent.
type stretch struct {
	from, to int32
	dims     uint16
	kind     fact.SpanKind
}

// run is media played in one go, positions in ms.
type run struct{ from, to int32 }

// fold is what the evidence so far amounts to. It is copied as a value: what it
// lists is in the play's list, which base and tip share. Times are ms after the
// play's origin, sums ms; they fit since no play is longer than maxLife.
type fold struct {
	// What a heartbeat touches comes first, 128 bytes, so that few lines of the
	// processor's cache are fetched for one.
	lastSeq, bitrateMS int64
	last               int32   // last evidence: when it ends, the end
	activeTo           int32   // of the current concurrent stretch; may run ahead of last
	interval           stretch // the current one, not yet listed
	media, watched     int32
	knownBitrate       int32
	bitrate            int32 // kbit/s, 0 not known
	play               run   // the current run, from = −1 when none
	position, ahead    int32 // the playhead at the last evidence; media played since
	distinct, furthest int32
	duration           int32
	seekFrom           int32 // where the seek under way left; −1: none, or not known
	every              int32 // the learned heartbeat interval, ms; 0 none yet
	gaps               [gapsKept]int32

	dims, activeDims uint16
	rate             uint16 // thousandths
	count, runs      uint16 // of the list: how long it is, and how many in it are runs of media
	part             uint16
	nGaps            uint8
	state            state
	// framed: the play had its first frame; frameHere: in this part.
	framed, frameHere, lastHeartbeat bool
	measured, completed              bool
	// positioned: a position is known, of an earlier part perhaps.
	positioned bool

	dropped                int64
	earlier                int32 // media time of the parts before
	requested, firstFrame  int32
	stallFrom, seekAt      int32
	activeFrom             int32
	stall, seekStall       int32
	stalls                 int32
	pauses, rewinds, skips int32
	start, startup         int32
	code                   uint32

	first              uint16 // where this part begins in the list
	reqDims, frameDims uint16

	beforeSeek               state
	reason                   fact.EndReason
	seekCaused, stallCounted bool
	failedStart, business    bool
}

// longAgo is a time before every time of a play.
const longAgo = -1 << 28

func newFold() fold {
	return fold{
		lastSeq: -1, seekAt: longAgo, play: run{-1, -1}, position: -1, start: -1, furthest: -1,
		duration: -1, startup: -1, seekFrom: -1, rate: 1000,
	}
}

// heartbeat is the learned interval, ms.
func (f *fold) heartbeat(c *Config) int32 {
	if f.every == 0 {
		return int32(c.Heartbeat)
	}
	return f.every
}

func (f *fold) learn(e *evidence) {
	beat := e.kind == event.Heartbeat
	if beat && f.lastHeartbeat && f.state == playing {
		f.learnFrom(e, e.time-f.last)
	}
	f.lastHeartbeat = beat
	f.lastSeq = e.seq
}

// learnFrom learns from a heartbeat that came gap ms after another.
func (f *fold) learnFrom(e *evidence, gap int32) {
	adjacent := e.seq < 0 || f.lastSeq < 0 || e.seq == f.lastSeq+1
	if gap >= minGap && gap <= maxGap && adjacent {
		f.learnGap(gap)
	}
}

func (f *fold) learnGap(gap int32) {
	if f.nGaps < gapsKept {
		f.gaps[f.nGaps] = gap
		f.nGaps++
	} else {
		same := f.gaps[0] == gap
		copy(f.gaps[:], f.gaps[1:])
		f.gaps[gapsKept-1] = gap
		if same {
			return // one like it comes for one that goes
		}
	}
	if f.nGaps >= gapsNeeded {
		f.median()
	}
}

// median sets the interval from the gaps.
func (f *fold) median() {
	g := f.gaps
	s := g[:f.nGaps]
	slices.Sort(s)
	f.every = s[len(s)/2]
}

// step folds the next evidence in; what follows from it goes to x.
func (f *fold) step(e *evidence, x *emitter) {
	dims := f.dims
	if e.dims != dims && x.play.within != pair(dims, e.dims) {
		dims = x.engine.mergeDims(x.play, dims, e.dims)
	}
	if e.beats = dims == f.dims && f.beat(e, x); e.beats {
		return
	}
	pictured := f.framed && f.state != inAd && f.state != closed
	switch {
	case f.state == idle && !opens(e), f.state == closed && !reopens(e):
		f.dims = dims // what it says of itself still holds later
		return
	case f.state == idle:
		f.open(e, dims, x)
	case f.state == closed, int64(e.time)-int64(f.last) > x.config.PlayTimeout:
		f.nextPart(e.time, dims, x)
	default:
		f.account(e, x)
	}
	if e.dropped > 0 && pictured {
		f.dropped += int64(e.dropped)
		x.mark(fact.DroppedFrames, f.dims, e.time, int64(e.dropped))
	}
	f.learn(e)
	f.dims = dims
	f.describe(e, x)
	f.last = e.time
	f.transit(e, x)
	f.complete(x)
	f.activate(x)
}

func (f *fold) steps(list []evidence, x *emitter) {
	for i := range list {
		f.step(&list[i], x)
	}
}

// reopens reports whether e makes a closed play go on. A player that idles on
// the page of what has ended does not, however long after.
func reopens(e *evidence) bool { return e.kind == event.PlayStarted || e.kind == event.Resumed }

// begin makes t the moment from which time counts.
func (f *fold) begin(t int32, dims uint16) {
	f.dims = dims
	f.interval = stretch{from: t, to: t, dims: dims}
	f.activeFrom, f.activeTo, f.activeDims = t, t, dims
}

// open begins the play.
func (f *fold) open(e *evidence, dims uint16, x *emitter) {
	f.begin(e.time, dims)
	f.requested, f.reqDims, f.state = e.time, dims, starting
	switch {
	case e.kind == event.PlayRequested:
		f.startup = 0 // and counting: see firstPicture
	case reopens(e) && e.extra >= 0:
		f.startup = e.extra
		f.requested -= e.extra
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
func (f *fold) firstPicture(t int32, x *emitter) {
	f.state = playing
	if f.framed {
		return
	}
	f.framed, f.frameHere, f.firstFrame, f.frameDims = true, true, t, f.dims
	if f.startup >= 0 { // known, since the request is
		f.startup = t - f.requested
	}
	x.mark(fact.FirstFrame, f.dims, t, int64(f.startup))
}

// transit moves to the state that e says.
func (f *fold) transit(e *evidence, x *emitter) {
	switch e.kind {
	case event.Heartbeat, event.QualityChanged, event.PlayRequested:
	case event.PlayStarted, event.Resumed:
		f.firstPicture(e.time, x)
	case event.Paused:
		f.pause(e, x)
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
			f.fail(e, x)
		}
	case event.PlayEnded:
		f.end(fact.EndedByClient, x)
	}
	if f.seekFrom >= 0 {
		f.arrive(e, x)
	}
}

// pause counts a pause where none is: not one that a seek came from.
func (f *fold) pause(e *evidence, x *emitter) {
	if f.state == starting {
		return
	}
	if f.state != paused && (f.state != seeking || f.beforeSeek != paused) {
		f.pauses++
		x.mark(fact.Pause, f.dims, e.time, 0)
	}
	f.state = paused
}

func (f *fold) stallBegins(e *evidence, c *Config) {
	inSeek := f.state == seeking
	if f.state != playing && !inSeek || inSeek && (f.beforeSeek == paused || f.beforeSeek == inAd) {
		return
	}
	f.seekCaused = inSeek || int64(e.time-f.seekAt) <= c.SeekWindow
	f.stallFrom, f.state, f.stallCounted = e.time, stalled, false
}

// fail ends the play with a fatal error. A failure counts where the end, or the
// attempt, does: once a play.
func (f *fold) fail(e *evidence, x *emitter) {
	f.business, f.code = e.business, uint32(e.extra)
	switch {
	case f.frameHere:
		x.mark(fact.PlaybackFailure, f.dims, f.last, 0)
	case !f.framed && f.part == 0:
		f.failedStart = true
		x.mark(fact.StartFailure, f.reqDims, f.requested, 0)
		if f.business {
			x.mark(fact.BusinessFailure, f.reqDims, f.requested, 0)
		}
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
	f.viewed(x, n)
	x.row(f, n)
}

// viewed emits how much of the title was seen, or takes it back (n = −1): a part
// that begins brings the next figure when it ends.
func (f *fold) viewed(x *emitter, n int32) {
	if f.measured {
		d := int64(f.duration)
		x.markN(fact.Viewed, f.frameDims, f.firstFrame, min((int64(f.distinct)*1_000_000+d/2)/d, 1_000_000), n)
	}
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
func (f *fold) nextPart(t int32, dims uint16, x *emitter) {
	f.silence(x, 1)
	f.viewed(x, -1)
	f.pushActive(x)
	f.pushRun(x)
	next := newFold()
	next.part, next.earlier = max(f.part, f.part+1), f.earlier+f.media // the number of a 65,536th part stays
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
	next.gaps, next.nGaps, next.every, next.rate = f.gaps, f.nGaps, f.every, f.rate
	next.duration, next.bitrate = f.duration, f.bitrate
	next.measured, next.completed, next.distinct = f.measured, f.completed, f.distinct
	next.count, next.first, next.runs = f.count, f.count, f.runs
	next.begin(t, dims)
	*f = next
}
