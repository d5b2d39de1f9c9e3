package study

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"playhead/internal/catalog"
	"playhead/internal/metric"
)

// TestCreativesAtEqualAge: what is new draws more, so that the newer of two creatives
// that are alike looks better now, and not at the same age.
func TestCreativesAtEqualAge(t *testing.T) {
	c := &cube{}
	titles := shelf{}
	show := func(title, creative string, since int) {
		for age := range since {
			n, rate := 1000.0, 0.05+0.1*math.Exp(-float64(age)/3)
			c.facts = append(c.facts, fact{
				at:   now.AddDate(0, 0, age-since),
				dims: map[string][]string{"title": {title}, "creative": {creative}},
				sums: map[string]float64{"impressions": 2 * n, "viewers_reached": n, "eligible_viewers": n, "takers": math.Round(n * rate)},
			})
		}
	}
	put := func(id string, since ...int) {
		title := catalog.Title{ID: id, Kind: catalog.Movie, Genres: []string{"drama"}}
		for i, n := range since {
			art := fmt.Sprintf("%s-%d", id, i)
			title.Creatives = append(title.Creatives, catalog.Creative{ID: art})
			show(id, art, n)
		}
		titles = append(titles, title)
	}
	put("x", 12, 5, 40)
	for i := range 6 {
		put(fmt.Sprint("peer-", i), 9+i)
	}
	ask := func(creatives ...string) (*Answer, error) {
		return serve(c, titles).Launches(context.Background(), LaunchesAsk{Creatives: creatives, Within: 28, Days: 5})
	}
	got, err := ask("x-0", "x-1", "x-2")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 2 || len(got.Meta.Warnings) != 1 || !strings.Contains(got.Meta.Warnings[0], "x-2") {
		t.Fatalf("%d rows, warnings %q, want two, and that the third is older", len(got.Rows), got.Meta.Warnings)
	}
	for _, r := range got.Rows {
		rates, _ := r.Evidence["take_rate_by_day"].([]*float64)
		middle, _ := r.Evidence["band_median"].([]*float64)
		if len(rates) != 5 || len(middle) != 5 {
			t.Fatalf("%s: %d days, band of %d, want 5", r.Entity, len(rates), len(middle))
		}
		for d := range rates {
			if want := math.Round(1000*(0.05+0.1*math.Exp(-float64(d)/3))) / 1000; *rates[d] != want || middle[d] == nil || *middle[d] != want {
				t.Errorf("%s, day %d: %v beside %v, want %v both", r.Entity, d, *rates[d], middle[d], want)
			}
		}
		if r.N != 5000 || *r.Low >= *r.Estimate || *r.High <= *r.Estimate {
			t.Errorf("%s: %v (%v to %v) of %d", r.Entity, *r.Estimate, *r.Low, *r.High, r.N)
		}
	}
	if a, b := got.Rows[0].Evidence["first_shown"], got.Rows[1].Evidence["first_shown"]; a == b {
		t.Errorf("both are said to be first shown on %v", a)
	}
	var bad *metric.QueryError
	if _, err := ask("x-0", "nobody's"); !errors.As(err, &bad) || !strings.Contains(err.Error(), "nobody's") {
		t.Errorf("of a creative that is not there: %v, want an error that names it", err)
	}
}

// TestMediaTimeAViewerReached is asked for of single plays, when it is wanted.
func TestMediaTimeAViewerReached(t *testing.T) {
	c := &cube{}
	c.usualTitles()
	c.facts = append(c.facts, fact{
		at: now.Add(-2 * day), dims: map[string][]string{"title": {"usual-1"}, "creative": {"usual-1-2"}},
		sums: map[string]float64{"media_hours": 5_000},
	})
	got, err := serve(c, nil).Creatives(context.Background(), CreativesAsk{Title: "usual-1", Media: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Rows {
		want := 0.0
		if r.Entity == "usual-1-2" {
			want = 15 // 5000 hours of 20,000 viewers
		}
		if v, ok := r.Evidence["media_minutes_per_viewer_reached"].(float64); !ok || math.Abs(v-want) > 1e-9 {
			t.Errorf("%s: %v minutes a viewer reached, want %v", r.Entity, r.Evidence["media_minutes_per_viewer_reached"], want)
		}
	}
}
