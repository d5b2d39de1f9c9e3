package study

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/insight"
	"playhead/internal/metric"
)

// TrendsAsk asks what rises and fades.
type TrendsAsk struct {
	// Dimension is genre, theme, cast, language, show or title; query is what is
	// searched for and not found, under_promoted titles that hold those who find them.
	Dimension string
	Country   string
	From, To  time.Time
	Language  string // of search texts, for word endings
	Limit     int
}

// TrendDimensions are what trends can be asked of.
func TrendDimensions() []string {
	return []string{"genre", "theme", "cast", "language", "show", "title", "query", "under_promoted"}
}

const (
	// trendWeeks are the earlier weeks that a window is compared with.
	trendWeeks = 8
	week       = 7 * 24 * time.Hour
	// trendAlarm bounds the probability of any false alarm in four weeks.
	trendAlarm = 0.05
)

// Trends are the groups whose share of media hours moves most, or what searches
// miss, or what is little shown.
func (s *Service) Trends(ctx context.Context, q TrendsAsk) (*Answer, error) {
	name := keptName("trends", q.From, q.To, q.Dimension, q.Country, q.Language, fmt.Sprint(q.Limit))
	return keepBriefly(ctx, s, name, func(ctx context.Context) (*Answer, error) { return s.trends(ctx, q) })
}

func (s *Service) trends(ctx context.Context, q TrendsAsk) (*Answer, error) {
	switch q.Dimension {
	case "query":
		return s.unmet(ctx, q)
	case "under_promoted":
		return s.underPromoted(ctx, q)
	}
	a := s.begin()
	now := q.To
	if now.IsZero() || now.After(s.o.Clock()) {
		now = s.wholeDays()
	}
	from := q.From
	if from.IsZero() || now.Sub(from) > week || !from.Before(now) {
		from = now.Add(-week) // earlier weeks begin where it does: it must not be longer
	}
	var where []metric.Where
	if q.Country != "" {
		where = []metric.Where{{Dimension: "country", In: []string{q.Country}}}
	}
	past := &span{s: s, from: from, to: now, where: where}
	rows, err := a.moved(ctx, past, q.Dimension)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(distance(b), distance(a)) })
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
	}
	a.meta.From, a.meta.To = from.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)
	return a.done("momentum: the logarithm of this window's share of media hours by its mean share in the same hours of up to eight earlier weeks, drawn towards 0; 0.1 is about 10 % more. An alarm holds with 95 % over four weeks of daily looks", "plays", rows), nil
}

// moved are the groups' momenta, with and without their largest titles, and how much
// they are in demand.
func (a *answering) moved(ctx context.Context, past *span, dimension string) ([]Row, error) {
	var weeks []hours
	var index, largest map[string]float64
	parts := []func(context.Context, *answering) error{
		func(ctx context.Context, a *answering) (err error) {
			weeks, err = past.weeks(ctx, a, dimension, nil)
			return err
		},
		func(ctx context.Context, a *answering) (err error) {
			index, err = a.demand(ctx, window{past.from, past.to}, dimension, past.where)
			return err
		},
	}
	labels := dimension != "title" && dimension != "show"
	if labels {
		parts = append(parts, func(ctx context.Context, a *answering) (err error) {
			largest, err = past.largest(ctx, a, "title", past.from, past.to)
			return err
		})
	}
	if err := a.inParts(ctx, parts...); err != nil {
		return nil, err
	}
	rows := momentumRows(weeks, nil)
	for i := range rows {
		if v, ok := index[rows[i].Entity]; ok {
			rows[i].Evidence["demand_index"] = v
		}
	}
	if !labels {
		return rows, nil
	}
	return rows, a.withoutTop(ctx, past, rows, dimension, weeks, largest)
}

