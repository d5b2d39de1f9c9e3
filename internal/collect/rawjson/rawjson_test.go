package rawjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestWalk(t *testing.T) {
	v, ok := Parse([]byte(" \n{ \"a\" : 1 , \"b\\u0063\":[ true, \"x,}\\\"]\" ,{}, [], -1.5e3],\"a\":null,\"s\":\"\\ud83d\\ude00é\"} "))
	if !ok {
		t.Fatal("not valid")
	}
	var got []string
	v.Each(func(key string, v Value) { got = append(got, key+"="+string(v)) })
	if want := `a=1|bc=[ true, "x,}\"]" ,{}, [], -1.5e3]|a=null|s="\ud83d\ude00é"`; strings.Join(got, "|") != want {
		t.Errorf("%s", strings.Join(got, "|"))
	}
	got = nil
	v.Get("bc").Elements(func(v Value) bool { got = append(got, string(v)); return true })
	if fmt.Sprint(got) != `[true "x,}\"]" {} [] -1.5e3]` {
		t.Errorf("%q", got)
	}
	if s, ok := v.Get("s").Text(); !ok || s != "😀é" {
		t.Errorf("%q", s)
	}
	if !v.Get("a").IsNull() || !v.Get("zz").IsNull() || v.Depth() != 3 || v.Get("s").Depth() != 0 {
		t.Errorf("null, depth %d", v.Depth())
	}
	if f, ok := Value("-1.5e3").Number(); !ok || f != -1500 {
		t.Errorf("%v", f)
	}
	if _, ok := Value("1e999").Number(); ok {
		t.Error("1e999 is a number")
	}
	if b, ok := Value("true").Bool(); !b || !ok {
		t.Error("true")
	}
	for _, bad := range []string{"", "{", "{}{}", `{"a"}`, "nul", `"` + "\x01" + `"`} {
		if _, ok := Parse([]byte(bad)); ok {
			t.Errorf("%q is valid", bad)
		}
	}
}

func FuzzWalk(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"\"}"}],"a":null}`, `[[],{},"",-0.1e-9,true]`, ` "\u0000\ud800" `, `{"" : { } }`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, ok := Parse(text)
		if ok != json.Valid(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
			t.Fatal("valid?")
		}
		if !ok {
			return
		}
		var want any
		if err := json.Unmarshal(v, &want); err != nil {
			return // a number out of range
		}
		if got := tree(t, v); !reflect.DeepEqual(got, want) {
			t.Fatalf("%#v, want %#v", got, want)
		}
	})
}

// tree is what encoding/json would make of v.
func tree(t *testing.T, v Value) any {
	switch {
	case v.IsObject():
		m := map[string]any{}
		v.Each(func(key string, v Value) { m[string([]rune(key))] = tree(t, v) })
		return m
	case v.IsArray():
		a := []any{}
		v.Elements(func(v Value) bool { a = append(a, tree(t, v)); return true })
		return a
	case v.IsText():
		s, _ := v.Text()
		return string([]rune(s)) // as encoding/json replaces what is not UTF-8
	case v.IsNull():
		return nil
	}
	if b, ok := v.Bool(); ok {
		return b
	}
	f, ok := v.Number()
	if !ok {
		t.Fatalf("%s is nothing", v)
	}
	return f
}
