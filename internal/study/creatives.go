package study

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"playhead/internal/insight"
	"playhead/internal/metric"
)

// CreativesAsk asks how the creatives of a title do.
type CreativesAsk struct {
	Title   string
	Country string // "" is all
	By      string // "", country, placement, device_type, affinity or tag
	// Media adds the media time a viewer reached, of single plays.
	Media    bool
	From, To time.Time
}

// CreativesBy are the dimensions that creatives can be told by.
func CreativesBy() []string {
	return []string{"country", "placement", "device_type", "affinity", "tag"}
}

// best is how sure one must be to name a winner.
const best = 0.95

// Creatives are the creatives of a title, best first: shrunken take rates, what
// they stand on, and how sure the order is. Told by a dimension, each of its values
// has its own order.
func (s *Service) Creatives(ctx context.Context, q CreativesAsk) (*Answer, error) {
	name := keptName("creatives", q.From, q.To, q.Title, q.Country, q.By, fmt.Sprint(q.Media))
	return keepBriefly(ctx, s, name, func(ctx context.Context) (*Answer, error) { return s.creatives(ctx, q) })
}

func (s *Service) creatives(ctx context.Context, q CreativesAsk) (*Answer, error) {
	known, at, err := s.usually(ctx)
	if err != nil {
		return nil, err
	}
	usual, a := known.rates, s.begin()
	a.meta.LearntAt = at.UTC().Format(time.RFC3339)
	w := window{q.From, q.To}
	where := []metric.Where{{Dimension: "title", In: []string{q.Title}}}
	if q.Country != "" {
		where = append(where, metric.Where{Dimension: "country", In: []string{q.Country}})
	}
	var rows []Row
	switch q.By {
	case "":
		rows, err = a.ranked(ctx, w, q, where, usual)
	case "tag":
		rows, err = a.byTag(ctx, w, q, usual)
	default:
		rows, err = a.parted(ctx, w, q, where, usual)
	}
	if err != nil {
		return nil, err
	}
	return a.done("take rate: the share of viewers reached who made a qualified play, drawn towards what is usual for the title", "viewers with an eligible impression", rows), nil
}

