package metric

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"playhead/internal/rollup"
)

// Compare is what an answer is set beside.
type Compare uint8

// Comparisons, in the order of their names.
const (
	CompareNone Compare = iota
	ComparePrevious
	CompareYear
)

// Comparisons are the names of the comparisons.
func Comparisons() []string { return []string{"none", "previous", "year"} }

// Limits of a query.
const (
	MaxRows       = 100_000
	MaxMetrics    = 32
	MaxDimensions = 4
	MaxFilters    = 16
	MaxValues     = 10_000
)

// request is a query that has been understood.
type request struct {
	// metrics are those asked for, then those that only the order needs.
	metrics []Definition
	asked   int
	dims    []Dimension
	where   []rollup.Filter
	from    int64 // epoch ms; meaningless when fromStart
	to      int64
	// fromStart is true when the range starts with the data, toNow when it ends now.
	fromStart, toNow bool
	grain            Grain
	loc              *time.Location
	compare          Compare
	order            []orderKey
	limit            int
	totals, others   bool
}

// orderKey sorts by a column of the answer or by a metric that is not in it.
type orderKey struct {
	dim      int // index of a dimension, or −1
	metric   int // index of a metric, or −1
	previous bool
	desc     bool
}

func (k orderKey) time() bool { return k.dim < 0 && k.metric < 0 }

// rankKeys are the keys that groups are ranked by: the order without time, by
// default the first metric, largest first.
func (r *request) rankKeys() []orderKey {
	keys := slices.DeleteFunc(slices.Clone(r.order), orderKey.time)
	if len(keys) == 0 {
		keys = []orderKey{{dim: -1, metric: 0, desc: true}}
	}
	return keys
}

type validator struct {
	problems
	metrics    []Definition
	dimensions []Dimension
	zones      func(string) (*time.Location, error)
	reportTZ   *time.Location
}

// validate understands q or says everything that is wrong with it.
func (v *validator) validate(q Query, now time.Time) (*request, error) {
	r := &request{}
	v.checkMetrics(q, r)
	v.checkDimensions(q, r)
	v.checkWhere(q, r)
	r.grain = Grain(v.choice("grain", q.Grain, Grains()))
	r.compare = Compare(v.choice("compare", q.Compare, Comparisons()))
	v.checkZone(q, r)
	v.checkRange(q, r, now)
	v.checkOrder(q, r)
	r.limit = q.Limit
	if q.Limit < 0 || q.Limit > MaxRows {
		v.add("limit", "range", "must be between 0 and %d", MaxRows)
	}
	if r.limit == 0 {
		r.limit = MaxRows
	}
	r.totals, r.others = q.Totals, q.Others
	if r.others {
		v.checkOthers(r)
	}
	v.checkOffered(q, r)
	return r, v.err()
}

// checkOthers refuses what cannot be said of groups that are not shown.
func (v *validator) checkOthers(r *request) {
	if len(r.dims) == 0 {
		v.add("others", "invalid", "needs a dimension")
	}
	for _, d := range r.dims {
		if d.MultiValued {
			v.add("others", "invalid", "a play may have several values of %s, so the rest of them is no sum; ask for totals instead", d.Name)
		}
		if d.Audience {
			v.add("others", "invalid", "%s says something about people, so the rest of its values is not told", d.Name)
		}
	}
	for _, w := range r.where {
		if isAudience(w.Dimension) {
			v.add("others", "invalid", "%s says something about people, so the rest of its values is not told", dimensionName(w.Dimension))
		}
	}
}

// checkOffered: what is compared with the catalogue needs one dimension that the
// catalogue knows.
func (v *validator) checkOffered(q Query, r *request) {
	n := 0
	for _, d := range r.groupBy() {
		if offered(d) {
			n++
		}
	}
	for i, m := range r.metrics {
		if m.needs().hours && n != 1 && len(q.Dimensions) == len(r.dims) {
			v.add(fmt.Sprintf("metrics[%d]", i), "invalid", "%s needs one dimension of the catalogue: title, genre, theme, cast, language or show", m.Name)
		}
	}
}

// known finds a metric by its name, or makes one of a function.
func (v *validator) known(name string) *Definition {
	for i := range v.metrics {
		if v.metrics[i].Name == name {
			return &v.metrics[i]
		}
	}
	return nil
}

