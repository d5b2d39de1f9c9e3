package simulate

import (
	"cmp"
	"slices"

	"playhead/internal/catalog"
)

// measure is one additive figure of the truth.
type measure uint8

const (
	playRequests measure = iota
	plays
	startupMS
	startupCount
	exits
	startFailures
	playbackFailures
	endedPlays
	watchMS
	mediaMS
	stallMS
	seekStallMS
	stalls
	measuredPlays
	completedPlays
	knownPlays
	viewedMillionths
	measureCount
)

var measureNames = [measureCount]string{
	"play_requests", "plays", "startup_ms", "startup_count", "exits", "start_failures",
	"playback_failures", "ended_plays", "watch_ms", "media_ms", "stall_ms", "seek_stall_ms",
	"stalls", "measured_plays", "completed_plays", "known_plays", "viewed_millionths",
}

const (
	hourMS = 3_600_000
	dayMS  = 24 * hourMS
	tickMS = 10_000
)

type measures [measureCount]int64

// family is a grouping that the truth keeps: by one dimension, perhaps with a
// filter on another. Its groups are numbered from first on.
type family struct {
	by, where, is string // where = "" is no filter
	first, n      int32
}

// ledger is the truth of a whole run, kept in memory that depends on groups
// and hours, and a little on plays.
type ledger struct {
	w        *world
	base     int64 // epoch ms, start of an hour
	families []family
	names    []string // of groups
	nGroups  int32
	nSingle  int32 // groups of families without a filter come first
	filters  []filter
	hours    [][]measures // hour → group
	ticks    int32
	diff     [][]int32 // single group → change of concurrent plays per 10 s
	frames   []frame
	presence []presence
	watched  map[int32]*watched // titles whose retention is kept
	lastTick int64
	diary    diary
}

// filter sends a play into the groups of a filtered family.
type filter struct {
	family         int
	title, country int32 // −1 is any
	screen         int32
}

// frame is a first frame of a known viewer.
type frame struct {
	who    uint32
	hour   int32
	groups [8]int32 // −1 fills up
}

// presence is when a viewer was active, in ms after base.
type presence struct {
	who             uint64
	from, to        int64
	title           int32
	country, screen uint8
}

// watched is what retention is computed from.
type watched struct {
	plays []retained
}

type retained struct {
	screen          uint8
	hour            int32 // of the first frame
	start, furthest int32
	runs            []span
}

// newLedger makes an empty truth for events between base and base+length ms.
func newLedger(w *world, base, length int64) *ledger {
	base -= base % hourMS
	l := &ledger{w: w, base: base, watched: make(map[int32]*watched)}
	l.family("", "", "", []string{""})
	titles := make([]string, len(w.titles))
	for i := range titles {
		titles[i] = w.titles[i].ID
	}
	places := make([]string, len(w.countries))
	for i := range places {
		places[i] = w.countries[i].code
	}
	screens := make([]string, len(w.devices))
	for i := range screens {
		screens[i] = w.devices[i].kind
	}
	l.family("title", "", "", titles)
	l.family("country", "", "", places)
	l.family("device_type", "", "", screens)
	l.nSingle = l.nGroups
	for c := range int32(min(3, len(places))) {
		l.filtered(filter{title: -1, country: c, screen: -1}, "title", "country", places[c], titles)
	}
	for s := range int32(min(2, len(screens))) {
		l.filtered(filter{title: -1, country: -1, screen: s}, "title", "device_type", screens[s], titles)
	}
	for r := range min(3, len(titles)) {
		t := w.ranks[r]
		l.filtered(filter{title: t, country: -1, screen: -1}, "country", "title", titles[t], places)
	}
	for r := range min(4, len(titles)) {
		if t := w.ranks[r]; w.titles[t].Kind != catalog.Live {
			l.watched[t] = &watched{}
		}
	}
	l.ticks = int32((length+5*60_000+hourMS)/tickMS) + 2
	l.diff = make([][]int32, l.nSingle)
	return l
}

func (l *ledger) family(by, where, is string, groups []string) {
	l.families = append(l.families, family{by, where, is, l.nGroups, int32(len(groups))})
	l.names = append(l.names, groups...)
	l.nGroups += int32(len(groups))
}

func (l *ledger) filtered(f filter, by, where, is string, groups []string) {
	f.family = len(l.families)
	l.filters = append(l.filters, f)
	l.family(by, where, is, groups)
}

// groupsOf are the groups that a play counts in.
func (l *ledger) groupsOf(p *play, into []int32) []int32 {
	into = append(into[:0], 0, l.families[1].first+p.title,
		l.families[2].first+int32(p.who.country), l.families[3].first+int32(p.screen))
	for _, f := range l.filters {
		fam := l.families[f.family]
		switch {
		case f.country >= 0 && f.country == int32(p.who.country), f.screen >= 0 && f.screen == int32(p.screen):
			into = append(into, fam.first+p.title)
		case f.title >= 0 && f.title == p.title:
			into = append(into, fam.first+int32(p.who.country))
		}
	}
	return into
}

