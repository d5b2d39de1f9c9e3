package metric

import "playhead/internal/rollup"

func quality() []Definition {
	return []Definition{
		{
			Name: "startup_time", Title: "Startup time", Unit: UnitMS, DatedBy: atFrame, Source: cta, Higher: -1,
			Description: "Mean time from request to first frame.", Formula: "Σ (first frame − request) / plays",
			Denominator: "plays with a first frame whose request is known", expr: over{sum(rollup.StartupMS), sum(rollup.StartupCount)},
		},
		quantileOf("startup_time_p50", "Startup time, median", "Half of the plays started sooner.", rollup.StartupTimes, 0.5, atFrame, -1),
		quantileOf("startup_time_p95", "Startup time, 95th percentile", "19 of 20 plays started sooner.", rollup.StartupTimes, 0.95, atFrame, -1),
		{
			Name: "rebuffering_ratio", Title: "Rebuffering ratio", Unit: UnitRatio, DatedBy: atMoment, Source: cta, Higher: -1,
			Description: "Share of watched time that viewers waited in stalls of more than 50 ms, those after a seek included.",
			Formula:     "Σ stall time / Σ watched time", Denominator: "watched time", expr: over{sum(rollup.StallMS), sum(rollup.WatchMS)},
		}, {
			Name: "connection_rebuffering_ratio", Title: "Connection rebuffering ratio", Unit: UnitRatio, DatedBy: atMoment, Source: cta, Higher: -1,
			Description: "The rebuffering ratio without stalls that begin within 3 s of a seek.",
			Formula:     "(Σ stall time − Σ seek-caused stall time) / Σ watched time", Denominator: "watched time",
			expr: over{minus{sum(rollup.StallMS), sum(rollup.SeekStallMS)}, sum(rollup.WatchMS)},
		}, {
			Name: "stalls", Title: "Stalls", Unit: UnitCount, DatedBy: "the stall's begin", Source: cta, Additive: true, Higher: -1,
			Description: "Waits of more than 50 ms after the first frame.", Formula: "count(stalls)",
			integer: true, expr: sum(rollup.Stalls),
		}, {
			Name: "stalls_per_hour", Title: "Stalls per hour", Unit: UnitPerHour, DatedBy: atMoment, Source: house, Higher: -1,
			Description: "How often an hour of playing was interrupted.", Formula: "stalls / media hours", Denominator: "media hours",
			expr: perHour(rollup.Stalls),
		}, {
			Name: "average_bitrate", Title: "Average bitrate", Unit: UnitKbps, DatedBy: atMoment, Source: cta, Higher: 1,
			Description: "Mean bitrate of what was played, weighted by media time; media time with an unknown bitrate is left out.",
			Formula:     "Σ (bitrate × media time) / Σ media time", Denominator: "media time with a known bitrate",
			expr: over{sum(rollup.BitrateMS), sum(rollup.KnownBitrateMS)},
		}, {
			Name: "dropped_frames_per_minute", Title: "Dropped frames per minute", Unit: UnitPerMinute, DatedBy: atMoment, Source: house, Higher: -1,
			Description: "Frames that the player dropped, by minute of playing.", Formula: "Σ dropped frames / media minutes", Denominator: "media minutes",
			expr: times{over{sum(rollup.DroppedFrames), sum(rollup.MediaMS)}, 60_000},
		},
	}
}

func failures() []Definition {
	return []Definition{
		{
			Name: "exits_before_video_start", Title: "Exits before video start", Unit: UnitRatio, DatedBy: atAsk, Source: cta, Higher: -1,
			Description: "Share of attempts that ended before a first frame without a fatal error.",
			Formula:     "exits / requests", Denominator: "play requests", expr: over{sum(rollup.Exits), sum(rollup.PlayRequests)},
		}, {
			Name: "video_start_failure_rate", Title: "Video start failures", Unit: UnitRatio, DatedBy: atAsk, Source: cta, Higher: -1,
			Description: "Share of attempts that a fatal error ended before a first frame.",
			Formula:     "start failures / requests", Denominator: "play requests", expr: over{sum(rollup.StartFailures), sum(rollup.PlayRequests)},
		}, {
			Name: "video_start_failure_rate_technical", Title: "Technical video start failures", Unit: UnitRatio, DatedBy: atAsk, Source: cta, Higher: -1,
			Description: "Share of attempts that a fatal error ended before a first frame, without entitlement and geo-blocks.",
			Formula:     "(start failures − business failures) / requests", Denominator: "play requests",
			expr: over{minus{sum(rollup.StartFailures), sum(rollup.BusinessFailures)}, sum(rollup.PlayRequests)},
		}, {
			Name: "video_start_failure_rate_business", Title: "Business video start failures", Unit: UnitRatio, DatedBy: atAsk, Source: cta, Higher: -1,
			Description: "Share of attempts that were refused before a first frame: entitlement, geo-block.",
			Formula:     "business failures / requests", Denominator: "play requests", expr: over{sum(rollup.BusinessFailures), sum(rollup.PlayRequests)},
		}, {
			Name: "video_playback_failure_rate", Title: "Playback failures", Unit: UnitRatio, DatedBy: atEnd, Source: cta, Higher: -1,
			Description: "Share of ended plays that a fatal error ended after the first frame.",
			Formula:     "playback failures / ended plays", Denominator: "ended plays with a first frame",
			expr: over{sum(rollup.PlaybackFailures), sum(rollup.EndedPlays)},
		}, {
			Name: "playback_failures_ended", Title: "Failed plays", Unit: UnitCount, DatedBy: atEnd, Source: cta, Additive: true, Higher: -1,
			Description: "Plays that a fatal error ended after the first frame.", Formula: "count(playback failures)",
			integer: true, expr: sum(rollup.PlaybackFailures),
		},
	}
}
