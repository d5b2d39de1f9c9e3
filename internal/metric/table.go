package metric

import (
	"math"
	"slices"
	"strings"

	"playhead/internal/rollup"
)

// tabling lays out an answer.
type tabling struct {
	*execution
	now, before *answers
	shown       []int32
	total       int
	eval        evaluator
	frames      []*frame // that tell which rows there are
	res         *Result
	names       []string  // of the metric columns
	worst       []float64 // relative error by metric
	room        []any     // for cells of rows to come
	// stamps are the buckets as column time shows them, values what groups show in
	// the columns of dimensions: each is in many rows.
	stamps, values []any
}

// result is the table. Without dimensions every bucket appears; with them those
// in which the group has data.
func (t *tabling) result() *Result {
	t.eval.x = t.execution
	t.worst = make([]float64, t.r.asked)
	t.frames = t.byGroup()
	t.res = &Result{Columns: t.columns()}
	t.stamps = make([]any, t.p.current.buckets())
	t.values = make([]any, len(t.r.dims)*t.groups.len())
	t.res.Rows = make([][]any, 0, min(len(t.shown)*t.p.current.buckets(), MaxRows))
	for b := range t.p.current.buckets() {
		start := len(t.res.Rows)
		for _, g := range t.shown {
			if len(t.r.dims) > 0 && t.r.grain != GrainNone && !t.has(b, g) {
				continue
			}
			t.add(row{bucket: b, group: g})
		}
		if t.r.others && t.total > len(t.shown) {
			t.add(row{bucket: b, rest: true})
		}
		if t.timeDesc() {
			slices.Reverse(t.res.Rows[start:]) // so that the reversal below keeps the ranks
		}
		if t.r.totals {
			t.res.Totals = append(t.res.Totals, t.cells(row{bucket: b, whole: true}))
		}
	}
	switch {
	case t.timeDesc():
		slices.Reverse(t.res.Rows)
		slices.Reverse(t.res.Totals)
	case len(t.r.order) == 0 || t.r.grain == GrainNone:
	case len(t.r.dims) == 0 && !t.r.order[0].time():
		t.sortBuckets()
	}
	t.number()
	t.meta()
	return t.res
}

func (t *tabling) timeDesc() bool {
	return len(t.r.order) > 0 && t.r.order[0].time() && t.r.order[0].desc && t.r.grain != GrainNone
}

// columns of the answer: time, dimensions, metrics, their twins.
func (t *tabling) columns() []Column {
	var cols []Column
	if t.r.grain != GrainNone {
		cols = append(cols, Column{Name: "time", Type: "time"})
	}
	for _, d := range t.r.dims {
		cols = append(cols, Column{Name: d.Name, Type: "string"})
	}
	for _, suffix := range []string{"", "_previous"} {
		if suffix != "" && t.before == nil {
			break
		}
		for _, m := range t.r.metrics[:t.r.asked] {
			typ := "number"
			if m.integer {
				typ = "integer"
			}
			cols = append(cols, Column{Name: m.Name + suffix, Type: typ, Unit: m.Unit})
			t.names = append(t.names, m.Name+suffix)
		}
	}
	return cols
}

// has says whether a group has data in a bucket, now or before.
func (t *tabling) has(bucket int, g int32) bool {
	for _, f := range t.frames {
		if f.find(bucket, g) != nil {
			return true
		}
	}
	return false
}

// byGroup are the frames that have groups of their own.
func (t *tabling) byGroup() (list []*frame) {
	for _, a := range []*answers{t.now, t.before} {
		if a == nil {
			continue
		}
		for y, f := range a.frames {
			if !y.all {
				list = append(list, f)
			}
		}
	}
	return list
}

func (t *tabling) add(r row) { t.res.Rows = append(t.res.Rows, t.cells(r)) }

