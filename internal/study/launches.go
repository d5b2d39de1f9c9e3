package study

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/insight"
	"playhead/internal/metric"
)

// LaunchesAsk asks how titles do since they came to the service.
type LaunchesAsk struct {
	// Titles are to be compared; none are those launched in the last Within days.
	Titles []string
	// Creatives are to be compared at equal ages, instead of titles.
	Creatives []string
	Within    int // days; 0 is 28
	Days      int // how many days since launch are compared; 0 is 7
}

const (
	launchWithin = 28
	launchDays   = 7
	// launchPeers are the most similar titles whose launches make the band.
	launchPeers = 60
	day         = 24 * time.Hour
)

// launch is a title's figures by day since launch.
type launch struct {
	title *catalog.Title
	from  time.Time
	days  int       // that are over or under way
	media []float64 // hours, by day
	// plays of those days; viewers since launch.
	plays, viewers float64
}

// Launches are titles aligned at their launch: media hours over the first days
// beside the band of similar titles, and what is wrong with how they launched.
func (s *Service) Launches(ctx context.Context, q LaunchesAsk) (*Answer, error) {
	if q.Within <= 0 {
		q.Within = launchWithin
	}
	if q.Days <= 0 {
		q.Days = launchDays
	}
	if len(q.Creatives) > 0 {
		return s.creativeLaunches(ctx, q)
	}
	name := keptName("launches", time.Time{}, time.Time{}, append([]string{fmt.Sprint(q.Within), fmt.Sprint(q.Days)}, q.Titles...)...)
	return keep(ctx, s, name, func(ctx context.Context) (*Answer, error) { return s.launches(ctx, q) })
}

func (s *Service) launches(ctx context.Context, q LaunchesAsk) (*Answer, error) {
	a := s.begin()
	now := s.o.Clock()
	wanted, peers := s.launchesAnd(q, now)
	// All that has to be asked is known before: it is asked at once.
	ours, theirs := coursesOfTitles(wanted, q.Days, now), coursesOfTitles(peers, q.Days, now)
	launched := launchesOf(ours)
	var list []asking
	for _, c := range slices.Concat(ours, theirs) {
		list = append(list, c.asking)
	}
	if len(launched) > 0 {
		list = append(list, viewersSince(launched, now))
		list = append(list, s.healthAsked(launched, now)...)
	}
	tables, err := a.together(ctx, list)
	if err != nil {
		return nil, err
	}
	for _, c := range slices.Concat(ours, theirs) {
		c.read(tables[0], q.Days)
		tables = tables[1:]
	}
	var rows, more []Row
	if len(launched) > 0 {
		readViewers(launched, tables[0])
		more = health(launched, tables[1:], now)
	}
	before := launchesOf(theirs)
	for _, l := range launched {
		rows = append(rows, l.row(before))
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(value(b.Estimate), value(a.Estimate)) })
	a.meta.From, a.meta.To = "", ""
	return a.done("of a launch: media hours since launch, its interval that of as many independent plays; of not_shown: impressions where it launched; of not_taken: take rate; of fails_to_start: share of play requests that fail", "plays; of not_taken viewers reached, of fails_to_start play requests", append(more, rows...)), nil
}

// launchesAnd are the titles whose launches are asked for, and of the others those that
// were launched last.
func (s *Service) launchesAnd(q LaunchesAsk, now time.Time) (wanted, peers []*catalog.Title) {
	titles := s.o.Titles.Titles()
	for i := range titles {
		t := &titles[i] // a catalogue may be large, and so is what is known of a title
		at := time.UnixMilli(t.Launched)
		switch {
		case t.Launched == 0 || at.After(now):
		case slices.Contains(q.Titles, t.ID) || len(q.Titles) == 0 && now.Sub(at) <= time.Duration(q.Within)*day:
			wanted = append(wanted, t)
		default:
			peers = putLast(peers, t, launchPeers)
		}
	}
	return wanted, peers
}

// putLast puts a title among up to n that were launched last, the latest first.
func putLast(list []*catalog.Title, t *catalog.Title, n int) []*catalog.Title {
	if len(list) == n && t.Launched <= list[n-1].Launched {
		return list
	}
	at := sort.Search(len(list), func(i int) bool { return list[i].Launched < t.Launched })
	return slices.Insert(list[:min(len(list), n-1)], at, t)
}

