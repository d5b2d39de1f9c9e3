package metric

import (
	"math"
	"slices"

	"playhead/internal/rollup"
)

// Unit is what a number counts.
type Unit string

// Units of metrics. A ratio is 0–1; an index is a share by another share, 1 when
// they are equal.
const (
	UnitCount     Unit = "count"
	UnitMS        Unit = "ms"
	UnitHours     Unit = "hours"
	UnitRatio     Unit = "ratio"
	UnitIndex     Unit = "index"
	UnitPerHour   Unit = "per_hour"
	UnitPerMinute Unit = "per_minute"
	UnitKbps      Unit = "kbit/s"
)

// ErrorKind is what the error of an approximate metric is an error of.
type ErrorKind string

// Errors of the value, relative to it, one standard error; and of the rank of a
// quantile: a p95 of rank error 0.013 lies between the true p93.7 and p96.3.
const (
	ErrorNone  ErrorKind = ""
	ErrorValue ErrorKind = "relative"
	ErrorRank  ErrorKind = "rank"
)

const (
	// ViewersError is the relative standard error of a distinct count: 1.04/√4096
	// for HLL at lgK 12, rounded as it is quoted.
	ViewersError = 0.016
	// RatioError is that of a ratio of two distinct counts.
	RatioError = 0.023
	// QuantileError is the error of the rank of a quantile, 99 % confidence, of KLL
	// at k = 200.
	QuantileError = 0.0133
)

// Definition is one metric, declared once.
type Definition struct {
	Name        string `json:"name" doc:"What queries call it."`
	Title       string `json:"title" doc:"What people call it."`
	Description string `json:"description" doc:"What it says, in one or two sentences."`
	Unit        Unit   `json:"unit" enum:"count,ms,hours,ratio,index,per_hour,per_minute,kbit/s" doc:"What the number counts; a ratio is 0 to 1."`
	Formula     string `json:"formula" doc:"How it is computed."`
	Denominator string `json:"denominator" doc:"What it is a share or a mean of; empty for sums."`
	DatedBy     string `json:"dated_by" doc:"Which moment decides in which time bucket it counts."`
	Source      string `json:"source" doc:"Where the definition comes from."`
	Additive    bool   `json:"additive" doc:"Whether the figures of groups or buckets may be added up."`
	// Approximate is the error, 0 when exact.
	Approximate float64   `json:"approximate" doc:"Its error; 0 when exact."`
	ErrorKind   ErrorKind `json:"error_kind" enum:",relative,rank" doc:"Of what: one standard error relative to the value, or the rank of a quantile."`
	// Varies: how far off it may be depends on the cell; answers say it.
	Varies  bool `json:"error_varies" doc:"Whether the error depends on the cell; then meta.approximate says the largest of the answer and meta.approximate_cells each."`
	Version int  `json:"version" doc:"A changed definition is a new version."`
	// Higher says which direction is good: 1 more, -1 less, 0 neither.
	Higher int `json:"higher_is" enum:"-1,0,1" doc:"1 if more is better, -1 if less is, 0 if neither."`
	// By are the dimensions by which it can be grouped, alone; Engine.Describe
	// fills it in.
	By []string `json:"by" doc:"The dimensions that it can be grouped by."`

	integer bool
	expr    expr
}

// Eval computes the metric. ok is false when its denominator is zero.
func (d *Definition) Eval(in *Input) (value float64, ok bool) {
	f, ok := d.expr.eval(in)
	return f.v, ok && !math.IsNaN(f.v) && !math.IsInf(f.v, 0)
}

func (d *Definition) needs() (n needs) {
	d.expr.needs(&n)
	return n
}

const (
	cta       = "CTA-2066"
	house     = "Playhead"
	atFrame   = "first frame"
	atAsk     = "request"
	atMoment  = "when it happens"
	atShown   = "the impression"
	atEnd     = "the end of the play"
	atSearch  = "the search"
	atSession = "the session's first event"
	atGauge   = "10 s boundaries of event time"
	atPicture = "the first frame of the play that reached it"
)

const hourMS = float64(rollup.HourMS)

// Definitions are all metrics, in the order in which they are shown.
func Definitions() []Definition {
	all := slices.Concat(engagement(), audience(), gauges(), sessions(), quality(), failures(), attention(), catalogue(), searches())
	for i := range all {
		finish(&all[i])
	}
	return all
}

// finish fills in what follows from the rest.
func finish(d *Definition) {
	d.Version = max(d.Version, 1)
	if d.Approximate > 0 && d.ErrorKind == ErrorNone {
		d.ErrorKind = ErrorValue
	}
}
