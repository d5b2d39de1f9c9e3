package duck

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"playhead/internal/rollup"
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
	return &cellAppender{ctx: s.ctx, appender: a, source: source, keys: keyCount(source), measures: source.Measures(), sketches: kinds(source.Sketches())}, nil
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
	a.addMeasures(&r.Measures)
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
	for i := range keyCount(s) {
		list = append(list, fmt.Sprint("k", i))
	}
	for _, m := range s.Measures() {
		list = append(list, measureColumn(m))
	}
	for _, k := range kinds(s.Sketches()) {
		list = append(list, sketchColumn(k), sketchColumn(k)+"_n")
	}
	return list
}

// part is a stored cell, or several merged.
type part struct {
	bucket   int64
	face     uint8
	keys     []string
	measures rollup.Measures
	images   [rollup.SketchCount]stored
}

// stored is a sketch of a part: its image while it is the only one, then the
// merged sketch.
type stored struct {
	image    []byte
	estimate float64
	merged   *rollup.Sketches
}

// cellReader reads rows of cellColumns.
type cellReader struct {
	source   rollup.Source
	keys     int
	measures []rollup.Measure
	sketches []rollup.Sketch
}

func newCellReader(s rollup.Source) *cellReader {
	return &cellReader{s, keyCount(s), s.Measures(), kinds(s.Sketches())}
}

func (c *cellReader) read(row []driver.Value) *part {
	p := &part{bucket: row[0].(int64), face: row[1].(uint8)}
	row = row[2:]
	p.keys = make([]string, len(c.source.FaceDimensions(rollup.Face(p.face))))
	for i := range p.keys {
		p.keys[i], _ = row[i].(string)
	}
	row = row[c.keys:]
	for i, m := range c.measures {
		p.measures[m], _ = row[i].(int64)
	}
	row = row[len(c.measures):]
	for i, k := range c.sketches {
		image, _ := row[2*i].([]byte)
		p.images[k].image = image
		p.images[k].estimate, _ = row[2*i+1].(float64)
	}
	return p
}

// same reports whether two parts are of one cell.
func (p *part) same(o *part) bool {
	if p.bucket != o.bucket || p.face != o.face {
		return false
	}
	for i := range p.keys {
		if p.keys[i] != o.keys[i] {
			return false
		}
	}
	return true
}

// merge adds another part of the cell.
func (c *cellReader) merge(p, o *part) error {
	for _, m := range c.measures {
		p.measures[m] += o.measures[m]
	}
	for _, k := range c.sketches {
		to, from := &p.images[k], &o.images[k]
		switch {
		case len(from.image) == 0:
			continue
		case to.merged == nil && len(to.image) == 0:
			*to = *from
			continue
		case to.merged == nil:
			made := rollup.NewSketches(rollup.SketchesOf(k))
			to.merged = &made
			if err := made.Absorb(k, to.image); err != nil {
				return err
			}
			to.image = nil
		}
		if err := to.merged.Absorb(k, from.image); err != nil {
			return err
		}
	}
	return nil
}

// part appends a merged part.
func (a *cellAppender) part(p *part, tier uint8) error {
	a.begin(p.bucket, tier, p.face, p.keys)
	a.addMeasures(&p.measures)
	for _, k := range a.sketches {
		image, estimate := p.images[k].image, p.images[k].estimate
		if p.images[k].merged != nil {
			image, estimate = p.images[k].merged.Image(k)
		}
		if len(image) == 0 {
			a.values = append(a.values, nil, nil)
		} else {
			a.values = append(a.values, image, estimate)
		}
	}
	return a.append()
}
