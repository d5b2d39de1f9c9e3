package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

var _ warehouse.PlayLister = (*DB)(nil)

// small asks for an answer in small blocks: its rows are large.
func small(ctx context.Context) context.Context {
	return ch.Context(ctx, ch.WithSettings(ch.Settings{"max_block_size": 1024}))
}

// scanPlays sums rows that lie wholly in one bucket in SQL, and cuts the others here.
func (v *view) scanPlays(ctx context.Context, acc *rollup.Accumulator, scan *rollup.Scan) error {
	from, to := within(scan)
	if from >= to {
		return nil
	}
	bounds, columns := scan.Bounds(), layout.DimensionColumns()
	// What no column knows is asked of each row.
	each := scan.Gauges || scan.Sketches.Has(rollup.StartupTimes) ||
		slices.ContainsFunc(scan.Dimensions(), func(d rollup.Dimension) bool { return int(d) >= len(columns) })
	cut := fmt.Sprintf("first_ms < %d AND last_ms > %d", to, from)
	if !each {
		inOne := fmt.Sprintf("(whole = 1 AND first_ms >= %d AND last_ms <= %d AND %s = %s)", from, to, bucketOf("first_ms", bounds), bucketOf("(last_ms - 1)", bounds))
		where := []string{inOne}
		var keys []string
		for _, d := range scan.By {
			keys = append(keys, columns[d])
		}
		for _, w := range scan.Where {
			where = append(where, oneOf(columns[w.Dimension], w.In))
		}
		if err := v.sumPlays(ctx, acc, scan, keys, strings.Join(where, " AND "), bucketOf("first_ms", bounds)); err != nil {
			return err
		}
		cut += " AND NOT " + inOne
	}
	return v.eachPlay(ctx, cut, func(b *fact.Batch) { acc.AddPlay(&b.Plays[0], b.Dims, b.Slots) })
}

// allRuns is the condition that a row of a table counts; "" if none does.
func (s *state) allRuns(table string) string { return s.runs(table, -1<<62, 1<<62) }

func (v *view) sumPlays(ctx context.Context, acc *rollup.Accumulator, scan *rollup.Scan, columns []string, where, bucket string) error {
	runs := v.allRuns(playsName)
	if runs == "" {
		return nil
	}
	where = " FROM " + playsName + " WHERE " + runs + " AND " + where
	keys, measures := make([]string, len(columns)), asked(scan, layout.PlayMeasures())
	sums := make([]int64, len(measures))
	var i int32
	var n, read int64
	var coupon uint32
	dest := []any{&i}
	for k := range keys {
		dest = append(dest, &keys[k])
	}
	viewers := append(slices.Clone(dest), &coupon)
	var results []string
	for k, m := range measures {
		results, dest = append(results, "sum("+layout.MeasureColumn(m)+")"), append(dest, &sums[k])
	}
	dest = append(dest, &n)
	sql := "SELECT " + selects(bucket, columns, append(results, "toInt64(count())")...) + where + groups(columns)
	err := v.all(ctx, sql, func(rows driver.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		var m rollup.Measures
		for k, at := range measures {
			m[at] = sums[k]
		}
		read += n
		acc.Add(int(i), keys, &m)
		return nil
	})
	acc.Read(read, 0)
	if err != nil || !scan.Sketches.Has(rollup.Viewers) {
		return err
	}
	sql = "SELECT DISTINCT " + selects(bucket, columns, "coupon") + where + " AND coupon <> 0"
	return v.all(ctx, sql, func(rows driver.Rows) error {
		if err := rows.Scan(viewers...); err != nil {
			return err
		}
		acc.AddViewer(int(i), keys, coupon)
		return nil
	})
}

// playColumns are what reads a play back: see playReader.
func playColumns() string {
	return "viewer, n, detail, " + strings.Join(layout.DimensionColumns()[:rollup.Creative], ", ")
}

// playReader reads rows of playColumns.
type playReader struct {
	viewer, detail []byte
	n              int32
	dims           [rollup.Creative]string
	dest           []any
}

func newPlayReader() *playReader {
	r := &playReader{}
	r.dest = []any{&r.viewer, &r.n, &r.detail}
	for i := range r.dims {
		r.dest = append(r.dest, &r.dims[i])
	}
	return r
}

