package metric

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"playhead/internal/rollup"
)

// Scanner answers physical scans: a generation, a warehouse, or both as one.
type Scanner interface {
	// Scan sums what the source holds. It stops when ctx is done and returns
	// its error. The result may be given to others too: nobody changes it.
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
	// Catalog is the catalogue as it is now, by title id, in a map that is not
	// changed; nil is none.
	Catalog func() map[string]CatalogTitle
	// MinViewers: cells of fewer viewers of audience dimensions are left out; 0 is
	// DefaultMinViewers, below 0 is none left out.
	MinViewers int
	// SinglePlays answers from finished plays whatever roll-ups there are: slowly,
	// to check the others.
	SinglePlays bool
	// MaxGroups bounds the groups that one scan may give; 0 is DefaultMaxGroups.
	MaxGroups int
}

const (
	// DefaultMinViewers is the least number of viewers of a cell that is shown.
	DefaultMinViewers = 5
	// DefaultMaxGroups is how many groups one scan may give: about 2 GiB.
	DefaultMaxGroups = 2_000_000
)

// Engine answers queries. It may be used by many goroutines.
type Engine struct {
	scanner Scanner
	opts    Options
	metrics []Definition
	dims    []Dimension
	chains  []chain
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
	if opts.MinViewers == 0 {
		opts.MinViewers = DefaultMinViewers
	}
	if opts.MaxGroups == 0 {
		opts.MaxGroups = DefaultMaxGroups
	}
	e := &Engine{scanner: s, opts: opts, metrics: Definitions(), dims: Dimensions(), chains: chains(opts.Retention)}
	if opts.SinglePlays {
		e.chains = slices.DeleteFunc(e.chains, func(c chain) bool { return c.name != "plays" })
	}
	return e
}

// Describe says what can be asked.
func (e *Engine) Describe() Description {
	metrics, dims := Definitions(), Dimensions()
	for i := range metrics {
		if metrics[i].By == nil {
			metrics[i].By = groupedBy(metrics[i].needs(), e.chains, dims)
		}
	}
	for i := range dims {
		d := dims[i].physical
		dims[i].Finished = !slices.ContainsFunc(e.chains, func(c chain) bool {
			return c.name != "plays" && len(c.fitting([]rollup.Dimension{d}, needs{})) > 0
		})
	}
	return Description{
		Metrics: metrics, Functions: functions(metrics), Dimensions: dims, Grains: Grains(), Comparisons: Comparisons(),
		Timezone: e.opts.ReportTZ.String(),
		Limits: Limits{
			Rows: MaxRows, Metrics: MaxMetrics, Dimensions: MaxDimensions, Filters: MaxFilters, Values: MaxValues,
			PulseHours: int(e.opts.Retention.PulseMS / rollup.HourMS),
			HourDays:   int(e.opts.Retention.TitleHourMS / (24 * rollup.HourMS)),
			MinViewers: max(0, e.opts.MinViewers),
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
	p := &planner{now: start.UnixMilli(), chains: e.chains, keep: e.opts.Retention, min: e.opts.MinViewers, report: newCalendar(e.opts.ReportTZ)}
	if e.opts.Catalog != nil && r.needsCatalog() {
		p.catalog = e.opts.Catalog()
	}
	if r.fromStart {
		if p.first, err = e.firstData(ctx, p); err != nil {
			return nil, err
		}
	}
	pl, err := p.plan(r)
	if err != nil {
		return nil, err
	}
	x := &execution{scanner: e.scanner, r: r, p: pl, planner: p, clock: e.opts.Clock, present: p.now, groups: newGroupSet(), min: e.opts.MinViewers, maxGroups: e.opts.MaxGroups}
	res, err := x.run(ctx)
	if err != nil {
		if q := new(QueryError); errors.As(err, &q) {
			return nil, q
		}
		return nil, fmt.Errorf("answer a query: %w", err)
	}
	res.Meta.ElapsedMS = float64(e.opts.Clock().Sub(start).Microseconds()) / 1000
	return res, nil
}

// firstData is the start of the first day that is kept of plays or of
// impressions, epoch ms, 0 if none.
func (e *Engine) firstData(ctx context.Context, p *planner) (int64, error) {
	day := p.report.floorDay(p.now)
	first := int64(0)
	for _, s := range []rollup.Source{rollup.SourceTitleDay, rollup.SourceCreativeDay, rollup.SourceSearchDay} {
		if !rollup.Covers(s, nil) {
			continue
		}
		res, err := e.scanner.Scan(ctx, rollup.Scan{Source: s, From: day, To: p.report.ceilDay(day + 1)})
		if err != nil {
			return 0, fmt.Errorf("find the first data: %w", err)
		}
		if res.FirstData != 0 && (first == 0 || res.FirstData < first) {
			first = res.FirstData
		}
	}
	return first, nil
}

// needsCatalog says whether the answer has something of the catalogue's in it.
func (r *request) needsCatalog() bool {
	for i := range r.metrics {
		if n := r.metrics[i].needs(); n.runtimes || n.hours {
			return true
		}
	}
	for _, d := range r.dims {
		if d.Attribute != "" {
			return true
		}
	}
	return false
}
