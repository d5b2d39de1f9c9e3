package journey

import (
	"slices"
	"strings"
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// choseTitle notes that a play made the viewer a starter of a title, or showed
// more of it.
func (g *Engine) choseTitle(m *more, title text, first int64, starter, more bool, out *fact.Batch) {
	at := slices.IndexFunc(m.titles, func(c chosen) bool { return c.title == title })
	if at < 0 {
		if starter {
			m.titles = append(m.titles, chosen{title: title, show: g.showOf(title), first: first, is: period{first, first}})
			g.fewerTitles(m, out)
		}
		return
	}
	c := &m.titles[at]
	if !starter && !more {
		return
	}
	if first-c.is.to > g.config.Memory {
		c.was, c.is = c.is, period{0, first}
	}
	c.is.to = max(c.is.to, first)
	if starter {
		c.earlier, c.first = c.first, first
		if c.is.from == 0 {
			c.is.from = first
		}
	}
}

// fewerTitles lets go of the title that was watched longest ago when there are
// too many.
func (g *Engine) fewerTitles(m *more, out *fact.Batch) {
	if len(m.titles) <= g.config.MaxTitles {
		return
	}
	oldest := 0
	for i := range m.titles {
		if m.titles[i].is.to < m.titles[oldest].is.to {
			oldest = i
		}
	}
	if m.titles[oldest].is.to+g.config.Memory > g.now {
		out.Counts.Evicted++
	}
	m.titles = slices.Delete(m.titles, oldest, oldest+1)
}

// Taste is what the viewer likes as of the event that is being applied: sorted
// lines "kind:value".
func (g *Engine) Taste(key event.ViewerKey) string {
	v, err := g.viewer(key)
	if err == nil && (v.more != nil || v.stored) {
		var m *more
		if m, err = g.more(v); err == nil {
			return g.taste(m, g.at)
		}
	}
	if err != nil && g.failure == nil {
		g.failure = err
	}
	return ""
}

// taste is what the viewer likes as of t: what was begun less than TasteDelay
// before does not count yet.
func (g *Engine) taste(m *more, t int64) string {
	if len(m.titles) < minTitles || len(g.catalog.shares) == 0 {
		return ""
	}
	list := make([]Choice, 0, len(m.titles))
	for i := range m.titles {
		c := &m.titles[i]
		age := t - c.first
		if age < g.config.TasteDelay && c.earlier > 0 {
			age = t - c.earlier
		}
		if age >= g.config.TasteDelay {
			list = append(list, Choice{g.catalog.labels(c.title.Value()), age})
		}
	}
	likes := Likes(list, func(line string) float64 { return g.catalog.shares[line] }, g.config.HalfLife)
	likes = likes[:min(len(likes), g.config.MaxTastes)]
	lines := make([]string, len(likes))
	for i, l := range likes {
		lines[i] = l.Label
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// showOf is the show of a title, none if it has none.
func (g *Engine) showOf(title text) text {
	if s := g.catalog.show(title.Value()); s != "" {
		return unique.Make(s)
	}
	return g.none
}
