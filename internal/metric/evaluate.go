package metric

import (
	"math"

	"playhead/internal/rollup"
)

// row says which cells of the frames a row is computed from.
type row struct {
	bucket int
	group  int32
	// whole is a row of totals, rest one of the groups that are not shown.
	whole, rest bool
}

// state is what is known of a cell of the answer.
type state uint8

const (
	noData     state = iota // nothing is kept of that time
	suppressed              // too few viewers
	known
)

// evaluator computes the metrics of rows; it is scratch space that is used again.
type evaluator struct {
	x       *execution
	in      Input
	whole   Input
	sums    rollup.Measures
	sumsAll rollup.Measures
}

// cellOf is the cell of a part for a row, and its frame.
func (a *answers) cellOf(y *part, r row, x *execution) (*frame, *cell) {
	switch {
	case r.whole:
		f := a.of(x.p.totalOf(y))
		return f, f.find(r.bucket, x.groups.id(nil))
	case r.rest:
		f := a.others[y]
		return f, f.find(r.bucket, 0)
	}
	f := a.of(y)
	return f, f.find(r.bucket, r.group)
}

// totalOf is the part that has the total of a part.
func (p *plan) totalOf(y *part) *part {
	switch y {
	case p.titles:
		return p.titlesTotal
	case p.gauges:
		return p.gaugesTotal
	}
	if y.total != nil {
		return y.total
	}
	return y
}

// figure computes metric i of a row.
func (e *evaluator) figure(a *answers, i int, r row) (figure, state) {
	if a == nil {
		return figure{}, noData
	}
	x := e.x
	n := x.needs[i]
	if r.rest && (n.viewers || n.peaks) {
		return figure{}, noData // a viewer of two of the groups is not two
	}
	e.in = Input{Measures: &x.nothing, Sketches: &x.noSketches, HoursShare: math.NaN()}
	e.whole = Input{Measures: &x.nothing, Sketches: &x.noSketches, HoursShare: math.NaN()}
	st := e.gather(a, x.p.of[i], n, r)
	if n.runtimes {
		st = max(st, e.more(a, x.p.titles, r))
	}
	if n.peaks {
		st = max(st, e.more(a, x.p.gauges, r))
	}
	if st != known {
		return figure{}, st
	}
	if n.whole {
		e.in.Whole = &e.whole
	}
	if n.hours && !r.rest && !r.whole {
		e.in.HoursShare = x.hours.share(x.groups.values[r.group])
	}
	f, ok := x.r.metrics[i].expr.eval(&e.in)
	if !ok || math.IsNaN(f.v) || math.IsInf(f.v, 0) {
		return figure{}, noData
	}
	return f, known
}

// gather brings together what the parts have for a row.
func (e *evaluator) gather(a *answers, parts []*part, n needs, r row) (st state) {
	x := e.x
	if len(parts) == 1 {
		f, c := a.cellOf(parts[0], r, x)
		st = e.time(f, c, r.bucket)
		if c != nil {
			e.in.Measures, e.in.Sketches = &c.sums.Measures, &c.sums.Sketches
		}
		if w := parts[0].whole; w != nil && n.whole {
			if c := a.of(w).find(r.bucket, x.groups.id(nil)); c != nil {
				e.whole.Measures, e.whole.Sketches = &c.sums.Measures, &c.sums.Sketches
			}
		}
		return st
	}
	e.sums, e.sumsAll = rollup.Measures{}, rollup.Measures{}
	rest := n
	for _, y := range parts {
		f, c := a.cellOf(y, r, x)
		s := e.time(f, c, r.bucket)
		if s == suppressed {
			return suppressed
		}
		st = max(st, s)
		some := y.chain.holds(rest)
		rest = rest.without(some)
		pick(&e.sums, c, some.measures)
		if c != nil && some.sketches != 0 {
			e.in.Sketches = &c.sums.Sketches
		}
		if y.whole != nil {
			pick(&e.sumsAll, a.of(y.whole).find(r.bucket, x.groups.id(nil)), some.measures)
		}
	}
	e.in.Measures, e.whole.Measures = &e.sums, &e.sumsAll
	return st
}

