package metric

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// fixed is a cell of value × context × week.
type fixed struct {
	group   *rollup.Group
	week    int
	value   string // of the audience dimension
	viewers float64
	hll     *sketch.HLL
	small   bool
}

// fetchPrivate answers a part about people: the sums of its fixed cells that are
// large enough. Which those are is decided by all values of the audience
// dimension in a context and a whole week, whatever is asked for, so that the
// same cells are left out of every answer. only are the groups that are wanted.
func (x *execution) fetchPrivate(ctx context.Context, y *part, c *cover, f *frame, only []int32) error {
	weeks := x.weeks(c.from, c.to)
	where := y.where
	if only != nil {
		where = x.restrict(y, only)
	}
	contexts := slices.DeleteFunc(slices.Clone(where), func(w rollup.Filter) bool { return w.Dimension == y.about })
	who := y.chain.population()
	about := slices.Index(y.atoms, y.about)
	all, err := x.populations(ctx, y, weeks, contexts)
	if err != nil {
		return err
	}
	cells := map[string][]*fixed{}
	scans := y.byWeek(c, weeks)
	for i := range scans {
		scans[i].By, scans[i].Where = y.atoms, contexts
		scans[i].Sketches |= rollup.SketchesOf(who)
	}
	results, err := x.scanAll(ctx, f, scans)
	if err != nil {
		return err
	}
	for i, res := range results {
		week := bucketIn(weeks, scans[i].From)
		for j := range res.Groups {
			g := &res.Groups[j]
			at := cellName(week, slices.Delete(slices.Clone(g.Keys), about, about+1))
			cells[at] = append(cells[at], &fixed{group: g, week: week, value: g.Keys[about], viewers: g.Sketches.Estimate(who), hll: g.Sketches.HLL(who)})
		}
	}
	names := sortedKeys(cells)
	side(len(names), func(i int) {
		decide(cells[names[i]], all[names[i]], float64(x.min), !y.about.MultiValued())
	})
	wanted := wantedValues(where, y.about)
	parts := map[int32][]*rollup.Group{} // by index of the frame's cell
	for _, at := range names {
		for _, cell := range cells[at] {
			if wanted == nil || wanted[cell.value] {
				x.addFixed(y, f, weeks, cell, parts)
			}
		}
	}
	at := slices.Sorted(maps.Keys(parts))
	side(len(at), func(i int) { f.cells[at[i]].sums = rollup.Union(parts[at[i]]) })
	return ctx.Err()
}

// byWeek are the scans of a cover, week by week: a scanner remembers the weeks that are
// over, each for itself, and forgets the one under way.
func (y *part) byWeek(c *cover, weeks []int64) (list []rollup.Scan) {
	for i := range c.pieces {
		s := y.scan(&c.pieces[i], false)
		bounds := mergeBounds([]int64{s.From, s.To}, weeks)
		for j := range len(bounds) - 1 {
			s.From, s.To = bounds[j], bounds[j+1]
			list = append(list, s)
		}
	}
	return list
}

