package clickhouse

import (
	"fmt"
	"strings"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// Tables that are no cells.
const (
	playsName     = "plays"
	sampleName    = "sample_day"
	tableCommits  = "commits"
	tableDays     = "retention_day"
	tableMonths   = "retention_month"
	tableValues   = "dim_values"
	tableFindings = "findings"
)

// table says how a table is made.
type table struct {
	name    string
	columns []string // with their types; the first is run, but for commits
	part    string   // PARTITION BY
	order   string   // ORDER BY
	grain   int      // index_granularity: rows with sketches are large
}

// names are the columns without their types.
func (t *table) names() []string {
	list := make([]string, len(t.columns))
	for i, c := range t.columns {
		list[i], _, _ = strings.Cut(c, " ")
	}
	return list
}

// insert begins an INSERT of whole rows. 18.16 wants the columns named, and VALUES at the end.
func (t *table) insert() string {
	return "INSERT INTO " + t.name + " (" + strings.Join(t.names(), ", ") + ") VALUES"
}

// create makes the table where it is missing.
func (t *table) create(engine string) string {
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (%s) ENGINE = %s PARTITION BY %s ORDER BY (%s) SETTINGS index_granularity = %d",
		t.name, strings.Join(t.columns, ", "), engine, t.part, t.order, t.grain)
}

// cellTable is the table of a source of cells. A row is a part of the cell of one
// face in one bucket: the cell is the sum of its parts. Unused keys are empty. An
// estimate of 0 says that the sketch beside it has no members.
func cellTable(s rollup.Source) *table {
	t := &table{name: layout.TableOf(s), part: "run", order: "face, bucket", grain: 1024, columns: []string{"run Int64", "bucket Int64", "face UInt8"}}
	for i := range layout.KeyCount(s) {
		t.columns = append(t.columns, fmt.Sprintf("k%d String", i))
		t.order += fmt.Sprint(", k", i)
	}
	for _, m := range s.Measures() {
		t.columns = append(t.columns, layout.MeasureColumn(m)+" Int64")
	}
	for _, k := range layout.Kinds(s.Sketches()) {
		t.columns = append(t.columns, layout.SketchColumn(k)+" String", layout.SketchColumn(k)+"_n Float64")
	}
	return t
}

// playTable is the table of finished plays: see layout.AppendDetail. whole and coupon
// are as in the embedded warehouse.
func playTable() *table {
	t := &table{name: playsName, part: "run", order: "first_ms, viewer", grain: 1024, columns: []string{
		"run Int64", "first_ms Int64", "last_ms Int64", "n Int32", "whole UInt8", "coupon UInt32", "viewer String", "detail String",
	}}
	for _, c := range layout.DimensionColumns() {
		t.columns = append(t.columns, c+" String")
	}
	for _, m := range layout.PlayMeasures() {
		t.columns = append(t.columns, layout.MeasureColumn(m)+" Int64")
	}
	return t
}

func curveTable(name string) *table {
	return &table{name: name, part: "run", order: "title, bucket, device, width", grain: 1024, columns: []string{
		"run Int64", "bucket Int64", "title String", "device String", "width Int64", "plays Int64", "duration_ms Int64", "bins String",
	}}
}

// tables are all tables whose rows belong to runs.
func tables() []*table {
	var list []*table
	for _, s := range layout.CellSources() {
		list = append(list, cellTable(s))
	}
	return append(list, playTable(), curveTable(tableDays), curveTable(tableMonths),
		&table{name: sampleName, part: "run", order: "bucket, hash", grain: 8192, columns: []string{
			"run Int64", "bucket Int64", "hash UInt64", "title String", "country String", "device_type String", "plays Int64", "media_ms Int64", "completed Int64",
		}},
		&table{name: tableValues, part: "run", order: "dim, value", grain: 8192, columns: []string{"run Int64", "dim UInt8", "value String"}},
		&table{name: tableFindings, part: "run", order: "kind, ended", grain: 1024, columns: []string{"run Int64", "kind String", "ended Int64", "body String"}},
	)
}

// commitTable is where states are: the one with the greatest seq counts.
func commitTable() *table {
	return &table{name: tableCommits, part: fmt.Sprintf("intDiv(seq, %d)", commitsAPart), order: "seq", grain: 64,
		columns: []string{"seq Int64", "at Int64", "state String"}}
}

// commitsAPart is how many states a partition of theirs has at most.
const commitsAPart = 256

// quote writes a text as SQL does.
func quote(v string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(v) + "'"
}

// oneOf is the condition that a column has one of some texts.
func oneOf(column string, in []string) string {
	if len(in) == 0 {
		return "0"
	}
	texts := make([]string, len(in))
	for i, v := range in {
		texts[i] = quote(v)
	}
	return column + " IN (" + strings.Join(texts, ", ") + ")"
}
