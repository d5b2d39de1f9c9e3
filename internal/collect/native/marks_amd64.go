package native

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// markBlocks marks blocks of 64 bytes, at least one, by instructions of AVX2; seen
// is not 0 when a byte in them is none of ASCII.
//
//go:noescape
func markBlocks(text *byte, marks *uint64, blocks int) (seen uint32)

// mark marks the whole blocks of text, and reports whether all of it is ASCII.
func mark(text []byte, marks []uint64) (ascii bool) {
	blocks := len(text) / markBits
	if !cpu.X86.HasAVX2 || blocks == 0 {
		return markWords(text, marks)
	}
	_ = marks[blocks-1]
	return markBlocks(unsafe.SliceData(text), unsafe.SliceData(marks), blocks) == 0
}
