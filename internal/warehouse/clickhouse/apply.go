package clickhouse

import (
	"context"
	"fmt"
	"math"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

// Apply writes the generations that the database does not hold yet as one run of
// each table, and commits them with the offsets they reach. What fails on the way
// leaves rows that nobody looks at.
func (db *DB) Apply(ctx context.Context, generations []*rollup.Generation) error {
	db.write.Lock()
	defer db.write.Unlock()
	if err := db.apply(ctx, generations); err != nil {
		return fmt.Errorf("apply %d generations: %w", len(generations), inMemory(err))
	}
	return nil
}

func (db *DB) apply(ctx context.Context, generations []*rollup.Generation) error {
	s := db.state.Load()
	pending, reached, err := warehouse.Pending(s.offsets(), generations)
	if err != nil || len(pending) == 0 {
		return err
	}
	next := s.clone()
	next.setOffsets(reached)
	for _, g := range pending {
		next.Overcount += g.Size().Overcount
	}
	var fresh []dimValue
	err = db.writeRun(ctx, next, 0, func(w *writer) (err error) {
		fresh, err = w.generations(s, pending)
		return err
	})
	if err != nil {
		return err
	}
	if err := db.commit(ctx, next); err != nil {
		return err
	}
	for _, v := range fresh {
		db.known[v] = true
	}
	return nil
}

// writeRun writes rows under one number, and adds them to a state.
func (db *DB) writeRun(ctx context.Context, s *state, tier int, fn func(*writer) error) error {
	w, err := db.newWriter(ctx, tier)
	if err != nil {
		return err
	}
	defer w.abort()
	if err := fn(w); err != nil {
		return err
	}
	return w.addTo(s)
}

// generations writes all that generations say, and returns the values that are new.
func (w *writer) generations(s *state, list []*rollup.Generation) ([]dimValue, error) {
	rolled := s.rolled()
	for _, source := range rollup.StoredSources() {
		if err := w.cells(list, source, rolled); err != nil {
			return nil, err
		}
		if err := w.flush(); err != nil { // each table on its way holds a connection
			return nil, err
		}
	}
	if err := w.curves(s, list); err != nil {
		return nil, err
	}
	if err := w.plays(list); err != nil {
		return nil, err
	}
	if err := w.sample(s, list); err != nil {
		return nil, err
	}
	return w.values(list)
}

// cells writes the cells of a family: each to the finest source that keeps it, and
// to those coarser ones that hold its time already.
func (w *writer) cells(list []*rollup.Generation, source rollup.Source, rolled layout.RolledUpTo) error {
	to := map[rollup.Source]*cellWriter{}
	add := func(s rollup.Source, bucket int64, r *rollup.Row) error {
		if to[s] == nil {
			to[s] = w.cellWriter(s)
		}
		return to[s].fresh(bucket, r)
	}
	return rollup.Fold(list, source, func(r *rollup.Row) error {
		if err := add(r.Source, r.Bucket, r); err != nil {
			return err
		}
		for _, coarser := range r.Source.Coarser() {
			if r.Bucket >= rolled.UpTo(coarser, r.Face) {
				break // what is coarser still is not summed from here yet either
			}
			bucket, _ := w.db.days.Bucket(coarser, r.Bucket)
			if err := add(coarser, bucket, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// cellWriter writes rows of a source of cells.
type cellWriter struct {
	w        *writer
	table    *table
	keys     int
	measures []rollup.Measure
	sketches []rollup.Sketch
}

func (w *writer) cellWriter(s rollup.Source) *cellWriter {
	return &cellWriter{w, cellTable(s), layout.KeyCount(s), s.Measures(), layout.Kinds(s.Sketches())}
}

// put writes a row. image gives its sketches.
func (c *cellWriter) put(bucket int64, face uint8, keys []string, m *rollup.Measures, image func(rollup.Sketch) ([]byte, float64)) error {
	b := c.w.row(c.table)
	b.row = append(b.row, bucket, face)
	for i := range c.keys {
		k := ""
		if i < len(keys) {
			k = keys[i]
		}
		b.row = append(b.row, k)
	}
	for _, k := range c.measures {
		b.row = append(b.row, m[k])
	}
	for _, k := range c.sketches {
		bytes, estimate := image(k)
		if len(bytes) == 0 {
			estimate = 0
		}
		b.row = append(b.row, string(bytes), estimate)
	}
	return c.w.add(c.table, c.w.shardOf(keys...), bucket)
}

// fresh writes a row of a generation.
func (c *cellWriter) fresh(bucket int64, r *rollup.Row) error {
	return c.put(bucket, uint8(r.Face), r.Keys, &r.Measures, func(k rollup.Sketch) ([]byte, float64) { return r.Image(k, nil) })
}

// curves writes the curves of generations; late ones to the month that holds their
// day already, too.
func (w *writer) curves(s *state, list []*rollup.Generation) error {
	var days, months layout.CurveMap
	for _, g := range list {
		err := g.Curves(func(day int64, title, device string, c *rollup.Curve) error {
			if s.Months != nil && day < *s.Months {
				month, _ := w.db.days.Month(day)
				_ = months.Add(month, title, device, c) // it never fails
			}
			return days.Add(day, title, device, c)
		})
		if err != nil {
			return err
		}
	}
	for name, m := range map[string]*layout.CurveMap{tableDays: &days, tableMonths: &months} {
		t := curveTable(name)
		for k, c := range m.Sorted() {
			if err := w.curve(t, k, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) curve(t *table, k layout.CurveKey, c *rollup.Curve) error {
	b := w.row(t)
	b.row = append(b.row, k.Day, k.Title, k.Device, k.Width, c.Plays, c.DurationMS, string(layout.AppendBins(nil, c)))
	return w.add(t, w.shardOf(k.Title), k.Day)
}

// plays writes finished plays, each with the measures of its whole life.
func (w *writer) plays(list []*rollup.Generation) error {
	t, measures := playTable(), layout.PlayMeasures()
	write := func(p *fact.Play, dims []fact.Dims, slots []fact.Slot) error {
		first, last := rollup.FirstMoment(p), rollup.LastMoment(p)
		total := rollup.WholeLife(p, dims, first, last)
		coupon, whole := uint32(0), uint8(0)
		if p.Known && p.FirstFrame != 0 && p.N > 0 {
			coupon = sketch.Coupon(p.Viewer)
		}
		if layout.IsWhole(p) {
			whole = 1
		}
		viewer := string(p.Viewer[:])
		b := w.row(t)
		b.row = append(b.row, first, last, p.N, whole, coupon, viewer, string(layout.AppendDetail(nil, p, dims, slots)))
		for dim := range rollup.Creative {
			b.row = append(b.row, rollup.Value(&dims[p.Dims], dim))
		}
		if p.Slot == 0 {
			b.row = append(b.row, "", "", "")
		} else {
			at := &slots[p.Slot-1]
			b.row = append(b.row, at.Creative, at.Placement, rollup.RankBucketOf(at.Rank))
		}
		for _, m := range measures {
			b.row = append(b.row, total[m])
		}
		return w.add(t, w.shardOf(viewer), first)
	}
	for _, g := range list {
		if err := g.Plays(write); err != nil {
			return err
		}
	}
	return nil
}

// sample writes what the finished plays of generations say of the viewers that are
// in the sample of their day.
func (w *writer) sample(s *state, list []*rollup.Generation) error {
	sample := rollup.NewSample(rollup.SampleScan{From: math.MinInt64, To: math.MaxInt64}, w.db.days)
	for _, g := range list {
		sample.AddGeneration(g)
	}
	t := tableNamed(sampleName)
	for _, r := range sample.Rows() {
		if limit, ok := s.Limits[r.Day]; ok && r.Hash > limit {
			continue
		}
		b := w.row(t)
		b.row = append(b.row, r.Day, r.Hash, r.Title, r.Country, r.DeviceType, r.Plays, r.MediaMS, r.Completed)
		if err := w.add(t, int(r.Hash%uint64(len(w.to))), r.Day); err != nil {
			return err
		}
	}
	return nil
}

// tableNamed is a table by its name.
func tableNamed(name string) *table {
	for _, t := range tables() {
		if t.name == name {
			return t
		}
	}
	return nil
}

// dimValue is a value of a dimension.
type dimValue struct {
	dim  uint8
	text string
}

// values writes the values of dimensions that are new, and returns them.
func (w *writer) values(list []*rollup.Generation) ([]dimValue, error) {
	t := tableNamed(tableValues)
	seen := map[dimValue]bool{}
	var fresh []dimValue
	for d := range rollup.DimensionCount {
		for _, g := range list {
			g.Values(d, 0, func(text string) {
				if v := (dimValue{uint8(d), text}); !w.db.known[v] && !seen[v] {
					seen[v] = true
					fresh = append(fresh, v)
				}
			})
		}
	}
	for _, v := range fresh {
		b := w.row(t)
		b.row = append(b.row, v.dim, v.text)
		if err := w.add(t, w.shardOf(v.text), 0); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

// loadValues reads which values are stored.
func (db *DB) loadValues(ctx context.Context) error {
	return db.read(ctx, []string{tableValues}, func(v *view) error {
		runs := v.runs(tableValues, math.MinInt64, math.MaxInt64)
		if runs == "" {
			return nil
		}
		var d dimValue
		return v.all(ctx, "SELECT dim, value FROM "+tableValues+" WHERE "+runs, func(rows driver.Rows) error {
			err := rows.Scan(&d.dim, &d.text)
			db.known[d] = true
			return err
		})
	})
}

// Values are all values of a dimension that were ever stored.
func (db *DB) Values(ctx context.Context, d rollup.Dimension) (values []string, err error) {
	err = db.read(ctx, []string{tableValues}, func(v *view) error {
		values = nil
		runs := v.runs(tableValues, math.MinInt64, math.MaxInt64)
		if runs == "" {
			return nil
		}
		seen := map[string]bool{}
		var text string
		return v.all(ctx, fmt.Sprintf("SELECT DISTINCT value FROM %s WHERE %s AND dim = %d", tableValues, runs, d), func(rows driver.Rows) error {
			if err := rows.Scan(&text); err != nil {
				return err
			}
			if !seen[text] {
				seen[text] = true
				values = append(values, text)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	return values, nil
}
