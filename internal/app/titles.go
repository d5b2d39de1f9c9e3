package app

import (
	"playhead/internal/catalog"
	"playhead/internal/metric"
	"playhead/internal/rollup"
)

// titlesOf is what the metric layer knows of a catalogue.
func titlesOf(c *catalog.Catalog) func() map[string]metric.CatalogTitle {
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
	return func() map[string]metric.CatalogTitle { return all }
}
