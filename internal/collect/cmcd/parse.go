package cmcd

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// kind of a bare value.
type kind uint8

const (
	kindTrue   kind = iota // a member without a value, or ?1
	kindFalse              // ?0
	kindNumber             // integer or decimal
	kindString             // string, or display string (RFC 9651)
	kindToken
	kindBytes // a byte sequence, passed over
	kindDate  // seconds since 1970 (RFC 9651)
	kindNone  // an empty list
)

// value is one bare value. Text points into the line or the reader's arena.
type value struct {
	kind   kind
	number float64
	text   string
}

// member is one member of the dictionary. A list is represented by the value
// that stands for the whole: the first that is not of audio alone.
type member struct {
	key string
	value
	list bool
}

var errMalformed = errors.New("not a list of CMCD members")

// reader reads the members of one line.
type reader struct {
	b     []byte
	p     int
	arena []byte
}

// next reads a member; ok is false at the end of the line.
func (r *reader) next() (m member, ok bool, err error) {
	r.space()
	if r.p >= len(r.b) {
		return m, false, nil
	}
	if m.key, err = r.key(); err != nil {
		return m, false, err
	}
	m.kind = kindTrue
	if r.at('=') {
		r.p++
		if m.list = r.at('('); m.list {
			m.value, err = r.inner()
		} else {
			m.value, err = r.bare()
		}
		if err != nil {
			return m, false, err
		}
	}
	if _, err := r.params(); err != nil {
		return m, false, err
	}
	r.space()
	if r.p < len(r.b) {
		if r.b[r.p] != ',' {
			return m, false, errMalformed
		}
		r.p++
	}
	return m, true, nil
}

func (r *reader) at(ch byte) bool { return r.p < len(r.b) && r.b[r.p] == ch }

func (r *reader) space() {
	for r.p < len(r.b) && (r.b[r.p] == ' ' || r.b[r.p] == '\t') {
		r.p++
	}
}

func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// key reads a key; reverse-DNS names with capitals are let pass.
func (r *reader) key() (string, error) {
	start := r.p
	for r.p < len(r.b) {
		ch := r.b[r.p]
		if !(ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch-'0' <= 9 || ch == '_' || ch == '-' || ch == '.' || ch == '*') {
			break
		}
		r.p++
	}
	if r.p == start {
		return "", errMalformed
	}
	return textOf(r.b[start:r.p]), nil
}

// inner reads (a b;x=1 "c"). CMCD tells by a parameter what a value is of: v
// video, a audio, av both, o other.
func (r *reader) inner() (best value, err error) {
	r.p++
	best.kind = kindNone
	audio := false
	for {
		r.space()
		if r.at(')') {
			r.p++
			return best, nil
		}
		v, err := r.bare()
		if err != nil {
			return best, err
		}
		of, err := r.params()
		if err != nil {
			return best, err
		}
		if best.kind == kindNone || audio && of != "a" {
			best, audio = v, of == "a"
		}
		if !r.at(' ') && !r.at('\t') && !r.at(')') {
			return best, errMalformed
		}
	}
}

// params passes ;key or ;key=value, and returns the first key. Players also
// write a blank after the semicolon.
func (r *reader) params() (first string, err error) {
	for r.at(';') {
		r.p++
		r.space()
		key, err := r.key()
		if err != nil {
			return first, err
		}
		if first == "" {
			first = key
		}
		if r.at('=') {
			r.p++
			if _, err := r.bare(); err != nil {
				return first, err
			}
		}
	}
	return first, nil
}

func (r *reader) bare() (value, error) {
	if r.p >= len(r.b) {
		return value{}, errMalformed
	}
	switch ch := r.b[r.p]; {
	case ch == '"':
		return r.str()
	case ch == '?':
		return r.boolean()
	case ch == '-' || ch-'0' <= 9:
		return r.number()
	case ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch == '*':
		return r.token(), nil
	case ch == ':':
		return r.binary()
	case ch == '@':
		return r.date()
	case ch == '%':
		return r.display()
	}
	return value{}, errMalformed
}

func (r *reader) str() (value, error) {
	r.p++
	start := r.p
	for r.p < len(r.b) {
		switch ch := r.b[r.p]; {
		case ch == '"':
			r.p++
			return value{kind: kindString, text: textOf(r.b[start : r.p-1])}, nil
		case ch == '\\':
			return r.escaped(start)
		case ch < ' ':
			return value{}, errMalformed
		}
		r.p++
	}
	return value{}, errMalformed
}

