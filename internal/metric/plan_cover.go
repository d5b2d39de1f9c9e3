package metric

import (
	"slices"
	"time"
)

// planCover covers the windows of every part with cells. Where no cells are
// narrow enough a window is widened, and then for all parts, so that both sides
// of a ratio are about the same time.
func planCover(p *planner, r *request, out *plan) error {
	for i, w := range out.windows() {
		for {
			from, to := w.from, w.to
			for _, x := range out.parts {
				c, ok := p.cover(x.levels(), w)
				if !ok {
					return p.refuse(r, out, x.needs)
				}
				if i == 0 {
					x.now = c
				} else {
					x.before = c
				}
				from, to = min(from, c.from), max(to, c.to)
				if c.moved > 0 {
					out.widened = max(out.widened, c.movedTo)
				}
			}
			if from == w.from && to == w.to {
				break
			}
			w.move(from, to)
		}
	}
	if out.widened > cutExact {
		out.warn("The range was widened to whole %s: %s to %s.", out.widened.cellName(), stamp(out.current.from, r.loc), stamp(out.current.to, r.loc))
	}
	return nil
}

// levels are those of the part's chain that can give what it needs.
func (x *part) levels() []level {
	levels := x.chain.fitting(x.dims(), x.needs)
	if x.audience { // decided week by week
		return slices.DeleteFunc(levels, func(l level) bool { return l.cut == cutEver || len(l.extra) > 0 })
	}
	return levels
}

// stamp writes a time as answers do: RFC 3339 in the zone, with milliseconds
// only when there are some.
func stamp(ms int64, loc *time.Location) string {
	t := time.UnixMilli(ms).In(loc)
	if ms%1000 != 0 {
		return t.Format("2006-01-02T15:04:05.000Z07:00")
	}
	return t.Format(time.RFC3339)
}
