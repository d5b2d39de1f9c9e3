package fact

import (
	_ "embed" // the schema
	"encoding/binary"
)

// Schema is the Avro schema of layout 1 of records of the log "facts", for those
// who read the topic.
//
//go:embed facts.avsc
var Schema string

// Form is how records of the log "facts" are written. DecodeBatch reads all of them:
// a log may hold several. The zero Form is compact, Playhead's own.
type Form struct {
	head [10]byte
	n    int // bytes of head; 0 is compact
}

// What the records of a form begin with; those of the compact form begin with their
// version.
const (
	magicNumbered = 0x00 // and a registry's number of the schema, 4 bytes, big endian
	magicSingle   = 0xC3 // 0x01, and the schema's fingerprint, 8 bytes, little endian

	numberedBytes, singleBytes = 1 + 4, 2 + 8
)

// fingerprint is Schema's by CRC-64-AVRO over its canonical form.
const fingerprint uint64 = 0x557b663702255f7f

// Avro is the form of Schema that everybody reads who has it: Avro's single-object
// encoding, which names the schema by its fingerprint.
func Avro() Form {
	f := Form{n: singleBytes}
	f.head[0], f.head[1] = magicSingle, 1
	binary.LittleEndian.PutUint64(f.head[2:], fingerprint)
	return f
}

// Numbered is the form of Schema by the number that a schema registry gave it:
// Confluent's wire format.
func Numbered(id uint32) Form {
	f := Form{n: numberedBytes}
	f.head[0] = magicNumbered
	binary.BigEndian.PutUint32(f.head[1:], id)
	return f
}

// maxAvro is the largest record that is written as Avro, bytes: Kafka bounds records,
// and the compact form is smaller by a third. What a hundred thousand plays that end
// together say comes near it.
const maxAvro = 12 << 20

// AppendBatch appends b as one record and returns the extended slice. Equal batches
// give equal bytes. Indexes must be valid and kinds known, else DecodeBatch will
// refuse the result. One beyond 12 MiB is compact, whatever the form.
func (f Form) AppendBatch(dst []byte, b *Batch) []byte {
	if f.n == 0 {
		return AppendBatch(dst, b)
	}
	from := len(dst)
	if dst = appendAvro(append(dst, f.head[:f.n]...), b); len(dst)-from > maxAvro {
		return AppendBatch(dst[:from], b)
	}
	return dst
}
