package simulate

import (
	"cmp"
	"slices"

	"playhead/internal/event"
)

// Definitions of what viewers do across plays, ms.
const (
	collapseMS  = 10_000
	selectMS    = 5 * 60_000
	attributeMS = dayMS
	completeMS  = 7 * dayMS
	sessionMS   = 30 * 60_000
	refineMS    = 30_000
	monthMS     = 28 * dayMS
	starterMS   = 2 * 60_000
	horizonMS   = 30_000
)

// diary is what viewers did, kept for the truth of what takes more than one
// play to know.
type diary struct {
	off     bool
	times   []moment
	browsed []glance
	played  []watching
}

// moment is a sign of a viewer: when, and where.
type moment struct {
	who uint64
	at  int64
}

// glance is a browsing event.
type glance struct {
	browse
	who     uint64
	country uint8
}

// watching is a play with a first frame.
type watching struct {
	who            uint64
	known          bool
	title          int32
	country        uint8
	frame, mediaMS int64
	runs           []span
}

// visitor tells viewers apart as viewerOf does.
func visitor(who *person, session uint64) uint64 {
	if who.identity == bySession {
		return session | 1<<63
	}
	return uint64(who.number)
}

func anonymous(who uint64) bool { return who>>63 == 1 }

func (d *diary) sign(who uint64, at int64) {
	if !d.off {
		d.times = append(d.times, moment{who, at})
	}
}

func (d *diary) glance(who *person, session uint64, v *browse) {
	if d.off {
		return
	}
	k := visitor(who, session)
	d.sign(k, v.time)
	d.browsed = append(d.browsed, glance{*v, k, who.country})
}

func (d *diary) watched(t *tally) {
	if d.off || !t.framed {
		return
	}
	d.played = append(d.played, watching{
		who: viewerOf(t.p), known: t.p.who.identity != bySession, title: t.p.title, country: t.p.who.country,
		frame: t.frame, mediaMS: t.mediaMS, runs: slices.Clone(t.runs),
	})
}

// TruthAttention is what viewers did beside playing, and over all their plays,
// in the whole run, by a dimension ("" is all).
type TruthAttention struct {
	By     string                   `json:"by"`
	Groups map[string]*TruthViewers `json:"groups"`
}

// TruthViewers is one group's. Distinct counts are of known viewers.
type TruthViewers struct {
	Impressions int64 `json:"impressions"`
	Selects     int64 `json:"selects"`
	Qualified   int64 `json:"qualified"`
	Eligible    int64 `json:"eligible"`
	NewViewers  int64 `json:"new_viewers"`
	Searches    int64 `json:"searches"`
	Unmet       int64 `json:"unmet"`
	Empty       int64 `json:"empty"`
	Sessions    int64 `json:"sessions"`
	SessionMS   int64 `json:"session_ms"`
	// Distinct viewers.
	Reached        int64 `json:"reached"`
	EligibleOnes   int64 `json:"eligible_viewers"`
	Takers         int64 `json:"takers"`
	TakeCompleters int64 `json:"take_completers"`
	Starters       int64 `json:"starters"`
	Watchers       int64 `json:"watchers"`
	Completers     int64 `json:"completers"`
}

// attentionBy are the dimensions of the attention's truth.
var attentionBy = [...]string{"", "title", "country", "placement", "query"}

// attention closes the diary.
func (l *ledger) attention() []TruthAttention {
	b := book{w: l.w, people: map[personal]bool{}}
	for _, by := range attentionBy {
		b.out = append(b.out, TruthAttention{By: by, Groups: map[string]*TruthViewers{}})
	}
	d := &l.diary
	slices.SortFunc(d.times, func(x, y moment) int { return cmp.Or(cmp.Compare(x.who, y.who), cmp.Compare(x.at, y.at)) })
	slices.SortStableFunc(d.browsed, func(x, y glance) int {
		return cmp.Or(cmp.Compare(x.who, y.who), cmp.Compare(x.time, y.time), cmp.Compare(x.id, y.id))
	})
	slices.SortStableFunc(d.played, func(x, y watching) int { return cmp.Or(cmp.Compare(x.who, y.who), cmp.Compare(x.frame, y.frame)) })
	times, browsed, played := d.times, d.browsed, d.played
	for len(times) > 0 {
		who := times[0].who
		v := visits{book: &b, who: who}
		v.times, times = cut(times, func(m *moment) bool { return m.who == who })
		v.browsed, browsed = cut(browsed, func(g *glance) bool { return g.who == who })
		v.played, played = cut(played, func(p *watching) bool { return p.who == who })
		v.tell()
	}
	return b.out
}

