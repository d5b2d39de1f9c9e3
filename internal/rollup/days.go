package rollup

import "time"

// Days cuts days in the report time zone. It is safe for concurrent use.
type Days struct{ loc *time.Location }

// NewDays cuts days in loc; nil is UTC.
func NewDays(loc *time.Location) Days {
	if loc == nil {
		loc = time.UTC
	}
	return Days{loc}
}

func (d Days) zone() *time.Location {
	if d.loc == nil {
		return time.UTC
	}
	return d.loc
}

// Bounds are the start of the day that holds the moment and the start of the
// next one, epoch ms. A day has 23 to 25 hours.
func (d Days) Bounds(ms int64) (start, end int64) {
	loc := d.zone()
	t := time.UnixMilli(ms).In(loc)
	y, m, day := t.Date()
	start = time.Date(y, m, day, 0, 0, 0, 0, loc).UnixMilli()
	if start > ms { // midnight does not exist or is there twice
		start = time.Date(y, m, day-1, 0, 0, 0, 0, loc).UnixMilli()
	}
	return start, time.Date(y, m, day+1, 0, 0, 0, 0, loc).UnixMilli()
}

// dayCache remembers the last few days cut: facts come in runs of the same one.
type dayCache struct {
	days  Days
	known [4][2]int64
	next  int
}

func (c *dayCache) bounds(ms int64) (start, end int64) {
	for i := range c.known {
		if c.known[i][0] <= ms && ms < c.known[i][1] {
			return c.known[i][0], c.known[i][1]
		}
	}
	start, end = c.days.Bounds(ms)
	c.known[c.next] = [2]int64{start, end}
	c.next = (c.next + 1) % len(c.known)
	return start, end
}

// floorTo is the greatest multiple of width that is not after ms.
func floorTo(ms, width int64) int64 {
	r := ms % width
	if r < 0 {
		r += width
	}
	return ms - r
}

// boundaries is the number of multiples of PulseMS in [from, to).
func boundaries(from, to int64) int64 {
	if to <= from {
		return 0
	}
	if from > 0 {
		return int64(uint64(to-1)/uint64(PulseMS) - uint64(from-1)/uint64(PulseMS))
	}
	return (floorTo(to-1, PulseMS) - floorTo(from-1, PulseMS)) / PulseMS
}
