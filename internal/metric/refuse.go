package metric

import (
	"fmt"
	"slices"

	"playhead/internal/rollup"
)

// refuse is the error of a question that nothing kept can answer.
func (p *planner) refuse(r *request, out *plan, n needs) error {
	field, code := "metrics", "not_kept"
	for i := range r.metrics {
		if got := r.metrics[i].needs(); got.measures&n.measures != 0 || got.sketches&n.sketches != 0 {
			field = fmt.Sprintf("metrics[%d]", i)
			if i >= r.asked {
				field = "order"
			}
			break
		}
	}
	return &QueryError{Fields: []FieldError{{Field: field, Code: code, Message: p.whyNot(r, out, n)}}}
}

func (p *planner) whyNot(r *request, out *plan, n needs) string {
	dims := r.groupBy()
	for _, w := range r.where {
		if !slices.Contains(dims, w.Dimension) {
			dims = append(dims, w.Dimension)
		}
	}
	switch {
	case !countsOnce(nil, r.where, r.groupBy(), n):
		return "one play may have several of the values that are filtered by, so their sum counts it more than once; group by that dimension, or filter by one value"
	case !p.byDims(dims, n):
		text := "no roll-up keeps it by " + joinDims(dims)
		if kept := p.kept(n, p.chains); kept != "" {
			text += "; it is kept by " + kept
		}
		return text
	case p.zoneTooOld(r, out):
		return fmt.Sprintf("a %s of %s is answered from hours, which are kept for %d days; ask for a from of %s or later, or in the report time zone %s",
			Grains()[r.grain], r.loc, p.keep.TitleHourMS/(24*rollup.HourMS), stamp(p.now-p.keep.TitleHourMS, r.loc), p.report.loc)
	}
	return "no cells that are kept are cut where the buckets of this answer are; ask for a coarser grain, a later from, or whole hours"
}

// byDims says whether anything but single plays keeps needs by the dimensions.
func (p *planner) byDims(dims []rollup.Dimension, n needs) bool {
	rest := n
	for i := range p.chains {
		c := &p.chains[i]
		if some := c.holds(n); c.name != "plays" && len(c.fitting(dims, some)) > 0 {
			rest = rest.without(some)
		}
	}
	return rest.empty()
}

// reason says why no roll-up answers what single plays do.
func (p *planner) reason(r *request, out *plan, n needs) string {
	x := part{by: r.groupBy(), where: r.where}
	switch {
	case !p.byDims(x.dims(), n):
		return "its dimensions are not kept together"
	case r.grain == Grain10s || r.grain == GrainMinute || !p.forEver(x.dims(), n):
		return "its cells are not kept for so long"
	default:
		return "its buckets are not cut where the kept hours and days are"
	}
}

// forEver says whether some cells by the dimensions are never dropped.
func (p *planner) forEver(dims []rollup.Dimension, n needs) bool {
	return slices.ContainsFunc(p.chains, func(c chain) bool {
		return c.name != "plays" && !c.holds(n).empty() && slices.ContainsFunc(c.fitting(dims, c.holds(n)), func(l level) bool { return l.keep == 0 })
	})
}

func joinDims(dims []rollup.Dimension) string {
	if len(dims) == 0 {
		return "no dimension"
	}
	text := ""
	for i, d := range dims {
		if i > 0 {
			text += " × "
		}
		text += dimensionName(d)
	}
	return text
}
