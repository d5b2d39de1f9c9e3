package fact

import (
	_ "embed" // the schema

	"playhead/internal/avrohead"
)

// Schema is the Avro schema of layout 1 of records of the log "facts", for those
// who read the topic.
//
//go:embed facts.avsc
var Schema string

// Form is how records of the log "facts" are written. DecodeBatch reads all of them:
// a log may hold several. The zero Form is compact, Playhead's own.
type Form struct{ head avrohead.Head }

// fingerprint is Schema's by CRC-64-AVRO over its canonical form.
const fingerprint uint64 = 0x557b663702255f7f

// Avro is the form of Schema that everybody reads who has it: Avro's single-object
// encoding, which names the schema by its fingerprint.
func Avro() Form { return Form{avrohead.Single(fingerprint)} }

// Numbered is the form of Schema by the number that a schema registry gave it:
// Confluent's wire format.
func Numbered(id uint32) Form { return Form{avrohead.Numbered(id)} }

// maxAvro is the largest record that is written as Avro, bytes: Kafka bounds records,
// and the compact form is smaller by a third. What a hundred thousand plays that end
// together say comes near it.
const maxAvro = 12 << 20

// AppendBatch appends b as one record and returns the extended slice. Equal batches
// give equal bytes. Indexes must be valid and kinds known, else DecodeBatch will
// refuse the result. One beyond 12 MiB is compact, whatever the form.
func (f Form) AppendBatch(dst []byte, b *Batch) []byte {
	if f.head.Empty() {
		return AppendBatch(dst, b)
	}
	from := len(dst)
	if dst = appendAvro(f.head.Append(dst), b); len(dst)-from > maxAvro {
		return AppendBatch(dst[:from], b)
	}
	return dst
}
