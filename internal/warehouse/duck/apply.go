package duck

import (
	"cmp"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
	"playhead/internal/warehouse"
)

// Apply appends the generations that the file does not hold yet, with the
// offsets they reach, in one transaction.
func (db *DB) Apply(ctx context.Context, generations []*rollup.Generation) error {
	db.write.Lock()
	defer db.write.Unlock()
	var first map[string]int64
	var over int64
	err := on(ctx, db.conn, func(s session) (err error) {
		if first, over, err = applyOnce(s, generations); err == nil || ctx.Err() != nil || errors.Is(err, warehouse.ErrGap) {
			return err
		}
		// Rows that are not yet compressed into the file may take the memory that
		// the new ones need.
		if s.exec("CHECKPOINT") != nil {
			return err
		}
		first, over, err = applyOnce(s, generations)
		return err
	})
	if err != nil {
		return fmt.Errorf("apply %d generations: %w", len(generations), err)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.overcount += over
	for table, ms := range first {
		if db.first[table] == 0 || ms < db.first[table] {
			db.first[table] = ms
		}
	}
	return nil
}

// applyOnce tries the transaction; it tells where the rows of each table begin
// and by how much the overcount grew.
func applyOnce(s session, generations []*rollup.Generation) (first map[string]int64, over int64, err error) {
	first = map[string]int64{}
	err = s.transaction(func(s session) error {
		offsets, err := s.offsets()
		if err != nil {
			return err
		}
		pending, reached, err := warehouse.Pending(offsets, generations)
		if err != nil || len(pending) == 0 {
			return err
		}
		if err := writeGenerations(s, pending, first); err != nil {
			return err
		}
		for _, g := range pending {
			over += g.Size().Overcount
		}
		return writeOffsets(s, reached, over)
	})
	return first, over, err
}

func writeOffsets(s session, offsets []warehouse.Offset, over int64) error {
	if err := s.exec("DELETE FROM offsets"); err != nil {
		return err
	}
	for _, o := range offsets {
		if err := s.exec("INSERT INTO offsets VALUES (?, ?, ?)", o.Partition, o.End, o.FreshTo); err != nil {
			return err
		}
	}
	if over == 0 {
		return nil
	}
	return s.exec("UPDATE meta SET value = (value::BIGINT + " + strconv.FormatInt(over, 10) + ")::VARCHAR WHERE name = 'overcount'")
}

// writeGenerations appends the rows of generations, and notes where tables now
// start. There is one appender a table: each takes a block of memory a column.
func writeGenerations(s session, list []*rollup.Generation, first map[string]int64) error {
	saw := func(table string, ms int64) {
		if have, ok := first[table]; !ok || ms < have {
			first[table] = ms
		}
	}
	for _, source := range cellSources() {
		starts := bucketStarts(list, source)
		if len(starts) == 0 {
			continue
		}
		table := tableOf(source)
		saw(table, starts[0])
		err := appendCells(s, table, starts, func(rows []cellRow, start int64) ([]cellRow, error) {
			return bucketRows(rows, list, source, start)
		})
		if err != nil {
			return fmt.Errorf("append to %s: %w", table, err)
		}
	}
	if err := appendCurves(s, list); err != nil {
		return fmt.Errorf("append to retention_day: %w", err)
	}
	if err := appendPlays(s, list, saw); err != nil {
		return fmt.Errorf("append to plays: %w", err)
	}
	return nil
}

// bucketStarts are the starts of all buckets of a source, sorted.
func bucketStarts(list []*rollup.Generation, source rollup.Source) []int64 {
	var starts []int64
	for _, g := range list {
		starts = append(starts, g.Starts(source)...)
	}
	slices.Sort(starts)
	return slices.Compact(starts)
}

// cellRow is a row of a table of cells, in one bucket.
type cellRow struct {
	face rollup.Face
	a, b string
	cell rollup.Cell
}

// appendCells appends cells, bucket after bucket in the order of the table: the
// engine skips stretches of rows by the least and greatest value of a column.
// rowsOf appends the sorted rows of a bucket to what it is given.
func appendCells(s session, table string, starts []int64, rowsOf func([]cellRow, int64) ([]cellRow, error)) error {
	return s.appendRows(table, func(add func(...driver.Value) error) error {
		var rows []cellRow
		row := make([]driver.Value, 0, 5+rollup.MeasureCount)
		for _, start := range starts {
			var err error
			if rows, err = rowsOf(rows[:0], start); err != nil {
				return err
			}
			for i := range rows {
				r := &rows[i]
				row = append(row[:0], start, uint8(r.face), r.a, r.b)
				for _, m := range r.cell.Measures[:len(measureColumns())] {
					row = append(row, m)
				}
				var viewers []byte
				if r.cell.Viewers != nil {
					viewers = r.cell.Viewers.AppendBinary(nil)
				}
				row = append(row, viewers)
				if err := add(row...); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// bucketRows are the cells of one bucket of all generations, merged and sorted.
func bucketRows(rows []cellRow, list []*rollup.Generation, source rollup.Source, start int64) ([]cellRow, error) {
	for _, g := range list {
		err := g.Cells(source, start, func(face rollup.Face, a, b string, c *rollup.Cell) error {
			rows = append(rows, cellRow{face, a, b, *c})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rows, compareRows)
	merged := rows[:0]
	for i := range rows {
		r := &rows[i]
		n := len(merged)
		if n == 0 || compareRows(merged[n-1], *r) != 0 {
			merged = append(merged, *r)
			continue
		}
		last := &merged[n-1].cell
		if last.Viewers != nil && r.cell.Viewers != nil {
			last.Viewers = last.Viewers.Clone() // sketches of generations are not ours to change
		} else if last.Viewers == nil && r.cell.Viewers != nil {
			last.Viewers, r.cell.Viewers = r.cell.Viewers.Clone(), nil
		}
		last.Merge(&r.cell)
	}
	return merged, nil
}

func compareRows(x, y cellRow) int {
	switch {
	case x.face != y.face:
		return cmp.Compare(x.face, y.face)
	case x.a != y.a:
		return cmp.Compare(x.a, y.a)
	}
	return cmp.Compare(x.b, y.b)
}

// appendPlays appends finished plays, each with the measures of its whole life.
func appendPlays(s session, list []*rollup.Generation, saw func(string, int64)) error {
	return s.appendRows("plays", func(add func(...driver.Value) error) error {
		row := make([]driver.Value, 0, 8+rollup.DimensionCount+rollup.Dimension(rollup.MeasureCount))
		write := func(p *fact.Play, dims []fact.Dims) error {
			first, last := rollup.FirstMoment(p), rollup.LastMoment(p)
			saw("plays", first)
			total := wholeLife(p, dims, first, last)
			coupon := uint32(0)
			if p.Known && p.FirstFrame != 0 && p.N > 0 {
				coupon = sketch.Coupon(p.Viewer)
			}
			d := &dims[p.Dims]
			row = append(row[:0], first, last, p.N, isWhole(p), coupon, p.Viewer[:])
			for dim := range rollup.Dimension(len(dimensionColumns())) {
				row = append(row, rollup.Value(d, dim))
			}
			for _, m := range total[:len(measureColumns())] {
				row = append(row, m)
			}
			row = append(row, appendDetail(nil, p, dims))
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
func wholeLife(p *fact.Play, dims []fact.Dims, first, last int64) rollup.Measures {
	a := rollup.NewAccumulator(rollup.Scan{Source: rollup.SourcePlays, From: first, To: last})
	a.AddPlay(p, dims)
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
// whose viewer are left empty.
func appendDetail(dst []byte, p *fact.Play, dims []fact.Dims) []byte {
	own := *p
	own.Viewer = event.ViewerKey{}
	b := fact.Batch{Dims: []fact.Dims{{Live: dims[p.Dims].Live}}}
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
	if len(b.Plays) != 1 || len(b.Dims) == 0 || b.Plays[0].Dims != 0 || len(viewer) != len(b.Plays[0].Viewer) {
		return errDetail
	}
	d.Live = b.Dims[0].Live
	b.Dims[0] = *d
	copy(b.Plays[0].Viewer[:], viewer)
	return nil
}
