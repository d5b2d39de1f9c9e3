package avrohead

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// What heads begin with. Records of other forms must begin with other bytes.
const (
	numbered = 0x00 // and a registry's number of the schema, 4 bytes, big endian
	single   = 0xC3 // version, and the schema's fingerprint, 8 bytes, little endian
	version  = 1    // of the single-object encoding

	numberedBytes = 1 + 4
	// Most is how many bytes a head has at most.
	Most = 2 + 8
)

// ErrHead: what begins as a head is none.
var ErrHead = errors.New("no head of a record in Avro")

// Head is what a record begins with. The zero Head is empty: the record is in
// another form.
type Head struct {
	bytes [Most]byte
	n     int
}

// Single names a schema by its fingerprint: CRC-64-AVRO over its canonical form
// (Avro 1.12, "Single-object encoding").
func Single(fingerprint uint64) Head {
	h := Head{n: Most}
	h.bytes[0], h.bytes[1] = single, version
	binary.LittleEndian.PutUint64(h.bytes[2:], fingerprint)
	return h
}

// Numbered names a schema by the number that a registry gave it.
func Numbered(id uint32) Head {
	h := Head{n: numberedBytes}
	h.bytes[0] = numbered
	binary.BigEndian.PutUint32(h.bytes[1:], id)
	return h
}

// Empty reports whether the head is the zero one.
func (h Head) Empty() bool { return h.n == 0 }

// Len is how many bytes the head has.
func (h Head) Len() int { return h.n }

// Copy writes the head to the beginning of dst, which must have room, and returns
// how many bytes those are.
func (h Head) Copy(dst []byte) int { return copy(dst, h.bytes[:h.n]) }

// Append appends the head.
func (h Head) Append(dst []byte) []byte { return append(dst, h.bytes[:h.n]...) }

// Begins reports whether a record that is not empty begins with a head.
func Begins(record []byte) bool { return record[0] == numbered || record[0] == single }

// Cut is where what follows the head begins, of a record that begins with one. It
// fails with ErrHead when nothing follows, or the encoding's version is not known.
func Cut(record []byte) (at int, err error) {
	at = numberedBytes
	if record[0] == single {
		if at = Most; len(record) > 1 && record[1] != version {
			return 0, fmt.Errorf("%w: single-object encoding of version %d is not known", ErrHead, record[1])
		}
	}
	if len(record) <= at {
		return 0, fmt.Errorf("%w: nothing follows the schema's name", ErrHead)
	}
	return at, nil
}
