package pebblelog

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	"playhead/internal/eventlog"
)

// lifetime knows whether a log is open, closing or failed, and how many calls
// are under way.
type lifetime struct {
	mu     sync.Mutex
	idle   sync.Cond
	users  int
	closed bool
	err    error         // why it failed
	done   chan struct{} // closed with the log
	broken chan struct{} // closed when it fails
	onFail func(error)   // set before the log is used
}

func (l *lifetime) init() {
	l.idle.L = &l.mu
	l.done = make(chan struct{})
	l.broken = make(chan struct{})
}

// begin starts a call that uses the database; end must follow unless it
// returns an error.
func (l *lifetime) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return eventlog.ErrClosed
	}
	if l.err != nil {
		return l.err
	}
	l.users++
	return nil
}

func (l *lifetime) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users--; l.users == 0 {
		l.idle.Broadcast()
	}
}

// close makes begin fail from now on; false if it was closed before.
func (l *lifetime) close() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.closed = true
	close(l.done)
	return true
}

// drain waits until no call is under way, or until the log has failed, after which
// calls may never come back from the database.
func (l *lifetime) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.users > 0 && l.err == nil {
		l.idle.Wait()
	}
}

// fail marks the log as failed for good; only the first reason counts.
func (l *lifetime) fail(cause error) {
	l.mu.Lock()
	if l.err != nil {
		l.mu.Unlock()
		return
	}
	if errors.Is(cause, syscall.ENOSPC) {
		l.err = fmt.Errorf("%w: %w: %w", ErrFailed, eventlog.ErrFull, cause)
	} else {
		l.err = fmt.Errorf("%w: %w", ErrFailed, cause)
	}
	err, tell := l.err, l.onFail
	close(l.broken)
	l.idle.Broadcast()
	l.mu.Unlock()
	if tell != nil {
		tell(err)
	}
}

func (l *lifetime) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
