package columnar

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Limits of a chunk, bytes. A dictionary that outgrows its limit, as of long
// texts that are all different, is given up: the pages after it are plain.
const (
	pageRows        = 1 << 14 // unless Options say otherwise
	pageBytes       = 256 << 10
	dictionaryBytes = 24 << 20
	textBytes       = 1 << 20
	boundBytes      = 64 // of a statistic's text; longer ones have none
)

// Chunk collects the values of one column in the row group that is open.
type Chunk struct {
	w     *Writer
	decl  *Column
	index int
	dict  *dictionary // nil for other codings
	given bool        // the dictionary was given up in this row group

	// Of the open page.
	rows  int
	defs  []byte // 1 where a value is
	idx   []int32
	nums  []int64
	plain []byte // encoded values; of a Bool one byte a value

	// Of the row group so far.
	pages     []byte // encoded, headers and all
	pageCount int16
	sizeRaw   int64 // of the pages, uncompressed
	values    int64 // rows, with nulls
	nulls     int64
	haveNums  bool
	low, high int64 // of Delta values
}

// Null says that a row has no value.
func (c *Chunk) Null() {
	c.defs = append(c.defs, 0)
	c.row()
}

func (c *Chunk) there() {
	if !c.decl.Required {
		c.defs = append(c.defs, 1)
	}
}

// Int64 is the value of a row; Time and Number only.
func (c *Chunk) Int64(v int64) {
	c.there()
	switch {
	case c.dict != nil && !c.given:
		c.idx = append(c.idx, c.dict.number(v))
	case c.decl.Coding == Dictionary:
		c.plain = binary.LittleEndian.AppendUint64(c.plain, uint64(v))
	default:
		c.nums = append(c.nums, v)
	}
	c.row()
}

// Float64 is the value of a row; Float only.
func (c *Chunk) Float64(v float64) {
	c.there()
	if c.dict != nil && !c.given {
		c.idx = append(c.idx, c.dict.float(v))
	} else {
		c.plain = binary.LittleEndian.AppendUint64(c.plain, math.Float64bits(v))
	}
	c.row()
}

// Bool is the value of a row; Bool only.
func (c *Chunk) Bool(v bool) {
	c.there()
	b := byte(0)
	if v {
		b = 1
	}
	c.plain = append(c.plain, b)
	c.row()
}

// Bytes is the value of a row, copied; Text and JSON only.
func (c *Chunk) Bytes(v []byte) {
	c.there()
	if c.dict != nil && !c.given {
		c.idx = append(c.idx, c.dict.text(v))
	} else {
		c.plain = appendPlain(c.plain, v)
	}
	c.row()
}

// Ref is the value of a row, copied; Ref only.
func (c *Chunk) Ref(v *[16]byte) {
	c.there()
	if c.dict != nil {
		c.idx = append(c.idx, c.dict.ref(v))
	} else {
		c.plain = append(c.plain, v[:]...)
	}
	c.row()
}

// Tag is the value of a row, copied; Tag only.
func (c *Chunk) Tag(v *[8]byte) {
	c.there()
	c.plain = append(c.plain, v[:]...)
	c.row()
}

func (c *Chunk) row() {
	if c.rows++; c.rows >= c.w.options.PageRows || len(c.plain) >= pageBytes {
		c.cut()
	} else if c.dict != nil && c.dict.texts != nil && !c.given && len(c.dict.values) >= textBytes {
		c.cut()
	}
}

