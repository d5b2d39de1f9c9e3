package privacy

import (
	"syscall"
	"unsafe"
)

// adviseHuge asks for large pages for the sets: they are met at random, and each
// would else miss the processor's table of pages, too. A system without them
// goes on with small ones.
func adviseHuge(sets []cacheSet) {
	size := len(sets) * int(unsafe.Sizeof(cacheSet{}))
	_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(sets))), size), syscall.MADV_HUGEPAGE)
}
