package study

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"playhead/internal/insight"
	"playhead/internal/metric"
)

// AffinitiesAsk asks what the viewers of a title, or the takers of one of its
// creatives, like.
type AffinitiesAsk struct {
	Title    string
	Creative string // "" is the title's viewers
	Kind     string // genre, theme, cast, language; "" is all
	From, To time.Time
	Limit    int
}

// Affinities are the labels that are commoner (or rarer) among them than among
// all, strongest first.
func (s *Service) Affinities(ctx context.Context, q AffinitiesAsk) (*Answer, error) {
	a := s.begin()
	w := window{q.From, q.To}
	if w.from.IsZero() {
		w.from = s.o.Clock().AddDate(0, 0, -28)
	}
	title := metric.Where{Dimension: "title", In: []string{q.Title}}
	count, part, whole := "viewers", []metric.Where{title}, []metric.Where(nil)
	if q.Creative != "" {
		count, whole = "takers", []metric.Where{title}
		part = append(part, metric.Where{Dimension: "creative", In: []string{q.Creative}})
	}
	its, itsAll, err := a.liked(ctx, w, count, part)
	if err != nil {
		return nil, err
	}
	others, othersAll, err := a.everybody(ctx, q, w, count, whole)
	if err != nil {
		return nil, err
	}
	var names []string
	var x, y []insight.Count
	for name := range others {
		kind, _, _ := strings.Cut(name, ":")
		if name == "" || q.Kind != "" && kind != q.Kind {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		x, y = append(x, countOf(its[name], itsAll)), append(y, countOf(others[name], othersAll))
	}
	var rows []Row
	for i, index := range insight.Indexes(x, y) {
		if x[i].K <= 0 {
			continue // nobody, or too few to be told
		}
		kind, _, _ := strings.Cut(names[i], ":")
		row := Row{Entity: names[i], Kind: "affinity_" + kind, N: int64(itsAll), Basis: Observed}
		row.fill(index.Value)
		row.Evidence = map[string]any{
			"raw_index": number(index.Raw), "with": x[i].K, "share": number(x[i].K / max(itsAll, 1)), "share_of_all": number(y[i].K / max(othersAll, 1)),
			"stands_out": index.Value.Low > 1 || index.Value.High < 1,
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(*b.Estimate, *a.Estimate) })
	if q.Limit > 0 && len(rows) > q.Limit {
		rows = rows[:q.Limit]
	}
	a.warn("A viewer's tastes are those before the play or impression began, so that a title is no part of the tastes of those who come to it for the first time; of those who come back it is.")
	return a.done("affinity index: the share with the label among them by the share among all; 1 is the same, drawn towards 1 by how little is known", "viewers of the title, or takers of the creative", rows), nil
}

// population is what everybody likes.
type population struct {
	with map[string]float64
	all  float64
	meta InsightMeta
}

// everybody is what those like whom the part is set against: the same for every
// title, so it is kept.
func (a *answering) everybody(ctx context.Context, q AffinitiesAsk, w window, count string, whole []metric.Where) (map[string]float64, float64, error) {
	if whole != nil {
		return a.liked(ctx, w, count, whole)
	}
	p, err := keep(ctx, a.s, keptName("likes", q.From, q.To), func(ctx context.Context) (population, error) {
		b := a.s.begin()
		with, all, err := b.liked(ctx, w, count, nil)
		return population{with, all, b.meta}, err
	})
	a.meta.Suppressed += p.meta.Suppressed
	a.meta.Rollup = join(a.meta.Rollup, p.meta.Rollup)
	for _, text := range p.meta.Warnings {
		a.warn("%s", text)
	}
	return p.with, p.all, err
}

// liked are the distinct viewers with each label, and all of them.
func (a *answering) liked(ctx context.Context, w window, count string, where []metric.Where) (map[string]float64, float64, error) {
	t, err := a.ask(ctx, w, metric.Query{Metrics: []string{count}, Dimensions: []string{"affinity"}, Where: where})
	if err != nil {
		return nil, 0, err
	}
	// The same weeks, or shares would be of different times.
	whole := window{}
	if from, err := time.Parse(time.RFC3339Nano, t.res.Meta.From); err == nil {
		whole.from = from
	}
	if to, err := time.Parse(time.RFC3339Nano, t.res.Meta.To); err == nil {
		whole.to = to
	}
	all, err := a.ask(ctx, whole, metric.Query{Metrics: []string{count}, Where: where})
	if err != nil {
		return nil, 0, err
	}
	out := map[string]float64{}
	for row := range t.rows() {
		if v, ok := t.number(row, count); ok {
			out[t.text(row, "affinity")] = v
		}
	}
	total := 0.0
	if all.rows() > 0 {
		total = all.value(0, count)
	}
	return out, total, nil
}
