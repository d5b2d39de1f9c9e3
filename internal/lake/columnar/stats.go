package columnar

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/bloom/xxhash"
	"github.com/parquet-go/parquet-go/format"
)

// statistics of the chunk: nulls, and the least and greatest value where they
// are known and short. A dictionary has each value once, so they cost little.
func (c *Chunk) statistics() format.Statistics {
	s := format.Statistics{NullCount: c.nulls}
	var low, high []byte
	switch {
	case c.haveNums:
		low = binary.LittleEndian.AppendUint64(nil, uint64(c.low))
		high = binary.LittleEndian.AppendUint64(nil, uint64(c.high))
	case c.dict == nil || c.given || c.dict.count == 0 || c.decl.Kind == JSON:
		return s
	case c.decl.Kind == Float:
		low, high = floatBounds(c.dict.values)
	case c.decl.Kind == Ref:
		low, high = c.dict.bounds(16, bytes.Compare)
	case c.decl.Kind == Text:
		low, high = c.dict.bounds(0, bytes.Compare)
	default:
		low, high = c.dict.bounds(8, func(a, b []byte) int {
			x, y := int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b))
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
	}
	if len(low) > boundBytes || len(high) > boundBytes {
		return s
	}
	s.MinValue, s.MaxValue = bytes.Clone(low), bytes.Clone(high)
	return s
}

// each calls fn with each different value; size is its bytes, 0 for texts.
func (d *dictionary) each(size int, fn func(v []byte)) {
	for rest := d.values; len(rest) > 0; {
		n := size
		if size == 0 {
			n = int(binary.LittleEndian.Uint32(rest))
			rest = rest[4:]
		}
		fn(rest[:n])
		rest = rest[n:]
	}
}

func (d *dictionary) bounds(size int, compare func(a, b []byte) int) (low, high []byte) {
	first := true
	d.each(size, func(v []byte) {
		if first || compare(v, low) < 0 {
			low = v
		}
		if first || compare(v, high) > 0 {
			high = v
		}
		first = false
	})
	return low, high
}

// floatBounds are none if there is a NaN; a zero is written so that both signs
// are inside.
func floatBounds(values []byte) (low, high []byte) {
	least, greatest := math.Inf(1), math.Inf(-1)
	for ; len(values) > 0; values = values[8:] {
		v := math.Float64frombits(binary.LittleEndian.Uint64(values))
		if math.IsNaN(v) {
			return nil, nil
		}
		least, greatest = min(least, v), max(greatest, v)
	}
	if least == 0 {
		least = math.Copysign(0, -1)
	}
	if greatest == 0 {
		greatest = 0
	}
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(least)), binary.LittleEndian.AppendUint64(nil, math.Float64bits(greatest))
}

// bloomBits a value give about one false answer in a hundred.
const bloomBits = 10

// filter is the chunk's bloom filter, nil if it has none.
func (c *Chunk) filter() []byte {
	if !c.decl.Bloom || c.dict == nil || c.given || c.dict.count == 0 {
		return nil
	}
	f := bloom.MakeSplitBlockFilter(make([]byte, bloom.BlockSize*bloom.NumSplitBlocksOf(int64(c.dict.count), bloomBits)))
	size := 8
	switch c.decl.Kind {
	case Ref:
		size = 16
	case Text, JSON:
		size = 0
	}
	c.dict.each(size, func(v []byte) { f.Insert(xxhash.Sum64(v)) })
	return f.Bytes()
}
