package native

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

const (
	// maxNesting is how deep JSON may nest before the text is refused.
	maxNesting = 1024
	// maxEventNesting is how deep one event may nest.
	maxEventNesting = 32
)

// syntaxError is a place where the text is not JSON.
type syntaxError struct {
	at     int
	reason string
}

func (e *syntaxError) Error() string { return e.reason + " at byte " + strconv.Itoa(e.at) }

// cursor reads JSON from b, at p.
type cursor struct {
	b     []byte
	p     int
	arena []byte // unescaped strings of the current event
	// escaped is set when a string with an escape was passed.
	escaped bool
	// deepest is the deepest nesting that skip met.
	deepest int
}

func (c *cursor) fail(reason string) error {
	if c.p >= len(c.b) {
		return &syntaxError{len(c.b), "the text ends in the middle"}
	}
	return &syntaxError{c.p, reason}
}

func (c *cursor) space() {
	for c.p < len(c.b) {
		switch c.b[c.p] {
		case ' ', '\t', '\n', '\r':
			c.p++
		default:
			return
		}
	}
}

// peek is the next byte after white space, or 0 at the end.
func (c *cursor) peek() byte {
	if c.p < len(c.b) && c.b[c.p] > ' ' {
		return c.b[c.p]
	}
	return c.peekPast()
}

// peekPast is peek where white space, or the end, is next.
func (c *cursor) peekPast() byte {
	c.space()
	if c.p < len(c.b) {
		return c.b[c.p]
	}
	return 0
}

// key reads an object key and its colon.
func (c *cursor) key() (string, error) {
	if c.peek() != '"' {
		return "", c.fail("a field name in quotes is wanted")
	}
	k, err := c.str()
	if err != nil {
		return "", err
	}
	if c.peek() != ':' {
		return "", c.fail("a colon is wanted")
	}
	c.p++
	return k, nil
}

// next is called after a value: it passes a comma and returns true, or passes
// the closing byte and returns false.
func (c *cursor) next(closing byte) (bool, error) {
	switch c.peek() {
	case ',':
		c.p++
		return true, nil
	case closing:
		c.p++
		return false, nil
	}
	return false, c.fail("a comma or a closing bracket is wanted")
}

