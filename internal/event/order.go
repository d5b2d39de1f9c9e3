package event

import "encoding/binary"

// CMCD reports are numbered, but their numbers identify nothing: each target
// has its own, and a reload begins anew. They only say which of two reports of
// one millisecond came first. An id of a report carries its number: of its
// first eight bytes, little-endian, bit 62 says that there is one and bits 32
// to 61 are it; 96 bits of hash are left.
const (
	numberedBit = uint64(1) << 62
	// MaxNumber is the highest number an id can carry; higher ones are cut.
	MaxNumber = int64(1)<<30 - 1
)

// WithNumber is id carrying the number n of a report, or none if n is Absent.
func (r Ref) WithNumber(n int64) Ref {
	bits := binary.LittleEndian.Uint64(r[:8]) &^ numberedBit
	if n >= 0 {
		bits = numberedBit | uint64(min(n, MaxNumber))<<32 | bits&(1<<32-1)
	}
	binary.LittleEndian.PutUint64(r[:8], bits)
	return r
}

// LowBits are the first 63 bits of the id of an event of a format: a hash, or
// what NumberOf reads. Of formats whose ids carry no number the bit that says
// so is cleared.
func (r Ref) LowBits(f Format) int64 {
	bits := binary.LittleEndian.Uint64(r[:8]) &^ (1 << 63)
	if f != FormatCMCD {
		bits &^= numberedBit
	}
	return int64(bits)
}

// NumberOf is the number that LowBits carry, or Absent.
func NumberOf(lowBits int64) int64 {
	if lowBits < 0 || uint64(lowBits)&numberedBit == 0 {
		return Absent
	}
	return lowBits >> 32 & MaxNumber
}