// cells are the cells of one row.
func (t *tabling) cells(r row) []any {
	width := len(t.res.Columns)
	if len(t.room) < width {
		t.room = make([]any, max(width, 4096))
	}
	out := t.room[:0:width]
	t.room = t.room[width:]
	if t.r.grain != GrainNone {
		if t.stamps[r.bucket] == nil {
			t.stamps[r.bucket] = stamp(t.p.current.labels[r.bucket], t.r.loc)
		}
		out = append(out, t.stamps[r.bucket])
	}
	for i := range t.r.dims {
		if r.whole || r.rest {
			out = append(out, nil)
		} else {
			v := &t.values[int(r.group)*len(t.r.dims)+i]
			if *v == nil {
				*v = t.dimension(i, r.group)
			}
			out = append(out, *v)
		}
	}
	for _, a := range []*answers{t.now, t.before} {
		if a == nil {
			break
		}
		for i := range t.r.metrics[:t.r.asked] {
			out = append(out, t.cell(a, i, r, len(t.res.Rows), len(out)))
		}
	}
	return out
}

// figure is metric i of a row, as ranking read it if it did.
func (t *tabling) figure(a *answers, i int, r row) (figure, state) {
	if i == 0 && a == t.now && t.firsts != nil && !r.whole && !r.rest {
		x := &t.firsts[int(r.group)*t.p.current.buckets()+r.bucket]
		return x.figure, x.state
	}
	return t.eval.figure(a, i, r)
}

// cell is one metric as an answer shows it; nil is no data or suppressed.
func (t *tabling) cell(a *answers, i int, r row, at, column int) any {
	d := &t.r.metrics[i]
	f, st := t.figure(a, i, r)
	if st == suppressed && !r.whole {
		t.res.Meta.SuppressedCells = append(t.res.Meta.SuppressedCells, SuppressedCell{Row: at, Column: t.res.Columns[column].Name})
	}
	if st != known {
		return nil
	}
	if d.Varies && !r.whole && f.v != 0 {
		e := math.Abs(f.se / f.v)
		t.worst[i] = max(t.worst[i], e)
		if e > 0 {
			t.res.Meta.ApproximateCells = append(t.res.Meta.ApproximateCells, ApproximateCell{Row: at, Column: t.res.Columns[column].Name, Error: e})
		}
	}
	if d.integer {
		return int64(math.Round(f.v))
	}
	return f.v
}

// sortBuckets orders the rows of an answer without dimensions by metrics.
func (t *tabling) sortBuckets() {
	n := len(t.r.order)
	values := make([]float64, n*len(t.res.Rows))
	at := make([]int, len(t.res.Rows))
	for b := range t.res.Rows {
		at[b] = b
		for i, k := range t.r.order {
			if k.metric >= 0 {
				values[b*n+i] = t.eval.order(k, t.now, t.before, row{bucket: b, group: t.shown[0]})
			}
		}
	}
	slices.SortStableFunc(at, func(a, b int) int {
		for i, k := range t.r.order {
			if c := compareNull(values[a*n+i], values[b*n+i], k.desc); c != 0 {
				return c
			}
		}
		return 0
	})
	rows := make([][]any, len(at))
	for i, b := range at {
		rows[i] = t.res.Rows[b]
	}
	t.moved(at)
	t.res.Rows = rows
}

// number corrects the row numbers of what is said of cells when the order of rows
// was turned around.
func (t *tabling) number() {
	if !t.timeDesc() {
		return
	}
	// Rows were reversed within their bucket before and then as a whole, so that
	// only the order of the buckets changed.
	m := &t.res.Meta
	if len(m.SuppressedCells) == 0 && len(m.ApproximateCells) == 0 {
		return
	}
	var starts []int // of each bucket, in time order
	times := make([]any, len(t.res.Rows))
	for i, r := range t.res.Rows {
		times[len(times)-1-i] = r[0]
	}
	for i, v := range times {
		if i == 0 || v != times[i-1] {
			starts = append(starts, i)
		}
	}
	to := make([]int, len(times)) // old row → new row
	for i, s := range starts {
		end := len(times)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		for j := s; j < end; j++ {
			to[j] = len(times) - end + (j - s)
		}
	}
	for i := range m.SuppressedCells {
		m.SuppressedCells[i].Row = to[m.SuppressedCells[i].Row]
	}
	for i := range m.ApproximateCells {
		m.ApproximateCells[i].Row = to[m.ApproximateCells[i].Row]
	}
}