// open passes an opening bracket; it returns false when it closes at once.
func (c *cursor) open(closing byte) bool {
	c.p++
	if c.peek() == closing {
		c.p++
		return false
	}
	return true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special has a high bit for each byte of w that is a quote, a backslash or a
// control character (with false ones only behind a true one). With its second
// bit turned a quote comes next to the control characters, which stay together.
func special(w uint64) uint64 {
	low, slash := w^0x02*ones, w^'\\'*ones
	return ((low-0x21*ones)&^low | (slash-ones)&^slash) & highs
}

// str reads a string. It points into b, or into the arena when it had escapes.
func (c *cursor) str() (string, error) {
	b, start := c.b, c.p+1
	for i := start; i+16 <= len(b); i += 16 {
		found, behind := special(binary.LittleEndian.Uint64(b[i:])), special(binary.LittleEndian.Uint64(b[i+8:]))
		if found|behind == 0 {
			continue
		}
		if found == 0 {
			found, i = behind, i+8
		}
		i += bits.TrailingZeros64(found) / 8
		if b[i] != '"' {
			break
		}
		c.p = i + 1
		return unsafe.String(unsafe.SliceData(b[start:]), i-start), nil
	}
	return c.odd(start)
}

// odd reads a string from start on that has an escape, or is near the end.
func (c *cursor) odd(start int) (string, error) {
	i, err := c.plain(start)
	if err != nil {
		return "", err
	}
	if c.b[i] == '"' {
		c.p = i + 1
		return unsafe.String(unsafe.SliceData(c.b[start:]), i-start), nil
	}
	return c.unescape(start, i)
}

// plain is the place of the next quote or backslash from i on.
func (c *cursor) plain(i int) (int, error) {
	b := c.b
	for i+8 <= len(b) {
		if found := special(binary.LittleEndian.Uint64(b[i:])); found != 0 {
			i += bits.TrailingZeros64(found) / 8
			if b[i] < 0x20 {
				return 0, &syntaxError{i, "a control character in a string"}
			}
			return i, nil
		}
		i += 8
	}
	for i < len(b) {
		switch ch := b[i]; {
		case ch == '"' || ch == '\\':
			return i, nil
		case ch < 0x20:
			return 0, &syntaxError{i, "a control character in a string"}
		}
		i++
	}
	c.p = len(b)
	return 0, c.fail("")
}

// unescape reads on from the backslash at i of a string that began at start.
func (c *cursor) unescape(start, i int) (string, error) {
	c.escaped = true
	from := len(c.arena)
	c.arena = append(c.arena, c.b[start:i]...)
	for {
		if c.b[i] == '"' {
			c.p = i + 1
			s := c.arena[from:]
			return unsafe.String(unsafe.SliceData(s), len(s)), nil
		}
		n, err := c.escape(i)
		if err != nil {
			return "", err
		}
		i += n
		end, err := c.plain(i)
		if err != nil {
			return "", err
		}
		c.arena = append(c.arena, c.b[i:end]...)
		i = end
	}
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape appends what the backslash at i stands for and returns its length.
func (c *cursor) escape(i int) (int, error) {
	if i+1 >= len(c.b) {
		c.p = len(c.b)
		return 0, c.fail("")
	}
	if ch := c.b[i+1]; ch != 'u' {
		if escapes[ch] == 0 {
			return 0, &syntaxError{i, "an unknown escape"}
		}
		c.arena = append(c.arena, escapes[ch])
		return 2, nil
	}
	r, ok := hex4(c.b, i+2)
	if !ok {
		return 0, &syntaxError{i, "an escape without four hexadecimal digits"}
	}
	n := 6
	if utf16.IsSurrogate(r) {
		low := rune(-1)
		if i+7 < len(c.b) && c.b[i+6] == '\\' && c.b[i+7] == 'u' {
			if l, ok := hex4(c.b, i+8); ok {
				low = l
			}
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			n = 12
		}
	}
	c.arena = utf8.AppendRune(c.arena, r)
	return n, nil
}

func hex4(b []byte, i int) (rune, bool) {
	if i+4 > len(b) {
		return 0, false
	}
	var r rune
	for _, ch := range b[i : i+4] {
		switch {
		case ch >= '0' && ch <= '9':
			ch -= '0'
		case ch >= 'a' && ch <= 'f':
			ch -= 'a' - 10
		case ch >= 'A' && ch <= 'F':
			ch -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(ch)
	}
	return r, true
}

// literal passes true, false or null.
func (c *cursor) literal(word string) error {
	if len(c.b)-c.p < len(word) || string(c.b[c.p:c.p+len(word)]) != word {
		return c.fail("a value is wanted")
	}
	c.p += len(word)
	return nil
}

var powersOf10 = [16]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}

// digitsOf is the number that the digits at the beginning of w are, which holds
// eight bytes of text, little endian, and how many they are. Digits are put
// together in pairs, then fours, then all eight.
func digitsOf(w uint64) (value uint64, count int) {
	d := w ^ '0'*ones
	// A byte above 9 carries at most into those behind it.
	if other := (d + 0x76*ones | d) & highs; other != 0 {
		top := uint(bits.TrailingZeros64(other)) // bit 7 of that byte
		count = int(top / 8)
		d = d << (63 - top&63) << 8 // zeros in front; all of it when there is no digit
	} else {
		count = 8
	}
	d = d*10 + d>>8
	return ((d&0x000000ff000000ff)*(100+1_000_000<<32) + (d>>16&0x000000ff000000ff)*(1+10_000<<32)) >> 32, count
}

// number reads a number: whole tells that i is exactly it.
func (c *cursor) number() (i int64, f float64, whole bool, err error) {
	start := c.p
	b := c.b
	p := c.p
	neg := p < len(b) && b[p] == '-'
	if neg {
		p++
	}
	digits := p
	var n uint64
	for p+8 <= len(b) {
		value, count := digitsOf(binary.LittleEndian.Uint64(b[p:]))
		n = n*powersOf10[count] + value
		if p += count; count < 8 {
			break
		}
	}
	for p < len(b) && b[p]-'0' <= 9 {
		n = n*10 + uint64(b[p]-'0')
		p++
	}
	c.p = p
	if p == digits || p > digits+1 && b[digits] == '0' {
		return 0, 0, false, c.fail("a number is wanted")
	}
	if p-digits <= 18 && (p == len(b) || b[p] != '.' && b[p] != 'e' && b[p] != 'E') {
		i = int64(n)
		if neg {
			i = -i
		}
		return i, float64(i), true, nil
	}
	if err := c.fraction(); err != nil {
		return 0, 0, false, err
	}
	text := b[start:c.p]
	f, perr := strconv.ParseFloat(unsafe.String(unsafe.SliceData(text), len(text)), 64)
	if perr != nil { // out of range: infinite
		return 0, f, false, nil
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), f, true, nil
	}
	return 0, f, false, nil
}

// fraction passes a fraction and an exponent.
func (c *cursor) fraction() error {
	digits := func() error {
		from := c.p
		for c.p < len(c.b) && c.b[c.p]-'0' <= 9 {
			c.p++
		}
		if c.p == from {
			return c.fail("a digit is wanted")
		}
		return nil
	}
	if c.p < len(c.b) && c.b[c.p] == '.' {
		c.p++
		if err := digits(); err != nil {
			return err
		}
	}
	if c.p < len(c.b) && c.b[c.p]|0x20 == 'e' {
		c.p++
		if c.p < len(c.b) && (c.b[c.p] == '+' || c.b[c.p] == '-') {
			c.p++
		}
		return digits()
	}
	return nil
}

// scalar passes a value that is no object and no array.
func (c *cursor) scalar() error {
	switch ch := c.peek(); {
	case ch == '"':
		return c.skipString()
	case ch == '-' || ch-'0' <= 9:
		_, _, _, err := c.number()
		return err
	case ch == 't':
		return c.literal("true")
	case ch == 'f':
		return c.literal("false")
	case ch == 'n':
		return c.literal("null")
	}
	return c.fail("a value is wanted")
}

func (c *cursor) skipString() error {
	i := c.p + 1
	for {
		end, err := c.plain(i)
		if err != nil {
			return err
		}
		if c.b[end] == '"' {
			c.p = end + 1
			return nil
		}
		c.escaped = true
		keep := len(c.arena)
		n, err := c.escape(end)
		c.arena = c.arena[:keep]
		if err != nil {
			return err
		}
		i = end + n
	}
}

// skip passes one value of any kind, without recursion: a text that nests
// deeper than maxNesting is refused, whatever its length.
func (c *cursor) skip() error {
	var objects [maxNesting / 64]uint64 // bit d: level d is an object
	depth := 0
	isObject := func() bool { return objects[(depth-1)/64]&(1<<((depth-1)%64)) != 0 }
	for {
		closed := false
		switch ch := c.peek(); ch {
		case '{', '[':
			if depth == maxNesting {
				return c.fail("nested deeper than " + strconv.Itoa(maxNesting) + " levels")
			}
			objects[depth/64] &^= 1 << (depth % 64)
			closing := byte(']')
			if ch == '{' {
				objects[depth/64] |= 1 << (depth % 64)
				closing = '}'
			}
			depth++
			c.deepest = max(c.deepest, depth)
			closed = !c.open(closing)
			if closed {
				depth--
			}
		default:
			if err := c.scalar(); err != nil {
				return err
			}
			closed = true
		}
		for closed && depth > 0 {
			closing := byte(']')
			if isObject() {
				closing = '}'
			}
			more, err := c.next(closing)
			if err != nil {
				return err
			}
			if more {
				break
			}
			depth--
		}
		if depth == 0 {
			return nil
		}
		if isObject() {
			if err := c.skipKey(); err != nil {
				return err
			}
		}
	}
}

func (c *cursor) skipKey() error {
	if c.peek() != '"' {
		return c.fail("a field name in quotes is wanted")
	}
	if err := c.skipString(); err != nil {
		return err
	}
	if c.peek() != ':' {
		return c.fail("a colon is wanted")
	}
	c.p++
	return nil
}
