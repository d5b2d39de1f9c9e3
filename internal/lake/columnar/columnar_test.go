package columnar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// everyColumn has a column of each kind and coding.
func everyColumn() []Column {
	return []Column{
		{Name: "time", Kind: Time, Coding: Delta, Required: true},
		{Name: "few", Kind: Number},
		{Name: "many", Kind: Number, Coding: Delta},
		{Name: "rate", Kind: Float},
		{Name: "share", Kind: Float, Coding: Plain, Required: true},
		{Name: "flag", Kind: Bool, Required: true},
		{Name: "maybe", Kind: Bool},
		{Name: "text", Kind: Text, Bloom: true},
		{Name: "json", Kind: JSON},
		{Name: "ref", Kind: Ref, Bloom: true},
		{Name: "random", Kind: Ref, Coding: Plain},
		{Name: "again", Kind: Time, Coding: Repeats, Required: true},
		{Name: "never", Kind: Number, Coding: Repeats},
		{Name: "tag", Kind: Tag, Coding: Plain},
	}
}

// value of a row in a column, nil for none; the same for the same seed.
func value(c *Column, r *rand.Rand) any {
	if !c.Required && r.IntN(3) == 0 {
		return nil
	}
	switch c.Kind {
	case Time, Number:
		if c.Coding == Delta || c.Name == "never" || c.Name == "wide" {
			return r.Int64() - math.MaxInt64/2
		}
		return int64(r.IntN(7)) - 3
	case Float:
		return float64(r.IntN(5)) / 4
	case Bool:
		return r.IntN(2) == 0
	case Text:
		return fmt.Sprintf("text-%d", r.IntN(300))
	case JSON: // outgrows its dictionary
		return fmt.Sprintf(`{"n":%d,"s":"%0200d"}`, r.IntN(1e9), r.IntN(1e9))
	}
	var ref [16]byte
	n := r.Uint64()
	if c.Kind == Tag {
		return [8]byte(binary.LittleEndian.AppendUint64(nil, n))
	}
	if c.Coding != Plain {
		n %= 1000
	}
	for i := range 8 {
		ref[i+4] = byte(n >> (8 * i))
	}
	return ref
}

func codec(t testing.TB) (*zstd.Encoder, *zstd.Decoder) {
	t.Helper()
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
	if err != nil {
		t.Fatal(err)
	}
	return e, d
}

