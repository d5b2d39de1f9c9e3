package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

// Maintain sums finished buckets to coarser ones, leaves out what is older than is
// kept, merges small runs, and drops what no reader can be at. Each step is a commit
// of its own, between which flushes get their turn.
func (db *DB) Maintain(ctx context.Context, now int64) error {
	db.tidy.Lock()
	defer db.tidy.Unlock()
	for _, step := range []struct {
		what string
		do   func(context.Context, int64) error
	}{
		{"make coarser cells", db.rollUp},
		{"drop old cells", db.dropOld},
		{"sum retention to months", db.rollCurves},
		{"thin the sample", func(ctx context.Context, _ int64) error { return db.thinSample(ctx) }},
		{"merge runs", func(ctx context.Context, _ int64) error { return db.mergeRuns(ctx) }},
		{"drop runs", func(ctx context.Context, _ int64) error { return db.sweep(ctx) }},
	} {
		if err := step.do(ctx, now); err != nil {
			return fmt.Errorf("%s: %w", step.what, inMemory(err))
		}
	}
	return nil
}

// rollUp sums finished buckets of coarser sources from finer ones, as many a commit
// as are not much.
func (db *DB) rollUp(ctx context.Context, now int64) error {
	for _, finer := range layout.CellSources() {
		for _, coarser := range finer.Coarser()[:min(1, len(finer.Coarser()))] {
			for more := true; more; {
				var err error
				if more, err = db.rollSome(ctx, finer, coarser, now); err != nil {
					return fmt.Errorf("sum %s to %s: %w", layout.TableOf(finer), layout.TableOf(coarser), err)
				}
			}
		}
	}
	return nil
}

// rollRows is about how many rows one step reads.
const rollRows = 200_000

// rollSome rolls up some buckets that are finished, and reports whether there may be more.
func (db *DB) rollSome(ctx context.Context, finer, coarser rollup.Source, now int64) (more bool, err error) {
	db.write.Lock()
	defer db.write.Unlock()
	var next *state
	table, to := layout.TableOf(finer), int64(0)
	err = db.read(ctx, []string{table}, func(v *view) error {
		next = v.clone()
		from := v.Rolled[layout.TableOf(coarser)]
		upto := now - db.opts.QuietMS
		if _, ok := layout.FinerOf(finer); ok {
			upto = min(upto, v.Rolled[table])
		}
		runs := v.runs(table, from, upto)
		if upto <= from || runs == "" {
			to = from
			return nil
		}
		if to, more, err = v.finished(ctx, runs, finer, coarser, from, upto); err != nil || to <= from {
			return err
		}
		where := fmt.Sprintf("%s AND bucket >= %d AND bucket < %d", runs, max(from, v.floor(table)), to)
		return db.writeRun(ctx, next, 0, func(w *writer) error {
			return w.mergeCells(v, finer, coarser, where, func(p *layout.Part) { p.Bucket, _ = db.days.Bucket(coarser, p.Bucket) })
		})
	})
	if err != nil || to <= next.Rolled[layout.TableOf(coarser)] {
		return false, err
	}
	next.Rolled[layout.TableOf(coarser)] = to
	return more, db.commit(ctx, next)
}

// finished is up to where the cells from a time on can be rolled up: the end of a
// bucket of the coarser source that is not after upto. It stops where there is much
// to do already.
func (v *view) finished(ctx context.Context, runs string, finer, coarser rollup.Source, from, upto int64) (to int64, more bool, err error) {
	rows := map[int64]int64{}
	var bucket, n int64
	sql := fmt.Sprintf("SELECT bucket, toInt64(count()) FROM %s WHERE %s AND bucket >= %d AND bucket < %d GROUP BY bucket", layout.TableOf(finer), runs, from, upto)
	err = v.all(ctx, sql, func(r driver.Rows) error {
		err := r.Scan(&bucket, &n)
		rows[bucket] += n
		return err
	})
	buckets := make([]int64, 0, len(rows))
	for b := range rows {
		buckets = append(buckets, b)
	}
	slices.Sort(buckets)
	sum := int64(0)
	for _, b := range buckets {
		_, end := v.db.days.Bucket(coarser, b)
		if coarser == rollup.SourceCreativeAll { // all that is finished goes in
			end = upto
		}
		switch {
		case end > upto:
			return to, false, err
		case end > to && to != 0 && sum > rollRows:
			return to, true, err
		}
		to, sum = max(to, end), sum+rows[b]
	}
	return to, false, err
}

