package journey_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/journey"
)

// oracle says what a story comes to, from the whole list of what was done: slow
// and plain, by the definitions, sharing nothing with the engine.
type oracle struct {
	titles map[string]journey.Title
	shares map[string]float64
	s      *story
	shown  []event.Event // impressions in order
	// counts is, for each impression, the one that it counts with.
	counts  []int
	first   map[string][]int64 // when the viewer became a starter, by title
	touched map[string][]int64 // first frames of plays that showed something new
	out     fact.Batch
	slots   map[event.Ref]string // of plays
}

func newOracle(s *story) *oracle {
	o := &oracle{titles: map[string]journey.Title{}, shares: map[string]float64{}, s: s,
		first: map[string][]int64{}, touched: map[string][]int64{}, slots: map[event.Ref]string{}}
	titles, shares := shelf()
	for _, t := range titles {
		o.titles[t.ID] = t
	}
	for _, p := range shares {
		o.shares[p.Label] = p.Share
	}
	for _, e := range s.events {
		if e.Type == event.Impression {
			o.shown = append(o.shown, e)
		}
	}
	slices.SortFunc(o.shown, func(a, b event.Event) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), bytes.Compare(a.ID[8:], b.ID[8:]))
	})
	return o
}

func (o *oracle) tell() *fact.Batch {
	o.count()
	completions := o.seen()
	o.exposures(completions)
	o.sessions()
	o.searches()
	last := int64(math.MinInt64 / 2)
	for _, v := range o.s.views {
		if v.first-last > 28*day {
			o.mark(fact.NewViewer, v, v.title, v.first)
		}
		last = v.first
	}
	return &o.out
}

func (o *oracle) dims(title string, c event.Context) uint32 {
	o.out.Dims = append(o.out.Dims, fact.Dims{Title: title, Country: c.Country, DeviceType: c.DeviceType, Labels: o.titles[title].Labels})
	return uint32(len(o.out.Dims) - 1)
}

func (o *oracle) mark(kind fact.MarkKind, v view, title string, at int64) {
	o.out.Marks = append(o.out.Marks, fact.Mark{
		Dims: o.dims(title, v.context), Kind: kind, Known: true, N: 1, Time: at, Viewer: o.s.viewer,
	})
}

// count: within 10 s of the last counted one of creative and placement, once.
func (o *oracle) count() {
	last := map[string]int{}
	for i, e := range o.shown {
		k := e.CreativeID + "|" + e.Placement
		if j, ok := last[k]; ok && e.Time-o.shown[j].Time <= 10*second {
			o.counts = append(o.counts, j)
			continue
		}
		last[k] = i
		o.counts = append(o.counts, i)
	}
}

// of is the impression that something is of: the one it names, else the last of
// the title or its show.
func (o *oracle) of(named event.Ref, title string, at, window int64) int {
	for i, e := range o.shown {
		if !named.IsZero() && e.Impression == named && e.Time <= at && at-e.Time <= window {
			return o.counts[i]
		}
	}
	found := -1
	for i, e := range o.shown {
		same := e.TitleID == title || o.titles[title].Show != "" && e.TitleID == o.titles[title].Show
		if same && e.Time <= at && at-e.Time <= window {
			found = o.counts[i]
		}
	}
	return found
}

