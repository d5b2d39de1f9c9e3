package avro

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/hamba/avro/v2"
)

// errRest: a record is followed by something.
var errRest = errors.New("bytes are left behind the record: is it of this schema, and framed as said?")

// Writer is the schema of whoever writes records that come without it. It is safe
// for any number of goroutines.
type Writer struct{ schema avro.Schema }

// ParseWriter reads a writer's schema. referred are schemas that it names, each
// behind those that it names itself.
func ParseWriter(text []byte, referred ...[]byte) (*Writer, error) {
	cache := &avro.SchemaCache{}
	for i, other := range referred {
		if _, err := avro.ParseBytesWithCache(other, "", cache); err != nil {
			return nil, fmt.Errorf("parse the Avro schema that is referred to, number %d: %w", i+1, err)
		}
	}
	s, err := avro.ParseBytesWithCache(text, "", cache)
	if err != nil {
		return nil, fmt.Errorf("parse the Avro schema: %w", err)
	}
	return &Writer{s}, nil
}

// JSON is what a datum says, written behind dst: fields under the writer's names,
// what is null left out, times in milliseconds. A record as JSON has at most 512
// KiB. Errors say what is wrong with the datum.
func (w *Writer) JSON(dst, datum []byte) ([]byte, error) {
	c := cursor{b: datum, limit: maxRecord, out: dst[len(dst):]}
	if err := c.record(w.schema); err != nil {
		return dst, err
	}
	if c.p < len(datum) {
		return dst, errRest
	}
	if !bytes.HasPrefix(c.out, []byte("{")) {
		return dst, errors.New("the schema is not that of a record")
	}
	return append(dst, c.out...), nil
}
