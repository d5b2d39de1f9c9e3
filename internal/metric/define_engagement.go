package metric

import "playhead/internal/rollup"

func engagement() []Definition {
	return []Definition{
		{
			Name: "plays", Title: "Plays", Unit: UnitCount, DatedBy: atFrame, Source: cta, Additive: true, Higher: 1,
			Description: "Plays that showed a first frame.", Formula: "count(first frames)",
			integer: true, expr: sum(rollup.Plays),
		}, {
			Name: "play_requests", Title: "Play requests", Unit: UnitCount, DatedBy: atAsk, Source: cta, Additive: true, Higher: 1,
			Description: "Attempts to watch, whether or not they showed a picture.", Formula: "count(requests)",
			integer: true, expr: sum(rollup.PlayRequests),
		}, {
			Name: "media_hours", Title: "Media hours", Unit: UnitHours, DatedBy: atMoment, Source: house, Additive: true, Higher: 1,
			Description: "Time in which content advanced on the screen.",
			Formula:     "Σ time in playing / 1 h", expr: per{sum(rollup.MediaMS), hourMS},
		}, {
			Name: "watch_hours", Title: "Watch hours", Unit: UnitHours, DatedBy: atMoment, Source: cta + " watchedTime", Additive: true, Higher: 1,
			Description: "Time from request to pause, end or failure: with startup, stalls and seeks, without pauses and ads.",
			Formula:     "Σ watched time / 1 h", expr: per{sum(rollup.WatchMS), hourMS},
		}, {
			Name: "views", Title: "Views", Unit: UnitCount, DatedBy: atMoment, Source: "Netflix Engagement Report", Additive: true, Higher: 1,
			Description: "Media hours divided by the runtime of the catalogue, title by title. Titles without a runtime are left out; a warning says how much of the media time they have.",
			Formula:     "Σ over titles (media time / runtime)", expr: views{},
		}, {
			Name: "play_completion_rate", Title: "Completion rate", Unit: UnitRatio, DatedBy: atFrame, Source: house, Higher: 1,
			Description: "Share of plays of which at least 90 % of the media was watched, each second counted once.",
			Formula:     "completed plays / measured plays", Denominator: "plays with a position and a duration",
			expr: over{sum(rollup.CompletedPlays), sum(rollup.MeasuredPlays)},
		}, {
			Name: "average_percentage_viewed", Title: "Average percentage viewed", Unit: UnitRatio, DatedBy: atFrame, Source: "YouTube Analytics", Higher: 1,
			Description: "Mean share of its media that a play showed, each second counted once, at most 1. Plays that are still open are not in it yet.",
			Formula:     "Σ min(1, distinct media watched / duration) / viewed plays", Denominator: "plays with a position and a duration that are over",
			expr: over{per{sum(rollup.ViewedMillionths), 1_000_000}, sum(rollup.ViewedPlays)},
		}, {
			Name: "completed_plays", Title: "Completed plays", Unit: UnitCount, DatedBy: atFrame, Source: house, Additive: true, Higher: 1,
			Description: "Plays of which at least 90 % of the media was watched.", Formula: "count(completed plays)",
			integer: true, expr: sum(rollup.CompletedPlays),
		}, {
			Name: "measured_share", Title: "Measured plays", Unit: UnitRatio, DatedBy: atFrame, Source: house, Higher: 1,
			Description: "Share of plays with a position and a duration: what the completion rate stands on.",
			Formula:     "measured plays / plays", Denominator: "plays", expr: over{sum(rollup.MeasuredPlays), sum(rollup.Plays)},
		}, {
			Name: "ended_plays", Title: "Ended plays", Unit: UnitCount, DatedBy: atEnd, Source: cta, Additive: true,
			Description: "Plays with a first frame that ended, failures included.", Formula: "count(ends)",
			integer: true, expr: sum(rollup.EndedPlays),
		}, {
			Name: "pauses_per_hour", Title: "Pauses per hour", Unit: UnitPerHour, DatedBy: atMoment, Source: house,
			Description: "How often an hour of playing was paused.", Formula: "pauses / media hours", Denominator: "media hours",
			expr: perHour(rollup.Pauses),
		}, {
			Name: "rewinds_per_hour", Title: "Rewinds per hour", Unit: UnitPerHour, DatedBy: atMoment, Source: house,
			Description: "Seeks back by more than 2 s.", Formula: "rewinds / media hours", Denominator: "media hours",
			expr: perHour(rollup.Rewinds),
		}, {
			Name: "skips_per_hour", Title: "Skips per hour", Unit: UnitPerHour, DatedBy: atMoment, Source: house,
			Description: "Seeks forward by more than 2 s.", Formula: "skips / media hours", Denominator: "media hours",
			expr: perHour(rollup.Skips),
		},
	}
}

