package sketch

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// hllImage is a checked image: merging it cannot fail.
type hllImage struct {
	kind    byte   // modeList for coupons of both modes, else modeDense + the type
	coupons []byte // 4 bytes each; free slots are 0
	body    []byte // registers
	least   byte   // what HLL_4 counts from
	aux     []byte // 4 bytes an exception of HLL_4; free slots are 0
	count   int    // coupons
}

const (
	ofCoupons = iota
	ofHLL4
	ofHLL6
	ofHLL8
)

// The first 8 bytes of compact coupons, and what of them says so: all but the
// count, the logarithm of the library's table, the empty flag and the type.
const (
	headMask = 0x03_00_08_00_ff_ff_ff_3f
	headList = modeList<<56 | flagCompact<<40 | LgK<<24 | familyHLL<<16 | serialVersion<<8 | listStart/4
	headSet  = modeSet<<56 | flagCompact<<40 | LgK<<24 | familyHLL<<16 | serialVersion<<8 | setStart/4
)

// MergeBytes adds every member of a serialised sketch of lgK 12: a LIST, a SET,
// or an HLL_4, HLL_6 or HLL_8 array, compact or not. Once h holds registers it
// allocates nothing. It fails with ErrCorrupt, and then h is as it was.
func (h *HLL) MergeBytes(image []byte) error {
	// Most images are few coupons: they take the shortest way, if they are sound.
	if len(image) >= setStart {
		head := le64(image)
		start, n := listStart, int(head>>48&0xff)
		if head&headMask == headSet {
			start, n = setStart, int(le32(image[atSetCount:]))
		} else if head&headMask != headList {
			n = -1
		}
		if uint(n) <= setMax && start+4*n <= len(image) && h.mergeCompact(image[start:start+4*n]) {
			return nil
		}
	}
	return h.mergeAny(image)
}

func (h *HLL) mergeAny(image []byte) error {
	m, err := parseHLL(image)
	if err != nil {
		return err
	}
	switch m.kind {
	case ofCoupons:
		h.mergeCoupons(m.coupons, m.count)
	case ofHLL4:
		mergeHLL4(h.promote(), &m)
	case ofHLL6:
		mergeHLL6(h.promote(), (*[registers * 3 / 4]uint8)(m.body))
	case ofHLL8:
		mergeHLL8(h.promote(), (*[registers]uint8)(m.body))
	}
	return nil
}

// mergeCompact adds coupons, unless one of them is none.
func (h *HLL) mergeCompact(b []byte) bool {
	none := uint32(0) // its top bit: a coupon of value 0
	for i := 0; i+4 <= len(b); i += 4 {
		none |= le32(b[i:])>>keyBits - 1
	}
	if none>>31 != 0 {
		return false
	}
	if m := h.more; m != nil {
		if m.dense != nil {
			raise(m.dense, b)
			return true
		}
		if total := h.count + uint32(len(b)/4); total <= setMax && int(total)*4 <= len(m.set)*3 {
			h.count += insertAll(m.set, b)
			return true
		}
	}
	h.mergeCoupons(b, len(b)/4)
	return true
}

func parseHLL(image []byte) (m hllImage, err error) {
	if len(image) < listStart {
		return m, fmt.Errorf("%w: %d bytes of HLL", ErrCorrupt, len(image))
	}
	if image[atVersion] != serialVersion || image[atFamily] != familyHLL || image[atLgK] != LgK {
		return m, fmt.Errorf("%w: version %d, family %d, lgK %d", ErrCorrupt, image[atVersion], image[atFamily], image[atLgK])
	}
	switch mode, preamble := image[atMode]&3, image[atPreamble]&0x3f; {
	case mode == modeList && preamble == listStart/4:
		return m, m.list(image)
	case mode == modeSet && preamble == setStart/4 && len(image) >= setStart:
		return m, m.set(image)
	case mode == modeDense && preamble == denseStart/4 && len(image) >= denseStart:
		switch image[atMode] >> 2 & 3 {
		case typeHLL8:
			return m, m.hll8(image)
		case typeHLL6:
			return m, m.hll6(image)
		case typeHLL4:
			return m, m.hll4(image)
		}
	}
	return m, fmt.Errorf("%w: mode %#x, preamble %d, %d bytes", ErrCorrupt, image[atMode], image[atPreamble], len(image))
}

func (m *hllImage) list(image []byte) error {
	n := int(image[atListCount])
	if n > 8 {
		return fmt.Errorf("%w: a list of %d", ErrCorrupt, n)
	}
	return m.couponsAt(image, listStart, n, n)
}

