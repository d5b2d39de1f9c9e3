package metric

import (
	"fmt"
	"slices"

	"playhead/internal/rollup"
)

// planWhole adds what the groups are a part of: for shares and impacts the same
// question without dimensions and without the filters on them; for totals and
// others, with those filters. It comes from cells that hold all groups together,
// never from the sum of rows: a viewer of two titles is one viewer, and a play of
// two genres is one play.
func planWhole(p *planner, r *request, out *plan) error {
	var whole needs
	for i := range r.metrics {
		if n := r.metrics[i].needs(); n.whole {
			whole.add(n)
		}
	}
	groups := slices.Clone(out.parts)
	for _, x := range groups {
		if n := x.chain.holds(whole); whole.whole && !n.empty() {
			y, err := p.wholePart(r, out, x, n, r.contextOf())
			if err != nil {
				return err
			}
			x.whole = y
		}
		if (r.totals || r.others) && len(r.dims) > 0 {
			y, err := p.wholePart(r, out, x, x.needs, r.where)
			if err != nil {
				return &QueryError{Fields: []FieldError{{Field: r.totalsField(), Code: "invalid", Message: fmt.Sprintf(
					"the total of this answer is not kept, and the sum of rows would be wrong: %s", err.(*QueryError).Fields[0].Message)}}}
			}
			x.total = y
		}
	}
	return nil
}

// contextOf are the filters that the whole of a share keeps: those on what is not
// grouped by. Without dimensions the filters are what makes the group.
func (r *request) contextOf() []rollup.Filter {
	by := r.groupBy()
	if len(by) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.where), func(w rollup.Filter) bool { return slices.Contains(by, w.Dimension) })
}

func (r *request) totalsField() string {
	if r.totals {
		return "totals"
	}
	return "others"
}

// wholePart is the part that gives n without dimensions, from the chain of x if
// that can, else from another but single plays.
func (p *planner) wholePart(r *request, out *plan, x *part, n needs, where []rollup.Filter) (*part, error) {
	own := *r
	own.dims, own.where = nil, where
	chain := x.chain
	if !p.fits(&own, out, chain, n) {
		if chain = p.choose(&own, out, n); chain == nil || chain.name == "plays" {
			return nil, p.refuse(&own, out, n)
		}
	}
	y := out.partOf(ofGroups, true, chain, nil, where)
	y.needs.add(n)
	return y, nil
}
