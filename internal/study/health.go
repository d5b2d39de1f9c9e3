package study

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/zeebo/xxh3"

	"playhead/internal/insight"
	"playhead/internal/metric"
)

const (
	// busyCountry is how many impressions a country has in which a launched title
	// should have been shown.
	busyCountry = 1000
	// startsOften is how many requests tell whether a title fails to start.
	startsOften = 30
)

// healthAsked asks for what health reads: impressions by country and those of the
// titles, takes of the titles and of what is usual, requests and failures of all and
// of the titles.
func (s *Service) healthAsked(launched []*launch, now time.Time) []asking {
	ids, w := since(launched, now)
	only, starts := titlesAre(ids), []string{"play_requests", "video_start_failure_rate"}
	return []asking{
		{w, metric.Query{Metrics: []string{"impressions"}, Dimensions: []string{"country"}}},
		{w, metric.Query{Metrics: []string{"impressions"}, Dimensions: []string{"title", "country"}, Where: only}},
		{w, metric.Query{Metrics: []string{"eligible_viewers", "takers"}, Dimensions: []string{"title"}, Where: s.besideSome(ids)}},
		{w, metric.Query{Metrics: starts}},
		{w, metric.Query{Metrics: starts, Dimensions: []string{"title"}, Where: only}},
	}
}

// manyTitles are more than need be asked for to learn what is usual.
const manyTitles = 2 * learnTitles

// besideSome filters by titles and by enough others, drawn by their hash, to tell what
// is usual; where there are few it filters nothing.
func (s *Service) besideSome(ids []string) []metric.Where {
	return s.besides(ids, manyTitles)
}

// besides is besideSome with n others.
func (s *Service) besides(ids []string, n int) []metric.Where {
	titles := s.o.Titles.Titles()
	if len(titles) <= n {
		return nil
	}
	others := make([]string, len(titles))
	for i, t := range titles {
		others[i] = t.ID
	}
	return titlesAre(slices.Concat(ids, slices.DeleteFunc(someByHash(others, n), func(id string) bool { return slices.Contains(ids, id) })))
}

// someByHash are n of more ids, drawn by their hash so that they are neither the
// largest nor the oldest.
func someByHash(ids []string, n int) []string {
	hash := make([]uint64, len(ids))
	for i, id := range ids {
		hash[i] = xxh3.HashString(id)
	}
	most := slices.Sorted(slices.Values(hash))[n-1]
	some := make([]string, 0, n)
	for i, id := range ids {
		if hash[i] <= most && len(some) < n {
			some = append(some, id)
		}
	}
	return some
}

// health is what is wrong with launches: titles with no impression where they
// launched, that are shown and not taken, or that fail to start.
func health(launched []*launch, tables []*table, now time.Time) []Row {
	rows := notShown(tables[0], tables[1], tables[2], launched, now)
	ids, _ := since(launched, now)
	rows = append(rows, slices.DeleteFunc(notTaken(tables[2]), func(r Row) bool { return !slices.Contains(ids, r.Entity) })...)
	return append(rows, notStarted(tables[3], tables[4], ids)...)
}

// manyTimes is how often a viewer is taken to have been shown a title of which that is
// not known.
const manyTimes = 10