func (l *ledger) hour(t int64) int32 { return int32((t - l.base) / hourMS) }

func (l *ledger) cells(hour int32) []measures {
	for int32(len(l.hours)) <= hour {
		l.hours = append(l.hours, make([]measures, l.nGroups))
	}
	return l.hours[hour]
}

// add counts n of m at a time.
func (l *ledger) add(t *tally, at int64, m measure, n int64) {
	cells := l.cells(l.hour(at))
	for _, g := range t.groups {
		cells[g][m] += n
	}
}

// span adds a stretch of time to measures, cut at the hours.
func (l *ledger) span(t *tally, s span, ms ...measure) {
	for s.from < s.to {
		h := l.hour(s.from)
		to := min(s.to, l.base+int64(h+1)*hourMS)
		cells := l.cells(h)
		for _, m := range ms {
			for _, g := range t.groups {
				cells[g][m] += to - s.from
			}
		}
		s.from = to
	}
}

// seen notes the first frame of a known viewer.
func (l *ledger) seen(t *tally, at int64) {
	f := frame{who: t.p.who.number, hour: l.hour(at)}
	for i := range f.groups {
		f.groups[i] = -1
	}
	copy(f.groups[:], t.groups)
	l.frames = append(l.frames, f)
}

// tick is the index of the first 10 s boundary at or after an instant.
func (l *ledger) tick(at int64) int32 { return int32((at - l.base + tickMS - 1) / tickMS) }

// active counts a play, and notes its viewer, at the 10 s boundaries in s.
func (l *ledger) active(t *tally, s span) {
	from, to := l.tick(s.from), l.tick(s.to)
	if from >= to {
		return
	}
	l.lastTick = max(l.lastTick, l.base+int64(to)*tickMS)
	for _, g := range t.groups {
		if g >= l.nSingle {
			break
		}
		l.change(g, from, to)
	}
	l.presence = append(l.presence, presence{
		who: viewerOf(t.p), from: s.from - l.base, to: s.to - l.base, title: t.p.title,
		country: t.p.who.country, screen: t.p.screen,
	})
}

func (l *ledger) change(g, from, to int32) {
	if l.diff[g] == nil {
		l.diff[g] = make([]int32, l.ticks)
	}
	l.diff[g][min(from, l.ticks-1)]++
	l.diff[g][min(to, l.ticks-1)]--
}

// viewerOf tells viewers apart: a session-scoped client is a viewer a session.
func viewerOf(p *play) uint64 {
	return visitor(&p.who, p.session)
}

// retain keeps what the retention of a title needs.
func (l *ledger) retain(t *tally) {
	w := l.watched[t.p.title]
	if w == nil {
		return
	}
	w.plays = append(w.plays, retained{
		screen: t.p.screen, hour: l.hour(t.frame),
		start: int32(t.startPos), furthest: int32(t.furthest), runs: slices.Clone(t.runs),
	})
}

// viewerTicks counts at each 10 s boundary the distinct viewers active in each
// single group: a viewer with two screens on counts once where they agree.
func (l *ledger) viewerTicks() [][]int32 {
	slices.SortFunc(l.presence, func(a, b presence) int {
		return cmp.Or(cmp.Compare(a.who, b.who), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	plays := l.diff
	l.diff = make([][]int32, l.nSingle)
	for i := 0; i < len(l.presence); {
		j := i + 1
		for j < len(l.presence) && l.presence[j].who == l.presence[i].who {
			j++
		}
		l.oneViewer(l.presence[i:j])
		i = j
	}
	viewers := l.diff
	l.diff = plays
	return viewers
}

func (l *ledger) oneViewer(list []presence) {
	groups := [4]func(p *presence) int32{
		func(*presence) int32 { return 0 },
		func(p *presence) int32 { return l.families[1].first + p.title },
		func(p *presence) int32 { return l.families[2].first + int32(p.country) },
		func(p *presence) int32 { return l.families[3].first + int32(p.screen) },
	}
	for _, of := range groups {
		// The list is in order of time: for each group follow the union.
		open := make(map[int32]span, 2)
		for i := range list {
			p := &list[i]
			g := of(p)
			u, ok := open[g]
			switch {
			case !ok:
				u = span{p.from, p.to}
			case p.from <= u.to:
				u.to = max(u.to, p.to)
			default:
				l.change(g, l.tick(l.base+u.from), l.tick(l.base+u.to))
				u = span{p.from, p.to}
			}
			open[g] = u
		}
		for g, u := range open {
			l.change(g, l.tick(l.base+u.from), l.tick(l.base+u.to))
		}
	}
}

// running turns changes into levels.
func running(diff []int32, n int) []int32 {
	out := make([]int32, n)
	level := int32(0)
	for i := range out {
		if i < len(diff) {
			level += diff[i]
		}
		out[i] = level
	}
	return out
}
