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

// next reads a member into m; ok is false at the end of the line. m is written
// in place: a report has some fifteen of them.
func (r *reader) next(m *member) (ok bool, err error) {
	r.space()
	if r.p >= len(r.b) {
		return false, nil
	}
	if m.key, err = r.key(); err != nil {
		return false, err
	}
	m.list = false
	if r.at('=') {
		r.p++
		if m.list = r.at('('); m.list {
			err = r.inner(&m.value)
		} else {
			err = r.bare(&m.value)
		}
		if err != nil {
			return false, err
		}
	} else {
		m.value = value{kind: kindTrue}
	}
	if r.p < len(r.b) && r.b[r.p] == ',' { // mostly
		r.p++
		return true, nil
	}
	if _, err := r.params(); err != nil {
		return false, err
	}
	r.space()
	if r.p < len(r.b) {
		if r.b[r.p] != ',' {
			return false, errMalformed
		}
		r.p++
	}
	return true, nil
}

func (r *reader) at(ch byte) bool { return r.p < len(r.b) && r.b[r.p] == ch }

func (r *reader) space() {
	for r.p < len(r.b) && (r.b[r.p] == ' ' || r.b[r.p] == '\t') {
		r.p++
	}
}

func textOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// keyBytes are what keys are made of; reverse-DNS names with capitals are let pass.
var keyBytes = func() (is [256]bool) {
	for ch := range is {
		is[ch] = ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch >= '0' && ch <= '9' || ch == '_' || ch == '-' || ch == '.' || ch == '*'
	}
	return is
}()

// key reads a key.
func (r *reader) key() (string, error) {
	b, start := r.b, r.p
	p := start
	for p < len(b) && keyBytes[b[p]] {
		p++
	}
	if r.p = p; p == start {
		return "", errMalformed
	}
	return textOf(b[start:p]), nil
}

// inner reads (a b;x=1 "c"). CMCD tells by a parameter what a value is of: v
// video, a audio, av both, o other.
func (r *reader) inner(best *value) error {
	r.p++
	*best = value{kind: kindNone}
	audio := false
	for {
		r.space()
		if r.at(')') {
			r.p++
			return nil
		}
		var v value
		if err := r.bare(&v); err != nil {
			return err
		}
		of, err := r.params()
		if err != nil {
			return err
		}
		if best.kind == kindNone || audio && of != "a" {
			*best, audio = v, of == "a"
		}
		if !r.at(' ') && !r.at('\t') && !r.at(')') {
			return errMalformed
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
			var v value
			if err := r.bare(&v); err != nil {
				return first, err
			}
		}
	}
	return first, nil
}

// bare reads a value into v, whatever v was.
func (r *reader) bare(v *value) error {
	if r.p >= len(r.b) {
		return errMalformed
	}
	switch ch := r.b[r.p]; {
	case ch-'0' <= 9 || ch == '-':
		return r.number(v)
	case ch == '"':
		return r.str(v)
	case ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch == '*':
		r.token(v)
		return nil
	case ch == '?':
		return r.boolean(v)
	case ch == ':':
		return r.binary(v)
	case ch == '@':
		return r.date(v)
	case ch == '%':
		return r.display(v)
	}
	return errMalformed
}

// stringEnds are the bytes at which the plain part of a string ends.
var stringEnds = func() (is [256]bool) {
	for ch := range is {
		is[ch] = ch == '"' || ch == '\\' || ch < ' '
	}
	return is
}()

func (r *reader) str(v *value) error {
	b, start := r.b, r.p+1
	p := start
	for p < len(b) && !stringEnds[b[p]] {
		p++
	}
	if r.p = p; p == len(b) {
		return errMalformed
	}
	switch b[p] {
	case '"':
		r.p++
		*v = value{kind: kindString, text: textOf(b[start:p])}
		return nil
	case '\\':
		return r.escaped(v, start)
	}
	return errMalformed
}

func (r *reader) escaped(v *value, start int) error {
	from := len(r.arena)
	r.arena = append(r.arena, r.b[start:r.p]...)
	for r.p < len(r.b) {
		ch := r.b[r.p]
		r.p++
		switch {
		case ch == '"':
			*v = value{kind: kindString, text: textOf(r.arena[from:])}
			return nil
		case ch == '\\':
			if r.p >= len(r.b) {
				return errMalformed
			}
			ch = r.b[r.p]
			r.p++
		case ch < ' ':
			return errMalformed
		}
		r.arena = append(r.arena, ch)
	}
	return errMalformed
}

