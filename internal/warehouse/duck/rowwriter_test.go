package duck

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// inSession runs fn in a transaction of a writer of an empty database.
func inSession(t testing.TB, fn func(s session) error) error {
	t.Helper()
	db, err := Open(t.Context(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	return db.step(t.Context(), fn)
}

const everyType = "CREATE TABLE x (a BIGINT, b UBIGINT, c DOUBLE, d INTEGER, e UINTEGER, f UTINYINT, g BOOLEAN, h VARCHAR, i BLOB)"

// anyText is a text of the n-th row: short ones, those about as long as fit into a
// value itself, and long ones.
func anyText(n int) string { return strings.Repeat("aé…€", n%5) + fmt.Sprint(n) }

func anyBytes(n int) []byte {
	b := bytes.Repeat([]byte{0, 255, byte(n)}, n%9)
	if n%1000 == 7 {
		b = bytes.Repeat(b, 40_000) // longer than a block of texts
	}
	return b
}

// anyRow puts the n-th row, with a NULL in each column now and then.
func anyRow(w *rowWriter, n int) error {
	value := func(column int, fn func()) {
		if (n+column)%7 == 0 {
			w.null()
		} else {
			fn()
		}
	}
	value(0, func() { w.int64(int64(-n)) })
	value(1, func() { w.uint64(1<<63 + uint64(n)) })
	value(2, func() { w.float64(float64(n) / 3) })
	value(3, func() { w.int32(int32(-n)) })
	value(4, func() { w.uint32(uint32(n)) })
	value(5, func() { w.uint8(uint8(n)) })
	value(6, func() { w.bool(n%2 == 1) })
	value(7, func() { w.string(anyText(n)) })
	value(8, func() { w.blob(anyBytes(n)) })
	return w.next()
}

func TestRowsComeBack(t *testing.T) {
	const rows = 3*2048 + 5
	err := inSession(t, func(s session) error {
		if err := s.exec(everyType); err != nil {
			return err
		}
		err := s.appendRows("x", nil, func(w *rowWriter) error {
			for n := range rows {
				if err := anyRow(w, n); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		n := 0
		// The engine puts them down in any order; a and b are never both NULL.
		err = s.each("SELECT * FROM x ORDER BY coalesce(-a, (b - 9223372036854775808)::BIGINT)", nil, func(row []driver.Value) error {
			want := []any{int64(-n), 1<<63 + uint64(n), float64(n) / 3, int32(-n), uint32(n), uint8(n), n%2 == 1, anyText(n), anyBytes(n)}
			for i, v := range row {
				switch b, ok := v.([]byte); {
				case (n+i)%7 == 0:
					if v != nil {
						t.Errorf("row %d, column %d is %v, not NULL", n, i, v)
					}
				case ok:
					if !bytes.Equal(b, anyBytes(n)) {
						t.Errorf("row %d, column %d has %d bytes, not %d", n, i, len(b), len(anyBytes(n)))
					}
				case v != want[i]:
					t.Errorf("row %d, column %d is %v, not %v", n, i, v, want[i])
				}
			}
			n++
			return nil
		})
		if n != rows {
			t.Errorf("%d rows of %d came back", n, rows)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRowsOfSomeColumns(t *testing.T) {
	err := inSession(t, func(s session) error {
		if err := s.exec("CREATE TABLE x (a BIGINT DEFAULT 7, b VARCHAR NOT NULL, c VARCHAR)"); err != nil {
			return err
		}
		err := s.appendRows("x", []string{"c", "b"}, func(w *rowWriter) error {
			w.string("")
			w.string("twelve bytes")
			return w.next()
		})
		if err != nil {
			return err
		}
		return s.each("SELECT a, b, c FROM x", nil, func(row []driver.Value) error {
			if got := fmt.Sprintf("%#v", row); got != `[]driver.Value{7, "twelve bytes", ""}` {
				t.Error(got)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What does not fit its column is refused by the row, and nothing of the table changes.
func TestRowsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		put func(w *rowWriter)
		is  error
	}{
		"another type":      {func(w *rowWriter) { w.int64(1); w.int64(2) }, errColumn},
		"a text for bytes":  {func(w *rowWriter) { w.string("1"); w.string("2") }, errColumn},
		"bytes for a text":  {func(w *rowWriter) { w.int64(1); w.blob([]byte{255}) }, errColumn},
		"too few":           {func(w *rowWriter) { w.int64(1) }, errColumn},
		"too many":          {func(w *rowWriter) { w.int64(1); w.string("2"); w.null() }, errColumn},
		"a NULL is not let": {func(w *rowWriter) { w.int64(1); w.null() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			refused := inSession(t, func(s session) error {
				if err := s.exec("CREATE TABLE x (a BIGINT, b VARCHAR NOT NULL)"); err != nil {
					return err
				}
				return s.appendRows("x", nil, func(w *rowWriter) error {
					for range 3_000 {
						w.int64(1)
						w.string("a text that is long enough for the heap")
						if err := w.next(); err != nil {
							t.Errorf("a good row is refused: %v", err)
						}
					}
					c.put(w)
					return w.next()
				})
			})
			var e *duckdb.Error
			switch {
			case refused == nil:
				t.Error("it is taken")
			case c.is != nil && !errors.Is(refused, c.is), c.is == nil && (!errors.As(refused, &e) || e.Type != duckdb.ErrorTypeConstraint):
				t.Errorf("the error is %v", refused)
			}
		})
	}
}

func TestRowsOfNoTable(t *testing.T) {
	for _, columns := range [][]string{nil, {"no_such_column"}} {
		err := inSession(t, func(s session) error {
			return s.appendRows([]string{"none", "meta"}[len(columns)], columns, func(*rowWriter) error { return nil })
		})
		var e *duckdb.Error
		if !errors.As(err, &e) {
			t.Errorf("columns %v: the error is %v", columns, err)
		}
	}
}

// Appending can be given up, and the connection does its next work as if nothing was.
func TestRowsAreGivenUp(t *testing.T) {
	err := inSession(t, func(s session) error {
		if err := s.exec(everyType); err != nil {
			return err
		}
		given, cancel := context.WithCancel(s.ctx)
		err := session{given, s.conn}.appendRows("x", nil, func(w *rowWriter) error {
			for n := range 3_000 {
				if err := anyRow(w, n); err != nil {
					return err
				}
			}
			cancel()
			return given.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
		return s.each("SELECT count(*) FROM x", nil, func(row []driver.Value) error {
			if row[0] != int64(0) {
				t.Errorf("%v rows are there", row[0])
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkRows appends rows as a flush does: 30 numbers, four texts and two images of
// sketches each.
func BenchmarkRows(b *testing.B) {
	columns := make([]string, 0, 36)
	for i := range 30 {
		columns = append(columns, fmt.Sprintf("n%d BIGINT", i))
	}
	for i := range 4 {
		columns = append(columns, fmt.Sprintf("t%d VARCHAR", i))
	}
	columns = append(columns, "i1 BLOB", "i2 BLOB")
	image := bytes.Repeat([]byte{1, 2, 3}, 20)
	err := inSession(b, func(s session) error {
		if err := s.exec("CREATE TEMP TABLE x (" + strings.Join(columns, ", ") + ")"); err != nil {
			return err
		}
		const rows = 20_000
		b.ReportAllocs()
		for b.Loop() {
			err := s.appendRows("x", nil, func(w *rowWriter) error {
				for n := range rows {
					for i := range 30 {
						w.int64(int64(n % (i + 1)))
					}
					w.string("t-abc")
					w.string("US")
					if n%3 == 0 {
						w.null()
					} else {
						w.string("tv")
					}
					w.string("a longer text of a title")
					w.blob(image)
					w.blob(image)
					if err := w.next(); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			b.StopTimer()
			if err := s.exec("DELETE FROM x"); err != nil {
				return err
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
