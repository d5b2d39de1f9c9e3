package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"playhead/internal/rollup"
	"playhead/internal/warehouse"
	"playhead/internal/warehouse/layout"
)

// Scan answers from one snapshot.
func (db *DB) Scan(ctx context.Context, scan rollup.Scan) (snap warehouse.Snapshot, err error) {
	tables := []string{layout.TableOf(scan.Source)}
	if scan.Source != rollup.SourcePlays {
		tables = chainTables(scan.Source)
	}
	err = db.read(ctx, tables, func(v *view) (err error) {
		acc := rollup.NewAccumulator(scan)
		acc.Read(0, v.firstOf(scan.Source, db.days))
		if scan.Source == rollup.SourcePlays {
			err = v.scanPlays(ctx, acc, &scan)
		} else {
			err = v.scanCells(ctx, acc, &scan)
		}
		snap = warehouse.Snapshot{Result: acc.Result(), Offsets: v.offsets()}
		snap.Engine = "clickhouse"
		return err
	})
	if err != nil {
		return warehouse.Snapshot{}, fmt.Errorf("scan %s: %w", layout.TableOf(scan.Source), err)
	}
	return snap, nil
}

// runs is the condition that a row of a table counts and may lie in some time; ""
// if none does.
func (s *state) runs(table string, from, to int64) string {
	var ids []string
	for _, r := range s.Runs[table] {
		if r.First < to && r.Last >= from && r.Last >= s.floor(table) {
			ids = append(ids, fmt.Sprint(r.ID))
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return "run IN (" + strings.Join(ids, ", ") + ")"
}

// bucketOf is an expression for the index of the bucket that holds a time: a
// division among neighbours of one width, and a binary search for which those are.
func bucketOf(column string, bounds []int64) string {
	if len(bounds) == 2 {
		return "toInt32(0)"
	}
	var like []int // where buckets of another width begin
	for i := range len(bounds) - 1 {
		if i == 0 || bounds[i+1]-bounds[i] != bounds[i]-bounds[i-1] {
			like = append(like, i)
		}
	}
	return "toInt32(" + searchBucket(column, bounds, like) + ")"
}

// searchBucket chooses among stretches of buckets of one width each, by where they begin.
func searchBucket(column string, bounds []int64, like []int) string {
	if len(like) == 1 {
		i := like[0]
		return fmt.Sprintf("%d + intDiv(%s - %d, %d)", i, column, bounds[i], bounds[i+1]-bounds[i])
	}
	mid := len(like) / 2
	return fmt.Sprintf("if(%s < %d, %s, %s)", column, bounds[like[mid]], searchBucket(column, bounds, like[:mid]), searchBucket(column, bounds, like[mid:]))
}

// within are the times that lie in the scan and in some bucket.
func within(s *rollup.Scan) (from, to int64) {
	bounds := s.Bounds()
	return max(s.From, bounds[0]), min(s.To, bounds[len(bounds)-1])
}

// asked are those of a source's measures that a scan asks for.
func asked(scan *rollup.Scan, kept []rollup.Measure) []rollup.Measure {
	if scan.Measures == nil {
		return kept
	}
	return slices.DeleteFunc(slices.Clone(kept), func(m rollup.Measure) bool { return !slices.Contains(scan.Measures, m) })
}

// cellScan is a scan of the cells of one face.
type cellScan struct {
	*view
	ctx      context.Context // of the one call that it serves
	acc      *rollup.Accumulator
	scan     *rollup.Scan
	face     rollup.Face
	where    []string // filters
	keys     []string // columns of the group's keys
	bounds   []int64
	measures []rollup.Measure
	sketches []rollup.Sketch
}

func (v *view) scanCells(ctx context.Context, acc *rollup.Accumulator, scan *rollup.Scan) error {
	face, ok := rollup.FaceOf(scan.Source, scan.Dimensions())
	if !ok {
		return rollup.ErrNotCovered
	}
	c := &cellScan{view: v, ctx: ctx, acc: acc, scan: scan, face: face, bounds: scan.Bounds()}
	from, to := within(scan)
	if scan.Source == rollup.SourceCreativeAll {
		from, to, c.bounds = 0, 1<<62, []int64{0, 1 << 62}
	}
	if from >= to {
		return nil
	}
	columns := map[rollup.Dimension]string{}
	for i, d := range scan.Source.FaceDimensions(face) {
		columns[d] = fmt.Sprint("k", i)
	}
	for _, w := range scan.Where {
		c.where = append(c.where, oneOf(columns[w.Dimension], w.In))
	}
	for _, d := range scan.By {
		c.keys = append(c.keys, columns[d])
	}
	c.measures = asked(scan, scan.Source.Measures())
	c.sketches = layout.Kinds(scan.Sketches & scan.Source.Sketches())
	return c.run(from, to)
}

// from is the FROM of a query for the cells of a stretch of time, with the columns
// and the condition that it needs; "" where no run has any.
func (c *cellScan) from(from, to int64, condition string, columns ...string) string {
	columns = append([]string{"bucket"}, columns...)
	for i := range c.scan.Source.FaceDimensions(c.face) {
		columns = append(columns, fmt.Sprint("k", i))
	}
	var parts []string
	for _, x := range layout.Stretches(c.scan.Source, c.face, from, to, c.rolled()) {
		table := layout.TableOf(x.Source)
		begin := max(x.From, c.floor(table))
		where := fmt.Sprintf("bucket >= %d AND bucket < %d", begin, x.To)
		if x.Source == rollup.SourceCreativeAll {
			begin, x.To, where = 0, 1<<62, "bucket = 0"
		}
		runs := c.runs(table, begin, x.To)
		if runs == "" || begin >= x.To {
			continue
		}
		where = strings.Join(append([]string{runs, fmt.Sprintf("face = %d", c.face), where}, c.where...), " AND ") + condition
		parts = append(parts, fmt.Sprintf("SELECT %s FROM %s WHERE %s", strings.Join(columns, ", "), table, where))
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, " UNION ALL ") + ")"
}

// selects are the bucket, the keys and what is asked, for a SELECT.
func selects(bucket string, keys []string, more ...string) string {
	return strings.Join(append(append([]string{bucket + " AS i"}, keys...), more...), ", ")
}

// groups is the GROUP BY of a SELECT that starts with the bucket and the keys.
func groups(keys []string) string {
	return " GROUP BY " + strings.Join(append([]string{"i"}, keys...), ", ")
}

// run answers the scan: sums, and what is known of sketches without reading them
// where that may do; then the sketches that are left.
func (c *cellScan) run(from, to int64) error {
	if len(c.sketches) == 0 || !c.scan.EstimateOnly && c.scan.Top == nil {
		if err := c.sum(from, to, nil); err != nil || len(c.sketches) == 0 {
			return err
		}
		return c.merge(from, to, nil)
	}
	groups := layout.NewSummary(c.scan, c.measures, c.sketches)
	if err := c.sum(from, to, groups); err != nil {
		return err
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
	var columns, results []string
	for _, m := range c.measures {
		columns = append(columns, layout.MeasureColumn(m))
		results = append(results, "sum("+layout.MeasureColumn(m)+")")
	}
	results = append(results, "toInt64(count())")
	kinds := 0
	if into != nil {
		kinds = len(c.sketches)
		for _, k := range c.sketches {
			n := layout.SketchColumn(k) + "_n"
			columns = append(columns, n)
			results = append(results, "toInt64(countIf("+n+" > 0))", "max("+n+")", "sum("+n+")")
		}
	}
	source := c.from(from, to, "", columns...)
	if source == "" {
		return nil
	}
	sql := "SELECT " + selects(bucketOf("bucket", c.bounds), c.keys, results...) + " FROM " + source + groups(c.keys)
	for shard := range c.conns {
		rows := layout.NewSummedRows(len(c.measures), kinds, len(c.keys))
		if err := c.sumAt(shard, sql, rows); err != nil {
			return err
		}
		if into != nil {
			into.AddAll(rows, true) // a group may be on several shards
			continue
		}
		for x := range rows.All() {
			x.AddTo(c.acc, c.measures)
		}
	}
	return nil
}

func (c *cellScan) sumAt(shard int, sql string, rows *layout.SummedRows) error {
	var bucket int32
	var cells, read int64
	defer func() { c.acc.Read(read, 0) }()
	return c.at(c.ctx, shard, sql, func(r driver.Rows) error {
		x := rows.Next()
		to := []any{&bucket}
		for i := range x.Keys {
			to = append(to, &x.Keys[i])
		}
		for i := range x.Measures {
			to = append(to, &x.Measures[i])
		}
		to = append(to, &cells)
		for i := range x.Parts {
			to = append(to, &x.Parts[i].Count, &x.Parts[i].Max, &x.Parts[i].Sum)
		}
		if err := r.Scan(to...); err != nil {
			return err
		}
		x.Bucket = int(bucket)
		read += cells
		return nil
	})
}

// merge reads the sketches of the cells and merges them into the answer: of the
// groups in need, by layout.GroupKey, or of all if it is nil.
func (c *cellScan) merge(from, to int64, need map[string]rollup.SketchSet) error {
	var columns, present []string
	for _, k := range c.sketches {
		columns = append(columns, layout.SketchColumn(k))
		present = append(present, layout.SketchColumn(k)+"_n > 0")
	}
	for _, k := range c.sketches {
		columns = append(columns, layout.SketchColumn(k)+"_n")
	}
	source := c.from(from, to, " AND ("+strings.Join(present, " OR ")+")"+c.narrow(need), columns...)
	if source == "" {
		return nil
	}
	var bucket int32
	keys, images, estimates := make([]string, len(c.keys)), make([][]byte, len(c.sketches)), make([]float64, len(c.sketches))
	dest := []any{&bucket}
	for i := range keys {
		dest = append(dest, &keys[i])
	}
	for i := range images {
		dest = append(dest, &images[i])
	}
	for i := range estimates {
		dest = append(dest, &estimates[i])
	}
	var key []byte
	all := rollup.SketchesOf(c.sketches...)
	sql := "SELECT " + selects(bucketOf("bucket", c.bounds), c.keys, columns...) + " FROM " + source
	return c.all(small(c.ctx), sql, func(rows driver.Rows) error {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		set := all
		if need != nil {
			key = layout.GroupKey(key, int(bucket), keys)
			set = need[string(key)]
		}
		for j, k := range c.sketches {
			if len(images[j]) == 0 || !set.Has(k) {
				continue
			}
			if err := c.acc.AddSketch(int(bucket), keys, k, images[j], estimates[j]); err != nil {
				return err
			}
		}
		return nil
	})
}

// narrow is a condition that leaves out most rows of groups that are not in need.
func (c *cellScan) narrow(need map[string]rollup.SketchSet) string {
	const most = 2000
	if need == nil || len(need) > most || len(c.keys) == 0 {
		return ""
	}
	seen := map[string]bool{}
	var list []string
	for k := range need {
		if v := layout.KeyAt(k, 0); !seen[v] {
			seen[v] = true
			list = append(list, v)
		}
	}
	return " AND " + oneOf(c.keys[0], list)
}
