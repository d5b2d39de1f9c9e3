package duck

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// cellAppender appends rows to a table of cells, some at a time.
type cellAppender struct {
	ctx      context.Context // of the one call that it serves
	appender *duckdb.Appender
	waiting  int // bytes that the engine does not have yet
	source   rollup.Source
	keys     int
	measures []rollup.Measure
	sketches []rollup.Sketch
	values   []driver.Value
	images   []byte // of the row under way, one after the other
}

func newCellAppender(s session, source rollup.Source, table string) (*cellAppender, error) {
	columns := append([]string{"bucket", "tier"}, cellColumns(source)[1:]...)
	a, err := duckdb.NewAppenderWithColumns(s.conn, "", "", table, columns)
	if err != nil {
		return nil, err
	}
	return &cellAppender{ctx: s.ctx, appender: a, source: source, keys: layout.KeyCount(source), measures: source.Measures(), sketches: layout.Kinds(source.Sketches())}, nil
}

// close commits what was appended to the transaction, or forgets it.
func (a *cellAppender) close(failed bool) error {
	if failed {
		return errors.Join(a.appender.Clear(), a.appender.Close())
	}
	return a.appender.CloseWithCancel(a.ctx)
}

// waitingBytes is about how much an appender gathers before the engine gets it:
// what waits in an appender, the engine does not count as its memory.
const waitingBytes = 4 << 20

// append appends the row that was put together.
func (a *cellAppender) append() error {
	for _, v := range a.values {
		a.waiting += 16
		if image, ok := v.([]byte); ok {
			a.waiting += len(image)
		}
	}
	if err := a.appender.AppendRow(a.values...); err != nil {
		return err
	}
	if a.waiting < waitingBytes {
		return nil
	}
	a.waiting = 0
	return a.appender.FlushWithCancel(a.ctx)
}

// begin starts a row.
func (a *cellAppender) begin(bucket int64, tier, face uint8, keys []string) {
	a.values = append(a.values[:0], bucket, tier, face)
	for i := range a.keys {
		if i < len(keys) {
			a.values = append(a.values, keys[i])
		} else {
			a.values = append(a.values, nil)
		}
	}
}

// addMeasures adds the measures of a row that will stay as it is.
func (a *cellAppender) addMeasures(m *rollup.Measures) {
	for _, k := range a.measures {
		if m[k] == 0 {
			a.values = append(a.values, nil)
		} else {
			a.values = append(a.values, m[k])
		}
	}
}

// row appends a fresh part.
func (a *cellAppender) row(bucket int64, r *rollup.Row) error {
	a.begin(bucket, 0, uint8(r.Face), r.Keys)
	for _, k := range a.measures { // each NULL would be a call into the engine
		a.values = append(a.values, r.Measures[k])
	}
	a.images = a.images[:0]
	for _, k := range a.sketches {
		images, estimate := r.Image(k, a.images)
		image := images[len(a.images):]
		if len(image) == 0 {
			a.values = append(a.values, nil, nil)
			continue
		}
		a.images = images
		a.values = append(a.values, image, estimate)
	}
	return a.append()
}

// cellColumns are the columns of a source in the order in which cellReader reads them.
func cellColumns(s rollup.Source) []string {
	list := []string{"bucket", "face"}
	for i := range layout.KeyCount(s) {
		list = append(list, fmt.Sprint("k", i))
	}
	for _, m := range s.Measures() {
		list = append(list, layout.MeasureColumn(m))
	}
	for _, k := range layout.Kinds(s.Sketches()) {
		list = append(list, layout.SketchColumn(k), layout.SketchColumn(k)+"_n")
	}
	return list
}

// cellReader reads rows of cellColumns.
type cellReader struct {
	source   rollup.Source
	keys     int
	measures []rollup.Measure
	sketches []rollup.Sketch
}

func newCellReader(s rollup.Source) *cellReader {
	return &cellReader{s, layout.KeyCount(s), s.Measures(), layout.Kinds(s.Sketches())}
}

func (c *cellReader) read(row []driver.Value) *layout.Part {
	p := &layout.Part{Bucket: row[0].(int64), Face: row[1].(uint8)}
	row = row[2:]
	p.Keys = make([]string, len(c.source.FaceDimensions(rollup.Face(p.Face))))
	for i := range p.Keys {
		p.Keys[i], _ = row[i].(string)
	}
	row = row[c.keys:]
	for i, m := range c.measures {
		p.Measures[m], _ = row[i].(int64)
	}
	row = row[len(c.measures):]
	for i, k := range c.sketches {
		image, _ := row[2*i].([]byte)
		p.Images[k].Image = image
		p.Images[k].Estimate, _ = row[2*i+1].(float64)
	}
	return p
}

// part appends a merged part.
func (a *cellAppender) part(p *layout.Part, tier uint8) error {
	a.begin(p.Bucket, tier, p.Face, p.Keys)
	a.addMeasures(&p.Measures)
	for _, k := range a.sketches {
		image, estimate := p.ImageOf(k)
		if len(image) == 0 {
			a.values = append(a.values, nil, nil)
		} else {
			a.values = append(a.values, image, estimate)
		}
	}
	return a.append()
}
