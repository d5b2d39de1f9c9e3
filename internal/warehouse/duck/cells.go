package duck

import (
	"database/sql/driver"
	"fmt"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// cellAppender appends rows to a table of cells.
type cellAppender struct {
	*rowWriter
	source   rollup.Source
	keys     int
	measures []rollup.Measure
	sketches []rollup.Sketch
}

func newCellAppender(s session, source rollup.Source, table string) (*cellAppender, error) {
	columns := append([]string{"bucket", "tier"}, cellColumns(source)[1:]...)
	w, err := newRowWriter(s, table, columns)
	if err != nil {
		return nil, err
	}
	return &cellAppender{rowWriter: w, source: source, keys: layout.KeyCount(source), measures: source.Measures(), sketches: layout.Kinds(source.Sketches())}, nil
}

// begin starts a row.
func (a *cellAppender) begin(bucket int64, tier, face uint8, keys []string) {
	a.int64(bucket)
	a.uint8(tier)
	a.uint8(face)
	for i := range a.keys {
		if i < len(keys) {
			a.string(keys[i])
		} else {
			a.null()
		}
	}
}

// addMeasures adds the measures of a row that will stay as it is.
func (a *cellAppender) addMeasures(m *rollup.Measures) {
	for _, k := range a.measures {
		if m[k] == 0 {
			a.null()
		} else {
			a.int64(m[k])
		}
	}
}

// image adds a sketch and its estimate, or that there is none.
func (a *cellAppender) image(image []byte, estimate float64) {
	if len(image) == 0 {
		a.null()
		a.null()
		return
	}
	a.blob(image)
	a.float64(estimate)
}

// row appends a fresh part.
func (a *cellAppender) row(bucket int64, r *rollup.Row) error {
	a.begin(bucket, 0, uint8(r.Face), r.Keys)
	for _, k := range a.measures {
		a.int64(r.Measures[k])
	}
	for _, k := range a.sketches {
		var estimate float64
		a.scratch, estimate = r.Image(k, a.scratch[:0])
		a.image(a.scratch, estimate)
	}
	return a.next()
}

// part appends a merged part.
func (a *cellAppender) part(p *layout.Part, tier uint8) error {
	a.begin(p.Bucket, tier, p.Face, p.Keys)
	a.addMeasures(&p.Measures)
	for _, k := range a.sketches {
		a.image(p.ImageOf(k))
	}
	return a.next()
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
