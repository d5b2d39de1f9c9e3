package sketch

import (
	"math/bits"
	"slices"
)

const (
	// LgK is the base-2 logarithm of the number of registers.
	LgK = 12
	// RelativeError is the standard error of an estimate, 1.04/√4096. It is
	// far smaller while the sketch still keeps its coupons.
	RelativeError = 0.01625

	registers = 1 << LgK
	slotMask  = registers - 1

	keyBits  = 26 // of a coupon: the slot number, at the greatest precision
	keyMask  = 1<<keyBits - 1
	maxValue = 63 // of a register or a coupon

	// The library's thresholds: up to listMax coupons are a list, up to setMax a
	// hash set (¾ of 2^(LgK−3)), more become registers.
	listMax     = 7
	setMax      = 3 << (LgK - 3) / 4
	minSetSlots = 32
)

// HLL is a distinct-count sketch of lgK 12 (4096 registers of 8 bits), hash
// seed 9001. It keeps the members' coupons while there are at most 384 and its
// registers after that. The zero value is an empty sketch. It is not safe for
// concurrent use when one of the users changes it.
type HLL struct {
	// coupons is a list while there are at most listMax, then a hash set with
	// linear probing whose length is a power of two and whose free slots are 0.
	coupons []uint32
	count   int32
	dense   *[registers]uint8
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
func (h *HLL) IsEmpty() bool { return h.count == 0 && h.dense == nil }

// Reset empties h.
func (h *HLL) Reset() { *h = HLL{coupons: h.coupons[:0:min(cap(h.coupons), listMax)]} }

// AddCoupon adds a member by its coupon. A coupon of value 0 is no member and
// is ignored.
func (h *HLL) AddCoupon(c uint32) {
	if c>>keyBits == 0 {
		return
	}
	if h.dense != nil {
		h.dense[c&slotMask] = max(h.dense[c&slotMask], uint8(c>>keyBits))
		return
	}
	if h.count <= listMax {
		if slices.Contains(h.coupons, c) {
			return
		}
		if h.count < listMax {
			h.coupons = append(h.coupons, c)
			h.count++
			return
		}
		h.grow(minSetSlots)
	}
	if !insert(h.coupons, c) {
		return
	}
	h.count++
	switch {
	case h.count > setMax:
		h.promote()
	case int(h.count)*4 > len(h.coupons)*3:
		h.grow(len(h.coupons) * 2)
	}
}

// Merge adds every member of other, which is not changed.
func (h *HLL) Merge(other *HLL) {
	if other == nil {
		return
	}
	if other.dense == nil {
		for _, c := range other.coupons {
			h.AddCoupon(c)
		}
		return
	}
	h.promote()
	mergeRegisters(h.dense, other.dense[:])
}

// Clone is a copy that shares nothing with h.
func (h *HLL) Clone() *HLL {
	c := &HLL{coupons: slices.Clone(h.coupons), count: h.count}
	if h.dense != nil {
		d := *h.dense
		c.dense = &d
	}
	return c
}

// Bytes is the memory that h holds, roughly.
func (h *HLL) Bytes() int {
	n := 48 + 4*cap(h.coupons)
	if h.dense != nil {
		n += registers
	}
	return n
}

// grow turns a list into a set, or a set into a larger one.
func (h *HLL) grow(slots int) {
	old := h.coupons
	h.coupons = make([]uint32, slots)
	for _, c := range old {
		if c != 0 {
			insert(h.coupons, c)
		}
	}
}

// promote turns coupons into registers.
func (h *HLL) promote() {
	if h.dense != nil {
		return
	}
	h.dense = new([registers]uint8)
	for _, c := range h.coupons {
		h.dense[c&slotMask] = max(h.dense[c&slotMask], uint8(c>>keyBits))
	}
	h.coupons, h.count = nil, 0
}

// insert puts c into the set and reports whether it was new. The set has a free slot.
func insert(set []uint32, c uint32) bool {
	mask := uint32(len(set) - 1)
	for i := c & mask; ; i = (i + 1) & mask {
		switch set[i] {
		case 0:
			set[i] = c
			return true
		case c:
			return false
		}
	}
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
