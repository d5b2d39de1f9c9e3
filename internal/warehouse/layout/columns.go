package layout

import "playhead/internal/rollup"

// MeasureColumn is the column of a measure.
func MeasureColumn(m rollup.Measure) string {
	return [rollup.MeasureCount]string{
		"play_requests", "plays", "startup_ms", "startup_count", "exits", "start_failures",
		"playback_failures", "ended_plays", "watch_ms", "media_ms", "stall_ms", "seek_stall_ms",
		"stalls", "measured_plays", "completed_plays", "play_marks", "viewer_marks", "known_plays",
		"bitrate_ms", "known_bitrate_ms", "pauses", "rewinds", "skips", "dropped_frames", "business_failures",
		"new_viewers", "sessions", "session_ms", "impressions", "selects", "eligible_impressions", "qualified_plays",
		"taken_impressions", "taken_media_ms", "searches", "searches_empty", "searches_unselected",
		"moment_w", "moment_w2", "moment_wy", "moment_w2y", "viewed_plays", "viewed_millionths",
	}[m]
}

// SketchColumn is the column of a sketch; its estimate is in the one with _n after it.
func SketchColumn(k rollup.Sketch) string {
	return [rollup.SketchCount]string{
		"viewers", "starters", "watchers", "completers", "reached", "eligible", "takers", "take_completers",
		"season_starters", "season_watchers", "season_completers", "startup_times", "session_lengths", "audience",
	}[k]
}

// Kinds are the sketches of a set, in order.
func Kinds(set rollup.SketchSet) (list []rollup.Sketch) {
	for k := range rollup.SketchCount {
		if set.Has(k) {
			list = append(list, k)
		}
	}
	return list
}

// DimensionColumns are the columns of the dimensions in the table of plays that
// a play has one value of, in the order of rollup.Dimension.
func DimensionColumns() []string {
	return []string{"title", "country", "device_type", "cdn", "region", "os", "app_version", "player", "isp", "creative", "placement", "rank_bucket"}
}

// PlayMeasures are the measures that plays are stored with, in the order of the
// columns; those of version 1 come first.
func PlayMeasures() []rollup.Measure { return rollup.SourcePlays.Measures() }

// TableOf is the table of a source.
func TableOf(s rollup.Source) string {
	return [rollup.SourceCount]string{
		"pulse", "title_hour", "title_day", "plays", "quality_minute", "quality_hour", "quality_day",
		"creative_day", "creative_week", "creative_all", "label_day", "affinity_day", "overlap_month", "sample_day", "search_day", "affinity_week",
	}[s]
}

// CellSources are the sources that are kept as cells.
func CellSources() (list []rollup.Source) {
	for s := range rollup.SourceCount {
		if s.Faces() != nil {
			list = append(list, s)
		}
	}
	return list
}

// KeyCount is how many columns of keys a source has: as many as its widest face.
func KeyCount(s rollup.Source) (n int) {
	for _, f := range s.Faces() {
		n = max(n, len(s.FaceDimensions(f)))
	}
	return n
}
