package metric

import (
	"context"
	"fmt"
	"slices"
	"time"

	"playhead/internal/rollup"
)

// execution runs one plan. It is used by one goroutine.
type execution struct {
	scanner   Scanner
	r         *request
	p         *plan
	planner   *planner
	clock     func() time.Time
	present   int64 // epoch ms: of the last scan that is evaluated, no earlier than what it is fresh to
	groups    *groupSet
	min       int // viewers of a cell of an audience dimension
	maxGroups int
	read      int64
	hidden    int // cells of value × week that were left out
	sources   []string

	needs      []needs // of the metrics
	nothing    rollup.Measures
	noSketches rollup.Sketches
	hours      *hours
	firsts     []reading // of the first metric now, by group and bucket, where ranking read them
}

// reading is a metric of a row, as it was computed.
type reading struct {
	figure figure
	state  state
}

// answers are the frames of the parts in one window.
type answers struct {
	window *window
	frames map[*part]*frame
	others map[*part]*frame
}

func (a *answers) of(x *part) *frame {
	if a == nil || x == nil {
		return nil
	}
	return a.frames[x]
}

func (x *execution) run(ctx context.Context) (*Result, error) {
	r := x.r
	for i := range r.metrics {
		x.needs = append(x.needs, r.metrics[i].needs())
		if x.needs[i].hours && x.hours == nil {
			x.hours = x.catalogHours()
		}
	}
	now := &answers{window: &x.p.current, frames: map[*part]*frame{}}
	var before *answers
	if x.p.previous != nil {
		before = &answers{window: x.p.previous, frames: map[*part]*frame{}}
	}
	shown, total, all := []int32{x.groups.id(nil)}, 1, false // all: the frames are there
	if len(r.dims) > 0 {
		ranked, filled, err := x.rankBySums(ctx, now, before)
		if err == nil && !filled {
			ranked, err = x.ranking(ctx, now, before)
		}
		if err != nil {
			return nil, err
		}
		all = filled
		total = len(ranked)
		shown = ranked[:min(total, x.p.groups)]
	}
	only := shown
	if len(r.dims) == 0 || r.others {
		only = nil
	}
	for _, a := range []*answers{now, before} {
		if a == nil {
			continue
		}
		if r.grain != GrainNone && !all {
			a.frames = map[*part]*frame{} // the ranking was of the whole range
		}
		if err := x.fill(ctx, a, only); err != nil {
			return nil, err
		}
	}
	x.present = max(x.present, x.clock().UnixMilli()) // scans that took a while are fresher than when they were asked for
	if r.others {
		now.gatherOthers(x, shown)
		before.gatherOthers(x, shown)
	}
	t := &tabling{execution: x, now: now, before: before, shown: shown, total: total}
	return t.result(), nil
}

// fill scans what of a window is not there yet.
func (x *execution) fill(ctx context.Context, a *answers, only []int32) error {
	divided := x.r.grain != GrainNone
	for _, y := range x.p.parts {
		if a.frames[y] != nil {
			continue
		}
		f, err := x.fetch(ctx, y, a, divided, only)
		if err != nil {
			return err
		}
		a.frames[y] = f
	}
	return nil
}

// fetch scans one part in one window.
func (x *execution) fetch(ctx context.Context, y *part, a *answers, divided bool, only []int32) (*frame, error) {
	w := *a.window
	if !divided {
		w = w.undivided()
	}
	f := newFrame(&w)
	if y.all {
		only = nil
	}
	if only != nil && len(only) == 0 {
		return f, nil
	}
	where := y.where
	if only != nil {
		where = x.restrict(y, only)
	}
	c := &y.now
	if a.window != &x.p.current {
		c = &y.before
	}
	if y.audience {
		return f, x.fetchPrivate(ctx, y, c, f, only)
	}
	if y.kind == ofGauges {
		return f, x.fetchGauges(ctx, y, c, f, where)
	}
	top := y.top
	if divided || only != nil || a.window != &x.p.current {
		top = nil
	}
	if j, ok := x.joins(y, c, divided, top); ok {
		return f, x.join(ctx, j, y, c, f, where)
	}
	for i := range c.pieces {
		s := y.scan(&c.pieces[i], divided)
		s.Where, s.Top = where, top
		s.EstimateOnly = y.kind != ofTitles && len(c.pieces) == 1 && !x.r.others
		res, err := x.scan(ctx, f, s)
		if err != nil {
			return nil, err
		}
		f.pruned = f.pruned || top != nil && len(res.Groups) >= top.N
		if c.pieces[i].level.cut == cutEver && len(res.Groups) > 0 {
			f.first = w.from // cells of all time begin with it
		}
		x.takeGroups(f, y, res, func(g *rollup.Group) int {
			if divided {
				return c.pieces[i].bucket + g.Bucket
			}
			return 0
		})
	}
	return f, nil
}

