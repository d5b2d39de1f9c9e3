package event

import (
	_ "embed" // the schema
	"encoding/binary"
)

// Schema is the Avro schema of layout 1 of records of the log "events", for those
// who read the topic: "One record of the topic".
//
//go:embed events.avsc
var Schema string

// Form is how records of the log "events" are written. DecodeRecord reads all of
// them: a log may hold several. The zero Form is compact, Playhead's own.
type Form struct {
	head [10]byte
	n    int // bytes of head; 0 is compact
}

// What the records of a form begin with; those of the compact form begin with
// recordVersion<<4 and a kind.
const (
	magicNumbered = 0x00 // and a registry's number of the schema, 4 bytes, big endian
	magicSingle   = 0xC3 // 0x01, and the schema's fingerprint, 8 bytes, little endian

	numberedBytes, singleBytes = 1 + 4, 2 + 8
)

// fingerprint is Schema's by CRC-64-AVRO over its canonical form.
const fingerprint uint64 = 0x2cb670f0570daeae

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

// AppendRecord appends e as one record and returns the extended slice. ReceivedAt is
// left out: the log stamps it. Equal events give equal bytes. It does not allocate
// beyond dst and does not keep e.
func (f Form) AppendRecord(dst []byte, e *Event) []byte {
	if f.n == 0 {
		return AppendRecord(dst, e)
	}
	return f.append(dst, RecordEvent, e)
}

// AppendTick appends the record of a tick.
func (f Form) AppendTick(dst []byte) []byte {
	if f.n == 0 {
		return AppendTick(dst)
	}
	var e Event
	e.Empty()
	return f.append(dst, RecordTick, &e)
}

// AppendSettle appends the record that settles what a write key sent of the
// viewers up to the reach.
func (f Form) AppendSettle(dst []byte, keyID uint32, reach Reach) []byte {
	if f.n == 0 {
		return AppendSettle(dst, keyID, reach)
	}
	var e Event
	e.Empty()
	e.KeyID, e.Reach = keyID, reach
	return f.append(dst, RecordSettle, &e)
}

// AppendControl appends the record of a control; its data are the processor's.
func (f Form) AppendControl(dst, data []byte) []byte {
	if f.n == 0 {
		return AppendControl(dst, data)
	}
	var e Event
	e.Empty()
	e.Properties = data
	return f.append(dst, RecordControl, &e)
}