// ranked are all of a title's creatives on the best basis there is.
func (a *answering) ranked(ctx context.Context, w window, q CreativesAsk, where []metric.Where, usual insight.Usual) ([]Row, error) {
	var weighted []insight.Count
	var media map[string]float64
	also := []more{func(ctx context.Context, a *answering, f *serviceFunnels) (err error) {
		weighted, err = a.weighted(ctx, w, where, f.titles[q.Title], f.table)
		return err
	}}
	if q.Media {
		also = append(also, func(ctx context.Context, a *answering, _ *serviceFunnels) (err error) {
			media, err = a.media(ctx, w, where)
			return err
		})
	}
	all, err := a.titleFunnels(ctx, w, q.Title, q.Country, also...)
	if err != nil {
		return nil, err
	}
	of := all.titles[q.Title]
	if of == nil {
		return nil, nil
	}
	counts, basis := takesOf(of), of.basis
	if weighted != nil {
		counts, basis = weighted, insight.Randomised
	}
	if len(insight.Reversals(of.raw, counts)) > 0 {
		a.warn("Some creatives change places when like is compared with like: where and to whom they were shown decides the raw rates (Simpson's paradox).")
	}
	if basis == insight.Unadjusted && len(of.creatives) > 1 {
		a.warn("The creatives were not shown in the same places: their rates are not comparable.")
	}
	keep, effective := usual.Keep.Posteriors(pick(of, func(f insight.Funnel) insight.Count { return f.Keep })),
		usual.Effective.Posteriors(pick(of, func(f insight.Funnel) insight.Count { return f.Effective }))
	var rows []Row
	for place, r := range insight.Rank(usual.Take.Posteriors(counts)) {
		i := r.Creative
		row := Row{Entity: of.creatives[i], Kind: "creative", N: int64(of.raw[i].N), Basis: string(basis)}
		row.fill(r.Estimate)
		row.Evidence = map[string]any{
			"place": place + 1, "probability_best": r.Best, "viewers_needed": number(r.Needs),
			"take_rate_raw": interval(insight.Raw(of.raw[i])), "effective_viewers": counts[i].N,
			"completion_given_take": interval(keep[i].Estimate()), "effective_rate": interval(effective[i].Estimate()),
			"viewers_reached": all.table.value(of.rows[i], "viewers_reached"), "impressions": all.table.value(of.rows[i], "impressions"),
		}
		of.compared(i, basis, row.Evidence)
		if n := all.table.value(of.rows[i], "viewers_reached"); media != nil && n > 0 {
			row.Evidence["media_minutes_per_viewer_reached"] = media[row.Entity] * 60 / n
		}
		// Only what was chosen by chance may be said to bring viewers in.
		if basis == insight.Randomised && place == 0 && r.Best >= best && len(of.creatives) > 1 {
			row.Evidence["winner"] = true
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// compared adds to the evidence about a creative how it was compared with the others.
func (t *titleFunnels) compared(creative int, basis insight.Basis, evidence map[string]any) {
	if t.overlap != nil {
		evidence["overlap"] = t.overlap[creative]
	}
	if basis != insight.Adjusted {
		return
	}
	evidence["adjusted_for"] = t.adjustedFor
	if m := t.margins; m != nil && m.overDevices != nil {
		evidence["overlap_device"] = m.overDevices[creative]
	}
}

// media are the media hours of the plays that creatives were taken for. No roll-up
// holds them: they are read from single plays.
func (a *answering) media(ctx context.Context, w window, where []metric.Where) (map[string]float64, error) {
	t, err := a.ask(ctx, w, metric.Query{Metrics: []string{"media_hours"}, Dimensions: []string{"creative"}, Where: where})
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for row := range t.rows() {
		out[t.text(row, "creative")] = t.value(row, "media_hours")
	}
	return out, nil
}

func takesOf(of *titleFunnels) []insight.Count {
	return pick(of, func(f insight.Funnel) insight.Count { return f.Take })
}

func pick(of *titleFunnels, get func(insight.Funnel) insight.Count) []insight.Count {
	out := make([]insight.Count, len(of.counts))
	for i := range out {
		out[i] = get(of.counts[i])
	}
	return out
}

// leastRandomised is the least effective sample size of each creative.
const leastRandomised = 30

// weighted are the inverse-propensity weighted takes of creatives, or nil when
// not all of them have enough impressions of a known propensity. What one viewer
// sees again is no independent trial: the size is divided by impressions a viewer.
func (a *answering) weighted(ctx context.Context, w window, where []metric.Where, of *titleFunnels, all *table) ([]insight.Count, error) {
	t, err := a.ask(ctx, w, metric.Query{Metrics: []string{"weighted_take_rate", "eligible_impressions"}, Dimensions: []string{"creative"}, Where: where})
	if err != nil {
		return nil, err
	}
	out := make([]insight.Count, len(of.creatives))
	for row := range t.rows() {
		i := of.index(t.text(row, "creative"))
		p, ok := t.number(row, "weighted_take_rate")
		if i < 0 || !ok {
			continue
		}
		se := p * t.relative(row, "weighted_take_rate")
		if p <= 0 || p >= 1 || se <= 0 {
			continue
		}
		perViewer := max(t.value(row, "eligible_impressions")/max(all.value(of.rows[i], "eligible_viewers"), 1), 1)
		n := p * (1 - p) / (se * se) / perViewer
		out[i] = insight.Count{K: p * n, N: n}
	}
	for i := range out {
		if out[i].N < leastRandomised {
			return nil, nil
		}
	}
	return out, nil
}

// parted are the creatives by the values of a dimension, as counted.
func (a *answering) parted(ctx context.Context, w window, q CreativesAsk, where []metric.Where, usual insight.Usual) ([]Row, error) {
	metrics := funnelMetrics[:]
	t, err := a.ask(ctx, w, metric.Query{Metrics: metrics, Dimensions: []string{"creative", q.By}, Where: where})
	if err != nil {
		return nil, err
	}
	parts := map[string]*titleFunnels{}
	for row := range t.rows() {
		v := t.text(row, q.By)
		if t.value(row, "eligible_viewers") <= 0 || t.text(row, "creative") == "" {
			continue
		}
		if parts[v] == nil {
			parts[v] = &titleFunnels{title: q.Title}
		}
		x := funnelOf(t, row)
		parts[v].creatives, parts[v].counts = append(parts[v].creatives, t.text(row, "creative")), append(parts[v].counts, x)
	}
	return rowsOfParts(parts, q.By, usual), nil
}

// byTag are the creatives put together by what the catalogue says is in their
// pictures.
func (a *answering) byTag(ctx context.Context, w window, q CreativesAsk, usual insight.Usual) ([]Row, error) {
	all, err := a.titleFunnels(ctx, w, q.Title, q.Country)
	of := (*titleFunnels)(nil)
	if err == nil {
		of = all.titles[q.Title]
	}
	if of == nil {
		return nil, err
	}
	title, _ := a.s.o.Titles.Title(q.Title)
	tags := &titleFunnels{title: q.Title}
	for i, id := range of.creatives {
		c, _ := title.Creative(id)
		for _, tag := range c.Tags {
			at := tags.index(tag)
			if at < 0 {
				at = len(tags.creatives)
				tags.creatives, tags.counts = append(tags.creatives, tag), append(tags.counts, insight.Funnel{})
			}
			add(&tags.counts[at].Take, of.counts[i].Take)
			add(&tags.counts[at].Keep, of.counts[i].Keep)
			add(&tags.counts[at].Effective, of.counts[i].Effective)
		}
	}
	a.warn("Viewers of several creatives with a tag count once for each of them.")
	return rowsOfParts(map[string]*titleFunnels{"": tags}, "tag", usual), nil
}

func add(to *insight.Count, c insight.Count) {
	to.K, to.N, to.Error = to.K+c.K, to.N+c.N, max(to.Error, c.Error)
}

func rowsOfParts(parts map[string]*titleFunnels, by string, usual insight.Usual) []Row {
	values := slices.Sorted(maps.Keys(parts))
	rows := make([][]Row, len(values))
	spread(len(values), func(i int) { rows[i] = rowsOfPart(parts[values[i]], by, values[i], usual) })
	return slices.Concat(rows...)
}

// rowsOfPart are the creatives of one value v of a dimension.
func rowsOfPart(of *titleFunnels, by, v string, usual insight.Usual) (rows []Row) {
	for place, r := range insight.Rank(usual.Take.Posteriors(takesOf(of))) {
		i := r.Creative
		row := Row{Entity: of.creatives[i], Kind: "creative_by_" + by, N: int64(of.counts[i].Take.N), Basis: string(insight.Unadjusted)}
		row.fill(r.Estimate)
		row.Evidence = map[string]any{
			"place": place + 1, "probability_best": r.Best, "viewers_needed": number(r.Needs),
			"completion_given_take": interval(insight.Raw(of.counts[i].Keep)), "effective_rate": interval(insight.Raw(of.counts[i].Effective)),
		}
		if by != "tag" {
			row.Evidence[by] = v
		}
		rows = append(rows, row)
	}
	return rows
}
