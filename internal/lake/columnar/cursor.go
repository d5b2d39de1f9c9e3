package columnar

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Cursor gives the values of a column, row by row. What it returns is good until
// the next page is read, at the latest by the next call of Next.
type Cursor struct {
	file          *File
	want          *Column
	optional      bool
	whole         bool // it goes on with the next row group
	coded         bool // a dictionary comes first
	group, column int16
	pages         int16 // read so far
	left          int64 // rows that no page was read for
	start, size   int64 // of the chunk in the file
	opened        int64 // where the page that is open begins, from start
	reached       int64 // where the next page begins, while it rests
	skip          int   // rows of the next page that were given already

	rows, row int // of the page, and the next
	at        int // the value of the current row
	next      int

	*room // nil while it rests
}

// data are values as a plain page holds them, and where texts begin.
type data struct {
	bytes   []byte
	nums    []int64
	offsets []int32
}

// Next moves to the next row and reports whether it has a value.
func (c *Cursor) Next() (bool, error) {
	for c.row == c.rows {
		if err := c.turn(); err != nil {
			return false, err
		}
	}
	row := c.row
	c.row++
	if c.optional && c.defs[row] == 0 {
		return false, nil
	}
	c.at = c.next
	c.next++
	return true, nil
}

// from is where the current value is, and its number there.
func (c *Cursor) from() (*data, int) {
	if c.indexes != nil {
		return &c.dict, int(c.indexes[c.at])
	}
	return &c.page, c.at
}

// Int64 is the current value; Time and Number only.
func (c *Cursor) Int64() int64 {
	d, i := c.from()
	if d.nums != nil {
		return d.nums[i]
	}
	return int64(binary.LittleEndian.Uint64(d.bytes[8*i:]))
}

// Float64 is the current value; Float only.
func (c *Cursor) Float64() float64 { return math.Float64frombits(uint64(c.Int64())) }

// Bool is the current value; Bool only.
func (c *Cursor) Bool() bool { return c.page.bytes[c.at/8]>>(c.at%8)&1 != 0 }

// Ref is the current value; Ref only.
func (c *Cursor) Ref() []byte {
	d, i := c.from()
	return d.bytes[16*i : 16*i+16]
}

// Tag is the current value; Tag only.
func (c *Cursor) Tag() []byte {
	d, i := c.from()
	return d.bytes[8*i : 8*i+8]
}

// Bytes is the current value; Text and JSON only.
func (c *Cursor) Bytes() []byte {
	d, i := c.from()
	at := d.offsets[i]
	n := int32(binary.LittleEndian.Uint32(d.bytes[at:]))
	return d.bytes[at+4 : at+4+n]
}

// turn reads the next page.
func (c *Cursor) turn() (err error) {
	if err := c.wake(); err != nil {
		return err
	}
	for c.left <= 0 {
		if !c.whole || int(c.group)+1 >= len(c.file.meta.RowGroups) {
			return io.ErrUnexpectedEOF
		}
		if err := c.enter(int(c.group) + 1); err != nil {
			return err
		}
		if err := c.begin(); err != nil {
			return err
		}
	}
	c.opened = c.tell()
	var h format.PageHeader
	shared := c.file.rooms
	if shared.flat, err = c.read(&h, moduleDataPageHeader, moduleDataPage, shared.flat); err != nil {
		return err
	}
	head, ok := h.DataPageHeader.Get()
	if !ok || head.NumValues <= 0 || int64(head.NumValues) > c.left {
		return fmt.Errorf("%w: a page is none of data", ErrFile)
	}
	c.pages++
	c.rows, c.row, c.next = int(head.NumValues), 0, 0
	c.left -= int64(c.rows)
	body, values := shared.flat, c.rows
	if head.Encoding == format.Plain { // its values stay where they are
		c.flat, shared.flat = shared.flat, c.flat
	}
	if c.optional {
		if body, values, err = c.readLevels(body); err != nil {
			return err
		}
	}
	if c.skip > 0 {
		if c.skip >= c.rows {
			return fmt.Errorf("%w: a page has changed", ErrFile)
		}
		c.row, c.next, c.skip = c.skip, c.skip, 0
		if c.optional {
			c.next = 0
			for _, d := range c.defs[:c.row] {
				c.next += int(d)
			}
		}
	}
	return c.decode(head.Encoding, body, values)
}

// readLevels reads which rows have a value and returns what follows, and how many have.
func (c *Cursor) readLevels(body []byte) (rest []byte, values int, err error) {
	if len(body) < 4 || int(binary.LittleEndian.Uint32(body)) > len(body)-4 {
		return nil, 0, fmt.Errorf("%w: levels are cut short", ErrFile)
	}
	n := int(binary.LittleEndian.Uint32(body))
	if err := checkRuns(body[4:4+n], 1, c.rows); err != nil {
		return nil, 0, err
	}
	levels := rle.Encoding{BitWidth: 1}
	if c.levels, err = levels.DecodeLevels(c.levels[:0], body[4:4+n]); err != nil {
		return nil, 0, fmt.Errorf("%w: levels: %w", ErrFile, err)
	}
	if len(c.levels) < c.rows {
		return nil, 0, fmt.Errorf("%w: levels are cut short", ErrFile)
	}
	c.defs = c.levels[:c.rows]
	for _, d := range c.defs {
		values += int(d)
	}
	return body[4+n:], values, nil
}

