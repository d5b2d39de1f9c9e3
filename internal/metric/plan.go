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

// plan is how a request is answered.
type plan struct {
	source   rollup.Source
	current  window
	previous *window
	// groups is how many groups may be returned.
	groups   int
	warnings []string
	// cut is true when groups is smaller than what was asked for.
	cut bool
}

func (p *plan) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

// step is one rewrite of a plan; each is a file.
type step func(p *planner, r *request, out *plan) error

// planner knows what the sources hold.
type planner struct {
	now int64
	// first is where all time begins, epoch ms.
	first  int64
	limits Retention
	report calendar
}

// steps in the order in which they build on one another.
func steps() []step {
	return []step{planRange, planCompare, planSource, planWiden, planLimit}
}

// plan turns a valid request into scans. Errors are *QueryError.
func (p *planner) plan(r *request) (*plan, error) {
	out := &plan{}
	for _, s := range steps() {
		if err := s(p, r, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SourceName is what meta.rollup says.
func SourceName(s rollup.Source) string {
	switch s {
	case rollup.SourcePulse:
		return "pulse"
	case rollup.SourceTitleHour:
		return "title_hour"
	case rollup.SourceTitleDay:
		return "title_day"
	}
	return "plays"
}
