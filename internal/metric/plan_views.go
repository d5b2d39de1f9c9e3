package metric

import (
	"slices"

	"playhead/internal/rollup"
)

// planViews adds a scan of media time title by title, for metrics that divide it
// by the catalogue's runtimes.
func planViews(p *planner, r *request, out *plan) error {
	if !slices.ContainsFunc(r.metrics, func(d Definition) bool { return d.needs().runtimes }) {
		return nil
	}
	if p.catalog == nil {
		return &QueryError{Fields: []FieldError{{Field: "metrics", Code: "not_kept", Message: "views needs a catalogue with runtimes, and there is none"}}}
	}
	x, err := p.extra(r, out, ofTitles, false, r.groupBy(), rollup.MediaMS)
	if err != nil {
		return err
	}
	out.titles = x
	if r.totals || r.others {
		if out.titlesTotal, err = p.extra(r, out, ofTitles, true, nil, rollup.MediaMS); err != nil {
			return err
		}
	}
	return nil
}

// extra is a part of another kind that gives some measures by dimensions; titles
// too, when it is of titles.
func (p *planner) extra(r *request, out *plan, k kind, all bool, by []rollup.Dimension, measures ...rollup.Measure) (*part, error) {
	own := *r
	own.dims = nil
	for _, d := range by {
		own.dims = append(own.dims, Dimension{physical: d})
	}
	if k == ofTitles && !slices.Contains(by, rollup.Title) {
		own.dims = append(own.dims, Dimension{physical: rollup.Title})
	}
	n := needs{measures: set(measures...)}
	chain := p.choose(&own, out, n)
	if chain == nil {
		return nil, p.refuse(&own, out, n)
	}
	x := out.partOf(k, all, chain, own.groupBy(), r.where)
	x.needs.add(n)
	return x, p.notePlays(r, out)
}
