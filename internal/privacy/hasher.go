package privacy

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"

	"github.com/zeebo/xxh3"

	"playhead/internal/event"
)

const (
	cacheShards = 64
	// cacheShardSize bounds one generation of one shard; two are kept, so the
	// cache holds at most 2 × 64 × 1,024 ids.
	cacheShardSize = 1024
	// cacheLongest: longer ids are hashed each time, so that the cache's memory
	// is bounded too.
	cacheLongest = 64
)

// hasher computes HMAC pseudonyms. It runs once an event, so hot ids come from
// a bounded cache (raw ids in memory only) and HMAC states are reused.
type hasher struct {
	pool   sync.Pool
	shards [cacheShards]cacheShard
}

// cacheShard keeps two generations: when the young one is full it becomes the
// old one, and what was old and not asked for again is forgotten.
type cacheShard struct {
	mu         sync.Mutex
	young, old map[string]event.ViewerKey
	_          [40]byte // its own cache line
}

type macState struct {
	mac hash.Hash
	msg []byte
	sum [sha256.Size]byte
}

func newHasher(secret []byte) *hasher {
	key := append([]byte(nil), secret...)
	h := &hasher{}
	h.pool.New = func() any { return &macState{mac: hmac.New(sha256.New, key)} }
	return h
}

// key is the first 16 bytes of HMAC-SHA-256(secret, label + raw).
func (h *hasher) key(label, raw string) event.ViewerKey {
	if len(raw) > cacheLongest {
		return h.compute(label, raw)
	}
	// The label is one byte and a zero; mixing its first byte into the lookup
	// keeps one map for all labels without concatenating.
	var buf [1 + cacheLongest]byte
	buf[0] = label[0]
	name := buf[:1+copy(buf[1:], raw)]
	s := &h.shards[xxh3.Hash(name)%cacheShards]
	s.mu.Lock()
	k, ok := s.young[string(name)]
	if !ok {
		if k, ok = s.old[string(name)]; ok {
			s.put(string(name), k)
		}
	}
	s.mu.Unlock()
	if ok {
		return k
	}
	k = h.compute(label, raw)
	s.mu.Lock()
	s.put(string(name), k)
	s.mu.Unlock()
	return k
}

// put adds an id to the young generation. The caller holds the lock.
func (s *cacheShard) put(name string, k event.ViewerKey) {
	if s.young == nil || len(s.young) >= cacheShardSize {
		spare := s.old
		s.old = s.young
		clear(spare)
		if spare == nil {
			spare = make(map[string]event.ViewerKey, 16)
		}
		s.young = spare
	}
	s.young[name] = k
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
