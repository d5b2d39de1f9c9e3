package study

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/insight"
	"playhead/internal/metric"
)

// alongsidePeers are the most similar titles whose creatives make the band.
const alongsidePeers = 20

// course is a creative's figures by day since it was first shown.
type creativeCourse struct {
	id, title   string
	first, days int  // first day of the window that it was shown on, and how many have gone by since
	older       bool // it was shown on the window's first day already
	impressions []float64
	viewers     []float64
	takes       []insight.Count
}

// creativeLaunches are creatives aligned at the day on which each was first shown,
// beside those of its title and of similar ones: what is new draws more, so that
// only equal ages can be compared.
func (s *Service) creativeLaunches(ctx context.Context, q LaunchesAsk) (*Answer, error) {
	wanted, err := s.ownersOf(q.Creatives)
	if err != nil {
		return nil, err
	}
	a, now := s.begin(), s.wholeDays()
	w := window{now.AddDate(0, 0, -q.Within-1), now}
	ids := s.similar(wanted)
	t, err := a.ask(ctx, w, metric.Query{
		Metrics: []string{"impressions", "viewers_reached", "eligible_viewers", "takers"}, Dimensions: []string{"title", "creative"},
		Where: []metric.Where{{Dimension: "title", In: ids}}, Grain: "day",
	})
	if err != nil {
		return nil, err
	}
	all := coursesOf(t, w.from, q.Within+1)
	var rows []Row
	for _, id := range q.Creatives {
		c := all[id]
		switch {
		case c == nil:
			a.warn("%s was not shown in the last %d days.", id, q.Within)
		case c.older:
			a.warn("%s was shown more than %d days ago already: ask within more.", id, q.Within)
		default:
			rows = append(rows, c.row(w.from, min(q.Days, c.days), all))
		}
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(value(b.Estimate), value(a.Estimate)) })
	return a.done("take rate over the first days in which it was shown, as counted: viewers of several days count on each of them", "viewers with an eligible impression, of each day", rows), nil
}

// ownersOf are the titles of creatives. Errors are *metric.QueryError.
func (s *Service) ownersOf(creatives []string) (out []catalog.Title, err error) {
	found := map[string]bool{}
	for _, t := range s.o.Titles.Titles() {
		has := false
		for _, id := range creatives {
			if _, ok := t.Creative(id); ok {
				found[id], has = true, true
			}
		}
		if has {
			out = append(out, t)
		}
	}
	for _, id := range creatives {
		if !found[id] {
			return nil, askError("creatives", fmt.Sprintf("%q is in no title of the catalogue", id))
		}
	}
	return out, nil
}

// similar are the ids of titles and of those most like them: of the same kind, with a
// genre in common, launched last.
func (s *Service) similar(to []catalog.Title) (ids []string) {
	var peers []catalog.Title
	for _, t := range s.o.Titles.Titles() {
		like := func(o catalog.Title) bool {
			return o.Kind == t.Kind && slices.ContainsFunc(o.Genres, func(g string) bool { return slices.Contains(t.Genres, g) })
		}
		switch {
		case slices.ContainsFunc(to, func(o catalog.Title) bool { return o.ID == t.ID }):
			ids = append(ids, t.ID)
		case slices.ContainsFunc(to, like):
			peers = append(peers, t)
		}
	}
	slices.SortStableFunc(peers, func(a, b catalog.Title) int { return cmp.Compare(b.Launched, a.Launched) })
	for _, t := range peers[:min(len(peers), alongsidePeers)] {
		ids = append(ids, t.ID)
	}
	slices.Sort(ids)
	return ids
}

// coursesOf reads the days of creatives.
func coursesOf(t *table, from time.Time, days int) map[string]*creativeCourse {
	all := map[string]*creativeCourse{}
	for row := range t.rows() {
		when, err := time.Parse(time.RFC3339, t.text(row, "time"))
		id := t.text(row, "creative")
		if err != nil || id == "" {
			continue
		}
		day := int(math.Round(when.Sub(from).Hours() / 24)) // 23 to 25 hours long where clocks change
		if day < 0 || day >= days {
			continue
		}
		c := all[id]
		if c == nil {
			c = &creativeCourse{id: id, title: t.text(row, "title"), first: days}
			c.impressions, c.viewers, c.takes = make([]float64, days), make([]float64, days), make([]insight.Count, days)
			all[id] = c
		}
		if n := t.value(row, "impressions"); n > 0 {
			c.first = min(c.first, day)
			c.impressions[day] += n
		}
		c.viewers[day] += t.value(row, "viewers_reached")
		add(&c.takes[day], countOf(t.value(row, "takers"), t.value(row, "eligible_viewers")))
	}
	for id, c := range all {
		if c.first >= days {
			delete(all, id)
			continue
		}
		c.older, c.days = c.first == 0, days-c.first
		c.impressions, c.viewers, c.takes = c.impressions[c.first:], c.viewers[c.first:], c.takes[c.first:]
	}
	return all
}

// rate is the take rate of a day, nil where nobody could take it.
func (c *creativeCourse) rate(day int) *float64 {
	if c.takes[day].N <= 0 {
		return nil
	}
	return number(c.takes[day].K / c.takes[day].N)
}

// row sets a creative beside the others at the same age.
func (c *creativeCourse) row(from time.Time, days int, all map[string]*creativeCourse) Row {
	sum, rates, low, middle, high := insight.Count{}, []*float64{}, []*float64{}, []*float64{}, []*float64{}
	most := 0
	for d := range days {
		add(&sum, c.takes[d])
		rates = append(rates, c.rate(d))
		var peers []float64
		for _, o := range all {
			if o != c && !o.older && d < o.days {
				if r := o.rate(d); r != nil {
					peers = append(peers, *r)
				}
			}
		}
		most = max(most, len(peers))
		slices.Sort(peers)
		at := func(q float64) *float64 {
			if len(peers) < 5 {
				return nil
			}
			return &peers[int(math.Round(q*float64(len(peers)-1)))]
		}
		low, middle, high = append(low, at(0.1)), append(middle, at(0.5)), append(high, at(0.9))
	}
	r := Row{Entity: c.id, Kind: "creative_launch", N: int64(sum.N), Basis: string(insight.Unadjusted)}
	if sum.N > 0 {
		r.fill(insight.Raw(sum))
	}
	r.Evidence = map[string]any{
		"title": c.title, "first_shown": from.AddDate(0, 0, c.first).Format(time.DateOnly), "days": days,
		"impressions_by_day": c.impressions[:days], "viewers_reached_by_day": c.viewers[:days], "take_rate_by_day": rates,
		"similar_creatives": most, "band_low": low, "band_median": middle, "band_high": high,
	}
	return r
}