// takeGroups adds the groups of an answer to a frame, each to its bucket.
func (x *execution) takeGroups(f *frame, y *part, res *rollup.Result, bucketOf func(*rollup.Group) int) {
	if f.window.bounds == nil {
		x.groups.expect(len(res.Groups))
	}
	f.cells = slices.Grow(f.cells, len(res.Groups))
	for j := range res.Groups {
		g := &res.Groups[j]
		if y.needs.none(g) {
			continue
		}
		if y.kind == ofTitles {
			x.addViews(f, y, bucketOf(g), g)
			continue
		}
		f.merge(bucketOf(g), x.groups.id(g.Keys[:len(y.by):len(y.by)]), g)
	}
}

// scan is the physical scan of a piece.
func (y *part) scan(c *piece, divided bool) rollup.Scan {
	s := rollup.Scan{
		Source: c.level.source, From: c.from, To: c.to, By: y.by, Fold: c.level.extra, Where: y.where,
		Measures: y.measures(c.level), Sketches: y.needs.sketches, Gauges: y.needs.viewers,
	}
	if divided {
		s.Buckets = c.bounds
	}
	return s
}

// measures are those that the part needs, and what identity coverage needs.
func (y *part) measures(l level) []rollup.Measure {
	wanted := y.needs.measures | set(rollup.Plays, rollup.KnownPlays)&l.measures
	list := []rollup.Measure{}
	for m := range rollup.MeasureCount {
		if wanted>>m&1 == 1 {
			list = append(list, m)
		}
	}
	return list
}

