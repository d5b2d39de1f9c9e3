package duck

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"playhead/internal/event"
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
	columns := dimensionColumns()
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
	measures := asked(scan, playMeasures())
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
	for _, c := range dimensionColumns()[:rollup.Creative] {
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
			if err := readDetail(&b, row[1].([]byte), row[0].([]byte), &d); err != nil {
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
	dimensions, measures := dimensionColumns(), playMeasures()
	columns := append([]string{"first_ms", "last_ms", "n", "whole", "coupon", "viewer", "detail"}, dimensions...)
	for _, m := range measures {
		columns = append(columns, measureColumn(m))
	}
	return s.appendRows("plays", columns, func(add func(...driver.Value) error) error {
		row := make([]driver.Value, 0, len(columns))
		write := func(p *fact.Play, dims []fact.Dims, slots []fact.Slot) error {
			first, last := rollup.FirstMoment(p), rollup.LastMoment(p)
			saw("plays", first)
			total := wholeLife(p, dims, slots, first, last)
			coupon := uint32(0)
			if p.Known && p.FirstFrame != 0 && p.N > 0 {
				coupon = sketch.Coupon(p.Viewer)
			}
			d := &dims[p.Dims]
			row = append(row[:0], first, last, p.N, isWhole(p), coupon, p.Viewer[:], appendDetail(nil, p, dims, slots))
			for dim := range rollup.Creative {
				row = append(row, rollup.Value(d, dim))
			}
			if p.Slot == 0 {
				row = append(row, "", "", "")
			} else {
				at := &slots[p.Slot-1]
				row = append(row, at.Creative, at.Placement, rollup.RankBucketOf(at.Rank))
			}
			for _, m := range measures {
				row = append(row, total[m])
			}
			return add(row...)
		}
		for _, g := range list {
			if err := g.Plays(write); err != nil {
				return err
			}
		}
		return nil
	})
}

// wholeLife are the measures of a play without any cut.
func wholeLife(p *fact.Play, dims []fact.Dims, slots []fact.Slot, first, last int64) rollup.Measures {
	a := rollup.NewAccumulator(rollup.Scan{Source: rollup.SourcePlays, From: first, To: last})
	a.AddPlay(p, dims, slots)
	var total rollup.Measures
	for _, g := range a.Result().Groups {
		total = g.Measures
	}
	return total
}

// isWhole reports whether all of the play belongs to the row's own dimension values.
func isWhole(p *fact.Play) bool {
	for _, list := range [][]fact.Interval{p.Intervals, p.Active} {
		for i := range list {
			if list[i].Dims != p.Dims {
				return false
			}
		}
	}
	return true
}

// errDetail: a stored play cannot be read.
var errDetail = errors.New("corrupt play")

// appendDetail appends what the columns do not say of a play, in the codec of
// facts: a batch of one play whose first dimension set, the row's own, and
// whose viewer are left empty but for what has no column.
func appendDetail(dst []byte, p *fact.Play, dims []fact.Dims, slots []fact.Slot) []byte {
	own := *p
	own.Viewer = event.ViewerKey{}
	b := fact.Batch{Dims: []fact.Dims{{Live: dims[p.Dims].Live, Labels: dims[p.Dims].Labels}}}
	if p.Slot != 0 {
		b.Slots, own.Slot = []fact.Slot{slots[p.Slot-1]}, 1
	}
	at := map[uint32]uint32{p.Dims: 0}
	move := func(list []fact.Interval) []fact.Interval {
		list = slices.Clone(list)
		for i := range list {
			to, ok := at[list[i].Dims]
			if !ok {
				to = uint32(len(b.Dims))
				at[list[i].Dims] = to
				b.Dims = append(b.Dims, dims[list[i].Dims])
			}
			list[i].Dims = to
		}
		return list
	}
	own.Dims, own.Intervals, own.Active = 0, move(p.Intervals), move(p.Active)
	b.Plays = []fact.Play{own}
	return fact.AppendBatch(dst, &b)
}

// readDetail reads into b a play whose dimension columns and viewer the caller
// has.
func readDetail(b *fact.Batch, detail, viewer []byte, d *fact.Dims) error {
	if err := fact.DecodeBatch(detail, b); err != nil {
		return fmt.Errorf("%w: %w", errDetail, err)
	}
	if len(b.Plays) != 1 || len(b.Dims) == 0 || b.Plays[0].Dims != 0 || int(b.Plays[0].Slot) > len(b.Slots) || len(viewer) != len(b.Plays[0].Viewer) {
		return errDetail
	}
	d.Live, d.Labels = b.Dims[0].Live, b.Dims[0].Labels
	b.Dims[0] = *d
	copy(b.Plays[0].Viewer[:], viewer)
	return nil
}
