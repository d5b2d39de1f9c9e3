package duck

import (
	"fmt"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// formatVersion is that of the file. 1 had no version, the cells of pulse and
// title by two columns of keys, and no estimates.
// 2 did not know how much of a title plays show. 3 had no weeks of affinities and no
// months of retention: what writes to it does not keep them.
const formatVersion = 4

// oldDimensions are those that files of version 1 have.
const oldDimensions = 9

// oldPlayMeasures are how many of them files of version 1 have.
const oldPlayMeasures = int(rollup.KnownPlays) + 1

// timeColumns are the tables that have time, by their column of it.
func timeColumns() map[string]string {
	columns := map[string]string{"plays": "first_ms"}
	for _, s := range layout.CellSources() {
		columns[layout.TableOf(s)] = "bucket"
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
// part was merged. Sketches without members are NULL, and so are measures that are 0
// in parts that were merged.
func cellTable(s rollup.Source, name string) string {
	q := []string{"bucket BIGINT NOT NULL", "tier UTINYINT NOT NULL", "face UTINYINT NOT NULL"}
	for i := range layout.KeyCount(s) {
		q = append(q, fmt.Sprintf("k%d VARCHAR", i))
	}
	for _, m := range s.Measures() {
		q = append(q, layout.MeasureColumn(m)+" BIGINT")
	}
	for _, k := range layout.Kinds(s.Sketches()) {
		q = append(q, layout.SketchColumn(k)+" BLOB", layout.SketchColumn(k)+"_n DOUBLE")
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
			names = append(names, layout.MeasureColumn(m)+" BIGINT DEFAULT 0")
		}
		return strings.Join(names, ", ")
	}
	dims, measures := layout.DimensionColumns(), layout.PlayMeasures()
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
		q = append(q, "ALTER TABLE plays ADD COLUMN IF NOT EXISTS "+layout.MeasureColumn(m)+" BIGINT DEFAULT 0")
	}
	for _, s := range layout.CellSources() {
		q = append(q, cellTable(s, layout.TableOf(s)))
		for _, m := range s.Measures() {
			if m > rollup.MomentW2Y { // files of format 2 do not have it
				q = append(q, "ALTER TABLE "+layout.TableOf(s)+" ADD COLUMN IF NOT EXISTS "+layout.MeasureColumn(m)+" BIGINT")
			}
		}
	}
	return q
}
