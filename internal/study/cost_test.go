package study

import (
	"context"
	"fmt"
	"testing"

	"playhead/internal/catalog"
)

// TestFewQueries bounds what each insight asks the metric layer: on a large service
// each query costs tens of milliseconds.
func TestFewQueries(t *testing.T) {
	c := &cube{}
	c.usualTitles()
	titles := shelf{}
	for i := range 80 {
		id := fmt.Sprintf("usual-%d", i%40)
		if i >= 40 {
			id = fmt.Sprintf("other-%d", i)
		}
		titles = append(titles, catalog.Title{ID: id, Kind: catalog.Movie, Genres: []string{fmt.Sprint("genre-", i%9)}, Cast: []string{fmt.Sprint("person-", i)}, Launched: now.AddDate(0, 0, -3-2*i).UnixMilli()})
		for d := 1; d <= 63; d++ {
			c.facts = append(c.facts, fact{
				at: now.AddDate(0, 0, -d), dims: map[string][]string{"title": {id}, "genre": titles[i].Genres, "cast": {fmt.Sprint("person-", i)}},
				sums: map[string]float64{"media_hours": float64(100 + (i*d)%7), "plays": 200, "starters": 100, "completers": 50},
			})
		}
	}
	s := serve(c, titles)
	if _, _, err := s.usually(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, q := range []struct {
		name string
		most int
		ask  func() (*Answer, error)
	}{
		{"creatives", 6, func() (*Answer, error) { return s.Creatives(ctx, CreativesAsk{Title: "usual-1"}) }},
		{"creatives by affinity", 1, func() (*Answer, error) { return s.Creatives(ctx, CreativesAsk{Title: "usual-1", By: "affinity"}) }},
		{"outliers", 3, func() (*Answer, error) { return s.Outliers(ctx, OutliersAsk{}) }},
		{"affinities", 4, func() (*Answer, error) { return s.Affinities(ctx, AffinitiesAsk{Title: "usual-1"}) }},
		{"trends of genres", 5, func() (*Answer, error) { return s.Trends(ctx, TrendsAsk{Dimension: "genre"}) }},
		{"trends of cast", 7, func() (*Answer, error) { return s.Trends(ctx, TrendsAsk{Dimension: "cast"}) }},
		{"trends of titles", 5, func() (*Answer, error) { return s.Trends(ctx, TrendsAsk{Dimension: "title"}) }},
		{"searches", 1, func() (*Answer, error) { return s.Trends(ctx, TrendsAsk{Dimension: "query"}) }},
		{"under-promoted", 2, func() (*Answer, error) { return s.Trends(ctx, TrendsAsk{Dimension: "under_promoted"}) }},
		{"launches", 10, func() (*Answer, error) { return s.Launches(ctx, LaunchesAsk{}) }},
	} {
		before := len(c.asked)
		if _, err := q.ask(); err != nil {
			t.Errorf("%s: %v", q.name, err)
		}
		if n := len(c.asked) - before; n > q.most || n == 0 {
			t.Errorf("%s takes %d queries, at most %d", q.name, n, q.most)
		} else {
			t.Logf("%s: %d queries", q.name, n)
		}
	}
}
