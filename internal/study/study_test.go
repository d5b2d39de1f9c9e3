package study

import (
	"context"
	"fmt"
	"testing"

	"playhead/internal/catalog"
	"playhead/internal/insight"
)

func entities(rows []Row, kind string) (out []string) {
	for _, r := range rows {
		if r.Kind == kind {
			out = append(out, r.Entity)
		}
	}
	return out
}

// TestCreativesComparesLikeWithLike: the creative that was shown in the better
// place leads as counted and not when places are alike, and the answer says so. Chosen
// by chance, there is a winner.
func TestCreativesComparesLikeWithLike(t *testing.T) {
	c := &cube{}
	c.usualTitles()
	c.shown("film", "a", "billboard", "US", 20_000, 3600, 1400)
	c.shown("film", "a", "row", "US", 2_000, 80, 30)
	c.shown("film", "b", "billboard", "US", 2_000, 470, 200)
	c.shown("film", "b", "row", "US", 20_000, 1100, 500)
	s := serve(c, shelf{{ID: "film", Creatives: []catalog.Creative{{ID: "a", Tags: []string{"face"}}, {ID: "b", Tags: []string{"face", "night"}}}}})
	got, err := s.Creatives(context.Background(), CreativesAsk{Title: "film"})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 2 || got.Rows[0].Entity != "b" || got.Rows[0].Basis != string(insight.Adjusted) {
		t.Fatalf("rows %+v, want b first, adjusted", got.Rows)
	}
	if got.Rows[0].Evidence["winner"] != nil {
		t.Error("an adjusted comparison names a winner")
	}
	if len(got.Meta.Warnings) != 1 || got.Meta.Definitions[0].Formula == "" || got.Meta.LearntAt == "" {
		t.Errorf("meta %+v, want a warning of Simpson's paradox and definitions", got.Meta)
	}
	for i := range c.facts {
		f := &c.facts[i]
		f.sums["weight"], f.sums["weighted"] = f.sums["eligible_viewers"], f.sums["takers"]
	}
	if got, err = s.Creatives(context.Background(), CreativesAsk{Title: "film"}); err != nil {
		t.Fatal(err)
	}
	if got.Rows[0].Basis != string(insight.Randomised) || got.Rows[0].Evidence["winner"] != true || got.Rows[0].Entity != "a" {
		t.Errorf("with propensities: %+v, want a to win", got.Rows[0])
	}
	if got, err = s.Creatives(context.Background(), CreativesAsk{Title: "film", By: "tag"}); err != nil || len(got.Rows) != 2 {
		t.Errorf("by tag: %+v, %v", got, err)
	}
	if got, err = s.Creatives(context.Background(), CreativesAsk{Title: "film", By: "placement"}); err != nil || len(got.Rows) != 4 || got.Rows[0].Evidence["placement"] != "billboard" {
		t.Errorf("by placement: %+v, %v", got, err)
	}
	if got, err = s.Creatives(context.Background(), CreativesAsk{Title: "nobody"}); err != nil || got.Rows == nil || len(got.Rows) != 0 {
		t.Errorf("of an unknown title: %+v, %v", got, err)
	}
}

// TestOutliersFindsClickbait among forty titles without any.
func TestOutliersFindsClickbait(t *testing.T) {
	c := &cube{}
	c.usualTitles()
	for i := range 4 {
		took, kept := 1600.0, 640.0
		if i == 0 {
			took, kept = 4800, 480
		}
		c.shown("film", fmt.Sprint("film-", i), "row", "US", 20_000, took, kept)
	}
	got, err := serve(c, nil).Outliers(context.Background(), OutliersAsk{})
	if err != nil {
		t.Fatal(err)
	}
	if bait := entities(got.Rows, "clickbait"); len(bait) != 1 || bait[0] != "film-0" {
		t.Errorf("clickbait %v in %+v", bait, got.Rows)
	}
	for _, r := range got.Rows {
		if r.Entity != "film-0" {
			t.Errorf("%s is said to be %s", r.Entity, r.Kind)
		}
	}
}

