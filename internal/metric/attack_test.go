package metric

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// crowd is a Scanner over single records of people, with the faces of the design
// whatever is built.
type crowd struct {
	records []record
	// weight of each record in every count; nil is 1.
	weight []int64
	first  int64
	fresh  int64
}

type record struct {
	viewer int
	time   int64
	values [rollup.DimensionCount][]string
}

func (w *crowd) Scan(_ context.Context, s rollup.Scan) (*rollup.Result, error) {
	bounds := s.Bounds()
	res := &rollup.Result{FreshTo: w.fresh, FirstData: w.first, Engine: "test"}
	at := map[string]int{}
	for i, r := range w.records {
		if r.time < s.From || r.time >= s.To || !r.passes(s.Where) {
			continue
		}
		n := int64(1)
		if w.weight != nil {
			n = w.weight[i]
		}
		b := bucketIn(bounds, r.time)
		for _, keys := range r.keys(s.By) {
			id := fmt.Sprint(b, keys)
			if _, ok := at[id]; !ok {
				at[id] = len(res.Groups)
				res.Groups = append(res.Groups, rollup.Group{Bucket: b, Keys: keys, Sketches: rollup.NewSketches(s.Sketches)})
			}
			g := &res.Groups[at[id]]
			for _, m := range []rollup.Measure{rollup.Plays, rollup.KnownPlays, rollup.Impressions, rollup.Searches} {
				g.Measures[m] += n
			}
			for k := range rollup.SketchCount {
				if h := g.Sketches.HLL(k); h != nil {
					h.AddCoupon(sketch.Coupon([16]byte{byte(r.viewer), byte(r.viewer >> 8), 1}))
				}
			}
		}
	}
	return res, nil
}

func (r *record) passes(where []rollup.Filter) bool {
	for _, f := range where {
		if !slices.ContainsFunc(r.values[f.Dimension], func(v string) bool { return slices.Contains(f.In, v) }) {
			return false
		}
	}
	return true
}

// keys are the groups that a record counts in.
func (r *record) keys(by []rollup.Dimension) [][]string {
	all := [][]string{{}}
	for _, d := range by {
		var next [][]string
		for _, k := range all {
			for _, v := range r.values[d] {
				next = append(next, append(slices.Clone(k), v))
			}
		}
		all = next
	}
	return all
}

// designed gives an engine's chains the faces of the design.
func designed(e *Engine) {
	d := func(dims ...rollup.Dimension) []rollup.Dimension { return dims }
	faces := map[string][][]rollup.Dimension{
		"title":    {d(), d(rollup.Title), d(rollup.Country), d(rollup.Title, rollup.Country)},
		"affinity": {d(), d(rollup.Title), d(rollup.Affinity), d(rollup.Title, rollup.Affinity)},
		"creative": {d(), d(rollup.Country), d(rollup.Title), d(rollup.Title, rollup.Creative), d(rollup.Title, rollup.Creative, rollup.Affinity)},
		"search":   {d(), d(rollup.Country), d(rollup.Query), d(rollup.Query, rollup.Country)},
	}
	for i := range e.chains {
		c := &e.chains[i]
		for j := range c.levels {
			l := &c.levels[j]
			if f, ok := faces[c.name]; ok {
				l.faces = f
			}
			l.measures, l.sketches = 1<<rollup.MeasureCount-1, 1<<rollup.SketchCount-1
			switch c.name {
			case "creative":
				l.measures = set(rollup.Impressions)
			case "search":
				l.measures = set(rollup.Searches)
			default:
				l.measures = set(rollup.Plays, rollup.KnownPlays)
			}
		}
	}
}

const attackDay = 24 * rollup.HourMS

