package clickhouse

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]Address{
		"clickhouse://localhost":                     {Hosts: []string{"localhost:9000"}, User: "default", Database: "playhead"},
		"clickhouse://a:p%40ss@h:9001/tv":            {Hosts: []string{"h:9001"}, User: "a", Password: "p@ss", Database: "tv"},
		"clickhouse://h/tv?http=true":                {Hosts: []string{"h:8123"}, User: "default", Database: "tv", HTTP: true},
		"clickhouse://h/tv?secure=true":              {Hosts: []string{"h:9440"}, User: "default", Database: "tv", Secure: true},
		"clickhouse://h1:9000,h2:9000/tv?cluster=c1": {Hosts: []string{"h1:9000", "h2:9000"}, User: "default", Database: "tv", Cluster: "c1"},
	} {
		got, err := ParseAddress(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"http://h":                       `begins with "http:"`,
		"clickhouse:///tv":               "names no host",
		"clickhouse://h/tv;drop":         "the database is called",
		"clickhouse://h1:9000,h2:9000":   "2 hosts and no cluster",
		"clickhouse://h/?cluster=a'b":    "cluster=",
		"clickhouse://h/?user=a":         "user=",
		"clickhouse://u:secret@h:x/":     "is no URL",
		"clickhouse://u:secret@h:1/?x=1": "x=",
	} {
		_, err := ParseAddress(text)
		if !errors.Is(err, ErrAddress) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want an error with %s", text, err, want)
		}
	}
}

func TestBucketOf(t *testing.T) {
	for _, c := range []struct {
		bounds []int64
		want   string
	}{
		{[]int64{3, 9}, "toInt32(0)"},
		{[]int64{10, 20, 30}, "toInt32(0 + intDiv(b - 10, 10))"},
		{[]int64{10, 20, 33}, "toInt32(if(b < 20, 0 + intDiv(b - 10, 10), 1 + intDiv(b - 20, 13)))"},
		{[]int64{9, 10, 20, 30, 40}, "toInt32(if(b < 10, 0 + intDiv(b - 9, 1), 1 + intDiv(b - 10, 10)))"},
	} {
		if got := bucketOf("b", c.bounds); got != c.want {
			t.Errorf("%v: %s, want %s", c.bounds, got, c.want)
		}
	}
}

func TestQuote(t *testing.T) {
	if got, want := quote("it's \\ \x00 \x81\xff\n é\xc3 日本"), `'it\'s \\ \x00 \x81\xFF\x0A é\xC3 日本'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
