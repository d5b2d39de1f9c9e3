package sketch

import (
	"math/bits"
	"slices"
)

const (
	// ThetaK is the nominal number of members that a theta sketch keeps: above
	// it the sketch is a sample. Two sketches of 4096 give the overlap of
	// audiences of which a tenth is common within about 5 % of itself.
	ThetaK = 4096
	// MaxTheta is the theta of a sketch that holds every member: hashes have 63
	// bits, as the library keeps them for Java's sake.
	MaxTheta = 1<<63 - 1

	thetaListMax = 16 // members kept as a plain sorted list
	thetaMinLg   = 5
	thetaMaxLg   = 13                 // 2·ThetaK slots
	thetaTail    = 16                 // spare slots after the last
	thetaMaxKept = 3 * ThetaK * 2 / 4 // members before the sketch is cut to ThetaK
)

// Theta is a sample of a set by hash: all members whose hash is below theta. It
// counts distinct members and, unlike HLL, answers for intersections and
// differences. Hash seed 9001, nominal 4096. The zero value is the empty set. It
// is not safe for concurrent use when one of the users changes it; readers change
// nothing.
//
// What it says depends on nothing but the members: whatever the order of adding
// and merging, its image, its estimate and its bounds are those of the ThetaK
// smallest hashes (P. Dasgupta, K. Lang, L. Rhodes, J. Thaler, "A framework for
// estimating stream expression cardinalities", ICDT 2016, arXiv:1510.01455).
type Theta struct {
	// slots are the hashes, ascending. Up to thetaListMax they are a list. After
	// that there are gaps (0) between them: a hash lies at the first free place
	// from ⌊hash·2^lg/theta⌋ on, so that it is found at once, that what theta
	// leaves behind is the end of the table, and that reading in order is reading.
	// The last slot is always a gap.
	slots []uint64
	// scale is 2^(64+lg)/theta for the theta at which the table was laid out.
	scale  uint64
	count  int32
	lg     uint8
	filled bool   // something was added; with theta below 1, perhaps none of it kept
	cut    uint64 // MaxTheta − theta, so that the zero value has all of it
}

// ThetaHash is what a theta sketch keeps of a member: the upper 63 bits of the
// first half of MurmurHash3 x64 128 with DataSketches' default seed, as the
// library hashes a slice of 16 bytes.
func ThetaHash(member [16]byte) uint64 {
	h1, _ := murmur16(member)
	return h1 >> 1
}

// Add adds a member.
func (t *Theta) Add(member [16]byte) { t.AddHash(ThetaHash(member)) }

// AddHash adds a member by its hash. The hash 0 stands for nothing and is not
// kept, as in the library.
func (t *Theta) AddHash(hash uint64) {
	t.filled = true
	if hash-1 < t.Theta()-1 { // 0 < hash < theta
		t.insert(hash)
	}
}

// Theta is the share of all hashes that the sketch would keep, in 2⁻⁶³. It may
// be greater than that of the sketch's image, which is cut to ThetaK members.
func (t *Theta) Theta() uint64 { return MaxTheta - t.cut }

// IsEmpty reports whether nothing was ever added.
func (t *Theta) IsEmpty() bool { return !t.filled }

// Reset empties t and keeps its memory.
func (t *Theta) Reset() {
	if t.lg == 0 {
		*t = Theta{slots: t.slots[:0]}
		return
	}
	clear(t.slots)
	*t = Theta{slots: t.slots, lg: t.lg}
	t.setScale()
}

// Clone is a copy that shares nothing with t.
func (t *Theta) Clone() *Theta {
	c := *t
	c.slots = slices.Clone(t.slots)
	return &c
}

// Bytes is the memory that t holds.
func (t *Theta) Bytes() int { return 64 + 8*cap(t.slots) }

// Merge makes t the union of itself and other, which is not changed.
func (t *Theta) Merge(other *Theta) {
	if other == nil || !other.filled {
		return
	}
	t.filled = true
	v := other.view()
	t.lower(v.theta)
	t.reserve(v.count)
	for first := range thetaStride {
		for i := first; i < len(v.slots) && v.slots[i] < t.Theta(); i += thetaStride {
			if v.slots[i] != 0 {
				t.insert(v.slots[i])
			}
		}
	}
}

// Ascending hashes are added in several rounds, each over the whole range: one
// round alone would fill the beginning of the table before it is laid out anew.
const (
	thetaStride = 8
	thetaFew    = 64 // so few do not matter
)

// thetaView is a sketch cut to ThetaK members: its theta, and the members with
// gaps between them.
type thetaView struct {
	theta uint64
	slots []uint64
	count int
}

func (t *Theta) view() thetaView {
	if t.count <= ThetaK {
		return thetaView{t.Theta(), t.slots, int(t.count)}
	}
	at := t.nth(ThetaK)
	return thetaView{t.slots[at], t.slots[:at], ThetaK}
}

