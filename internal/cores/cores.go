package cores

import (
	"os"
	"runtime"
)

// beside is how many goroutines may run at once beyond one for each processor.
// A writer of files, a collection of garbage, a call into C and a sync of the
// disk can come together, each of which keeps a place for milliseconds.
const beside = 2

// Spread lets more goroutines run at once than there are processors, until
// restore is called. With one place for each of few processors a goroutine that
// computes for long keeps its place for 10 ms, and a sync of the disk until the
// runtime finds out that it waits: a request that needs a place five times for
// an instant is then answered late though it needs next to nothing. With places
// left it is the system's scheduler that shares the processors out, which lets
// those who slept go first. Who sets GOMAXPROCS has what it says.
func Spread() (restore func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + beside)
	return func() { runtime.GOMAXPROCS(before) }
}
