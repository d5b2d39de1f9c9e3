package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
)

// parquetSource reads the rows of a Parquet file.
type parquetSource struct {
	r    *parquet.GenericReader[any]
	f    *file
	rows []any
	at   int
	n    int
	done bool
	seen int64
	all  int64
}

func newParquetSource(in io.ReaderAt, size int64, f *file) (source, error) {
	p, err := parquet.OpenFile(in, size)
	if err != nil {
		return nil, err
	}
	r := parquet.NewGenericReader[any](p, p.Schema())
	f.ends = append(f.ends, func() { _ = r.Close() }) // read only
	return &parquetSource{r: r, f: f, rows: make([]any, 64), all: max(1, p.NumRows())}, nil
}

// unpackParquet keeps a compressed file's text in a temporary file: Parquet is
// read from its end.
func unpackParquet(text io.Reader, f *file) (source, error) {
	tmp, err := os.CreateTemp("", "playhead-*.parquet")
	if err != nil {
		return nil, err
	}
	f.ends = append(f.ends, func() {
		_ = tmp.Close()
		_ = os.Remove(tmp.Name())
	})
	size, err := io.Copy(tmp, text)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return newParquetSource(tmp, size, f)
}

func (s *parquetSource) next() (record []byte, err error) {
	defer func() {
		// The library panics on some damaged pages.
		if p := recover(); p != nil {
			record, err = nil, fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	if s.at == s.n {
		if s.done {
			return nil, io.EOF
		}
		clear(s.rows)
		s.at = 0
		s.n, err = s.r.Read(s.rows)
		if s.done = errors.Is(err, io.EOF); err != nil && !s.done {
			return nil, err
		}
		if s.n == 0 {
			if s.done {
				return nil, io.EOF
			}
			return nil, io.ErrUnexpectedEOF
		}
	}
	row := s.rows[s.at]
	s.at++
	s.seen++
	s.f.read.Store(int64(float64(s.f.size) * float64(s.seen) / float64(s.all)))
	record, err = json.Marshal(plainValue(row))
	if err != nil {
		return nil, &RecordError{Code: "malformed", Reason: "the row holds what JSON cannot"}
	}
	return record, nil
}

// plainValue makes of a value what JSON knows; what is null is left out.
func plainValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			if p := plainValue(member); p != nil {
				if s, ok := p.(string); ok && name == "properties" && len(s) > 0 && s[0] == '{' && json.Valid([]byte(s)) {
					p = json.RawMessage(s)
				}
				out[name] = p
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainValue(v[i])
		}
		return out
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return fmt.Sprintf("%x", v)
	case time.Time:
		return v.UnixMilli()
	}
	return v
}