// TestAffinities: what is commoner among a title's viewers stands out.
func TestAffinities(t *testing.T) {
	c := &cube{}
	add := func(title string, viewers float64, likes ...string) {
		c.facts = append(c.facts, fact{at: now.Add(-2 * day), dims: map[string][]string{"title": {title}, "affinity": likes}, sums: map[string]float64{"viewers": viewers}})
	}
	add("film", 600, "genre:crime")
	add("film", 400, "genre:comedy")
	add("other", 2000, "genre:crime")
	add("other", 7000, "genre:comedy", "theme:quest")
	got, err := serve(c, nil).Affinities(context.Background(), AffinitiesAsk{Title: "film", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 2 || got.Rows[0].Entity != "genre:crime" || *got.Rows[0].Estimate < 2 || got.Rows[0].Evidence["stands_out"] != true || got.Rows[0].N != 1000 {
		t.Errorf("rows %+v, want crime at about 2.3", got.Rows)
	}
}

// TestAffinitiesOfFew: a label that few would have in a week, were the title's viewers
// as all are, is not told: its weeks are left out of the title's count, and it would
// seem rare whatever they like.
func TestAffinitiesOfFew(t *testing.T) {
	c := &cube{}
	add := func(title string, viewers float64, likes ...string) {
		c.facts = append(c.facts, fact{at: now.Add(-2 * day), dims: map[string][]string{"title": {title}, "affinity": likes}, sums: map[string]float64{"viewers": viewers}})
	}
	add("film", 90, "genre:crime")
	add("film", 9, "genre:horror") // as rare as among all: 2 a week
	add("other", 9_000, "genre:crime")
	add("other", 900, "genre:horror")
	s0 := serve(c, nil)
	s := New(Options{Asker: c, Clock: s0.o.Clock, Logger: s0.o.Logger, MinViewers: 5})
	got, err := s.Affinities(context.Background(), AffinitiesAsk{Title: "film", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 1 || got.Rows[0].Entity != "genre:crime" || got.Meta.Suppressed != 1 {
		t.Errorf("rows %+v, %d left out; want crime alone, and horror left out", got.Rows, got.Meta.Suppressed)
	}
}

// TestTrends: a genre that doubled is rising, with and without its largest title
// as the case may be.
func TestTrends(t *testing.T) {
	c := &cube{}
	titles := shelf{}
	for g := range 8 {
		genre := fmt.Sprint("genre-", g)
		for i := range 3 {
			id := fmt.Sprint(genre, "-", i)
			titles = append(titles, catalog.Title{ID: id, Genres: []string{genre}})
			for d := 1; d <= 63; d++ {
				media := 1000 * (1 + 0.03*float64((d*d*(g+2)+i)%7-3))
				if g == 0 && d <= 7 {
					media *= 2 // all of the genre's
				}
				if g == 1 && i == 0 && d <= 7 {
					media *= 4 // one hit
				}
				c.facts = append(c.facts, fact{at: now.AddDate(0, 0, -d), dims: map[string][]string{"genre": {genre}, "title": {id}},
					sums: map[string]float64{"media_hours": media, "plays": media * 2}})
			}
		}
	}
	got, err := serve(c, titles).Trends(context.Background(), TrendsAsk{Dimension: "genre"})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Row{}
	for _, r := range got.Rows {
		by[r.Entity] = r
	}
	if r := by["genre-0"]; r.Kind != "rising" || r.Evidence["alarm"] != true || r.Evidence["demand_index"] != 1.5 {
		t.Errorf("genre-0 doubled: %+v", r)
	}
	without, _ := by["genre-1"].Evidence["without_top_title"].(map[string]any)
	if low, _ := without["low"].(*float64); by["genre-1"].Kind != "rising" || low == nil || *low > 0 {
		t.Errorf("genre-1 has one hit: %+v, without it %v", by["genre-1"], without)
	}
	if by["genre-5"].Kind == "rising" {
		t.Errorf("genre-5 did not rise: %+v", by["genre-5"])
	}
}

func TestUnmetAndUnderPromoted(t *testing.T) {
	c := &cube{}
	search := func(text string, n, unmet float64) {
		c.facts = append(c.facts, fact{at: now.Add(-day), dims: map[string][]string{"query": {text}}, sums: map[string]float64{"searches": n, "unmet_searches": unmet, "empty_searches": unmet}})
	}
	search("dragon riders", 40, 40)
	search("dragon rider", 10, 10)
	search("harbour", 100, 2)
	for i := range 20 {
		kept, impressions := 300.0, 10_000.0
		if i == 7 {
			kept, impressions = 800, 100
		}
		c.facts = append(c.facts, fact{at: now.Add(-day), dims: map[string][]string{"title": {fmt.Sprint("t", i)}},
			sums: map[string]float64{"starters": 1000, "completers": kept + float64(i), "impressions": impressions}})
	}
	s := serve(c, nil)
	got, err := s.Trends(context.Background(), TrendsAsk{Dimension: "query"})
	if err != nil || len(got.Rows) != 2 || got.Rows[0].Entity != "dragon riders" || got.Rows[0].N != 50 {
		t.Errorf("unmet searches: %+v, %v", got, err)
	}
	got, err = s.Trends(context.Background(), TrendsAsk{Dimension: "under_promoted"})
	if err != nil || len(got.Rows) != 1 || got.Rows[0].Entity != "t7" {
		t.Errorf("under-promoted: %+v, %v", got, err)
	}
}

// TestLaunches: a launch stands beside its like, and one that is blocked in a
// country, one that fails to start and one that nobody takes are told.
func TestLaunches(t *testing.T) {
	c := &cube{}
	titles := shelf{}
	launch := func(id string, ago int, countries ...string) {
		at := now.AddDate(0, 0, -ago)
		titles = append(titles, catalog.Title{ID: id, Kind: catalog.Movie, Genres: []string{"drama"}, Launched: at.UnixMilli()})
		for d := range min(ago, 10) {
			for _, country := range countries {
				took, failed := 200.0, 1.0
				if id == "fails" {
					failed = 50
				}
				if id == "unloved" {
					took = 5
				}
				c.facts = append(c.facts, fact{at: at.AddDate(0, 0, d), dims: map[string][]string{"title": {id}, "creative": {id + "-p"}, "country": {country}}, sums: map[string]float64{
					"media_hours": 100, "plays": 200, "viewers": 150, "impressions": 2000, "eligible_viewers": 2000, "takers": took, "play_requests": 210, "start_failures": failed,
				}})
			}
		}
	}
	for i := range 12 {
		launch(fmt.Sprint("old-", i), 50+i, "US", "DE")
		launch(fmt.Sprint("late-", i), 10, "US", "DE")
	}
	launch("blocked", 9, "US")
	launch("fails", 9, "US", "DE")
	launch("unloved", 9, "US", "DE")
	got, err := serve(c, titles).Launches(context.Background(), LaunchesAsk{})
	if err != nil {
		t.Fatal(err)
	}
	for kind, id := range map[string]string{"not_shown": "blocked", "fails_to_start": "fails", "not_taken": "unloved"} {
		if found := entities(got.Rows, kind); len(found) != 1 || found[0] != id {
			t.Errorf("%s: %v, want %s", kind, found, id)
		}
	}
	for _, r := range got.Rows {
		if r.Kind != "launch" || r.Entity != "blocked" {
			continue
		}
		course, _ := r.Evidence["media_hours_cumulative"].([]float64)
		low, _ := r.Evidence["band_low"].([]float64)
		if len(course) != 7 || course[6] != 700 || len(low) != 7 || low[6] != 1400 {
			t.Errorf("a launch in half as many places: %+v", r)
		}
	}
	if n := len(entities(got.Rows, "launch")); n != 15 {
		t.Errorf("%d launches, want 15", n)
	}
}
