package duck

import (
	"fmt"
	"strings"

	"playhead/internal/rollup"
)

// measureColumns are the columns of rollup.Measures, in its order.
func measureColumns() []string {
	return []string{
		"play_requests", "plays", "startup_ms", "startup_count", "exits", "start_failures",
		"playback_failures", "ended_plays", "watch_ms", "media_ms", "stall_ms", "seek_stall_ms",
		"stalls", "measured_plays", "completed_plays", "play_marks", "viewer_marks", "known_plays",
	}
}

// dimensionColumns are the columns of the dimensions in the table of plays, in
// the order of rollup.Dimension.
func dimensionColumns() []string {
	return []string{"title", "country", "device_type", "cdn", "region", "os", "app_version", "player", "isp"}
}

// tableOf is the table of a source.
func tableOf(s rollup.Source) string {
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

// cellSources are the sources that are kept as cells.
func cellSources() []rollup.Source {
	return []rollup.Source{rollup.SourcePulse, rollup.SourceTitleHour, rollup.SourceTitleDay}
}

// timeColumns are the tables that have time, by their column of it.
func timeColumns() map[string]string {
	return map[string]string{"pulse": "bucket", "title_hour": "bucket", "title_day": "bucket", "plays": "first_ms"}
}

// schema makes what is missing. Times are epoch ms. face is a rollup.Face, a
// and b the values of its dimensions. In plays, the measures are those of the
// row's whole life with its sign; whole says that they all belong to the row's
// own dimension values, and coupon is the viewer's if the row adds one.
func schema() []string {
	measures := strings.Join(measureColumns(), " BIGINT NOT NULL, ") + " BIGINT NOT NULL"
	q := []string{
		"CREATE TABLE IF NOT EXISTS meta (name VARCHAR NOT NULL, value VARCHAR NOT NULL)",
		"CREATE TABLE IF NOT EXISTS offsets (part INTEGER NOT NULL, end_offset BIGINT NOT NULL, fresh_to BIGINT NOT NULL)",
		`CREATE TABLE IF NOT EXISTS retention_day (bucket BIGINT NOT NULL, title VARCHAR NOT NULL, device VARCHAR NOT NULL,
			width BIGINT NOT NULL, plays BIGINT NOT NULL, duration_ms BIGINT NOT NULL, bins BLOB NOT NULL)`,
		fmt.Sprintf(`CREATE TABLE IF NOT EXISTS plays (first_ms BIGINT NOT NULL, last_ms BIGINT NOT NULL, n INTEGER NOT NULL,
			whole BOOLEAN NOT NULL, coupon UINTEGER NOT NULL, viewer BLOB NOT NULL, %s VARCHAR NOT NULL,
			%s, detail BLOB NOT NULL)`, strings.Join(dimensionColumns(), " VARCHAR NOT NULL, "), measures),
	}
	for _, s := range cellSources() {
		q = append(q, fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (bucket BIGINT NOT NULL, face UTINYINT NOT NULL,
			a VARCHAR NOT NULL, b VARCHAR NOT NULL, %s, viewers BLOB)`, tableOf(s), measures))
	}
	return q
}
