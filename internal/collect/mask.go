package collect

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	mask = "•••"
	// maxRaw bounds what an entry shows of an event.
	maxRaw = 2048
)

// masked is the raw text of an event as people may see it: what names a viewer,
// or may name one, is covered, whatever field it hides in. ids are the raw ids of
// its viewer, as far as they are known. The text may be broken JSON, or CMCD.
func masked(raw []byte, ids ...string) string {
	text := raw
	truncated := len(text) > maxRaw
	if truncated {
		text = text[:maxRaw]
	}
	if bytes.IndexByte(text, '\\') >= 0 {
		text = plainSpelling(text)
	}
	known := strings.Join(ids, "") != ""
	out := string(bytes.ToValidUTF8(maskValues(text, known), []byte("�")))
	for _, id := range ids {
		if len(id) >= shortID {
			out = strings.ReplaceAll(out, string(jsonSpelling(id)), mask)
			out = strings.ReplaceAll(out, id, mask)
		}
	}
	out = maskedText(out)
	if truncated {
		out += "…"
	}
	return out
}

// maskedText covers what looks like an address or a telephone number in a text.
func maskedText(text string) string {
	text = emailLike.ReplaceAllString(text, mask)
	text = ipv4Like.ReplaceAllString(text, mask)
	text = ipv6Like.ReplaceAllString(text, mask)
	return phoneLike.ReplaceAllString(text, "${1}"+mask)
}

// needless are escapes of characters that could stand for themselves.
var needless = regexp.MustCompile(`\\(?:/|u[0-9a-fA-F]{4})`)

// plainSpelling undoes needless escapes, behind which an id could hide.
func plainSpelling(text []byte) []byte {
	return needless.ReplaceAllFunc(text, func(esc []byte) []byte {
		if esc[1] == '/' {
			return esc[1:]
		}
		n, err := strconv.ParseUint(string(esc[2:]), 16, 32)
		if r := rune(n); err == nil && r >= ' ' && r != '"' && r != '\\' && !utf16.IsSurrogate(r) {
			return utf8.AppendRune(nil, r)
		}
		return esc
	})
}

var (
	emailLike = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+(?:@|%40)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
	ipv4Like  = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	// A plus and 8 to 15 digits, or groups of digits as people write them: no
	// epoch time, date or UUID is like that.
	phoneLike = regexp.MustCompile(`(^|[^\w.+-])(?:\+(?:\d[ ()./-]{0,2}){7,14}\d|\(?0?\d{2,4}\)?[ ]\d{3,4}[ .-]?\d{3,5}|\(\d{2,4}\) ?\d{3,4}[ .-]\d{3,4}|\d{3}[.-]\d{3}[.-]\d{4})\b`)
	ipv6Like  = regexp.MustCompile(`(?i)\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4}\b`)
)

// foldedName is a field's name without case and punctuation, built in buf; nil
// when it is longer than any name that matters.
func foldedName(buf *[32]byte, name []byte) []byte {
	n := buf[:0]
	for _, ch := range name {
		switch {
		case ch >= 'A' && ch <= 'Z':
			ch += 'a' - 'A'
		case ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9':
		default:
			continue
		}
		if len(n) == len(buf) {
			return nil
		}
		n = append(n, ch)
	}
	return n
}

func foldedText(name string) string {
	var buf [32]byte
	return string(foldedName(&buf, []byte(name)))
}

// shows reports whether the value of a field may be seen. Of fields that no
// format has nobody knows what they hold. An id that a client made may have the
// viewer's in it: it is only seen when that one is known, and so covered within.
func shows(name []byte, viewerKnown bool) bool {
	var buf [32]byte
	switch showingOf(string(foldedName(&buf, name))) {
	case plainValue:
		return true
	case madeID:
		return viewerKnown
	}
	return false
}

// maskValues covers the values of personal fields and of those that no format
// has. It reads tokens rather than structure, since the text may be broken: a
// name is a string before a colon or a bare word before an equals sign, its value
// what follows up to the comma that ends it. What has no name is covered too.
func maskValues(text []byte, viewerKnown bool) []byte {
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); {
		if text[i] != '"' && !isWord(text[i]) && text[i] < utf8.RuneSelf {
			out = append(out, text[i])
			i++
			continue
		}
		name, value := nameAt(text, i)
		if value == 0 { // no name
			end := tokenEnd(text, i)
			out = appendCovered(out, text[i:end], shows(bytes.Trim(text[i:end], `"`), viewerKnown))
			i = end
			continue
		}
		out = append(out, text[i:value]...)
		for value < len(text) && isSpace(text[value]) {
			out = append(out, text[value])
			value++
		}
		i = value
		var buf [32]byte
		switch end := valueEnd(text, value); {
		case personal[string(foldedName(&buf, name))]:
			out = append(out, `"`+mask+`"`...)
			i = end
		case end > value && isContainer(text[value:end]):
			// What is in it has names of its own.
		default:
			out = appendCovered(out, text[value:end], shows(name, viewerKnown))
			i = end
		}
	}
	return out
}

// isContainer tells a value that has named values in it. A list of others is one
// value, and so is CMCD's, in round brackets.
func isContainer(value []byte) bool {
	return value[0] == '{' || value[0] == '[' && bytes.IndexByte(value, '{') >= 0
}

// appendCovered appends a value, covered unless it may be seen: as it is when it
// is true, false, null or so short that it names nobody.
func appendCovered(out, value []byte, show bool) []byte {
	bare := bytes.Trim(value, "\" \t\r\n")
	if show || len(bare) < shortID || string(bare) == "true" || string(bare) == "false" || string(bare) == "null" {
		return append(out, value...)
	}
	end := len(value)
	for end > 0 && isSpace(value[end-1]) {
		end--
	}
	return append(append(out, `"`+mask+`"`...), value[end:]...)
}

func isSpace(ch byte) bool { return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r' }

// tokenEnd is the place after the string or word that begins at i.
func tokenEnd(text []byte, i int) int {
	if text[i] == '"' {
		return stringEnd(text, i)
	}
	for i < len(text) && (isWord(text[i]) || text[i] >= utf8.RuneSelf || text[i] == '+' || text[i] == '@') {
		i++
	}
	return i
}

// nameAt is the field name that begins at i and where its value does, or 0 when
// none begins there.
func nameAt(text []byte, i int) (name []byte, after int) {
	if text[i] == '"' {
		end := stringEnd(text, i)
		name = bytes.Trim(text[i:end], `"`)
		for end < len(text) && (text[end] == ' ' || text[end] == '\t' || text[end] == '\n' || text[end] == '\r') {
			end++
		}
		if end < len(text) && text[end] == ':' {
			return name, end + 1
		}
		return nil, 0
	}
	if i > 0 && isWord(text[i-1]) || !isWord(text[i]) {
		return nil, 0
	}
	end := i
	for end < len(text) && isWord(text[end]) {
		end++
	}
	if end < len(text) && text[end] == '=' {
		return text[i:end], end + 1
	}
	return nil, 0
}

func isWord(ch byte) bool {
	return ch|0x20 >= 'a' && ch|0x20 <= 'z' || ch >= '0' && ch <= '9' || ch == '_' || ch == '-' || ch == '.'
}

// stringEnd is the place after the string that begins at i.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// valueEnd is the place after the value at i, of any kind.
func valueEnd(text []byte, i int) int {
	depth := 0
	for i < len(text) {
		switch text[i] {
		case '"':
			i = stringEnd(text, i)
			continue
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(text)
}
