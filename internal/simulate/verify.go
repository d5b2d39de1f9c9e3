package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// ErrDiffers: the server's answers are not what was sent.
var ErrDiffers = errors.New("the server's figures differ from the truth")

// Verify asks a server about everything that a truth file knows and compares:
// exact metrics must be equal, distinct counts within their stated bound. The
// server must have seen nothing but that run. It prints what it compared, and
// returns ErrDiffers when anything is different.
func Verify(ctx context.Context, o Options) error {
	if err := checkTarget(o.Target); err != nil {
		return err
	}
	o.defaults()
	t, err := ReadTruth(o.Truth)
	if err != nil {
		return err
	}
	client := o.Client
	if client == nil {
		client = &http.Client{Timeout: 2 * time.Minute}
	}
	v := &verifier{api: api{client, o.Target, o.Token}, t: t}
	if err := v.wait(ctx); err != nil {
		return err
	}
	if err := v.learn(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{v.totals, v.hourly, v.daily, v.gauges, v.before, v.filters, v.retention, v.attention} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	v.spread()
	return v.report(o.Out)
}

type verifier struct {
	api     api
	t       *Truth
	metrics []expectation
	checks  []*check
	// Distinct counts: how many groups there were, how many beyond twice the
	// stated error.
	counted, wide int
}

// check is one comparison of many cells.
type check struct {
	name        string
	cells       int
	differences int
	first       []string
	took        time.Duration
}

// firstDifferences is how many differences of a check are shown.
const firstDifferences = 5

func (c *check) differ(format string, args ...any) {
	c.differences++
	if len(c.first) < firstDifferences {
		c.first = append(c.first, fmt.Sprintf(format, args...))
	}
}

func (v *verifier) begin(name string) (*check, func()) {
	c := &check{name: name}
	v.checks = append(v.checks, c)
	began := time.Now()
	return c, func() { c.took = time.Since(began) }
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// wait until everything that was sent is in the answers, for a minute at most
// after it should be, or after there was progress.
func (v *verifier) wait(ctx context.Context) error {
	deadline := time.UnixMilli(max(v.t.CompleteAt, time.Now().UnixMilli())).Add(time.Minute)
	best := int64(0)
	for {
		t, err := v.api.query(ctx, question{Metrics: []string{"plays"}})
		if err == nil && t.fresh() > v.t.CompleteAt {
			return nil
		}
		if err == nil && t.fresh() > best { // a server that is behind may catch up
			best, deadline = t.fresh(), later(deadline, time.Now().Add(time.Minute))
		}
		if errors.Is(err, errRefused) || time.Now().After(deadline) {
			if err != nil {
				return err
			}
			return fmt.Errorf("%w: a minute after the run the server is fresh to %s only, not to %s", ErrDiffers, t.Meta.FreshTo, stamped3339(v.t.CompleteAt))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// learn which of the truth's metrics the server has.
func (v *verifier) learn(ctx context.Context) error {
	names, err := v.api.metrics(ctx)
	if err != nil {
		return err
	}
	for i, e := range expectations() {
		_, known := slices.BinarySearch(names, e.name)
		if !known && i < required {
			return fmt.Errorf("%w: it has no metric %q", ErrDiffers, e.name)
		}
		if known {
			v.metrics = append(v.metrics, e)
		}
	}
	return nil
}

func (v *verifier) end() int64 { return v.t.From + int64(v.t.Hours)*hourMS }

// asking is a question about a family of groups.
func asking(f *TruthFamily) question {
	q := question{}
	if f.By != "" {
		q.Dimensions = []string{f.By}
	}
	if f.Where != "" {
		q.Where = []condition{{f.Where, []string{f.Is}}}
	}
	return q
}

func familyName(f *TruthFamily) string {
	name := "all"
	if f.By != "" {
		name = "by " + f.By
	}
	if f.Where != "" {
		name += " where " + f.Where + " = " + f.Is
	}
	return name
}

// expected is what a cell of the truth should show.
type expected struct {
	group string
	time  int64 // bucket start, absent without a grain
	sums  *sums
}

// compare asks in parts of a few metrics and compares every expected cell; what
// the server has beside them must be nothing.
func (v *verifier) compare(ctx context.Context, c *check, f *TruthFamily, q question, want func(fresh int64) []expected) error {
	var asked []expectation
	for _, e := range v.metrics {
		// The truth has no gauges under a filter.
		if !e.gauge || f.Where == "" {
			asked = append(asked, e)
		}
	}
	for part := range slices.Chunk(asked, mostMetrics) {
		q.Metrics = nil
		for _, e := range part {
			q.Metrics = append(q.Metrics, e.name)
		}
		t, err := v.api.query(ctx, q)
		if err != nil {
			return err
		}
		if err := v.compareTable(c, f, t, part, want(t.fresh())); err != nil {
			return err
		}
	}
	return nil
}

type cellAt struct {
	group string
	time  int64
}

// rowsOf finds the rows of an answer by group and bucket.
func rowsOf(t *table, by string) (map[cellAt]int, error) {
	rows := make(map[cellAt]int, len(t.Rows))
	group, when := t.column(by), t.column("time")
	for i, row := range t.Rows {
		at := cellAt{time: absent}
		if by != "" {
			if group < 0 {
				return nil, fmt.Errorf("the answer has no column %s", by)
			}
			at.group, _ = row[group].(string)
		}
		if when >= 0 {
			ms, err := cellTime(row[when])
			if err != nil {
				return nil, err
			}
			at.time = ms
		}
		if _, twice := rows[at]; twice {
			return nil, fmt.Errorf("%w: %s %q is in an answer twice", ErrDiffers, by, at.group)
		}
		rows[at] = i
	}
	return rows, nil
}

func (v *verifier) compareTable(c *check, f *TruthFamily, t *table, part []expectation, want []expected) error {
	rows, err := rowsOf(t, f.By)
	if err != nil {
		return err
	}
	nothing := &sums{}
	for _, w := range want {
		at := cellAt{w.group, w.time}
		row, there := rows[at]
		delete(rows, at)
		for _, e := range part {
			var got any
			if there {
				if t.suppressed(row, e.name) {
					continue
				}
				got = t.Rows[row][t.column(e.name)]
			}
			v.cell(c, f, e, at, got, w.sums, t.Meta.Approximate[e.name])
		}
	}
	for at, row := range rows {
		for _, e := range part {
			v.cell(c, f, e, at, t.Rows[row][t.column(e.name)], nothing, t.Meta.Approximate[e.name])
		}
	}
	return nil
}

// cell compares one figure. No row and null are as good as zero where nothing
// happened.
func (v *verifier) cell(c *check, f *TruthFamily, e expectation, at cellAt, got any, want *sums, bound float64) {
	c.cells++
	w, some := e.of(want)
	g, isNumber := got.(float64)
	ok := false
	switch {
	case !isNumber:
		ok = !some || w == 0
	case !some:
		ok = g == 0 && e.gauge
	case e.approx:
		off := math.Abs(g - w)
		ok = off <= 4*bound*w+1
		v.counted++
		if off > 2*bound*w+0.5 {
			v.wide++
		}
	default:
		ok = math.Abs(g-w) <= 1e-9*max(1, math.Abs(w))
	}
	if ok {
		return
	}
	where := familyName(f)
	if f.By != "" {
		where += fmt.Sprintf(" %q", at.group)
	}
	if at.time != absent {
		where += " at " + stamped3339(at.time)
	}
	wanted := "nothing"
	if some {
		wanted = fmt.Sprint(w)
	}
	c.differ("%s, %s: got %v, want %s", e.name, where, got, wanted)
}

// totals compares the whole run, for every family.
func (v *verifier) totals(ctx context.Context) error {
	for i := range v.t.Families {
		f := &v.t.Families[i]
		c, done := v.begin("in all, " + familyName(f))
		q := asking(f)
		q.From, q.To = stamped3339(v.t.From), stamped3339(v.end())
		err := v.compare(ctx, c, f, q, func(fresh int64) []expected {
			var out []expected
			for name, g := range f.Groups {
				s := g.over(0, v.t.Hours)
				s.viewers, s.boundaries = int64(g.Viewers), boundaries(v.t.From, v.end(), fresh)
				out = append(out, expected{name, absent, s})
			}
			return out
		})
		if done(); err != nil {
			return err
		}
	}
	return nil
}

// hourly compares every hour.
func (v *verifier) hourly(ctx context.Context) error {
	for i := range v.t.Families {
		f := &v.t.Families[i]
		c, done := v.begin("by hour, " + familyName(f))
		// Groups times hours may pass what an answer can hold: ask in stretches.
		step := max(1, 90_000/max(1, len(f.Groups)))
		for first := 0; first < v.t.Hours; first += step {
			last := min(first+step, v.t.Hours)
			q := asking(f)
			q.Grain = "hour"
			q.From, q.To = stamped3339(v.t.From+int64(first)*hourMS), stamped3339(v.t.From+int64(last)*hourMS)
			err := v.compare(ctx, c, f, q, func(fresh int64) []expected {
				var out []expected
				for name, g := range f.Groups {
					for h := first; h < last; h++ {
						at := v.t.From + int64(h)*hourMS
						s := g.over(h, h+1)
						s.boundaries = boundaries(at, at+hourMS, fresh)
						out = append(out, expected{name, at, s})
					}
				}
				return out
			})
			if err != nil {
				return err
			}
		}
		done()
	}
	return nil
}

// daily compares UTC days; the first and the last may be partial.
func (v *verifier) daily(ctx context.Context) error {
	for i := range v.t.Families {
		f := &v.t.Families[i]
		c, done := v.begin("by day, " + familyName(f))
		q := asking(f)
		q.Grain = "day"
		q.From, q.To = stamped3339(v.t.From), stamped3339(v.end())
		err := v.compare(ctx, c, f, q, func(fresh int64) []expected {
			var out []expected
			for name, g := range f.Groups {
				for day := v.t.From / dayMS * dayMS; day < v.end(); day += dayMS {
					from, to := max(day, v.t.From), min(day+dayMS, v.end())
					s := g.over(int((from-v.t.From)/hourMS), int((to-v.t.From)/hourMS))
					s.viewers = int64(g.DayViewers[day/dayMS-v.t.From/dayMS])
					s.boundaries = boundaries(from, to, fresh)
					out = append(out, expected{name, day, s})
				}
			}
			return out
		})
		if done(); err != nil {
			return err
		}
	}
	return nil
}

// report prints what was compared.
func (v *verifier) report(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "check\tcells\tdifferent\tms")
	cells, differences := 0, 0
	for _, c := range v.checks {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", c.name, c.cells, c.differences, c.took.Milliseconds())
		cells, differences = cells+c.cells, differences+c.differences
	}
	fmt.Fprintf(w, "total\t%d\t%d\t\n", cells, differences)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	var first []string
	for _, c := range v.checks {
		for _, d := range c.first {
			first = append(first, c.name+": "+d)
		}
	}
	if differences > 0 {
		fmt.Fprintln(out, strings.Join(first[:min(len(first), 40)], "\n"))
		return fmt.Errorf("%w: %d of %d cells", ErrDiffers, differences, cells)
	}
	return nil
}
