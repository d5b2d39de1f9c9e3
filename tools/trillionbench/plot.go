package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// series is one line or set of points of a plot.
type series struct {
	name, colour string
	points       [][2]float64
	dots         bool
}

// plot writes a log-log plot as SVG.
func plot(path, title, x, y string, list []series) error {
	const width, height, left, top, right, bottom = 760, 420, 70, 40, 190, 50
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, s := range list {
		for _, p := range s.points {
			for i := range p {
				low[i], high[i] = min(low[i], math.Floor(math.Log10(p[i]))), max(high[i], math.Ceil(math.Log10(p[i])))
			}
		}
	}
	for i := range low {
		if low[i] == high[i] {
			high[i]++
		}
	}
	at := func(p [2]float64) (float64, float64) {
		return left + (math.Log10(p[0])-low[0])/(high[0]-low[0])*(width-left-right), height - bottom - (math.Log10(p[1])-low[1])/(high[1]-low[1])*(height-top-bottom)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", width, height)
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"22\" font-size=\"15\">%s</text>\n<text x=\"%d\" y=\"%d\">%s</text>\n<text x=\"8\" y=\"%d\">%s</text>\n", left, title, left, height-12, x, top-4, y)
	for e := low[0]; e <= high[0]; e++ {
		px, _ := at([2]float64{math.Pow(10, e), math.Pow(10, low[1])})
		fmt.Fprintf(&b, "<path d=\"M%.1f %dV%d\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">1e%.0f</text>\n", px, top, height-bottom, px, height-bottom+16, e)
	}
	for e := low[1]; e <= high[1]; e++ {
		_, py := at([2]float64{math.Pow(10, low[0]), math.Pow(10, e)})
		fmt.Fprintf(&b, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">1e%.0f</text>\n", left, py, width-right, left-6, py+4, e)
	}
	named := 0
	for _, s := range list {
		line := ""
		for j, p := range s.points {
			px, py := at(p)
			if s.dots {
				fmt.Fprintf(&b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", px, py, s.colour)
			}
			line += fmt.Sprintf("%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[j == 0], px, py)
		}
		if !s.dots {
			fmt.Fprintf(&b, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", line, s.colour)
		}
		if s.name != "" {
			fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" fill=\"%s\">%s</text>\n", width-right+10, top+16+18*named, s.colour, s.name)
			named++
		}
	}
	b.WriteString("</svg>\n")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}

// growth plots how the cells of title × country of a day, and their sketches, grow
// with events: as measured, and as the model says of the modelled service.
func growth(o options, runs []realRun) error {
	var cells, bytes, wantCells, wantBytes series
	cells = series{name: "cells, measured", colour: "#06c", dots: true}
	bytes = series{name: "sketch bytes, measured", colour: "#c40", dots: true}
	for _, r := range runs {
		cells.points = append(cells.points, [2]float64{r.events, r.cells})
		bytes.points = append(bytes.points, [2]float64{r.events, r.bytes})
	}
	same := []series{cells, bytes}
	wantCells, wantBytes = series{name: "cells, by the model", colour: "#39f"}, series{name: "sketch bytes, by the model", colour: "#f96"}
	for _, r := range runs {
		wantCells.points = append(wantCells.points, [2]float64{r.events, r.wantCells})
		wantBytes.points = append(wantBytes.points, [2]float64{r.events, r.wantBytes})
	}
	err := plot(filepath.Join(o.docs, "measured.svg"), "title × country of real events against the model", "events", "", append(same, wantCells, wantBytes))
	if err != nil {
		return err
	}
	big := []series{{name: "cells a day", colour: "#06c"}, {name: "sketch bytes a day", colour: "#c40"}}
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
		big[0].points, big[1].points = append(big[0].points, [2]float64{events, n}), append(big[1].points, [2]float64{events, size})
	}
	return plot(filepath.Join(o.docs, "growth.svg"), "title × country of the modelled service, one of its 400 days", "events in 400 days", "", big)
}
