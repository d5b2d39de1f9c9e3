package metric

import (
	"slices"

	"playhead/internal/rollup"
)

// Retention is how long the sources keep their cells, ms.
type Retention struct {
	PulseMS, TitleHourMS int64
}

// DefaultRetention is that of the design: 48 hours and 60 days.
func DefaultRetention() Retention {
	return Retention{PulseMS: 48 * rollup.HourMS, TitleHourMS: 60 * 24 * rollup.HourMS}
}

// planSource picks the smallest source that can answer: by dimensions, by
// where the buckets are cut, and by age.
func planSource(p *planner, r *request, out *plan) error {
	dims := r.physical()
	windows := []*window{&out.current}
	if out.previous != nil {
		windows = append(windows, out.previous)
	}
	fits := func(s rollup.Source, exact bool) bool {
		if !rollup.Covers(s, dims) {
			return false
		}
		for _, w := range windows {
			if !p.holds(s, r, w) || exact && !p.aligned(s, w) {
				return false
			}
		}
		return true
	}
	switch {
	case fits(rollup.SourceTitleDay, true):
		out.source = rollup.SourceTitleDay
	case fits(rollup.SourceTitleHour, true):
		out.source = rollup.SourceTitleHour
	case fits(rollup.SourcePulse, false): // narrower than a whole hour: nothing is widened
		out.source = rollup.SourcePulse
	case fits(rollup.SourceTitleHour, false):
		out.source = rollup.SourceTitleHour
	case fits(rollup.SourceTitleDay, false):
		out.source = rollup.SourceTitleDay
	default:
		out.source = rollup.SourcePlays
		out.warn("No roll-up answers this (%s): only finished plays are in it, and it has no latency promise.", p.reason(r, dims))
	}
	return nil
}

// physical are the dimensions that the request groups or filters by.
func (r *request) physical() []rollup.Dimension {
	var dims []rollup.Dimension
	for _, d := range append(slices.Clone(r.dims), r.filter...) {
		if !slices.Contains(dims, d.physical) {
			dims = append(dims, d.physical)
		}
	}
	return dims
}

// holds says whether the source still has the window's cells and cuts cells
// wherever the window cuts buckets.
func (p *planner) holds(s rollup.Source, r *request, w *window) bool {
	switch s {
	case rollup.SourcePulse:
		// Before the first cell of all there is nothing that could have been dropped.
		return (p.first > 0 || !r.fromStart) && max(w.from, p.first) >= ceilTo(p.now-p.limits.PulseMS, rollup.PulseMS) &&
			w.edges(onCell(rollup.PulseMS))
	case rollup.SourceTitleHour:
		return w.from >= p.now-p.limits.TitleHourMS && w.edges(onCell(rollup.HourMS))
	case rollup.SourceTitleDay:
		return w.edges(p.report.isDay)
	}
	return true
}

func onCell(width int64) func(int64) bool {
	return func(ms int64) bool { return ms%width == 0 }
}

// aligned says whether the window's ends need no widening: an end after now is
// no end, and all time starts before the first cell.
func (p *planner) aligned(s rollup.Source, w *window) bool {
	onCell := p.report.isDay
	if s == rollup.SourceTitleHour {
		onCell = func(ms int64) bool { return ms%rollup.HourMS == 0 }
	}
	return (w.from <= p.first || onCell(w.from)) && (w.to >= p.now || onCell(w.to))
}

// reason says why no roll-up answers.
func (p *planner) reason(r *request, dims []rollup.Dimension) string {
	switch {
	case !rollup.Covers(rollup.SourcePulse, dims) && !rollup.Covers(rollup.SourceTitleDay, dims):
		return "its dimensions are not kept together"
	case r.grain == Grain10s || r.grain == GrainMinute || !rollup.Covers(rollup.SourceTitleDay, dims):
		return "its cells are kept for two days and by one dimension only"
	default:
		return "its buckets are not cut where the kept hours and days are"
	}
}
