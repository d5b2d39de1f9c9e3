package app

import (
	"sync/atomic"

	"playhead/internal/catalog"
	"playhead/internal/metric"
	"playhead/internal/rollup"
)

// leastViewers is the setting as the metric layer has it: below 0 is no bound.
func leastViewers(setting int) int {
	if setting == 0 {
		return -1
	}
	return setting
}

// titlesOf is what the metric layer knows of the catalogue of now, made anew when
// another one takes its place.
func titlesOf(shelf *catalog.Shelf) func() map[string]metric.CatalogTitle {
	type known struct {
		of  *catalog.Catalog
		all map[string]metric.CatalogTitle
	}
	var last atomic.Pointer[known]
	return func() map[string]metric.CatalogTitle {
		c := shelf.Now()
		if k := last.Load(); k != nil && k.of == c {
			return k.all
		}
		k := &known{c, catalogTitles(c)}
		last.Store(k)
		return k.all
	}
}

func catalogTitles(c *catalog.Catalog) map[string]metric.CatalogTitle {
	all := make(map[string]metric.CatalogTitle, c.Len())
	for _, t := range c.Titles() {
		values := map[rollup.Dimension][]string{rollup.Genre: t.Genres, rollup.Theme: t.Themes, rollup.Cast: t.Cast}
		if t.Language != "" {
			values[rollup.Language] = []string{t.Language}
		}
		if t.Show != "" {
			values[rollup.Show] = []string{t.Show}
		}
		all[t.ID] = metric.CatalogTitle{ID: t.ID, Name: t.Name, RuntimeMS: t.RuntimeMS, Values: values}
	}
	return all
}
