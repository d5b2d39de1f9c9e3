package cmcd

import (
	"fmt"
	"strings"
	"testing"
)

// members is what the reader makes of a line: key, kind, number and text of
// each, or "malformed".
func members(line string) string {
	r := reader{b: []byte(line)}
	var got []string
	for {
		var m member
		ok, err := r.next(&m)
		if err != nil {
			return "malformed"
		}
		if !ok {
			return strings.Join(got, " | ")
		}
		names := [...]string{"true", "false", "number", "string", "token", "bytes", "date", "none"}
		text := m.key + " " + names[m.kind]
		switch m.kind {
		case kindNumber, kindDate:
			text += fmt.Sprintf(" %v", m.number)
		case kindString, kindToken:
			text += " " + m.text
		}
		if m.list {
			text += " of list"
		}
		got = append(got, text)
	}
}

// The cases of RFC 8941 and RFC 9651 that matter for dictionaries of CMCD, in
// the order of their sections. Where the reader takes more than they allow, the
// case is among those of players.
func TestStructuredFields(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"empty dictionary", ``, ``},
		{"only blanks", "  \t ", ``},
		{"members", `a=1,b=2`, `a number 1 | b number 2`},
		{"blanks around commas", "a=1 ,\t b=2", `a number 1 | b number 2`},
		{"blanks before and after", " a=1 ", `a number 1`},
		{"twice the same key", `a=1,a=2`, `a number 1 | a number 2`},
		{"no blank before =", `a =1`, `malformed`},
		{"no blank after =", `a= 1`, `malformed`},
		{"no comma", `a=1 b=2`, `malformed`},
		{"two commas", `a=1,,b=2`, `malformed`},
		{"nothing after =", `a=`, `malformed`},
		{"comma after =", `a=,b=1`, `malformed`},
		{"key with all characters", `a_-.*0=1`, `a_-.*0 number 1`},
		{"key begins with *", `*a=1`, `*a number 1`},
		{"no key", `=1`, `malformed`},
		{"key of other characters", `a!=1`, `malformed`},

		{"true by no value", `a`, `a true`},
		{"true with parameters", `a;x=1;y`, `a true`},
		{"booleans", `a=?1,b=?0`, `a true | b false`},
		{"no boolean", `a=?2`, `malformed`},
		{"cut boolean", `a=?`, `malformed`},

		{"integer", `a=42`, `a number 42`},
		{"negative", `a=-42`, `a number -42`},
		{"minus zero", `a=-0`, `a number -0`},
		{"leading zeros", `a=042`, `a number 42`},
		{"fifteen digits", `a=999999999999999`, `a number 9.99999999999999e+14`},
		{"minus alone", `a=-`, `malformed`},
		{"two minuses", `a=--1`, `malformed`},
		{"plus", `a=+1`, `malformed`},
		{"decimal", `a=4.5`, `a number 4.5`},
		{"negative decimal", `a=-0.5`, `a number -0.5`},
		{"no digit after the point", `a=4.`, `malformed`},
		{"no digit before the point", `a=.5`, `malformed`},
		{"two points", `a=1.2.3`, `malformed`},
		{"exponent", `a=1e3`, `malformed`},

		{"string", `a="foo bar"`, `a string foo bar`},
		{"empty string", `a=""`, `a string `},
		{"comma and brackets in a string", `a="b,c;d=(e)"`, `a string b,c;d=(e)`},
		{"escapes", `a="b\"c\\d"`, `a string b"c\d`},
		{"open string", `a="foo`, `malformed`},
		{"open escape", `a="foo\`, `malformed`},
		{"control character", "a=\"f\too\"", `malformed`},
		{"single quotes", `a='foo'`, `malformed`},

		{"token", `a=foo`, `a token foo`},
		{"token with all characters", "a=*f!#$%&'*+-.^_`|~:/0", "a token *f!#$%&'*+-.^_`|~:/0"},
		{"token ends at ;", `a=foo;b=1`, `a token foo`},

		{"bytes", `a=:aGVsbG8=:`, `a bytes`},
		{"no bytes", `a=::`, `a bytes`},
		{"open bytes", `a=:aGVs`, `malformed`},
		{"no base 64", `a=:a"b:`, `malformed`},

		{"date", `a=@1659578233`, `a date 1.659578233e+09`},
		{"date before 1970", `a=@-1`, `a date -1`},
		{"date with a fraction", `a=@1.5`, `malformed`},
		{"no date", `a=@x`, `malformed`},
		{"display string", `a=%"f%c3%bc, %22x%22"`, `a string fü, "x"`},
		{"display string in capitals", `a=%"%C3%BC"`, `malformed`},
		{"display string of broken UTF-8", `a=%"%c3"`, `malformed`},
		{"display string cut", `a=%"%c`, `malformed`},
		{"display string without quotes", `a=%x`, `malformed`},

		{"inner list", `a=(1 2)`, `a number 1 of list`},
		{"inner list with blanks", `a=( 1   2 )`, `a number 1 of list`},
		{"empty inner list", `a=()`, `a none of list`},
		{"inner list with parameters", `a=(1;x "b";y=2);z,b=1`, `a number 1 of list | b number 1`},
		{"inner list of tokens", `a=(b c)`, `a token b of list`},
		{"comma in an inner list", `a=(1,2)`, `malformed`},
		{"open inner list", `a=(1 2`, `malformed`},
		{"nothing between its items", `a=(1"b")`, `malformed`},
		{"inner list in an inner list", `a=((1))`, `malformed`},

		{"parameters", `a=1;b;c=?0;d="e";f=g;h=:aa:`, `a number 1`},
		{"blank after ;", `a=1; b`, `a number 1`},
		{"blank before ;", `a=1 ;b`, `malformed`},
		{"no parameter", `a=1;`, `malformed`},
		{"parameter without a value", `a=1;b=`, `malformed`},
	} {
		if got := members(c.line); got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.name, c.line, got, c.want)
		}
	}
}

// What players send beyond the RFCs, and what CMCD's lists mean.
func TestWhatPlayersWrite(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"bare, as version 1", `br=2500`, `br number 2500`},
		{"list, as version 2", `br=(2500)`, `br number 2500 of list`},
		{"video before audio", `br=(407;v 64;a)`, `br number 407 of list`},
		{"audio before video", `br=(64;a 407;v)`, `br number 407 of list`},
		{"audio before both", `br=(64;a 519;av)`, `br number 519 of list`},
		{"audio alone", `br=(64;a)`, `br number 64 of list`},
		{"capitals in custom keys", `com.Example-X.1=tok/en:*`, `com.Example-X.1 token tok/en:*`},
		{"a comma at the end", `a,`, `a true`},
		{"many decimals", `a=1.23456`, `a number 1.23456`},
		{"sixteen digits", `a=1234567890123456`, `a number 1.234567890123456e+15`},
		{"other escapes", `a="b\c"`, `a string bc`},
		{"names as they are", `cid="Für Elise"`, `cid string Für Elise`},
		{"JSON", `{"e":"t"}`, `malformed`},
	} {
		if got := members(c.line); got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.name, c.line, got, c.want)
		}
	}
}