// scan asks the scanner, and notes what the frame and the answer have to know.
func (x *execution) scan(ctx context.Context, f *frame, s rollup.Scan) (*rollup.Result, error) {
	list, err := x.scanAll(ctx, f, []rollup.Scan{s})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// scanAll is scan of several at a time.
func (x *execution) scanAll(ctx context.Context, f *frame, scans []rollup.Scan) ([]*rollup.Result, error) {
	list, err := x.askAll(ctx, scans)
	if err != nil {
		return nil, err
	}
	for i, res := range list {
		x.used(scans[i].Source)
		if scans[i].Source == rollup.SourceCreativeAll && len(res.Groups) > 0 {
			res.FirstData = scans[i].From // its one cell does not say since when
		}
		f.saw(res)
	}
	return list, nil
}

// used notes a source that the answer is from.
func (x *execution) used(s rollup.Source) {
	if name := SourceName(s); !slices.Contains(x.sources, name) {
		x.sources = append(x.sources, name)
	}
}

// count is an error where so many groups are more than an answer may be made of.
func (x *execution) count(groups int) error {
	if groups <= x.maxGroups {
		return nil
	}
	return &QueryError{Fields: []FieldError{{Field: "dimensions", Code: "limit", Message: fmt.Sprintf(
		"this has %d groups and buckets, more than the %d that one answer may be made of; filter, or ask for fewer dimensions or a coarser grain",
		groups, x.maxGroups)}}}
}

// ask asks the scanner, within bounds.
func (x *execution) ask(ctx context.Context, s rollup.Scan) (*rollup.Result, error) {
	list, err := x.askAll(ctx, []rollup.Scan{s})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// askAll asks the scanner several things side by side, within the bounds of one.
func (x *execution) askAll(ctx context.Context, scans []rollup.Scan) ([]*rollup.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	list, errs, groups := make([]*rollup.Result, len(scans)), make([]error, len(scans)), 0
	side(len(scans), func(i int) { list[i], errs[i] = x.scanner.Scan(ctx, scans[i]) })
	for i, res := range list {
		if errs[i] != nil {
			return nil, fmt.Errorf("scan %s: %w", SourceName(scans[i].Source), errs[i])
		}
		groups += len(res.Groups)
		if err := x.count(groups); err != nil {
			return nil, err
		}
		x.read += res.CellsRead
	}
	return list, nil
}

// restrict narrows the filters of a part to the values that some groups have.
func (x *execution) restrict(y *part, only []int32) []rollup.Filter {
	where := slices.Clone(y.where)
	for i, d := range x.r.groupBy() {
		seen := make(map[string]struct{}, len(only))
		f := rollup.Filter{Dimension: d}
		for _, g := range only {
			v := x.groups.values[g][i]
			if _, ok := seen[v]; !ok {
				seen[v] = struct{}{}
				f.In = append(f.In, v)
			}
		}
		if len(f.In) > MaxValues || !slices.Contains(y.by, d) {
			continue
		}
		where = slices.DeleteFunc(where, func(w rollup.Filter) bool { return w.Dimension == d })
		where = append(where, f)
	}
	return where
}

// addViews divides the media time of one title by its runtime.
func (x *execution) addViews(f *frame, y *part, bucket int, g *rollup.Group) {
	n := len(x.r.groupBy())
	if y.all {
		n = 0
	}
	title := g.Keys[slices.Index(y.by, rollup.Title)]
	c, made := f.cell(bucket, x.groups.id(g.Keys[:n:n]))
	if made {
		c.sums = &rollup.Group{}
	}
	ms, m := g.Measures[rollup.MediaMS], c.extra()
	if runtime := x.planner.catalog[title].RuntimeMS; runtime > 0 {
		m.views += float64(ms) / float64(runtime)
		m.viewsMS += ms
	} else {
		m.unknownMS += ms
	}
}

// gaugeBuckets is how many readings one scan of the gauges gives a group: an hour.
const gaugeBuckets = int64(360)

// fetchGauges reads the gauges 10 s by 10 s, an hour at a time, and keeps the
// largest of each bucket and group.
func (x *execution) fetchGauges(ctx context.Context, y *part, c *cover, f *frame, where []rollup.Filter) error {
	first := true
	for i := range c.pieces {
		for from := c.pieces[i].from; from < c.pieces[i].to; from += gaugeBuckets * rollup.PulseMS {
			to := min(from+gaugeBuckets*rollup.PulseMS, c.pieces[i].to)
			if from > x.planner.now && !first {
				break
			}
			first = false
			s := y.scan(&c.pieces[i], false)
			s.From, s.To, s.Where, s.Sketches = from, to, where, 0
			for at := from; at <= to; at += rollup.PulseMS {
				s.Buckets = append(s.Buckets, at)
			}
			res, err := x.scan(ctx, f, s)
			if err != nil {
				return err
			}
			for j := range res.Groups {
				x.markPeak(f, from+int64(res.Groups[j].Bucket)*rollup.PulseMS, &res.Groups[j])
			}
		}
	}
	return nil
}

// markPeak notes one reading of the gauges.
func (x *execution) markPeak(f *frame, at int64, g *rollup.Group) {
	bucket := 0
	if b := f.window.bounds; b != nil {
		i, found := slices.BinarySearch(b, at)
		if bucket = i; !found {
			bucket--
		}
	}
	c, made := f.cell(bucket, x.groups.id(g.Keys))
	if made {
		c.sums = &rollup.Group{}
	}
	m := c.extra()
	m.peakPlays = max(m.peakPlays, g.Measures[rollup.PlayMarks])
	m.peakViewers = max(m.peakViewers, g.Measures[rollup.ViewerMarks])
}
