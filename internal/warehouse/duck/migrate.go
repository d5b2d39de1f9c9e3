package duck

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/sketch"
	"playhead/internal/warehouse/layout"
)

// ErrNewer: a later build wrote the file.
var ErrNewer = errors.New("the warehouse was written by a newer version; start that one, or restore a backup")

// migrate brings a file to the present format: table by table, each in one
// transaction, so that it can be broken off and started again.
func (db *DB) migrate(s session) error {
	version, old := 0, false
	err := s.each("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'meta'", nil, func(row []driver.Value) error {
		old = row[0].(int64) > 0
		return nil
	})
	if err == nil && old {
		version = 1
		err = s.each("SELECT value FROM meta WHERE name = 'version'", nil, func(row []driver.Value) (err error) {
			version, err = strconv.Atoi(row[0].(string))
			return err
		})
	}
	switch {
	case err != nil:
		return fmt.Errorf("read the format version: %w", err)
	case version > formatVersion:
		return fmt.Errorf("%w: format %d, this build reads up to %d", ErrNewer, version, formatVersion)
	case version == 1:
		for _, source := range []rollup.Source{rollup.SourcePulse, rollup.SourceTitleHour, rollup.SourceTitleDay} {
			if err := migrateCells(s, source); err != nil {
				return fmt.Errorf("bring %s to format %d: %w", layout.TableOf(source), formatVersion, err)
			}
		}
	}
	return s.transaction(func(s session) error {
		for _, q := range schema() {
			if err := s.exec(q); err != nil {
				return err
			}
		}
		if version == formatVersion {
			return nil
		}
		if version == 1 {
			if err := db.migrateRest(s); err != nil {
				return fmt.Errorf("bring values to format %d: %w", formatVersion, err)
			}
		}
		if err := s.exec("DELETE FROM meta WHERE name = 'version'"); err != nil {
			return err
		}
		return s.exec("INSERT INTO meta VALUES ('version', ?)", strconv.Itoa(formatVersion))
	})
}

// migrateCells moves the cells of format 1 to a table of the present one, with
// the estimates of their sketches.
func migrateCells(s session, source rollup.Source) error {
	table, fresh := layout.TableOf(source), "next_"+layout.TableOf(source)
	old := false
	err := s.each("SELECT count(*) FROM duckdb_columns() WHERE table_name = ? AND column_name = 'viewers_n'", []any{table}, func(row []driver.Value) error {
		old = row[0].(int64) == 0
		return nil
	})
	if err != nil || !old {
		return err
	}
	return s.transaction(func(s session) error {
		if err := s.exec(cellTable(source, fresh)); err != nil {
			return err
		}
		last := int64(-1)
		err := s.each("SELECT max(rowid) FROM "+table, nil, func(row []driver.Value) error {
			if v, ok := row[0].(int64); ok {
				last = v
			}
			return nil
		})
		if err != nil {
			return err
		}
		for from := int64(0); from <= last; from += pageRows {
			if err := migratePage(s, source, table, fresh, from); err != nil {
				return err
			}
		}
		if err := s.exec("DROP TABLE " + table); err != nil {
			return err
		}
		return s.exec("ALTER TABLE " + fresh + " RENAME TO " + table)
	})
}

func migratePage(s session, source rollup.Source, table, fresh string, from int64) (err error) {
	a, err := newCellAppender(s, source, fresh)
	if err != nil {
		return err
	}
	var list []*layout.Part
	measures := layout.PlayMeasures()[:oldPlayMeasures]
	columns := make([]string, 0, len(measures))
	for _, m := range measures {
		columns = append(columns, layout.MeasureColumn(m))
	}
	sql := "SELECT bucket, face, a, b, viewers, " + strings.Join(columns, ", ") + " FROM " + table + " WHERE rowid >= ? AND rowid < ?"
	err = s.each(sql, []any{from, from + pageRows}, func(row []driver.Value) error {
		p := &layout.Part{Bucket: row[0].(int64), Face: row[1].(uint8)}
		p.Keys = []string{row[2].(string), row[3].(string)}[:len(source.FaceDimensions(rollup.Face(p.Face)))]
		if image, ok := row[4].([]byte); ok && len(image) > 0 {
			var h sketch.HLL
			if err := h.MergeBytes(image); err != nil {
				return err
			}
			p.Images[rollup.Viewers] = layout.Stored{Image: image, Estimate: h.Estimate()}
		}
		for i, m := range measures {
			p.Measures[m] = row[5+i].(int64)
		}
		list = append(list, p)
		return nil
	})
	for i := 0; err == nil && i < len(list); i++ {
		err = a.part(list[i], 0)
	}
	return a.close(err)
}

// migrateRest says of the days of format 1 that they are complete: hours and days
// were written side by side. It makes the list of values.
func (db *DB) migrateRest(s session) error {
	last := int64(0)
	err := s.each("SELECT max(bucket) FROM title_day", nil, func(row []driver.Value) error {
		last, _ = row[0].(int64)
		return nil
	})
	if err != nil {
		return err
	}
	if last != 0 {
		_, end := db.days.Bounds(last)
		for _, f := range rollup.SourceTitleDay.Faces() {
			if err := s.exec(fmt.Sprintf("INSERT INTO rolled VALUES (%d, %d, %d)", rollup.SourceTitleDay, f, end)); err != nil {
				return err
			}
		}
	}
	for i, c := range layout.DimensionColumns()[:oldDimensions] {
		from := "SELECT " + c + " AS value FROM plays"
		for _, f := range []rollup.Face{rollup.FaceTitle, rollup.FaceCountry, rollup.FaceDevice, rollup.FaceCDN} {
			source := rollup.SourceTitleDay
			if f == rollup.FaceCDN {
				source = rollup.SourcePulse
			}
			if source.FaceDimensions(f)[0] == rollup.Dimension(i) {
				from += fmt.Sprintf(" UNION SELECT k0 FROM %s WHERE face = %d", layout.TableOf(source), f)
			}
		}
		if err := s.exec(fmt.Sprintf("INSERT INTO dim_values SELECT DISTINCT %d, value FROM (%s)", i, from)); err != nil {
			return err
		}
	}
	return nil
}
