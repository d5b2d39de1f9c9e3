package journey

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// maxQuery bounds what is kept of a query, bytes.
const maxQuery = 128

// query is a query's text as it is compared and shown: trimmed, lower case,
// spaces folded, at most 128 bytes.
func query(s string) string {
	s = strings.Join(strings.Fields(strings.ToLower(s)), " ")
	if len(s) > maxQuery {
		s = s[:maxQuery]
		for !utf8.ValidString(s) {
			s = s[:len(s)-1]
		}
		s = strings.TrimSpace(s)
	}
	return s
}

// search takes a search in.
func (g *Engine) search(v *viewer, m *more, e *event.Event, out *fact.Batch) {
	if m.lastSearch > 0 && e.Time <= m.lastSearch+g.config.Refine {
		out.Counts.LateDropped++
		out.Counts.LateHorizon++
		return // what it would have been one with is said
	}
	s := search{
		time: e.Time, received: e.ReceivedAt, tie: tieOf(e), ref: e.Search, results: e.SearchHits,
		query: unique.Make(query(e.SearchQuery)), where: g.whereOfEvent(e), history: e.Import,
	}
	at := len(m.searches)
	for at > 0 && s.before(&m.searches[at-1]) {
		at--
	}
	m.searches = slices.Insert(m.searches, at, s)
	g.markMore(v)
}

func (a *search) before(b *search) bool {
	return a.time < b.time || a.time == b.time && a.tie < b.tie
}

// choose notes that something was chosen of a search.
func (g *Engine) choose(v *viewer, m *more, e *event.Event, out *fact.Batch) {
	at, found := slices.BinarySearchFunc(m.hits, e.Time, func(h hit, t int64) int { return cmp.Compare(h.time, t) })
	if found && m.hits[at].ref == e.Search {
		return
	}
	m.hits = slices.Insert(m.hits, at, hit{e.Search, e.Time, e.Import})
	if len(m.hits) > g.config.MaxSelects {
		out.Counts.Evicted++
		m.hits = slices.Delete(m.hits, 0, 1)
	}
	g.markMore(v)
}

// saySearches says the searches that are over: of those that follow each other
// closely the last.
func (g *Engine) saySearches(v *viewer, m *more, all bool, out *fact.Batch) {
	for len(m.searches) > 0 {
		n := 1
		for n < len(m.searches) && m.searches[n].time-m.searches[n-1].time <= g.config.Refine {
			n++
		}
		many := len(m.searches) > g.config.MaxSearches
		last := &m.searches[n-1]
		received := last.received
		history := last.history
		for _, s := range m.searches[:n] {
			received, history = max(received, s.received), history && s.history
		}
		if !all && !many && !g.over(v, last.time, received, g.config.SelectWindow, history) {
			break
		}
		if many {
			out.Counts.Evicted++
		}
		out.Searches = append(out.Searches, fact.Search{
			Viewer: v.key, Known: v.known, Dims: g.dims(last.where, out), Time: last.time, Query: last.query.Value(),
			Results: last.results, Selected: m.chosenOf(m.searches[:n], g.config.SelectWindow),
		})
		m.lastSearch = last.time
		m.searches = slices.Delete(m.searches, 0, n)
		g.markMore(v)
	}
}

// chosenOf reports whether a result of one of the searches was chosen in time.
func (m *more) chosenOf(list []search, window int64) bool {
	end := list[len(list)-1].time + window
	for _, h := range m.hits {
		if h.time > end {
			break
		}
		if slices.ContainsFunc(list, func(s search) bool { return s.ref == h.ref }) {
			return true
		}
	}
	return false
}
