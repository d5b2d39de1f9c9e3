package simulate

import "playhead/internal/event"

// said is one event that a play gives off.
type said struct {
	time      int64 // epoch ms
	seq       int32
	pos, from int32 // media ms or absent
	arg       int32
	bitrate   int32
	kind      event.Type
	mode      mode // of the player from here on
	fatal     bool
}

// walker gives a play's events one after the other, heartbeats included.
type walker struct {
	p          *play
	next       int   // the next move
	beat       int32 // offset of the next heartbeat
	pos, posAt int32
	seq        int32
	bitrate    int32
	beats      int32
	mode       mode
}

func newWalker(p *play) walker {
	return walker{p: p, beat: p.frame + p.early, bitrate: absent}
}

// step writes the next event to s, or reports that there is none.
func (w *walker) step(s *said) bool {
	p := w.p
	for {
		moves := w.next < len(p.moves)
		beats := w.next > 0 && w.mode != modeOver && w.mode != modeStarting && w.beat <= p.last
		switch {
		case beats && (!moves || w.beat < p.moves[w.next].at):
			at := w.beat
			w.nextBeat()
			if w.mode != modePlaying && !p.always {
				continue
			}
			w.seq++
			if at >= p.lostFrom && at < p.lostTo {
				continue
			}
			*s = said{
				time: p.start + int64(at), seq: w.seq - 1, pos: w.at(at), from: absent,
				bitrate: w.bitrate, kind: event.Heartbeat, mode: w.mode,
			}
			return true
		case !moves:
			return false
		}
		m := &p.moves[w.next]
		w.next++
		w.mode, w.pos, w.posAt = m.mode, m.pos, m.at
		if m.kind == event.QualityChanged {
			w.bitrate = m.arg
		}
		w.seq++
		*s = said{
			time: p.start + int64(m.at), seq: w.seq - 1, pos: m.pos, from: m.from, arg: m.arg,
			bitrate: w.bitrate, kind: m.kind, mode: m.mode, fatal: m.fatal,
		}
		return true
	}
}

// at is the media position at an offset.
func (w *walker) at(offset int32) int32 {
	if w.pos < 0 || w.mode != modePlaying {
		return w.pos
	}
	return w.pos + offset - w.posAt
}

func (w *walker) nextBeat() {
	if w.beats++; w.beats < 5 {
		w.beat += w.p.early
	} else {
		w.beat += w.p.beat
	}
}

// activeMS is how long the play lasts, pauses apart, ms.
func (p *play) activeMS() int64 {
	sum := int64(p.last)
	for i := 1; i < len(p.moves); i++ {
		if p.moves[i-1].mode == modePaused {
			sum -= int64(p.moves[i].at - p.moves[i-1].at)
		}
	}
	return sum
}
