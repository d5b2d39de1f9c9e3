package study

import (
	"context"
	"math"
	"slices"
	"testing"

	"playhead/internal/catalog"
)

// TestAudiencesAreTakenOut: two creatives that are taken alike by everybody, one of
// which was shown to more of those who take anything: on televisions, or to who likes
// what the title is. As counted one looks twice as good.
func TestAudiencesAreTakenOut(t *testing.T) {
	for _, of := range []struct {
		name, dimension string
		keen, others    string
		names           []string
	}{
		{"devices", "device_type", "tv", "phone", []string{"placement", "rank", "country", "device_type"}},
		{"tastes", "affinity", "genre:drama", "", []string{"placement", "rank", "country", "affinity genre:drama"}},
	} {
		t.Run(of.name, func(t *testing.T) {
			c := &cube{}
			c.usualTitles()
			for i, share := range []float64{0.8, 0.2} {
				for part, rate := range map[string]float64{of.keen: 0.2, of.others: 0.05} {
					n := 20_000 * share
					if part == of.others {
						n = 20_000 - n
					}
					dims := map[string][]string{
						"title": {"x"}, "creative": {[]string{"x-a", "x-b"}[i]}, "placement": {"row"}, "rank": {"1"}, "country": {"US"},
					}
					if part != "" {
						dims[of.dimension] = []string{part}
					}
					c.facts = append(c.facts, fact{at: now.Add(-3 * day), dims: dims, sums: map[string]float64{
						"eligible_viewers": n, "takers": n * rate, "take_completers": n * rate * 0.4, "viewers_reached": n, "impressions": n, "eligible_impressions": n,
					}})
				}
			}
			got, err := serve(c, shelf{catalog.Title{ID: "x", Genres: []string{"drama"}}}).Creatives(context.Background(), CreativesAsk{Title: "x"})
			if err != nil || len(got.Rows) != 2 {
				t.Fatalf("%v, %v", got, err)
			}
			a, b := &got.Rows[0], &got.Rows[1]
			if r := *a.Estimate / *b.Estimate; math.Abs(r-1) > 0.05 {
				t.Errorf("taken %.4f and %.4f, want alike", *a.Estimate, *b.Estimate)
			}
			for _, r := range got.Rows {
				if names, _ := r.Evidence["adjusted_for"].([]string); r.Basis != "adjusted" || !slices.Equal(names, of.names) {
					t.Errorf("%s: %s for %v, want adjusted for %v", r.Entity, r.Basis, names, of.names)
				}
				if r.N != 20_000 {
					t.Errorf("%s stands on %d viewers, want the 20000 who were reached", r.Entity, r.N)
				}
				if low, high := *r.Low, *r.High; low >= 0.125 || high <= 0.125 || high-low > 0.02 {
					t.Errorf("%s: %.4f to %.4f, want about 0.125", r.Entity, low, high)
				}
			}
		})
	}
}
