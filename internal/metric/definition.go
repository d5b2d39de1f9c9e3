package metric

import (
	"playhead/internal/rollup"
)

// Unit is what a number counts.
type Unit string

// Units of metrics. A ratio is 0–1.
const (
	UnitCount   Unit = "count"
	UnitMS      Unit = "ms"
	UnitHours   Unit = "hours"
	UnitRatio   Unit = "ratio"
	UnitPerHour Unit = "per_hour"
)

// ViewersError is the relative standard error of a distinct count: 1.04/√4096
// for HLL at lgK 12, rounded as it is quoted.
const ViewersError = 0.016

// Input is everything a metric may be computed from: the sums of one cell.
type Input struct {
	Measures rollup.Measures
	// Viewers is the estimated number of distinct viewers.
	Viewers float64
	// Boundaries is how many 10 s boundaries the cell's time spans, none later
	// than the answer is fresh to.
	Boundaries int64
	// SpanMS is that time in ms.
	SpanMS int64
}

// Definition is one metric, declared once.
type Definition struct {
	Name        string `json:"name" doc:"What queries call it."`
	Title       string `json:"title" doc:"What people call it."`
	Description string `json:"description" doc:"What it says, in one or two sentences."`
	Unit        Unit   `json:"unit" enum:"count,ms,hours,ratio,per_hour" doc:"What the number counts; a ratio is 0 to 1."`
	Formula     string `json:"formula" doc:"How it is computed."`
	Denominator string `json:"denominator" doc:"What it is a share or a mean of; empty for sums."`
	DatedBy     string `json:"dated_by" doc:"Which moment decides in which time bucket it counts."`
	Source      string `json:"source" doc:"Where the definition comes from."`
	Additive    bool   `json:"additive" doc:"Whether the figures of groups or buckets may be added up."`
	// Approximate is the relative standard error, 0 when exact.
	Approximate float64 `json:"approximate" doc:"Relative standard error; 0 when exact."`
	Version     int     `json:"version" doc:"A changed definition is a new version."`
	// Higher says which direction is good: 1 more, -1 less, 0 neither.
	Higher int `json:"higher_is" enum:"-1,0,1" doc:"1 if more is better, -1 if less is, 0 if neither."`

	integer bool
	viewers bool
	gauge   bool // counts viewers at boundaries
	eval    func(Input) (float64, bool)
}

// Eval computes the metric. ok is false when its denominator is zero.
func (d *Definition) Eval(in Input) (value float64, ok bool) { return d.eval(in) }

// NeedsViewers reports whether the distinct viewers have to be scanned for it.
func (d *Definition) NeedsViewers() bool { return d.viewers }

const (
	cta      = "CTA-2066"
	house    = "Playhead"
	atFrame  = "first frame"
	atAsk    = "request"
	atMoment = "when it happens"
)

// Definitions are all metrics, in the order in which they are shown.
func Definitions() []Definition {
	var all []Definition
	all = append(all, engagement()...)
	all = append(all, gauges()...)
	all = append(all, quality()...)
	all = append(all, failures()...)
	for i := range all {
		all[i].Version = max(all[i].Version, 1)
	}
	return all
}

