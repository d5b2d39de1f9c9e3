package event

import "hash/maphash"

// Said is how a record says what is watched, where and on what: which of the texts from
// the title to the ISP it has, those texts as they are written, and whether it is live.
// Two events of which that is the same bytes say the same. The zero Said says nothing
// of its event: a record in Avro has none.
type Said struct {
	bits uint64
	text []byte
}

// saidBits are Live and the texts from the title to the ISP, which lie one behind the other.
const saidBits = 1<<bitLive | (1<<(bitISP+1) - 1<<bitTitle)

// Hash is a number that differs, but for one chance in 2^64, when what is said does; 0 of
// the zero Said alone.
func (s *Said) Hash(seed maphash.Seed) uint64 {
	if s.text == nil {
		return 0
	}
	return max(1, maphash.Bytes(seed, s.text)^s.bits*0x9e3779b97f4a7c15)
}
