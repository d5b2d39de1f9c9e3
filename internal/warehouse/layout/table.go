package layout

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"playhead/internal/rollup"
)

// Tables that are no source's.
const (
	CurveDays   = "retention_day"
	CurveMonths = "retention_month"
	DimValues   = "dim_values"
	Findings    = "findings"
)

// Type is what a column holds.
type Type string

// The types of columns, by the names that ClickHouse has for them.
const (
	Whole8   Type = "UInt8"
	Whole32  Type = "UInt32"
	Whole64  Type = "UInt64"
	Signed32 Type = "Int32"
	Signed64 Type = "Int64"
	Fraction Type = "Float64"
	Text     Type = "String" // of any bytes
)

// Field is a column.
type Field struct {
	Name string
	Type Type
}

// Table is what a table has in every warehouse: a driver may have columns besides. As
// a row of it is copied from one to another, what is not there is 0 or empty.
type Table struct {
	Name   string
	Fields []Field
	// Time is the column that dates a row, empty for none.
	Time string
}

// CellTable is the table of a source of cells. A row is a part of the cell of one face
// in one bucket: the cell is the sum of its parts. An estimate of 0 says that the sketch
// beside it has no members.
func CellTable(s rollup.Source) Table {
	t := Table{Name: TableOf(s), Time: "bucket", Fields: []Field{{"bucket", Signed64}, {"face", Whole8}}}
	for i := range KeyCount(s) {
		t.Fields = append(t.Fields, Field{fmt.Sprint("k", i), Text})
	}
	for _, m := range s.Measures() {
		t.Fields = append(t.Fields, Field{MeasureColumn(m), Signed64})
	}
	for _, k := range Kinds(s.Sketches()) {
		t.Fields = append(t.Fields, Field{SketchColumn(k), Text}, Field{SketchColumn(k) + "_n", Fraction})
	}
	return t
}

// PlayTable is the table of finished plays: see AppendDetail. Measures are those of the
// row's whole life with its sign; whole says that they all belong to the row's own
// dimension values, and coupon is the viewer's if the row adds one.
func PlayTable() Table {
	t := Table{Name: TableOf(rollup.SourcePlays), Time: "first_ms", Fields: []Field{
		{"first_ms", Signed64}, {"last_ms", Signed64}, {"n", Signed32}, {"whole", Whole8}, {"coupon", Whole32}, {"viewer", Text}, {"detail", Text},
	}}
	for _, c := range DimensionColumns() {
		t.Fields = append(t.Fields, Field{c, Text})
	}
	for _, m := range PlayMeasures() {
		t.Fields = append(t.Fields, Field{MeasureColumn(m), Signed64})
	}
	return t
}

// CurveTable is CurveDays or CurveMonths.
func CurveTable(name string) Table {
	return Table{Name: name, Time: "bucket", Fields: []Field{
		{"bucket", Signed64}, {"title", Text}, {"device", Text}, {"width", Signed64}, {"plays", Signed64}, {"duration_ms", Signed64}, {"bins", Text},
	}}
}

// SampleTable is the sample of viewers.
func SampleTable() Table {
	return Table{Name: TableOf(rollup.SourceSampleDay), Time: "bucket", Fields: []Field{
		{"bucket", Signed64}, {"hash", Whole64}, {"title", Text}, {"country", Text}, {"device_type", Text}, {"plays", Signed64}, {"media_ms", Signed64}, {"completed", Signed64},
	}}
}

// ValueTable has the values of dimensions.
func ValueTable() Table {
	return Table{Name: DimValues, Fields: []Field{{"dim", Whole8}, {"value", Text}}}
}

// FindingTable has what was found of some days.
func FindingTable() Table {
	return Table{Name: Findings, Time: "ended", Fields: []Field{{"kind", Text}, {"ended", Signed64}, {"body", Text}}}
}

