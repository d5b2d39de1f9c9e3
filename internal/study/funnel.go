package study

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/zeebo/xxh3"

	"playhead/internal/insight"
	"playhead/internal/metric"
)

// funnelMetrics are what the way of a creative is made of.
var funnelMetrics = [...]string{"eligible_viewers", "takers", "take_completers", "viewers_reached", "impressions", "eligible_impressions"}

// titleFunnels are a title's creatives and their ways.
type titleFunnels struct {
	title     string
	creatives []string
	counts    []insight.Funnel
	// raw are takes, and rawEffective completions, as counted: before like is
	// compared with like.
	raw, rawEffective []insight.Count
	overlap           []float64
	basis             insight.Basis
	adjustedFor       []string // what was taken out, when the basis is adjusted
	rows              []int    // of the table the counts are from
	told              window
	margins           *margins // nil where only places are compared
}

func (t *titleFunnels) index(creative string) int { return slices.Index(t.creatives, creative) }

// serviceFunnels are those of all titles, by title.
type serviceFunnels struct {
	titles map[string]*titleFunnels
	table  *table
}

// sorted are the titles by id.
func (f *serviceFunnels) sorted() []*titleFunnels {
	return slices.SortedFunc(maps.Values(f.titles), func(a, b *titleFunnels) int { return cmp.Compare(a.title, b.title) })
}

// some are up to n titles, drawn by their hash: neither the largest nor the first.
func (f *serviceFunnels) some(n int) []*titleFunnels {
	list := f.sorted()
	if len(list) <= n {
		return list
	}
	slices.SortFunc(list, func(a, b *titleFunnels) int {
		return cmp.Compare(xxh3.HashString(a.title), xxh3.HashString(b.title))
	})
	return list[:n]
}

// countOf is a count of distinct viewers. Small ones are exact: the sketch holds
// each of them.
func countOf(k, n float64) insight.Count {
	c := insight.Count{K: min(k, n), N: n}
	if n > 200 {
		c.Error = hllError
	}
	return c
}

func funnelOf(t *table, row int) insight.Funnel {
	seen, took, kept := t.value(row, "eligible_viewers"), t.value(row, "takers"), t.value(row, "take_completers")
	return insight.Funnel{Take: countOf(took, seen), Keep: countOf(kept, took), Effective: countOf(kept, seen)}
}

// funnels are the ways of all creatives of the catalogue, or of those that a filter
// leaves, like compared with like by placement and rank.
func (a *answering) funnels(ctx context.Context, w window, where []metric.Where) (*serviceFunnels, error) {
	f, err := a.counted(ctx, w, where)
	if err != nil {
		return nil, err
	}
	dims := []string{"title", "creative", "placement", "rank"}
	t, err := a.places(ctx, w, where, dims)
	if err != nil {
		return nil, err
	}
	f.adjust(t, dims, &margins{})
	return f, nil
}

// counted are the ways as counted.
func (a *answering) counted(ctx context.Context, w window, where []metric.Where) (*serviceFunnels, error) {
	t, err := a.ask(ctx, w, metric.Query{Metrics: funnelMetrics[:], Dimensions: []string{"title", "creative"}, Where: where})
	if err != nil {
		return nil, err
	}
	f := &serviceFunnels{titles: map[string]*titleFunnels{}, table: t}
	for row := range t.rows() {
		id, creative := t.text(row, "title"), t.text(row, "creative")
		if creative == "" || t.value(row, "eligible_viewers") <= 0 {
			continue
		}
		of := f.titles[id]
		if of == nil {
			of = &titleFunnels{title: id, basis: insight.Unadjusted, told: told(t)}
			f.titles[id] = of
		}
		x := funnelOf(t, row)
		of.creatives, of.counts, of.raw, of.rows = append(of.creatives, creative), append(of.counts, x), append(of.raw, x.Take), append(of.rows, row)
		of.rawEffective = append(of.rawEffective, x.Effective)
	}
	return f, nil
}

// more is what else an answer asks of a title once its creatives are counted.
type more func(ctx context.Context, a *answering, f *serviceFunnels) error

// titleFunnels are the ways of one title's creatives, like compared with like as
// closely as can be: by country too, and where all countries are asked for by device
// and taste, which are kept beside placements and not within them. also is asked at
// the same time.
func (a *answering) titleFunnels(ctx context.Context, w window, title, country string, also ...more) (*serviceFunnels, error) {
	where := []metric.Where{{Dimension: "title", In: []string{title}}}
	if country != "" {
		where = append(where, metric.Where{Dimension: "country", In: []string{country}})
	}
	f, err := a.counted(ctx, w, where)
	if err != nil || f.titles[title] == nil {
		return f, err
	}
	of, dims := f.titles[title], []string{"creative", "placement", "rank", "country"}
	var places *table
	parts := []func(context.Context, *answering) error{func(ctx context.Context, a *answering) (err error) {
		places, err = a.places(ctx, w, where, dims)
		return err
	}}
	devices, tastes := &margins{}, &margins{}
	if country == "" && len(of.creatives) > 1 {
		parts = append(parts,
			func(ctx context.Context, a *answering) error { return devices.devices(ctx, a, w, of, where) },
			func(ctx context.Context, a *answering) error { return tastes.tastes(ctx, a, w, of, where) })
	}
	for _, x := range also {
		parts = append(parts, func(ctx context.Context, a *answering) error { return x(ctx, a, f) })
	}
	if err := a.inParts(ctx, parts...); err != nil {
		return nil, err
	}
	of.margins = devices.and(tastes)
	f.adjust(places, dims, of.margins)
	return f, nil
}