// moved renumbers what is said of cells: row at[i] is row i now.
func (t *tabling) moved(at []int) {
	to := make([]int, len(at))
	for i, b := range at {
		to[b] = i
	}
	m := &t.res.Meta
	for i := range m.SuppressedCells {
		m.SuppressedCells[i].Row = to[m.SuppressedCells[i].Row]
	}
	for i := range m.ApproximateCells {
		m.ApproximateCells[i].Row = to[m.ApproximateCells[i].Row]
	}
}

func (t *tabling) meta() {
	w, m := &t.p.current, &t.res.Meta
	m.Rollup, m.Timezone = strings.Join(t.sources, "+"), t.r.loc.String()
	m.From, m.To = stamp(w.from, t.r.loc), stamp(w.to, t.r.loc)
	m.Approximate = map[string]float64{}
	if m.SuppressedCells == nil {
		m.SuppressedCells = []SuppressedCell{}
	}
	m.Suppressed, m.CellsRead, m.Groups = len(m.SuppressedCells), t.read, t.total
	fresh := int64(math.MaxInt64)
	m.IdentityCoverage = 1
	for _, y := range t.p.parts {
		f := t.now.of(y)
		if f == nil || f.engine == "" {
			continue
		}
		m.Engine, fresh = f.engine, min(fresh, f.fresh)
		m.GroupsPruned = m.GroupsPruned || f.pruned
		if y.kind == ofGroups && !y.all && !y.chain.holds(needs{measures: set(rollup.KnownPlays)}).empty() {
			m.IdentityCoverage = f.coverage()
		}
		t.noteViews(f)
	}
	if fresh > 0 && fresh < math.MaxInt64 {
		m.FreshTo = stamp(min(fresh, t.present), t.r.loc)
	}
	if p := t.p.previous; p != nil {
		m.PreviousFrom, m.PreviousTo = stamp(p.from, t.r.loc), stamp(p.to, t.r.loc)
	}
	for i, d := range t.r.metrics[:t.r.asked] {
		if d.Varies {
			m.Approximate[d.Name] = t.worst[i]
		} else if d.Approximate > 0 {
			m.Approximate[d.Name] = d.Approximate
		}
		if t.needs[i].sketches&maturing() != 0 || t.needs[i].measures&set(rollup.EligibleImpressions, rollup.MomentW) != 0 {
			if from := fresh - AttributionMS; fresh > 0 && fresh < math.MaxInt64 && w.to > from {
				m.MaturingFrom = stamp(max(from, w.from), t.r.loc)
			}
		}
	}
	if t.hidden > 0 {
		m.SuppressedGroups = t.hidden
		t.p.warn("Cells of a week with fewer than %d viewers (or all but so few) are left out of every sum: %d of them.", t.min, t.hidden)
	}
	t.noteCut(m)
}

// AttributionMS is for how long after an impression a play may be its take.
const AttributionMS = 24 * rollup.HourMS

// maturing are the sketches that impressions younger than that are not in.
func maturing() rollup.SketchSet {
	return rollup.SketchesOf(rollup.Eligible, rollup.Takers, rollup.TakeCompleters)
}

// coverage is known plays / plays, 1 when there are none.
func (f *frame) coverage() float64 {
	var identified, plays int64
	for _, c := range f.cells {
		identified += c.sums.Measures[rollup.KnownPlays]
		plays += c.sums.Measures[rollup.Plays]
	}
	if plays <= 0 {
		return 1
	}
	return float64(identified) / float64(plays)
}

// noteViews says how much media time has no runtime to be divided by.
func (t *tabling) noteViews(f *frame) {
	var in, out int64
	for _, c := range f.cells {
		if c.more != nil {
			in += c.more.viewsMS
			out += c.more.unknownMS
		}
	}
	if out > 0 {
		t.p.warn("The catalogue has no runtime for titles with %.1f %% of the media time; their views are not counted.", 100*float64(out)/float64(in+out))
	}
}

func (t *tabling) noteCut(m *Meta) {
	if len(t.shown) < t.total && (t.p.cut || t.r.limit == MaxRows) {
		m.Truncated = true
		t.p.warn("The answer was cut to %d of %d groups: at most %d rows are returned.", len(t.shown), t.total, MaxRows)
	}
	m.Warnings = append([]string{}, t.p.warnings...)
}