// perHour is a count by media hours.
func perHour(m rollup.Measure) expr { return times{over{sum(m), sum(rollup.MediaMS)}, hourMS} }

func audience() []Definition {
	people := func(name, title, description, formula string, s rollup.Sketch, dated string) Definition {
		return Definition{
			Name: name, Title: title, Unit: UnitCount, DatedBy: dated, Source: house, Approximate: ViewersError, Higher: 1,
			Description: description, Formula: formula, integer: true, expr: distinct(s),
		}
	}
	return []Definition{
		people("viewers", "Viewers",
			"Distinct viewers who saw a first frame. Viewers known only by a session are left out; meta.identity_coverage says how many plays that concerns.",
			"distinct(viewer of first frames)", rollup.Viewers, atFrame),
		{
			Name: "new_viewers", Title: "New viewers", Unit: UnitCount, DatedBy: atFrame, Source: house, Additive: true, Higher: 1,
			Description: "First plays of a viewer on the service within 28 days.", Formula: "count(first plays in 28 days)",
			integer: true, expr: sum(rollup.NewViewers),
		}, {
			Name: "returning_viewers", Title: "Returning viewers", Unit: UnitCount, DatedBy: atFrame, Source: house, Higher: 1,
			Description: "Viewers whose first play in 28 days was before the window.", Formula: "viewers − new viewers",
			Approximate: ViewersError, Varies: true, integer: true, expr: minus{distinct(rollup.Viewers), sum(rollup.NewViewers)},
		},
		people("starters", "Starters", "Distinct viewers whose plays of a title within 28 days cover at least 2 min of it.",
			"distinct(viewers with ≥ 2 min of the title)", rollup.Starters, atPicture),
		people("watchers", "Watchers", "Distinct viewers whose plays of a title within 28 days cover at least 70 % of it.",
			"distinct(viewers with ≥ 70 % of the title)", rollup.Watchers, atPicture),
		people("completers", "Completers", "Distinct viewers whose plays of a title within 28 days cover at least 90 % of it.",
			"distinct(viewers with ≥ 90 % of the title)", rollup.Completers, atPicture),
		people("season_starters", "Season starters", "Distinct viewers who started a season; its id is the title. Kept by title.",
			"distinct(viewers with ≥ 2 min of the season)", rollup.SeasonStarters, atPicture),
		people("season_watchers", "Season watchers", "Distinct viewers whose plays cover at least 70 % of a season's running time; its id is the title.",
			"distinct(viewers with ≥ 70 % of the season)", rollup.SeasonWatchers, atPicture),
		people("season_completers", "Season completers", "Distinct viewers whose plays cover at least 90 % of a season's running time; its id is the title.",
			"distinct(viewers with ≥ 90 % of the season)", rollup.SeasonCompleters, atPicture),
		{
			Name: "completer_rate", Title: "Starters who complete", Unit: UnitRatio, DatedBy: atPicture, Source: house, Higher: 1,
			Description: "Share of a title's starters who completed it.", Formula: "completers / starters", Denominator: "starters",
			Approximate: RatioError, expr: capped{over{distinct(rollup.Completers), distinct(rollup.Starters)}},
		},
	}
}

