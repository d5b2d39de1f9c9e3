package metric

import (
	"fmt"
	"slices"

	"playhead/internal/rollup"
)

// planPrivate makes what names people be answered from fixed cells: value of the
// audience dimension × the dimensions that its roll-up keeps beside it × week.
// All answers are sums of such cells that are large enough, whatever they are
// grouped and filtered by, so that none can be subtracted from another to leave a
// small one. So no other dimension can be asked for beside it, nor single days.
func planPrivate(p *planner, r *request, out *plan) error {
	if p.min < 0 {
		return nil
	}
	for _, x := range out.parts {
		dims := x.dims()
		var people []rollup.Dimension
		for _, d := range dims {
			if isAudience(d) {
				people = append(people, d)
			}
		}
		if len(people) == 0 {
			continue
		}
		if len(people) > 1 {
			return privateError("one dimension that says something about people can be asked for at a time, not %s", joinDims(people))
		}
		beside := x.chain.beside(people[0])
		for _, d := range dims {
			if d != people[0] && !slices.Contains(beside, d) {
				return privateError("%s can only be asked for beside %s: its answers are made of fixed cells, so that no small group can be worked out from several of them",
					dimensionName(people[0]), joinDims(beside))
			}
		}
		if err := p.wholeWeeks(r, out, people[0]); err != nil {
			return err
		}
		x.audience, x.about = true, people[0]
		x.atoms = dims
		for _, d := range append(slices.Clone(beside), people[0]) {
			if !slices.Contains(x.atoms, d) {
				x.atoms = append(x.atoms, d)
			}
		}
	}
	return nil
}

// wholeWeeks widens the windows to whole weeks: what a cell has on single days
// could be told from the days' totals.
func (p *planner) wholeWeeks(r *request, out *plan, about rollup.Dimension) error {
	for _, w := range out.windows() {
		if !w.edges(func(ms int64) bool { return p.report.floorWeek(ms) == ms }) {
			return &QueryError{Fields: []FieldError{{Field: "grain", Code: "private", Message: fmt.Sprintf(
				"%s is answered in whole weeks of the report time zone %s, so that no small group can be worked out: ask for grain none or week",
				dimensionName(about), p.report.loc)}}}
		}
		if from, to := p.report.floorWeek(w.from), p.report.ceilWeek(w.to); from != w.from || to != w.to {
			if w.from != from && !p.fromStart || w.to != to && w.to < p.now {
				out.widened = max(out.widened, cutWeek)
			}
			w.move(from, to)
		}
	}
	return nil
}

func privateError(format string, args ...any) error {
	return &QueryError{Fields: []FieldError{{Field: "dimensions", Code: "private", Message: fmt.Sprintf(format, args...)}}}
}

// beside are the dimensions that fixed cells of an audience dimension have.
func (c *chain) beside(d rollup.Dimension) []rollup.Dimension {
	switch {
	case d == rollup.Affinity && c.name == "creative":
		return []rollup.Dimension{rollup.Title, rollup.Creative}
	case d == rollup.Affinity:
		return []rollup.Dimension{rollup.Title}
	}
	return []rollup.Dimension{rollup.Country}
}

// isAudience says whether a dimension says something about people.
func isAudience(d rollup.Dimension) bool {
	return d == rollup.Affinity || d == rollup.Region || d == rollup.Query
}
