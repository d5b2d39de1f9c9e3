package study

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mathext"

	"playhead/internal/insight"
	"playhead/internal/metric"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// Viewers answers for sets of viewers, which are no sums.
type Viewers interface {
	// Scan gives the sketches of audiences. Errors: rollup.ErrNotCovered, the database's.
	Scan(ctx context.Context, s rollup.Scan) (*rollup.Result, error)
	// Sample is what sampled viewers watched on the days that touch the range.
	Sample(ctx context.Context, s rollup.SampleScan) (*rollup.Sample, error)
}

// Condition is met by a viewer who watched something with one of the values.
type Condition struct {
	Dimension string   `json:"dimension" enum:"title,show,country,device_type,genre,theme,cast,language" doc:"What was watched, or where and on what."`
	In        []string `json:"in" minItems:"1" maxItems:"1000" doc:"One of these."`
}

// SizeAsk asks how many viewers there are of a kind.
type SizeAsk struct {
	All      []Condition // each must be met
	None     []Condition // none may be met
	Beside   []Audience  // others, whose overlap with it is asked for
	From, To time.Time
}

const (
	// audienceDays is the range without a from.
	audienceDays = 28
	// profileRows bounds each part of a profile.
	profileRows = 20
)

// Size estimates an audience from the sample of viewers, and says what it watches
// more than all do. Sizes are rounded to whole min_viewers, and those below it, or
// with so few others, are not told.
func (s *Service) Size(ctx context.Context, q SizeAsk) (*Answer, error) {
	if s.o.Viewers == nil {
		return nil, askError("", "this server keeps no sample of viewers")
	}
	if len(q.All)+len(q.None) == 0 {
		return nil, askError("all", "name at least one condition")
	}
	if err := checkBeside(q.Beside); err != nil {
		return nil, err
	}
	a, start := s.begin(), s.o.Clock()
	w := s.range4weeks(q.From, q.To)
	sample, err := s.o.Viewers.Sample(ctx, rollup.SampleScan{From: w.from.UnixMilli(), To: w.to.UnixMilli()})
	if err != nil {
		return nil, fmt.Errorf("sample viewers: %w", err)
	}
	m := s.matcher()
	its, everybody := newProfile(), newProfile()
	asked, both := Audience{All: q.All, None: q.None}, make([]shared, len(q.Beside))
	size := sample.Size(func(watched []rollup.SampleRow) bool {
		labels := m.labels(watched)
		everybody.add(labels)
		in := asked.holds(labels)
		for i := range q.Beside {
			if q.Beside[i].holds(labels) {
				both[i].other++
				if in {
					both[i].both++
				}
			}
		}
		if !in {
			return false
		}
		its.add(labels)
		return true
	})
	a.meta.Rollup, a.meta.From, a.meta.To = "sample_day", w.from.UTC().Format(time.RFC3339), w.to.UTC().Format(time.RFC3339)
	row := Row{Entity: "audience", Kind: "size", N: size.Sampled, Basis: Observed}
	row.Evidence = map[string]any{"sampled_share": size.Rate, "population": s.rounded(float64(everybody.viewers) / size.Rate)}
	least := float64(s.o.MinViewers)
	if others := float64(everybody.viewers-its.viewers) / size.Rate; size.Size < least || others > 0 && others < least {
		a.meta.Suppressed++
		row.N = 0
		a.warn("Fewer than %d viewers are in it, or not in it: that is not told.", s.o.MinViewers)
		return s.sized(a, start, []Row{row}), nil
	}
	e := sizeInterval(size)
	row.fill(s.coarse(e))
	row.N = int64(s.rounded(float64(size.Sampled)))
	rows := append([]Row{row}, s.overlapRows(a, size, q.Beside, both)...)
	return s.sized(a, start, append(rows, its.against(everybody, size.Rate, least)...)), nil
}

func (s *Service) sized(a *answering, start time.Time, rows []Row) *Answer {
	a.meta.Engine, a.meta.FreshTo = "sample", start.UTC().Format(time.RFC3339)
	return a.done("viewers; of a profile: the share of the audience by the share of all viewers, drawn towards 1", "viewers in the sample", rows)
}