// side does n things that have nothing to do with one another, on as many processors
// as there are: merging sketches is most of what an answer about people costs.
func side(n int, do func(i int)) {
	if n == 1 {
		do(0)
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wait.Wait()
}

// addFixed adds a fixed cell to the parts of the answer's cell that it belongs to,
// or notes there that it is left out.
func (x *execution) addFixed(y *part, f *frame, weeks []int64, c *fixed, parts map[int32][]*rollup.Group) {
	g, n := c.group, len(y.by)
	id := x.groups.id(g.Keys[:n:n])
	bucket := bucketAt(f.window, weeks[c.week])
	cell, made := f.cell(bucket, id)
	if made {
		cell.sums = &rollup.Group{Sketches: rollup.NewSketches(y.needs.sketches)} // if all are left out
	}
	if c.small {
		cell.extra().hidden++
		x.hidden++
		return
	}
	cell.extra().shown++
	at := f.index(f.slot(bucket, id)) - 1
	parts[at] = append(parts[at], g)
}

// populations are the viewers of each context in each week.
func (x *execution) populations(ctx context.Context, y *part, weeks []int64, contexts []rollup.Filter) (map[string]float64, error) {
	who := y.chain.population()
	s := rollup.Scan{
		From: weeks[0], To: weeks[len(weeks)-1], Buckets: weeks, Where: contexts, Sketches: rollup.SketchesOf(who), EstimateOnly: true,
		By: slices.DeleteFunc(slices.Clone(y.atoms), func(d rollup.Dimension) bool { return d == y.about }),
	}
	dims := s.Dimensions()
	levels := y.chain.fitting(dims, needs{sketches: s.Sketches})
	at := slices.IndexFunc(levels, func(l level) bool { return l.cut <= cutWeek && len(l.extra) == 0 })
	if at < 0 {
		return nil, fmt.Errorf("no roll-up tells how many viewers there are by %s", joinDims(dims))
	}
	s.Source = levels[at].source
	res, err := x.ask(ctx, s)
	if err != nil {
		return nil, err
	}
	all := make(map[string]float64, len(res.Groups))
	for i := range res.Groups {
		g := &res.Groups[i]
		all[cellName(g.Bucket, g.Keys)] = g.Sketches.Estimate(who)
	}
	return all, nil
}

// decide marks the small cells of one context and week, in which all viewers are
// so many: those with fewer than the least, those whose complement has fewer, and
// so many more that those left out, which may be told from the context's total,
// have enough together. addUp: a viewer's play has one value, so that the cells'
// sums add up to the context's.
func decide(cells []*fixed, all, least float64, addUp bool) {
	for i, c := range cells {
		c.small = c.viewers < least
		if c.small || all-c.viewers > all/2 && all-c.viewers >= least {
			continue
		}
		switch rest := all - c.viewers; {
		case len(cells) == 1 && c.value == "":
			// Nobody's value is known, so nobody's is told.
		case addUp:
			c.small = restOf(cells, i) < least
		default:
			// Distinct counts are estimates: a complement within three standard errors
			// of the whole cannot be told from a small one, unless the counts are exact.
			if all > exactViewers {
				rest -= 3 * sketch.RelativeError * all
			}
			c.small = rest < least
		}
	}
	slices.SortFunc(cells, func(a, b *fixed) int {
		return cmp.Or(cmp.Compare(a.viewers, b.viewers), cmp.Compare(a.value, b.value))
	})
	for {
		next := slices.IndexFunc(cells, func(c *fixed) bool { return !c.small })
		if next < 0 || enoughLeft(cells, all, least, addUp) {
			return
		}
		cells[next].small = true
	}
}

// enoughLeft says whether what is left out of a context, nothing or something,
// tells of enough viewers. Where values do not add up to the total that is those
// who have a value that is left out, and those who have none that is shown; in
// large contexts nobody could tell the latter.
func enoughLeft(cells []*fixed, all, least float64, addUp bool) bool {
	var left, shown sketch.HLL
	some, without := false, !addUp && all <= exactViewers // who has no value is asked
	for _, c := range cells {
		if c.small {
			left.Merge(c.hll)
			some = true
		} else if without {
			shown.Merge(c.hll)
		}
	}
	if some && left.Estimate() < least {
		return false
	}
	if !without {
		return true
	}
	none := all - shown.Estimate()
	return none < 0.5 || none >= least
}

// exactViewers is how many members a sketch counts exactly: while it holds coupons.
const exactViewers = 300

// restOf is how many viewers the other cells have together.
func restOf(cells []*fixed, but int) float64 {
	var rest sketch.HLL
	for i, c := range cells {
		if i != but {
			rest.Merge(c.hll)
			if rest.Estimate() >= exactViewers {
				break
			}
		}
	}
	return rest.Estimate()
}

// wantedValues are the values of a dimension that filters let through; nil is all.
func wantedValues(where []rollup.Filter, d rollup.Dimension) map[string]bool {
	var wanted map[string]bool
	for _, w := range where {
		if w.Dimension == d {
			wanted = make(map[string]bool, len(w.In))
			for _, v := range w.In {
				wanted[v] = true
			}
		}
	}
	return wanted
}

// weeks are the boundaries of the weeks that touch a range.
func (x *execution) weeks(from, to int64) []int64 {
	cal := x.planner.report
	out := []int64{cal.floorWeek(from)}
	for out[len(out)-1] < to {
		out = append(out, cal.ceilWeek(out[len(out)-1]+1))
	}
	return out
}

// cellName tells contexts and weeks apart.
func cellName(week int, values []string) string {
	key := []byte{byte(week), byte(week >> 8)}
	for _, v := range values {
		key = append(append(key, v...), 0)
	}
	return string(key)
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// bucketAt is the bucket of a window that holds a moment.
func bucketAt(w *window, at int64) int {
	if w.bounds == nil {
		return 0
	}
	return bucketIn(w.bounds, at)
}

func bucketIn(bounds []int64, at int64) int {
	i, found := slices.BinarySearch(bounds, at)
	if !found {
		i--
	}
	return max(0, min(i, len(bounds)-2))
}

// mergeBounds adds cuts to boundaries, between their ends.
func mergeBounds(bounds, cuts []int64) []int64 {
	out := slices.Clone(bounds)
	for _, c := range cuts {
		if c > bounds[0] && c < bounds[len(bounds)-1] {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
