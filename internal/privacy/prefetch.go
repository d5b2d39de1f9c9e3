//go:build amd64 || arm64

package privacy

import "unsafe"

// prefetch has the processor fetch the cache line at addr while it goes on. A
// load does not do: what comes behind it may not be finished before it, so that
// after some hundred instructions everything waits.
//
//go:noescape
func prefetch(addr unsafe.Pointer)