// closer compares like with like once more for some titles: by country too, which
// there is no room for in the whole catalogue.
func (a *answering) closer(ctx context.Context, w window, titles []*titleFunnels) error {
	f := &serviceFunnels{titles: map[string]*titleFunnels{}}
	var ids []string
	for _, t := range titles {
		f.titles[t.title] = t
		ids = append(ids, t.title)
	}
	for part := range slices.Chunk(ids, closerTitles) {
		where := []metric.Where{{Dimension: "title", In: part}}
		dims := []string{"creative", "placement", "rank", "country"}
		t, err := a.places(ctx, w, where, dims)
		if err != nil {
			return err
		}
		f.adjust(t, dims, &margins{})
	}
	return nil
}

// closerTitles are asked for at once by country: answers are bounded.
const closerTitles = 100

// places asks for the ways of creatives by where they were shown.
func (a *answering) places(ctx context.Context, w window, where []metric.Where, dims []string) (*table, error) {
	return a.ask(ctx, w, metric.Query{Metrics: []string{"eligible_viewers", "takers", "take_completers"}, Dimensions: dims, Where: where})
}

// adjust replaces the takes of titles by what they would be had every creative
// been shown in the title's own mix of places, and of what margins are about.
func (f *serviceFunnels) adjust(t *table, dims []string, m *margins) {
	take, effective := map[string]map[string]*insight.Stratum{}, map[string]map[string]*insight.Stratum{}
	owner := f.owners()
	for row := range t.rows() {
		creative, key := t.text(row, "creative"), ""
		title := owner[creative]
		for _, d := range dims {
			switch d {
			case "title":
				title = t.text(row, d)
			case "creative":
			default:
				key += t.text(row, d) + "\x00"
			}
		}
		of := f.titles[title]
		if of == nil {
			continue
		}
		at := of.index(creative)
		if at < 0 {
			continue
		}
		x := funnelOf(t, row)
		stratum(take, title, key, len(of.creatives)).Counts[at] = x.Take
		stratum(effective, title, key, len(of.creatives)).Counts[at] = x.Effective
	}
	for id := range take {
		f.titles[id].adjusted(strata(take[id]), strata(effective[id]), m)
		f.titles[id].adjustedFor = append(placesOf(dims), m.names()...)
	}
}

// placesOf are the dimensions that tell places.
func placesOf(dims []string) (out []string) {
	for _, d := range dims {
		if d != "title" && d != "creative" {
			out = append(out, d)
		}
	}
	return out
}

// owners are the titles of creatives; one that several titles have has none.
func (f *serviceFunnels) owners() map[string]string {
	of := map[string]string{}
	for id, t := range f.titles {
		for _, c := range t.creatives {
			if _, taken := of[c]; taken {
				of[c] = ""
				continue
			}
			of[c] = id
		}
	}
	return of
}

func stratum(all map[string]map[string]*insight.Stratum, title, key string, n int) *insight.Stratum {
	if all[title] == nil {
		all[title] = map[string]*insight.Stratum{}
	}
	s := all[title][key]
	if s == nil {
		s = &insight.Stratum{Key: key, Counts: make([]insight.Count, n)}
		all[title][key] = s
	}
	return s
}

func strata(byKey map[string]*insight.Stratum) []insight.Stratum {
	var out []insight.Stratum
	for _, k := range slices.Sorted(maps.Keys(byKey)) {
		out = append(out, *byKey[k])
	}
	return out
}

// adjusted takes over standardised rates. Viewers who saw a creative in two places
// are in two strata: the rates are standardised, and what is known is no more than
// the distinct viewers say.
func (t *titleFunnels) adjusted(take, effective []insight.Stratum, m *margins) {
	if len(t.creatives) < 2 || len(take) == 0 {
		return
	}
	x, y := insight.Standardise(len(t.creatives), take, m.take...), insight.Standardise(len(t.creatives), effective, m.effective...)
	t.overlap = x.Overlap
	for i := range t.counts {
		if x.Overlap[i] < minOverlap {
			return // too little in common: as counted
		}
	}
	t.basis = insight.Adjusted
	for i := range t.counts {
		f := &t.counts[i]
		f.Take, f.Effective = t.raw[i], t.rawEffective[i]
		f.Take, f.Effective = scaled(f.Take, x.Counts[i]), scaled(f.Effective, y.Counts[i])
	}
}

// minOverlap is the least share of a creative's viewers that must have been where
// another was shown too.
const minOverlap = 0.5

// scaled is the rate of a standardised count on the weight of a raw one.
func scaled(raw, to insight.Count) insight.Count {
	if to.N <= 0 {
		return raw
	}
	n := min(raw.N, to.N)
	return insight.Count{K: to.K / to.N * n, N: n, Error: raw.Error}
}
