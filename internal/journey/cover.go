package journey

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/play"
)

// titleKey is where what a viewer has seen of a title, or a season, is kept.
type titleKey struct {
	kind   Kind
	viewer event.ViewerKey
	hash   uint64
}

func keyOf(kind Kind, v event.ViewerKey, id string) titleKey {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // it never fails
	return titleKey{kind, v, h.Sum64()}
}

func (k titleKey) bytes() []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 24), k.viewer[:]...), k.hash)
}

// viewing is what one play showed of a title.
type viewing struct {
	play uint64 // the end of its ref
	// first is the play's first frame.
	first int64
	runs  []play.Range // sorted, disjoint
}

// titleSeen is all of a viewer's plays of a title in a month.
type titleSeen struct {
	received int64
	// is are what the viewer is now: starter, watcher, completer.
	is       [3]bool
	viewings []viewing // by first
}

// seasonSeen is how much of each episode of a season a viewer has seen.
type seasonSeen struct {
	received int64
	is       [3]bool
	episodes []episodeSeen
}

// episodeSeen is how much of an episode (ms) the plays together showed when the
// newest of them, with its first frame at last, had come so far.
type episodeSeen struct {
	hash     uint64
	last, ms int64
}

// The kinds of marks for a title and for a season, in the order of is.
func titleMarks() [3]fact.MarkKind {
	return [3]fact.MarkKind{fact.Starter, fact.Watcher, fact.Completer}
}

func seasonMarks() [3]fact.MarkKind {
	return [3]fact.MarkKind{fact.SeasonStarter, fact.SeasonWatcher, fact.SeasonCompleter}
}

// cover takes in what a play showed for good: of the title, and of its season.
func (g *Engine) cover(v *viewer, m *more, p *played, c *play.Change, out *fact.Batch) error {
	w := p.where.nextWhere(&out.Dims[c.Dims])
	title := w.title.Value()
	key := keyOf(KindTitle, v.key, title)
	data, err := g.title(key)
	if err != nil {
		return err
	}
	var s titleSeen
	if data != nil {
		if err := s.decode(data); err != nil {
			return err
		}
	}
	s.received = g.now
	s.expire(c.FirstFrame, &g.config)
	was := s.union()
	s.put(viewing{binary.BigEndian.Uint64(p.ref[8:]), c.FirstFrame, slices.Clone(c.Cover)}, &g.config)
	now := s.union()
	runtime := g.catalog.runtime(title)
	if runtime <= 0 {
		runtime = c.DurationMS
	}
	crossed := cross(&s.is, g.limits(runtime), was, now)
	g.titles[key] = s.encode()
	for i, kind := range titleMarks() {
		if crossed[i] {
			out.Marks = append(out.Marks, g.viewerMark(v, kind, w, c.FirstFrame, out))
		}
	}
	g.choseTitle(m, w.title, c.FirstFrame, crossed[0], now > was, out)
	if crossed[2] {
		g.complete(v, m, w.title, c.FirstFrame, out)
	}
	return g.coverSeason(v, title, w, now, c.FirstFrame, out)
}

func (g *Engine) viewerMark(v *viewer, kind fact.MarkKind, w where, at int64, out *fact.Batch) fact.Mark {
	return fact.Mark{Dims: g.dims(w, out), Kind: kind, Known: v.known, N: 1, Time: at, Viewer: v.key}
}

// limits are the ms that make a starter, a watcher and a completer of a running
// time; never where that is not known.
func (g *Engine) limits(runtime int64) [3]int64 {
	if runtime <= 0 {
		return [3]int64{g.config.Starter, never, never}
	}
	return [3]int64{g.config.Starter, share(runtime, watcherShare), share(runtime, completerShare)}
}

// share is the least whole number of ms that is at least a share of d.
func share(d int64, of float64) int64 {
	n := int64(float64(d) * of)
	if float64(n) < float64(d)*of {
		n++
	}
	return n
}

// cross updates what the viewer is, from the ms that were seen before what is
// new, and says which limits it crossed.
func cross(is *[3]bool, limits [3]int64, was, now int64) (crossed [3]bool) {
	for i, limit := range limits {
		if was < limit {
			is[i] = false // what made it so is older than a month
		}
		if now >= limit && !is[i] {
			is[i], crossed[i] = true, true
		}
	}
	return crossed
}

// expire lets go of what is older than a month before the newest play, or before
// the one that began at first.
func (s *titleSeen) expire(first int64, c *Config) {
	if n := len(s.viewings); n > 0 {
		first = max(first, s.viewings[n-1].first)
	}
	s.viewings = slices.DeleteFunc(s.viewings, func(o viewing) bool { return first-o.first > c.Memory })
}