// decode prepares the values of a page.
func (c *Cursor) decode(e format.Encoding, body []byte, values int) (err error) {
	c.indexes, c.page = nil, data{nums: c.page.nums[:0], offsets: c.page.offsets[:0]}
	switch e {
	case format.RLEDictionary:
		if len(body) == 0 {
			return fmt.Errorf("%w: a page is cut short", ErrFile)
		}
		c.codes = c.codes[:0]
		if values > 0 {
			if err := checkRuns(body[1:], int(body[0]), values); err != nil {
				return err
			}
			r := rle.Encoding{BitWidth: int(body[0])}
			if c.codes, err = r.DecodeInt32(c.codes, body[1:]); err != nil {
				return fmt.Errorf("%w: indexes: %w", ErrFile, err)
			}
		}
		if len(c.codes) < values {
			return fmt.Errorf("%w: indexes are cut short", ErrFile)
		}
		c.indexes = c.codes[:values]
		for _, i := range c.indexes {
			if uint(i) >= uint(c.dict.len(c.want.Kind)) {
				return fmt.Errorf("%w: an index is outside of its dictionary", ErrFile)
			}
		}
		return nil
	case format.DeltaBinaryPacked:
		if err := checkDelta(body, values); err != nil {
			return err
		}
		if c.page.nums, err = (&delta.BinaryPackedEncoding{}).DecodeInt64(c.page.nums, body); err != nil {
			return fmt.Errorf("%w: numbers: %w", ErrFile, err)
		}
		if len(c.page.nums) < values {
			return fmt.Errorf("%w: numbers are cut short", ErrFile)
		}
		return nil
	case format.Plain:
		c.page.nums = nil
		return c.page.set(body, c.want.Kind, values)
	}
	return fmt.Errorf("%w: encoding %v", ErrFile, e)
}

// len is how many values a dictionary holds.
func (d *data) len(k Kind) int {
	switch k {
	case Text, JSON:
		return len(d.offsets)
	case Ref:
		return len(d.bytes) / 16
	}
	return len(d.bytes) / 8
}

// set takes n plain values.
func (d *data) set(body []byte, k Kind, n int) error {
	d.bytes, d.offsets = body, d.offsets[:0]
	need := 8 * n
	switch k {
	case Bool:
		need = (n + 7) / 8
	case Ref:
		need = 16 * n
	case Text, JSON:
		at := 0
		for range n {
			if len(body)-at < 4 || int64(binary.LittleEndian.Uint32(body[at:])) > int64(len(body)-at-4) {
				return fmt.Errorf("%w: texts are cut short", ErrFile)
			}
			d.offsets = append(d.offsets, int32(at))
			at += 4 + int(binary.LittleEndian.Uint32(body[at:]))
		}
		need = at
	}
	if len(body) < need {
		return fmt.Errorf("%w: values are cut short", ErrFile)
	}
	return nil
}

func (c *Cursor) dictionary() error {
	var h format.PageHeader
	body, err := c.read(&h, moduleDictionaryPageHeader, moduleDictionaryPage, c.dict.bytes)
	if cap(c.file.rooms.packed) > keptBytes {
		c.file.rooms.packed = nil
	}
	if err != nil {
		return err
	}
	head, ok := h.DictionaryPageHeader.Get()
	if !ok {
		return fmt.Errorf("%w: a dictionary is missing", ErrFile)
	}
	c.table = c.table[:0]
	return c.dict.set(body, c.want.Kind, int(head.NumValues))
}

// read reads a page, decrypts and decompresses it into dst.
func (c *Cursor) read(h *format.PageHeader, headKind, bodyKind byte, dst []byte) ([]byte, error) {
	s := c.file.seal
	p := &thrift.CompactProtocol{}
	if s == nil {
		if err := thrift.NewDecoder(p.NewReader(c.in)).Decode(h); err != nil {
			return nil, fmt.Errorf("%w: page header: %w", ErrFile, err)
		}
	} else {
		head, err := c.module(headKind)
		if err != nil {
			return nil, err
		}
		if err := thrift.Unmarshal(p, head, h); err != nil {
			return nil, fmt.Errorf("%w: page header: %w", ErrFile, err)
		}
	}
	var packed []byte
	var err error
	if s == nil {
		packed, err = c.take(int64(h.CompressedPageSize))
	} else {
		packed, err = c.module(bodyKind)
	}
	if err != nil {
		return nil, err
	}
	if dst, err = c.file.zstd.DecodeAll(packed, dst[:0]); err != nil {
		return nil, fmt.Errorf("%w: page: %w", ErrFile, err)
	}
	return dst, nil
}

// take reads n bytes, good until the next call of one that shares its memory.
func (c *Cursor) take(n int64) ([]byte, error) {
	if n < 0 || n > maxModule {
		return nil, fmt.Errorf("%w: a page of %d bytes", ErrFile, n)
	}
	shared := c.file.rooms
	if int64(cap(shared.packed)) < n {
		shared.packed = make([]byte, n)
	}
	shared.packed = shared.packed[:n]
	if _, err := io.ReadFull(c.in, shared.packed); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return shared.packed, nil
}

// module reads and decrypts a module.
func (c *Cursor) module(kind byte) ([]byte, error) {
	size, err := c.in.Peek(4)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	whole, err := c.take(4 + int64(binary.LittleEndian.Uint32(size)))
	if err != nil {
		return nil, err
	}
	plain, _, err := c.file.seal.open(whole, kind, c.group, c.column, c.pages)
	return plain, err
}
