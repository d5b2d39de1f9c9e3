package sketch

// HLL is a distinct-count sketch of lgK 12 (4096 registers), tgt type HLL_8,
// seed 9001: relative standard error 1.04/√4096 = 1.6 %; exact-ish below some
// hundred members, where it keeps the coupons themselves.
type HLL struct{ coupons []uint32 }
