package app

import (
	"runtime"
	"sync"
	"syscall"
	"time"
)

// crowd tells how much of the processors this process takes.
type crowd struct {
	processors int
	clock      func() time.Time

	mu    sync.Mutex
	at    time.Time
	used  time.Duration
	share float64
}

const (
	// crowdEvery is the least time that a share is measured over.
	crowdEvery = 400 * time.Millisecond
	// crowdStale is for how long a share is good: what is asked rarely begins anew.
	crowdStale = 10 * time.Second
	// crowdFull is the share from which there is nothing to spare.
	crowdFull = 0.6
)

func newCrowd(clock func() time.Time) *crowd {
	return &crowd{processors: min(runtime.NumCPU(), runtime.GOMAXPROCS(0)), clock: clock}
}

// full reports whether the process has lately had nearly all that there is.
func (c *crowd) full() bool {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return false // then nobody is held up
	}
	return c.took(time.Duration(u.Utime.Nano() + u.Stime.Nano()))
}

// took is full, of a process that has used so much processor time by now.
func (c *crowd) took(used time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	past := now.Sub(c.at)
	switch {
	case past < crowdEvery:
		return c.share >= crowdFull
	case past < crowdStale:
		c.share = float64(used-c.used) / float64(past) / float64(c.processors)
	default:
		c.share = 0
	}
	c.at, c.used = now, used
	return c.share >= crowdFull
}
