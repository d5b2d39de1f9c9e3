package metric

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// ranking scans what the order needs over the whole range and gives the groups in
// that order. What it scanned stays in the answers. When there are fewer groups
// than may be shown, all parts are scanned, since each may have groups of its own.
func (x *execution) ranking(ctx context.Context, now, before *answers) ([]int32, error) {
	keys := x.r.rankKeys()
	scan := func(a *answers, parts []*part) error {
		for _, y := range parts {
			if y == nil || a.frames[y] != nil {
				continue
			}
			f, err := x.fetch(ctx, y, a, false, nil)
			if err != nil {
				return err
			}
			a.frames[y] = f
		}
		return nil
	}
	for _, k := range keys {
		if k.metric < 0 {
			continue
		}
		a := now
		if k.previous {
			a = before
		}
		if err := scan(a, x.partsOf(k.metric)); err != nil {
			return nil, err
		}
	}
	if len(now.frames) == 0 && (before == nil || len(before.frames) == 0) || len(x.candidates(now, before)) < x.p.groups {
		for _, a := range []*answers{now, before} {
			if a == nil {
				continue
			}
			if err := scan(a, x.p.parts); err != nil {
				return nil, err
			}
		}
	}
	return x.rank(keys, now, before), nil
}

// partsOf are all parts that a metric is computed from.
func (x *execution) partsOf(i int) []*part {
	parts := slices.Clone(x.p.of[i])
	for _, y := range x.p.of[i] {
		parts = append(parts, y.whole)
	}
	if x.needs[i].runtimes {
		parts = append(parts, x.p.titles)
	}
	if x.needs[i].peaks {
		parts = append(parts, x.p.gauges)
	}
	return parts
}

// candidates are the groups that were seen so far and may be shown.
func (x *execution) candidates(now, before *answers) []int32 {
	dims, hidden := len(x.r.groupBy()), x.r.hidesRows()
	var out []int32
	for g := range int32(x.groups.len()) {
		if len(x.groups.values[g]) != dims || hidden && !x.seen(now, g) && !x.seen(before, g) {
			continue
		}
		out = append(out, g)
	}
	return out
}

// hidesRows says whether rows with too few viewers are left out and not only
// emptied: the values themselves would tell.
func (r *request) hidesRows() bool {
	return slices.ContainsFunc(r.dims, func(d Dimension) bool { return d.hidden() })
}

// seen says whether something of a group is not suppressed.
func (x *execution) seen(a *answers, g int32) bool {
	if a == nil {
		return false
	}
	for y, f := range a.frames {
		if y.all {
			continue
		}
		if c := f.find(0, g); c != nil && (c.more == nil || c.more.hidden == 0 || c.more.shown > 0) {
			return true
		}
	}
	return false
}

// rank orders the groups by the keys; what is null comes last, equals by their
// values.
func (x *execution) rank(keys []orderKey, now, before *answers) []int32 {
	groups := x.candidates(now, before)
	e := &evaluator{x: x}
	n := len(keys)
	values := make([]float64, n*x.groups.len())
	for _, g := range groups {
		for i, k := range keys {
			if k.metric >= 0 {
				values[int(g)*n+i] = e.order(k, now, before, row{group: g})
			}
		}
	}
	slices.SortFunc(groups, func(a, b int32) int {
		for i, k := range keys {
			c := 0
			if k.dim >= 0 {
				if c = cmp.Compare(x.dimension(k.dim, a), x.dimension(k.dim, b)); k.desc {
					c = -c
				}
			} else {
				c = compareNull(values[int(a)*n+i], values[int(b)*n+i], k.desc)
			}
			if c != 0 {
				return c
			}
		}
		return slices.Compare(x.groups.values[a], x.groups.values[b])
	})
	return groups
}

// order is the value of a metric key of a row; NaN is null.
func (e *evaluator) order(k orderKey, now, before *answers, r row) float64 {
	a := now
	if k.previous {
		a = before
	}
	if f, st := e.figure(a, k.metric, r); st == known {
		return f.v
	}
	return math.NaN()
}

func compareNull(a, b float64, desc bool) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return 1
	case math.IsNaN(b):
		return -1
	case desc:
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// dimension is what a group shows in the column of a dimension.
func (x *execution) dimension(i int, group int32) string {
	d := &x.r.dims[i]
	at := 0
	for j := range x.r.dims {
		if x.r.dims[j].Attribute == "" {
			if x.r.dims[j].physical == d.physical {
				break
			}
			at++
		}
	}
	v := x.groups.values[group][at]
	if d.text == nil {
		return v
	}
	return d.text(x.planner.catalog[v])
}