// build writes rows in row groups of groupRows.
func build(t testing.TB, columns []Column, rows, groupRows int, key []byte) []byte {
	t.Helper()
	e, _ := codec(t)
	w := NewWriter(Options{Columns: columns, Sorted: []int{0}, Zstd: e, Key: key, CreatedBy: "test"})
	var out bytes.Buffer
	if err := w.Begin(&out, []format.KeyValue{{Key: "k", Value: "v"}}); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for row := range rows {
		for i := range columns {
			c := w.Column(i)
			switch v := value(&columns[i], r).(type) {
			case nil:
				c.Null()
			case int64:
				c.Int64(v)
			case float64:
				c.Float64(v)
			case bool:
				c.Bool(v)
			case string:
				c.Bytes([]byte(v))
			case [16]byte:
				c.Ref(&v)
			case [8]byte:
				c.Tag(&v)
			}
		}
		if (row+1)%groupRows == 0 {
			if err := w.EndGroup(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read gives every value to fn, nil for none, row by row.
func read(data, key []byte, columns []Column, z *zstd.Decoder, fn func(row, column int, v any)) (rows int, err error) {
	f, err := Open(bytes.NewReader(data), int64(len(data)), key, z)
	if err != nil {
		return 0, err
	}
	for g, n := range f.Groups() {
		cursors := make([]*Cursor, len(columns))
		for i := range columns {
			if cursors[i], err = f.Cursor(g, &columns[i]); err != nil {
				return rows, err
			}
		}
		if !slices.ContainsFunc(cursors, func(c *Cursor) bool { return c != nil }) {
			return rows, fmt.Errorf("%w: none of the columns", ErrFile)
		}
		for range n {
			for i, c := range cursors {
				if c == nil {
					continue
				}
				there, err := c.Next()
				if err != nil {
					return rows, err
				}
				if !there {
					fn(rows, i, nil)
					continue
				}
				switch columns[i].Kind {
				case Time, Number:
					fn(rows, i, c.Int64())
				case Float:
					fn(rows, i, c.Float64())
				case Bool:
					fn(rows, i, c.Bool())
				case Ref:
					fn(rows, i, [16]byte(c.Ref()))
				case Tag:
					fn(rows, i, [8]byte(c.Tag()))
				default:
					fn(rows, i, string(c.Bytes()))
				}
			}
			rows++
		}
	}
	return rows, nil
}

func TestRoundTrip(t *testing.T) {
	columns := everyColumn()
	_, z := codec(t)
	for _, c := range []struct {
		rows, group int
		key         []byte
	}{{0, 10, nil}, {1, 10, nil}, {7, 3, nil}, {50_000, 20_000, nil}, {20_000, 9_000, []byte("0123456789abcdef")}} {
		data := build(t, columns, c.rows, c.group, c.key)
		r := rand.New(rand.NewPCG(1, 2))
		rows, err := read(data, c.key, columns, z, func(row, i int, got any) {
			if want := value(&columns[i], r); got != want {
				t.Fatalf("%d rows: row %d, column %s: %v, want %v", c.rows, row, columns[i].Name, got, want)
			}
		})
		if err != nil || rows != c.rows {
			t.Errorf("%d of %d rows, %v", rows, c.rows, err)
		}
	}
}

// TestAnotherReaderAgrees: parquet-go reads the same values, statistics that
// hold, and bloom filters that find what is there.
func TestAnotherReaderAgrees(t *testing.T) {
	columns := everyColumn()
	const rows = 30_000
	data := build(t, columns, rows, 12_000, nil)
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := f.Lookup("k"); v != "v" || f.NumRows() != rows {
		t.Errorf("metadata %q, %d rows", v, f.NumRows())
	}
	_, z := codec(t)
	want := make([][]any, len(columns))
	if _, err := read(data, nil, columns, z, func(_, i int, v any) { want[i] = append(want[i], v) }); err != nil {
		t.Fatal(err)
	}
	for i := range columns {
		row := 0
		for _, g := range f.RowGroups() {
			chunk := g.ColumnChunks()[i].(*parquet.FileColumnChunk)
			low, high, bounded := chunk.Bounds()
			filter := chunk.BloomFilter()
			if columns[i].Bloom != (filter != nil) {
				t.Errorf("column %s: bloom filter %v", columns[i].Name, filter)
			}
			pages := chunk.Pages()
			for {
				p, err := pages.ReadPage()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				values := make([]parquet.Value, p.NumValues())
				if n, err := p.Values().ReadValues(values); n != len(values) || err != nil && !errors.Is(err, io.EOF) {
					t.Fatal(n, err)
				}
				for _, v := range values {
					if !same(v, want[i][row]) {
						t.Fatalf("column %s, row %d: %v, want %v", columns[i].Name, row, v, want[i][row])
					}
					if bounded && !v.IsNull() && (p.Type().Compare(v, low) < 0 || p.Type().Compare(v, high) > 0) {
						t.Fatalf("column %s, row %d: %v is outside of %v to %v", columns[i].Name, row, v, low, high)
					}
					if filter != nil && !v.IsNull() && row%97 == 0 {
						if ok, err := filter.Check(v); !ok || err != nil {
							t.Fatalf("column %s: the filter does not know %v, %v", columns[i].Name, v, err)
						}
					}
					row++
				}
			}
			_ = pages.Close()
		}
		if row != rows {
			t.Errorf("column %s has %d rows", columns[i].Name, row)
		}
	}
}

func same(v parquet.Value, want any) bool {
	switch w := want.(type) {
	case nil:
		return v.IsNull()
	case int64:
		return v.Int64() == w
	case float64:
		return v.Double() == w
	case bool:
		return v.Boolean() == w
	case string:
		return string(v.ByteArray()) == w
	case [16]byte:
		return bytes.Equal(v.ByteArray(), w[:])
	case [8]byte:
		return bytes.Equal(v.ByteArray(), w[:])
	}
	return false
}

// TestRepeatedRowsCostNothing: the writer does not allocate for them.
func TestRepeatedRowsCostNothing(t *testing.T) {
	e, _ := codec(t)
	w := NewWriter(Options{Columns: everyColumn(), Zstd: e})
	if err := w.Begin(io.Discard, nil); err != nil {
		t.Fatal(err)
	}
	text, ref := []byte("the same"), [16]byte{1}
	add := func() {
		w.Column(0).Int64(1)
		w.Column(1).Int64(2)
		w.Column(2).Null()
		w.Column(3).Float64(1)
		w.Column(4).Float64(1)
		w.Column(5).Bool(true)
		w.Column(6).Null()
		w.Column(7).Bytes(text)
		w.Column(8).Null()
		w.Column(9).Ref(&ref)
		w.Column(10).Ref(&ref)
	}
	for range pageRows {
		add()
	}
	if n := testing.AllocsPerRun(1000, add); n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

// FuzzRead: whatever is read, there is an answer or an error.
func FuzzRead(f *testing.F) {
	columns := everyColumn()
	_, z := codec(f)
	key := []byte("0123456789abcdef")
	f.Add(build(f, columns, 40, 25, nil), false)
	f.Add(build(f, columns, 40, 25, key), true)
	f.Add([]byte("PAR1PAR1"), false)
	f.Fuzz(func(t *testing.T, data []byte, sealed bool) {
		var k []byte
		if sealed {
			k = key
		}
		_, _ = read(data, k, columns, z, func(int, int, any) {}) // any error will do
	})
}

// TestNumbersOutgrowTheirDictionary: what comes after it was given up is there too.
func TestNumbersOutgrowTheirDictionary(t *testing.T) {
	const rows = 150_000 // of eight bytes are more than a dictionary of them may have
	columns := []Column{{Name: "wide", Kind: Number, Required: true}, {Name: "rate", Kind: Float, Required: true}}
	_, z := codec(t)
	r := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	n, err := read(build(t, columns, rows, rows, nil), nil, columns, z, func(_, i int, v any) {
		if want := value(&columns[i], r); v != want {
			wrong++
		}
	})
	if err != nil || n != rows || wrong > 0 {
		t.Errorf("%d rows, %d of their values wrong: %v", n, wrong, err)
	}
}
