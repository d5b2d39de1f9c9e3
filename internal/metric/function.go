package metric

import (
	"math"
	"slices"
	"strings"

	"playhead/internal/rollup"
)

// Function makes metrics of other metrics: it is asked for as name(metric).
type Function struct {
	Name        string `json:"name" doc:"Asked for as name(metric)."`
	Title       string `json:"title" doc:"What people call it."`
	Description string `json:"description" doc:"What it says."`
	Formula     string `json:"formula" doc:"How it is computed."`
	// Of are the metrics that it can be taken of.
	Of []string `json:"of" doc:"The metrics that it can be taken of."`
}

// functions are all functions of the metrics.
func functions(metrics []Definition) []Function {
	var rates, sums []string
	for _, d := range metrics {
		if _, _, ok := rateOf(&d); ok {
			rates = append(rates, d.Name)
		}
		if d.Additive && !d.needs().runtimes {
			sums = append(sums, d.Name)
		}
	}
	impact := "How much more (or less) of it the group has than it would have at the rate of all others: (the group's rate − the rest's) × the group's volume."
	return []Function{
		{Name: "share", Title: "Share of", Description: "The group's part of the whole.", Formula: "metric of the group / metric of the whole", Of: sums},
		{Name: "impact", Title: "Impact on", Description: impact + " It ranks a breakdown.", Formula: "(rate of the group − rate of the rest) × volume of the group", Of: rates},
		{Name: "impact_low", Title: "Impact on, at least", Description: "Lower end of the impact's 95 % interval.", Formula: "impact − 1.96 standard errors", Of: rates},
		{Name: "impact_high", Title: "Impact on, at most", Description: "Upper end of the impact's 95 % interval.", Formula: "impact + 1.96 standard errors", Of: rates},
	}
}

// rateOf are the sides of a metric that is a ratio of additive measures and
// between 0 and 1.
func rateOf(d *Definition) (num, den expr, ok bool) {
	o, ok := d.expr.(over)
	n := d.needs()
	if !ok || d.Unit != UnitRatio || n.sketches != 0 || n.whole || n.hours {
		return nil, nil, false
	}
	return o.num, o.den, true
}

// function makes the metric that a name like impact(rebuffering_ratio) asks for.
// ok is false when it is no such name; nil when it is a wrong one, which is said.
func (v *validator) function(field, name string) (d *Definition, ok bool) {
	fn, rest, ok := strings.Cut(name, "(")
	arg, closed := strings.CutSuffix(rest, ")")
	if !ok || !closed {
		return nil, false
	}
	all := functions(v.metrics)
	at := slices.IndexFunc(all, func(f Function) bool { return f.Name == fn })
	if at < 0 {
		v.add(field, "unknown", "unknown function %q%s", clip(fn), didYouMean(fn, names(all, func(f Function) string { return f.Name })))
		return nil, true
	}
	f := all[at]
	if !slices.Contains(f.Of, arg) {
		v.add(field, "unknown", "%s cannot be taken of %q%s; of %s", fn, clip(arg), didYouMean(arg, f.Of), list(f.Of))
		return nil, true
	}
	of := v.known(arg)
	made := Definition{
		Name: name, Title: f.Title + ": " + of.Title, Description: f.Description, Formula: f.Formula, Denominator: of.Denominator,
		DatedBy: of.DatedBy, Source: house, Higher: of.Higher, Unit: UnitRatio, By: of.By,
	}
	if fn == "share" {
		made.Denominator = of.Title + " of the whole"
		made.expr = over{of.expr, ofWhole{of.expr}}
	} else {
		made.Unit, made.expr = impactOf(of, map[string]float64{"impact": 0, "impact_low": -1, "impact_high": 1}[fn])
	}
	finish(&made)
	return &made, true
}

// impact is (a/b − a'/b')·b with a' and b' of the rest, shifted by side × 1.96
// standard errors.
type impact struct {
	num, den expr
	// count is how many things the numerator is made of: nil when it counts them.
	count expr
	side  float64
	unit  float64 // of the answer, in those of num
}

func impactOf(d *Definition, side float64) (Unit, expr) {
	num, den, _ := rateOf(d)
	i := impact{num: num, den: den, side: side, unit: 1}
	if n := d.needs(); n.measures&set(rollup.StallMS) != 0 {
		i.count, i.unit = sum(rollup.Stalls), hourMS
		return UnitHours, i
	}
	return UnitCount, i
}

func (e impact) needs(n *needs) {
	e.num.needs(n)
	e.den.needs(n)
	if e.count != nil {
		e.count.needs(n)
	}
	n.whole = true
}

func (e impact) eval(in *Input) (figure, bool) {
	if in.Whole == nil {
		return figure{}, false
	}
	at := func(x expr) (group, rest float64) {
		if x == nil {
			return 0, 0
		}
		a, _ := x.eval(in)
		w, _ := x.eval(in.Whole)
		return a.v, max(0, w.v-a.v)
	}
	a, restA := at(e.num)
	b, restB := at(e.den)
	if b <= 0 || restB <= 0 {
		return figure{}, false
	}
	n, restN := at(e.count)
	mean := 0.0 // of one stall, where the group or the rest has none
	if n+restN > 0 {
		mean = (a + restA) / (n + restN)
	}
	v := (a/b - restA/restB) * b
	se := b * math.Sqrt(e.variance(a, b, n, mean)+e.variance(restA, restB, restN, mean))
	return figure{v: (v + 1.96*e.side*se) / e.unit}, true
}

// variance of a rate a/b. Of counts it is that of a proportion, with half a
// success and half a failure more (Jeffreys), so that none seen is not surely
// none. Of stall time it is that of a compound Poisson sum of n exponential
// lengths, 2·n·mean².
func (e impact) variance(a, b, n, mean float64) float64 {
	if e.count == nil {
		p := (a + 0.5) / (b + 1)
		return max(0, p*(1-p)) / (b + 1)
	}
	if n > 0 {
		mean = a / n
	}
	return 2 * (n + 1) * mean * mean / (b * b)
}
