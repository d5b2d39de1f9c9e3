package play

import (
	"playhead/internal/event"
	"playhead/internal/fact"
)

// account credits the time since the last evidence to the state it was in.
func (f *fold) account(e *evidence, x *emitter) {
	switch f.state {
	case starting:
		f.credit(fact.Startup, f.last, e.time, x)
	case playing:
		h := f.heartbeat(x.config)
		to := e.time
		if to-f.last > 3*h {
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
	if int64(e.time-f.stallFrom) <= x.config.MinStall {
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
func (f *fold) credit(kind fact.SpanKind, from, t int32, x *emitter) {
	if t <= from {
		return
	}
	d := t - from
	bitrate := int32(0)
	switch kind {
	case fact.Playing:
		bitrate = f.bitrate
		f.media += d
		f.watched += d
		if bitrate > 0 {
			f.bitrateMS += int64(bitrate) * int64(d)
			f.knownBitrate += d
		}
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
	if !x.mute {
		x.span(kind, f.dims, from, t, uint32(bitrate))
	}
	if f.interval.kind == kind && f.interval.to == from && f.interval.dims == f.dims {
		f.interval.to = t
		return
	}
	if f.interval.to > f.interval.from {
		f.push(x, record{f.interval.from, f.interval.to, f.interval.dims, f.interval.kind})
	}
	f.interval = stretch{from: from, to: t, kind: kind, dims: f.dims}
}

// push lists r. What other folds of the play have listed from there on, they
// will list again.
func (f *fold) push(x *emitter, r record) {
	p := x.play
	switch n := int(f.count); {
	case n >= x.config.MaxListed:
		return
	case n < len(p.list):
		p.list[n] = r
	default:
		p.list = append(room(p.list), r)
	}
	f.count++
	if r.kind == ranMedia {
		f.runs++
	}
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
		until = max(t, min(t+2*f.heartbeat(x.config), f.stallFrom+int32(x.config.StallActive)))
	}
	if f.activeDims != f.dims || f.activeTo < t {
		// A hole, or other dimensions from here on.
		if f.activeTo > t {
			x.active(t, f.activeTo, f.activeDims, -1)
			f.activeTo = t
		}
		f.pushActive(x)
		f.activeFrom, f.activeTo, f.activeDims = t, t, f.dims
	}
	switch {
	case until > f.activeTo:
		x.active(f.activeTo, until, f.activeDims, 1)
	case until < f.activeTo:
		x.active(until, f.activeTo, f.activeDims, -1)
	}
	f.activeTo = until
}

func (f *fold) pushActive(x *emitter) {
	if a := f.active(); a.to > a.from {
		f.push(x, record(a))
	}
	f.activeFrom = f.activeTo
}

// active is the current concurrent stretch.
func (f *fold) active() stretch {
	return stretch{from: f.activeFrom, to: f.activeTo, dims: f.activeDims, kind: fact.ActivePlay}
}