// people invents a small audience: the smaller the cells, the better for the
// attacker.
func people(rng *rand.Rand, viewers, records int, from int64) *crowd {
	w := &crowd{first: from, fresh: from + 21*attackDay}
	pick := func(list string) string {
		all := strings.Fields(list)
		return all[int(float64(len(all))*rng.Float64()*rng.Float64())]
	}
	type person struct {
		country, region string
		likes           []string
	}
	crowd := make([]person, viewers)
	for i := range crowd {
		p := &crowd[i]
		p.country = pick("US DE FR")
		p.region = p.country + "-" + pick("n s e w x")
		for _, l := range strings.Fields("drama crime space love") {
			if rng.IntN(3) == 0 {
				p.likes = append(p.likes, "genre:"+l)
			}
		}
	}
	for range records {
		v := rng.IntN(viewers)
		r := record{viewer: v, time: from + rng.Int64N(14*attackDay)}
		p := crowd[v]
		title := pick("t1 t2 t3 t4")
		r.values[rollup.Title] = []string{title}
		r.values[rollup.Creative] = []string{title + "-" + pick("a b")}
		r.values[rollup.Country], r.values[rollup.Region] = []string{p.country}, []string{p.region}
		r.values[rollup.Affinity] = p.likes
		r.values[rollup.Query] = []string{pick("news comedy secret private")}
		w.records = append(w.records, r)
	}
	return w
}

// questions that an attacker asks: everything by everything, filtered by
// everything, over overlapping ranges.
func questions(rng *rand.Rand, n int, from int64) []Query {
	dims := map[string][]string{"plays": {"title", "country", "region", "affinity"}, "impressions": {"title", "creative", "country", "affinity"}, "searches": {"country", "query"}}
	values := map[string]string{
		"title": "t1 t2 t3 t4", "country": "US DE FR", "region": "US-n US-s US-e US-w US-x DE-n DE-s DE-e DE-w DE-x FR-n FR-s FR-e FR-w FR-x",
		"affinity": "genre:drama genre:crime genre:space genre:love", "query": "news comedy secret private", "creative": "t1-a t1-b t2-a t2-b t3-a t3-b t4-a t4-b",
	}
	var out []Query
	for len(out) < n {
		m := []string{"plays", "impressions", "searches"}[rng.IntN(3)]
		q := Query{Metrics: []string{m}}
		for _, d := range dims[m] {
			switch rng.IntN(5) {
			case 0, 1:
				q.Dimensions = append(q.Dimensions, d)
			case 2:
				w := Where{Dimension: d}
				for _, v := range strings.Fields(values[d]) {
					if rng.IntN(2) == 0 {
						w.In = append(w.In, v)
					}
				}
				if len(w.In) > 0 {
					q.Where = append(q.Where, w)
				}
			}
		}
		a, b := rng.Int64N(14), rng.Int64N(14)
		if rng.IntN(2) == 0 {
			a, b = []int64{0, 7, 0}[rng.IntN(3)], []int64{6, 13, 13}[rng.IntN(3)]
		}
		if a > b {
			a, b = b, a
		}
		q.From, q.To = stamp(from+a*attackDay, time.UTC), stamp(from+(b+1)*attackDay, time.UTC)
		out = append(out, q)
	}
	return out
}

// TestNoSmallCellCanBeWorkedOut plays an attacker who asks hundreds of questions
// and adds and subtracts the answers in every way there is: no combination of
// them may give the count of a fixed cell, value × week or value × context ×
// week, with fewer than five viewers. What each answer sums is read from the
// answers themselves: records are given powers of two as weights.
func TestNoSmallCellCanBeWorkedOut(t *testing.T) {
	for seed := range uint64(6) {
		for _, metric := range []string{"plays", "impressions", "searches"} {
			t.Run(fmt.Sprintf("%s/%d", metric, seed), func(t *testing.T) { attack(t, seed, metric) })
		}
	}
}

func attack(t *testing.T, seed uint64, metric string) {
	rng := rand.New(rand.NewPCG(seed, 7))
	from := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC).UnixMilli() // a Monday
	w := people(rng, []int{12, 25, 60}[seed%3], 150, from)
	e := NewEngine(w, Options{Clock: func() time.Time { return time.UnixMilli(from + 20*attackDay) }})
	designed(e)
	queries := slices.DeleteFunc(questions(rng, 500, from), func(q Query) bool { return q.Metrics[0] != metric })
	known := newSpan(len(w.records))
	// Each answer is a sum of records; which, is read 50 records at a time.
	sums, about := readSums(t, e, w, queries)
	public := newSpan(len(w.records))
	for i, row := range sums {
		known.add(row)
		if !about[i] {
			public.add(row)
		}
	}
	if len(known.rows) == len(public.rows) {
		t.Fatalf("nothing about people was answered: %d sums", len(known.rows))
	}
	targets := 0
	for name, cell := range w.cells(metric, from) {
		viewers := map[int]bool{}
		for i, in := range cell {
			if in {
				viewers[w.records[i].viewer] = true
			}
		}
		row := make([]int64, len(cell))
		for i, in := range cell {
			if in {
				row[i] = 1
			}
		}
		if len(viewers) >= DefaultMinViewers || public.has(row) {
			continue
		}
		targets++
		if known.has(row) {
			t.Errorf("the count of %s, which has %d viewers, can be worked out", name, len(viewers))
		}
	}
	if targets == 0 {
		t.Error("there was nothing to protect")
	}
}

