package rawjson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unsafe"
)

// Value is the text of one valid JSON value without white space around it. Its
// zero value stands for one that is not there.
type Value []byte

// Parse is text as one value; ok is false when it is not exactly one.
func Parse(text []byte) (v Value, ok bool) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !json.Valid(text) {
		return nil, false
	}
	return bytes.Trim(text, " \t\r\n"), true
}

// IsObject, IsArray and IsText tell what the value is.
func (v Value) IsObject() bool { return len(v) > 0 && v[0] == '{' }

// IsArray tells an array.
func (v Value) IsArray() bool { return len(v) > 0 && v[0] == '[' }

// IsText tells a string.
func (v Value) IsText() bool { return len(v) > 0 && v[0] == '"' }

// IsNull tells null, and a value that is not there.
func (v Value) IsNull() bool { return len(v) == 0 || v[0] == 'n' }

// Each calls fn for each member of an object, in order, doubles included; of
// anything else it calls it for nothing. The key may point into the text.
func (v Value) Each(fn func(key string, v Value)) {
	if !v.IsObject() {
		return
	}
	for p := space(v, 1); p < len(v) && v[p] != '}'; {
		end := skip(v, p)
		key := textOf(v[p:end])
		p = space(v, end) // the colon
		p = space(v, p+1) // the value
		end = skip(v, p)
		fn(key, v[p:end:end])
		p = next(v, end)
	}
}

// Get is the last member of that name, as of most decoders.
func (v Value) Get(name string) (found Value) {
	v.Each(func(key string, member Value) {
		if key == name {
			found = member
		}
	})
	return found
}

// Elements calls fn for each element of an array until it returns false.
func (v Value) Elements(fn func(v Value) bool) {
	if !v.IsArray() {
		return
	}
	for p := space(v, 1); p < len(v) && v[p] != ']'; {
		end := skip(v, p)
		if !fn(v[p:end:end]) {
			return
		}
		p = next(v, end)
	}
}

// Text is what a string says, ok is false for anything else. It may point into
// the text.
func (v Value) Text() (s string, ok bool) {
	if !v.IsText() {
		return "", false
	}
	return textOf(v), true
}

// Number is a number's value; ok is false for anything else and for what a
// float cannot hold.
func (v Value) Number() (f float64, ok bool) {
	if len(v) == 0 || v[0] != '-' && v[0]-'0' > 9 {
		return 0, false
	}
	f, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(v), len(v)), 64)
	return f, err == nil
}

// Bool is true or false; ok is false for anything else.
func (v Value) Bool() (b, ok bool) {
	if len(v) == 0 || v[0] != 't' && v[0] != 'f' {
		return false, false
	}
	return v[0] == 't', true
}

// Depth is how deep the value nests: 0 for one that is no object and no array.
func (v Value) Depth() int {
	depth, deepest := 0, 0
	for p := 0; p < len(v); p++ {
		switch v[p] {
		case '"':
			p = textEnd(v, p) - 1
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}

func textOf(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return unsafe.String(unsafe.SliceData(inner), len(inner))
	}
	var s string
	if err := json.Unmarshal(quoted, &s); err != nil {
		return "" // the text is valid
	}
	return s
}

func space(b []byte, p int) int {
	for p < len(b) && (b[p] == ' ' || b[p] == '\n' || b[p] == '\t' || b[p] == '\r') {
		p++
	}
	return p
}

// next is the place after the comma that follows, or of the closing bracket.
func next(b []byte, p int) int {
	p = space(b, p)
	if p < len(b) && b[p] == ',' {
		return space(b, p+1)
	}
	return p
}

// skip is the place after the value at p.
func skip(b []byte, p int) int {
	if p >= len(b) {
		return p
	}
	switch b[p] {
	case '"':
		return textEnd(b, p)
	case '{', '[':
	default:
		for p < len(b) && b[p] != ',' && b[p] != '}' && b[p] != ']' && b[p] > ' ' {
			p++
		}
		return p
	}
	for depth := 0; p < len(b); p++ {
		switch b[p] {
		case '"':
			p = textEnd(b, p) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return p + 1
			}
		}
	}
	return p
}

// textEnd is the place after the string that begins at p.
func textEnd(b []byte, p int) int {
	for p++; p < len(b); p++ {
		switch b[p] {
		case '\\':
			p++
		case '"':
			return p + 1
		}
	}
	return p
}
