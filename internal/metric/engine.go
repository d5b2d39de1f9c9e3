package metric

import (
	"context"
	"fmt"
	"time"

	"playhead/internal/rollup"
)

// Scanner answers physical scans: a generation, a warehouse, or both as one.
type Scanner interface {
	// Scan sums what the source holds. It stops when ctx is done and returns
	// its error.
	Scan(ctx context.Context, scan rollup.Scan) (*rollup.Result, error)
}

// Options of an Engine.
type Options struct {
	// Clock is asked once a query for the present and for how long it took.
	Clock func() time.Time
	// ReportTZ is the zone that day cells are cut in; nil is UTC.
	ReportTZ *time.Location
	// Zones finds a time zone by its IANA name; nil is time.LoadLocation.
	Zones func(name string) (*time.Location, error)
	// Retention is what the sources keep; the zero value is DefaultRetention.
	Retention Retention
}

// Engine answers queries. It may be used by many goroutines.
type Engine struct {
	scanner Scanner
	opts    Options
	metrics []Definition
	dims    []Dimension
}

// NewEngine returns an engine over a scanner.
func NewEngine(s Scanner, opts Options) *Engine {
	if opts.ReportTZ == nil {
		opts.ReportTZ = time.UTC
	}
	if opts.Zones == nil {
		opts.Zones = time.LoadLocation
	}
	if opts.Retention == (Retention{}) {
		opts.Retention = DefaultRetention()
	}
	return &Engine{scanner: s, opts: opts, metrics: Definitions(), dims: Dimensions()}
}

// Describe says what can be asked.
func (e *Engine) Describe() Description {
	return Description{
		Metrics: Definitions(), Dimensions: Dimensions(), Grains: Grains(), Comparisons: Comparisons(),
		Timezone: e.opts.ReportTZ.String(),
		Limits: Limits{
			Rows: MaxRows, Metrics: MaxMetrics, Dimensions: MaxDimensions, Filters: MaxFilters, Values: MaxValues,
			PulseHours: int(e.opts.Retention.PulseMS / rollup.HourMS),
			HourDays:   int(e.opts.Retention.TitleHourMS / (24 * rollup.HourMS)),
		},
	}
}

// Run answers q. It returns a *QueryError when q cannot be asked, ctx's error
// when it was given up, or the scanner's error, wrapped.
func (e *Engine) Run(ctx context.Context, q Query) (*Result, error) {
	start := e.opts.Clock()
	v := &validator{metrics: e.metrics, dimensions: e.dims, zones: e.opts.Zones, reportTZ: e.opts.ReportTZ}
	r, err := v.validate(q, start)
	if err != nil {
		return nil, err
	}
	p := &planner{now: start.UnixMilli(), limits: e.opts.Retention, report: newCalendar(e.opts.ReportTZ)}
	if r.fromStart {
		if p.first, err = e.firstData(ctx, p); err != nil {
			return nil, err
		}
	}
	pl, err := p.plan(r)
	if err != nil {
		return nil, err
	}
	x := &execution{scanner: e.scanner, r: r, p: pl}
	res, err := x.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("scan %s: %w", SourceName(pl.source), err)
	}
	res.Meta.ElapsedMS = float64(e.opts.Clock().Sub(start).Microseconds()) / 1000
	return res, nil
}

// firstData is the start of the first day that is kept, epoch ms, 0 if none.
func (e *Engine) firstData(ctx context.Context, p *planner) (int64, error) {
	day := p.report.floorDay(p.now)
	res, err := e.scanner.Scan(ctx, rollup.Scan{
		Source: rollup.SourceTitleDay, From: day, To: p.report.ceilDay(day + 1),
	})
	if err != nil {
		return 0, fmt.Errorf("find the first data: %w", err)
	}
	return res.FirstData, nil
}
