package journey

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// tieOf orders events of one time by something that does not depend on arrival.
func tieOf(e *event.Event) uint64 { return binary.BigEndian.Uint64(e.ID[8:]) }

// before is the order of impressions.
func (a *impression) before(b *impression) bool {
	return a.time < b.time || a.time == b.time && a.tie < b.tie
}

// alike: one artwork at one place.
func (a *impression) alike(b *impression) bool {
	return a.creative == b.creative && a.placement == b.placement && a.title == b.title
}

// impression takes an impression in.
func (g *Engine) impression(v *viewer, m *more, e *event.Event, out *fact.Batch) {
	m.nextSeq++
	n := impression{
		seq: m.nextSeq, ref: e.Impression, time: e.Time, received: e.ReceivedAt, tie: tieOf(e), where: g.whereOfEvent(e),
		creative: unique.Make(e.CreativeID), placement: unique.Make(e.Placement), experiments: unique.Make(experiments(e.Experiments)),
		taste: unique.Make(g.taste(m, e.Time)), rank: int32(e.Rank), propensity: e.Propensity, took: g.none, history: e.Import,
	}
	late := e.Time < v.newest[clock(e.Import)]-g.config.Horizon
	at := len(m.impressions)
	for at > 0 && n.before(&m.impressions[at-1]) {
		at--
	}
	m.impressions = slices.Insert(m.impressions, at, n)
	if late {
		g.countLate(v, m, at, out)
	} else {
		g.recount(v, m, at, out)
	}
	g.fewerImpressions(v, m, out)
	g.reconsider(v, m, e.Time, out)
	g.markMore(v)
}

// fewerImpressions lets go of the oldest impressions when there are too many. One
// that still waited is said to be what it is by now.
func (g *Engine) fewerImpressions(v *viewer, m *more, out *fact.Batch) {
	for len(m.impressions) > g.config.MaxImpressions {
		p := &m.impressions[0]
		if !p.matured {
			g.ripen(v, m, p, out)
			out.Counts.Evicted++
		}
		m.impressions = slices.Delete(m.impressions, 0, 1)
	}
}

// recount decides anew, from the impression at on, which of those like it count:
// what is older than the horizon stays as it is.
func (g *Engine) recount(v *viewer, m *more, at int, out *fact.Batch) {
	like := m.impressions[at]
	last := never
	for i := at - 1; i >= 0 && like.time-m.impressions[i].time <= g.config.Collapse; i-- {
		if p := &m.impressions[i]; p.counted && p.alike(&like) {
			last = p.time
			break
		}
	}
	for i := at; i < len(m.impressions); i++ {
		p := &m.impressions[i]
		if !p.alike(&like) {
			continue
		}
		counts := last == never || p.time-last > g.config.Collapse
		if p.fixed {
			counts = p.counted
		}
		if counts != p.counted {
			p.counted = counts
			n := int32(1)
			if !counts {
				n = -1
			}
			g.shown(v, p, n, out)
		}
		if counts {
			last = p.time
		}
	}
}

// countLate takes in what is later than the horizon: what was counted stays.
func (g *Engine) countLate(v *viewer, m *more, at int, out *fact.Batch) {
	p := &m.impressions[at]
	p.fixed = true
	for _, step := range [2]int{-1, 1} {
		for i := at + step; i >= 0 && i < len(m.impressions); i += step {
			o := &m.impressions[i]
			if max(o.time-p.time, p.time-o.time) > g.config.Collapse {
				break
			}
			if o.counted && o.alike(p) {
				return
			}
		}
	}
	p.counted = true
	g.shown(v, p, 1, out)
}

// shown says that an impression counts, or no longer does.
func (g *Engine) shown(v *viewer, p *impression, n int32, out *fact.Batch) {
	g.expose(v, p, fact.Shown, n, 0, out)
	if s := v.sessionAt(p.time); s != nil {
		s.impressions += n
	}
}

