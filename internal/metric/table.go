package metric

import (
	"cmp"
	"math"
	"slices"
)

// columns of the answer: time, dimensions, metrics, their twins.
func (x *execution) columns() []Column {
	var cols []Column
	if x.r.grain != GrainNone {
		cols = append(cols, Column{Name: "time", Type: "time"})
	}
	for _, d := range x.r.dims {
		cols = append(cols, Column{Name: d.Name, Type: "string"})
	}
	for _, suffix := range []string{"", "_previous"} {
		if suffix != "" && x.p.previous == nil {
			break
		}
		for _, m := range x.r.metrics {
			typ := "number"
			if m.integer {
				typ = "integer"
			}
			cols = append(cols, Column{Name: m.Name + suffix, Type: typ, Unit: m.Unit})
		}
	}
	return cols
}

// table lays out the rows. Without dimensions every bucket appears; with them
// those in which the group has data.
func (x *execution) table(now, before *frame, groups []group) *Result {
	res := &Result{Columns: x.columns(), Rows: [][]any{}, Meta: x.meta(now)}
	for b := range x.p.current.buckets() {
		start := len(res.Rows)
		for _, g := range groups {
			if len(x.r.dims) > 0 && x.r.grain != GrainNone && !now.has(b, g.key) && !before.has(b, g.key) {
				continue
			}
			res.Rows = append(res.Rows, x.row(now, before, b, g))
		}
		if len(x.r.order) > 0 && x.r.order[0].time() && x.r.order[0].desc {
			slices.Reverse(res.Rows[start:]) // so that the reversal below keeps the ranks
		}
	}
	switch {
	case len(x.r.order) == 0 || x.r.grain == GrainNone:
	case x.r.order[0].time() && x.r.order[0].desc:
		slices.Reverse(res.Rows)
	case len(x.r.dims) == 0 && !x.r.order[0].time():
		x.sortBuckets(res, now, before)
	}
	return res
}

func (f *frame) has(bucket int, group string) bool {
	return f != nil && f.cells[cellKey{bucket, group}] != nil
}

func (x *execution) row(now, before *frame, bucket int, g group) []any {
	row := make([]any, 0, 2+len(g.values)+2*len(x.r.metrics))
	if x.r.grain != GrainNone {
		row = append(row, stamp(x.p.current.labels[bucket], x.r.loc))
	}
	for _, v := range g.values {
		row = append(row, v)
	}
	for _, f := range []*frame{now, before} {
		if f == nil {
			break
		}
		in, ok := f.input(bucket, g.key)
		for i := range x.r.metrics {
			row = append(row, x.r.metrics[i].cell(in, ok))
		}
	}
	return row
}

// cell is the metric as an answer shows it; nil is no data.
func (d *Definition) cell(in Input, ok bool) any {
	if !ok {
		return nil
	}
	v, ok := d.eval(in)
	switch {
	case !ok || math.IsNaN(v) || math.IsInf(v, 0):
		return nil
	case d.integer:
		return int64(math.Round(v))
	}
	return v
}

func (x *execution) meta(now *frame) Meta {
	w := &x.p.current
	m := Meta{
		Rollup: SourceName(x.p.source), Engine: now.engine, Timezone: x.r.loc.String(),
		From: stamp(w.from, x.r.loc), To: stamp(w.to, x.r.loc),
		Approximate: map[string]float64{}, SuppressedCells: []SuppressedCell{},
		IdentityCoverage: now.coverage(), CellsRead: x.read,
	}
	if now.fresh > 0 {
		m.FreshTo = stamp(now.fresh, x.r.loc)
	}
	if p := x.p.previous; p != nil {
		m.PreviousFrom, m.PreviousTo = stamp(p.from, x.r.loc), stamp(p.to, x.r.loc)
	}
	for _, d := range x.r.metrics {
		if d.Approximate > 0 {
			m.Approximate[d.Name] = d.Approximate
		}
	}
	return m
}

// rank orders the groups by the request's keys over the whole range; what is
// null comes last, equals by their values.
func (x *execution) rank(now, before *frame) []group {
	seen := map[string]bool{}
	var groups []group
	for _, f := range []*frame{now, before} {
		if f == nil {
			continue
		}
		for k, c := range f.cells {
			if !seen[k.group] {
				seen[k.group] = true
				groups = append(groups, group{key: k.group, values: c.Keys})
			}
		}
	}
	keys := slices.DeleteFunc(slices.Clone(x.r.order), orderKey.time)
	if len(keys) == 0 {
		keys = []orderKey{{dim: -1, metric: &x.r.metrics[0], desc: true}}
	}
	type ranked struct {
		group
		values []float64
	}
	all := make([]ranked, len(groups))
	for i, g := range groups {
		all[i] = ranked{g, orderValues(keys, now, before, 0, g.key)}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		for i, k := range keys {
			c := 0
			if k.dim >= 0 {
				c = cmp.Compare(a.group.values[k.dim], b.group.values[k.dim])
				if k.desc {
					c = -c
				}
			} else {
				c = compareNull(a.values[i], b.values[i], k.desc)
			}
			if c != 0 {
				return c
			}
		}
		return slices.Compare(a.group.values, b.group.values)
	})
	for i := range all {
		groups[i] = all[i].group
	}
	return groups
}

// orderValues are the values of the metric keys of a cell; NaN is null.
func orderValues(keys []orderKey, now, before *frame, bucket int, group string) []float64 {
	out := make([]float64, len(keys))
	for i, k := range keys {
		f := now
		if k.previous {
			f = before
		}
		out[i] = math.NaN()
		if k.metric == nil || f == nil {
			continue
		}
		if in, ok := f.input(bucket, group); ok {
			if v, ok := k.metric.eval(in); ok {
				out[i] = v
			}
		}
	}
	return out
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

// sortBuckets orders the rows of an answer without dimensions by metrics.
func (x *execution) sortBuckets(res *Result, now, before *frame) {
	type ranked struct {
		row    []any
		values []float64
	}
	all := make([]ranked, len(res.Rows))
	for i := range res.Rows {
		all[i] = ranked{res.Rows[i], orderValues(x.r.order, now, before, i, "")}
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		for i, k := range x.r.order {
			if c := compareNull(a.values[i], b.values[i], k.desc); c != 0 {
				return c
			}
		}
		return 0
	})
	for i := range all {
		res.Rows[i] = all[i].row
	}
}
