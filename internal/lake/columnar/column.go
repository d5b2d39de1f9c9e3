package columnar

import (
	"math/bits"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// Kind is what a column holds.
type Kind uint8

// Kinds of columns.
const (
	Time   Kind = iota // INT64: epoch ms, UTC
	Number             // INT64
	Float              // DOUBLE
	Bool               // BOOLEAN
	Text               // BYTE_ARRAY, UTF8
	JSON               // BYTE_ARRAY, JSON
	Ref                // FIXED_LEN_BYTE_ARRAY(16); not marked as a UUID, which Spark refuses
	Tag                // FIXED_LEN_BYTE_ARRAY(8), Plain: half a hash, for what only has to differ
)

// Coding is how values are laid out before zstd.
type Coding uint8

// Codings of columns.
const (
	// Dictionary suits few different values and long runs: indexes, run-length
	// encoded.
	Dictionary Coding = iota
	// Delta suits numbers that grow along the rows; Time and Number only.
	Delta
	// Repeats suits numbers that several rows have one after the other: a dictionary,
	// or Delta in a row group whose first page has many different ones; Time and
	// Number only.
	Repeats
	// Plain suits what is random in each row: an index would be a second value.
	// Plain Refs and Tags have no statistics.
	Plain
)

// Column declares one column.
type Column struct {
	Name   string
	Kind   Kind
	Coding Coding
	// Required columns have a value in each row.
	Required bool
	// Bloom adds a bloom filter; Dictionary only. Not for a Ref that DuckDB before
	// 2.0 shall look for: it finds nothing by one.
	Bloom bool
}

func (c *Column) physical() format.Type {
	switch c.Kind {
	case Time, Number:
		return format.Int64
	case Float:
		return format.Double
	case Bool:
		return format.Boolean
	case Ref, Tag:
		return format.FixedLenByteArray
	default:
		return format.ByteArray
	}
}

// element is the column in a file's schema.
func (c *Column) element() format.SchemaElement {
	repetition := format.Optional
	if c.Required {
		repetition = format.Required
	}
	e := format.SchemaElement{Name: c.Name, Type: thrift.New(c.physical()), RepetitionType: thrift.New(repetition)}
	switch c.Kind {
	case Time:
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MilliSeconds{}}}
		e.ConvertedType = thrift.New(deprecated.TimestampMillis)
	case Text:
		e.LogicalType.Value = &format.StringType{}
		e.ConvertedType = thrift.New(deprecated.UTF8)
	case JSON:
		e.LogicalType.Value = &format.JsonType{}
		e.ConvertedType = thrift.New(deprecated.Json)
	case Ref:
		e.TypeLength = thrift.New(int32(16))
	case Tag:
		e.TypeLength = thrift.New(int32(8))
	}
	return e
}

// width is how many bits the indexes of n different values take.
func width(n int) int { return bits.Len(uint(max(0, n-1))) }
