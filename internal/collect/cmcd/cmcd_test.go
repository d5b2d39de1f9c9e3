package cmcd

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

func TestMembers(t *testing.T) {
	for line, want := range map[string]string{
		`br=2500`:                        `br=2 2500`,
		`br=(2500)`:                      `br=2 2500`,
		`br=(300;v 64;a),bs`:             `br=2 300|bs=0 0`,
		`a=?0,b=?1,c`:                    `a=1 0|b=0 0|c=0 0`,
		`e=ps,sta=p`:                     `e=4 0ps|sta=4 0p`,
		`x="a\"b\\,=c" , y=-1.5;z="q";w`: `x=3 0a"b\,=c|y=2 -1.5`,
		`com.Example-X.1=tok/en:*`:       `com.Example-X.1=4 0tok/en:*`,
		`ts=1795357990130,n=-7`:          `ts=2 1.79535799013e+12|n=2 -7`,
		`l=("a" "b";x=1  c)`:             `l=3 0a`,
		`l=(),m=:aGk=:`:                  `l=0 0|m=4 0`,
		``:                               ``,
		`a,`:                             `a=0 0`,
	} {
		r := reader{b: []byte(line)}
		var got []string
		for {
			m, ok, err := r.next()
			if err != nil {
				t.Errorf("%s: %v at %d", line, err, r.p)
			}
			if !ok {
				break
			}
			got = append(got, fmt.Sprintf("%s=%d %v%s", m.key, m.kind, m.number, m.text))
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%s: %s, want %s", line, s, want)
		}
	}
	for _, line := range []string{`=1`, `a=`, `a="x`, `a=(1`, `a=(1,2)`, `a=?2`, `a=:x`, `a b`, `a=1;`, `a="x\`, `a=-`, `a=1.2.3`, `{`, `a="` + "\x01" + `"`} {
		r := reader{b: []byte(line)}
		for {
			_, ok, err := r.next()
			if err != nil {
				break
			}
			if !ok {
				t.Errorf("%s was taken", line)
				break
			}
		}
	}
}

func TestTooManyReports(t *testing.T) {
	d := NewDecoder()
	body := []byte(strings.Repeat("e=t,sid=\"s\"\n", 3))
	if err := d.Decode(body, Options{MaxReports: 2}, func(*wire.Item) {}); !errors.Is(err, ErrTooMany) {
		t.Fatal(err)
	}
	if err := d.Decode(body, Options{MaxReports: 3}, func(*wire.Item) {}); err != nil {
		t.Fatal(err)
	}
}

func TestReasonsAreClosed(t *testing.T) {
	known := map[string]bool{"": true}
	for _, r := range Reasons() {
		known[r] = true
	}
	for _, e := range []string{"ps", "t", "e", "bc", "pr", "as", "ae", "rr", "m", "abs", "zz", ""} {
		for _, s := range []string{"", "s", "p", "k", "r", "a", "e", "f", "q", "d", "w", "zz"} {
			if _, why := meaning(e, s); !known[why] {
				t.Errorf("%s %s: %q", e, s, why)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`br=(1200),cid="movie-hls",e=ps,mtp=(5200),sf=h,sid="1111",sn=8,st=v,sta=p,ts=1795357990130,v=2`,
		`cid="m",e=rr,rc=200,sid="x",sn=5,ts=1,ttfb=17,url="http://h/low0.m4s",v=2` + "\n" + `e=e,ec=("a" 3),sta=f,sid="x"`,
		`a="\"\\",b=?0;c=1,d=:aGk=:,e=t`, "=\n\n(((", `com.playhead-pt=-1.5e3`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		lines := 0
		for _, l := range strings.Split(string(body), "\n") {
			if strings.TrimSpace(l) != "" {
				lines++
			}
		}
		got := 0
		err := NewDecoder().Decode(body, Options{Viewer: "v"}, func(it *wire.Item) {
			if it.Index != got {
				t.Fatalf("index %d, want %d", it.Index, got)
			}
			got++
			if it.Bad.Code != "" || it.Ignored != "" {
				return
			}
			e := &it.Event
			if e.Type == event.TypeUnknown || it.Session == "" || it.Play == "" || len(it.Viewer) > 256 || len(e.TitleID) > 256 || !utf8.ValidString(it.Viewer) {
				t.Fatalf("a report without what an event needs: %+v", it)
			}
		})
		if err != nil || got != lines {
			t.Fatalf("%d reports of %d lines: %v", got, lines, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	const reports = 1000
	var body strings.Builder
	for i := range reports {
		fmt.Fprintf(&body, `bl=(%d),br=(1200;v 64;a),cid="movie-hls",com.playhead-pt=%d,e=t,mtp=(5200),sf=h,sid="11111111-2222-3333-4444-%012d",sn=%d,st=v,sta=p,ts=1795357990130,v=2`+"\n", i, i*10, i%50, i)
	}
	d := NewDecoder()
	data := []byte(body.String())
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		n := 0
		if err := d.Decode(data, Options{}, func(it *wire.Item) { n++ }); err != nil || n != reports {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(reports*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