func (r *reader) escaped(start int) (value, error) {
	from := len(r.arena)
	r.arena = append(r.arena, r.b[start:r.p]...)
	for r.p < len(r.b) {
		ch := r.b[r.p]
		r.p++
		switch {
		case ch == '"':
			return value{kind: kindString, text: textOf(r.arena[from:])}, nil
		case ch == '\\':
			if r.p >= len(r.b) {
				return value{}, errMalformed
			}
			ch = r.b[r.p]
			r.p++
		case ch < ' ':
			return value{}, errMalformed
		}
		r.arena = append(r.arena, ch)
	}
	return value{}, errMalformed
}

func (r *reader) boolean() (value, error) {
	if r.p+1 < len(r.b) {
		switch r.b[r.p+1] {
		case '0':
			r.p += 2
			return value{kind: kindFalse}, nil
		case '1':
			r.p += 2
			return value{kind: kindTrue}, nil
		}
	}
	return value{}, errMalformed
}

// number reads an integer or a decimal. More digits than the RFC allows are
// taken: some players do not round.
func (r *reader) number() (value, error) {
	start := r.p
	if r.at('-') {
		r.p++
	}
	digits, dot := r.p, -1
	var n uint64
	for ; r.p < len(r.b); r.p++ {
		ch := r.b[r.p]
		if ch == '.' && dot < 0 && r.p > digits {
			dot = r.p
			continue
		}
		if ch-'0' > 9 {
			break
		}
		n = n*10 + uint64(ch-'0')
	}
	if r.p == digits || r.p == dot+1 {
		return value{}, errMalformed
	}
	if dot < 0 && r.p-digits <= 15 {
		f := float64(n)
		if digits > start {
			f = -f
		}
		return value{kind: kindNumber, number: f}, nil
	}
	f, err := strconv.ParseFloat(textOf(r.b[start:r.p]), 64)
	if err != nil || math.IsInf(f, 0) {
		return value{}, errMalformed
	}
	return value{kind: kindNumber, number: f}, nil
}

// date reads @ and whole seconds.
func (r *reader) date() (value, error) {
	r.p++
	start := r.p
	if !r.at('-') && (r.p >= len(r.b) || r.b[r.p]-'0' > 9) {
		return value{}, errMalformed
	}
	v, err := r.number()
	if err != nil || bytes.IndexByte(r.b[start:r.p], '.') >= 0 {
		return value{}, errMalformed
	}
	v.kind = kindDate
	return v, nil
}

// display reads %"f%c3%bc", whose escapes are bytes of UTF-8 in lower-case
// hexadecimal.
func (r *reader) display() (value, error) {
	if r.p++; !r.at('"') {
		return value{}, errMalformed
	}
	from := len(r.arena)
	for r.p++; r.p < len(r.b); r.p++ {
		switch ch := r.b[r.p]; {
		case ch == '"':
			r.p++
			if !utf8.Valid(r.arena[from:]) {
				return value{}, errMalformed
			}
			return value{kind: kindString, text: textOf(r.arena[from:])}, nil
		case ch == '%':
			if r.p+2 >= len(r.b) {
				return value{}, errMalformed
			}
			high, low := hexDigit(r.b[r.p+1]), hexDigit(r.b[r.p+2])
			if high > 15 || low > 15 {
				return value{}, errMalformed
			}
			r.arena = append(r.arena, high<<4|low)
			r.p += 2
		case ch < ' ' || ch > '~':
			return value{}, errMalformed
		default:
			r.arena = append(r.arena, ch)
		}
	}
	return value{}, errMalformed
}

// hexDigit is the value of a digit, above 15 when it is none.
func hexDigit(ch byte) byte {
	if ch >= 'a' && ch <= 'f' {
		return ch - 'a' + 10
	}
	return ch - '0'
}

func (r *reader) token() value {
	start := r.p
	for r.p < len(r.b) {
		switch ch := r.b[r.p]; ch {
		case ',', ';', '=', '(', ')', ' ', '\t', '"':
			return value{kind: kindToken, text: textOf(r.b[start:r.p])}
		}
		r.p++
	}
	return value{kind: kindToken, text: textOf(r.b[start:r.p])}
}

// binary passes a byte sequence in base 64, which no key of use has.
func (r *reader) binary() (value, error) {
	for r.p++; r.p < len(r.b); r.p++ {
		switch ch := r.b[r.p]; {
		case ch == ':':
			r.p++
			return value{kind: kindBytes}, nil
		case !(ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch-'0' <= 9 || ch == '+' || ch == '/' || ch == '='):
			return value{}, errMalformed
		}
	}
	return value{}, errMalformed
}