func (v *validator) metric(field, name string) *Definition {
	if d := v.known(name); d != nil {
		return d
	}
	if d, ok := v.function(field, name); ok {
		return d
	}
	known := names(v.metrics, func(d Definition) string { return d.Name })
	v.add(field, "unknown", "unknown metric %q%s", clip(name), didYouMean(name, known))
	return nil
}

func (v *validator) dimension(field, name string) *Dimension {
	for i := range v.dimensions {
		if v.dimensions[i].Name == name {
			return &v.dimensions[i]
		}
	}
	known := names(v.dimensions, func(d Dimension) string { return d.Name })
	v.add(field, "unknown", "unknown dimension %q%s", clip(name), didYouMean(name, known))
	return nil
}

func (v *validator) checkMetrics(q Query, r *request) {
	if len(q.Metrics) == 0 {
		v.add("metrics", "required", "name at least one metric, such as %q", "plays")
	}
	if len(q.Metrics) > MaxMetrics {
		v.add("metrics", "limit", "at most %d metrics", MaxMetrics)
		return
	}
	for i, name := range q.Metrics {
		if slices.Index(q.Metrics, name) < i {
			v.add(fmt.Sprintf("metrics[%d]", i), "invalid", "%q is named twice", clip(name))
		} else if m := v.metric(fmt.Sprintf("metrics[%d]", i), name); m != nil {
			r.metrics = append(r.metrics, *m)
		}
	}
	r.asked = len(r.metrics)
}

func (v *validator) checkDimensions(q Query, r *request) {
	if len(q.Dimensions) > MaxDimensions {
		v.add("dimensions", "limit", "at most %d dimensions", MaxDimensions)
		return
	}
	for i, name := range q.Dimensions {
		if slices.Index(q.Dimensions, name) < i {
			v.add(fmt.Sprintf("dimensions[%d]", i), "invalid", "%q is named twice", clip(name))
		} else if d := v.dimension(fmt.Sprintf("dimensions[%d]", i), name); d != nil {
			r.dims = append(r.dims, *d)
			if d.Attribute != "" && !slices.Contains(q.Dimensions, d.Attribute) {
				v.add(fmt.Sprintf("dimensions[%d]", i), "invalid", "%s is an attribute of %s; ask for %s too", d.Name, d.Attribute, d.Attribute)
			}
		}
	}
}

func (v *validator) checkWhere(q Query, r *request) {
	if len(q.Where) > MaxFilters {
		v.add("where", "limit", "at most %d filters", MaxFilters)
		return
	}
	for i, w := range q.Where {
		field := fmt.Sprintf("where[%d]", i)
		d := v.dimension(field+".dimension", w.Dimension)
		switch {
		case len(w.In) == 0:
			v.add(field+".in", "required", "name at least one value")
		case len(w.In) > MaxValues:
			v.add(field+".in", "limit", "at most %d values", MaxValues)
		case d != nil && d.Attribute != "":
			v.add(field+".dimension", "invalid", "%s cannot be filtered by; filter by %s", d.Name, d.Attribute)
		case d != nil:
			r.where = intersect(r.where, rollup.Filter{Dimension: d.physical, In: w.In})
			if slices.ContainsFunc(r.where, func(f rollup.Filter) bool { return len(f.In) == 0 }) {
				v.add(field, "invalid", "excludes every value that an earlier filter on %s lets through", d.Name)
			}
		}
	}
}

// intersect adds a filter; two on one dimension become the values of both.
func intersect(all []rollup.Filter, f rollup.Filter) []rollup.Filter {
	for i := range all {
		if all[i].Dimension != f.Dimension {
			continue
		}
		both := []string{}
		for _, value := range f.In {
			if slices.Contains(all[i].In, value) {
				both = append(both, value)
			}
		}
		all[i].In = both
		return all
	}
	in := slices.Clone(f.In)
	slices.Sort(in)
	return append(all, rollup.Filter{Dimension: f.Dimension, In: slices.Compact(in)})
}

func (v *validator) choice(field, value string, known []string) int {
	if value == "" {
		return 0
	}
	i := slices.Index(known, value)
	if i < 0 {
		v.add(field, "invalid", "unknown value %q%s; one of %s", clip(value), didYouMean(value, known), list(known))
		return 0
	}
	return i
}

