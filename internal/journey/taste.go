package journey

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// What makes a taste: the lower bound (two-sided 90 %) of the log-odds of a label
// among what the viewer chose, against the population, above log 1.5. Each viewer
// is taken to have chosen like the population priorTitles times before, so that
// one title makes no taste; minTitles must have the label.
const (
	tasteZ      = 1.645
	priorTitles = 2.0
	minTitles   = 2
)

// choseTitle notes that a play made the viewer a starter of a title, or showed
// more of it.
func (g *Engine) choseTitle(m *more, title text, first int64, starter, more bool) {
	at := slices.IndexFunc(m.titles, func(c chosen) bool { return c.title == title })
	if at < 0 {
		if starter {
			m.titles = append(m.titles, chosen{title: title, show: g.showOf(title), first: first, is: period{first, first}})
			g.fewerTitles(m)
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
func (g *Engine) fewerTitles(m *more) {
	if len(m.titles) <= g.config.MaxTitles {
		return
	}
	oldest := 0
	for i := range m.titles {
		if m.titles[i].is.to < m.titles[oldest].is.to {
			oldest = i
		}
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

// liking is the evidence for one label.
type liking struct {
	line   string
	weight float64 // decayed number of titles with it
	titles int
	low    float64
}

// taste is what the viewer likes as of t: what was begun less than TasteDelay
// before does not count yet.
func (g *Engine) taste(m *more, t int64) string {
	if len(m.titles) < minTitles || len(g.catalog.shares) == 0 {
		return ""
	}
	sum := 0.0
	var list []liking
	for i := range m.titles {
		c := &m.titles[i]
		age := t - c.first
		if age < g.config.TasteDelay && c.earlier > 0 {
			age = t - c.earlier
		}
		if age < g.config.TasteDelay {
			continue
		}
		w := math.Exp2(-float64(age) / float64(g.config.HalfLife))
		sum += w
		fact.Label(g.catalog.labels(c.title.Value()), func(kind, value string) bool {
			if kind == showKind {
				return true // a show is no taste
			}
			line := kind + ":" + value
			at := slices.IndexFunc(list, func(l liking) bool { return l.line == line })
			if at < 0 {
				at = len(list)
				list = append(list, liking{line: line})
			}
			list[at].weight += w
			list[at].titles++
			return true
		})
	}
	return g.likes(list, sum)
}

// likes are the labels that are liked, given the decayed number of titles.
func (g *Engine) likes(list []liking, sum float64) string {
	list = slices.DeleteFunc(list, func(l liking) bool { return l.titles < minTitles })
	kept := list[:0]
	for _, l := range list {
		p := g.catalog.shares[l.line]
		if p <= 0 || p >= 1 {
			continue
		}
		with, without := l.weight+priorTitles*p, sum-l.weight+priorTitles*(1-p)
		without = max(without, priorTitles*(1-p))
		odds := math.Log(with/without) - math.Log(p/(1-p))
		l.low = odds - tasteZ*math.Sqrt(1/with+1/without)
		if l.low > math.Log(1.5) {
			kept = append(kept, l)
		}
	}
	slices.SortFunc(kept, func(a, b liking) int {
		return cmp.Or(cmp.Compare(b.low, a.low), cmp.Compare(a.line, b.line))
	})
	kept = kept[:min(len(kept), g.config.MaxTastes)]
	lines := make([]string, len(kept))
	for i, l := range kept {
		lines[i] = l.line
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