// cut splits off the first elements for which is holds.
func cut[T any](list []T, is func(*T) bool) (head, rest []T) {
	n := 0
	for n < len(list) && is(&list[n]) {
		n++
	}
	return list[:n], list[n:]
}

// book sums what viewers did.
type book struct {
	w      *world
	out    []TruthAttention
	people map[personal]bool
}

// personal is a viewer counted once in a group.
type personal struct {
	by    int
	group string
	count *int64
	who   uint64
}

// place is where something counts.
type place struct {
	title, country   string
	placement, query string
}

// add calls fn for every group that something counts in; those that it has no
// value for are left out.
func (b *book) add(p place, fn func(by int, group string, g *TruthViewers)) {
	for i, group := range [...]string{"", p.title, p.country, p.placement, p.query} {
		if i > 0 && group == "" {
			continue
		}
		g := b.out[i].Groups[group]
		if g == nil {
			g = &TruthViewers{}
			b.out[i].Groups[group] = g
		}
		fn(i, group, g)
	}
}

// once counts a known viewer in every group once.
func (b *book) once(who uint64, p place, count func(g *TruthViewers) *int64) {
	if anonymous(who) {
		return
	}
	b.add(p, func(by int, group string, g *TruthViewers) {
		k := personal{by, group, count(g), who}
		if !b.people[k] {
			b.people[k] = true
			*k.count++
		}
	})
}

// visits is all that one viewer did, each list in order of time.
type visits struct {
	*book
	who     uint64
	times   []moment
	browsed []glance
	played  []watching
	shown   []glance
	// counts is the index of the impression that one counts with.
	counts []int
	starts map[int32][]int64 // when the viewer became a starter, by title
	wholes map[int32][]int64 // … a completer
}

func (v *visits) tell() {
	v.sessions()
	v.searches()
	v.starts, v.wholes = map[int32][]int64{}, map[int32][]int64{}
	if !anonymous(v.who) {
		v.titles()
		last := int64(-monthMS - 1)
		for _, p := range v.played {
			if p.frame-last > monthMS {
				v.add(v.placeOf(p.title, p.country), func(_ int, _ string, g *TruthViewers) { g.NewViewers++ })
			}
			last = p.frame
		}
	}
	v.impressions()
}

func (v *visits) placeOf(title int32, country uint8) place {
	return place{title: v.w.titles[title].ID, country: v.w.countries[country].code}
}

func (v *visits) placeOfGlance(g *glance) place {
	p := v.placeOf(g.title, g.country)
	p.placement = placementOf(&g.browse)
	return p
}

// sessions are stretches without a gap over 30 min.
func (v *visits) sessions() {
	from, to := v.times[0].at, v.times[0].at
	end := func() {
		v.add(place{}, func(_ int, _ string, g *TruthViewers) {
			g.Sessions++
			g.SessionMS += to - from
		})
	}
	for _, m := range v.times[1:] {
		if m.at-to > sessionMS {
			end()
			from = m.at
		}
		to = m.at
	}
	end()
}

// searches within 30 s of each other are the last of them; chosen within 5 min.
func (v *visits) searches() {
	var chain []glance
	end := func() {
		if len(chain) == 0 {
			return
		}
		last := chain[len(chain)-1]
		chosen := slices.ContainsFunc(v.browsed, func(g glance) bool {
			return g.kind == event.Select && g.time <= last.time+selectMS &&
				slices.ContainsFunc(chain, func(s glance) bool { return g.search == s.id })
		})
		chain = chain[:0]
		p := place{country: v.w.countries[last.country].code, query: last.text()}
		v.add(p, func(_ int, _ string, g *TruthViewers) {
			g.Searches++
			switch {
			case last.hits == 0:
				g.Empty++
				g.Unmet++
			case !chosen:
				g.Unmet++
			}
		})
	}
	for _, g := range v.browsed {
		if g.kind != event.Search {
			continue
		}
		if n := len(chain); n > 0 && g.time-chain[n-1].time > refineMS {
			end()
		}
		chain = append(chain, g)
	}
	end()
}

