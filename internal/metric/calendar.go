package metric

import (
	"time"

	"playhead/internal/rollup"
)

// Grain is the width of a time bucket.
type Grain uint8

// Grains, in the order of their names.
const (
	GrainNone Grain = iota
	Grain10s
	GrainMinute
	GrainHour
	GrainDay
	GrainWeek
	GrainMonth
)

// Grains are the names of the grains.
func Grains() []string {
	return []string{"none", "10s", "minute", "hour", "day", "week", "month"}
}

// calendar says whether the grain's buckets are cut by a calendar, not by a
// fixed width.
func (g Grain) calendar() bool { return g >= GrainDay }

// width is the shortest that a bucket of the grain can be, ms.
func (g Grain) width() int64 {
	switch g {
	case Grain10s:
		return rollup.PulseMS
	case GrainMinute:
		return 60_000
	case GrainHour:
		return rollup.HourMS
	case GrainDay:
		return 23 * rollup.HourMS
	case GrainWeek:
		return (7*24 - 1) * rollup.HourMS
	case GrainMonth:
		return (28*24 - 1) * rollup.HourMS
	}
	return 0
}

// startOfDay is the first instant of a calendar day, which is not always
// midnight: some zones skip it, some have it twice.
func startOfDay(year int, month time.Month, day int, loc *time.Location) time.Time {
	noon := time.Date(year, month, day, 12, 0, 0, 0, loc)
	t := time.Date(year, month, day, 0, 0, 0, 0, loc)
	if t.Day() != noon.Day() {
		if _, end := t.ZoneBounds(); !end.IsZero() && end.Sub(t) <= 3*time.Hour {
			return end.In(loc)
		}
		for t.Day() != noon.Day() {
			t = t.Add(15 * time.Minute)
		}
		return t
	}
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		if s := start.In(loc).Add(-time.Minute); s.Day() == t.Day() && s.Month() == t.Month() && s.Year() == t.Year() {
			return firstOf(s, loc)
		}
	}
	return t
}

// firstOf is midnight by the clock that showed s.
func firstOf(s time.Time, loc *time.Location) time.Time {
	_, offset := s.Zone()
	y, m, d := s.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.FixedZone("", offset)).In(loc)
}

// floor is the start of the bucket that holds ms.
func (g Grain) floor(ms int64, loc *time.Location) int64 {
	switch g {
	case Grain10s, GrainMinute:
		return floorTo(ms, g.width())
	case GrainHour:
		_, offset := time.UnixMilli(ms).In(loc).Zone()
		o := int64(offset) * 1000
		return floorTo(ms+o, rollup.HourMS) - o
	case GrainNone:
		return ms
	}
	t := time.UnixMilli(ms).In(loc)
	y, m, d := t.Date()
	switch g {
	case GrainWeek:
		d -= (int(t.Weekday()) + 6) % 7
	case GrainMonth:
		d = 1
	}
	return startOfDay(y, m, d, loc).UnixMilli()
}

// shift moves a time by n buckets. Calendar grains keep the time of day; a
// month's end stays a month's end.
func (g Grain) shift(ms int64, n int, loc *time.Location) int64 {
	if !g.calendar() {
		return ms + int64(n)*g.width()
	}
	t := time.UnixMilli(ms).In(loc)
	y, m, d := t.Date()
	switch g {
	case GrainDay:
		d += n
	case GrainWeek:
		d += 7 * n
	case GrainMonth:
		first := time.Date(y, m+time.Month(n), 1, 12, 0, 0, 0, loc)
		last := first.AddDate(0, 1, -1).Day()
		y, m, d = first.Year(), first.Month(), min(d, last)
	}
	sinceMidnight := t.Sub(startOfDay(t.Year(), t.Month(), t.Day(), loc))
	return startOfDay(y, m, d, loc).Add(sinceMidnight).UnixMilli()
}

// next is the start of the bucket after the one that starts at start.
func (g Grain) next(start int64, loc *time.Location) int64 {
	switch g {
	case Grain10s, GrainMinute:
		return start + g.width()
	case GrainHour:
		if f := g.floor(start+rollup.HourMS, loc); f > start {
			return f
		}
		return start + rollup.HourMS
	}
	return g.shift(start, 1, loc)
}

// boundaries cut [from,to) into buckets: the first and the last may be partial.
func (g Grain) boundaries(from, to int64, loc *time.Location) []int64 {
	out := []int64{from}
	for b := g.next(g.floor(from, loc), loc); b < to; b = g.next(b, loc) {
		if b > from {
			out = append(out, b)
		}
	}
	return append(out, to)
}

func floorTo(ms, width int64) int64 {
	r := ms % width
	if r < 0 {
		r += width
	}
	return ms - r
}

func ceilTo(ms, width int64) int64 { return -floorTo(-ms, width) }

// calendar cuts days as the day cells are cut.
type calendar struct {
	days rollup.Days
	loc  *time.Location
}

func newCalendar(loc *time.Location) calendar { return calendar{rollup.NewDays(loc), loc} }

// isDay says whether ms is the first instant of a day.
func (c calendar) isDay(ms int64) bool { return c.floorDay(ms) == ms }

func (c calendar) floorDay(ms int64) int64 {
	start, _ := c.days.Bounds(ms)
	return start
}

func (c calendar) ceilDay(ms int64) int64 {
	start, end := c.days.Bounds(ms)
	if start == ms {
		return ms
	}
	return end
}

// floorWeek is the start of the week, from Monday, that holds ms.
func (c calendar) floorWeek(ms int64) int64 { return GrainWeek.floor(ms, c.loc) }

func (c calendar) ceilWeek(ms int64) int64 {
	start := c.floorWeek(ms)
	if start == ms {
		return ms
	}
	return GrainWeek.next(start, c.loc)
}
