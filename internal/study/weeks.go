package study

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"playhead/internal/metric"
)

// hours are the media hours and plays of groups in one window.
type hours struct {
	media, plays map[string]float64
	total        float64
}

func newHours() hours { return hours{media: map[string]float64{}, plays: map[string]float64{}} }

// span is a window, at most a week long, that is compared with the same hours of
// earlier weeks.
type span struct {
	s        *Service
	from, to time.Time
	where    []metric.Where
	totals   []float64 // media hours of each week; nil until asked for
}

// mostGroups are looked at of dimensions with any number of values: the largest of
// this window and the largest of the earlier weeks together.
const mostGroups = 500

// weeks are the figures of this window, then of the earlier ones until nothing was
// watched. only are the groups that are wanted, nil all of them (the largest, of
// titles, shows and cast). Whole days are asked for at once, not week by week.
func (p *span) weeks(ctx context.Context, a *answering, dimension string, only []string) ([]hours, error) {
	if only != nil && len(only) == 0 {
		return nil, nil
	}
	if only == nil && (dimension == "title" || dimension == "show" || dimension == "cast") {
		now, err := p.largest(ctx, a, dimension, p.from, p.to)
		if err != nil {
			return nil, err
		}
		before, err := p.largest(ctx, a, dimension, p.from.Add(-trendWeeks*week), p.from)
		if err != nil {
			return nil, err
		}
		maps.Copy(now, before)
		if only = slices.Sorted(maps.Keys(now)); len(only) == 0 {
			return []hours{newHours()}, nil
		}
	}
	where := slices.Clone(p.where)
	if only != nil {
		where = append(where, metric.Where{Dimension: dimension, In: only})
	}
	list, err := p.days(ctx, a, dimension, where)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if i > 0 && list[i].total <= 0 {
			return list[:i], nil // before the first data
		}
	}
	return list, nil
}

// largest are the media hours of the groups with most of them.
func (p *span) largest(ctx context.Context, a *answering, dimension string, from, to time.Time) (map[string]float64, error) {
	t, err := a.ask(ctx, window{from, to}, metric.Query{
		Metrics: []string{"media_hours"}, Dimensions: []string{dimension}, Where: p.where, Limit: mostGroups,
		Order: []metric.Order{{By: "media_hours", Desc: true}},
	})
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for row := range t.rows() {
		out[t.text(row, dimension)] = t.value(row, "media_hours")
	}
	return out, nil
}

// days asks for the days of all weeks at once and adds them up by week: twice,
// since a share needs all that was watched too.
func (p *span) days(ctx context.Context, a *answering, dimension string, where []metric.Where) ([]hours, error) {
	if !p.whole() {
		return p.apart(ctx, a, dimension, where)
	}
	list := make([]hours, trendWeeks+1)
	for i := range list {
		list[i] = newHours()
	}
	all := window{p.from.AddDate(0, 0, -7*trendWeeks), p.to}
	t, err := a.ask(ctx, all, metric.Query{Metrics: []string{"media_hours", "plays"}, Dimensions: []string{dimension}, Where: where, Grain: "day"})
	if err != nil {
		return nil, err
	}
	for row := range t.rows() {
		if w, ok := p.week(t.text(row, "time")); ok {
			v := t.text(row, dimension)
			list[w].media[v] += t.value(row, "media_hours")
			list[w].plays[v] += t.value(row, "plays")
		}
	}
	if p.totals == nil { // the same for all that is asked of this window
		if t, err = a.ask(ctx, all, metric.Query{Metrics: []string{"media_hours"}, Where: p.where, Grain: "day"}); err != nil {
			return nil, err
		}
		p.totals = make([]float64, len(list))
		for row := range t.rows() {
			if w, ok := p.week(t.text(row, "time")); ok {
				p.totals[w] += t.value(row, "media_hours")
			}
		}
	}
	for i := range list {
		list[i].total = p.totals[i]
	}
	return list, nil
}

// whole reports whether the window is made of whole days of the report time zone.
func (p *span) whole() bool {
	midnight := func(t time.Time) bool {
		h, m, s := t.In(p.s.zone()).Clock()
		return h == 0 && m == 0 && s == 0 && t.Nanosecond() == 0
	}
	return midnight(p.from) && midnight(p.to)
}

// week is how many weeks before this window's a day is; false where no window has it.
func (p *span) week(text string) (int, bool) {
	day0, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, false
	}
	// Days are 23 to 25 hours long where clocks change.
	days := func(d time.Duration) int { return int(math.Round(d.Hours() / 24)) }
	back := days(p.to.Sub(day0)) - 1
	if back < 0 || back%7 >= days(p.to.Sub(p.from)) || back/7 > trendWeeks {
		return 0, false
	}
	return back / 7, true
}

// apart asks for each week by itself: of windows that begin or end within a day.
func (p *span) apart(ctx context.Context, a *answering, dimension string, where []metric.Where) ([]hours, error) {
	var out []hours
	for back := range trendWeeks + 1 {
		shift := -time.Duration(back) * week
		w := window{p.from.Add(shift), p.to.Add(shift)}
		t, err := a.ask(ctx, w, metric.Query{Metrics: []string{"media_hours", "plays"}, Dimensions: []string{dimension}, Where: where})
		if err != nil {
			return nil, err
		}
		h := newHours()
		for row := range t.rows() {
			v := t.text(row, dimension)
			h.media[v], h.plays[v] = t.value(row, "media_hours"), t.value(row, "plays")
		}
		if t, err = a.ask(ctx, w, metric.Query{Metrics: []string{"media_hours"}, Where: p.where}); err != nil {
			return nil, err
		}
		if t.rows() > 0 {
			h.total = t.value(0, "media_hours")
		}
		if out = append(out, h); h.total <= 0 {
			break
		}
	}
	return out, nil
}

// zone is the report time zone.
func (s *Service) zone() *time.Location {
	zone, err := time.LoadLocation(s.o.Asker.Describe().Timezone)
	if err != nil {
		return time.UTC
	}
	return zone
}
