package sketch

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// ErrCorrupt: the bytes are no image of a sketch of lgK 12. Whatever they were
// to be merged into is unchanged.
var ErrCorrupt = errors.New("corrupt sketch")

// The layout of a DataSketches HLL image, serial version 1.
const (
	serialVersion = 1
	familyHLL     = 7

	atPreamble, atVersion, atFamily, atLgK = 0, 1, 2, 3
	atLgArr, atFlags, atListCount, atMode  = 4, 5, 6, 7
	atCurMin                               = 6
	listStart                              = 8
	atSetCount, setStart                   = 8, 12
	atKxQ0, atKxQ1                         = 16, 24
	atNumAtCurMin, atAuxCount, denseStart  = 32, 36, 40

	flagEmpty, flagCompact, flagOutOfOrder = 4, 8, 16

	modeList, modeSet, modeDense = 0, 1, 2
	typeHLL4, typeHLL6, typeHLL8 = 0, 1, 2

	auxToken = 15
	// denseSize is the length of an HLL_8 image.
	denseSize = denseStart + registers
)

func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// AppendBinary appends h's image: a compact LIST or SET while there are
// coupons, HLL_8 after that. Equal sets of members give equal bytes.
func (h *HLL) AppendBinary(dst []byte) []byte {
	if d := h.registers(); d != nil {
		return append(appendHead(dst, d, typeHLL8, 0), d[:]...)
	}
	return h.appendCoupons(dst, typeHLL8)
}

// AppendHLL4 appends h's image as AppendBinary does, but with registers as
// HLL_4: half of the bytes, for more work to write and to merge.
func (h *HLL) AppendHLL4(dst []byte) []byte {
	d := h.registers()
	if d == nil {
		return h.appendCoupons(dst, typeHLL4)
	}
	least := slices.Min(d[:])
	dst = appendHead(dst, d, typeHLL4, least)
	start := len(dst) - denseStart
	for i := 0; i < registers; i += 2 {
		dst = append(dst, min(d[i]-least, auxToken)|min(d[i+1]-least, auxToken)<<4)
	}
	exceptions := 0
	for slot, v := range d {
		if v-least >= auxToken {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v)<<keyBits|uint32(slot))
			exceptions++
		}
	}
	binary.LittleEndian.PutUint32(dst[start+atAuxCount:], uint32(exceptions))
	// The library's hash table of exceptions has at least 2^4 slots at lgK 12 and
	// is filled to ¾.
	lgArr := byte(4)
	for exceptions*4 > 3<<lgArr {
		lgArr++
	}
	if exceptions > 0 {
		dst[start+atLgArr] = lgArr
	}
	return dst
}

func (h *HLL) appendCoupons(dst []byte, kind byte) []byte {
	var sorted [setMax + 1]uint32
	members := sorted[:0]
	for _, c := range h.coupons() {
		if c != 0 {
			members = append(members, c)
		}
	}
	slices.Sort(members)
	n := len(members)
	if n <= listMax {
		flags := byte(flagCompact)
		if n == 0 {
			flags |= flagEmpty
		}
		dst = append(dst, listStart/4, serialVersion, familyHLL, LgK, 3, flags, byte(n), kind<<2|modeList)
	} else {
		lgArr := byte(5)
		for n*4 > 3<<lgArr {
			lgArr++
		}
		dst = append(dst, setStart/4, serialVersion, familyHLL, LgK, lgArr, flagCompact, 0, kind<<2|modeSet)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	}
	for _, c := range members {
		dst = binary.LittleEndian.AppendUint32(dst, c)
	}
	return dst
}

// appendHead appends the first 40 bytes of an image of registers: no history
// (out of order), the sums of 2^−register below and from 32, the number at the
// least register.
func appendHead(dst []byte, d *[registers]uint8, kind, least byte) []byte {
	head := [denseStart]byte{denseStart / 4, serialVersion, familyHLL, LgK, 0, flagCompact | flagOutOfOrder, least, kind<<2 | modeDense}
	c := histogram(d)
	kxq0, kxq1 := 0.0, 0.0
	for v, n := range c {
		if v < 32 {
			kxq0 += float64(n) / float64(uint64(1)<<v)
		} else {
			kxq1 += float64(n) / float64(uint64(1)<<v)
		}
	}
	binary.LittleEndian.PutUint64(head[atKxQ0:], math.Float64bits(kxq0))
	binary.LittleEndian.PutUint64(head[atKxQ1:], math.Float64bits(kxq1))
	binary.LittleEndian.PutUint32(head[atNumAtCurMin:], uint32(c[least]))
	return append(slices.Grow(dst, denseSize), head[:]...)
}