// readSums are the records that each cell of each answer sums, and whether it is
// about people.
func readSums(t *testing.T, e *Engine, w *crowd, queries []Query) (sums [][]int64, about []bool) {
	const bits = 50
	at := map[string]int{}
	for start := 0; start < len(w.records); start += bits {
		w.weight = make([]int64, len(w.records))
		for i := start; i < min(start+bits, len(w.records)); i++ {
			w.weight[i] = 1 << (i - start)
		}
		for qi, q := range queries {
			people := slices.ContainsFunc(append(slices.Clone(q.Dimensions), whereDims(q)...), func(d string) bool {
				return d == "region" || d == "affinity" || d == "query"
			})
			res, err := e.Run(t.Context(), q)
			if err != nil {
				continue
			}
			for _, row := range res.Rows {
				id := fmt.Sprint(qi, row[:len(row)-1])
				n, ok := row[len(row)-1].(int64)
				if !ok {
					continue
				}
				if _, have := at[id]; !have {
					at[id] = len(sums)
					sums, about = append(sums, make([]int64, len(w.records))), append(about, people)
				}
				for i := start; i < min(start+bits, len(w.records)); i++ {
					sums[at[id]][i] = n >> (i - start) & 1
				}
			}
		}
	}
	return sums, about
}

func whereDims(q Query) (dims []string) {
	for _, w := range q.Where {
		dims = append(dims, w.Dimension)
	}
	return dims
}

// cells are the fixed cells of a metric's audience dimensions, with and without
// their context: which records are in each.
func (w *crowd) cells(metric string, from int64) map[string][]bool {
	sets := map[string][][]rollup.Dimension{
		"plays":       {{rollup.Region}, {rollup.Country, rollup.Region}, {rollup.Affinity}, {rollup.Title, rollup.Affinity}},
		"impressions": {{rollup.Affinity}, {rollup.Title, rollup.Affinity}, {rollup.Title, rollup.Creative, rollup.Affinity}},
		"searches":    {{rollup.Query}, {rollup.Country, rollup.Query}},
	}
	out := map[string][]bool{}
	for _, dims := range sets[metric] {
		for i := range w.records {
			r := &w.records[i]
			for _, keys := range r.keys(dims) {
				name := fmt.Sprintf("%s in week %d", strings.Join(keys, " × "), (r.time-from)/(7*attackDay))
				if out[name] == nil {
					out[name] = make([]bool, len(w.records))
				}
				out[name][i] = true
			}
		}
	}
	return out
}

// span is a space of sums, kept in echelon form modulo a prime.
type linearSpan struct {
	width int
	rows  map[int][]int64 // by their first column that is not 0, which is 1
}

const prime = 1_000_003

func newSpan(width int) *linearSpan { return &linearSpan{width, map[int][]int64{}} }

// reduce takes away from a row what is known; it returns what is left.
func (s *linearSpan) reduce(row []int64) []int64 {
	row = slices.Clone(row)
	for c := range s.width {
		base, ok := s.rows[c]
		if k := row[c]; k != 0 && ok {
			for i := c; i < s.width; i++ {
				row[i] = ((row[i]-k*base[i])%prime + prime) % prime
			}
		}
	}
	return row
}

func (s *linearSpan) has(row []int64) bool {
	return !slices.ContainsFunc(s.reduce(row), func(v int64) bool { return v != 0 })
}

func (s *linearSpan) add(row []int64) {
	row = s.reduce(row)
	c := slices.IndexFunc(row, func(v int64) bool { return v != 0 })
	if c < 0 {
		return
	}
	inverse, base, exp := int64(1), row[c], int64(prime-2)
	for ; exp > 0; exp >>= 1 {
		if exp&1 == 1 {
			inverse = inverse * base % prime
		}
		base = base * base % prime
	}
	for i := range row {
		row[i] = row[i] * inverse % prime
	}
	s.rows[c] = row
}