// seen follows each title: what all plays of 28 days together show of it.
func (o *oracle) seen() (completions map[string][]int64) {
	completions = map[string][]int64{}
	is := map[string][3]bool{}
	episodes := map[string][2]int64{} // last first frame, ms
	for i, v := range o.s.views {
		if v.media == 0 {
			continue
		}
		union := func(from, to int) int64 {
			var ends [][2]int64 // where a play begins (+1) and ends (−1) to cover the title
			for _, u := range o.s.views[from:to] {
				if u.title == v.title && v.first-u.first <= 28*day {
					ends = append(ends, [2]int64{u.from, 1}, [2]int64{u.from + u.media, -1})
				}
			}
			slices.SortFunc(ends, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
			n, depth := int64(0), int64(0)
			for k, e := range ends {
				if depth > 0 {
					n += e[0] - ends[k-1][0]
				}
				depth += e[1]
			}
			return n
		}
		before, now := union(0, i), union(0, i+1)
		runtime := o.titles[v.title].RuntimeMS
		crossed := cross(is, "t"+v.title, before, now, runtime)
		for k, kind := range []fact.MarkKind{fact.Starter, fact.Watcher, fact.Completer} {
			if crossed[k] {
				o.mark(kind, v, v.title, v.first)
			}
		}
		if crossed[0] {
			o.first[v.title] = append(o.first[v.title], v.first)
		}
		if now > before {
			o.touched[v.title] = append(o.touched[v.title], v.first)
		}
		if crossed[2] {
			completions[v.title] = append(completions[v.title], v.first)
		}
		if o.titles[v.title].Season == "season" {
			sum := func() (n int64) {
				for _, e := range episodes {
					if v.first-e[0] <= 28*day {
						n += e[1]
					}
				}
				return n
			}
			before := sum()
			episodes[v.title] = [2]int64{v.first, now}
			crossed := cross(is, "s", before, sum(), 12*minute)
			for k, kind := range []fact.MarkKind{fact.SeasonStarter, fact.SeasonWatcher, fact.SeasonCompleter} {
				if crossed[k] {
					o.mark(kind, v, "season", v.first)
				}
			}
		}
	}
	return completions
}

func cross(is map[string][3]bool, key string, before, now, runtime int64) (crossed [3]bool) {
	now3 := is[key]
	for k, limit := range []float64{float64(2 * minute), 0.7 * float64(runtime), 0.9 * float64(runtime)} {
		if k > 0 && runtime <= 0 {
			continue
		}
		if float64(before) < limit {
			now3[k] = false
		}
		if float64(now) >= limit && !now3[k] {
			now3[k], crossed[k] = true, true
		}
	}
	is[key] = now3
	return crossed
}

// exposures: what became of each counted impression.
func (o *oracle) exposures(completions map[string][]int64) {
	selected := map[int]bool{}
	for _, e := range o.s.events {
		if e.Type == event.Select {
			selected[o.of(e.Impression, e.TitleID, e.Time, 5*minute)] = true
		}
	}
	taken := map[int]string{}
	for _, v := range o.s.views {
		i := o.of(v.named, v.title, v.first, day)
		o.slots[v.ref] = ""
		if i < 0 {
			continue
		}
		e := o.shown[i]
		o.slots[v.ref] = e.CreativeID + "|" + e.Placement
		if v.media >= 2*minute {
			o.expose(i, fact.QualifiedPlay, 2*minute)
			if taken[i] == "" {
				taken[i] = v.title
			}
		}
	}
	for i, e := range o.shown {
		if o.counts[i] != i {
			continue
		}
		o.expose(i, fact.Shown, 0)
		if selected[i] {
			o.expose(i, fact.Selected, 0)
		}
		if e.Placement == "Continue Watching" || o.started(e.TitleID, e.Time) {
			continue
		}
		o.expose(i, fact.Eligible, 0)
		if taken[i] == "" {
			continue
		}
		o.expose(i, fact.Taken, 2*minute)
		if slices.ContainsFunc(completions[taken[i]], func(f int64) bool { return f >= e.Time && f-e.Time <= 7*day }) {
			o.expose(i, fact.TakeCompleted, 2*minute)
		}
	}
}

// started: the viewer had become a starter of the title, or of one of the show,
// and played it since without a gap over 28 days.
func (o *oracle) started(title string, at int64) bool {
	for id, list := range o.first {
		if id != title && o.titles[id].Show != title {
			continue
		}
		starter, last := false, int64(0)
		for _, f := range o.touched[id] {
			if f >= at {
				break
			}
			starter = starter && f-last <= 28*day || slices.Contains(list, f)
			last = f
		}
		if starter && at-last < 28*day {
			return true
		}
	}
	return false
}

func (o *oracle) expose(i int, kind fact.ExposureKind, media int64) {
	e := o.shown[i]
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(e.Experiments)) {
		lines = append(lines, k+"="+e.Experiments[k])
	}
	o.out.Slots = append(o.out.Slots, fact.Slot{
		Creative: e.CreativeID, Placement: e.Placement, Rank: int32(e.Rank), Experiments: strings.Join(lines, "\n"),
	})
	taste := uint32(0)
	if t := o.taste(e.Time); t != "" {
		o.out.Tastes = append(o.out.Tastes, t)
		taste = uint32(len(o.out.Tastes))
	}
	o.out.Exposures = append(o.out.Exposures, fact.Exposure{
		Dims: o.dims(e.TitleID, e.Context), Slot: uint32(len(o.out.Slots) - 1), Taste: taste, Kind: kind, Known: true, N: 1,
		Time: e.Time, Propensity: e.Propensity, MediaMS: media, Viewer: o.s.viewer,
	})
}

