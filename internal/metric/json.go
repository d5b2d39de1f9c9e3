package metric

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// JSON writes an answer as encoding/json would: the same bytes, without asking by
// reflection what each cell is. An answer has up to a million of them.
func (r *Result) JSON() ([]byte, error) {
	columns, err := json.Marshal(r.Columns)
	if err != nil {
		return nil, fmt.Errorf("write the columns of an answer: %w", err)
	}
	meta, err := json.Marshal(&r.Meta)
	if err != nil {
		return nil, fmt.Errorf("write what is known of an answer: %w", err)
	}
	pages, err := rowPages(r.Rows, len(r.Columns))
	if err != nil {
		return nil, err
	}
	size := len(columns) + len(meta) + 64
	for _, p := range pages {
		size += len(p)
	}
	b := make([]byte, 0, size)
	b = append(append(b, `{"columns":`...), columns...)
	b = append(b, `,"rows":`...)
	for _, p := range pages {
		b = append(b, p...)
	}
	if len(r.Totals) > 0 {
		if b, err = appendRows(append(b, `,"totals":`...), r.Totals, 0); err != nil {
			return nil, err
		}
	}
	b = append(append(b, `,"meta":`...), meta...)
	return append(b, '}'), nil
}

// pageRows is how many rows are written at a time: enough that it is worth another
// processor's while.
const pageRows = 8192

// rowPages are the rows as JSON in pieces, written side by side.
func rowPages(rows [][]any, columns int) ([][]byte, error) {
	n := max(1, (len(rows)+pageRows-1)/pageRows)
	pages, errs := make([][]byte, n), make([]error, n)
	side(n, func(i int) {
		from, to := i*pageRows, min(len(rows), (i+1)*pageRows)
		some := rows
		if n > 1 {
			some = rows[from:to]
		}
		b := make([]byte, 0, 16+len(some)*(6+14*columns))
		pages[i], errs[i] = appendRows(b, some, from)
		if n > 1 { // one list of all
			pages[i] = bytes.TrimSuffix(pages[i], []byte("]"))
			if i > 0 {
				pages[i][0] = ','
			}
		}
	})
	if n > 1 {
		pages[n-1] = append(pages[n-1], ']')
	}
	return pages, errors.Join(errs...)
}

// appendRows writes rows, of which the first is row number first of the answer.
func appendRows(b []byte, rows [][]any, first int) ([]byte, error) {
	if rows == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	for i, cells := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		for j, v := range cells {
			if j > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = appendCell(b, v); err != nil {
				return nil, fmt.Errorf("write row %d of an answer: %w", first+i, err)
			}
		}
		b = append(b, ']')
	}
	return append(b, ']'), nil
}

func appendCell(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	case string:
		if plain(v) {
			return append(append(append(b, '"'), v...), '"'), nil
		}
	case float64:
		// Whole numbers, of which there are most, are the same in every notation.
		if n := int64(v); float64(n) == v && math.Abs(v) < 1<<53 && (n != 0 || !math.Signbit(v)) {
			return strconv.AppendInt(b, n, 10), nil
		}
	}
	text, err := json.Marshal(v)
	return append(b, text...), err
}

// plain reports whether a text stands in JSON as it is, however careful one is.
func plain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c >= 0x7f, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}
