package study

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/metric"
)

// now is a Monday, at midnight.
var now = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// fact is some viewers in one place on one day.
type fact struct {
	at   time.Time
	dims map[string][]string // several values fan out
	sums map[string]float64
}

// cube answers queries by adding facts up: viewers of different facts are
// different people.
type cube struct {
	facts []fact
	mu    sync.Mutex
	asked []metric.Query
}

func (c *cube) Describe() metric.Description {
	return metric.Description{Metrics: metric.Definitions(), Timezone: "UTC"}
}

func (c *cube) Run(_ context.Context, q metric.Query) (*metric.Result, error) {
	c.mu.Lock()
	c.asked = append(c.asked, q)
	c.mu.Unlock()
	if len(q.Dimensions) > metric.MaxDimensions {
		return nil, fmt.Errorf("%d dimensions, at most %d", len(q.Dimensions), metric.MaxDimensions)
	}
	from, to := time.Time{}, now
	if q.From != "" {
		from, _ = time.Parse(time.RFC3339, q.From)
	}
	if q.To != "" {
		to, _ = time.Parse(time.RFC3339, q.To)
	}
	res := &metric.Result{Meta: metric.Meta{Rollup: "cube", FreshTo: now.Format(time.RFC3339), From: from.Format(time.RFC3339), To: to.Format(time.RFC3339)}}
	if q.Grain == "day" {
		res.Columns = append(res.Columns, metric.Column{Name: "time", Type: "time"})
	}
	for _, d := range q.Dimensions {
		res.Columns = append(res.Columns, metric.Column{Name: d, Type: "string"})
	}
	for _, m := range q.Metrics {
		res.Columns = append(res.Columns, metric.Column{Name: m, Type: "number"})
	}
	groups, order, all := map[string]map[string]float64{}, []string{}, map[string]float64{}
	for _, f := range c.facts {
		if f.at.Before(from) || !f.at.Before(to) || !f.matches(q.Where) {
			continue
		}
		keys := []string{""}
		if q.Grain == "day" {
			keys[0] = f.at.Truncate(day).Format(time.RFC3339)
		}
		for i, d := range q.Dimensions {
			var next []string
			for _, k := range keys {
				for _, v := range f.dims[d] {
					if i > 0 || q.Grain == "day" {
						v = k + "\x00" + v
					}
					next = append(next, v)
				}
			}
			keys = next
		}
		for m, v := range f.sums {
			all[m] += v
		}
		for _, k := range keys {
			if groups[k] == nil {
				groups[k] = map[string]float64{}
				order = append(order, k)
			}
			for m, v := range f.sums {
				groups[k][m] += v
			}
		}
	}
	row := func(key []string, sums map[string]float64) (cells []any) {
		for _, k := range key {
			cells = append(cells, k)
		}
		for _, m := range q.Metrics {
			cells = append(cells, cellOf(m, sums))
		}
		return cells
	}
	for _, k := range order {
		key := strings.Split(k, "\x00")
		if len(q.Dimensions) == 0 && q.Grain == "" {
			key = nil
		}
		if at := len(res.Rows); groups[k]["weight"] > 0 {
			res.Meta.ApproximateCells = append(res.Meta.ApproximateCells, metric.ApproximateCell{
				Row: at, Column: "weighted_take_rate", Error: math.Sqrt((1 - groups[k]["weighted"]/groups[k]["weight"]) / groups[k]["weighted"]),
			})
		}
		res.Rows = append(res.Rows, row(key, groups[k]))
	}
	if q.Totals {
		res.Totals = [][]any{row(make([]string, len(q.Dimensions)), all)}
	}
	return res, nil
}

func cellOf(m string, sums map[string]float64) any {
	switch m {
	case "weighted_take_rate":
		if sums["weight"] == 0 {
			return nil
		}
		return sums["weighted"] / sums["weight"]
	case "video_start_failure_rate":
		return sums["start_failures"] / max(sums["play_requests"], 1)
	case "demand_index":
		return 1.5
	}
	return sums[m]
}

func (f *fact) matches(where []metric.Where) bool {
	for _, w := range where {
		ok := false
		for _, v := range f.dims[w.Dimension] {
			for _, in := range w.In {
				ok = ok || v == in
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// shelf is a catalogue.
type shelf []catalog.Title

func (s shelf) Titles() []catalog.Title { return s }

func (s shelf) Title(id string) (catalog.Title, bool) {
	for _, t := range s {
		if t.ID == id {
			return t, true
		}
	}
	return catalog.Title{}, false
}

func serve(c *cube, titles shelf) *Service {
	return New(Options{Asker: c, Titles: titles, Clock: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)})
}

// shown adds viewers who were shown a creative in a place.
func (c *cube) shown(title, creative, placement, country string, viewers, took, kept float64) {
	c.facts = append(c.facts, fact{
		at:   now.Add(-3 * day),
		dims: map[string][]string{"title": {title}, "creative": {creative}, "placement": {placement}, "rank": {"1"}, "country": {country}},
		sums: map[string]float64{"eligible_viewers": viewers, "takers": took, "take_completers": kept, "viewers_reached": viewers, "impressions": viewers * 2, "eligible_impressions": viewers * 2},
	})
}

// usualTitles are titles without anything off, so that there is a usual.
func (c *cube) usualTitles() {
	for t := range 40 {
		for i := range 4 {
			wiggle := 1 + 0.04*float64((t*7+i*5)%5-2)
			c.shown(fmt.Sprintf("usual-%d", t), fmt.Sprintf("usual-%d-%d", t, i), "row", "US", 20_000, math.Round(1600*wiggle), math.Round(640*wiggle))
		}
	}
}
