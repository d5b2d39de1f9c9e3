package study

import (
	"strings"

	"playhead/internal/metric"
)

// table reads an answer of the metric layer by the names of its columns.
type table struct {
	res    *metric.Result
	column map[string]int
	errors map[string]map[int]float64 // relative errors of single cells, by column and row
}

func newTable(res *metric.Result) *table {
	t := &table{res: res, column: map[string]int{}, errors: map[string]map[int]float64{}}
	for i, c := range res.Columns {
		t.column[c.Name] = i
	}
	for _, c := range res.Meta.ApproximateCells {
		if t.errors[c.Column] == nil {
			t.errors[c.Column] = map[int]float64{}
		}
		t.errors[c.Column][c.Row] = c.Error
	}
	return t
}

func (t *table) rows() int { return len(t.res.Rows) }

// text is a cell of a dimension; "" is unknown.
func (t *table) text(row int, column string) string {
	s, _ := t.res.Rows[row][t.column[column]].(string)
	return s
}

// number is a cell of a metric; ok is false where there is none.
func (t *table) number(row int, column string) (v float64, ok bool) {
	at, known := t.column[column]
	if !known {
		return 0, false
	}
	return asNumber(t.res.Rows[row][at])
}

func asNumber(cell any) (float64, bool) {
	switch v := cell.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// value is a cell of a metric, 0 where there is none.
func (t *table) value(row int, column string) float64 {
	v, _ := t.number(row, column)
	return v
}

// relative is the relative standard error of a cell, 0 if it is not told.
func (t *table) relative(row int, column string) float64 {
	if e, ok := t.errors[column][row]; ok {
		return e
	}
	return t.res.Meta.Approximate[column]
}

func splitPlus(list string) []string { return strings.Split(list, "+") }