func (r *reader) boolean(v *value) error {
	if r.p+1 < len(r.b) {
		switch r.b[r.p+1] {
		case '0':
			r.p += 2
			*v = value{kind: kindFalse}
			return nil
		case '1':
			r.p += 2
			*v = value{kind: kindTrue}
			return nil
		}
	}
	return errMalformed
}

// number reads an integer or a decimal. More digits than the RFC allows are
// taken: some players do not round.
func (r *reader) number(v *value) error {
	b, start := r.b, r.p
	digits := start
	if b[start] == '-' {
		digits++
	}
	p, n := digits, uint64(0)
	for p < len(b) && b[p]-'0' <= 9 {
		n = n*10 + uint64(b[p]-'0')
		p++
	}
	if r.p = p; p == digits {
		return errMalformed
	}
	if p == len(b) || b[p] != '.' {
		if p-digits <= 15 {
			f := float64(n)
			if digits > start {
				f = -f
			}
			*v = value{kind: kindNumber, number: f}
			return nil
		}
	} else {
		dot := p
		for p++; p < len(b) && b[p]-'0' <= 9; {
			p++
		}
		if r.p = p; p == dot+1 {
			return errMalformed
		}
	}
	f, err := strconv.ParseFloat(textOf(b[start:p]), 64)
	if err != nil || math.IsInf(f, 0) {
		return errMalformed
	}
	*v = value{kind: kindNumber, number: f}
	return nil
}

// date reads @ and whole seconds.
func (r *reader) date(v *value) error {
	r.p++
	start := r.p
	if !r.at('-') && (r.p >= len(r.b) || r.b[r.p]-'0' > 9) {
		return errMalformed
	}
	if err := r.number(v); err != nil || bytes.IndexByte(r.b[start:r.p], '.') >= 0 {
		return errMalformed
	}
	v.kind = kindDate
	return nil
}

// display reads %"f%c3%bc", whose escapes are bytes of UTF-8 in lower-case
// hexadecimal.
func (r *reader) display(v *value) error {
	if r.p++; !r.at('"') {
		return errMalformed
	}
	from := len(r.arena)
	for r.p++; r.p < len(r.b); r.p++ {
		switch ch := r.b[r.p]; {
		case ch == '"':
			r.p++
			if !utf8.Valid(r.arena[from:]) {
				return errMalformed
			}
			*v = value{kind: kindString, text: textOf(r.arena[from:])}
			return nil
		case ch == '%':
			if r.p+2 >= len(r.b) {
				return errMalformed
			}
			high, low := hexDigit(r.b[r.p+1]), hexDigit(r.b[r.p+2])
			if high > 15 || low > 15 {
				return errMalformed
			}
			r.arena = append(r.arena, high<<4|low)
			r.p += 2
		case ch < ' ' || ch > '~':
			return errMalformed
		default:
			r.arena = append(r.arena, ch)
		}
	}
	return errMalformed
}

// hexDigit is the value of a digit, above 15 when it is none.
func hexDigit(ch byte) byte {
	if ch >= 'a' && ch <= 'f' {
		return ch - 'a' + 10
	}
	return ch - '0'
}

// tokenEnds are the bytes behind a token.
var tokenEnds = [256]bool{',': true, ';': true, '=': true, '(': true, ')': true, ' ': true, '\t': true, '"': true}

func (r *reader) token(v *value) {
	b, start := r.b, r.p
	p := start
	for p < len(b) && !tokenEnds[b[p]] {
		p++
	}
	r.p = p
	*v = value{kind: kindToken, text: textOf(b[start:p])}
}

// binary passes a byte sequence in base 64, which no key of use has.
func (r *reader) binary(v *value) error {
	for r.p++; r.p < len(r.b); r.p++ {
		switch ch := r.b[r.p]; {
		case ch == ':':
			r.p++
			*v = value{kind: kindBytes}
			return nil
		case !(ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch-'0' <= 9 || ch == '+' || ch == '/' || ch == '='):
			return errMalformed
		}
	}
	return errMalformed
}
