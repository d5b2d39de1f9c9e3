package collect

import (
	"math"
	"sync"
)

// bucket is a key's token bucket. A request is let in while there is a token
// and may then take more than there are: the key pays the debt by waiting. So a
// batch of any allowed size passes at any rate, and the mean stays the rate.
type bucket struct {
	mu     sync.Mutex
	rate   float64 // events a second
	tokens float64
	at     int64 // epoch ms
}

func newBucket(rate float64, now int64) *bucket {
	return &bucket{rate: rate, tokens: max(1, rate), at: now}
}

// take takes n tokens, or says in how many seconds there will be one again.
func (b *bucket) take(n int, now int64) (wait int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now > b.at {
		b.tokens = min(max(1, b.rate), b.tokens+b.rate*float64(now-b.at)/1000)
		b.at = now
	}
	if b.tokens <= 0 {
		return max(1, int(math.Ceil((1-b.tokens)/b.rate)))
	}
	b.tokens -= float64(n)
	return 0
}
