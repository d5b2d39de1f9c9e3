package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/duck"
)

// insightBar is what every insight endpoint is held to, warm.
const insightBar = 200 * time.Millisecond

// insights are the endpoints of insights that the twelve questions do not ask, about
// the largest title. Those that are about the whole catalogue are worked out once and
// then kept: cold is what they cost.
func insights(m *model) []question {
	x := url.QueryEscape(m.ranked(0).id)
	art, _ := m.creative(m.ranked(0), 0)
	span := "&from=" + m.end.AddDate(0, 0, -28).Format(time.RFC3339) + "&to=" + m.end.Format(time.RFC3339)
	get := func(name, text, path string) question {
		return question{name: "insight." + name, text: text, path: "/api/v1/insights/" + path, bar: insightBar}
	}
	return []question{
		get("creatives", "a title's creatives, 28 days", "creatives?title="+x+span),
		get("creatives_ever", "a title's creatives, all time", "creatives?title="+x),
		get("creatives_by_country", "a title's creatives by country, 28 days", "creatives?by=country&title="+x+span),
		get("creatives_by_placement", "a title's creatives by placement, 28 days", "creatives?by=placement&title="+x+span),
		get("creatives_by_device", "a title's creatives by device, 28 days", "creatives?by=device_type&title="+x+span),
		get("creatives_by_affinity", "a title's creatives by taste, 28 days", "creatives?by=affinity&title="+x+span),
		get("outliers_of_title", "outliers of a title, 28 days", "outliers?title="+x+span),
		get("affinities_of_creative", "tastes of a creative's takers, 28 days", "affinities?title="+x+"&creative="+url.QueryEscape(art)+span),
		get("trends_genre", "rising genres", "trends?dimension=genre"),
		get("trends_genre_country", "rising genres in a country", "trends?dimension=genre&country="+largest(m.country)[0].name),
		get("trends_cast", "rising people", "trends?dimension=cast"),
		get("trends_title", "rising titles", "trends?dimension=title"),
		get("trends_query", "searches in vain", "trends?dimension=query"),
		get("trends_under_promoted", "titles that are too little shown", "trends?dimension=under_promoted"),
	}
}

// placement is a place and a rank, and the share of impressions that are there.
type placement struct {
	place, rank string
	share       float64
}

// placements are in the order of their names.
func placements() (out []placement) {
	for p, place := range []string{"hero", "home", "search", "similar"} {
		for q, rank := range []string{"1", "11+", "2-3", "4-10"} {
			out = append(out, placement{place, rank, []float64{0.2, 0.5, 0.1, 0.2}[p] * []float64{0.3, 0.1, 0.3, 0.3}[q]})
		}
	}
	return out
}

// shownWhere are the asked titles' creatives by placement, rank and country, and by
// device: faces 7 and 8.
func (b *builder) shownWhere(shown float64, put func(rollup.Face, float64, bool, ...string) bool) bool {
	m := b.m
	each := func(of func(t *title, id string, daily float64) bool) bool {
		for i := range m.byID {
			t := &m.byID[i]
			if !b.asked(t) {
				continue
			}
			for n := range m.creatives {
				if id, share := m.creative(t, n); !of(t, id, shown*t.weight*share) {
					return false
				}
			}
		}
		return true
	}
	return each(func(t *title, id string, daily float64) bool {
		for _, p := range placements() {
			for _, country := range m.country {
				if !put(7, daily*p.share*country.share, true, t.id, id, p.place, p.rank, country.name) {
					return false
				}
			}
		}
		return true
	}) && each(func(t *title, id string, daily float64) bool {
		for _, d := range m.device {
			if !put(8, daily*d.share, true, t.id, id, d.name) {
				return false
			}
		}
		return true
	})
}

// held adds those who started a title and those who completed it, of one title in
// eight and of days that a question reads.
func (b *builder) held(c *duck.Cell, t *title, a audience, days []int64) {
	started, completed := audience{a.always, a.once * 8 / 10}, audience{a.always, a.once * 3 / 10}
	if days[0] < b.m.end.AddDate(0, 0, -29).UnixMilli() {
		return
	}
	if t.rank%b.thin == 0 {
		c.Sketches = append(c.Sketches, b.sketchOf(rollup.Starters, started, days, t.id, "started"), b.sketchOf(rollup.Completers, completed, days, t.id, "completed"))
		return
	}
	seed := seedOf(t.id) ^ uint64(days[0])
	c.Sketches = append(c.Sketches, aboutSketch(rollup.Starters, started, 1, seed), aboutSketch(rollup.Completers, completed, 1, seed+1))
}

// people is how many are in the cast of something.
const people = 2000

func person(i int) string { return fmt.Sprintf("person %04d", i) }

// wishes are how many texts are searched for on a day.
const wishes = 3000

// searches are four weeks of what was searched for.
func (b *builder) searches(ctx context.Context) error {
	m := b.m
	return b.load(ctx, rollup.SourceSearchDay, func(yield func(*duck.Cell) bool) {
		for _, day := range b.days(29) {
			put := func(face rollup.Face, n float64, keys ...string) bool {
				count := poisson(rand.New(rand.NewPCG(seedOf(keys...), uint64(day))), n)
				if count == 0 {
					return true
				}
				c := b.begin(day, face, keys...)
				c.Measures[rollup.Searches], c.Measures[rollup.SearchesEmpty], c.Measures[rollup.SearchesUnselected] = count, count/9, count/4
				c.Sketches = append(c.Sketches, b.sketchOf(rollup.Viewers, m.audienceOf(n*0.8), []int64{day}, append(keys, "search")...))
				return yield(c)
			}
			daily := m.plays * 0.3
			if !put(0, daily) {
				return
			}
			for i, share := range zipf(wishes, 0.9, 4) {
				if !put(2, daily*share, fmt.Sprintf("wish %04d", i)) {
					return
				}
			}
		}
	})
}