func (v *validator) checkZone(q Query, r *request) {
	r.loc = v.reportTZ
	if q.Timezone == "" {
		return
	}
	loc, err := v.zones(q.Timezone)
	if err != nil || q.Timezone == "Local" {
		v.add("timezone", "unknown", "unknown time zone %q; use an IANA name such as Europe/Berlin", clip(q.Timezone))
		return
	}
	r.loc = loc
}

// oldest and newest bound the times that a query may name.
const (
	oldest = int64(0)
	newest = int64(7_258_118_400_000) // 2200-01-01
)

func (v *validator) checkRange(q Query, r *request, now time.Time) {
	r.fromStart, r.toNow = q.From == "", q.To == ""
	r.to = now.UnixMilli()
	before := len(v.problems)
	if !r.fromStart {
		r.from = v.time("from", q.From, r.loc)
	}
	if !r.toNow {
		r.to = v.time("to", q.To, r.loc)
	}
	if len(v.problems) > before {
		return
	}
	if !r.fromStart && r.from >= r.to {
		if r.toNow {
			v.add("from", "range", "lies in the future; name a to as well")
		} else {
			v.add("to", "range", "must be later than from")
		}
	}
	if r.fromStart && r.compare != CompareNone {
		v.add("compare", "invalid", "needs a from: all time has nothing before it")
	}
}

func (v *validator) time(field, value string, loc *time.Location) int64 {
	t, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		if day, dayErr := time.Parse(time.DateOnly, value); dayErr == nil {
			y, m, d := day.Date()
			t, err = startOfDay(y, m, d, loc), nil
		}
	}
	if err != nil {
		v.add(field, "invalid", "expected RFC 3339 such as 2026-11-01T00:00:00Z, or YYYY-MM-DD, got %q", clip(value))
		return 0
	}
	if ms := t.UnixMilli(); ms < oldest || ms >= newest {
		v.add(field, "range", "must lie between 1970 and 2200")
	}
	return t.UnixMilli()
}

func (v *validator) checkOrder(q Query, r *request) {
	if len(q.Order) > MaxMetrics {
		v.add("order", "limit", "at most %d keys", MaxMetrics)
		return
	}
	for i, o := range q.Order {
		if k, ok := v.orderKey(fmt.Sprintf("order[%d].by", i), o, r); ok {
			r.order = append(r.order, k)
		}
	}
	if len(r.order) == 0 && len(r.metrics) > 0 && r.grain == GrainNone {
		r.order = []orderKey{{dim: -1, metric: 0, desc: true}}
	}
}

func (v *validator) orderKey(field string, o Order, r *request) (orderKey, bool) {
	if o.By == "time" {
		if r.grain == GrainNone {
			v.add(field, "invalid", "there is no column time without a grain")
		}
		return orderKey{dim: -1, metric: -1, desc: o.Desc}, r.grain != GrainNone
	}
	for i, d := range r.dims {
		if d.Name == o.By {
			return orderKey{dim: i, metric: -1, desc: o.Desc}, true
		}
	}
	name, previous := strings.CutSuffix(o.By, "_previous")
	if previous && r.compare == CompareNone {
		v.add(field, "invalid", "there is no column %q without a compare", clip(o.By))
		return orderKey{}, false
	}
	for i := range r.metrics {
		if r.metrics[i].Name == name {
			return orderKey{dim: -1, metric: i, previous: previous, desc: o.Desc}, true
		}
	}
	d := v.known(name)
	if d == nil && strings.Contains(name, "(") {
		if d, _ = v.function(field, name); d == nil {
			return orderKey{}, false
		}
	}
	if d != nil {
		r.metrics = append(r.metrics, *d)
		return orderKey{dim: -1, metric: len(r.metrics) - 1, previous: previous, desc: o.Desc}, true
	}
	known := append(names(r.dims, func(d Dimension) string { return d.Name }), names(v.metrics, func(d Definition) string { return d.Name })...)
	v.add(field, "unknown", "%q is neither a column of this answer nor a metric%s", clip(o.By), didYouMean(o.By, known))
	return orderKey{}, false
}
