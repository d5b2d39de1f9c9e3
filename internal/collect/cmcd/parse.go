package cmcd

import (
	"errors"
	"math"
	"strconv"
	"unsafe"
)

// kind of a bare value.
type kind uint8

const (
	kindTrue kind = iota // a member without a value
	kindFalse
	kindNumber
	kindString
	kindToken
)

// value is one bare value. Text points into the line or the reader's arena.
type value struct {
	kind   kind
	number float64
	text   string
}

// member is one member of the dictionary: a list is represented by its first
// value, which is the one without parameters or the best that there is.
type member struct {
	key string
	value
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
		if r.at('(') {
			m.value, err = r.list()
		} else {
			m.value, err = r.bare()
		}
		if err != nil {
			return m, false, err
		}
	}
	if err := r.params(); err != nil {
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

// list reads (a b;x=1 "c"): the value is the first one.
func (r *reader) list() (first value, err error) {
	r.p++
	for n := 0; ; n++ {
		r.space()
		if r.at(')') {
			r.p++
			return first, nil
		}
		v, err := r.bare()
		if err != nil {
			return first, err
		}
		if err := r.params(); err != nil {
			return first, err
		}
		if n == 0 {
			first = v
		}
		if !r.at(' ') && !r.at(')') {
			return first, errMalformed
		}
	}
}

// params passes ;key or ;key=value. Players also write a blank after the
// semicolon.
func (r *reader) params() error {
	for r.at(';') {
		r.p++
		r.space()
		if _, err := r.key(); err != nil {
			return err
		}
		if r.at('=') {
			r.p++
			if _, err := r.bare(); err != nil {
				return err
			}
		}
	}
	return nil
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

func (r *reader) number() (value, error) {
	start := r.p
	if r.at('-') {
		r.p++
	}
	var n uint64
	digits := r.p
	whole := true
	for r.p < len(r.b) && (r.b[r.p]-'0' <= 9 || r.b[r.p] == '.') {
		if r.b[r.p] == '.' {
			whole = false
		}
		n = n*10 + uint64(r.b[r.p]-'0')
		r.p++
	}
	if r.p == digits {
		return value{}, errMalformed
	}
	if whole && r.p-digits <= 15 {
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

// binary passes a byte sequence, which no key of use has.
func (r *reader) binary() (value, error) {
	for r.p++; r.p < len(r.b); r.p++ {
		if r.b[r.p] == ':' {
			r.p++
			return value{kind: kindToken}, nil
		}
	}
	return value{}, errMalformed
}
