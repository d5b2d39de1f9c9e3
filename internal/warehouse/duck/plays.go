package duck

import (
	"database/sql/driver"
	"fmt"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// pageRows is how many rows of plays are asked for at once when they have to be
// decoded: the engine holds a whole answer in memory.
const pageRows = 8_192

// scanPlays sums rows that lie wholly in one bucket in SQL, and cuts the others
// here.
func scanPlays(s session, acc *rollup.Accumulator, scan *rollup.Scan) error {
	q := &query{}
	from, to := within(scan)
	if from >= to {
		return nil
	}
	bounds := scan.Bounds()
	inOne := fmt.Sprintf("(whole AND first_ms >= %d AND last_ms <= %d AND %s = %s)", from, to,
		bucketOf("first_ms", bounds), bucketOf("(last_ms - 1)", bounds))
	if scan.Gauges {
		inOne = "false"
	}
	columns := dimensionColumns()
	for _, d := range scan.By {
		q.keys = append(q.keys, columns[d])
	}
	q.and(inOne)
	for _, w := range scan.Where {
		q.filter(columns[w.Dimension], w.In)
	}
	if !scan.Gauges {
		if err := sumPlays(s, acc, scan, q, bucketOf("first_ms", bounds)); err != nil {
			return err
		}
	}
	return cutPlays(s, acc, fmt.Sprintf("first_ms < %d AND last_ms > %d AND NOT %s", to, from, inOne))
}

func sumPlays(s session, acc *rollup.Accumulator, scan *rollup.Scan, q *query, bucket string) error {
	keys, read := make([]string, len(q.keys)), int64(0)
	sql := "SELECT " + q.selects(bucket, append(sums(), "count(*)")...) + " FROM plays WHERE " + q.conditions() + q.groups()
	err := s.each(sql, q.args, func(row []driver.Value) error {
		i := keysOf(row, keys)
		m := measuresOf(row[1+len(keys):])
		read += row[len(row)-1].(int64)
		return acc.Add(i, keys, &m, nil)
	})
	acc.Read(read, 0)
	if err != nil || !scan.Sketches.Has(rollup.Viewers) {
		return err
	}
	sql = "SELECT DISTINCT " + q.selects(bucket, "coupon") + " FROM plays WHERE coupon <> 0 AND " + q.conditions()
	return s.each(sql, q.args, func(row []driver.Value) error {
		i := keysOf(row, keys)
		acc.AddViewer(i, keys, row[1+len(keys)].(uint32))
		return nil
	})
}

// cutPlays decodes rows and lets the accumulator cut them. It pages by row id,
// so that an answer of any size takes little memory.
func cutPlays(s session, acc *rollup.Accumulator, where string) error {
	last := int64(-1)
	err := s.each("SELECT max(rowid) FROM plays", nil, func(row []driver.Value) error {
		if v, ok := row[0].(int64); ok {
			last = v
		}
		return nil
	})
	if err != nil {
		return err
	}
	var b fact.Batch
	columns := dimensionColumns()
	sql := "SELECT viewer, detail"
	for _, c := range columns {
		sql += ", " + c
	}
	sql += " FROM plays WHERE rowid >= ? AND rowid < ? AND " + where
	for from := int64(0); from <= last; from += pageRows {
		err := s.each(sql, []any{from, from + pageRows}, func(row []driver.Value) error {
			text := func(d rollup.Dimension) string { return row[2+int(d)].(string) }
			d := fact.Dims{
				Title: text(rollup.Title), Country: text(rollup.Country), DeviceType: text(rollup.DeviceType),
				CDN: text(rollup.CDN), Region: text(rollup.Region), OS: text(rollup.OS),
				AppVersion: text(rollup.AppVersion), Player: text(rollup.Player), ISP: text(rollup.ISP),
			}
			if err := readDetail(&b, row[1].([]byte), row[0].([]byte), &d); err != nil {
				return err
			}
			acc.AddPlay(&b.Plays[0], b.Dims)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mergeViewers adds a stored sketch, if there is one, to a cell.
func mergeViewers(c *rollup.Cell, stored driver.Value) error {
	image, ok := stored.([]byte)
	if !ok || len(image) == 0 {
		return nil
	}
	if c.Viewers == nil {
		c.Viewers = new(sketch.HLL)
	}
	return c.Viewers.MergeBytes(image)
}