// pick copies some measures of a cell.
func pick(to *rollup.Measures, c *cell, some uint64) {
	if c == nil {
		return
	}
	for m := range to {
		if some>>m&1 == 1 {
			to[m] = c.sums.Measures[m]
		}
	}
}

// time sets how long a bucket is, and says whether there is data about it.
func (e *evaluator) time(f *frame, c *cell, bucket int) state {
	if f == nil || !f.known(bucket) {
		return noData
	}
	if c != nil && c.more != nil && c.more.hidden > 0 && c.more.shown == 0 {
		return suppressed
	}
	from, to := f.window.bucket(bucket)
	fresh := min(f.fresh, e.x.present)
	e.in.Boundaries = boundariesIn(from, to, fresh)
	e.in.SpanMS = max(0, min(to, fresh)-from)
	e.whole.Boundaries, e.whole.SpanMS = e.in.Boundaries, e.in.SpanMS
	return known
}

// more adds what views and peaks need.
func (e *evaluator) more(a *answers, y *part, r row) state {
	f, c := a.cellOf(y, r, e.x)
	st := e.time(f, c, r.bucket)
	if c != nil && c.more != nil {
		e.in.Views, e.in.ViewsMediaMS = c.more.views, c.more.viewsMS+c.more.unknownMS
		e.in.PeakPlays, e.in.PeakViewers = c.more.peakPlays, c.more.peakViewers
	}
	return st
}

// gatherOthers merges, bucket by bucket, the cells of groups that are not shown.
func (a *answers) gatherOthers(x *execution, shown []int32) {
	if a == nil {
		return
	}
	is := make([]bool, x.groups.len())
	for _, g := range shown {
		is[g] = true
	}
	a.others = map[*part]*frame{}
	for y, f := range a.frames {
		if y.all {
			continue
		}
		rest := newFrame(f.window)
		rest.fresh, rest.first, rest.engine = f.fresh, f.first, f.engine
		buckets := f.window.buckets()
		for g := range int32(len(is)) {
			if is[g] {
				continue
			}
			for b := range buckets {
				c := f.find(b, g)
				if c == nil {
					continue
				}
				into := rest.merge(b, 0, c.sums)
				if c.more != nil {
					m := into.extra()
					m.views += c.more.views
					m.viewsMS += c.more.viewsMS
					m.unknownMS += c.more.unknownMS
				}
			}
		}
		a.others[y] = rest
	}
}

// hours are the hours of the catalogue by the values of one dimension.
type hours struct {
	key int // which dimension of a group; −1 none
	ms  map[string]int64
	all int64
}

// catalogHours sums the catalogue's hours by the one dimension of the answer that
// the catalogue knows.
func (x *execution) catalogHours() *hours {
	h := &hours{key: -1, ms: map[string]int64{}}
	for i, d := range x.r.groupBy() {
		if offered(d) {
			h.key = i
			for id, t := range x.planner.catalog {
				h.all += t.RuntimeMS
				if d == rollup.Title {
					h.ms[id] += t.RuntimeMS
				}
				for _, v := range t.Values[d] {
					h.ms[v] += t.RuntimeMS
				}
			}
			break
		}
	}
	return h
}

// offered says whether the catalogue knows how much it has of a dimension's values.
func offered(d rollup.Dimension) bool {
	switch d {
	case rollup.Title, rollup.Genre, rollup.Theme, rollup.Cast, rollup.Language, rollup.Show:
		return true
	}
	return false
}

func (h *hours) share(group []string) float64 {
	if h.key < 0 || h.all == 0 || h.ms[group[h.key]] == 0 {
		return math.NaN()
	}
	return float64(h.ms[group[h.key]]) / float64(h.all)
}
