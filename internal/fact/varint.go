package fact

import "encoding/binary"

// Most of a batch's numbers take one to four bytes of a varint. These are
// encoding/binary's, with what is usual first.

// slack is how many bytes put may touch behind those that it counts.
const slack = 1

// put writes v as a varint at a place of dst that has room for the longest and
// for slack, and returns the place behind it.
func put(dst []byte, at int, v uint64) int {
	if v < 1<<7 {
		dst[at] = byte(v)
		return at + 1
	}
	return putLong(dst, at, v)
}

func putLong(dst []byte, at int, v uint64) int {
	switch {
	case v < 1<<14:
		binary.LittleEndian.PutUint16(dst[at:], uint16(v&0x7f|v<<1&0x7f00|0x80))
		return at + 2
	case v < 1<<21:
		binary.LittleEndian.PutUint32(dst[at:], uint32(v&0x7f|v<<1&0x7f00|v<<2&0x7f0000|0x8080))
		return at + 3
	case v < 1<<28:
		binary.LittleEndian.PutUint32(dst[at:], uint32(v&0x7f|v<<1&0x7f00|v<<2&0x7f0000|v<<3&0x7f000000|0x808080))
		return at + 4
	}
	return at + binary.PutUvarint(dst[at:], v)
}

// zigzag makes a small number of a small negative one, as AppendVarint does.
func zigzag(v int64) uint64 { return uint64(v)<<1 ^ uint64(v>>63) }

// unzigzag undoes zigzag.
func unzigzag(v uint32) int64 { return int64(v>>1) ^ -int64(v&1) }

// short reads a varint of at most four bytes at a place that has four, and
// returns the place behind it, 0 if it is longer.
func short(data []byte, at int) (v uint32, behind int) {
	if b := data[at]; b < 0x80 {
		return uint32(b), at + 1
	}
	return shortOfMany(data, at)
}

// shortOfMany is short of two bytes and more.
func shortOfMany(data []byte, at int) (v uint32, behind int) {
	word := binary.LittleEndian.Uint32(data[at:])
	v = word&0x7f | word>>1&0x3f80
	switch {
	case word&0x8000 == 0:
		return v, at + 2
	case word&0x80_0000 == 0:
		return v | word>>2&0x1f_c000, at + 3
	case word&0x8000_0000 == 0:
		return v | word>>2&0x1f_c000 | word>>3&0xfe0_0000, at + 4
	}
	return 0, 0
}