// nth is the slot of the member that n members precede.
func (t *Theta) nth(n int) int {
	for i, h := range t.slots {
		if h == 0 {
			continue
		}
		if n == 0 {
			return i
		}
		n--
	}
	return len(t.slots)
}

// insert adds a hash below theta.
func (t *Theta) insert(h uint64) {
	if t.lg == 0 {
		t.insertList(h)
		return
	}
	i, _ := bits.Mul64(h, t.scale)
	slots := t.slots
	for slots[i]-1 < h-1 { // neither a gap nor at or above h
		i++
	}
	if slots[i] == h {
		return
	}
	for {
		slots[i], h = h, slots[i]
		if h == 0 {
			break
		}
		i++
	}
	if int(i) == len(slots)-1 {
		t.slots = append(slots, make([]uint64, len(slots)/4)...)
	}
	t.count++
	if int(t.count) > 3<<t.lg/4 {
		t.full()
	}
}

func (t *Theta) insertList(h uint64) {
	i, found := slices.BinarySearch(t.slots, h)
	if found {
		return
	}
	t.count++
	if len(t.slots) < thetaListMax {
		t.slots = slices.Insert(t.slots, i, h)
		return
	}
	t.count--
	t.resize(thetaMinLg)
	t.insert(h)
}

// full makes room: a larger table, or at the greatest one a lower theta.
func (t *Theta) full() {
	if t.lg == thetaMaxLg {
		t.trim()
		return
	}
	t.resize(t.lg + 1)
}

// trim takes members off the end until ThetaK are left, and theta with them.
func (t *Theta) trim() {
	for i := len(t.slots) - 1; t.count > ThetaK; i-- {
		if h := t.slots[i]; h != 0 {
			t.slots[i] = 0
			t.count--
			t.cut = MaxTheta - h
		}
	}
	t.spread()
}

// reserve makes a table that n hashes more fit in, or the greatest; one that is
// too small becomes four times as large, for more merges will come.
func (t *Theta) reserve(n int) {
	n += int(t.count)
	if n <= thetaListMax || n <= 3<<t.lg/4 || t.lg == thetaMaxLg {
		return
	}
	lg := min(max(t.lg+2, thetaMinLg), thetaMaxLg)
	for lg < thetaMaxLg && n > 3<<lg/4 {
		lg++
	}
	t.resize(lg)
}

func (t *Theta) resize(lg uint8) {
	old := t.slots
	t.layOut(lg)
	t.place(old)
}

// layOut makes an empty table.
func (t *Theta) layOut(lg uint8) {
	t.lg = lg
	t.slots = make([]uint64, 1<<lg+thetaTail)
	t.setScale()
}

func (t *Theta) setScale() {
	t.scale = 1<<64 - 1 // a theta of so few hashes comes from nobody's data
	if theta := t.Theta(); theta > 1<<t.lg {
		t.scale, _ = bits.Div64(1<<t.lg, 0, theta)
	}
}

// place fills an empty table with what an old one held, which is in order.
func (t *Theta) place(old []uint64) {
	next := 0
	for _, h := range old {
		if h == 0 {
			continue
		}
		home, _ := bits.Mul64(h, t.scale)
		at := max(int(home), next)
		if at >= len(t.slots)-1 {
			t.slots = append(t.slots, make([]uint64, len(t.slots)/4+thetaTail)...)
		}
		t.slots[at] = h
		next = at + 1
	}
}

// lower lowers theta, which leaves behind what is at or above it.
func (t *Theta) lower(theta uint64) {
	if theta >= t.Theta() {
		return
	}
	t.cut = MaxTheta - theta
	if t.lg == 0 {
		i, _ := slices.BinarySearch(t.slots, theta)
		t.slots = t.slots[:i]
		t.count = int32(i)
		return
	}
	start, _ := bits.Mul64(theta, t.scale)
	for i := start; i < uint64(len(t.slots)); i++ {
		if t.slots[i] >= theta {
			t.slots[i] = 0
			t.count--
		}
	}
	if start < 3<<t.lg/4 {
		t.spread()
	}
}

// spread lays the table out anew for a theta that was lowered: all members to
// the right end, from there to their places, left to right. A member's place is
// never right of where it waits, for as many slots follow it as members.
func (t *Theta) spread() {
	t.setScale()
	slots := t.slots
	last := len(slots) - 1
	to := last // the last slot stays a gap
	for from := last; from >= 0; from-- {
		if h := slots[from]; h != 0 {
			to--
			slots[to] = h
		}
	}
	clear(slots[:to])
	next := 0
	for from := to; from < last; from++ {
		h := slots[from]
		home, _ := bits.Mul64(h, t.scale)
		at := max(int(home), next)
		if at > from { // hashes that nobody's data has, all at the end
			old := slices.Clone(slots)
			t.slots = make([]uint64, len(slots)+int(t.count))
			t.place(old)
			return
		}
		slots[from] = 0
		slots[at] = h
		next = at + 1
	}
}
