package kafkalog

import (
	"context"
	"sync"

	"playhead/internal/eventlog"
)

// lifetime knows whether the log is open and how many calls are under way.
type lifetime struct {
	mu     sync.Mutex
	users  sync.WaitGroup
	closed bool
	// ending ends what waits when the log is closed.
	ending context.Context
	end    context.CancelFunc
}

func (l *lifetime) init() { l.ending, l.end = context.WithCancel(context.Background()) }

// begin starts a call; l.users.Done must follow unless it returns an error.
func (l *lifetime) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return eventlog.ErrClosed
	}
	l.users.Add(1)
	return nil
}

// close makes begin fail from now on; false if it was closed before.
func (l *lifetime) close() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.closed = true
	l.end()
	return true
}

// bound is ctx that ends with the log, too.
func (l *lifetime) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	both, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(l.ending, cancel)
	return both, func() { stop(); cancel() }
}

// why is the error of a call that ended early: ctx's own, or ErrClosed.
func (l *lifetime) why(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.ending.Err() != nil {
		return eventlog.ErrClosed
	}
	return nil
}