// put takes a viewing in, in place of what was known of its play.
func (s *titleSeen) put(n viewing, c *Config) {
	if len(n.runs) > c.MaxRuns {
		n.runs = thin(n.runs, c.MaxRuns)
	}
	s.viewings = slices.DeleteFunc(s.viewings, func(o viewing) bool { return o.play == n.play })
	at, _ := slices.BinarySearchFunc(s.viewings, n, func(a, b viewing) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.play, b.play))
	})
	s.viewings = slices.Insert(s.viewings, at, n)
	s.expire(n.first, c)
	if len(s.viewings) > c.MaxViewings {
		a, b := s.viewings[0], s.viewings[1]
		b.runs = unite(a.runs, b.runs)
		if len(b.runs) > c.MaxRuns {
			b.runs = thin(b.runs, c.MaxRuns)
		}
		s.viewings = slices.Delete(s.viewings, 0, 1)
		s.viewings[0] = b
	}
}

// union is the distinct media of the plays of a month, ms.
func (s *titleSeen) union() (sum int64) {
	var all []play.Range
	for i := range s.viewings {
		all = unite(all, s.viewings[i].runs)
	}
	for _, r := range all {
		sum += r.To - r.From
	}
	return sum
}

// unite is the union of two sorted lists of ranges.
func unite(a, b []play.Range) []play.Range {
	if len(a) == 0 {
		return b
	}
	all := append(slices.Clone(a), b...)
	slices.SortFunc(all, func(x, y play.Range) int { return cmp.Compare(x.From, y.From) })
	out := all[:1]
	for _, r := range all[1:] {
		if last := &out[len(out)-1]; r.From <= last.To {
			last.To = max(last.To, r.To)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// thin makes one range of neighbours with the smallest gaps until n are left.
func thin(runs []play.Range, n int) []play.Range {
	runs = slices.Clone(runs)
	for len(runs) > n {
		best := 1
		for i := 2; i < len(runs); i++ {
			if runs[i].From-runs[i-1].To < runs[best].From-runs[best-1].To {
				best = i
			}
		}
		runs[best-1].To = runs[best].To
		runs = slices.Delete(runs, best, best+1)
	}
	return runs
}

// coverSeason takes in that ms of an episode were seen.
func (g *Engine) coverSeason(v *viewer, title string, w where, ms, at int64, out *fact.Batch) error {
	season, runtime := g.catalog.season(title)
	if season == "" || runtime <= 0 {
		return nil
	}
	key := keyOf(KindSeason, v.key, season)
	data, err := g.title(key)
	if err != nil {
		return err
	}
	var s seasonSeen
	if data != nil {
		if err := s.decode(data); err != nil {
			return err
		}
	}
	s.received = g.now
	hash := keyOf(KindTitle, v.key, title).hash
	newest := at
	for _, e := range s.episodes {
		newest = max(newest, e.last)
	}
	s.episodes = slices.DeleteFunc(s.episodes, func(e episodeSeen) bool { return newest-e.last > g.config.Memory })
	was, now := s.sum(), int64(0)
	i := slices.IndexFunc(s.episodes, func(e episodeSeen) bool { return e.hash == hash })
	if i < 0 {
		i = len(s.episodes)
		s.episodes = append(s.episodes, episodeSeen{hash: hash})
	}
	s.episodes[i].last, s.episodes[i].ms = max(s.episodes[i].last, at), ms
	now = s.sum()
	crossed := cross(&s.is, g.limits(runtime), was, now)
	g.titles[key] = s.encode()
	w.title, w.labels = unique.Make(season), unique.Make(g.Labels(season))
	for i, kind := range seasonMarks() {
		if crossed[i] {
			out.Marks = append(out.Marks, g.viewerMark(v, kind, w, at, out))
		}
	}
	return nil
}

func (s *seasonSeen) sum() (ms int64) {
	for _, e := range s.episodes {
		ms += e.ms
	}
	return ms
}

// keptTitles is how many titles' states stay in memory when they have been stored,
// some 200 bytes each. A play shows for good what it shows in a handful of steps,
// and reading a state back for each of them took as long as working it out.
const keptTitles = 5_000

// storedTitles notes that what has changed of titles is stored.
func (g *Engine) storedTitles() {
	g.before, g.titles = g.titles, map[titleKey][]byte{}
	if len(g.before) > keptTitles {
		g.before = nil
	}
}

// title is the stored state of a key, as it is now.
func (g *Engine) title(key titleKey) ([]byte, error) {
	if data, ok := g.titles[key]; ok {
		return data, nil
	}
	if data, ok := g.before[key]; ok {
		return data, nil
	}
	return g.load(key.kind, key.bytes())
}