func gauges() []Definition {
	return []Definition{
		{
			Name: "concurrent_viewers", Title: "Concurrent viewers", Unit: UnitCount, DatedBy: atGauge, Source: house, Higher: 1,
			Description: "Distinct viewers with an active play at a 10 s boundary; in coarser buckets the mean over the boundaries. Viewers known only by a session are counted.",
			Formula:     "Σ viewers active at a boundary / boundaries", Denominator: "10 s boundaries of the bucket, none later than meta.fresh_to",
			expr: gauge(rollup.ViewerMarks),
		}, {
			Name: "concurrent_plays", Title: "Concurrent plays", Unit: UnitCount, DatedBy: atGauge, Source: house, Higher: 1,
			Description: "Plays in requested, starting, playing, ad, seeking or stalled (at most 5 min) with evidence within two heartbeats, at a 10 s boundary; in coarser buckets the mean. Paused plays are not counted.",
			Formula:     "Σ plays active at a boundary / boundaries", Denominator: "10 s boundaries of the bucket, none later than meta.fresh_to",
			expr: gauge(rollup.PlayMarks),
		}, {
			Name: "peak_concurrent_viewers", Title: "Peak concurrent viewers", Unit: UnitCount, DatedBy: atGauge, Source: house, Higher: 1,
			Description: "The largest reading of concurrent viewers at a 10 s boundary, for all or by one dimension, while cells of 10 s are kept.",
			Formula:     "max over boundaries (viewers active)", integer: true, expr: peak(rollup.ViewerMarks),
		}, {
			Name: "peak_concurrent_plays", Title: "Peak concurrent plays", Unit: UnitCount, DatedBy: atGauge, Source: house, Higher: 1,
			Description: "The largest reading of concurrent plays at a 10 s boundary, for all or by one dimension, while cells of 10 s are kept.",
			Formula:     "max over boundaries (plays active)", integer: true, expr: peak(rollup.PlayMarks),
		}, {
			Name: "average_minute_audience", Title: "Average minute audience", Unit: UnitCount, DatedBy: atMoment, Source: "television measurement", Higher: 1,
			Description: "Viewers that an average minute of the window had.",
			Formula:     "viewer-minutes of media / minutes", Denominator: "minutes of the window, none later than meta.fresh_to",
			expr: average(rollup.MediaMS),
		},
	}
}

func sessions() []Definition {
	return []Definition{
		{
			Name: "sessions", Title: "Sessions", Unit: UnitCount, DatedBy: atSession, Source: house, Additive: true, Higher: 1,
			Description: "Sessions that are over: a viewer's activity without a gap of more than 30 min.", Formula: "count(sessions)",
			integer: true, expr: sum(rollup.Sessions),
		}, {
			Name: "session_length", Title: "Session length", Unit: UnitMS, DatedBy: atSession, Source: house, Higher: 1,
			Description: "Mean time from a session's first evidence to its last.", Formula: "Σ (last − first evidence) / sessions",
			Denominator: "sessions that are over", expr: over{sum(rollup.SessionMS), sum(rollup.Sessions)},
		},
		quantileOf("session_length_p50", "Session length, median", "Half of the sessions are shorter.", rollup.SessionLengths, 0.5, atSession, 1),
		quantileOf("session_length_p95", "Session length, 95th percentile", "19 of 20 sessions are shorter.", rollup.SessionLengths, 0.95, atSession, 1),
	}
}

// quantileOf is a quantile of times, in ms.
func quantileOf(name, title, description string, s rollup.Sketch, p float64, dated string, higher int) Definition {
	return Definition{
		Name: name, Title: title, Unit: UnitMS, DatedBy: dated, Source: house, Higher: higher,
		Description: description, Formula: "quantile sketch (KLL, k = 200)", Approximate: QuantileError, ErrorKind: ErrorRank,
		expr: quantile{s, p},
	}
}
