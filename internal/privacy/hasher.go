package privacy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/dchest/siphash"

	"playhead/internal/event"
)

const (
	// cacheSets and cacheWays bound the cache: 131,072 pseudonyms, in 4 MiB.
	cacheSets = 1 << 15
	cacheWays = 4
	// cacheLocks share the sets among those who write to them.
	cacheLocks = 64
)

// hasher computes HMAC pseudonyms. It runs once an event, so hot ids come from
// a bounded cache and HMAC states are reused.
//
// The cache finds pseudonyms by a keyed 128-bit hash of the id, so that no raw id
// is kept and an entry is half a cache line. Reading takes no lock: what it costs
// is a miss in the processor's cache, and a lock would keep that from being
// waited for while other work goes on. Who knows an id some time before its
// pseudonym is needed seeks it, and does not wait at all.
type hasher struct {
	pool sync.Pool
	// sip keys the tags of the cache, by label.
	sip   *[256]sipKey
	sets  []cacheSet
	locks [cacheLocks]sync.Mutex
}

// cacheSet has the newest entry first; the last one makes room for the next.
type cacheSet [cacheWays]cacheEntry

// cacheEntry is a pseudonym, and its tag xor the pseudonym. A tag that is read
// with another entry's pseudonym, because somebody wrote meanwhile, fits nothing
// that is looked for (but by a chance of 2⁻⁶⁴), as an entry that is empty.
type cacheEntry struct{ key, check [2]atomic.Uint64 }

func (e *cacheEntry) get(tag [2]uint64) (key [2]uint64, ok bool) {
	key[0], key[1] = e.key[0].Load(), e.key[1].Load()
	return key, e.check[0].Load()^key[0] == tag[0] && e.check[1].Load()^key[1] == tag[1] && key != [2]uint64{}
}

func (e *cacheEntry) move(from *cacheEntry) {
	for i := range e.key {
		e.key[i].Store(from.key[i].Load())
		e.check[i].Store(from.check[i].Load())
	}
}

func (e *cacheEntry) put(tag, key [2]uint64) {
	for i := range key {
		e.key[i].Store(key[i])
		e.check[i].Store(tag[i] ^ key[i])
	}
}

type macState struct {
	mac hash.Hash
	msg []byte
	sum [sha256.Size]byte
}

func newHasher(secret []byte, sip *[256]sipKey) *hasher {
	key := append([]byte(nil), secret...)
	h := &hasher{sip: sip, sets: newSets()}
	h.pool.New = func() any { return &macState{mac: hmac.New(sha256.New, key)} }
	return h
}

// hugePage is the size, and the place, of a large page.
const hugePage = 2 << 20

// newSets are empty sets that begin with a large page.
func newSets() []cacheSet {
	const each = int(unsafe.Sizeof(cacheSet{}))
	room := make([]cacheSet, cacheSets+hugePage/each)
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(room)))
	skip := int(-begin%hugePage) / each
	sets := room[skip : skip+cacheSets : skip+cacheSets]
	adviseHuge(sets)
	return sets
}

// Sought is a pseudonym that is being looked for. It holds the raw id: it must
// not be kept.
type Sought struct {
	h          *hasher
	set        *cacheSet
	lock       *sync.Mutex
	tag        [2]uint64
	label, raw string
}

// String never shows the id.
func (s Sought) String() string { return "a sought pseudonym" }

// GoString never shows the id.
func (s Sought) GoString() string { return s.String() }

// seek finds out where a pseudonym would be and has it fetched.
func (h *hasher) seek(label, raw string) Sought {
	k := &h.sip[label[0]&^0x20] // in upper case: no domain of Ref has it
	s := Sought{h: h, label: label, raw: raw}
	s.tag[0], s.tag[1] = siphash.Hash128(k.k0, k.k1, unsafe.Slice(unsafe.StringData(raw), len(raw)))
	at := s.tag[0] & uint64(len(h.sets)-1)
	s.set, s.lock = &h.sets[at], &h.locks[at%cacheLocks]
	prefetch(unsafe.Pointer(s.set))
	return s
}

// key is the first 16 bytes of HMAC-SHA-256(secret, label + raw).
func (h *hasher) key(label, raw string) event.ViewerKey {
	s := h.seek(label, raw)
	return s.Key()
}

// Key is the pseudonym.
func (s *Sought) Key() (out event.ViewerKey) {
	set := s.set
	for i := range set {
		if key, ok := set[i].get(s.tag); ok {
			binary.LittleEndian.PutUint64(out[:8], key[0])
			binary.LittleEndian.PutUint64(out[8:], key[1])
			return out
		}
	}
	out = s.h.compute(s.label, s.raw)
	s.lock.Lock()
	for i := len(set) - 1; i > 0; i-- {
		set[i].move(&set[i-1])
	}
	set[0].put(s.tag, [2]uint64{binary.LittleEndian.Uint64(out[:8]), binary.LittleEndian.Uint64(out[8:])})
	s.lock.Unlock()
	return out
}

func (h *hasher) compute(label, raw string) event.ViewerKey {
	m := h.pool.Get().(*macState)
	m.mac.Reset()
	m.msg = append(append(m.msg[:0], label...), raw...)
	m.mac.Write(m.msg)
	sum := m.mac.Sum(m.sum[:0])
	var k event.ViewerKey
	copy(k[:], sum)
	clear(m.msg)
	h.pool.Put(m)
	if k.IsZero() {
		k[0] = 1 // zero means "no viewer"
	}
	return k
}
