package metric

import (
	"encoding/json"
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
	b := make([]byte, 0, len(columns)+len(meta)+64+len(r.Rows)*(4+14*len(r.Columns)))
	b = append(append(b, `{"columns":`...), columns...)
	if b, err = appendRows(append(b, `,"rows":`...), r.Rows); err != nil {
		return nil, err
	}
	if len(r.Totals) > 0 {
		if b, err = appendRows(append(b, `,"totals":`...), r.Totals); err != nil {
			return nil, err
		}
	}
	b = append(append(b, `,"meta":`...), meta...)
	return append(b, '}'), nil
}

func appendRows(b []byte, rows [][]any) ([]byte, error) {
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
				return nil, fmt.Errorf("write row %d of an answer: %w", i, err)
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
