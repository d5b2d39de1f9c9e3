package journey

import (
	"cmp"
	"slices"

	"playhead/internal/fact"
)

// remember adds an event to those that were counted; false: it is there already.
// What has to make room too early is counted in out.
func (m *more) remember(hash uint64, received int64, c *Config, out *fact.Batch) bool {
	at, found := slices.BinarySearchFunc(m.seen, hash, func(s seen, h uint64) int { return cmp.Compare(s.hash, h) })
	if found {
		return m.seen[at].received+c.LateLimit <= received && m.renew(at, received)
	}
	m.seen = slices.Insert(m.seen, at, seen{hash, received})
	if len(m.seen) > c.MaxSeen {
		oldest := slices.MinFunc(m.seen, func(a, b seen) int {
			return cmp.Or(cmp.Compare(a.received, b.received), cmp.Compare(a.hash, b.hash))
		})
		if oldest.received+c.LateLimit > received {
			out.Counts.Evicted++
		}
		m.seen = slices.DeleteFunc(m.seen, func(s seen) bool { return s == oldest || s.received+c.LateLimit <= received })
	}
	return true
}

// renew counts again what was remembered for too long to be taken for the same.
func (m *more) renew(at int, received int64) bool {
	m.seen[at].received = received
	return true
}

// forget lets go of what is too old to be repeated.
func (m *more) forgetSeen(now int64, c *Config) {
	m.seen = slices.DeleteFunc(m.seen, func(s seen) bool { return s.received+c.LateLimit <= now })
}