// notShown are titles without an impression in a country where others have many. all
// are impressions by country, shown the titles', takes their viewers.
func notShown(all, shown, takes *table, launched []*launch, now time.Time) []Row {
	viewers := map[string]float64{}
	for row := range takes.rows() {
		viewers[takes.text(row, "title")] = takes.value(row, "eligible_viewers")
	}
	busy := map[string]float64{}
	for row := range all.rows() {
		if n := all.value(row, "impressions"); n >= busyCountry && all.text(row, "country") != "" {
			busy[all.text(row, "country")] = n
		}
	}
	has, of := map[[2]string]float64{}, map[string]float64{}
	for row := range shown.rows() {
		n := shown.value(row, "impressions")
		has[[2]string{shown.text(row, "title"), shown.text(row, "country")}] += n
		of[shown.text(row, "title")] += n
	}
	var rows []Row
	countries, everywhere := slices.Sorted(maps.Keys(busy)), max(total(busy), 1)
	for _, l := range launched {
		if now.Sub(l.from) < day {
			continue // it may still be on its way
		}
		for _, country := range countries {
			if when, ok := l.title.LaunchedIn(country); !ok || time.UnixMilli(when).Add(day).After(now) || has[[2]string{l.title.ID, country}] > 0 {
				continue
			}
			// What it has elsewhere, in proportion, would have been seen here.
			expected := of[l.title.ID] * busy[country] / everywhere
			perViewer := float64(manyTimes)
			if n := viewers[l.title.ID]; n > 0 {
				perViewer = of[l.title.ID] / n
			}
			if of[l.title.ID] > 0 && !insight.Missing(expected, perViewer) {
				continue
			}
			row := Row{Entity: l.title.ID, Kind: "not_shown", N: 0, Basis: Observed}
			row.fill(insight.Estimate{})
			row.Evidence = map[string]any{"country": country, "impressions_elsewhere": of[l.title.ID], "expected_impressions": expected, "impressions_of_others": busy[country]}
			rows = append(rows, row)
		}
	}
	return rows
}

func total(m map[string]float64) (sum float64) {
	for _, v := range m {
		sum += v
	}
	return sum
}

// notTaken are titles whose take rate is surely below half of the usual.
func notTaken(t *table) []Row {
	var counts [][]insight.Count
	var ids []string
	for row := range t.rows() {
		if n := t.value(row, "eligible_viewers"); n > 0 {
			ids, counts = append(ids, t.text(row, "title")), append(counts, []insight.Count{countOf(t.value(row, "takers"), n)})
		}
	}
	if len(counts) == 0 {
		return nil
	}
	prior := learnFrom(ids, counts)
	usual := prior.Mean()
	var rows []Row
	for i, id := range ids {
		if counts[i][0].K >= counts[i][0].N*usual/2 {
			continue // what is drawn towards the usual cannot be surely below its half
		}
		e := prior.Posteriors(counts[i])[0].Estimate()
		if e.High >= usual/2 {
			continue
		}
		row := Row{Entity: id, Kind: "not_taken", N: int64(counts[i][0].N), Basis: string(insight.Unadjusted)}
		row.fill(e)
		row.Evidence = map[string]any{"usual_rate": usual, "takers": counts[i][0].K}
		rows = append(rows, row)
	}
	return rows
}

// learnFrom learns what is usual from some of the titles, drawn by their hash: that
// is enough, and all of a large catalogue would take too long.
func learnFrom(ids []string, counts [][]insight.Count) *insight.Prior {
	order := make([]int, len(ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(xxh3.HashString(ids[a]), xxh3.HashString(ids[b])) })
	some := make([][]insight.Count, 0, learnTitles)
	for _, i := range order[:min(len(order), learnTitles)] {
		some = append(some, counts[i])
	}
	return insight.LearnPrior(some)
}

// startAlarm bounds the probability that any launched title is said to fail to start
// that does not, however often one looks.
const startAlarm = 0.05

// notStarted are titles that fail to start surely twice as often as all do.
func notStarted(all, t *table, ids []string) []Row {
	if all.rows() == 0 {
		return nil
	}
	usual := all.value(0, "video_start_failure_rate")
	var names []string
	var counts []insight.Count
	for row := range t.rows() {
		if id, n := t.text(row, "title"), t.value(row, "play_requests"); n >= startsOften && slices.Contains(ids, id) {
			names, counts = append(names, id), append(counts, insight.Count{K: n * t.value(row, "video_start_failure_rate"), N: n})
		}
	}
	var rows []Row
	for _, i := range insight.Above(counts, 2*usual, startAlarm) {
		r := Row{Entity: names[i], Kind: "fails_to_start", N: int64(counts[i].N), Basis: Observed}
		r.fill(insight.Raw(counts[i]))
		r.Evidence = map[string]any{"usual_rate": usual, "log_e": insight.LogAbove(counts[i], 2*usual)}
		rows = append(rows, r)
	}
	return rows
}
