package sketch

import (
	"encoding/binary"
	"errors"
	"fmt"
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
	if h.dense != nil {
		return h.appendDense(dst)
	}
	var sorted [setMax + 1]uint32
	members := sorted[:0]
	for _, c := range h.coupons {
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
		dst = append(dst, listStart/4, serialVersion, familyHLL, LgK, 3, flags, byte(n), typeHLL8<<2|modeList)
	} else {
		lgArr := byte(5)
		for n*4 > 3<<lgArr {
			lgArr++
		}
		dst = append(dst, setStart/4, serialVersion, familyHLL, LgK, lgArr, flagCompact, 0, typeHLL8<<2|modeSet)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	}
	for _, c := range members {
		dst = binary.LittleEndian.AppendUint32(dst, c)
	}
	return dst
}

func (h *HLL) appendDense(dst []byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, denseSize)[:start+denseSize]
	p := dst[start : start+denseStart]
	clear(p)
	copy(p, []byte{denseStart / 4, serialVersion, familyHLL, LgK, 0, flagOutOfOrder, 0, typeHLL8<<2 | modeDense})
	zeros, kxq0, kxq1 := uint32(0), 0.0, 0.0
	for _, v := range h.dense {
		if v < 32 {
			kxq0 += 1 / float64(uint64(1)<<v)
		} else {
			kxq1 += 1 / float64(uint64(1)<<v)
		}
		if v == 0 {
			zeros++
		}
	}
	binary.LittleEndian.PutUint64(p[atKxQ0:], math.Float64bits(kxq0))
	binary.LittleEndian.PutUint64(p[atKxQ1:], math.Float64bits(kxq1))
	binary.LittleEndian.PutUint32(p[atNumAtCurMin:], zeros)
	copy(dst[start+denseStart:], h.dense[:])
	return dst
}

// MergeBytes adds every member of a serialised sketch of lgK 12: a LIST, a SET,
// or an HLL_4, HLL_6 or HLL_8 array, compact or not. Once h holds registers it
// allocates nothing. It fails with ErrCorrupt, and then h is as it was.
func (h *HLL) MergeBytes(image []byte) error {
	if len(image) < listStart {
		return fmt.Errorf("%w: %d bytes", ErrCorrupt, len(image))
	}
	if image[atVersion] != serialVersion || image[atFamily] != familyHLL || image[atLgK] != LgK {
		return fmt.Errorf("%w: version %d, family %d, lgK %d", ErrCorrupt, image[atVersion], image[atFamily], image[atLgK])
	}
	mode, preamble := image[atMode]&3, image[atPreamble]&0x3f
	switch {
	case mode == modeList && preamble == listStart/4:
		n := int(image[atListCount])
		if n > 8 {
			return fmt.Errorf("%w: a list of %d", ErrCorrupt, n)
		}
		return h.mergeCoupons(image, listStart, n)
	case mode == modeSet && preamble == setStart/4:
		return h.mergeSet(image)
	case mode == modeDense && preamble == denseStart/4 && len(image) >= denseStart:
		switch image[atMode] >> 2 & 3 {
		case typeHLL8:
			return h.mergeHLL8(image)
		case typeHLL6:
			return h.mergeHLL6(image)
		case typeHLL4:
			return h.mergeHLL4(image)
		}
	}
	return fmt.Errorf("%w: mode %d, preamble %d", ErrCorrupt, image[atMode], preamble)
}

func (h *HLL) mergeSet(image []byte) error {
	if len(image) < setStart {
		return fmt.Errorf("%w: %d bytes", ErrCorrupt, len(image))
	}
	n := le32(image[atSetCount:])
	if image[atFlags]&flagCompact == 0 {
		lgArr := image[atLgArr]
		if lgArr < 5 || lgArr > LgK-3 || n > 1<<lgArr {
			return fmt.Errorf("%w: a set of %d in 2^%d", ErrCorrupt, n, lgArr)
		}
		n = 1 << lgArr
	}
	if n > 1<<(LgK-3) {
		return fmt.Errorf("%w: a set of %d", ErrCorrupt, n)
	}
	return h.mergeCoupons(image, setStart, int(n))
}

// mergeCoupons adds n coupons; only an image that is not compact has free slots.
func (h *HLL) mergeCoupons(image []byte, start, n int) error {
	if len(image) < start+4*n {
		return fmt.Errorf("%w: %d bytes for %d coupons", ErrCorrupt, len(image), n)
	}
	body := image[start : start+4*n]
	compact := image[atFlags]&flagCompact != 0
	for i := 0; i < len(body); i += 4 {
		c := le32(body[i:])
		if c>>keyBits == 0 && (compact || c != 0) {
			return fmt.Errorf("%w: a coupon without a value", ErrCorrupt)
		}
	}
	for i := 0; i < len(body); i += 4 {
		h.AddCoupon(le32(body[i:]))
	}
	return nil
}