// mergeCells writes the rows of a source that meet a condition as one row a cell of a
// source of the same family. move may change a row's bucket first. All of a cell is
// on one shard, and so is what comes of it.
func (w *writer) mergeCells(v *view, from, to rollup.Source, where string, move func(*layout.Part)) error {
	out := w.cellWriter(to)
	order := []string{"face"}
	for i := range layout.KeyCount(from) {
		order = append(order, fmt.Sprint("k", i))
	}
	order = append(order, "bucket")
	sql := "SELECT " + strings.Join(cellTable(from).names()[1:], ", ") + " FROM " + layout.TableOf(from) + " WHERE " + where + " ORDER BY " + strings.Join(order, ", ")
	for shard := range v.conns {
		r := newCellReader(from)
		var open *layout.Part
		flush := func() error {
			if open == nil {
				return nil
			}
			return out.put(open.Bucket, open.Face, open.Keys, &open.Measures, open.ImageOf)
		}
		err := v.at(small(w.ctx), shard, sql, func(rows driver.Rows) error {
			p, err := r.read(rows)
			if err != nil {
				return err
			}
			if move != nil {
				move(p)
			}
			if open != nil && open.Same(p) {
				return open.Merge(p, out.measures, out.sketches)
			}
			if err := flush(); err != nil {
				return err
			}
			open = p
			return nil
		})
		if err == nil {
			err = flush()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cellReader reads all columns of a source's table but run.
type cellReader struct {
	source    rollup.Source
	measures  []rollup.Measure
	sketches  []rollup.Sketch
	bucket    int64
	face      uint8
	keys      []string
	sums      []int64
	images    [][]byte
	estimates []float64
	dest      []any
}

func newCellReader(s rollup.Source) *cellReader {
	r := &cellReader{source: s, measures: s.Measures(), sketches: layout.Kinds(s.Sketches()), keys: make([]string, layout.KeyCount(s))}
	r.sums, r.images, r.estimates = make([]int64, len(r.measures)), make([][]byte, len(r.sketches)), make([]float64, len(r.sketches))
	r.dest = []any{&r.bucket, &r.face}
	for i := range r.keys {
		r.dest = append(r.dest, &r.keys[i])
	}
	for i := range r.sums {
		r.dest = append(r.dest, &r.sums[i])
	}
	for i := range r.images {
		r.dest = append(r.dest, &r.images[i], &r.estimates[i])
	}
	return r
}

// read reads a row. The part is the caller's.
func (r *cellReader) read(rows driver.Rows) (*layout.Part, error) {
	if err := rows.Scan(r.dest...); err != nil {
		return nil, err
	}
	p := &layout.Part{Bucket: r.bucket, Face: r.face}
	p.Keys = slices.Clone(r.keys[:len(r.source.FaceDimensions(rollup.Face(r.face)))])
	for i, m := range r.measures {
		p.Measures[m] = r.sums[i]
	}
	for i, k := range r.sketches {
		p.Images[k] = layout.Stored{Image: slices.Clone(r.images[i]), Estimate: r.estimates[i]}
	}
	return p, nil
}

// dropOld lets cells that begin before what is kept count no more, when there is at
// least an hour of them, but none that a coarser source does not hold yet.
func (db *DB) dropOld(ctx context.Context, now int64) error {
	db.write.Lock()
	defer db.write.Unlock()
	s := db.state.Load()
	next, changed := s.clone(), false
	for _, source := range layout.CellSources() {
		table, keep := layout.TableOf(source), db.opts.Keep.Of(source)
		before := now - keep
		for _, coarser := range source.Coarser()[:min(1, len(source.Coarser()))] {
			before = min(before, s.Rolled[layout.TableOf(coarser)])
		}
		if first := s.first(table); keep == 0 || first == 0 || first >= before-rollup.HourMS {
			continue
		}
		next.Floor[table], changed = before, true
		next.retire(table, db.clock().UnixMilli(), func(r *run) bool { return r.Last < before })
	}
	if !changed {
		return nil
	}
	return db.commit(ctx, next)
}

// rollCurves sums the days of months that are over, a month a commit. The days stay:
// answers may begin and end on any.
func (db *DB) rollCurves(ctx context.Context, now int64) error {
	for {
		more, err := db.rollMonth(ctx, now)
		if err != nil || !more {
			return err
		}
	}
}

func (db *DB) rollMonth(ctx context.Context, now int64) (more bool, err error) {
	db.write.Lock()
	defer db.write.Unlock()
	var next *state
	err = db.read(ctx, []string{tableDays}, func(v *view) error {
		next = nil
		upTo := int64(-1 << 62)
		if v.Months != nil {
			upTo = *v.Months
		}
		from, found := int64(0), false
		var least, n int64
		if runs := v.runs(tableDays, upTo, 1<<62); runs != "" {
			sql := fmt.Sprintf("SELECT min(bucket), toInt64(count()) FROM %s WHERE %s AND bucket >= %d", tableDays, runs, upTo)
			err := v.all(ctx, sql, func(rows driver.Rows) error {
				err := rows.Scan(&least, &n)
				if n > 0 && (!found || least < from) {
					from, found = least, true
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		if !found {
			return nil
		}
		from, to := db.days.Month(from)
		if to > now-db.opts.QuietMS {
			return nil
		}
		next = v.clone()
		next.Months = &to
		where := fmt.Sprintf("%s AND bucket >= %d AND bucket < %d", v.runs(tableDays, from, to), from, to)
		return db.writeRun(ctx, next, 0, func(w *writer) error { return w.mergeCurves(v, tableDays, tableMonths, where, from) })
	})
	if err != nil || next == nil {
		return false, err
	}
	return true, db.commit(ctx, next)
}

// mergeCurves writes the curves of a table that meet a condition as one row each; of
// bucket month, or of their own if it is 0.
func (w *writer) mergeCurves(v *view, from, to, where string, month int64) error {
	t := curveTable(to)
	order := "title, device, width"
	if month == 0 {
		order = "title, bucket, device, width"
	}
	sql := "SELECT " + curveColumns + " FROM " + from + " WHERE " + where + " ORDER BY " + order
	for shard := range v.conns {
		var r curveReader
		var sums layout.CurveMap
		var open layout.CurveKey
		flush := func() error {
			for k, c := range sums.Sorted() {
				if err := w.curve(t, k, c); err != nil {
					return err
				}
			}
			sums = layout.CurveMap{}
			return nil
		}
		err := v.at(small(w.ctx), shard, sql, func(rows driver.Rows) error {
			c, err := r.read(rows)
			if err != nil {
				return err
			}
			if month != 0 {
				r.key.Day = month
			}
			if r.key != open {
				if err := flush(); err != nil {
					return err
				}
			}
			open = r.key
			return sums.Add(r.key.Day, r.key.Title, r.key.Device, c)
		})
		if err == nil {
			err = flush()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Stats are sizes for operators.
func (db *DB) Stats(ctx context.Context) (warehouse.Stats, error) {
	s := db.state.Load()
	st := warehouse.Stats{Rows: map[string]int64{}, Bytes: map[string]int64{}, Overcount: s.Overcount}
	for t, runs := range s.Runs {
		for i := range runs {
			st.Rows[t] += runs[i].rows()
		}
	}
	var errs []error
	asked := healthy(ctx, db.everybody())
	for _, r := range asked {
		if err := r.sizes(ctx, &st); err != nil {
			errs = append(errs, r.note(ctx, err))
		}
	}
	if len(errs) == len(asked) {
		return st, fmt.Errorf("size the warehouse: %w", errors.Join(errs...))
	}
	return st, nil
}

// sizes adds what a replica takes on disk, and what its server holds in memory.
func (r *replica) sizes(ctx context.Context, st *warehouse.Stats) error {
	conn, err := r.open(ctx)
	if err != nil {
		return err
	}
	var table string
	var n int64
	sql := "SELECT table, toInt64(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = " + quote(r.address.Database) + " GROUP BY table"
	err = each(ctx, conn, sql, func(rows driver.Rows) error {
		err := rows.Scan(&table, &n)
		st.Bytes[table] += n
		st.FileBytes += n
		return err
	})
	if err != nil {
		return err
	}
	return each(ctx, conn, "SELECT toInt64(value) FROM system.metrics WHERE metric = 'MemoryTracking'", func(rows driver.Rows) error {
		err := rows.Scan(&n)
		st.MemoryBytes += n
		return err
	})
}