func engagement() []Definition {
	return []Definition{
		{
			Name: "plays", Title: "Plays", Unit: UnitCount, DatedBy: atFrame, Source: cta, Additive: true, Higher: 1,
			Description: "Plays that showed a first frame.", Formula: "count(first frames)",
			integer: true, eval: sum(rollup.Plays),
		}, {
			Name: "play_requests", Title: "Play requests", Unit: UnitCount, DatedBy: atAsk, Source: cta, Additive: true, Higher: 1,
			Description: "Attempts to watch, whether or not they showed a picture.", Formula: "count(requests)",
			integer: true, eval: sum(rollup.PlayRequests),
		}, {
			Name: "viewers", Title: "Viewers", Unit: UnitCount, DatedBy: atFrame, Source: house, Approximate: ViewersError, Higher: 1,
			Description: "Distinct viewers who saw a first frame. Viewers known only by a session are left out; meta.identity_coverage says how many plays that concerns.",
			Formula:     "distinct(viewer of first frames)", integer: true, viewers: true,
			eval: func(in Input) (float64, bool) { return in.Viewers, true },
		}, {
			Name: "watch_hours", Title: "Watch hours", Unit: UnitHours, DatedBy: atMoment, Source: cta + " watchedTime", Additive: true, Higher: 1,
			Description: "Time from request to pause, end or failure: with startup, stalls and seeks, without pauses and ads.",
			Formula:     "Σ watched time / 1 h", eval: scaled(rollup.WatchMS, hourMS),
		}, {
			Name: "media_hours", Title: "Media hours", Unit: UnitHours, DatedBy: atMoment, Source: house, Additive: true, Higher: 1,
			Description: "Time in which content advanced on the screen.",
			Formula:     "Σ time in playing / 1 h", eval: scaled(rollup.MediaMS, hourMS),
		}, {
			Name: "play_completion_rate", Title: "Completion rate", Unit: UnitRatio, DatedBy: atFrame, Source: house, Higher: 1,
			Description: "Share of plays of which at least 90 % of the media was watched, each second counted once.",
			Formula:     "completed plays / measured plays", Denominator: "plays with a position and a duration",
			eval: ratio(rollup.CompletedPlays, rollup.MeasuredPlays),
		}, {
			Name: "completed_plays", Title: "Completed plays", Unit: UnitCount, DatedBy: atFrame, Source: house, Additive: true, Higher: 1,
			Description: "Plays of which at least 90 % of the media was watched.", Formula: "count(completed plays)",
			integer: true, eval: sum(rollup.CompletedPlays),
		},
	}
}

func gauges() []Definition {
	return []Definition{
		{
			Name: "concurrent_viewers", Title: "Concurrent viewers", Unit: UnitCount, DatedBy: "10 s boundaries of event time", Source: house, Higher: 1,
			Description: "Distinct viewers with an active play at a 10 s boundary; in coarser buckets the mean over the boundaries. Viewers known only by a session are counted.",
			Formula:     "Σ viewers active at a boundary / boundaries", Denominator: "10 s boundaries of the bucket, none later than meta.fresh_to", gauge: true,
			eval: gauge(rollup.ViewerMarks),
		}, {
			Name: "concurrent_plays", Title: "Concurrent plays", Unit: UnitCount, DatedBy: "10 s boundaries of event time", Source: house, Higher: 1,
			Description: "Plays in requested, starting, playing, ad, seeking or stalled (at most 5 min) with evidence within two heartbeats, at a 10 s boundary; in coarser buckets the mean. Paused plays are not counted.",
			Formula:     "Σ plays active at a boundary / boundaries", Denominator: "10 s boundaries of the bucket, none later than meta.fresh_to",
			eval: gauge(rollup.PlayMarks),
		}, {
			Name: "average_minute_audience", Title: "Average minute audience", Unit: UnitCount, DatedBy: atMoment, Source: "television measurement", Higher: 1,
			Description: "Viewers that an average minute of the window had.",
			Formula:     "viewer-minutes of media / minutes", Denominator: "minutes of the window, none later than meta.fresh_to",
			eval: func(in Input) (float64, bool) {
				return float64(in.Measures[rollup.MediaMS]) / float64(in.SpanMS), in.SpanMS > 0
			},
		},
	}
}

