package metric

import (
	"context"
	"slices"
	"strings"

	"playhead/internal/rollup"
)

// execution runs one plan.
type execution struct {
	scanner Scanner
	r       *request
	p       *plan
	read    int64
}

// frame is the answer to one scan.
type frame struct {
	window *window
	cells  map[cellKey]*rollup.Group
	fresh  int64
	first  int64
	engine string
}

type cellKey struct {
	bucket int
	group  string
}

// groupKey joins the values of a group; no value holds a zero byte that
// matters, since groups are only told apart.
func groupKey(keys []string) string { return strings.Join(keys, "\x00") }

// group is a group of the answer with its totals over the whole range.
type group struct {
	key    string
	values []string
}

func (x *execution) run(ctx context.Context) (*Result, error) {
	groups := []group{{}}
	total := 1
	var now, before *frame
	var err error
	if len(x.r.dims) > 0 || x.r.grain == GrainNone {
		if now, before, err = x.both(ctx, x.r.grain != GrainNone, nil); err != nil {
			return nil, err
		}
	}
	if len(x.r.dims) > 0 {
		groups = x.rank(now, before)
		total = len(groups)
		groups = groups[:min(total, x.p.groups)]
	}
	if x.r.grain != GrainNone {
		if now, before, err = x.both(ctx, false, groups); err != nil {
			return nil, err
		}
	}
	res := x.table(now, before, groups)
	res.Meta.Groups = total
	x.noteCut(&res.Meta, len(groups), total)
	return res, nil
}

// both scans the window and, if there is one, the window it is compared with.
// whole leaves the buckets out; only restricts the scan to some groups.
func (x *execution) both(ctx context.Context, whole bool, only []group) (now, before *frame, err error) {
	if now, err = x.scan(ctx, &x.p.current, whole, only); err != nil || x.p.previous == nil {
		return now, nil, err
	}
	before, err = x.scan(ctx, x.p.previous, whole, only)
	return now, before, err
}

func (x *execution) scan(ctx context.Context, w *window, whole bool, only []group) (*frame, error) {
	s := rollup.Scan{Source: x.p.source, From: w.from, To: w.to, Where: x.r.where, Sketches: sketchesFor(x.r), Gauges: x.r.gauges}
	if !whole {
		s.Buckets = w.bounds
	} else {
		w = &window{from: w.from, to: w.to}
	}
	for _, d := range x.r.dims {
		s.By = append(s.By, d.physical)
	}
	if len(x.r.dims) > 0 && only != nil {
		if len(only) == 0 {
			return &frame{window: w}, nil
		}
		s.Where = restrict(x.r, only)
	}
	res, err := x.scanner.Scan(ctx, s)
	if err != nil {
		return nil, err
	}
	x.read += res.CellsRead
	f := &frame{window: w, fresh: res.FreshTo, first: res.FirstData, engine: res.Engine, cells: make(map[cellKey]*rollup.Group, len(res.Groups))}
	for i := range res.Groups {
		g := &res.Groups[i]
		f.cells[cellKey{g.Bucket, groupKey(g.Keys)}] = g
	}
	return f, nil
}

// sketchesFor are the sketches that the request's metrics need.
func sketchesFor(r *request) rollup.SketchSet {
	if r.viewers {
		return rollup.SketchesOf(rollup.Viewers)
	}
	return 0
}

// restrict narrows the filters to the values that the groups have.
func restrict(r *request, only []group) []rollup.Filter {
	where := slices.Clone(r.where)
	for i, d := range r.dims {
		seen := map[string]bool{}
		f := rollup.Filter{Dimension: d.physical}
		for _, g := range only {
			if v := g.values[i]; !seen[v] {
				seen[v] = true
				f.In = append(f.In, v)
			}
		}
		if len(f.In) > MaxValues {
			continue
		}
		where = slices.DeleteFunc(where, func(w rollup.Filter) bool { return w.Dimension == d.physical })
		where = append(where, f)
	}
	return where
}

// input is what the metrics of a cell are computed from; ok is false where
// there is no data: before the first cell or after what is fresh.
func (f *frame) input(bucket int, group string) (in Input, ok bool) {
	from, to := f.window.bucket(bucket)
	if f.first == 0 || to <= f.first || from > f.fresh || from >= to {
		return in, false
	}
	in.Boundaries = boundariesIn(from, to, f.fresh)
	in.SpanMS = max(0, min(to, f.fresh)-from)
	if g := f.cells[cellKey{bucket, group}]; g != nil {
		in.Measures = g.Measures
		in.Viewers = g.Sketches.Estimate(rollup.Viewers)
	}
	return in, true
}

// coverage is known plays / plays, 1 when there are none.
func (f *frame) coverage() float64 {
	var known, plays int64
	for _, g := range f.cells {
		known += g.Measures[rollup.KnownPlays]
		plays += g.Measures[rollup.Plays]
	}
	if plays <= 0 {
		return 1
	}
	return float64(known) / float64(plays)
}

func (x *execution) noteCut(m *Meta, kept, total int) {
	if kept < total && (x.p.cut || x.r.limit == MaxRows) {
		m.Truncated = true
		x.p.warn("The answer was cut to %d of %d groups: at most %d rows are returned.", kept, total, MaxRows)
	}
	m.Warnings = append([]string{}, x.p.warnings...)
}
