package event

import (
	_ "embed" // the schema

	"playhead/internal/avrohead"
)

// Schema is the Avro schema of layout 1 of records of the log "events", for those
// who read the topic: "One record of the topic".
//
//go:embed events.avsc
var Schema string

// Form is how records of the log "events" are written. DecodeRecord reads all of
// them: a log may hold several. The zero Form is compact, Playhead's own.
type Form struct{ head avrohead.Head }

// fingerprint is Schema's by CRC-64-AVRO over its canonical form.
const fingerprint uint64 = 0x2cb670f0570daeae

// Avro is the form of Schema that everybody reads who has it: Avro's single-object
// encoding, which names the schema by its fingerprint.
func Avro() Form { return Form{avrohead.Single(fingerprint)} }

// Numbered is the form of Schema by the number that a schema registry gave it:
// Confluent's wire format.
func Numbered(id uint32) Form { return Form{avrohead.Numbered(id)} }

// AppendRecord appends e as one record and returns the extended slice. ReceivedAt is
// left out: the log stamps it. Equal events give equal bytes. It does not allocate
// beyond dst and does not keep e.
func (f Form) AppendRecord(dst []byte, e *Event) []byte {
	if f.head.Empty() {
		return AppendRecord(dst, e)
	}
	return f.append(dst, RecordEvent, e)
}

// AppendTick appends the record of a tick.
func (f Form) AppendTick(dst []byte) []byte {
	if f.head.Empty() {
		return AppendTick(dst)
	}
	var e Event
	e.Empty()
	return f.append(dst, RecordTick, &e)
}

// AppendSettle appends the record that settles what a write key sent of the
// viewers up to the reach.
func (f Form) AppendSettle(dst []byte, keyID uint32, reach Reach) []byte {
	if f.head.Empty() {
		return AppendSettle(dst, keyID, reach)
	}
	var e Event
	e.Empty()
	e.KeyID, e.Reach = keyID, reach
	return f.append(dst, RecordSettle, &e)
}

// AppendControl appends the record of a control; its data are the processor's.
func (f Form) AppendControl(dst, data []byte) []byte {
	if f.head.Empty() {
		return AppendControl(dst, data)
	}
	var e Event
	e.Empty()
	e.Properties = data
	return f.append(dst, RecordControl, &e)
}