// taste: labels that are surely liked by the titles chosen, decayed, an hour after
// the first frame: by as much more probable as it is that a viewer who likes them
// chose so, and one viewer of ten does.
func (o *oracle) taste(at int64) string {
	chosen := map[string]int64{}
	for title, list := range o.first {
		for _, f := range list {
			if f+hour <= at {
				chosen[title] = f
			}
		}
	}
	var lines []string
	for label, p := range o.shares {
		n, k, with, squares := 0.0, 0.0, 0, 0.0
		for title, f := range chosen {
			w := math.Pow(0.5, float64(at-f)/float64(90*day))
			n += w
			squares += w * w
			if slices.Contains(strings.Split(o.titles[title].Labels, "\n"), label) {
				k += w
				with++
			}
		}
		if n > 0 { // to as many titles of one weight
			k, n = k*n/squares, n*n/squares
		}
		evidence := 0.0
		for factor, share := range map[float64]float64{1.5: 0.4, 2: 0.4, 3: 0.2} {
			more := 1 + p*(factor-1) // what all odds sum to
			evidence += share * math.Pow(factor/more, k) * math.Pow(1/more, n-k)
		}
		enough := with >= 2 || len(chosen) >= 5 && p >= 0.03
		if enough && evidence/(evidence+9) >= (n+24)/(2*n+220) {
			lines = append(lines, label)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// sessions: stretches without a gap over 30 min.
func (o *oracle) sessions() {
	all := slices.Clone(o.s.events)
	slices.SortFunc(all, func(a, b event.Event) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), bytes.Compare(a.ID[8:], b.ID[8:]))
	})
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Time-all[n-1].Time <= 30*minute {
			n++
		}
		f := fact.Session{
			Viewer: o.s.viewer, Known: true, Dims: o.dims(all[0].TitleID, all[0].Context),
			From: all[0].Time, To: all[n-1].Time, Events: int32(n),
		}
		for _, v := range o.s.views {
			if v.first >= f.From && v.first <= f.To {
				f.Plays++
				f.MediaMS += v.media
			}
		}
		for i, e := range o.shown {
			if o.counts[i] == i && e.Time >= f.From && e.Time <= f.To {
				f.Impressions++
			}
		}
		o.out.Sessions = append(o.out.Sessions, f)
		o.out.Marks = append(o.out.Marks, fact.Mark{Dims: f.Dims, Kind: fact.SessionEnd, N: 1, Time: f.From, Value: f.To - f.From})
		all = all[n:]
	}
}

// searches: what follows within 30 s is one with the last; chosen within 5 min.
func (o *oracle) searches() {
	var chain []event.Event
	end := func() {
		if len(chain) == 0 {
			return
		}
		last := chain[len(chain)-1]
		f := fact.Search{
			Viewer: o.s.viewer, Known: true, Dims: o.dims("", last.Context), Time: last.Time,
			Query: strings.TrimSpace(strings.ReplaceAll(strings.ToLower(last.SearchQuery), "\t", " ")), Results: last.SearchHits,
		}
		for _, e := range o.s.events {
			if e.Type == event.Select && e.Time <= last.Time+5*minute {
				f.Selected = f.Selected || slices.ContainsFunc(chain, func(c event.Event) bool { return c.Search == e.Search })
			}
		}
		o.out.Searches = append(o.out.Searches, f)
		chain = nil
	}
	all := slices.Clone(o.s.events)
	slices.SortFunc(all, func(a, b event.Event) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(binary.BigEndian.Uint64(a.ID[8:]), binary.BigEndian.Uint64(b.ID[8:])))
	})
	for _, e := range all {
		if e.Type != event.Search {
			continue
		}
		if len(chain) > 0 && e.Time-chain[len(chain)-1].Time > 30*second {
			end()
		}
		chain = append(chain, e)
	}
	end()
}
