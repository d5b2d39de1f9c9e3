package sketch

import (
	"math/bits"
	"slices"
)

const (
	// LgK is the base-2 logarithm of the number of registers.
	LgK = 12
	// RelativeError is the standard error of an estimate, 1.04/√4096, at most. A
	// sketch's own StandardError is smaller while registers are still 0, and is
	// next to nothing while the sketch still keeps its coupons.
	RelativeError = 0.01625

	registers = 1 << LgK
	slotMask  = registers - 1

	keyBits  = 26 // of a coupon: the slot number, at the greatest precision
	keyMask  = 1<<keyBits - 1
	minValid = 1 << keyBits // the least coupon: value 1
	maxValue = 63           // of a register or a coupon

	// The library's thresholds: images of up to listMax coupons are a list, of up
	// to setMax a set (¾ of 2^(LgK−3)), more become registers.
	listMax = 7
	setMax  = 3 << (LgK - 3) / 4

	fewMax   = 5 // coupons that need no memory beside the sketch
	minSlots = 16
	maxSlots = 1 << (LgK - 3)
)

// HLL is a distinct-count sketch of lgK 12 (4096 registers of 8 bits), hash
// seed 9001. It keeps the members' coupons while there are at most 384 and its
// registers after that. The zero value is an empty sketch of 32 bytes, which
// hold up to five members. It is not safe for concurrent use when one of the
// users changes it; readers change nothing.
type HLL struct {
	few   [fewMax]uint32 // coupons, while more is nil
	count uint32         // of coupons; 0 with registers
	more  *hllMore
}

// hllMore is a sketch of more than five members: one of a set of coupons, with
// linear probing, a power of two of slots and 0 for free ones, and registers.
type hllMore struct {
	set   []uint32
	dense *[registers]uint8
}

// Coupon is what a sketch keeps of a member: 26 bits that choose a register and
// 6 bits of the value, from MurmurHash3 x64 128 with DataSketches' default seed,
// as the library hashes a slice of 16 bytes.
func Coupon(member [16]byte) uint32 {
	h1, h2 := murmur16(member)
	value := uint32(min(bits.LeadingZeros64(h2), maxValue-1)) + 1
	return value<<keyBits | uint32(h1&keyMask)
}

// IsEmpty reports whether nothing was added.
func (h *HLL) IsEmpty() bool { return h.count == 0 && h.more == nil }

// Reset empties h.
func (h *HLL) Reset() { *h = HLL{} }

// registers of a sketch that has them, else nil.
func (h *HLL) registers() *[registers]uint8 {
	if h.more == nil {
		return nil
	}
	return h.more.dense
}

// AddCoupon adds a member by its coupon. A coupon of value 0 is no member and
// is ignored.
func (h *HLL) AddCoupon(c uint32) {
	if c < minValid {
		return
	}
	if h.more == nil {
		known := h.few[:h.count]
		if slices.Contains(known, c) {
			return
		}
		if len(known) < fewMax {
			h.few[h.count] = c
			h.count++
			return
		}
		h.grow(minSlots)
	}
	if d := h.more.dense; d != nil {
		d[c&slotMask] = max(d[c&slotMask], uint8(c>>keyBits))
		return
	}
	if insert(h.more.set, c) {
		h.count++
		h.fit()
	}
}

// fit makes room for one coupon more.
func (h *HLL) fit() {
	switch slots := len(h.more.set); {
	case h.count > setMax:
		h.promote()
	case int(h.count)*4 > slots*3:
		h.grow(slots * 2)
	}
}

// coupons are h's coupons with 0 between them, while it keeps them.
func (h *HLL) coupons() []uint32 {
	if h.more == nil {
		return h.few[:h.count]
	}
	return h.more.set
}

// Merge adds every member of other, which is not changed.
func (h *HLL) Merge(other *HLL) {
	if other == nil {
		return
	}
	if d := other.registers(); d != nil {
		mergeHLL8(h.promote(), d)
		return
	}
	if n := int(h.count + other.count); n > fewMax && h.registers() == nil {
		h.reserve(n, false)
	}
	for _, c := range other.coupons() {
		h.AddCoupon(c)
	}
}

// Clone is a copy that shares nothing with h.
func (h *HLL) Clone() *HLL {
	c := *h
	if h.more != nil {
		c.more = &hllMore{set: slices.Clone(h.more.set)}
		if h.more.dense != nil {
			d := *h.more.dense
			c.more.dense = &d
		}
	}
	return &c
}

// Bytes is the memory that h holds.
func (h *HLL) Bytes() int {
	n := 32
	if h.more != nil {
		n += 32 + 4*cap(h.more.set)
		if h.more.dense != nil {
			n += registers
		}
	}
	return n
}

// reserve makes a set that holds n coupons, or as many as a set can; roomy is
// for what more merges will come to.
func (h *HLL) reserve(n int, roomy bool) {
	slots := 0
	if h.more != nil {
		slots = len(h.more.set)
	}
	if slots == maxSlots || slots > 0 && n*4 <= slots*3 {
		return
	}
	if slots = max(slots, minSlots); roomy {
		slots *= 8
	}
	for slots < maxSlots && n*4 > slots*3 {
		slots *= 2
	}
	h.grow(min(slots, maxSlots))
}

// grow turns coupons into a set of so many slots.
func (h *HLL) grow(slots int) {
	set := make([]uint32, slots)
	for _, c := range h.coupons() {
		if c != 0 {
			insert(set, c)
		}
	}
	if h.more == nil {
		h.more = &hllMore{}
	}
	h.more.set = set
}

// promote turns coupons into registers, if they are not yet, and returns them.
func (h *HLL) promote() *[registers]uint8 {
	if d := h.registers(); d != nil {
		return d
	}
	d := new([registers]uint8)
	for _, c := range h.coupons() {
		d[c&slotMask] = max(d[c&slotMask], uint8(c>>keyBits))
	}
	*h = HLL{more: &hllMore{dense: d}}
	return d
}

// insert puts c into the set and reports whether it was new. The set has a free slot.
func insert(set []uint32, c uint32) bool {
	mask := uint32(len(set) - 1)
	for i := c & mask; int(i) < len(set); i = (i + 1) & mask {
		switch set[i] {
		case 0:
			set[i] = c
			return true
		case c:
			return false
		}
	}
	return false
}

// murmur16 is MurmurHash3_x64_128 of one 16-byte block, both halves seeded 9001.
func murmur16(b [16]byte) (uint64, uint64) {
	const seed, c1, c2 = 9001, 0x87c37b91114253d5, 0x4cf5ad432745937f
	k1, k2 := le64(b[:8]), le64(b[8:])
	h1 := uint64(seed) ^ bits.RotateLeft64(k1*c1, 31)*c2
	h1 = (bits.RotateLeft64(h1, 27)+seed)*5 + 0x52dce729
	h2 := uint64(seed) ^ bits.RotateLeft64(k2*c2, 33)*c1
	h2 = (bits.RotateLeft64(h2, 31)+h1)*5 + 0x38495ab5
	h1 ^= 16
	h2 ^= 16
	h1 += h2
	h2 += h1
	h1, h2 = mix64(h1), mix64(h2)
	h1 += h2
	return h1, h2 + h1
}

func mix64(k uint64) uint64 {
	k = (k ^ k>>33) * 0xff51afd7ed558ccd
	k = (k ^ k>>33) * 0xc4ceb9fe1a85ec53
	return k ^ k>>33
}
