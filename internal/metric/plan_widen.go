package metric

import (
	"time"

	"playhead/internal/rollup"
)

// planWiden moves the ends of the windows outward to the cells of the source
// and says so. An end after now is moved silently: nothing lies there yet.
func planWiden(p *planner, r *request, out *plan) error {
	moved := p.widen(out.source, &out.current, r.fromStart)
	if out.previous != nil {
		moved = p.widen(out.source, out.previous, false) || moved
	}
	if moved {
		out.warn("The range was widened to whole %s: %s to %s.", cellName(out.source),
			stamp(out.current.from, r.loc), stamp(out.current.to, r.loc))
	}
	return nil
}

func (p *planner) widen(s rollup.Source, w *window, fromStart bool) bool {
	from, to := w.from, w.to
	switch s {
	case rollup.SourcePulse:
		from, to = floorTo(from, rollup.PulseMS), ceilTo(to, rollup.PulseMS)
	case rollup.SourceTitleHour:
		from, to = floorTo(from, rollup.HourMS), ceilTo(to, rollup.HourMS)
	case rollup.SourceTitleDay:
		from, to = p.report.floorDay(from), p.report.ceilDay(to)
	}
	moved := from != w.from && !fromStart || to != w.to && w.to < p.now
	w.move(from, to)
	return moved
}

func cellName(s rollup.Source) string {
	switch s {
	case rollup.SourcePulse:
		return "tens of seconds"
	case rollup.SourceTitleHour:
		return "hours"
	}
	return "days"
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