func (h *HLL) mergeHLL8(image []byte) error {
	if len(image) < denseSize {
		return fmt.Errorf("%w: %d bytes of HLL_8", ErrCorrupt, len(image))
	}
	body := image[denseStart:denseSize]
	var over uint64
	for i := 0; i < len(body); i += 8 {
		over |= le64(body[i:])
	}
	if over&0xc0c0c0c0c0c0c0c0 != 0 {
		return fmt.Errorf("%w: a register above %d", ErrCorrupt, maxValue)
	}
	h.promote()
	mergeRegisters(h.dense, body)
	return nil
}

func (h *HLL) mergeHLL6(image []byte) error {
	const size = registers * 3 / 4
	if len(image) < denseStart+size { // the library writes one byte more
		return fmt.Errorf("%w: %d bytes of HLL_6", ErrCorrupt, len(image))
	}
	h.promote()
	body := image[denseStart : denseStart+size]
	for slot := 0; slot < registers; slot += 4 {
		v := uint32(body[0]) | uint32(body[1])<<8 | uint32(body[2])<<16
		d := h.dense[slot : slot+4 : slot+4]
		d[0] = max(d[0], uint8(v&63))
		d[1] = max(d[1], uint8(v>>6&63))
		d[2] = max(d[2], uint8(v>>12&63))
		d[3] = max(d[3], uint8(v>>18))
		body = body[3:]
	}
	return nil
}

// mergeHLL4 reads registers of 4 bits above a common minimum; the few that do
// not fit are the token 15 here and pairs of slot and value after the array.
func (h *HLL) mergeHLL4(image []byte) error {
	const size = registers / 2
	if len(image) < denseStart+size {
		return fmt.Errorf("%w: %d bytes of HLL_4", ErrCorrupt, len(image))
	}
	curMin := image[atCurMin]
	if curMin > maxValue-auxToken+1 {
		return fmt.Errorf("%w: minimum %d", ErrCorrupt, curMin)
	}
	body := image[denseStart : denseStart+size]
	var all [registers]uint8
	tokens := 0
	for i, b := range body {
		for j, v := range [2]uint8{b & 15, b >> 4} {
			if v == auxToken {
				tokens++
				continue // stays 0 until its pair is found
			}
			all[2*i+j] = v + curMin
		}
	}
	aux, n := image[denseStart+size:], int(le32(image[atAuxCount:]))
	if n != tokens {
		return fmt.Errorf("%w: %d exceptions, %d tokens", ErrCorrupt, n, tokens)
	}
	slots := n
	if image[atFlags]&flagCompact == 0 && n > 0 {
		if image[atLgArr] > LgK {
			return fmt.Errorf("%w: 2^%d exceptions", ErrCorrupt, image[atLgArr])
		}
		slots = 1 << image[atLgArr]
	}
	if len(aux) < 4*slots {
		return fmt.Errorf("%w: %d bytes of exceptions", ErrCorrupt, len(aux))
	}
	for i := range slots {
		pair := le32(aux[4*i:])
		if pair == 0 {
			continue
		}
		slot, value := pair&slotMask, uint8(pair>>keyBits)
		token := body[slot/2]>>(4*(slot&1))&15 == auxToken
		if !token || all[slot] != 0 || value < curMin+auxToken {
			return fmt.Errorf("%w: exception of slot %d", ErrCorrupt, slot)
		}
		all[slot] = value
		tokens--
	}
	if tokens != 0 {
		return fmt.Errorf("%w: %d exceptions missing", ErrCorrupt, tokens)
	}
	h.promote()
	mergeRegisters(h.dense, all[:])
	return nil
}

// mergeRegisters takes the maximum of each register, eight at a time: with the
// top bit of every byte free, it tells after one subtraction which is greater.
func mergeRegisters(dst *[registers]uint8, src []uint8) {
	const top = 0x8080808080808080
	src = src[:registers]
	for i := 0; i < registers; i += 8 {
		d, s := le64(dst[i:i+8]), le64(src[i:i+8])
		if d == s {
			continue
		}
		keep := ((d | top) - s) & top // top bit where d ≥ s
		mask := keep >> 7 * 0xff
		binary.LittleEndian.PutUint64(dst[i:i+8], d&mask|s&^mask)
	}
}
