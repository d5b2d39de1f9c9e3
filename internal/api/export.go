package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"mime"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"playhead/internal/metric"
)

// format is how an answer is written.
type format struct {
	name, mime string
	write      func(*metric.Result) ([]byte, error)
}

// formats, the default first.
func formats() []format {
	return []format{
		{"json", "application/json", (*metric.Result).JSON},
		{"csv", "text/csv", writeCSV},
		{"parquet", "application/vnd.apache.parquet", writeParquet},
	}
}

// formatOf is what a request asks for: by name, else the first type of Accept
// that there is, else JSON.
func formatOf(name, accept string) format {
	all := formats()
	for _, f := range all {
		if f.name == name {
			return f
		}
	}
	for _, part := range strings.Split(accept, ",") {
		t, _, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		for _, f := range all {
			if t == f.mime || t == "*/*" {
				return f
			}
		}
	}
	return all[0]
}

// writeCSV writes a header and the rows, RFC 4180. null and unknown are empty.
// Text that a spreadsheet would take for a formula gets an apostrophe before it:
// titles and search texts come from strangers.
func writeCSV(r *metric.Result) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	row := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		row[i] = c.Name
	}
	if err := w.Write(row); err != nil {
		return nil, fmt.Errorf("write CSV: %w", err)
	}
	for _, cells := range r.Rows {
		for i, v := range cells {
			switch v := v.(type) {
			case nil:
				row[i] = ""
			case string:
				if row[i] = v; v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
					row[i] = "'" + v
				}
			case int64:
				row[i] = strconv.FormatInt(v, 10)
			case float64:
				row[i] = strconv.FormatFloat(v, 'g', -1, 64)
			}
		}
		if err := w.Write(row); err != nil {
			return nil, fmt.Errorf("write CSV: %w", err)
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// writeParquet writes the rows as one row group, zstd. Times are timestamps in
// ms, null is null.
func writeParquet(r *metric.Result) ([]byte, error) {
	fields := make([]reflect.StructField, len(r.Columns))
	for i, c := range r.Columns {
		typ, tag := reflect.TypeFor[float64](), ",optional"
		switch c.Type {
		case "time":
			typ, tag = reflect.TypeFor[int64](), ",optional,timestamp"
		case "integer":
			typ = reflect.TypeFor[int64]()
		case "string":
			typ, tag = reflect.TypeFor[string](), ",optional,dict"
		}
		fields[i] = reflect.StructField{
			Name: "F" + strconv.Itoa(i), Type: typ, Tag: reflect.StructTag(`parquet:"` + c.Name + tag + `"`),
		}
	}
	schema := parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface())
	var b bytes.Buffer
	w := parquet.NewWriter(&b, schema, parquet.Compression(&zstd.Codec{}))
	rows := make([]parquet.Row, 0, len(r.Rows))
	for _, cells := range r.Rows {
		row := make(parquet.Row, len(cells))
		for i, v := range cells {
			value, err := parquetValue(v, r.Columns[i].Type)
			if err != nil {
				return nil, err
			}
			level := 1
			if value.IsNull() {
				level = 0
			}
			row[i] = value.Level(0, level, i)
		}
		rows = append(rows, row)
	}
	if _, err := w.WriteRows(rows); err != nil {
		return nil, fmt.Errorf("write Parquet: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write Parquet: %w", err)
	}
	return b.Bytes(), nil
}

func parquetValue(v any, typ string) (parquet.Value, error) {
	switch v := v.(type) {
	case nil:
		return parquet.NullValue(), nil
	case string:
		if typ != "time" {
			return parquet.ByteArrayValue([]byte(v)), nil
		}
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return parquet.Value{}, fmt.Errorf("write Parquet: %w", err)
		}
		return parquet.Int64Value(t.UnixMilli()), nil
	case int64:
		return parquet.Int64Value(v), nil
	case float64:
		return parquet.DoubleValue(v), nil
	}
	return parquet.Value{}, fmt.Errorf("write Parquet: a cell of type %T", v)
}

// metaHeader is what a file has no room for: how the answer came about, without
// what is said of single cells.
func metaHeader(m metric.Meta) string {
	m.SuppressedCells, m.ApproximateCells = []metric.SuppressedCell{}, nil
	data, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	return string(data)
}