// wholeDays is the end of the last whole day of the report time zone: of labels
// days are kept, and half of one would be compared with whole ones.
func (s *Service) wholeDays() time.Time {
	zone := s.zone()
	y, m, d := s.o.Clock().In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// distance is how surely a row moved: the end of its interval that is nearer to 0.
func distance(r Row) float64 {
	switch {
	case r.Low != nil && *r.Low > 0:
		return *r.Low
	case r.High != nil && *r.High < 0:
		return -*r.High
	}
	return 0
}

// momentumRows are a row a group; less is what of each group is left out, by week.
func momentumRows(weeks []hours, less []map[string]float64) []Row {
	var names []string
	for v := range weeks[0].media {
		if v != "" {
			names = append(names, v)
		}
	}
	slices.Sort(names)
	list := make([]insight.Series, len(names))
	for i, v := range names {
		share := func(w int) float64 {
			media, total := weeks[w].media[v], weeks[w].total
			if less != nil {
				media, total = media-less[w][v], total-less[w][v]
			}
			if total <= 0 {
				return 0
			}
			return max(media, 0) / total
		}
		list[i] = insight.Series{Now: share(0), Plays: weeks[0].plays[v]}
		for w := 1; w < len(weeks); w++ {
			list[i].Before = append(list[i].Before, share(w))
		}
	}
	var rows []Row
	for i, m := range insight.Momenta(list, trendAlarm) {
		row := Row{Entity: names[i], Kind: "unknown", N: int64(list[i].Plays), Basis: Observed}
		row.Evidence = map[string]any{"share": list[i].Now, "weeks": len(list[i].Before)}
		if m.Known {
			row.fill(m.Log)
			row.Evidence["alarm"], row.Evidence["log_e"] = m.Alarm, m.LogE
			switch {
			case m.Log.Low > 0:
				row.Kind = "rising"
			case m.Log.High < 0:
				row.Kind = "fading"
			default:
				row.Kind = "steady"
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// withoutTop adds to each group what its momentum is without its largest title of
// this window, by media hours now: one hit is no trend of a genre.
func (a *answering) withoutTop(ctx context.Context, past *span, rows []Row, dimension string, weeks []hours, now map[string]float64) error {
	top := map[string]string{}
	for _, t := range a.s.o.Titles.Titles() {
		media := now[t.ID]
		for _, v := range labelsOf(t, dimension) {
			if media > 0 && (top[v] == "" || media > now[top[v]]) {
				top[v] = t.ID
			}
		}
	}
	if len(top) == 0 {
		return nil
	}
	titles, err := past.weeks(ctx, a, "title", slices.Compact(slices.Sorted(maps.Values(top))))
	if err != nil {
		return err
	}
	n := min(len(weeks), len(titles))
	less := make([]map[string]float64, n)
	for w := range less {
		less[w] = map[string]float64{}
		for v, id := range top {
			less[w][v] = titles[w].media[id]
		}
	}
	without := map[string]Row{}
	for _, r := range momentumRows(weeks[:n], less) {
		without[r.Entity] = r
	}
	for i := range rows {
		r, known := without[rows[i].Entity]
		if id := top[rows[i].Entity]; id != "" && known {
			rows[i].Evidence["top_title"] = id
			rows[i].Evidence["without_top_title"] = map[string]any{"estimate": r.Estimate, "low": r.Low, "high": r.High}
		}
	}
	return nil
}

// labelsOf are a title's values of a dimension.
func labelsOf(t catalog.Title, dimension string) []string {
	switch dimension {
	case "genre":
		return t.Genres
	case "theme":
		return t.Themes
	case "cast":
		return t.Cast
	case "language":
		return []string{t.Language}
	}
	return nil
}

// demand is how much more each group is watched than it is offered.
func (a *answering) demand(ctx context.Context, w window, dimension string, where []metric.Where) (map[string]float64, error) {
	t, err := a.ask(ctx, w, metric.Query{Metrics: []string{"demand_index"}, Dimensions: []string{dimension}, Where: where})
	if err != nil {
		return nil, err
	}
	index := map[string]float64{}
	for row := range t.rows() {
		if v, ok := t.number(row, "demand_index"); ok {
			index[t.text(row, dimension)] = v
		}
	}
	return index, nil
}

// unmet is what is searched for and not found, spellings of one wish together.
func (s *Service) unmet(ctx context.Context, q TrendsAsk) (*Answer, error) {
	a := s.begin()
	w := window{q.From, q.To}
	if w.from.IsZero() {
		w.from = s.o.Clock().AddDate(0, 0, -28)
	}
	var where []metric.Where
	if q.Country != "" {
		where = []metric.Where{{Dimension: "country", In: []string{q.Country}}}
	}
	t, err := a.ask(ctx, w, metric.Query{Metrics: []string{"searches", "unmet_searches", "empty_searches"}, Dimensions: []string{"query"}, Where: where})
	if err != nil {
		return nil, err
	}
	var list []insight.Wish
	for row := range t.rows() {
		if n, ok := t.number(row, "searches"); ok {
			list = append(list, insight.Wish{Text: t.text(row, "query"), Searches: n, Unmet: t.value(row, "unmet_searches"), Empty: t.value(row, "empty_searches")})
		}
	}
	if q.Language == "" {
		q.Language = "english"
	}
	var rows []Row
	for _, want := range insight.Wants(list, q.Language) {
		if want.Unmet.K <= 0 || q.Limit > 0 && len(rows) >= q.Limit {
			continue
		}
		row := Row{Entity: want.Text, Kind: "unmet_search", N: int64(want.Searches), Basis: Observed}
		row.fill(insight.Raw(want.Unmet))
		row.Evidence = map[string]any{"unmet": want.Unmet.K, "without_results": want.Empty, "spellings": want.Spellings}
		rows = append(rows, row)
	}
	return a.done("share of the searches that found nothing or of whose results none was chosen; most such searches first", "searches", rows), nil
}

// underPromoted are titles that hold those who find them, and are little shown.
func (s *Service) underPromoted(ctx context.Context, q TrendsAsk) (*Answer, error) {
	a := s.begin()
	w := window{q.From, q.To}
	if w.from.IsZero() {
		w.from = s.o.Clock().AddDate(0, 0, -28)
	}
	var where []metric.Where
	if q.Country != "" {
		where = []metric.Where{{Dimension: "country", In: []string{q.Country}}}
	}
	tables, err := a.together(ctx, []asking{
		{w, metric.Query{Metrics: []string{"starters", "completers"}, Dimensions: []string{"title"}, Where: where}},
		{w, metric.Query{Metrics: []string{"impressions"}, Dimensions: []string{"title"}}},
	})
	if err != nil {
		return nil, err
	}
	t, shown := tables[0], tables[1]
	impressions, all := map[string]float64{}, []float64{}
	for row := range shown.rows() {
		impressions[shown.text(row, "title")] = shown.value(row, "impressions")
	}
	var names []string
	var counts [][]insight.Count
	for row := range t.rows() {
		if n := t.value(row, "starters"); n > 0 {
			names = append(names, t.text(row, "title"))
			counts = append(counts, []insight.Count{countOf(t.value(row, "completers"), n)})
			all = append(all, impressions[t.text(row, "title")])
		}
	}
	if len(all) == 0 {
		return a.done(holdsWhat, "starters", nil), nil
	}
	slices.Sort(all)
	little := all[len(all)/2]
	prior := learnFrom(names, counts)
	usual := prior.Mean()
	rows := held(names, counts, impressions, little, usual, prior)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(*b.Low, *a.Low) })
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
	}
	return a.done(holdsWhat, "starters", rows), nil
}

// held are the titles shown no more than little whose rate surely lies above the
// usual.
func held(names []string, counts [][]insight.Count, impressions map[string]float64, little, usual float64, prior *insight.Prior) (rows []Row) {
	var candidates []int
	for i, id := range names {
		if counts[i][0].K > counts[i][0].N*usual && impressions[id] <= little {
			candidates = append(candidates, i)
		}
	}
	estimates := make([]insight.Estimate, len(candidates))
	spread(len(candidates), func(n int) { estimates[n] = prior.Posteriors(counts[candidates[n]])[0].Estimate() })
	for n, i := range candidates {
		id, e := names[i], estimates[n]
		if e.Low <= usual {
			continue
		}
		row := Row{Entity: id, Kind: "under_promoted", N: int64(counts[i][0].N), Basis: Observed}
		row.fill(e)
		row.Evidence = map[string]any{"impressions": impressions[id], "median_impressions": little, "usual_rate": usual}
		rows = append(rows, row)
	}
	return rows
}

const holdsWhat = "share of those who start a title who complete it, drawn towards what is usual: titles surely above what is usual that have no more impressions than half of the titles"