// cut ends the open page. What goes wrong is kept for Writer.EndGroup.
func (c *Chunk) cut() {
	if c.rows == 0 {
		return
	}
	c.spread()
	body, encoding := c.w.page[:0], format.Plain
	var err error
	if !c.decl.Required {
		body = append(body, 0, 0, 0, 0)
		levels := rle.Encoding{BitWidth: 1}
		var encoded []byte
		encoded, err = levels.EncodeLevels(c.w.scratch[:0], c.defs)
		c.w.scratch = encoded
		body = append(body, encoded...)
		binary.LittleEndian.PutUint32(body, uint32(len(encoded)))
		c.nulls += int64(bytes.Count(c.defs, []byte{0}))
	}
	var values []byte
	switch {
	case c.dict != nil && !c.given:
		encoding = format.RLEDictionary
		bits := width(int(c.dict.count))
		r := rle.Encoding{BitWidth: bits}
		if len(c.idx) > 0 {
			body = append(body, byte(bits))
			values, err = r.EncodeInt32(c.w.scratch[:0], c.idx)
			c.w.scratch = values
		} else {
			body = append(body, byte(bits))
		}
	case c.decl.Kind == Bool:
		values = packBools(c.w.scratch[:0], c.plain)
		c.w.scratch = values
	case c.decl.Coding == Delta || c.decl.Coding == Repeats:
		encoding = format.DeltaBinaryPacked
		c.bounds()
		values, err = (&delta.BinaryPackedEncoding{}).EncodeInt64(c.w.scratch[:0], c.nums)
		c.w.scratch = values
	default:
		values = c.plain
	}
	body = append(body, values...)
	c.w.page = body
	if err != nil {
		c.w.fail(fmt.Errorf("encode column %s: %w", c.decl.Name, err))
	}
	header := format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{
		NumValues: int32(c.rows), Encoding: encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	})}
	c.pages = c.appendPage(c.pages, &header, body, c.pageCount)
	c.pageCount++
	c.values += int64(c.rows)
	c.rows, c.defs, c.idx, c.nums, c.plain = 0, c.defs[:0], c.idx[:0], c.nums[:0], c.plain[:0]
	if c.dict != nil && !c.given && c.decl.Kind != Ref && c.decl.Coding != Repeats && len(c.dict.values) >= textBytes {
		c.given = true
	}
}

// rowsAValue is in how many rows of the first page a number of Repeats is, on
// average, for a dictionary to be smaller than differences.
const rowsAValue = 3

// spread gives the dictionary of a Repeats column up for differences, if the first
// page of the row group is better told by them.
func (c *Chunk) spread() {
	if c.decl.Coding != Repeats || c.given || c.pageCount > 0 || len(c.idx) >= rowsAValue*int(c.dict.count) {
		return
	}
	for _, i := range c.idx {
		c.nums = append(c.nums, int64(binary.LittleEndian.Uint64(c.dict.values[8*i:])))
	}
	c.idx, c.given = c.idx[:0], true
	c.dict.reset()
}

// bounds widens the least and greatest number by those of the open page.
func (c *Chunk) bounds() {
	for _, v := range c.nums {
		if !c.haveNums {
			c.low, c.high, c.haveNums = v, v, true
		}
		c.low, c.high = min(c.low, v), max(c.high, v)
	}
}

// packBools packs bytes 0 and 1 into bits, the first lowest.
func packBools(dst, src []byte) []byte {
	for len(src) >= 8 {
		dst = append(dst, src[0]|src[1]<<1|src[2]<<2|src[3]<<3|src[4]<<4|src[5]<<5|src[6]<<6|src[7]<<7)
		src = src[8:]
	}
	if len(src) > 0 {
		var b byte
		for i, v := range src {
			b |= v << i
		}
		dst = append(dst, b)
	}
	return dst
}

// appendPage compresses, and perhaps encrypts, a page and appends it with its
// header. ordinal counts data pages of the chunk.
func (c *Chunk) appendPage(dst []byte, h *format.PageHeader, body []byte, ordinal int16) []byte {
	w := c.w
	z := w.options.Zstd
	if c.decl.Kind == Tag || c.decl.Kind == Ref && (c.dict == nil || h.Type == format.DictionaryPage) {
		z = w.options.Light
	}
	w.packed = z.EncodeAll(body, w.packed[:0])
	packed := w.packed
	pageModule, headerModule := moduleDataPage, moduleDataPageHeader
	if h.Type == format.DictionaryPage {
		pageModule, headerModule = moduleDictionaryPage, moduleDictionaryPageHeader
	}
	if w.seal != nil {
		packed = w.seal.module(nil, packed, pageModule, w.group, int16(c.index), ordinal)
	}
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(body)), int32(len(packed))
	head, err := thrift.Marshal(&thrift.CompactProtocol{}, h)
	if err != nil {
		w.fail(fmt.Errorf("encode a page header: %w", err))
	}
	c.sizeRaw += int64(len(head) + len(body))
	if w.seal != nil {
		head = w.seal.module(nil, head, headerModule, w.group, int16(c.index), ordinal)
	}
	return append(append(dst, head...), packed...)
}

func (c *Chunk) reset() {
	if c.dict != nil {
		c.dict.reset()
	}
	c.given, c.pages, c.pageCount = false, c.pages[:0], 0
	c.sizeRaw, c.values, c.nulls, c.haveNums = 0, 0, 0, false
}
