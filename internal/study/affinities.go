package study

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"playhead/internal/insight"
	"playhead/internal/metric"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
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
	name := keptName("affinities", q.From, q.To, q.Title, q.Creative, q.Kind, fmt.Sprint(q.Limit))
	return keepBriefly(ctx, s, name, func(ctx context.Context) (*Answer, error) { return s.affinities(ctx, q) })
}

func (s *Service) affinities(ctx context.Context, q AffinitiesAsk) (*Answer, error) {
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
	its, weeks, err := a.liking(ctx, w, count, part)
	if err != nil {
		return nil, err
	}
	var itsAll, othersAll float64
	var others map[string]float64
	err = a.inParts(ctx,
		func(ctx context.Context, a *answering) (err error) {
			itsAll, err = a.count(ctx, weeks, count, part)
			return err
		},
		func(ctx context.Context, a *answering) (err error) {
			others, othersAll, err = a.everybody(ctx, w, weeks, count, whole)
			return err
		})
	if err != nil {
		return nil, err
	}
	var names []string
	var x, y []insight.Count
	inWeeks := float64(max(1, len(s.weeks(weeks))-1))
	for name := range others {
		kind, _, _ := strings.Cut(name, ":")
		if name == "" || q.Kind != "" && kind != q.Kind {
			continue
		}
		if expected := others[name] / max(othersAll, 1) * itsAll; s.shrinksByWeek(expected / inWeeks) {
			if its[name] > 0 {
				a.meta.Suppressed++
			}
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

// everybody is what those like whom the part is set against, in the same weeks: the
// viewers of the whole title of a creative, or all viewers there are.
func (a *answering) everybody(ctx context.Context, w, weeks window, count string, whole []metric.Where) (map[string]float64, float64, error) {
	if whole != nil || a.s.o.Viewers == nil {
		with, weeks, err := a.liking(ctx, w, count, whole)
		if err != nil {
			return nil, 0, err
		}
		all, err := a.count(ctx, weeks, count, whole)
		return with, all, err
	}
	return a.population(ctx, weeks)
}

// population is what all viewers of some weeks like. The metric layer adds up what
// people like title by title, which of all titles is as much as there is; of
// everybody there are cells of label × week alone. So that nobody can tell a title's small cells by subtracting
// the others from them, they are distinct viewers only, rounded as the sizes of
// audiences are, and those that are small, or all but a few, are left out.
func (a *answering) population(ctx context.Context, w window) (map[string]float64, float64, error) {
	scan := rollup.Scan{
		Source: rollup.SourceAffinityWeek, From: w.from.UnixMilli(), To: w.to.UnixMilli(), Buckets: a.s.weeks(w),
		Sketches: rollup.SketchesOf(rollup.Viewers), Measures: []rollup.Measure{},
	}
	everybody, err := a.s.o.Viewers.Scan(ctx, scan)
	if err != nil {
		return nil, 0, fmt.Errorf("count the viewers of some weeks: %w", err)
	}
	inWeek, all := map[int]float64{}, new(sketch.HLL)
	for i := range everybody.Groups {
		g := &everybody.Groups[i]
		inWeek[g.Bucket] = g.Sketches.Estimate(rollup.Viewers)
		all.Merge(g.Sketches.HLL(rollup.Viewers))
	}
	scan.By = []rollup.Dimension{rollup.Affinity}
	liking, err := a.s.o.Viewers.Scan(ctx, scan)
	if err != nil {
		return nil, 0, fmt.Errorf("count who likes what: %w", err)
	}
	sets := map[string]*sketch.HLL{}
	for i := range liking.Groups {
		g := &liking.Groups[i]
		if !a.s.tellable(g.Sketches.Estimate(rollup.Viewers), inWeek[g.Bucket]) {
			a.meta.Suppressed++
			continue
		}
		name := g.Keys[0]
		if sets[name] == nil {
			sets[name] = new(sketch.HLL)
		}
		sets[name].Merge(g.Sketches.HLL(rollup.Viewers))
	}
	a.meta.Rollup = join(a.meta.Rollup, "affinity_week")
	with := make(map[string]float64, len(sets))
	for name, set := range sets {
		with[name] = a.s.rounded(set.Estimate())
	}
	return with, a.s.rounded(all.Estimate()), nil
}

// tellable says whether neither so many of all viewers nor the rest of them are few.
// Large counts are estimates: a rest within three standard errors of the whole
// cannot be told from a small one.
func (s *Service) tellable(some, all float64) bool {
	const exact = 300 // members of a sketch that still has each of them
	least, rest := float64(s.o.MinViewers), all-some
	if all > exact {
		rest -= 3 * hllError * all
	}
	return some >= least && rest >= least
}

// shrinksByWeek says whether a label would be taken for rarer than it is. What people
// like is kept by week, and weeks in which few like a label are left out of a
// title's count but hardly of everybody's: an index of such a label is below 1
// whatever they like. So a label is told only where its viewers, were they as many as
// among all, would be twice as many in a mean week as a week needs to be told. It is
// judged by what is expected in a week, not by what was counted, which would choose
// by chance.
func (s *Service) shrinksByWeek(expected float64) bool { return expected < 2*float64(s.o.MinViewers) }

// weeks are the boundaries of the weeks of the report time zone within a window.
func (s *Service) weeks(w window) []int64 {
	days := rollup.NewDays(s.zone())
	bounds := []int64{w.from.UnixMilli()}
	for end := w.to.UnixMilli(); bounds[len(bounds)-1] < end; {
		_, next := days.Week(bounds[len(bounds)-1])
		bounds = append(bounds, min(next, end))
	}
	return bounds
}

// liking are the distinct viewers with each label, of whole weeks, and which weeks
// those are.
func (a *answering) liking(ctx context.Context, w window, count string, where []metric.Where) (with map[string]float64, whole window, err error) {
	t, err := a.ask(ctx, w, metric.Query{Metrics: []string{count}, Dimensions: []string{"affinity"}, Where: where})
	if err != nil {
		return nil, whole, err
	}
	with = map[string]float64{}
	for row := range t.rows() {
		if v, ok := t.number(row, count); ok {
			with[t.text(row, "affinity")] = v
		}
	}
	return with, told(t), nil
}

// count is all of them, of the same weeks, or shares would be of different times.
func (a *answering) count(ctx context.Context, weeks window, count string, where []metric.Where) (float64, error) {
	all, err := a.ask(ctx, weeks, metric.Query{Metrics: []string{count}, Where: where})
	if err != nil || all.rows() == 0 {
		return 0, err
	}
	return all.value(0, count), nil
}