func quality() []Definition {
	return []Definition{
		{
			Name: "startup_time", Title: "Startup time", Unit: UnitMS, DatedBy: atFrame, Source: cta, Higher: -1,
			Description: "Mean time from request to first frame.", Formula: "Σ (first frame − request) / plays",
			Denominator: "plays with a first frame whose request is known", eval: ratio(rollup.StartupMS, rollup.StartupCount),
		}, {
			Name: "rebuffering_ratio", Title: "Rebuffering ratio", Unit: UnitRatio, DatedBy: atMoment, Source: cta, Higher: -1,
			Description: "Share of watched time that viewers waited in stalls of more than 50 ms, those after a seek included.",
			Formula:     "Σ stall time / Σ watched time", Denominator: "watched time", eval: ratio(rollup.StallMS, rollup.WatchMS),
		}, {
			Name: "connection_rebuffering_ratio", Title: "Connection rebuffering ratio", Unit: UnitRatio, DatedBy: atMoment, Source: cta, Higher: -1,
			Description: "The rebuffering ratio without stalls that begin within 3 s of a seek.",
			Formula:     "(Σ stall time − Σ seek-caused stall time) / Σ watched time", Denominator: "watched time",
			eval: func(in Input) (float64, bool) {
				m := &in.Measures
				return float64(m[rollup.StallMS]-m[rollup.SeekStallMS]) / float64(m[rollup.WatchMS]), m[rollup.WatchMS] > 0
			},
		}, {
			Name: "stalls", Title: "Stalls", Unit: UnitCount, DatedBy: "the stall's begin", Source: cta, Additive: true, Higher: -1,
			Description: "Waits of more than 50 ms after the first frame.", Formula: "count(stalls)",
			integer: true, eval: sum(rollup.Stalls),
		}, {
			Name: "stalls_per_hour", Title: "Stalls per hour", Unit: UnitPerHour, DatedBy: atMoment, Source: house, Higher: -1,
			Description: "How often an hour of playing was interrupted.", Formula: "stalls / media hours", Denominator: "media hours",
			eval: func(in Input) (float64, bool) {
				m := &in.Measures
				return float64(m[rollup.Stalls]) * float64(hourMS) / float64(m[rollup.MediaMS]), m[rollup.MediaMS] > 0
			},
		},
	}
}

func failures() []Definition {
	return []Definition{
		{
			Name: "exits_before_video_start", Title: "Exits before video start", Unit: UnitRatio, DatedBy: atAsk, Source: cta, Higher: -1,
			Description: "Share of attempts that ended before a first frame without a fatal error.",
			Formula:     "exits / requests", Denominator: "play requests", eval: ratio(rollup.Exits, rollup.PlayRequests),
		}, {
			Name: "video_start_failure_rate", Title: "Video start failures", Unit: UnitRatio, DatedBy: atAsk, Source: cta, Higher: -1,
			Description: "Share of attempts that a fatal error ended before a first frame.",
			Formula:     "start failures / requests", Denominator: "play requests", eval: ratio(rollup.StartFailures, rollup.PlayRequests),
		}, {
			Name: "video_playback_failure_rate", Title: "Playback failures", Unit: UnitRatio, DatedBy: "the end of the play", Source: cta, Higher: -1,
			Description: "Share of ended plays that a fatal error ended after the first frame.",
			Formula:     "playback failures / ended plays", Denominator: "ended plays with a first frame",
			eval: ratio(rollup.PlaybackFailures, rollup.EndedPlays),
		}, {
			Name: "ended_plays", Title: "Ended plays", Unit: UnitCount, DatedBy: "the end of the play", Source: cta, Additive: true,
			Description: "Plays with a first frame that ended, failures included.", Formula: "count(ends)",
			integer: true, eval: sum(rollup.EndedPlays),
		},
	}
}

const hourMS = rollup.HourMS

func sum(m rollup.Measure) func(Input) (float64, bool) {
	return func(in Input) (float64, bool) { return float64(in.Measures[m]), true }
}

func scaled(m rollup.Measure, by int64) func(Input) (float64, bool) {
	return func(in Input) (float64, bool) { return float64(in.Measures[m]) / float64(by), true }
}

func ratio(num, den rollup.Measure) func(Input) (float64, bool) {
	return func(in Input) (float64, bool) {
		d := in.Measures[den]
		return float64(in.Measures[num]) / float64(d), d > 0
	}
}

func gauge(m rollup.Measure) func(Input) (float64, bool) {
	return func(in Input) (float64, bool) {
		return float64(in.Measures[m]) / float64(in.Boundaries), in.Boundaries > 0
	}
}
