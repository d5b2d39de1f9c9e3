package event

import (
	"encoding/binary"
	"math"
)

// Reach bounds a settle: it concerns the viewers whose key ranks below. Who has
// much to settle does so by settles of growing reach, so that other records can
// stand between them; the last one's is Everybody.
type Reach uint16

// Everybody is the reach of a settle that concerns all viewers of its key.
const Everybody Reach = 0

// ReachOf is how far the nth of count settles reaches, n from 1 on: each
// concerns as many viewers anew, and the last one everybody.
func ReachOf(n, count int) Reach {
	if n >= count {
		return Everybody
	}
	return Reach(max(1, n*(math.MaxUint16+1)/count))
}

// Holds reports whether the settle concerns the viewer. Partitions are told
// apart by other bytes of the key: the viewers of each are spread evenly.
func (r Reach) Holds(v ViewerKey) bool {
	return r == Everybody || binary.BigEndian.Uint16(v[4:6]) < uint16(r)
}
