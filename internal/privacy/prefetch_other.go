//go:build !amd64 && !arm64

package privacy

import "unsafe"

// prefetch does nothing where no instruction for it is known.
func prefetch(unsafe.Pointer) {}
