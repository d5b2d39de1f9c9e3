package native

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// markBits is how many bytes of the text a word of marks stands for.
const markBits = 64

// marked makes marks of text, in the room of marks: bit i%64 of word i/64 is set
// when byte i is a quote, a backslash or a control character. So the ends of all
// its strings are found in one pass that looks at many bytes at once, however
// short the strings are. All bits behind the text are set: every search ends. It
// reports, too, whether all of the text is ASCII.
func marked(marks []uint64, text []byte) ([]uint64, bool) {
	whole := len(text) / markBits
	marks = slices.Grow(marks[:0], whole+1)[:whole+1]
	ascii := mark(text[:whole*markBits], marks)
	var rest [markBits]byte // zeros are control characters
	copy(rest[:], text[whole*markBits:])
	return marks, mark(rest[:], marks[whole:]) && ascii
}

// markWords is mark without instructions of a certain processor.
func markWords(text []byte, marks []uint64) (ascii bool) {
	var seen uint64
	for at := range len(text) / markBits {
		var word uint64
		for i := range markBits / 8 {
			w := binary.LittleEndian.Uint64(text[at*markBits+8*i:])
			seen |= w
			// The top bits of the sums are those of bytes that are not 0, and not below 0x21.
			low, slash := w^0x02*ones, w^'\\'*ones
			plain := ((low&^highs + (0x80-0x21)*ones) | low) & ((slash&^highs + 0x7f*ones) | slash) & highs
			// Brings the eight top bits together in the uppermost byte.
			word |= (^plain & highs >> 7 * 0x0102040810204080 >> 56) << (8 * i)
		}
		marks[at] = word
	}
	return seen&highs == 0
}

// endOf is the place of the next mark from i on, if there is one.
func endOf(marks []uint64, i int) int {
	if at := uint(i) / markBits; at < uint(len(marks)) {
		if word := marks[at] >> (uint(i) % markBits); word != 0 {
			return i + bits.TrailingZeros64(word)
		}
	}
	return endBehind(marks, i)
}

// endBehind is endOf where there is no mark in the word of i.
func endBehind(marks []uint64, i int) int {
	for at := i/markBits + 1; at < len(marks); at++ {
		if marks[at] != 0 {
			return at*markBits + bits.TrailingZeros64(marks[at])
		}
	}
	return i
}
