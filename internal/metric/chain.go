package metric

import (
	"slices"

	"playhead/internal/rollup"
)

// chain is a roll-up with its grains: cells of one shape, wide ones for long
// ranges and narrow ones for their edges and for what is young.
type chain struct {
	name string
	// levels from the widest cells to the narrowest.
	levels []level
}

// level is one source of a chain.
type level struct {
	source rollup.Source
	cut    cut
	// keep is for how long the cells are kept, ms; 0 is for ever.
	keep     int64
	measures uint64 // a bit a rollup.Measure
	sketches rollup.SketchSet
	faces    [][]rollup.Dimension
	// extra are dimensions that the cells have besides those asked for: scanned
	// too, and folded.
	extra []rollup.Dimension
}

// cut is how the cells of a source are cut in time.
type cut uint8

const (
	cutExact cut = iota // no cells: any moment
	cut10s
	cutMinute
	cutHour
	cutDay // days and weeks in the report time zone
	cutWeek
	cutEver // one cell for all time
)

// width is how long a cell is, ms, roughly.
func (c cut) width() int64 {
	return [...]int64{
		cutExact: 1, cut10s: rollup.PulseMS, cutMinute: rollup.MinuteMS, cutHour: rollup.HourMS,
		cutDay: 24 * rollup.HourMS, cutWeek: 7 * 24 * rollup.HourMS, cutEver: 1 << 60,
	}[c]
}

// cellName is what a warning calls the cells.
func (c cut) cellName() string {
	return [...]string{"moments", "tens of seconds", "minutes", "hours", "days", "weeks", "all time"}[c]
}

// set is a set of measures.
func set(list ...rollup.Measure) (bits uint64) {
	for _, m := range list {
		bits |= 1 << m
	}
	return bits
}

// chains in the order in which they are preferred.
func chains(keep Retention) []chain {
	of := func(s rollup.Source, c cut, keep int64) level {
		l := level{source: s, cut: c, keep: keep, faces: facesOf(s)}
		l.measures, l.sketches = carried(s)
		return l
	}
	return []chain{
		{"title", []level{of(rollup.SourceTitleDay, cutDay, 0), of(rollup.SourceTitleHour, cutHour, keep.TitleHourMS), of(rollup.SourcePulse, cut10s, keep.PulseMS)}},
		{"quality", []level{
			of(rollup.SourceQualityDay, cutDay, 0), of(rollup.SourceQualityHour, cutHour, keep.QualityHourMS),
			of(rollup.SourceQualityMinute, cutMinute, keep.QualityMinuteMS),
		}},
		{"label", []level{of(rollup.SourceLabelDay, cutDay, 0)}},
		{"affinity", []level{of(rollup.SourceAffinityWeek, cutWeek, 0), of(rollup.SourceAffinityDay, cutDay, 0)}},
		{"creative", []level{of(rollup.SourceCreativeAll, cutEver, 0), of(rollup.SourceCreativeWeek, cutWeek, 0), of(rollup.SourceCreativeDay, cutDay, 0)}},
		{"search", []level{of(rollup.SourceSearchDay, cutDay, 0)}},
		{"plays", []level{of(rollup.SourcePlays, cutExact, 0)}},
	}
}

// population is the sketch of everybody whom a cell of the chain is about.
func (c *chain) population() rollup.Sketch {
	if c.name == "creative" {
		return rollup.Reached
	}
	return rollup.Viewers
}

// holds are the needs that cells of the chain hold.
func (c *chain) holds(n needs) needs {
	var measures uint64
	var sketches rollup.SketchSet
	for i := range c.levels {
		measures |= c.levels[i].measures
		sketches |= c.levels[i].sketches
	}
	n.measures &= measures
	n.sketches &= sketches
	return n
}

func (n needs) empty() bool { return n.measures == 0 && n.sketches == 0 }

func (n needs) equal(o needs) bool { return n.measures == o.measures && n.sketches == o.sketches }

// none says whether a group of unknown values has nothing of what is needed, but
// only something else: a session without a title is no title.
func (n needs) none(g *rollup.Group) bool {
	if len(g.Keys) == 0 || slices.ContainsFunc(g.Keys, func(v string) bool { return v != "" }) {
		return false
	}
	for m := range g.Measures {
		if n.measures>>m&1 == 1 && g.Measures[m] != 0 {
			return false
		}
	}
	return g.Sketches.IsEmpty()
}

// without are the needs that o does not give.
func (n needs) without(o needs) needs {
	n.measures &^= o.measures
	n.sketches &^= o.sketches
	return n
}

// fit is the level as it answers by the dimensions: by cells of exactly them, or
// of a few more that are folded. Distinct gauges and values of which a play has
// several do not fold.
func (l level) fit(dims []rollup.Dimension, n needs) (level, bool) {
	if n.measures&^l.measures != 0 || n.sketches&^l.sketches != 0 {
		return l, false
	}
	if l.source == rollup.SourcePlays {
		return l, playsCover(dims)
	}
	best := -1
	for i, face := range l.faces {
		extra, folds := 0, true
		for _, d := range face {
			if !slices.Contains(dims, d) {
				extra++
				folds = folds && !d.MultiValued() && n.measures&set(rollup.ViewerMarks) == 0
			}
		}
		missing := slices.ContainsFunc(dims, func(d rollup.Dimension) bool { return !slices.Contains(face, d) })
		if !missing && folds && (best < 0 || len(face) < len(l.faces[best])) {
			best = i
		}
	}
	if best < 0 {
		return l, false
	}
	l.extra = slices.DeleteFunc(slices.Clone(l.faces[best]), func(d rollup.Dimension) bool { return slices.Contains(dims, d) })
	return l, true
}

// playsCover says whether single plays know the dimensions, of which they fan out
// at most one.
func playsCover(dims []rollup.Dimension) bool {
	many := 0
	for _, d := range dims {
		if d.MultiValued() {
			many++
		}
	}
	return many <= 1 && rollup.Covers(rollup.SourcePlays, dims)
}

// fitting are the levels that give what is needed by the dimensions.
func (c *chain) fitting(dims []rollup.Dimension, n needs) []level {
	var out []level
	for _, l := range c.levels {
		if fit, ok := l.fit(dims, n); ok {
			out = append(out, fit)
		}
	}
	return out
}

// groupedBy names the dimensions that something can be grouped by, alone.
func groupedBy(n needs, kept []chain, all []Dimension) []string {
	out := []string{}
	for _, d := range all {
		if d.Attribute != "" {
			continue
		}
		dims := []rollup.Dimension{d.physical}
		if n.runtimes && d.physical != rollup.Title {
			dims = append(dims, rollup.Title)
		}
		if n.runtimes {
			n.measure(rollup.MediaMS)
		}
		if n.peaks {
			n.measure(rollup.ViewerMarks)
		}
		rest := n
		for _, c := range kept {
			if n.peaks && c.name != "title" {
				continue
			}
			for _, l := range c.levels {
				some := n
				some.measures &= l.measures
				some.sketches &= l.sketches
				if fit, ok := l.fit(dims, some); ok && (!n.peaks || fit.source == rollup.SourcePulse) {
					rest = rest.without(some)
				}
			}
		}
		if rest.empty() {
			out = append(out, d.Name)
		}
	}
	return out
}
