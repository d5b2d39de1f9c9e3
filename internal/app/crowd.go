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
	// crowdFull is the share from which there is nothing to spare.
	crowdFull = 0.6
)

func newCrowd(clock func() time.Time) *crowd {
	used, _ := processorTime() // where nobody can tell, nobody is held up
	return &crowd{processors: min(runtime.NumCPU(), runtime.GOMAXPROCS(0)), clock: clock, at: clock(), used: used}
}

// processorTime is what the process has used so far.
func processorTime() (used time.Duration, ok bool) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}

// full reports whether the process has had nearly all that there is since it was asked last.
func (c *crowd) full() bool {
	used, ok := processorTime()
	return ok && c.took(used)
}

// took is full, of a process that has used so much processor time by now. Who asks rarely,
// since he works for long himself, hears of all the time since: to say that there is room
// then would let him go on for ever.
func (c *crowd) took(used time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock()
	if past := now.Sub(c.at); past >= crowdEvery {
		c.share = float64(used-c.used) / float64(past) / float64(c.processors)
		c.at, c.used = now, used
	}
	return c.share >= crowdFull
}
