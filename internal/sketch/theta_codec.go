package sketch

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// The layout of a DataSketches theta image, serial versions 1 to 4.
const (
	familyTheta = 3 // compact

	thetaPlain, thetaPacked = 3, 4 // serial versions that are written

	atThetaBits, atThetaCountBytes, atThetaFlags = 3, 4, 5
	atThetaSeed, atThetaCount, atThetaTheta      = 6, 8, 16

	flagThetaReadOnly, flagThetaEmpty         = 2, 4
	flagThetaCompact, flagThetaOrdered        = 8, 16
	flagsTheta                                = flagThetaReadOnly | flagThetaCompact | flagThetaOrdered
	thetaSeedHash                      uint16 = 37836 // of seed 9001
)

// AppendBinary appends t's image: compact, ordered, serial version 3, 8 bytes a
// member after 8 to 24 bytes. Equal sets of members give equal bytes.
func (t *Theta) AppendBinary(dst []byte) []byte {
	v := t.view()
	sampled := t.filled && v.theta < MaxTheta
	head := [3]uint64{}
	longs, flags := 2, byte(flagsTheta)
	switch {
	case sampled:
		longs = 3
	case !t.filled:
		longs, flags = 1, flags|flagThetaEmpty
	case v.count == 1:
		longs = 1
	}
	head[0] = thetaHead(byte(longs), thetaPlain, 0, 0, flags)
	head[1], head[2] = uint64(v.count), v.theta
	dst = slices.Grow(dst, 8*(longs+v.count))
	for _, w := range head[:longs] {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	for _, h := range v.slots {
		if h != 0 {
			dst = binary.LittleEndian.AppendUint64(dst, h)
		}
	}
	return dst
}

// AppendPacked appends t's image in serial version 4, which stores differences
// of ordered hashes in as few bits as the greatest needs: about 0.8 of
// AppendBinary's bytes. Sketches without members, or with one and all of it, have
// no such form and are written as AppendBinary does.
func (t *Theta) AppendPacked(dst []byte) []byte {
	v := t.view()
	sampled := v.theta < MaxTheta
	if v.count == 0 || v.count == 1 && !sampled {
		return t.AppendBinary(dst)
	}
	var all, last uint64
	for _, h := range v.slots {
		if h != 0 {
			all |= h - last
			last = h
		}
	}
	width := bits.Len64(all)
	countBytes := (bits.Len(uint(v.count)) + 7) / 8
	longs := byte(1)
	if sampled {
		longs = 2
	}
	dst = slices.Grow(dst, 16+countBytes+width*v.count/8+1)
	dst = binary.LittleEndian.AppendUint64(dst, thetaHead(longs, thetaPacked, byte(width), byte(countBytes), flagsTheta))
	if sampled {
		dst = binary.LittleEndian.AppendUint64(dst, v.theta)
	}
	for i := range countBytes {
		dst = append(dst, byte(v.count>>(8*i)))
	}
	var pending uint64 // bits that fill no byte yet, at the top
	held := 0
	last = 0
	for _, h := range v.slots {
		if h == 0 {
			continue
		}
		d := h - last
		last = h
		for left := width; left > 0; {
			n := min(left, 64-held)
			pending |= d << (64 - left) >> held
			held += n
			left -= n
			for ; held >= 8; held -= 8 {
				dst = append(dst, byte(pending>>56))
				pending <<= 8
			}
		}
	}
	if held > 0 {
		dst = append(dst, byte(pending>>56))
	}
	return dst
}

func thetaHead(longs, version, width, countBytes, flags byte) uint64 {
	return uint64(longs) | uint64(version)<<8 | familyTheta<<16 | uint64(width)<<24 |
		uint64(countBytes)<<32 | uint64(flags)<<40 | uint64(thetaSeedHash)<<48
}

// thetaImage is a checked header: what follows it is checked when it is read.
type thetaImage struct {
	theta   uint64
	count   int
	empty   bool
	ordered bool
	width   int    // bits of a packed difference; 0 for plain hashes
	body    []byte // the members
}

func parseTheta(image []byte) (m thetaImage, err error) {
	if len(image) < 8 {
		return m, fmt.Errorf("%w: %d bytes of theta", ErrCorrupt, len(image))
	}
	longs, version, flags := int(image[atPreamble]&0x3f), image[atVersion], image[atThetaFlags]
	if image[atFamily] != familyTheta || version < 1 || version > thetaPacked {
		return m, fmt.Errorf("%w: family %d, version %d, not compact theta", ErrCorrupt, image[atFamily], version)
	}
	m = thetaImage{theta: MaxTheta, ordered: version != thetaPlain || flags&flagThetaOrdered != 0}
	if version == thetaPlain && flags&flagThetaEmpty != 0 || version == 2 && longs == 1 {
		m.empty = true
		return m, nil
	}
	if seed := binary.LittleEndian.Uint16(image[atThetaSeed:]); version != 1 && seed != thetaSeedHash {
		return m, fmt.Errorf("%w: theta of another hash seed (%d)", ErrCorrupt, seed)
	}
	if version == thetaPacked {
		return m, m.packed(image, longs)
	}
	return m, m.plain(image, longs, version)
}

// plain reads the counts of versions 1 to 3.
func (m *thetaImage) plain(image []byte, longs int, version byte) error {
	if version == 1 {
		longs = 3
	}
	if longs < 1 || longs > 3 || len(image) < 8*longs {
		return fmt.Errorf("%w: theta preamble of %d in %d bytes", ErrCorrupt, longs, len(image))
	}
	m.count = 1
	if longs > 1 {
		m.count = int(le32(image[atThetaCount:]))
	}
	if longs == 3 {
		m.theta = le64(image[atThetaTheta:])
	}
	if len(image) < 8*longs+8*m.count {
		return fmt.Errorf("%w: %d bytes for %d hashes", ErrCorrupt, len(image), m.count)
	}
	m.body = image[8*longs : 8*longs+8*m.count]
	m.empty = version < thetaPlain && m.count == 0 && m.theta == MaxTheta
	return m.checkTheta()
}

func (m *thetaImage) packed(image []byte, longs int) error {
	at := 8
	if longs > 1 {
		at = 16
	}
	n := int(image[atThetaCountBytes])
	m.width = int(image[atThetaBits])
	if longs < 1 || longs > 2 || n > 4 || m.width < 1 || m.width > 63 || len(image) < at+n {
		return fmt.Errorf("%w: packed theta of %d bits, count of %d bytes, %d bytes", ErrCorrupt, m.width, n, len(image))
	}
	if longs > 1 {
		m.theta = le64(image[8:])
	}
	for i := range n {
		m.count |= int(image[at+i]) << (8 * i)
	}
	m.body = image[at+n:]
	if need := (m.width*m.count + 7) / 8; len(m.body) < need {
		return fmt.Errorf("%w: %d bytes for %d hashes of %d bits", ErrCorrupt, len(m.body), m.count, m.width)
	}
	return m.checkTheta()
}

func (m *thetaImage) checkTheta() error {
	if m.theta == 0 || m.theta > MaxTheta {
		return fmt.Errorf("%w: theta %#x", ErrCorrupt, m.theta)
	}
	return nil
}

// difference is the i-th of the packed differences.
func (m *thetaImage) difference(i int) uint64 {
	bit := i * m.width
	body, shift := m.body[bit/8:], bit&7
	if len(body) < 9 {
		var end [9]byte
		copy(end[:], body)
		body = end[:]
	}
	return (binary.BigEndian.Uint64(body)<<shift | uint64(body[8])>>(8-shift)) >> (64 - m.width)
}

// MergeBytes makes t the union of itself and a serialised compact theta sketch of
// any nominal size: serial versions 1 to 4, ordered or not. Of an ordered image
// only what lies below t's theta is read. Once t's table has its full size it
// allocates nothing. It fails with ErrCorrupt, and then t is as it was.
func (t *Theta) MergeBytes(image []byte) error {
	m, err := parseTheta(image)
	if err != nil || m.empty {
		return err
	}
	limit := min(m.theta, t.Theta())
	switch {
	case m.width > 0:
		return t.mergePacked(&m, limit)
	case m.ordered:
		return t.mergeOrdered(&m, limit)
	}
	for i := 0; i < len(m.body); i += 8 {
		if h := le64(m.body[i:]); h-1 >= m.theta-1 {
			return fmt.Errorf("%w: hash %#x, theta %#x", ErrCorrupt, h, m.theta)
		}
	}
	t.filled = true
	t.lower(m.theta)
	t.reserve(m.count)
	for i := 0; i < len(m.body); i += 8 {
		if h := le64(m.body[i:]); h < t.Theta() {
			t.insert(h)
		}
	}
	return nil
}

func (t *Theta) mergeOrdered(m *thetaImage, limit uint64) error {
	last, end := uint64(0), 0
	for ; end < len(m.body); end += 8 {
		h := le64(m.body[end:])
		if h <= last || h >= m.theta {
			return fmt.Errorf("%w: hash %#x after %#x, theta %#x", ErrCorrupt, h, last, m.theta)
		}
		if h >= limit {
			break
		}
		last = h
	}
	t.filled = true
	t.lower(m.theta)
	t.reserve(end / 8)
	rounds := thetaStride
	if end < 8*thetaFew {
		rounds = 1
	}
	for first := range rounds {
		for i := 8 * first; i < end; i += 8 * rounds {
			h := le64(m.body[i:])
			if h >= t.Theta() {
				break
			}
			t.insert(h)
		}
	}
	return nil
}

func (t *Theta) mergePacked(m *thetaImage, limit uint64) error {
	h, end := uint64(0), 0
	for ; end < m.count; end++ {
		d := m.difference(end)
		h += d
		if d == 0 || h >= m.theta {
			return fmt.Errorf("%w: packed hash %#x, theta %#x", ErrCorrupt, h, m.theta)
		}
		if h >= limit {
			break
		}
	}
	t.filled = true
	t.lower(m.theta)
	t.reserve(end)
	h = 0
	var part [thetaMaxKept]uint64 // on the stack
	for i := 0; i < end && h < t.Theta(); {
		n := 0
		for ; i < end && n < len(part); i++ {
			h += m.difference(i)
			part[n] = h
			n++
		}
		for first := range thetaStride {
			for j := first; j < n && part[j] < t.Theta(); j += thetaStride {
				t.insert(part[j])
			}
		}
	}
	return nil
}