func (m *hllImage) set(image []byte) error {
	n := le32(image[atSetCount:])
	slots := n
	if image[atFlags]&flagCompact == 0 {
		lgArr := image[atLgArr]
		if lgArr < 5 || lgArr > LgK-3 || n > 1<<lgArr {
			return fmt.Errorf("%w: a set of %d in 2^%d", ErrCorrupt, n, lgArr)
		}
		slots = 1 << lgArr
	}
	if slots > maxSlots {
		return fmt.Errorf("%w: a set of %d", ErrCorrupt, n)
	}
	return m.couponsAt(image, setStart, int(slots), int(n))
}

// couponsAt checks slots of coupons; only an image that is not compact has free
// ones, and it does not have to say how many.
func (m *hllImage) couponsAt(image []byte, start, slots, count int) error {
	if len(image) < start+4*slots {
		return fmt.Errorf("%w: %d bytes for %d coupons", ErrCorrupt, len(image), slots)
	}
	m.kind, m.coupons, m.count = ofCoupons, image[start:start+4*slots], count
	least := uint32(1<<32 - 1)
	if image[atFlags]&flagCompact != 0 {
		for b := m.coupons; len(b) >= 4; b = b[4:] {
			least = min(least, le32(b))
		}
	} else {
		taken := 0
		for b := m.coupons; len(b) >= 4; b = b[4:] {
			if c := le32(b); c != 0 {
				least = min(least, c)
				taken++
			}
		}
		if taken != count {
			return fmt.Errorf("%w: %d coupons, said to be %d", ErrCorrupt, taken, count)
		}
	}
	if least < minValid {
		return fmt.Errorf("%w: a coupon without a value", ErrCorrupt)
	}
	return nil
}

func (m *hllImage) hll8(image []byte) error {
	if len(image) < denseSize {
		return fmt.Errorf("%w: %d bytes of HLL_8", ErrCorrupt, len(image))
	}
	m.kind, m.body = ofHLL8, image[denseStart:denseSize]
	var over uint64
	for b := m.body; len(b) >= 32; b = b[32:] {
		over |= le64(b) | le64(b[8:]) | le64(b[16:]) | le64(b[24:])
	}
	if over&0xc0c0c0c0c0c0c0c0 != 0 {
		return fmt.Errorf("%w: a register above %d", ErrCorrupt, maxValue)
	}
	return nil
}

func (m *hllImage) hll6(image []byte) error {
	const size = registers * 3 / 4
	if len(image) < denseStart+size { // the library writes one byte more
		return fmt.Errorf("%w: %d bytes of HLL_6", ErrCorrupt, len(image))
	}
	m.kind, m.body = ofHLL6, image[denseStart:denseStart+size]
	return nil
}

// hll4 checks registers of 4 bits above a common minimum; the few that do not
// fit are the token 15 here and pairs of slot and value after the array.
func (m *hllImage) hll4(image []byte) error {
	const size = registers / 2
	if len(image) < denseStart+size {
		return fmt.Errorf("%w: %d bytes of HLL_4", ErrCorrupt, len(image))
	}
	m.kind, m.body, m.least = ofHLL4, image[denseStart:denseStart+size], image[atCurMin]
	if m.least > maxValue-auxToken+1 {
		return fmt.Errorf("%w: minimum %d", ErrCorrupt, m.least)
	}
	tokens := 0
	for b := m.body; len(b) >= 8; b = b[8:] {
		v := le64(b)
		v &= v >> 2
		tokens += bits.OnesCount64(v & (v >> 1) & 0x1111111111111111)
	}
	n := int(le32(image[atAuxCount:]))
	if n != tokens {
		return fmt.Errorf("%w: %d exceptions, %d tokens", ErrCorrupt, n, tokens)
	}
	if n == 0 {
		return nil
	}
	slots := n
	if image[atFlags]&flagCompact == 0 {
		if image[atLgArr] > LgK {
			return fmt.Errorf("%w: 2^%d exceptions", ErrCorrupt, image[atLgArr])
		}
		slots = 1 << image[atLgArr]
	}
	if m.aux = image[denseStart+size:]; len(m.aux) < 4*slots {
		return fmt.Errorf("%w: %d bytes of exceptions", ErrCorrupt, len(m.aux))
	}
	m.aux = m.aux[:4*slots]
	return m.exceptions(n)
}

// exceptions checks that every token has its pair, and every pair its token.
func (m *hllImage) exceptions(n int) error {
	var seen [registers / 64]uint64
	for b := m.aux; len(b) >= 4; b = b[4:] {
		pair := le32(b)
		if pair == 0 {
			continue
		}
		slot, value := pair&slotMask, uint8(pair>>keyBits)
		token := m.body[slot/2]>>(4*(slot&1))&15 == auxToken
		if !token || seen[slot/64]>>(slot%64)&1 != 0 || value < m.least+auxToken {
			return fmt.Errorf("%w: exception of slot %d", ErrCorrupt, slot)
		}
		seen[slot/64] |= 1 << (slot % 64)
		n--
	}
	if n != 0 {
		return fmt.Errorf("%w: %d exceptions missing", ErrCorrupt, n)
	}
	return nil
}

