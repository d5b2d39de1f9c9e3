package main

import (
	"math"
	"path/filepath"

	"playhead/tools/plot"
)

// growth plots how the cells of title × country of a day, and their sketches, grow
// with events: as measured, and as the model says of the modelled service.
func growth(o options, runs []realRun) error {
	var cells, bytes, wantCells, wantBytes plot.Series
	cells = plot.Series{Name: "cells, measured", Colour: "#06c", Dots: true}
	bytes = plot.Series{Name: "sketch bytes, measured", Colour: "#c40", Dots: true}
	for _, r := range runs {
		cells.Points = append(cells.Points, [2]float64{r.events, r.cells})
		bytes.Points = append(bytes.Points, [2]float64{r.events, r.bytes})
	}
	same := []plot.Series{cells, bytes}
	wantCells, wantBytes = plot.Series{Name: "cells, by the model", Colour: "#39f"}, plot.Series{Name: "sketch bytes, by the model", Colour: "#f96"}
	for _, r := range runs {
		wantCells.Points = append(wantCells.Points, [2]float64{r.events, r.wantCells})
		wantBytes.Points = append(wantBytes.Points, [2]float64{r.events, r.wantBytes})
	}
	err := plot.LogLog(filepath.Join(o.docs, "measured.svg"), "title × country of real events against the model", "events", "", append(same, wantCells, wantBytes))
	if err != nil {
		return err
	}
	big := []plot.Series{{Name: "cells a day", Colour: "#06c"}, {Name: "sketch bytes a day", Colour: "#c40"}}
	for e := 6.0; e <= 12; e += 0.5 {
		events := math.Pow(10, e)
		m := newModel(trillion(events), documented(), o.end)
		n, size := 0.0, 0.0
		for rank := range m.byRank {
			every := 1 // of the many that hardly differ, one in twenty
			if rank >= 200 {
				every = 20
			}
			if rank%every != 0 {
				continue
			}
			for _, c := range m.country {
				mean := m.plays * m.ranked(rank).weight * c.share
				n -= math.Expm1(-mean) * float64(every)
				size += expectedBytes(mean, m.rates.ViewersPerPlay) * float64(every)
			}
		}
		big[0].Points, big[1].Points = append(big[0].Points, [2]float64{events, n}), append(big[1].Points, [2]float64{events, size})
	}
	return plot.LogLog(filepath.Join(o.docs, "growth.svg"), "title × country of the modelled service, one of its 400 days", "events in 400 days", "", big)
}
