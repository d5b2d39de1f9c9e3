package simulate

import (
	"cmp"
	"slices"

	"playhead/internal/event"
)

// Definitions that the truth stands on, ms.
const (
	minStall       = 50
	seekWindow     = 3_000
	defaultBeat    = 30_000
	minGap, maxGap = 1_000, 90_000
	stallActive    = 5 * 60_000
	gapsKept       = 5
	gapsNeeded     = 3
)

// span is a half-open stretch: of event time (epoch ms) or of media (ms).
type span struct{ from, to int64 }

// tally is the truth of one play while it runs: what the model meant, as far as
// what was said can tell it.
type tally struct {
	p                  *play
	groups             []int32
	begun, framed      bool
	last               int64 // last evidence
	mode               mode
	frame              int64
	stallFrom, seekAt  int64
	caused             bool
	lastBeat           bool
	lastSeq            int32
	gaps               [gapsKept]int64
	known              int
	pos                int64 // media position at the last evidence, or absent
	startPos, furthest int64
	mediaMS            int64  // time in content
	runs               []span // media played in one go, the last one open
	active             []span
}

func (t *tally) reset(p *play, groups []int32) {
	*t = tally{
		p: p, groups: groups, runs: t.runs[:0], active: t.active[:0],
		seekAt: -1 << 60, pos: absent, startPos: absent, furthest: absent,
	}
}

// heartbeat is the interval learned so far.
func (t *tally) heartbeat() int64 {
	if t.known < gapsNeeded {
		return defaultBeat
	}
	sorted := t.gaps
	slices.Sort(sorted[:t.known])
	return sorted[t.known/2]
}

// hear takes the next event of the play, in event time.
func (t *tally) hear(s *said, l *ledger) {
	if !t.begun {
		t.begin(s, l)
	} else {
		t.settle(s.time, s.kind == event.StallEnded || s.mode != modeStalled, l)
		t.learn(s)
	}
	t.place(s)
	was := t.mode
	t.last, t.mode = s.time, s.mode
	t.lastBeat, t.lastSeq = s.kind == event.Heartbeat, s.seq
	switch s.kind {
	case event.PlayStarted:
		t.firstFrame(s.time, l)
	case event.Seeked:
		t.seekAt = s.time
	case event.StallStarted:
		t.stallFrom, t.caused = s.time, s.time-t.seekAt <= seekWindow
	}
	if s.mode == modeOver {
		t.over(s, was, l)
	}
}

func (t *tally) begin(s *said, l *ledger) {
	t.begun = true
	l.add(t, t.p.start, playRequests, 1)
	if !t.p.requests && s.kind == event.PlayStarted && s.time > t.p.start {
		l.span(t, span{t.p.start, s.time}, watchMS)
	}
}

// settle credits the time since the last evidence, up to now. A wait is
// credited when it is over, or by whatever evidence shows that it lasts.
func (t *tally) settle(now int64, waitOver bool, l *ledger) {
	h := t.heartbeat()
	stretch := span{t.last, now}
	until := t.last + 2*h
	switch t.mode {
	case modeStarting:
		l.span(t, stretch, watchMS)
	case modePlaying:
		if now-t.last > 3*h {
			stretch.to = t.last + h
		}
		t.played(stretch, l)
	case modeStalled:
		until = max(t.last, min(until, t.stallFrom+stallActive))
		t.waited(now, waitOver, l)
	}
	if t.mode != modePaused {
		t.activate(span{t.last, min(now, until)})
	}
}

func (t *tally) played(s span, l *ledger) {
	l.span(t, s, watchMS, mediaMS)
	t.mediaMS += s.to - s.from
	if n := len(t.runs); n > 0 && t.pos >= 0 {
		run := &t.runs[n-1]
		run.to = min(t.pos+s.to-s.from, int64(t.p.runtime))
		t.furthest = max(t.furthest, run.to)
	}
}

// waited credits a wait from the last evidence on. What came before a stall was
// known to be one is credited with the evidence that makes it known.
func (t *tally) waited(now int64, over bool, l *ledger) {
	if now-t.stallFrom <= minStall {
		if over {
			t.played(span{t.last, now}, l)
		}
		return
	}
	from := t.last
	if t.last-t.stallFrom <= minStall {
		from = t.stallFrom
		l.add(t, t.stallFrom, stalls, 1)
	}
	l.span(t, span{from, now}, watchMS, stallMS)
	if t.caused {
		l.span(t, span{from, now}, seekStallMS)
	}
}