// Tables are all tables that hold figures.
func Tables() (list []Table) {
	for _, s := range CellSources() {
		list = append(list, CellTable(s))
	}
	return append(list, PlayTable(), CurveTable(CurveDays), CurveTable(CurveMonths), SampleTable(), ValueTable(), FindingTable())
}

// Names are those of the columns.
func (t *Table) Names() []string {
	list := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		list[i] = f.Name
	}
	return list
}

// At is the place of a column in a row, -1 where there is none of the name.
func (t *Table) At(name string) int {
	return slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == name })
}

// Keys are what a row belongs by: all rows of a cell have the same, and are kept
// together where there are several places.
func (t *Table) Keys(row []any) []string {
	text := func(name string) string { s, _ := row[t.At(name)].(string); return s }
	switch t.Name {
	case TableOf(rollup.SourcePlays):
		return []string{text("viewer")}
	case CurveDays, CurveMonths:
		return []string{text("title")}
	case DimValues:
		return []string{text("value")}
	case Findings:
		return []string{text("kind")}
	}
	for _, s := range CellSources() {
		if TableOf(s) != t.Name {
			continue
		}
		face, _ := row[t.At("face")].(uint8)
		keys := make([]string, len(s.FaceDimensions(rollup.Face(face))))
		for i := range keys {
			keys[i] = text(fmt.Sprint("k", i))
		}
		return keys
	}
	return nil
}

// Zero is what a column of a type has where there is nothing.
func (t Type) Zero() any {
	switch t {
	case Whole8:
		return uint8(0)
	case Whole32:
		return uint32(0)
	case Whole64:
		return uint64(0)
	case Signed32:
		return int32(0)
	case Signed64:
		return int64(0)
	case Fraction:
		return float64(0)
	}
	return ""
}

// Sum is what a table holds, to be compared with another one's.
type Sum struct {
	Table string
	Rows  int64
	// Content is of every byte of every row, in whatever order they come.
	Content uint64
	// Measured is the sum of all columns that are sums themselves.
	Measured int64
}

// Summer adds up the rows of a table.
type Summer struct {
	Sum
	table   Table
	measure []bool
	bytes   []byte
}

// NewSummer adds up the rows of a table.
func NewSummer(t Table) *Summer {
	s := &Summer{Sum: Sum{Table: t.Name}, table: t, measure: make([]bool, len(t.Fields))}
	for i, f := range t.Fields {
		s.measure[i] = f.Type == Signed64 && !slices.Contains([]string{"bucket", "first_ms", "last_ms", "ended", "width"}, f.Name)
	}
	return s
}

// Add adds a row, whose values have the types of the table.
func (s *Summer) Add(row []any) error {
	if len(row) != len(s.table.Fields) {
		return fmt.Errorf("a row of %s has %d columns, not %d", s.table.Name, len(row), len(s.table.Fields))
	}
	b := s.bytes[:0]
	for i, v := range row {
		switch v := v.(type) {
		case uint8:
			b = append(b, v)
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, v)
		case uint64:
			b = binary.LittleEndian.AppendUint64(b, v)
		case int32:
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		case int64:
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
			if s.measure[i] {
				s.Measured += v
			}
		case float64:
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		case string:
			b = append(binary.AppendUvarint(b, uint64(len(v))), v...)
		default:
			return fmt.Errorf("a row of %s has %T as %s", s.table.Name, v, s.table.Fields[i].Name)
		}
	}
	s.bytes = b
	s.Rows++
	s.Content += xxhash.Sum64(b)
	return nil
}

// Marks are what a warehouse knows of its tables besides their rows.
type Marks struct {
	// Rolled is up to which time the cells of a source are summed from the finer one.
	Rolled map[rollup.Source]int64
	// Months is up to when curves are summed to months, nil for never.
	Months *int64
	// Limits are up to which hash viewers are in the sample of a day.
	Limits map[int64]uint64
	// Overcount is how many members corrections would have removed from sketches.
	Overcount int64
}