// mergeCoupons adds at most count coupons; what is 0 between them is none.
func (h *HLL) mergeCoupons(b []byte, count int) {
	if total := int(h.count) + count; total > fewMax && h.registers() == nil {
		h.reserve(total, true)
		if total <= setMax {
			h.count += insertAll(h.more.set, b)
			return
		}
	}
	i := 0
	for ; h.registers() == nil && i+4 <= len(b); i += 4 {
		h.AddCoupon(le32(b[i:]))
	}
	if d := h.registers(); d != nil {
		raise(d, b[i:])
	}
}

// raise adds coupons to registers, without a branch that cannot be foreseen.
func raise(d *[registers]uint8, b []byte) {
	for i := 0; i+4 <= len(b); i += 4 {
		c := le32(b[i:])
		slot := c & slotMask
		d[slot] = uint8(max(uint32(d[slot]), c>>keyBits))
	}
}

// insertAll puts coupons into a set that has room for them, and counts the new.
func insertAll(set []uint32, b []byte) (fresh uint32) {
	mask := uint32(len(set) - 1)
	for i := 0; i+4 <= len(b); i += 4 {
		c := le32(b[i:])
		j := c & mask
		for int(j) < len(set) && set[j] != 0 && set[j] != c {
			j = (j + 1) & mask
		}
		if int(j) < len(set) && set[j] == 0 && c != 0 {
			set[j] = c
			fresh++
		}
	}
	return fresh
}

// Registers are compared eight at a time. With the top bit of every byte free,
// it tells after one subtraction which of two is greater.
const tops = 0x8080808080808080

func greater(d, s uint64) uint64 {
	keep := ((d | tops) - s) & tops // top bit where d ≥ s
	keep -= keep >> 7               // all bits below it
	return s ^ (s^d)&keep
}

func mergeHLL8(d, s *[registers]uint8) {
	for i := 0; i < registers; i += 32 {
		to, from := (*[32]uint8)(d[i:]), (*[32]uint8)(s[i:])
		a := greater(le64(to[0:8]), le64(from[0:8]))
		b := greater(le64(to[8:16]), le64(from[8:16]))
		c := greater(le64(to[16:24]), le64(from[16:24]))
		e := greater(le64(to[24:32]), le64(from[24:32]))
		binary.LittleEndian.PutUint64(to[0:8], a)
		binary.LittleEndian.PutUint64(to[8:16], b)
		binary.LittleEndian.PutUint64(to[16:24], c)
		binary.LittleEndian.PutUint64(to[24:32], e)
	}
}

// mergeHLL6 spreads 48 bits, in three halvings, to eight registers.
func mergeHLL6(d *[registers]uint8, b *[registers * 3 / 4]uint8) {
	at := 0
	for i := 0; i < registers; i += 8 {
		// Two bytes more than are wanted, or at the end two less and shifted.
		v := le64(b[min(at, len(b)-8):])
		if at > len(b)-8 {
			v >>= 16
		}
		at += 6
		v = v&0xffffff | v>>24&0xffffff<<32
		v = v&0x00000fff00000fff | v&0x00fff00000fff000<<4
		v = v&0x003f003f003f003f | v&0x0fc00fc00fc00fc0<<2
		to := (*[8]uint8)(d[i:])
		binary.LittleEndian.PutUint64(to[:], greater(le64(to[:]), v))
	}
}

// mergeHLL4 spreads 32 bits to eight registers. A token is taken for 15 above the
// minimum, which is no more than the exception that it stands for.
func mergeHLL4(d *[registers]uint8, m *hllImage) {
	body := (*[registers / 2]uint8)(m.body)
	least := uint64(m.least) * 0x0101010101010101
	for i := 0; i < registers; i += 16 {
		both := le64(body[i/2 : i/2+8])
		to := (*[16]uint8)(d[i:])
		binary.LittleEndian.PutUint64(to[0:8], greater(le64(to[0:8]), nibbles(both&0xffffffff)+least))
		binary.LittleEndian.PutUint64(to[8:16], greater(le64(to[8:16]), nibbles(both>>32)+least))
	}
	for b := m.aux; len(b) >= 4; b = b[4:] {
		pair := le32(b)
		d[pair&slotMask] = max(d[pair&slotMask], uint8(pair>>keyBits))
	}
}

// nibbles spreads eight nibbles to eight bytes.
func nibbles(v uint64) uint64 {
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	return (v | v<<4) & 0x0f0f0f0f0f0f0f0f
}
