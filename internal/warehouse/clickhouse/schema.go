package clickhouse

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/layout"
)

// Tables that are no cells.
const (
	playsName     = "plays"
	sampleName    = "sample_day"
	tableCommits  = "commits"
	tableDays     = layout.CurveDays
	tableMonths   = layout.CurveMonths
	tableValues   = layout.DimValues
	tableFindings = layout.Findings
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

// tableOf is a table of the house with the column that says whose run a row is of.
func tableOf(t layout.Table, order string, grain int) *table {
	own := &table{name: t.Name, part: "run", order: order, grain: grain, columns: []string{"run Int64"}}
	for _, f := range t.Fields {
		own.columns = append(own.columns, f.Name+" "+string(f.Type))
	}
	return own
}

// cellTable is the table of a source of cells. Unused keys are empty.
func cellTable(s rollup.Source) *table {
	order := "face, bucket"
	for i := range layout.KeyCount(s) {
		order += fmt.Sprint(", k", i)
	}
	return tableOf(layout.CellTable(s), order, 1024)
}

func playTable() *table { return tableOf(layout.PlayTable(), "first_ms, viewer", 1024) }

func curveTable(name string) *table {
	return tableOf(layout.CurveTable(name), "title, bucket, device, width", 1024)
}

// tables are all tables whose rows belong to runs.
func tables() []*table {
	var list []*table
	for _, s := range layout.CellSources() {
		list = append(list, cellTable(s))
	}
	return append(list, playTable(), curveTable(tableDays), curveTable(tableMonths),
		tableOf(layout.SampleTable(), "bucket, hash", 8192),
		tableOf(layout.ValueTable(), "dim, value", 8192),
		tableOf(layout.FindingTable(), "kind, ended", 1024),
	)
}

// commitTable is where states are: the one with the greatest seq counts.
func commitTable() *table {
	return &table{name: tableCommits, part: fmt.Sprintf("intDiv(seq, %d)", commitsAPart), order: "seq", grain: 64,
		columns: []string{"seq Int64", "at Int64", "state String"}}
}

// commitsAPart is how many states a partition of theirs has at most.
const commitsAPart = 256

// quote writes a text as SQL does. What is not printable ASCII or a letter in UTF-8, as
// of a viewer's pseudonym, is escaped: a statement is text to proxies and in logs.
func quote(v string) string {
	out := append(make([]byte, 0, len(v)+2), '\'')
	for len(v) > 0 {
		r, n := utf8.DecodeRuneInString(v)
		switch {
		case r == '\\' || r == '\'':
			out = append(out, '\\', v[0])
		case r == utf8.RuneError && n <= 1 || r < ' ' || r == 0x7f:
			out = fmt.Appendf(out, `\x%02X`, v[0])
		default:
			out = append(out, v[:n]...)
		}
		v = v[n:]
	}
	return string(append(out, '\''))
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
