package api

import (
	"maps"
	"net/http"
	"testing"

	"playhead/internal/catalog"
	"playhead/internal/rollup"
)

// Of a show the episodes count together, or by season; a title alone is itself.
func TestRetentionOfShows(t *testing.T) {
	f := &fakes{shelf: []catalog.Title{
		{ID: "s1e1", Kind: catalog.Episode, Show: "s1"}, // before its season
		{ID: "show", Kind: catalog.Series}, {ID: "s1", Kind: catalog.Season, Show: "show"}, {ID: "s2", Kind: catalog.Season, Show: "show"},
		{ID: "s1e2", Kind: catalog.Episode, Show: "s1"}, {ID: "s2e1", Kind: catalog.Episode, Show: "s2"},
		{ID: "pilot", Kind: catalog.Episode, Show: "show"}, {ID: "dune", Kind: catalog.Movie},
	}}
	h := open(t, f)
	for _, c := range []struct {
		query string
		by    rollup.Dimension
		of    map[string]string
	}{
		{"dune/retention", rollup.Title, map[string]string{"dune": ""}},
		{"dune/retention?by=country", rollup.Country, map[string]string{"dune": ""}},
		{"unknown/retention?by=season", rollup.Title, map[string]string{"unknown": ""}},
		{"s2/retention?by=isp", rollup.ISP, map[string]string{"s2": "", "s2e1": ""}},
		{"show/retention", rollup.Title, map[string]string{"show": "", "pilot": "", "s1": "", "s1e1": "", "s1e2": "", "s2": "", "s2e1": ""}},
		{"show/retention?by=season", rollup.Title, map[string]string{"show": "", "pilot": "", "s1": "s1", "s1e1": "s1", "s1e2": "s1", "s2": "s2", "s2e1": "s2"}},
		{"s1/retention?by=season", rollup.Title, map[string]string{"s1": "s1", "s1e1": "s1", "s1e2": "s1"}},
	} {
		if w := call(h, "GET", "/api/v1/titles/"+c.query, ""); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", c.query, w.Code, w.Body)
		}
		if f.curvesBy != c.by || !maps.Equal(f.curvesOf, c.of) {
			t.Errorf("%s asked by %d for %v, want %d, %v", c.query, f.curvesBy, f.curvesOf, c.by, c.of)
		}
	}
	if w := call(h, "GET", "/api/v1/titles/dune/retention?by=genre", ""); w.Code/100 != 4 {
		t.Errorf("by genre: %d %s", w.Code, w.Body)
	}
}
