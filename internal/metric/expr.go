package metric

import (
	"math"

	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// figure is a number and its standard error, 0 when it is exact.
type figure struct{ v, se float64 }

// expr is a formula over the sums of a cell. What has to be scanned for it and
// what it gives are said by one thing, so that they cannot drift apart.
type expr interface {
	// needs adds what has to be scanned.
	needs(*needs)
	// eval is false where there is nothing to divide by, or nothing known.
	eval(*Input) (figure, bool)
}

// needs is what expressions are computed from.
type needs struct {
	measures uint64 // a bit a rollup.Measure
	sketches rollup.SketchSet
	viewers  bool // viewer marks: SourcePlays has to count them exactly
	whole    bool // of the same, what the group is a part of
	runtimes bool // media time title by title, with the catalogue's runtimes
	peaks    bool // the gauges, 10 s by 10 s
	hours    bool // shares of the catalogue's hours
}

func (n *needs) add(o needs) {
	n.measures |= o.measures
	n.sketches |= o.sketches
	n.viewers = n.viewers || o.viewers
	n.whole = n.whole || o.whole
	n.runtimes = n.runtimes || o.runtimes
	n.peaks = n.peaks || o.peaks
	n.hours = n.hours || o.hours
}

func (n *needs) measure(m rollup.Measure) { n.measures |= 1 << m }

// Input is everything a metric may be computed from: the sums of one cell of an
// answer.
type Input struct {
	Measures *rollup.Measures
	Sketches *rollup.Sketches
	// Boundaries is how many 10 s boundaries the cell's time spans, none later
	// than the answer is fresh to; SpanMS is that time in ms.
	Boundaries, SpanMS int64
	// Whole is what the cell is a part of: the same question without dimensions.
	Whole *Input
	// Views is Σ media time / runtime over the titles whose runtime is known;
	// ViewsMediaMS the media time of those.
	Views        float64
	ViewsMediaMS int64
	// PeakPlays and PeakViewers are the largest readings of the gauges.
	PeakPlays, PeakViewers int64
	// HoursShare is the group's share of the catalogue's hours; NaN unknown.
	HoursShare float64
}

// sum is an additive measure.
type sum rollup.Measure

func (e sum) needs(n *needs) {
	n.measure(rollup.Measure(e))
	n.viewers = n.viewers || rollup.Measure(e) == rollup.ViewerMarks
}

func (e sum) eval(in *Input) (figure, bool) { return figure{v: float64(in.Measures[e])}, true }

// distinct is the number of members of a sketch.
type distinct rollup.Sketch

func (e distinct) needs(n *needs) { n.sketches |= rollup.SketchesOf(rollup.Sketch(e)) }

func (e distinct) eval(in *Input) (figure, bool) {
	v := in.Sketches.Estimate(rollup.Sketch(e))
	return figure{v, v * sketch.RelativeError}, true
}

// over is a ratio. The errors of both sides are taken to be independent, which
// overstates that of a share: its members are in both sketches.
type over struct{ num, den expr }

func (e over) needs(n *needs) {
	e.num.needs(n)
	e.den.needs(n)
}

func (e over) eval(in *Input) (figure, bool) {
	a, ok := e.num.eval(in)
	b, okB := e.den.eval(in)
	if !ok || !okB || b.v <= 0 {
		return figure{}, false
	}
	v := a.v / b.v
	return figure{v, math.Hypot(a.se/b.v, v*b.se/b.v)}, true
}

// capped holds a share to at most 1, which independent sketches may overstep.
type capped struct{ expr }

func (e capped) eval(in *Input) (figure, bool) {
	f, ok := e.expr.eval(in)
	f.v = min(f.v, 1)
	return f, ok
}

// times is an expression in another unit.
type times struct {
	expr
	by float64
}

func (e times) eval(in *Input) (figure, bool) {
	f, ok := e.expr.eval(in)
	return figure{f.v * e.by, f.se * e.by}, ok
}

// per is an expression in units of so many: a quotient, which is not always to
// the last bit the product with the inverse.
type per struct {
	expr
	unit float64
}

func (e per) eval(in *Input) (figure, bool) {
	f, ok := e.expr.eval(in)
	return figure{f.v / e.unit, f.se / e.unit}, ok
}

// plus and minus are sums and differences; a count that an estimate pushes below
// none is none.
type plus struct{ a, b expr }

func (e plus) needs(n *needs) { e.a.needs(n); e.b.needs(n) }

func (e plus) eval(in *Input) (figure, bool) {
	a, ok := e.a.eval(in)
	b, okB := e.b.eval(in)
	return figure{a.v + b.v, math.Hypot(a.se, b.se)}, ok && okB
}

type minus struct{ a, b expr }

func (e minus) needs(n *needs) { e.a.needs(n); e.b.needs(n) }

func (e minus) eval(in *Input) (figure, bool) {
	a, ok := e.a.eval(in)
	b, okB := e.b.eval(in)
	return figure{max(0, a.v-b.v), math.Hypot(a.se, b.se)}, ok && okB
}

// gauge is the mean of a gauge's readings.
type gauge rollup.Measure

func (e gauge) needs(n *needs) { sum(e).needs(n) }

func (e gauge) eval(in *Input) (figure, bool) {
	return figure{v: float64(in.Measures[e]) / float64(in.Boundaries)}, in.Boundaries > 0
}

// average is a sum of ms by the ms of the window.
type average rollup.Measure

func (e average) needs(n *needs) { sum(e).needs(n) }

func (e average) eval(in *Input) (figure, bool) {
	return figure{v: float64(in.Measures[e]) / float64(in.SpanMS)}, in.SpanMS > 0
}

// ofWhole is an expression of what the group is a part of.
type ofWhole struct{ expr }

func (e ofWhole) needs(n *needs) {
	e.expr.needs(n)
	n.whole = true
}

func (e ofWhole) eval(in *Input) (figure, bool) {
	if in.Whole == nil {
		return figure{}, false
	}
	return e.expr.eval(in.Whole)
}

// views is Σ media time / runtime.
type views struct{}

func (views) needs(n *needs) { n.runtimes = true }

func (views) eval(in *Input) (figure, bool) {
	return figure{v: in.Views}, in.Views > 0 || in.ViewsMediaMS == 0
}

// peak is the largest reading of a gauge.
type peak rollup.Measure

func (e peak) needs(n *needs) { n.peaks = true }

func (e peak) eval(in *Input) (figure, bool) {
	if rollup.Measure(e) == rollup.ViewerMarks {
		return figure{v: float64(in.PeakViewers)}, in.Boundaries > 0
	}
	return figure{v: float64(in.PeakPlays)}, in.Boundaries > 0
}

// catalogueShare is the group's share of the catalogue's hours.
type catalogueShare struct{}

func (catalogueShare) needs(n *needs) { n.hours = true }

func (catalogueShare) eval(in *Input) (figure, bool) {
	return figure{v: in.HoursShare}, !math.IsNaN(in.HoursShare)
}

// quantile is a quantile of a sketch of times.
type quantile struct {
	of rollup.Sketch
	p  float64
}

func (e quantile) needs(n *needs) { n.sketches |= rollup.SketchesOf(e.of) }

func (e quantile) eval(in *Input) (figure, bool) {
	q := in.Sketches.KLL(e.of)
	if q == nil || q.IsEmpty() {
		return figure{}, false
	}
	return figure{v: float64(q.Quantile(e.p))}, true
}

// weighted is the self-normalised inverse-propensity take rate Σwy/Σw. Its
// variance is Σw²(y−r)²/(Σw)², by the delta method, and y² = y.
type weighted struct{}

func (weighted) needs(n *needs) {
	for m := rollup.MomentW; m <= rollup.MomentW2Y; m++ {
		n.measure(m)
	}
}

func (weighted) eval(in *Input) (figure, bool) {
	g := rollup.Group{Measures: *in.Measures}
	m := g.Moments()
	if m.W <= 0 {
		return figure{}, false
	}
	r := m.WY / m.W
	return figure{r, math.Sqrt(max(0, m.W2Y*(1-2*r)+r*r*m.W2)) / m.W}, true
}
