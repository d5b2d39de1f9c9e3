package metric

import (
	"fmt"

	"playhead/internal/rollup"
)

// window is one stretch of time that a plan scans.
type window struct {
	from, to int64
	// bounds cut the window into buckets; nil is one bucket.
	bounds []int64
	// labels are what column time shows: the start of each whole bucket.
	labels []int64
}

func (w *window) buckets() int { return max(1, len(w.bounds)-1) }

// bucket is the time of bucket i.
func (w *window) bucket(i int) (from, to int64) {
	if w.bounds == nil {
		return w.from, w.to
	}
	return w.bounds[i], w.bounds[i+1]
}

// undivided is the window as one bucket.
func (w *window) undivided() window { return window{from: w.from, to: w.to} }

// kind is what the answer of a part is for.
type kind uint8

const (
	// ofGroups gives the groups of the answer.
	ofGroups kind = iota
	// ofTitles gives media time title by title, to be divided by runtimes.
	ofTitles
	// ofGauges gives the gauges 10 s by 10 s.
	ofGauges
)

// part is one set of scans of a plan: one source's chain, one set of dimensions.
type part struct {
	kind  kind
	chain *chain
	needs needs
	// by starts with the dimensions of the answer's groups; what follows is folded.
	by    []rollup.Dimension
	where []rollup.Filter
	// now and before are how the windows are covered by cells.
	now, before cover
	// top prunes a scan that ranks; nil is none.
	top *rollup.Top
	// all: it is about all groups together, those beyond the limit too.
	all bool
	// audience: it names dimensions of people, see private.go.
	audience bool
	about    rollup.Dimension
	// atoms are the dimensions of the fixed cells, those of by first.
	atoms []rollup.Dimension
	// whole and total are what the groups are a part of; nil when not needed.
	whole, total *part
}

// plan is how a request is answered.
type plan struct {
	parts []*part
	// of is, for each metric of the request, the parts that it is computed from.
	of [][]*part
	// titles and gauges are what views and peaks are computed from; nil for none.
	titles, titlesTotal, gauges, gaugesTotal *part

	current  window
	previous *window
	// groups is how many groups may be returned.
	groups   int
	warnings []string
	// widened is how the cells are cut that the range was widened to.
	widened cut
	// cut is true when groups is smaller than what was asked for.
	cut bool
}

func (p *plan) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, w := range p.warnings {
		if w == text {
			return
		}
	}
	p.warnings = append(p.warnings, text)
}

// windows are those that the plan scans.
func (p *plan) windows() []*window {
	if p.previous == nil {
		return []*window{&p.current}
	}
	return []*window{&p.current, p.previous}
}

// step is one rewrite of a plan; each is a file.
type step func(p *planner, r *request, out *plan) error

// planner knows what the sources hold.
type planner struct {
	now int64
	// first is where all time begins, epoch ms.
	first  int64
	chains []chain
	report calendar
	// catalog is the catalogue by title; nil for none.
	catalog map[string]CatalogTitle
	keep    Retention
	min     int // viewers of a cell of an audience dimension; below 0 is any
	// fromStart: the range starts with the data, so that an earlier start is no other.
	fromStart bool
	// everSince: the range is all time, so that cells of all time answer it.
	everSince bool
}

// steps in the order in which they build on one another.
func steps() []step {
	return []step{planRange, planCompare, planParts, planWhole, planViews, planPeaks, planPrivate, planCover, planLimit, planTop}
}

// plan turns a valid request into scans. Errors are *QueryError.
func (p *planner) plan(r *request) (*plan, error) {
	out := &plan{of: make([][]*part, len(r.metrics))}
	p.fromStart = r.fromStart
	p.everSince = r.fromStart && r.toNow && r.grain == GrainNone
	for _, s := range steps() {
		if err := s(p, r, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SourceName is what meta.rollup says.
func SourceName(s rollup.Source) string {
	names := [rollup.SourceCount]string{
		rollup.SourcePulse: "pulse", rollup.SourceTitleHour: "title_hour", rollup.SourceTitleDay: "title_day", rollup.SourcePlays: "plays",
		rollup.SourceQualityMinute: "quality_minute", rollup.SourceQualityHour: "quality_hour", rollup.SourceQualityDay: "quality_day",
		rollup.SourceCreativeDay: "creative_day", rollup.SourceCreativeWeek: "creative_week", rollup.SourceCreativeAll: "creative_all",
		rollup.SourceLabelDay: "label_day", rollup.SourceAffinityDay: "affinity_day", rollup.SourceOverlapMonth: "overlap_month",
		rollup.SourceSampleDay: "sample_day", rollup.SourceSearchDay: "search_day",
		rollup.SourceAffinityWeek: "affinity_week",
	}
	if s >= rollup.SourceCount {
		return ""
	}
	return names[s]
}
