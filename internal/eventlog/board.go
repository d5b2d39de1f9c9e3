package eventlog

import (
	"context"
	"time"
)

// Note is what a board says under a name.
type Note struct {
	Name  string
	Value []byte
	// Place grows from note to note, in the same order for everybody.
	Place int64
	// At is when this process read it, by its own clock.
	At time.Time
}

// Board is what the processes of an installation tell each other, beside the logs:
// small values by name, the same for all of them a moment later, kept for those who
// start later. It is safe for concurrent use.
type Board interface {
	// Put puts a value in the place of the one of that name, nil for none, and returns
	// when it is durable and read here. first says that nothing had the name until
	// then: of several who put one at a time, for one alone. After an error it may be
	// there or not. Errors: ErrClosed, ctx's.
	Put(ctx context.Context, name string, value []byte) (first bool, err error)
	// Tell puts a value without waiting: it may be lost, and the next one says more.
	Tell(name string, value []byte)
	// Get is the value of a name, nil for none. Nobody may change it.
	Get(name string) []byte
	// List are the notes whose name begins with a prefix, in the order of their places.
	List(prefix string) []Note
	// Changed is closed when something has changed since it was asked for.
	Changed() <-chan struct{}
	// Close lets go of it.
	Close() error
}
