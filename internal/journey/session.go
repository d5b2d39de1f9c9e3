package journey

import (
	"cmp"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// evidence notes that the viewer was there.
func (v *viewer) evidence(g *Engine, e *event.Event) {
	t := e.Time
	for i := len(v.sessions) - 1; i >= 0; i-- {
		s := &v.sessions[i]
		if t < s.from-g.config.SessionGap || t > s.to+g.config.SessionGap {
			continue
		}
		s.events++
		s.received = max(s.received, e.ReceivedAt)
		s.history = s.history && e.Import
		switch {
		case t < s.from || t == s.from && tieOf(e) < s.tie:
			s.from, s.tie, s.where = t, tieOf(e), g.whereOfEvent(e)
			v.join(i-1, g.config.SessionGap)
		case t > s.to:
			s.to = t
			if i+1 < len(v.sessions) {
				v.join(i, g.config.SessionGap)
			}
		}
		return
	}
	for _, p := range v.said {
		if p.to > 0 && t >= p.from-g.config.SessionGap && t <= p.to+g.config.SessionGap {
			return // of a session that is over: it came too late
		}
	}
	at := len(v.sessions)
	for at > 0 && v.sessions[at-1].from > t {
		at--
	}
	v.ownRoom()
	v.sessions = slices.Insert(v.sessions, at, session{
		period: period{t, t}, received: e.ReceivedAt, tie: tieOf(e), where: g.whereOfEvent(e), events: 1, history: e.Import,
	})
}

// ownRoom lets the first session be in the viewer's own memory.
func (v *viewer) ownRoom() {
	if cap(v.sessions) == 0 {
		v.sessions = v.own[:0]
	}
}

// join makes one of the sessions i and i+1 if the gap between them is gone.
func (v *viewer) join(i int, gap int64) {
	if i < 0 || i+1 >= len(v.sessions) || v.sessions[i+1].from-v.sessions[i].to > gap {
		return
	}
	a, b := &v.sessions[i], &v.sessions[i+1]
	a.to, a.received = max(a.to, b.to), max(a.received, b.received)
	a.events += b.events
	a.plays += b.plays
	a.impressions += b.impressions
	a.media += b.media
	a.history = a.history && b.history
	v.sessions = slices.Delete(v.sessions, i+1, i+2)
}

// sessionAt is the session that is not over with t in it, or nil.
func (v *viewer) sessionAt(t int64) *session {
	for i := len(v.sessions) - 1; i >= 0; i-- {
		if s := &v.sessions[i]; t >= s.from && t <= s.to {
			return s
		}
	}
	return nil
}

// tally adds what the play engine said of the viewer's event to the sessions.
func (v *viewer) tally(s *Step, out *fact.Batch) {
	spans, marks := out.Spans[s.Spans:], out.Marks[s.Marks:]
	for i := range spans {
		if p := &spans[i]; p.Kind == fact.Playing {
			if at := v.sessionAt(p.From); at != nil {
				at.media += int64(p.N) * (p.To - p.From)
			}
		}
	}
	for i := range marks {
		if p := &marks[i]; p.Kind == fact.FirstFrame {
			if at := v.sessionAt(p.Time); at != nil {
				at.plays += p.N
			}
		}
	}
}

// over reports whether nothing can come any more that belongs to time t or to
// the window after it.
func (g *Engine) over(v *viewer, t, received, window int64, history bool) bool {
	return v.newest[clock(history)] > t+window+g.config.Horizon || !history && g.now > received+window+g.config.Horizon
}

// closeSessions says the sessions that are over.
func (g *Engine) closeSessions(v *viewer, all bool, out *fact.Batch) {
	kept := v.sessions[:0]
	for i := range v.sessions {
		s := &v.sessions[i]
		many := len(v.sessions)-i > g.config.MaxSessions
		if !all && !many && !g.over(v, s.to, s.received, g.config.SessionGap, s.history) {
			kept = append(kept, *s)
			continue
		}
		if many {
			out.Counts.Evicted++
		}
		d := g.dims(s.where, out)
		out.Sessions = append(out.Sessions, fact.Session{
			Viewer: v.key, Known: v.known, Dims: d, From: s.from, To: s.to,
			Events: s.events, Plays: s.plays, Impressions: s.impressions, MediaMS: s.media,
		})
		out.Marks = append(out.Marks, fact.Mark{Dims: d, Kind: fact.SessionEnd, N: 1, Time: s.from, Value: s.to - s.from})
		v.said = [2]period{v.said[1], s.period}
		g.mark(v)
	}
	clear(v.sessions[len(kept):])
	v.sessions = kept
	slices.SortFunc(v.said[:], func(a, b period) int { return cmp.Compare(a.to, b.to) })
}
