package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

// Scan answers from one snapshot of the file. What needs more memory than there
// is, is asked for in smaller and smaller pieces.
func (db *DB) Scan(ctx context.Context, scan rollup.Scan) (warehouse.Snapshot, error) {
	const smallest = 64
	snap, err := db.scanIn(ctx, shared, &scan, 1)
	for pieces := 1; outOfMemory(err) && pieces <= smallest; pieces *= 4 {
		snap, err = db.scanIn(ctx, alone, &scan, pieces)
	}
	if err != nil {
		return warehouse.Snapshot{}, fmt.Errorf("scan %s: %w", layout.TableOf(scan.Source), err)
	}
	return snap, nil
}

func (db *DB) scanIn(ctx context.Context, t turn, scan *rollup.Scan, pieces int) (snap warehouse.Snapshot, err error) {
	err = db.readIn(ctx, t, func(s session) (err error) {
		if snap.Offsets, err = s.offsets(); err != nil {
			return err
		}
		acc := rollup.NewAccumulator(*scan)
		acc.Read(0, db.firstOf(scan.Source))
		if scan.Source == rollup.SourcePlays {
			err = scanPlays(s, acc, scan)
		} else {
			err = scanCells(s, acc, scan, pieces)
		}
		snap.Result = acc.Result()
		snap.Engine = "duckdb"
		return err
	})
	return snap, err
}