func value(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// course is media hours and plays by day since launch, of titles whose launches lie
// close to each other: they are asked for at once.
type course struct {
	launches []*launch
	asking   asking
}

// courseSpan is how far apart launches are, at most, that one query asks for: it
// reads all days between them.
const courseSpan = 60 * day

func coursesOfTitles(titles []*catalog.Title, days int, now time.Time) (out []*course) {
	titles = slices.SortedFunc(slices.Values(titles), func(a, b *catalog.Title) int { return cmp.Compare(a.Launched, b.Launched) })
	for len(titles) > 0 {
		first, n := time.UnixMilli(titles[0].Launched).UTC(), 0
		for n < len(titles) && titles[n].Launched < first.Add(courseSpan).UnixMilli() {
			n++
		}
		out, titles = append(out, newCourse(titles[:n], days, now)), titles[n:]
	}
	return out
}

// newCourse is that of titles in the order of their launches.
func newCourse(titles []*catalog.Title, days int, now time.Time) *course {
	c, ids := &course{}, []string(nil)
	var end time.Time
	for _, t := range titles {
		from := time.UnixMilli(t.Launched).UTC()
		to := from.Add(time.Duration(days) * day)
		if to.After(now) {
			to = now
		}
		if to.After(end) {
			end = to
		}
		c.launches = append(c.launches, &launch{title: t, from: from, days: int(math.Ceil(float64(to.Sub(from)) / float64(day))), media: make([]float64, days)})
		ids = append(ids, t.ID)
	}
	c.asking = asking{window{c.launches[0].from, end}, metric.Query{
		Metrics: []string{"media_hours", "plays"}, Dimensions: []string{"title"}, Where: titlesAre(ids), Grain: "day", Timezone: "UTC",
	}}
	return c
}

func titlesAre(ids []string) []metric.Where { return []metric.Where{{Dimension: "title", In: ids}} }

// read puts the figures into the launches.
func (c *course) read(t *table, days int) {
	known := map[string]*launch{}
	for _, l := range c.launches {
		known[l.title.ID] = l
	}
	for row := range t.rows() {
		when, err := time.Parse(time.RFC3339, t.text(row, "time"))
		l := known[t.text(row, "title")]
		if err != nil || l == nil || when.Before(l.from) {
			continue
		}
		if i := int(when.Sub(l.from) / day); i < days {
			l.media[i] += t.value(row, "media_hours")
			l.plays += t.value(row, "plays")
		}
	}
}

// launchesOf are the launches of courses, by title.
func launchesOf(courses []*course) (out []*launch) {
	for _, c := range courses {
		out = append(out, c.launches...)
	}
	slices.SortFunc(out, func(a, b *launch) int { return cmp.Compare(a.title.ID, b.title.ID) })
	return out
}

// since are the ids of launches, and the window from the first of them on.
func since(launched []*launch, now time.Time) (ids []string, w window) {
	w = window{now, now}
	for _, l := range launched {
		ids = append(ids, l.title.ID)
		if l.from.Before(w.from) {
			w.from = l.from
		}
	}
	return ids, w
}

// viewersSince asks for distinct viewers of titles since their launch.
func viewersSince(launched []*launch, now time.Time) asking {
	ids, w := since(launched, now)
	return asking{w, metric.Query{Metrics: []string{"viewers"}, Dimensions: []string{"title"}, Where: titlesAre(ids)}}
}

func readViewers(launched []*launch, t *table) {
	of := map[string]float64{}
	for row := range t.rows() {
		of[t.text(row, "title")] = t.value(row, "viewers")
	}
	for _, l := range launched {
		l.viewers = of[l.title.ID]
	}
}

// row sets a launch beside those of similar titles.
func (l *launch) row(before []*launch) Row {
	plays, media := l.plays, 0.0
	course := make([]float64, l.days)
	for i := range course {
		media += l.media[i]
		course[i] = media
	}
	row := Row{Entity: l.title.ID, Kind: "launch", N: int64(plays), Basis: Observed}
	half := 1.96 / math.Sqrt(max(plays, 1)) * math.Sqrt2 // lengths of plays vary about as much as their mean
	row.fill(insight.Estimate{Value: media, Low: media * max(0, 1-half), High: media * (1 + half)})
	band := bandOf(l, before)
	row.Evidence = map[string]any{
		"launched": l.from.Format(time.DateOnly), "days": l.days, "viewers": l.viewers, "media_hours_by_day": l.media[:l.days],
		"media_hours_cumulative": course, "similar_titles": band.titles, "band_low": band.low, "band_median": band.middle, "band_high": band.high,
	}
	return row
}

// band is what launches of similar titles had had by each day: the middle four
// fifths of them.
type band struct {
	titles            int
	low, middle, high []float64
}

// bandOf is made of titles of the same kind that share a genre; of the same kind
// when those are fewer than five.
func bandOf(l *launch, before []*launch) band {
	similar := func(strict bool) (out []*launch) {
		for _, p := range before {
			shares := slices.ContainsFunc(p.title.Genres, func(g string) bool { return slices.Contains(l.title.Genres, g) })
			if p.title.ID != l.title.ID && p.title.Kind == l.title.Kind && (shares || !strict) && p.plays > 0 {
				out = append(out, p)
			}
		}
		return out
	}
	peers := similar(true)
	if len(peers) < 5 {
		peers = similar(false)
	}
	b := band{titles: len(peers), low: []float64{}, middle: []float64{}, high: []float64{}}
	if len(peers) < 5 {
		return b
	}
	sums := make([]float64, len(peers))
	for d := range l.days {
		for i, p := range peers {
			sums[i] += p.media[d]
		}
		sorted := slices.Sorted(slices.Values(sums))
		at := func(q float64) float64 { return sorted[int(math.Round(q*float64(len(sorted)-1)))] }
		b.low, b.middle, b.high = append(b.low, at(0.1)), append(b.middle, at(0.5)), append(b.high, at(0.9))
	}
	return b
}
