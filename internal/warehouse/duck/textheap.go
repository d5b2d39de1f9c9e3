package duck

/*
#include <stdlib.h>
*/
import "C"

import "unsafe"

// text is a text or bytes as the engine has them in vectors (its duckdb_string_t): the
// length, then all of it if it is short, else its beginning and where all of it is.
type text struct {
	length uint32
	start  [4]byte
	rest   [8]byte // of a short text, or an address
}

// shortText is how long what lies in a text itself may be, bytes.
const shortText = 12

// textHeap holds long texts in memory that is not Go's, which the engine may point to.
type textHeap struct {
	blocks [][]byte
	block  int // that is being filled
	at     int // its first free byte
	used   int // bytes of long texts
}

// textBlock is the least size of a block.
const textBlock = 256 << 10

// text is a text of the bytes. It is good until the heap is reset.
func (h *textHeap) text(v []byte) (t text) {
	t.length = uint32(len(v))
	copy(t.start[:], v)
	if len(v) <= shortText {
		if len(v) > len(t.start) {
			copy(t.rest[:], v[len(t.start):])
		}
		return t
	}
	own := h.room(len(v))
	copy(own, v)
	*(*uintptr)(unsafe.Pointer(&t.rest)) = uintptr(unsafe.Pointer(unsafe.SliceData(own)))
	return t
}

// room is n bytes.
func (h *textHeap) room(n int) []byte {
	h.used += n
	for ; h.block < len(h.blocks); h.block, h.at = h.block+1, 0 {
		if b := h.blocks[h.block]; h.at+n <= len(b) {
			h.at += n
			return b[h.at-n : h.at]
		}
	}
	size := max(n, textBlock)
	b := unsafe.Slice((*byte)(C.malloc(C.size_t(size))), size)
	h.blocks, h.at = append(h.blocks, b), n
	return b[:n]
}

// reset forgets the texts, and keeps the memory.
func (h *textHeap) reset() { h.block, h.at, h.used = 0, 0, 0 }

func (h *textHeap) free() {
	for _, b := range h.blocks {
		C.free(unsafe.Pointer(unsafe.SliceData(b)))
	}
	*h = textHeap{}
}