// rounded is a number of viewers to the nearest multiple of min_viewers, so that
// answers cannot be subtracted to single out one.
func (s *Service) rounded(v float64) float64 {
	step := math.Max(1, float64(s.o.MinViewers))
	return math.Round(v/step) * step
}

// coarse rounds an estimate, and its ends outwards.
func (s *Service) coarse(e insight.Estimate) insight.Estimate {
	step := math.Max(1, float64(s.o.MinViewers))
	return insight.Estimate{Value: s.rounded(e.Value), Low: math.Floor(e.Low/step) * step, High: math.Ceil(e.High/step) * step}
}

// sizeInterval is the 95 % interval of a size whose sampled part is Poisson
// (Garwood's with Jeffreys' half), narrowed by the share that is known.
func sizeInterval(size rollup.AudienceSize) insight.Estimate {
	n, open := float64(size.Sampled), math.Sqrt(1-size.Rate)
	low, high := mathext.GammaIncRegInv(n+0.5, 0.025), mathext.GammaIncRegInv(n+0.5, 0.975)
	if n == 0 {
		low = 0
	}
	return insight.Estimate{Value: size.Size, Low: size.Size - (n-low)*open/size.Rate, High: size.Size + (high-n)*open/size.Rate}
}

func (s *Service) range4weeks(from, to time.Time) window {
	if to.IsZero() || to.After(s.o.Clock()) {
		to = s.o.Clock()
	}
	if from.IsZero() {
		from = to.AddDate(0, 0, -audienceDays)
	}
	return window{from, to}
}

func askError(field, message string) error {
	return &metric.QueryError{Fields: []metric.FieldError{{Field: field, Code: "invalid", Message: message}}}
}

// matcher knows the labels of titles.
type matcher struct{ titles map[string][]string }

func (s *Service) matcher() matcher {
	m := matcher{map[string][]string{}}
	for _, t := range s.o.Titles.Titles() {
		var list []string
		for _, d := range []string{"genre", "theme", "cast", "language"} {
			for _, v := range labelsOf(t, d) {
				if v != "" {
					list = append(list, d+":"+v)
				}
			}
		}
		if t.Show != "" {
			list = append(list, "show:"+t.Show)
		}
		m.titles[t.ID] = list
	}
	return m
}

// labels are what a viewer watched, and where and on what, each once.
func (m matcher) labels(watched []rollup.SampleRow) map[string]bool {
	out := map[string]bool{}
	for i := range watched {
		r := &watched[i]
		out["title:"+r.Title], out["country:"+r.Country], out["device_type:"+r.DeviceType] = true, true, true
		for _, l := range m.titles[r.Title] {
			out[l] = true
		}
	}
	return out
}

func meets(labels map[string]bool, c Condition) bool {
	return slices.ContainsFunc(c.In, func(v string) bool { return labels[c.Dimension+":"+v] })
}

// profile is how many sampled viewers have each label.
type profile struct {
	viewers int
	with    map[string]int
}

func newProfile() *profile { return &profile{with: map[string]int{}} }

func (p *profile) add(labels map[string]bool) {
	p.viewers++
	for l := range labels {
		p.with[l]++
	}
}

// against are the labels that stand out of everybody's, strongest first; those of
// fewer viewers than are told are left out.
func (p *profile) against(all *profile, rate, least float64) []Row {
	var names []string
	for l, n := range p.with {
		if float64(n)/rate >= least {
			names = append(names, l)
		}
	}
	slices.Sort(names)
	x, y := make([]insight.Count, len(names)), make([]insight.Count, len(names))
	for i, l := range names {
		x[i] = insight.Count{K: float64(p.with[l]), N: float64(p.viewers)}
		y[i] = insight.Count{K: float64(all.with[l]), N: float64(all.viewers)}
	}
	var rows []Row
	for i, index := range insight.Indexes(x, y) {
		row := Row{Entity: names[i], Kind: "profile_" + names[i][:strings.Index(names[i], ":")], N: int64(x[i].K), Basis: Observed}
		row.fill(index.Value)
		row.Evidence = map[string]any{"share": x[i].K / x[i].N, "share_of_all": y[i].K / y[i].N}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(*b.Low, *a.Low))
	})
	kept, kind, n := rows[:0], "", 0
	for _, r := range rows {
		if r.Kind != kind {
			kind, n = r.Kind, 0
		}
		if n++; n <= profileRows {
			kept = append(kept, r)
		}
	}
	return kept
}

