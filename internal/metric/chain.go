package metric

import (
	"math/bits"
	"slices"

	"playhead/internal/rollup"
)

// chain is a roll-up with its grains: cells of one shape, wide ones for long
// ranges and narrow ones for their edges and for what is young.
type chain struct {
	name string
	// levels from the widest cells to the narrowest.
	levels   []level
	measures uint64 // a bit a rollup.Measure
	sketches rollup.SketchSet
}

// level is one source of a chain.
type level struct {
	source rollup.Source
	cut    cut
	// keep is for how long the cells are kept, ms; 0 is for ever.
	keep int64
}

// cut is how the cells of a source are cut in time.
type cut uint8

const (
	cutExact cut = iota // no cells: any moment
	cut10s
	cutMinute
	cutHour
	cutDay // days, weeks and months in the report time zone
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

// playing are the measures that plays give, whatever they are grouped by.
func playing() uint64 {
	all := uint64(0)
	for m := rollup.PlayRequests; m <= rollup.NewViewers; m++ {
		all |= 1 << m
	}
	return all
}

// chains in the order in which they are preferred.
func chains(keep Retention) []chain {
	people := rollup.SketchesOf(rollup.Viewers, rollup.Starters, rollup.Watchers, rollup.Completers, rollup.SeasonStarters,
		rollup.SeasonWatchers, rollup.SeasonCompleters, rollup.StartupTimes, rollup.SessionLengths)
	return []chain{
		{
			name: "title", measures: playing() | set(rollup.Sessions, rollup.SessionMS), sketches: people,
			levels: []level{
				{source: rollup.SourceTitleDay, cut: cutDay}, {source: rollup.SourceTitleHour, cut: cutHour, keep: keep.TitleHourMS},
				{source: rollup.SourcePulse, cut: cut10s, keep: keep.PulseMS},
			},
		}, {
			name: "quality", measures: playing() &^ set(rollup.NewViewers), sketches: rollup.SketchesOf(rollup.StartupTimes),
			levels: []level{
				{source: rollup.SourceQualityDay, cut: cutDay}, {source: rollup.SourceQualityHour, cut: cutHour, keep: keep.QualityHourMS},
				{source: rollup.SourceQualityMinute, cut: cutMinute, keep: keep.QualityMinuteMS},
			},
		}, {
			name: "label", measures: playing(), sketches: rollup.SketchesOf(rollup.Viewers, rollup.Starters, rollup.Watchers, rollup.Completers),
			levels: []level{{source: rollup.SourceLabelDay, cut: cutDay}},
		}, {
			name: "affinity", measures: playing(), sketches: rollup.SketchesOf(rollup.Viewers),
			levels: []level{{source: rollup.SourceAffinityDay, cut: cutDay}},
		}, {
			name: "creative", measures: set(rollup.Impressions, rollup.Selects, rollup.EligibleImpressions, rollup.QualifiedPlays, rollup.TakenImpressions,
				rollup.TakenMediaMS, rollup.MomentW, rollup.MomentW2, rollup.MomentWY, rollup.MomentW2Y),
			sketches: rollup.SketchesOf(rollup.Reached, rollup.Eligible, rollup.Takers, rollup.TakeCompleters),
			levels: []level{
				{source: rollup.SourceCreativeAll, cut: cutEver}, {source: rollup.SourceCreativeWeek, cut: cutWeek},
				{source: rollup.SourceCreativeDay, cut: cutDay},
			},
		}, {
			name: "search", measures: set(rollup.Searches, rollup.SearchesEmpty, rollup.SearchesUnselected), sketches: rollup.SketchesOf(rollup.Viewers),
			levels: []level{{source: rollup.SourceSearchDay, cut: cutDay}},
		}, {
			name: "plays", measures: set(rollup.PlayRequests, rollup.Plays, rollup.StartupMS, rollup.StartupCount, rollup.Exits, rollup.StartFailures,
				rollup.PlaybackFailures, rollup.EndedPlays, rollup.WatchMS, rollup.MediaMS, rollup.StallMS, rollup.SeekStallMS, rollup.Stalls,
				rollup.MeasuredPlays, rollup.CompletedPlays, rollup.PlayMarks, rollup.ViewerMarks, rollup.KnownPlays),
			sketches: rollup.SketchesOf(rollup.Viewers),
			levels:   []level{{source: rollup.SourcePlays, cut: cutExact}},
		},
	}
}

// population is the sketch of everybody whom a cell of the chain is about.
func (c *chain) population() rollup.Sketch {
	if c.name == "creative" {
		return rollup.Reached
	}
	return rollup.Viewers
}

// carries says whether the chain's cells hold all of it.
func (c *chain) carries(n needs) bool {
	return n.measures&^c.measures == 0 && n.sketches&^c.sketches == 0
}

// holds are the needs that the chain can give.
func (c *chain) holds(n needs) needs {
	n.measures &= c.measures
	n.sketches &= c.sketches
	return n
}

func (n needs) empty() bool { return n.measures == 0 && n.sketches == 0 }

// without are the needs that o does not give.
func (n needs) without(o needs) needs {
	n.measures &^= o.measures
	n.sketches &^= o.sketches
	return n
}

func (n needs) count() int {
	return bits.OnesCount64(n.measures) + bits.OnesCount32(uint32(n.sketches))
}

// gives says whether a level can answer by the dimensions.
func (l *level) gives(dims []rollup.Dimension) bool {
	if l.source == rollup.SourcePlays && slices.ContainsFunc(dims, func(d rollup.Dimension) bool { return d > rollup.ISP }) {
		return false // a play's row has no impression, label or taste
	}
	return rollup.Covers(l.source, dims)
}

// fitting are the levels that can answer by the dimensions.
func (c *chain) fitting(dims []rollup.Dimension) []level {
	var out []level
	for _, l := range c.levels {
		if l.gives(dims) {
			out = append(out, l)
		}
	}
	return out
}

// groupedBy names the dimensions that something can be grouped by, alone.
func groupedBy(n needs) []string {
	out := []string{}
	for _, d := range Dimensions() {
		if d.Attribute != "" {
			continue
		}
		dims := []rollup.Dimension{d.physical}
		if n.runtimes && d.physical != rollup.Title {
			dims = append(dims, rollup.Title)
			n.measure(rollup.MediaMS)
		}
		if n.peaks {
			n.measure(rollup.ViewerMarks)
		}
		rest := n
		for _, c := range chains(DefaultRetention()) {
			if n.peaks && c.name != "title" {
				continue
			}
			if slices.ContainsFunc(c.levels, func(l level) bool {
				return l.gives(dims) && (!n.peaks || l.source == rollup.SourcePulse)
			}) {
				rest = rest.without(c.holds(n))
			}
		}
		if rest.empty() {
			out = append(out, d.Name)
		}
	}
	return out
}