// learn follows the heartbeat interval.
func (t *tally) learn(s *said) {
	if s.kind != event.Heartbeat || !t.lastBeat || t.mode != modePlaying {
		return
	}
	gap := s.time - t.last
	numbered := t.p.numbers == bySeq || t.p.numbers == bySeqAndID
	if gap < minGap || gap > maxGap || numbered && s.seq != t.lastSeq+1 {
		return
	}
	if t.known == gapsKept {
		copy(t.gaps[:], t.gaps[1:])
		t.known--
	}
	t.gaps[t.known] = gap
	t.known++
}

// place follows the media position: a new run where the event says so.
func (t *tally) place(s *said) {
	if s.pos < 0 {
		return
	}
	pos := int64(s.pos)
	jumped := t.pos < 0 || s.kind == event.Seeked
	if !jumped {
		d := pos - t.runs[len(t.runs)-1].to
		jumped = d > 2000 || d < -2000
	}
	if jumped {
		t.runs = append(t.runs, span{pos, pos})
	}
	if t.pos < 0 {
		t.startPos = pos
	}
	t.pos = pos
	t.furthest = max(t.furthest, pos)
}

func (t *tally) activate(s span) {
	if s.to <= s.from {
		return
	}
	if n := len(t.active); n > 0 && t.active[n-1].to == s.from {
		t.active[n-1].to = s.to
		return
	}
	t.active = append(t.active, s)
}

func (t *tally) firstFrame(now int64, l *ledger) {
	t.framed, t.frame = true, now
	l.add(t, now, plays, 1)
	if t.p.requests || t.p.tells {
		l.add(t, now, startupMS, now-t.p.start)
		l.add(t, now, startupCount, 1)
	}
	if t.p.who.identity != bySession {
		l.add(t, now, knownPlays, 1)
		l.seen(t, now)
	}
}

// over is an end that was said: by the viewer or by a fatal error.
func (t *tally) over(s *said, was mode, l *ledger) {
	switch {
	case was == modeStarting && s.fatal:
		l.add(t, t.p.start, startFailures, 1)
	case was == modeStarting:
		l.add(t, t.p.start, exits, 1)
	default:
		if s.fatal {
			l.add(t, s.time, playbackFailures, 1)
		}
		l.add(t, s.time, endedPlays, 1)
	}
	t.close(l)
}

// hush is the end of a play that falls silent after what it said last.
func (t *tally) hush(l *ledger) {
	if !t.begun || t.mode == modeOver {
		return
	}
	until := t.last + 2*t.heartbeat()
	if t.mode == modeStalled {
		until = max(t.last, min(until, t.stallFrom+stallActive))
	}
	if t.mode != modePaused {
		t.activate(span{t.last, until})
	}
	if t.framed {
		l.add(t, t.last, endedPlays, 1)
	} else {
		l.add(t, t.p.start, exits, 1)
	}
	t.close(l)
}

// close books what is only known at the end.
func (t *tally) close(l *ledger) {
	t.mode = modeOver
	for _, s := range t.active {
		l.active(t, s)
	}
	l.diary.watched(t)
	if !t.framed || t.p.live || t.startPos < 0 {
		return
	}
	l.add(t, t.frame, measuredPlays, 1)
	seen := distinct(t.runs)
	if 10*seen >= 9*int64(t.p.runtime) {
		l.add(t, t.frame, completedPlays, 1)
	}
	l.add(t, t.frame, viewedMillionths, millionths(seen, int64(t.p.runtime)))
	l.retain(t)
}

// millionths is part/whole, at most 1, in millionths: the nearest, a half up. In whole
// numbers, since a fraction of floating point falls below a half that it is.
func millionths(part, whole int64) int64 {
	return min((2_000_000*part+whole)/(2*whole), 1_000_000)
}

// distinct is how much media the runs cover, counting nothing twice, ms. It
// sorts a copy.
func distinct(runs []span) int64 {
	sorted := slices.Clone(runs)
	slices.SortFunc(sorted, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var sum, reach int64
	for _, r := range sorted {
		if r.to > reach {
			sum += r.to - max(r.from, reach)
			reach = r.to
		}
	}
	return sum
}
