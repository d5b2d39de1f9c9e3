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

// masked is the raw text of an event as people may see it: what names a viewer
// is covered, whatever field it hides in. The text may be broken JSON, or CMCD.
func masked(raw []byte, ids ...string) string {
	text := raw
	truncated := len(text) > maxRaw
	if truncated {
		text = text[:maxRaw]
	}
	if bytes.IndexByte(text, '\\') >= 0 {
		text = plainSpelling(text)
	}
	out := string(bytes.ToValidUTF8(maskValues(text), []byte("�")))
	for _, id := range ids {
		if len(id) >= shortID {
			out = strings.ReplaceAll(out, string(jsonSpelling(id)), mask)
			out = strings.ReplaceAll(out, id, mask)
		}
	}
	out = emailLike.ReplaceAllString(out, mask)
	out = ipv4Like.ReplaceAllString(out, mask)
	out = ipv6Like.ReplaceAllString(out, mask)
	out = phoneLike.ReplaceAllString(out, "${1}"+mask)
	if truncated {
		out += "…"
	}
	return out
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

// personal are the names, without case and punctuation, of fields whose values
// are covered.
var personal = map[string]bool{
	"viewerid": true, "anonymousid": true, "userid": true, "viewer": true, "user": true, "anonid": true, "previousid": true, "profileid": true, "accountid": true,
	"customerid": true, "subscriberid": true, "email": true, "mail": true, "emailaddress": true, "phone": true, "phonenumber": true,
	"ip": true, "ipaddress": true, "ipaddr": true, "clientip": true, "remoteaddr": true, "xforwardedfor": true, "username": true,
	"phonenumbers": true, "mobile": true, "mobilenumber": true, "tel": true, "telephone": true, "msisdn": true, "name": true, "surname": true,
	"givenname": true, "familyname": true, "middlename": true, "nickname": true, "displayname": true, "birthday": true, "birthdate": true,
	"dateofbirth": true, "dob": true, "address": true, "street": true, "postalcode": true, "postcode": true, "zip": true, "zipcode": true,
	"avatar": true, "advertisingid": true, "idfa": true, "idfv": true, "gaid": true, "deviceid": true, "latitude": true, "longitude": true,
	"lat": true, "lng": true, "password": true, "token": true, "writekey": true,
	"firstname": true, "lastname": true, "fullname": true, "complayheadviewer": true,
}

func isPersonal(name []byte) bool {
	var buf [32]byte
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
			return false
		}
		n = append(n, ch)
	}
	return personal[string(n)]
}

// maskValues covers the values of personal fields. It reads tokens rather than
// structure, since the text may be broken: a name is a string before a colon or
// a bare word before an equals sign, its value what follows up to the comma
// that ends it.
func maskValues(text []byte) []byte {
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); {
		name, after := nameAt(text, i)
		if after == 0 {
			out = append(out, text[i])
			i++
			continue
		}
		out = append(out, text[i:after]...)
		i = after
		if isPersonal(name) {
			out = append(out, `"`+mask+`"`...)
			i = valueEnd(text, i)
		}
	}
	return out
}

// nameAt is the field name that begins at i and where its value does, or 0.
// When a string begins at i that is no name, it is its own name with the place
// after it, so that nothing inside of it is taken for one.
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
		return nil, end
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
