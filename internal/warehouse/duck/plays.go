package duck

import (
	"database/sql/driver"
	"fmt"
	"slices"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
	"playhead/internal/warehouse/layout"
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
	columns := layout.DimensionColumns()
	// What no column knows is asked of each row.
	each := scan.Gauges || scan.Sketches.Has(rollup.StartupTimes) ||
		slices.ContainsFunc(scan.Dimensions(), func(d rollup.Dimension) bool { return int(d) >= len(columns) })
	if each {
		inOne = "false"
	}
	if !each {
		for _, d := range scan.By {
			q.keys = append(q.keys, columns[d])
		}
		q.and(inOne)
		for _, w := range scan.Where {
			q.filter(columns[w.Dimension], w.In)
		}
		if err := sumPlays(s, acc, scan, q, bucketOf("first_ms", bounds)); err != nil {
			return err
		}
	}
	return eachPlay(s, fmt.Sprintf("first_ms < %d AND last_ms > %d AND NOT %s", to, from, inOne), nil, func(b *fact.Batch) {
		acc.AddPlay(&b.Plays[0], b.Dims, b.Slots)
	})
}

func sumPlays(s session, acc *rollup.Accumulator, scan *rollup.Scan, q *query, bucket string) error {
	keys, read := make([]string, len(q.keys)), int64(0)
	measures := asked(scan, layout.PlayMeasures())
	sql := "SELECT " + q.selects(bucket, append(sums(measures), "count(*)")...) + " FROM plays WHERE " + q.conditions() + q.groups()
	err := s.each(sql, q.args, func(row []driver.Value) error {
		i := keysOf(row, keys)
		m := measuresOf(measures, row[1+len(keys):])
		read += row[len(row)-1].(int64)
		acc.Add(i, keys, &m)
		return nil
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

// eachPlay decodes the rows that a condition holds of, one by one into the same
// batch. It pages by row id, so that an answer of any size takes little memory.
func eachPlay(s session, where string, args []any, fn func(*fact.Batch)) error {
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
	sql := "SELECT viewer, detail"
	for _, c := range layout.DimensionColumns()[:rollup.Creative] {
		sql += ", " + c
	}
	sql += " FROM plays WHERE rowid >= ? AND rowid < ? AND " + where
	for from := int64(0); from <= last; from += pageRows {
		err := s.each(sql, append([]any{from, from + pageRows}, args...), func(row []driver.Value) error {
			text := func(d rollup.Dimension) string { return row[2+int(d)].(string) }
			d := fact.Dims{
				Title: text(rollup.Title), Country: text(rollup.Country), DeviceType: text(rollup.DeviceType),
				CDN: text(rollup.CDN), Region: text(rollup.Region), OS: text(rollup.OS),
				AppVersion: text(rollup.AppVersion), Player: text(rollup.Player), ISP: text(rollup.ISP),
			}
			if err := layout.ReadDetail(&b, row[1].([]byte), row[0].([]byte), &d); err != nil {
				return err
			}
			fn(&b)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// appendPlays appends finished plays, each with the measures of its whole life.
func appendPlays(s session, list []*rollup.Generation, saw func(string, int64)) error {
	measures := layout.PlayMeasures()
	columns := append([]string{"first_ms", "last_ms", "n", "whole", "coupon", "viewer", "detail"}, layout.DimensionColumns()...)
	for _, m := range measures {
		columns = append(columns, layout.MeasureColumn(m))
	}
	return s.appendRows("plays", columns, func(w *rowWriter) error {
		write := func(p *fact.Play, dims []fact.Dims, slots []fact.Slot) error {
			first, last := rollup.FirstMoment(p), rollup.LastMoment(p)
			saw("plays", first)
			w.play(p, dims, slots, first, last)
			total := rollup.WholeLife(p, dims, first, last)
			for _, m := range measures {
				w.int64(total[m])
			}
			return w.next()
		}
		for _, g := range list {
			if err := g.Plays(write); err != nil {
				return err
			}
		}
		return nil
	})
}

// play puts what comes before the measures in a row of plays.
func (w *rowWriter) play(p *fact.Play, dims []fact.Dims, slots []fact.Slot, first, last int64) {
	coupon := uint32(0)
	if p.Known && p.FirstFrame != 0 && p.N > 0 {
		coupon = sketch.Coupon(p.Viewer)
	}
	w.int64(first)
	w.int64(last)
	w.int32(p.N)
	w.bool(layout.IsWhole(p))
	w.uint32(coupon)
	w.blob(p.Viewer[:])
	w.scratch = layout.AppendDetail(w.scratch[:0], p, dims, slots)
	w.blob(w.scratch)
	for dim := range rollup.Creative {
		w.string(rollup.Value(&dims[p.Dims], dim))
	}
	var at fact.Slot
	rank := ""
	if p.Slot != 0 {
		at = slots[p.Slot-1]
		rank = rollup.RankBucketOf(at.Rank)
	}
	w.string(at.Creative)
	w.string(at.Placement)
	w.string(rank)
}
