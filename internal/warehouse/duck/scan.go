package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
)

// Scan answers from one snapshot of the file.
func (db *DB) Scan(ctx context.Context, scan rollup.Scan) (warehouse.Snapshot, error) {
	var snap warehouse.Snapshot
	err := db.read(ctx, func(s session) (err error) {
		if snap.Offsets, err = s.offsets(); err != nil {
			return err
		}
		acc := rollup.NewAccumulator(scan)
		db.mu.Lock()
		first := db.first[tableOf(scan.Source)]
		db.mu.Unlock()
		acc.Read(0, first)
		if scan.Source == rollup.SourcePlays {
			err = scanPlays(s, acc, &scan)
		} else {
			err = scanCells(s, acc, &scan)
		}
		snap.Result = acc.Result()
		snap.Engine = "duckdb"
		return err
	})
	if err != nil {
		return warehouse.Snapshot{}, fmt.Errorf("scan %s: %w", tableOf(scan.Source), err)
	}
	return snap, nil
}

// query is SQL under construction; arguments are in the order of their marks.
type query struct {
	where []string
	args  []any
	keys  []string // expressions of the group's keys
}

func (q *query) and(condition string, args ...any) {
	q.where = append(q.where, condition)
	q.args = append(q.args, args...)
}

// filter keeps rows whose column has one of the values.
func (q *query) filter(column string, in []string) {
	if len(in) == 0 {
		q.and("false")
		return
	}
	args := make([]any, len(in))
	for i, v := range in {
		args[i] = v
	}
	q.and(column+" IN (?"+strings.Repeat(", ?", len(in)-1)+")", args...)
}

func (q *query) conditions() string { return strings.Join(q.where, " AND ") }

// selects joins the bucket, the keys and what is asked, for a SELECT.
func (q *query) selects(bucket string, more ...string) string {
	return strings.Join(append(append([]string{bucket + " AS i"}, q.keys...), more...), ", ")
}

// groups is the GROUP BY of a SELECT that starts with the bucket and the keys.
func (q *query) groups() string {
	var n []string
	for i := range len(q.keys) + 1 {
		n = append(n, fmt.Sprint(i+1))
	}
	return " GROUP BY " + strings.Join(n, ", ")
}

// bucketOf is an expression for the index of the bucket that holds a time: a
// division when all are of one width, else a binary search written out.
func bucketOf(column string, bounds []int64) string {
	n := len(bounds) - 1
	if n == 1 {
		return "0::INTEGER"
	}
	width := bounds[1] - bounds[0]
	for i := range n {
		if bounds[i+1]-bounds[i] != width {
			return searchBucket(column, bounds, 0, n)
		}
	}
	return fmt.Sprintf("((%s - %d) // %d)::INTEGER", column, bounds[0], width)
}

// searchBucket chooses among the buckets from lo up to hi.
func searchBucket(column string, bounds []int64, lo, hi int) string {
	if hi-lo == 1 {
		return fmt.Sprintf("%d::INTEGER", lo)
	}
	mid := (lo + hi) / 2
	return fmt.Sprintf("CASE WHEN %s < %d THEN %s ELSE %s END", column, bounds[mid],
		searchBucket(column, bounds, lo, mid), searchBucket(column, bounds, mid, hi))
}

// within are the times that lie in the scan and in some bucket.
func within(s *rollup.Scan) (from, to int64) {
	bounds := s.Bounds()
	return max(s.From, bounds[0]), min(s.To, bounds[len(bounds)-1])
}

// sums are the sums of all measures.
func sums() []string {
	var list []string
	for _, c := range measureColumns() {
		list = append(list, "sum("+c+")::BIGINT")
	}
	return list
}

// keysOf reads the keys of a row that begins with the bucket and the keys.
func keysOf(row []driver.Value, keys []string) int {
	for i := range keys {
		keys[i] = row[i+1].(string)
	}
	return int(row[0].(int32))
}

func measuresOf(row []driver.Value) (m rollup.Measures) {
	for i := range measureColumns() {
		m[i] = row[i].(int64)
	}
	return m
}

func scanCells(s session, acc *rollup.Accumulator, scan *rollup.Scan) error {
	face, ok := rollup.FaceOf(scan.Source, scan.Dimensions())
	if !ok {
		return rollup.ErrNotCovered
	}
	q := cellQuery(scan, face)
	table, bucket := tableOf(scan.Source), bucketOf("bucket", scan.Bounds())
	keys, read := make([]string, len(q.keys)), int64(0)
	sql := "SELECT " + q.selects(bucket, append(sums(), "count(*)")...) + " FROM " + table + " WHERE " + q.conditions() + q.groups()
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
	var none rollup.Measures
	sql = "SELECT " + q.selects(bucket, "viewers") + " FROM " + table + " WHERE viewers IS NOT NULL AND " + q.conditions()
	return s.each(sql, q.args, func(row []driver.Value) error {
		i := keysOf(row, keys)
		return acc.Add(i, keys, &none, row[1+len(keys)].([]byte))
	})
}

// cellQuery is what all queries of a scan over cells have in common.
func cellQuery(scan *rollup.Scan, face rollup.Face) *query {
	q := &query{}
	column := func(d rollup.Dimension) string {
		for i, have := range face.Dimensions() {
			if have == d {
				return [2]string{"a", "b"}[i]
			}
		}
		return ""
	}
	from, to := within(scan)
	q.and("face = "+fmt.Sprint(face)+" AND bucket >= ? AND bucket < ?", from, to)
	for _, w := range scan.Where {
		q.filter(column(w.Dimension), w.In)
	}
	for _, d := range scan.By {
		q.keys = append(q.keys, column(d))
	}
	return q
}