// firstOf is where the data of a source begins, epoch ms: in its own table or in
// a finer one.
func (db *DB) firstOf(source rollup.Source) int64 {
	db.mu.Lock()
	defer db.mu.Unlock()
	if source == rollup.SourcePlays {
		return db.first[layout.TableOf(source)]
	}
	first := int64(0)
	for _, s := range layout.Chain(source) {
		if ms := db.first[layout.TableOf(s)]; ms != 0 {
			if source != rollup.SourceCreativeAll { // all time begins with the first day
				ms, _ = db.days.Bucket(source, ms)
			}
			if first == 0 || ms < first {
				first = ms
			}
		}
	}
	return first
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

// byGroup is the ORDER BY of a SELECT that starts with the bucket and the keys. Who
// reads the buckets of a group one after the other then finds them side by side.
func (q *query) byGroup() string {
	order := " ORDER BY "
	for i := range q.keys {
		order += fmt.Sprint(i+2, ", ")
	}
	return order + "1"
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

// sums are the sums of measures.
func sums(list []rollup.Measure) (columns []string) {
	for _, m := range list {
		columns = append(columns, "coalesce(sum("+layout.MeasureColumn(m)+"), 0)::BIGINT")
	}
	return columns
}

// asked are those of a source's measures that a scan asks for.
func asked(scan *rollup.Scan, kept []rollup.Measure) []rollup.Measure {
	if scan.Measures == nil {
		return kept
	}
	var list []rollup.Measure
	for _, m := range kept {
		for _, want := range scan.Measures {
			if m == want {
				list = append(list, m)
				break
			}
		}
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

// measuresOf reads the sums of measures.
func measuresOf(list []rollup.Measure, row []driver.Value) (m rollup.Measures) {
	for i, k := range list {
		m[k] = row[i].(int64)
	}
	return m
}

// cellScan is a scan of the cells of one face.
type cellScan struct {
	s        session
	acc      *rollup.Accumulator
	scan     *rollup.Scan
	face     rollup.Face
	q        *query // filters and keys
	rolled   layout.RolledUpTo
	bounds   []int64
	pieces   int // of the time, each asked for by itself
	measures []rollup.Measure
	sketches []rollup.Sketch
}

func scanCells(s session, acc *rollup.Accumulator, scan *rollup.Scan, pieces int) error {
	face, ok := rollup.FaceOf(scan.Source, scan.Dimensions())
	if !ok {
		return rollup.ErrNotCovered
	}
	rolled, err := s.rolled()
	if err != nil {
		return err
	}
	c := &cellScan{s: s, acc: acc, scan: scan, face: face, q: &query{}, rolled: rolled, bounds: scan.Bounds(), pieces: pieces}
	from, to := within(scan)
	if scan.Source == rollup.SourceCreativeAll {
		from, to, c.bounds, c.pieces = 0, 1<<62, []int64{0, 1 << 62}, 1
	}
	if from >= to {
		return nil
	}
	columns := map[rollup.Dimension]string{}
	for i, d := range scan.Source.FaceDimensions(face) {
		columns[d] = fmt.Sprint("k", i)
	}
	for _, w := range scan.Where {
		c.q.filter(columns[w.Dimension], w.In)
	}
	for _, d := range scan.By {
		c.q.keys = append(c.q.keys, columns[d])
	}
	c.measures = asked(scan, scan.Source.Measures())
	c.sketches = layout.Kinds(scan.Sketches & scan.Source.Sketches())
	return c.run(from, to)
}

// from is the FROM of a query for the cells of a stretch of time, with the
// columns that it needs, and its arguments.
func (c *cellScan) from(from, to int64, columns ...string) (string, []any) {
	var parts []string
	var args []any
	columns = append([]string{"bucket"}, columns...)
	for i := range c.scan.Source.FaceDimensions(c.face) {
		columns = append(columns, fmt.Sprint("k", i))
	}
	filter := ""
	if len(c.q.where) > 0 {
		filter = " AND " + c.q.conditions()
	}
	for _, x := range layout.Stretches(c.scan.Source, c.face, from, to, c.rolled) {
		parts = append(parts, fmt.Sprintf("SELECT %s FROM %s WHERE face = %d AND %s%s", strings.Join(columns, ", "), layout.TableOf(x.Source), c.face, where(x), filter))
		args = append(args, c.q.args...)
	}
	return "(" + strings.Join(parts, " UNION ALL ") + ")", args
}

// slices cuts a scan of many buckets into stretches of time, so that the groups
// of one query are not more than the engine has memory for.
func (c *cellScan) slices(from, to int64) [][2]int64 {
	const most = 240
	n := len(c.bounds) - 1
	if len(c.q.keys) == 0 || n <= most {
		return cut(nil, from, to, c.pieces)
	}
	var list [][2]int64
	for i := 0; i < n; i += most {
		a, b := max(from, c.bounds[i]), min(to, c.bounds[min(i+most, n)])
		if a < b {
			list = cut(list, a, b, c.pieces)
		}
	}
	return list
}

// cut adds pieces of a stretch of time to a list.
func cut(list [][2]int64, from, to int64, pieces int) [][2]int64 {
	for i := range int64(pieces) {
		a, b := from+(to-from)*i/int64(pieces), from+(to-from)*(i+1)/int64(pieces)
		if a < b {
			list = append(list, [2]int64{a, b})
		}
	}
	return list
}

// run answers the scan: sums, and what is known of sketches without reading them
// where that may do; then the sketches that are left.
func (c *cellScan) run(from, to int64) error {
	if len(c.sketches) == 0 || !c.scan.EstimateOnly && c.scan.Top == nil {
		for _, x := range c.slices(from, to) {
			if err := c.sum(x[0], x[1], nil); err != nil {
				return err
			}
		}
		if len(c.sketches) == 0 {
			return nil
		}
		return c.merge(from, to, nil)
	}
	groups := layout.NewSummary(c.scan, c.measures, c.sketches)
	for _, x := range c.slices(from, to) {
		if err := c.sum(x[0], x[1], groups); err != nil {
			return err
		}
	}
	groups.Prune(len(c.bounds) == 2)
	need := groups.Answer(c.acc)
	if len(need) == 0 {
		return nil
	}
	return c.merge(from, to, need)
}

// sum sums the measures of a stretch of time into the answer, or into a summary.
func (c *cellScan) sum(from, to int64, into *layout.Summary) error {
	var columns []string
	for _, m := range c.measures {
		columns = append(columns, layout.MeasureColumn(m))
	}
	results := append(sums(c.measures), "count(*)")
	if into != nil {
		for _, k := range c.sketches {
			n := layout.SketchColumn(k) + "_n"
			columns = append(columns, n)
			results = append(results, "count("+n+")", "coalesce(max("+n+"), 0)", "coalesce(sum("+n+"), 0)::DOUBLE")
		}
	}
	source, args := c.from(from, to, columns...)
	read := int64(0)
	kinds := 0
	if into != nil {
		kinds = len(c.sketches)
	}
	rows := layout.NewSummedRows(len(c.measures), kinds, len(c.q.keys))
	sql := "SELECT " + c.q.selects(bucketOf("bucket", c.bounds), results...) + " FROM " + source + c.q.groups()
	if len(c.bounds) > 2 {
		sql += c.q.byGroup()
	}
	err := c.s.each(sql, args, func(row []driver.Value) error {
		x := rows.Next()
		x.Bucket = keysOf(row, x.Keys)
		rows.Share(x.Keys)
		row = row[1+len(x.Keys):]
		for i := range x.Measures {
			x.Measures[i] = row[i].(int64)
		}
		row = row[len(x.Measures):]
		read += row[0].(int64)
		for i := range x.Parts {
			x.Parts[i] = layout.Parts{Count: row[1+3*i].(int64), Max: row[2+3*i].(float64), Sum: row[3+3*i].(float64)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.acc.Read(read, 0)
	if into != nil {
		into.AddAll(rows, c.pieces > 1) // then a bucket may be in several
		return nil
	}
	c.acc.Expect(rows.Len())
	for x := range rows.All() {
		x.AddTo(c.acc, c.measures)
	}
	return nil
}
