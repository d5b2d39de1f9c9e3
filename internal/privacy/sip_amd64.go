package privacy

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/cpu"

	"playhead/internal/event"
)

// sipLanes are three texts of one length, each hashed in a lane of the processor's
// vectors; the fourth lane is for nothing.
type sipLanes struct {
	text  [3]*byte
	whole int // bytes in whole words of a text, at least one word
	// keys before, hashes after it: lower halves, then upper halves.
	a, b [4]uint64
	tail [4]uint64 // last words: what is left of a text, and its length
}

// sipThree is SipHash-2-4-128 by instructions of AVX2.
//
//go:noescape
func sipThree(s *sipLanes)

// three is Ref for three ids at once if that is possible, which it mostly is: ids
// that one client makes are of one length. What one hash costs is waiting, for
// each step needs the one before, so three take hardly longer.
func (r *Ring) three(domains *[3]byte, raws *[3]string, out *[3]*event.Ref) bool {
	n := len(raws[0])
	if !cpu.X86.HasAVX2 || n < 8 || len(raws[1]) != n || len(raws[2]) != n {
		return false
	}
	s := sipLanes{whole: n &^ 7}
	for i := range raws {
		raw, key := unsafe.Slice(unsafe.StringData(raws[i]), n), &r.sip[domains[i]]
		s.text[i], s.a[i], s.b[i] = &raw[0], key.k0, key.k1
		s.tail[i] = binary.LittleEndian.Uint64(raw[n-8:])>>(64-8*(uint(n)%8)) | uint64(n)<<56
	}
	sipThree(&s)
	for i, to := range out {
		binary.LittleEndian.PutUint64(to[:8], s.a[i])
		binary.LittleEndian.PutUint64(to[8:], s.b[i])
		if s.a[i]|s.b[i] == 0 {
			to[0] = 1 // as of Ref
		}
	}
	return true
}
