package columnar

import (
	"encoding/binary"
	"fmt"
)

// The decoders take what a run or a header says at its word, so a few damaged
// bytes could make them fill the memory. These look first.

// checkRuns refuses run-length encoded values that are not n, but for the
// padding of the last packed run.
func checkRuns(src []byte, width, n int) error {
	if width > 32 {
		return fmt.Errorf("%w: indexes of %d bits", ErrFile, width)
	}
	total := uint64(0)
	for len(src) > 0 {
		head, size := binary.Uvarint(src)
		if size <= 0 {
			return fmt.Errorf("%w: a run is cut short", ErrFile)
		}
		src = src[size:]
		count, bytes := head>>1, uint64(width+7)/8
		if head&1 != 0 {
			count, bytes = head>>1*8, head>>1*uint64(width)
		}
		if head>>1 > uint64(n)+7 || count > uint64(n)+7 || bytes > uint64(len(src)) {
			return fmt.Errorf("%w: a run is longer than its page", ErrFile)
		}
		src = src[bytes:]
		total += count
	}
	if total < uint64(n) || total > uint64(n)+7 {
		return fmt.Errorf("%w: a page has %d values and not %d", ErrFile, total, n)
	}
	return nil
}

// checkDelta refuses delta encoded numbers that are not n.
func checkDelta(src []byte, n int) error {
	var head [3]uint64 // block size, miniblocks of a block, values
	for i := range head {
		v, size := binary.Uvarint(src)
		if size <= 0 {
			return fmt.Errorf("%w: numbers are cut short", ErrFile)
		}
		head[i], src = v, src[size:]
	}
	if head[0] == 0 || head[0] > 1<<16 || head[1] == 0 || head[1] > head[0] || head[2] != uint64(n) {
		return fmt.Errorf("%w: numbers have a wrong header", ErrFile)
	}
	return nil
}
