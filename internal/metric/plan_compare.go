package metric

import "playhead/internal/rollup"

// planCompare adds the window that the answer is set beside: as many buckets
// as the answer has, so that bucket i stands beside bucket i. Days, weeks and
// months are moved by the calendar, so that a day of 23 hours stands beside a
// whole one.
func planCompare(p *planner, r *request, out *plan) error {
	if r.compare == CompareNone {
		return nil
	}
	w := &out.current
	unit, n := r.unit(w)
	back := func(ms int64) int64 { return unit.shift(ms, -n, r.loc) }
	if unit == GrainNone {
		length := w.to - w.from
		back = func(ms int64) int64 { return ms - length }
	}
	if r.compare == CompareYear {
		back = r.yearBack(w, unit)
	}
	prev := &window{from: back(w.from), to: back(w.to)}
	for _, b := range w.bounds {
		prev.bounds = append(prev.bounds, back(b))
	}
	out.previous = prev
	if prev.from < 0 {
		return &QueryError{Fields: []FieldError{{Field: "compare", Code: "range", Message: "the window before starts before 1970"}}}
	}
	return nil
}

// unit is the calendar unit in which a window is moved, and how many of them
// it is long; GrainNone means by its exact length.
func (r *request) unit(w *window) (Grain, int) {
	g := r.grain
	if !g.calendar() {
		if g != GrainNone && g != GrainHour || !r.wholeDays(w) {
			return GrainNone, 0
		}
		if g == GrainHour && (w.to-w.from)%(24*rollup.HourMS) != 0 {
			return GrainNone, 0
		}
		g = GrainDay
	}
	n := 0
	for t := w.from; t < w.to; n++ {
		t = g.shift(w.from, n+1, r.loc)
	}
	return g, n
}

func (r *request) wholeDays(w *window) bool {
	c := newCalendar(r.loc)
	return c.isDay(w.from) && c.isDay(w.to)
}

// yearBack moves by a year: months by twelve, weeks by 52, days by as many as
// lie between the start and the same date a year earlier.
func (r *request) yearBack(w *window, unit Grain) func(int64) int64 {
	start := GrainMonth.shift(w.from, -12, r.loc)
	switch unit {
	case GrainMonth:
		return func(ms int64) int64 { return GrainMonth.shift(ms, -12, r.loc) }
	case GrainWeek:
		return func(ms int64) int64 { return GrainWeek.shift(ms, -52, r.loc) }
	case GrainDay:
		days := int((w.from - start + 12*rollup.HourMS) / (24 * rollup.HourMS))
		return func(ms int64) int64 { return GrainDay.shift(ms, -days, r.loc) }
	}
	return func(ms int64) int64 { return ms - (w.from - start) }
}