// expose says something of an impression.
func (g *Engine) expose(v *viewer, p *impression, kind fact.ExposureKind, n int32, media int64, out *fact.Batch) {
	out.Exposures = append(out.Exposures, fact.Exposure{
		Dims: g.dims(p.where, out), Slot: g.slot(p.slot(), out), Taste: g.tasteIndex(p.taste, out),
		Kind: kind, Known: v.known, N: n, Time: p.time, Propensity: p.propensity, MediaMS: media, Viewer: v.key,
	})
}

func (p *impression) slot() slot { return slot{p.creative, p.placement, p.experiments, p.rank} }

// counting is the impression that the one at i counts with: itself, or the one
// before that it collapsed into.
func (m *more) counting(i int, collapse int64) *impression {
	p := &m.impressions[i]
	for j := i; j >= 0 && p.time-m.impressions[j].time <= collapse; j-- {
		if o := &m.impressions[j]; o.counted && o.alike(p) {
			return o
		}
	}
	for j := i + 1; j < len(m.impressions) && m.impressions[j].time-p.time <= collapse; j++ {
		if o := &m.impressions[j]; o.counted && o.alike(p) {
			return o // p came late
		}
	}
	return nil
}

// bySeq is the impression of a number, nil if it was let go.
func (m *more) bySeq(seq uint32) *impression {
	if seq == 0 {
		return nil
	}
	for i := len(m.impressions) - 1; i >= 0; i-- {
		if m.impressions[i].seq == seq {
			return &m.impressions[i]
		}
	}
	return nil
}

// find is the impression that something of a title at a time is of: the one it
// names, else the last of the title or its show, not older than window.
func (g *Engine) find(m *more, named event.Ref, title, show text, at, window int64) *impression {
	var last *impression
	for i := len(m.impressions) - 1; i >= 0; i-- {
		p := &m.impressions[i]
		if p.time > at {
			continue
		}
		if at-p.time > window {
			break
		}
		if !named.IsZero() && p.ref == named {
			return m.counting(i, g.config.Collapse)
		}
		if last == nil && (p.title == title || show != g.none && p.title == show) {
			last = m.counting(i, g.config.Collapse)
		}
		if last != nil && named.IsZero() {
			break
		}
	}
	return last
}

// reconsider decides anew what selects and plays are of, after an impression of
// time t came in.
func (g *Engine) reconsider(v *viewer, m *more, t int64, out *fact.Batch) {
	for i := range m.selects {
		if s := &m.selects[i]; s.time >= t-g.config.Collapse && s.time >= v.newest[clock(s.history)]-g.config.Horizon {
			g.assign(v, m, s, out)
		}
	}
	for _, p := range m.plays {
		if p.firstFrame >= t-g.config.Collapse {
			g.attribute(v, m, p, out)
		}
	}
}

// selects takes a select in.
func (g *Engine) selects(v *viewer, m *more, e *event.Event, out *fact.Batch) {
	m.selects = append(m.selects, choice{time: e.Time, tie: tieOf(e), title: unique.Make(e.TitleID), named: e.Impression, history: e.Import})
	if len(m.selects) > g.config.MaxSelects {
		if !g.spent(v, &m.selects[0]) {
			out.Counts.Evicted++
		}
		m.selects = slices.Delete(m.selects, 0, 1)
	}
	g.assign(v, m, &m.selects[len(m.selects)-1], out)
	g.markMore(v)
}

// assign lets a select count for its impression.
func (g *Engine) assign(v *viewer, m *more, s *choice, out *fact.Batch) {
	now := g.find(m, s.named, s.title, g.showOf(s.title), s.time, g.config.SelectWindow)
	seq := uint32(0)
	if now != nil {
		seq = now.seq
	}
	if seq == s.of {
		return
	}
	if was := m.bySeq(s.of); was != nil {
		if was.selects--; was.selects == 0 {
			g.expose(v, was, fact.Selected, -1, 0, out)
		}
	}
	if now != nil {
		if now.selects++; now.selects == 1 {
			g.expose(v, now, fact.Selected, 1, 0, out)
		}
	}
	s.of = seq
}

// experiments are sorted lines "experiment=variant".
func experiments(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	var b strings.Builder
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(k)
		b.WriteByte('=')
		b.WriteString(m[k])
	}
	return b.String()
}