// titles follows what all plays of a title within 28 days show of it. A run is
// shorter than that: nobody becomes a starter twice.
func (v *visits) titles() {
	type state struct {
		is    [3]bool
		plays []watching
	}
	all := map[int32]*state{}
	for _, p := range v.played {
		s := all[p.title]
		if s == nil {
			s = &state{}
			all[p.title] = s
		}
		union := func() int64 {
			var runs []span
			for _, o := range s.plays {
				if p.frame-o.frame <= monthMS {
					runs = append(runs, o.runs...)
				}
			}
			return distinct(runs)
		}
		s.plays = append(s.plays, p)
		now, runtime := union(), v.w.titles[p.title].RuntimeMS
		for i, enough := range [3]bool{now >= starterMS, 10*now >= 7*runtime && runtime > 0, 10*now >= 9*runtime && runtime > 0} {
			if enough && !s.is[i] {
				s.is[i] = true
				v.reach(i, &p)
			}
		}
	}
}

// reach notes that a play made the viewer a starter, watcher or completer.
func (v *visits) reach(what int, p *watching) {
	switch what {
	case 0:
		v.starts[p.title] = append(v.starts[p.title], p.frame)
	case 2:
		v.wholes[p.title] = append(v.wholes[p.title], p.frame)
	}
	v.once(v.who, v.placeOf(p.title, p.country), func(g *TruthViewers) *int64 {
		return [3]*int64{&g.Starters, &g.Watchers, &g.Completers}[what]
	})
}

// impressions are counted, and what became of them.
func (v *visits) impressions() {
	last := map[[3]int32]int{}
	for _, g := range v.browsed {
		if g.kind != event.Impression {
			continue
		}
		i := len(v.shown)
		k := [3]int32{g.title, v.w.creativeOf(&g.browse), g.row}
		if j, ok := last[k]; ok && g.time-v.shown[j].time <= collapseMS {
			v.counts = append(v.counts, j)
		} else {
			last[k] = i
			v.counts = append(v.counts, i)
		}
		v.shown = append(v.shown, g)
	}
	selected := map[int]bool{}
	for _, g := range v.browsed {
		if g.kind == event.Select {
			if i := v.of(g.impression, g.title, g.time, selectMS); i >= 0 {
				selected[i] = true
			}
		}
	}
	taken := map[int]int32{}
	for _, p := range v.played {
		if i := v.of(0, p.title, p.frame, attributeMS); i >= 0 && p.mediaMS >= starterMS {
			v.add(v.placeOfGlance(&v.shown[i]), func(_ int, _ string, g *TruthViewers) { g.Qualified++ })
			if _, was := taken[i]; !was {
				taken[i] = p.title
			}
		}
	}
	newest := v.times[len(v.times)-1].at
	for i := range v.shown {
		if v.counts[i] == i {
			v.became(i, selected[i], newest, taken)
		}
	}
}

// of is the impression that something is of: the one it names, else the last of
// its title or its show.
func (v *visits) of(named uint64, title int32, at, window int64) int {
	found := -1
	show := v.w.shows[title]
	for i, g := range v.shown {
		if g.time > at || at-g.time > window {
			continue
		}
		if named != 0 && g.impression == named {
			return v.counts[i]
		}
		if id := v.w.titles[g.title].ID; g.title == title || show != "" && id == show {
			found = v.counts[i]
		}
	}
	return found
}

// became says what became of a counted impression.
func (v *visits) became(i int, selected bool, newest int64, taken map[int]int32) {
	g := &v.shown[i]
	p := v.placeOfGlance(g)
	started := slices.ContainsFunc(v.starts[g.title], func(f int64) bool { return f < g.time })
	for t, list := range v.starts {
		if v.w.shows[t] == v.w.titles[g.title].ID {
			started = started || slices.ContainsFunc(list, func(f int64) bool { return f < g.time })
		}
	}
	eligible := newest > g.time+attributeMS+horizonMS && p.placement != "continue-watching" && !started
	v.add(p, func(_ int, _ string, s *TruthViewers) {
		s.Impressions++
		if selected {
			s.Selects++
		}
		if eligible {
			s.Eligible++
		}
	})
	v.once(v.who, p, func(s *TruthViewers) *int64 { return &s.Reached })
	if !eligible {
		return
	}
	v.once(v.who, p, func(s *TruthViewers) *int64 { return &s.EligibleOnes })
	t, took := taken[i]
	if !took {
		return
	}
	v.once(v.who, p, func(s *TruthViewers) *int64 { return &s.Takers })
	if slices.ContainsFunc(v.wholes[t], func(f int64) bool { return f >= g.time && f-g.time <= completeMS }) {
		v.once(v.who, p, func(s *TruthViewers) *int64 { return &s.TakeCompleters })
	}
}