// OverlapAsk asks how far audiences of titles overlap.
type OverlapAsk struct {
	Titles   []string
	From, To time.Time
}

// Overlap is the size of each title's audience and of what each two share, by theta
// sketches of whole months of the report time zone.
func (s *Service) Overlap(ctx context.Context, q OverlapAsk) (*Answer, error) {
	if s.o.Viewers == nil {
		return nil, askError("", "this server keeps no audiences")
	}
	if len(q.Titles) < 2 || len(q.Titles) > 10 {
		return nil, askError("titles", "name 2 to 10 titles")
	}
	a := s.begin()
	w := s.months(s.range4weeks(q.From, q.To))
	res, err := s.o.Viewers.Scan(ctx, rollup.Scan{
		Source: rollup.SourceOverlapMonth, From: w.from.UnixMilli(), To: w.to.UnixMilli(), By: []rollup.Dimension{rollup.Title},
		Where: []rollup.Filter{{Dimension: rollup.Title, In: q.Titles}}, Sketches: rollup.SketchesOf(rollup.Audience),
	})
	if err != nil {
		return nil, fmt.Errorf("read audiences: %w", err)
	}
	sets := map[string]*sketch.Theta{}
	for i := range res.Groups {
		sets[res.Groups[i].Keys[0]] = res.Groups[i].Sketches.Theta(rollup.Audience)
	}
	var rows []Row
	put := func(entity, kind string, set *sketch.Theta) *Row {
		r := Row{Entity: entity, Kind: kind, Basis: Observed, Evidence: map[string]any{}}
		if v := set.Estimate(); v >= float64(s.o.MinViewers) {
			low, high := set.LowerBound(1.96), set.UpperBound(1.96)
			r.fill(s.coarse(insight.Estimate{Value: v, Low: low, High: high}))
			r.N = int64(s.rounded(v))
		} else {
			a.meta.Suppressed++
		}
		rows = append(rows, r)
		return &rows[len(rows)-1]
	}
	for _, id := range q.Titles {
		if sets[id] == nil {
			sets[id] = new(sketch.Theta)
		}
		put(id, "title", sets[id])
	}
	for i, x := range q.Titles {
		for _, y := range q.Titles[i+1:] {
			both := sketch.Intersect(sets[x], sets[y])
			r := put(x+" & "+y, "overlap", both)
			r.Evidence["titles"] = []string{x, y}
			if r.Estimate != nil {
				part := func(of string) *float64 { return number(*r.Estimate / max(s.rounded(sets[of].Estimate()), 1)) }
				r.Evidence["share_of_first"], r.Evidence["share_of_second"] = part(x), part(y)
			}
		}
	}
	if a.meta.Suppressed > 0 {
		a.warn("Audiences and overlaps of fewer than %d viewers are not told.", s.o.MinViewers)
	}
	a.meta.Rollup, a.meta.Engine, a.meta.FreshTo = "overlap_month", res.Engine, time.UnixMilli(res.FreshTo).UTC().Format(time.RFC3339)
	a.meta.From, a.meta.To = w.from.UTC().Format(time.RFC3339), w.to.UTC().Format(time.RFC3339)
	return a.done("distinct viewers", "distinct viewers, estimated", rows), nil
}

// months widens a window to whole months.
func (s *Service) months(w window) window {
	zone := s.zone()
	from, to := w.from.In(zone), w.to.In(zone)
	start, end := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, zone), time.Date(to.Year(), to.Month(), 1, 0, 0, 0, 0, zone)
	if end.Before(to) {
		end = end.AddDate(0, 1, 0)
	}
	return window{start, end}
}