// read reads a row into a batch of one play.
func (r *playReader) read(rows driver.Rows, b *fact.Batch) error {
	if err := rows.Scan(r.dest...); err != nil {
		return err
	}
	d := fact.Dims{
		Title: r.dims[rollup.Title], Country: r.dims[rollup.Country], DeviceType: r.dims[rollup.DeviceType], CDN: r.dims[rollup.CDN], Region: r.dims[rollup.Region],
		OS: r.dims[rollup.OS], AppVersion: r.dims[rollup.AppVersion], Player: r.dims[rollup.Player], ISP: r.dims[rollup.ISP],
	}
	return layout.ReadDetail(b, r.detail, r.viewer, &d)
}

// eachPlay decodes the rows that a condition holds of, one by one into the same batch.
func (v *view) eachPlay(ctx context.Context, where string, fn func(*fact.Batch)) error {
	runs := v.allRuns(playsName)
	if runs == "" {
		return nil
	}
	var b fact.Batch
	r := newPlayReader()
	return v.all(small(ctx), "SELECT "+playColumns()+" FROM "+playsName+" WHERE "+runs+" AND "+where, func(rows driver.Rows) error {
		if err := r.read(rows, &b); err != nil {
			return err
		}
		fn(&b)
		return nil
	})
}

// maxListed bounds the rows that one list reads of a shard, and those that take them back.
const maxListed = 5_000

// ListPlays implements warehouse.PlayLister. What sorts first is found by columns
// alone; only those rows are decoded.
func (db *DB) ListPlays(ctx context.Context, a warehouse.PlayAsk) (out warehouse.PlayRows, offsets []warehouse.Offset, err error) {
	where := []string{fmt.Sprintf("first_ms < %d AND last_ms > %d", a.To, a.From)}
	if !a.Viewer.IsZero() {
		where = append(where, "viewer = "+quote(string(a.Viewer[:])))
	}
	columns := layout.DimensionColumns()[:rollup.Creative]
	for _, w := range a.Where {
		if int(w.Dimension) >= len(columns) {
			return out, nil, rollup.ErrNotCovered
		}
		where = append(where, oneOf(columns[w.Dimension], w.In))
	}
	err = db.read(ctx, []string{playsName}, func(v *view) (err error) {
		offsets = v.offsets()
		out = warehouse.PlayRows{Viewers: map[event.ViewerKey]struct{}{}}
		runs := v.allRuns(playsName)
		if runs == "" {
			return nil
		}
		conditions := strings.Join(append([]string{runs}, where...), " AND ")
		if err := v.someViewers(ctx, conditions, a.AtLeast, out.Viewers); err != nil {
			return err
		}
		out.Rows, err = v.worstPlays(ctx, conditions, a)
		return err
	})
	if err != nil {
		return out, nil, fmt.Errorf("list plays: %w", err)
	}
	return out, offsets, nil
}

// someViewers finds known viewers, at most n.
func (v *view) someViewers(ctx context.Context, where string, n int, found map[event.ViewerKey]struct{}) error {
	if n <= 0 {
		return nil
	}
	var viewer []byte
	sql := fmt.Sprintf("SELECT DISTINCT viewer FROM %s WHERE coupon <> 0 AND %s LIMIT %d", playsName, where, n)
	return v.all(ctx, sql, func(rows driver.Rows) error {
		if err := rows.Scan(&viewer); err != nil || len(found) >= n {
			return err
		}
		var key event.ViewerKey
		copy(key[:], viewer)
		found[key] = struct{}{}
		return nil
	})
}

// worstPlays are the rows that sort first on each shard, and those of their viewers
// that take something back: all of a viewer is on one shard.
func (v *view) worstPlays(ctx context.Context, where string, a warehouse.PlayAsk) (list []warehouse.PlayRow, err error) {
	condition, by := layout.PlayOrder(a.Order)
	// A correction leaves two rows of a play that sort alike, rarely more.
	limit := min(3*a.Limit+1, maxListed)
	sql := "SELECT " + playColumns() + " FROM " + playsName + " WHERE " + where + " AND " + condition
	r := newPlayReader()
	var viewers []string
	add := func(rows driver.Rows) error {
		var b fact.Batch
		if err := r.read(rows, &b); err != nil {
			return err
		}
		if viewer := string(r.viewer); r.n > 0 && !slices.Contains(viewers, viewer) {
			viewers = append(viewers, viewer)
		}
		list = append(list, warehouse.PlayRow{Play: b.Plays[0], Dims: b.Dims, Slots: b.Slots})
		return nil
	}
	err = v.all(small(ctx), fmt.Sprintf("%s AND n > 0 ORDER BY %s DESC, first_ms DESC LIMIT %d", sql, by, limit), add)
	if err != nil || len(viewers) == 0 {
		return list, err
	}
	return list, v.all(small(ctx), sql+" AND n < 0 AND "+oneOf("viewer", viewers), add)
}
