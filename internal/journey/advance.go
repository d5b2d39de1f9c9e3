package journey

import (
	"slices"
	"strings"

	"playhead/internal/fact"
)

// advance says what nothing can precede any more, by the viewer's own time or by
// the log's.
func (g *Engine) advance(v *viewer, out *fact.Batch) error {
	g.closeSessions(v, false, out)
	if v.more == nil && !v.stored {
		return nil
	}
	m, err := g.more(v)
	if err != nil {
		return err
	}
	g.saySearches(v, m, false, out)
	g.mature(v, m, out)
	g.tidy(v, m)
	return nil
}

// mature says which impressions that are older than the attribution window count
// for take rates.
func (g *Engine) mature(v *viewer, m *more, out *fact.Batch) {
	for i := range m.impressions {
		if p := &m.impressions[i]; !p.matured && g.over(v, p.time, p.received, g.config.Attribution, p.history) {
			g.ripen(v, m, p, out)
		}
	}
}

// ripen says of an impression whether it was a choice, and whether it was taken.
func (g *Engine) ripen(v *viewer, m *more, p *impression, out *fact.Batch) {
	p.matured = true
	g.markMore(v)
	if !p.counted || leftOut(p.placement.Value()) || g.started(m, p.title, p.time) {
		return
	}
	p.eligible = true
	g.expose(v, p, fact.Eligible, 1, 0, out)
	g.sayTaken(v, p, out)
}

// leftOut reports whether a placement plays by itself, or continues what was
// begun: its impressions are no choice that artwork could win.
func leftOut(placement string) bool {
	p := strings.NewReplacer("-", "_", " ", "_").Replace(strings.ToLower(placement))
	return strings.HasPrefix(p, "continue_watching") || strings.HasPrefix(p, "autoplay") || strings.HasPrefix(p, "auto_play")
}

// started reports whether the viewer was a starter of the title, or of one of
// the show that it is, at t.
func (g *Engine) started(m *more, title text, t int64) bool {
	within := func(p period) bool { return p.from > 0 && p.from < t && p.to > t-g.config.Memory }
	return slices.ContainsFunc(m.titles, func(c chosen) bool {
		return (c.title == title || c.show == title) && (within(c.is) || within(c.was))
	})
}

// tidy lets go of what can change nothing any more.
func (g *Engine) tidy(v *viewer, m *more) {
	c := &g.config
	m.plays = slices.DeleteFunc(m.plays, func(p *played) bool {
		if !p.frozen && p.firstFrame > 0 && v.newest[clock(p.history)] > p.firstFrame+c.Horizon && g.now > p.received+keepAway {
			p.freeze()
		}
		gone := g.gone(v, p)
		if gone {
			m.keepFrame(p, c)
		}
		return gone
	})
	m.impressions = slices.DeleteFunc(m.impressions, func(p impression) bool { return g.idle(v, m, &p) })
	m.selects = slices.DeleteFunc(m.selects, func(s choice) bool {
		return g.spent(v, &s)
	})
	m.hits = slices.DeleteFunc(m.hits, func(h hit) bool {
		first := v.newest[clock(h.history)] - c.SelectWindow - 2*c.Horizon
		if len(m.searches) > 0 {
			first = min(first, m.searches[0].time)
		}
		return h.time < first
	})
	m.forgetSeen(g.now, c)
	g.markMore(v)
}

// spent reports whether no impression can come any more that a select is of.
func (g *Engine) spent(v *viewer, s *choice) bool {
	return s.time < v.newest[clock(s.history)]-g.config.Horizon-g.config.Collapse
}

// idle reports whether nothing will refer to an impression any more.
func (g *Engine) idle(v *viewer, m *more, p *impression) bool {
	if !p.matured || !p.history && g.now <= p.received+grace {
		return false
	}
	if p.eligible && p.taken && !p.completed && v.newest[clock(p.history)]-p.time <= g.config.CompleteWithin+day {
		return false // its title may yet be completed
	}
	return !slices.ContainsFunc(m.plays, func(o *played) bool { return o.of == p.seq && !o.qualified })
}

// gone reports whether a play can be corrected no more.
func (g *Engine) gone(v *viewer, p *played) bool {
	c := &g.config
	switch {
	case len(p.rows) == 0: // it is open
		return p.received+c.Memory <= g.now
	case p.history && v.newest[1] > p.firstFrame+c.LateLimit+hour:
		return true
	}
	return p.received+c.LateLimit+hour <= g.now
}

// plan finds out when the viewer must be looked at next, and tells the agenda.
func (g *Engine) plan(v *viewer) {
	h := g.config.Horizon
	if v.replan && v.more != nil {
		v.replan = false
		g.planMore(v, v.more)
	}
	v.due, v.dueAt = v.moreDue, v.moreDueAt
	for i := range v.sessions {
		s := &v.sessions[i]
		at := clock(s.history)
		v.dueAt[at] = min(v.dueAt[at], s.to+g.config.SessionGap+h+1)
		if !s.history {
			v.due = min(v.due, s.received+g.config.SessionGap+h+1)
		}
	}
	if len(v.sessions) > g.config.MaxSessions {
		v.dueAt = [2]int64{}
	}
	g.enter(v)
}

func (g *Engine) planMore(v *viewer, m *more) {
	c := &g.config
	v.moreDue, v.moreDueAt = never, [2]int64{never, never}
	wait := func(t, received, window int64, history bool) {
		at := clock(history)
		v.moreDueAt[at] = min(v.moreDueAt[at], t+window+c.Horizon+1)
		if !history {
			v.moreDue = min(v.moreDue, received+window+c.Horizon+1)
		}
	}
	received, history := int64(0), true
	for i := range m.searches {
		s := &m.searches[i]
		received, history = max(received, s.received), history && s.history
		if i+1 == len(m.searches) || m.searches[i+1].time-s.time > c.Refine {
			wait(s.time, received, c.SelectWindow, history)
			break // what follows is later
		}
	}
	if len(m.searches) > c.MaxSearches {
		v.moreDueAt = [2]int64{}
	}
	for i := range m.impressions {
		if p := &m.impressions[i]; !p.matured {
			wait(p.time, p.received, c.Attribution, p.history)
		}
	}
}
