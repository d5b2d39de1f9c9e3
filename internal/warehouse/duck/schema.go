package duck

import (
	"fmt"
	"strings"

	"playhead/internal/rollup"
)

// formatVersion is that of the file. 1 had no version, the cells of pulse and
// title by two columns of keys, and no estimates.
// 2 did not know how much of a title plays show. 3 had no weeks of affinities and no
// months of retention: what writes to it does not keep them.
const formatVersion = 4

// measureColumn is the column of a measure.
func measureColumn(m rollup.Measure) string {
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

// sketchColumn is the column of a sketch; its estimate is in the one with _n after it.
func sketchColumn(k rollup.Sketch) string {
	return [rollup.SketchCount]string{
		"viewers", "starters", "watchers", "completers", "reached", "eligible", "takers", "take_completers",
		"season_starters", "season_watchers", "season_completers", "startup_times", "session_lengths", "audience",
	}[k]
}

// kinds are the sketches of a set, in order.
func kinds(set rollup.SketchSet) (list []rollup.Sketch) {
	for k := range rollup.SketchCount {
		if set.Has(k) {
			list = append(list, k)
		}
	}
	return list
}

// dimensionColumns are the columns of the dimensions in the table of plays that
// a play has one value of, in the order of rollup.Dimension.
func dimensionColumns() []string {
	return []string{"title", "country", "device_type", "cdn", "region", "os", "app_version", "player", "isp", "creative", "placement", "rank_bucket"}
}

// oldDimensions are those that files of version 1 have.
const oldDimensions = 9

// playMeasures are the measures that plays are stored with, in the order of the
// columns; those of version 1 come first.
func playMeasures() []rollup.Measure { return rollup.SourcePlays.Measures() }

// oldPlayMeasures are how many of them files of version 1 have.
const oldPlayMeasures = int(rollup.KnownPlays) + 1

// tableOf is the table of a source.
func tableOf(s rollup.Source) string {
	return [rollup.SourceCount]string{
		"pulse", "title_hour", "title_day", "plays", "quality_minute", "quality_hour", "quality_day",
		"creative_day", "creative_week", "creative_all", "label_day", "affinity_day", "overlap_month", "sample_day", "search_day", "affinity_week",
	}[s]
}

// cellSources are the sources that are kept as cells.
func cellSources() (list []rollup.Source) {
	for s := range rollup.SourceCount {
		if s.Faces() != nil {
			list = append(list, s)
		}
	}
	return list
}

// keyCount is how many columns of keys a source has: as many as its widest face.
func keyCount(s rollup.Source) (n int) {
	for _, f := range s.Faces() {
		n = max(n, len(s.FaceDimensions(f)))
	}
	return n
}

// timeColumns are the tables that have time, by their column of it.
func timeColumns() map[string]string {
	columns := map[string]string{"plays": "first_ms"}
	for _, s := range cellSources() {
		columns[tableOf(s)] = "bucket"
	}
	return columns
}

// sizedTables are the tables that take room worth telling.
func sizedTables() map[string]bool {
	sized := map[string]bool{curveDays: true, curveMonths: true, "sample_day": true}
	for table := range timeColumns() {
		sized[table] = true
	}
	return sized
}

// finalTier is the tier of rows that are not merged any further.
const finalTier = 9

// cellTable makes the table of a source of cells. A row is a part of the cell of
// one face in one bucket: the cell is the sum of its parts. tier tells how often a
// part was merged. Measures that are 0 and sketches without members are NULL.
func cellTable(s rollup.Source, name string) string {
	q := []string{"bucket BIGINT NOT NULL", "tier UTINYINT NOT NULL", "face UTINYINT NOT NULL"}
	for i := range keyCount(s) {
		q = append(q, fmt.Sprintf("k%d VARCHAR", i))
	}
	for _, m := range s.Measures() {
		q = append(q, measureColumn(m)+" BIGINT")
	}
	for _, k := range kinds(s.Sketches()) {
		q = append(q, sketchColumn(k)+" BLOB", sketchColumn(k)+"_n DOUBLE")
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s)", name, strings.Join(q, ", "))
}

// schema makes what is missing. Times are epoch ms.
//
// In plays, the measures are those of the row's whole life with its sign; whole
// says that they all belong to the row's own dimension values, and coupon is the
// viewer's if the row adds one. In rolled, what begins before upto is in a
// coarser source; what begins later has to be read from the finer one. threshold
// is up to which hash viewers are in the sample of a day.
func schema() []string {
	columns := func(list []rollup.Measure) string {
		var names []string
		for _, m := range list {
			names = append(names, measureColumn(m)+" BIGINT DEFAULT 0")
		}
		return strings.Join(names, ", ")
	}
	dims, measures := dimensionColumns(), playMeasures()
	q := []string{
		"CREATE TABLE IF NOT EXISTS meta (name VARCHAR NOT NULL, value VARCHAR NOT NULL)",
		"CREATE TABLE IF NOT EXISTS offsets (part INTEGER NOT NULL, end_offset BIGINT NOT NULL, fresh_to BIGINT NOT NULL)",
		"CREATE TABLE IF NOT EXISTS rolled (source UTINYINT NOT NULL, face UTINYINT NOT NULL, upto BIGINT NOT NULL)",
		"CREATE TABLE IF NOT EXISTS dim_values (dim UTINYINT NOT NULL, value VARCHAR NOT NULL)",
		`CREATE TABLE IF NOT EXISTS retention_day (bucket BIGINT NOT NULL, title VARCHAR NOT NULL, device VARCHAR NOT NULL,
			width BIGINT NOT NULL, plays BIGINT NOT NULL, duration_ms BIGINT NOT NULL, bins BLOB NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS retention_month (bucket BIGINT NOT NULL, title VARCHAR NOT NULL, device VARCHAR NOT NULL,
			width BIGINT NOT NULL, plays BIGINT NOT NULL, duration_ms BIGINT NOT NULL, bins BLOB NOT NULL)`,
		fmt.Sprintf(`CREATE TABLE IF NOT EXISTS plays (first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, n INTEGER NOT NULL,
			whole BOOLEAN NOT NULL, coupon UINTEGER NOT NULL, viewer BLOB NOT NULL, %s VARCHAR NOT NULL,
			%s, detail BLOB NOT NULL)`, strings.Join(dims[:oldDimensions], " VARCHAR NOT NULL, "), columns(measures[:oldPlayMeasures])),
		`CREATE TABLE IF NOT EXISTS sample_day (bucket BIGINT NOT NULL, hash UBIGINT NOT NULL, title VARCHAR NOT NULL, country VARCHAR NOT NULL,
			device_type VARCHAR NOT NULL, plays BIGINT NOT NULL, media_ms BIGINT NOT NULL, completed BIGINT NOT NULL)`,
		"CREATE TABLE IF NOT EXISTS sample_rate (bucket BIGINT NOT NULL, threshold UBIGINT NOT NULL)",
		"CREATE TABLE IF NOT EXISTS findings (kind VARCHAR NOT NULL, ended BIGINT NOT NULL, body BLOB NOT NULL)",
	}
	for _, c := range dims[oldDimensions:] {
		q = append(q, "ALTER TABLE plays ADD COLUMN IF NOT EXISTS "+c+" VARCHAR DEFAULT ''")
	}
	for _, m := range measures[oldPlayMeasures:] {
		q = append(q, "ALTER TABLE plays ADD COLUMN IF NOT EXISTS "+measureColumn(m)+" BIGINT DEFAULT 0")
	}
	for _, s := range cellSources() {
		q = append(q, cellTable(s, tableOf(s)))
		for _, m := range s.Measures() {
			if m > rollup.MomentW2Y { // files of format 2 do not have it
				q = append(q, "ALTER TABLE "+tableOf(s)+" ADD COLUMN IF NOT EXISTS "+measureColumn(m)+" BIGINT")
			}
		}
	}
	return q
}
