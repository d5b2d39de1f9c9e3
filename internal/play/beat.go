package play

import (
	"playhead/internal/event"
	"playhead/internal/fact"
)

// beat does what step does for what nearly all evidence is: a heartbeat of a play
// that goes on playing, where it should be, with nothing new to tell: most name less of
// their viewer's device and network than is known of it. It reports whether e is
// such; if not, nothing was done.
func (f *fold) beat(e *evidence, x *emitter) bool {
	gap := e.time - f.last
	switch {
	case e.kind != event.Heartbeat, f.state != playing, e.dropped > 0:
		return false
	case gap <= 0, gap > 3*f.heartbeat(x.config), int64(gap) > x.config.PlayTimeout:
		return false
	case f.position < 0, f.play.from < 0, f.seekFrom >= 0, f.rate != 1000, e.rate != 0 && e.rate != 1000:
		return false
	case e.duration > 0 && e.duration != f.duration:
		return false
	case f.interval.kind != fact.Playing, f.interval.to != f.last, f.interval.dims != f.dims:
		return false
	case f.activeDims != f.dims, f.activeTo < e.time:
		return false
	}
	expected := f.expected(gap)
	at := e.position
	if at < 0 {
		at = expected
	} else if !near(at, expected, x.config) {
		return false
	}
	if x.mute {
		f.goOn(e, gap, at, x)
		return true
	}
	playing := x.stretch(fact.Playing, x.dims(f.dims), f.last, e.time)
	playing.Bitrate = uint32(f.bitrate)
	active := f.activeTo
	f.goOn(e, gap, at, x)
	x.beat(&playing, f.dims, active, f.activeTo)
	return true
}

// again does what beat does for what beat took when the tip stood where f, the base, stands now:
// they are folds of the same evidence, so that it is a heartbeat to the base, too.
func (f *fold) again(e *evidence, mute *emitter) {
	gap := e.time - f.last
	at := e.position
	if at < 0 {
		at = f.expected(gap)
	}
	f.goOn(e, gap, at, mute)
}

// expected is where the playhead of a play that goes on should be gap ms after the last evidence.
func (f *fold) expected(gap int32) int32 { return int32(min(int64(f.position)+int64(gap), 1<<31-1)) }

// goOn takes in a heartbeat that comes gap ms after the last evidence, with the playhead at at.
func (f *fold) goOn(e *evidence, gap, at int32, x *emitter) {
	f.media += gap
	f.watched += gap
	if f.bitrate > 0 {
		f.bitrateMS += int64(f.bitrate) * int64(gap)
		f.knownBitrate += gap
	}
	f.interval.to = e.time
	if f.lastHeartbeat {
		f.learnFrom(e, gap)
	}
	f.lastHeartbeat, f.lastSeq = true, e.seq
	if e.bitrate > 0 {
		f.bitrate = e.bitrate
	}
	f.ahead = 0
	f.watchTo(at, x)
	f.last = e.time
	// What makes a play measured has not changed, and what is complete stays so.
	if f.measured && !f.completed && f.share(9) {
		f.complete(x)
	}
	f.activeTo = e.time + 2*f.heartbeat(x.config)
}
