package cmcd

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"playhead/internal/collect/wire"
	"playhead/internal/collect/wiretest"
	"playhead/internal/event"
)

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
	for _, e := range []string{"ps", "t", "e", "bc", "pr", "as", "ae", "abs", "abe", "sk", "rr", "c", "b", "m", "um", "pe", "pc", "ce", "h", "zz", ""} {
		for _, s := range []string{"", "s", "p", "k", "r", "a", "e", "f", "q", "d", "w", "zz"} {
			if _, why := meaning(e, s); !known[why] {
				t.Errorf("%s %s: %q", e, s, why)
			}
		}
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// The files *.cmcd hold what each player was recorded to send, edited only in
// its ids: hls.js 1.7.4, dash.js 5.2.1, shaka-player 5.2.12 (debug and release
// builds) and CmcdReporter of @svta/cml-cmcd 2.7.0.
func TestRecordedReports(t *testing.T) {
	files, err := filepath.Glob("testdata/*.cmcd")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			if err := NewDecoder().Decode(body, Options{}, func(it *wire.Item) { describe(&got, it) }); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".cmcd") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("%s has become:\n%s", golden, got.String())
			}
		})
	}
}

// describe writes one line of what an item says.
func describe(to *strings.Builder, it *wire.Item) {
	e := &it.Event
	switch {
	case it.Bad.Code != "":
		fmt.Fprintf(to, "%d bad %s %s\n", it.Index, it.Bad.Field, it.Bad.Code)
		return
	case it.Ignored != "":
		fmt.Fprintf(to, "%d ignored %s\n", it.Index, it.Ignored)
		return
	}
	fmt.Fprintf(to, "%d %s at %d number %d of %s, %s", it.Index, e.Type, e.Time%10_000_000, it.Number-1, it.Session, e.TitleID)
	for _, f := range []struct {
		name  string
		value int64
	}{{"position", e.PositionMS}, {"duration", e.DurationMS}, {"kbit/s", e.Quality.BitrateKbps}, {"startup", e.Quality.StartupMS}} {
		if f.value != event.Absent {
			fmt.Fprintf(to, " %s %d", f.name, f.value)
		}
	}
	if e.Type == event.Error {
		fmt.Fprintf(to, " code %q fatal %v", e.Quality.ErrorCode, e.Quality.ErrorFatal)
	}
	if it.Unknown > 0 {
		fmt.Fprintf(to, " unknown keys %d", it.Unknown)
	}
	to.WriteByte('\n')
}

func TestHabitsOfPlayers(t *testing.T) {
	for line, want := range map[string]string{
		// shaka-player begins with r, before it knows the manifest; once it does, r is a stall.
		`e=ps,sid="s",sn=1,sta=r`:          "play_requested",
		`e=ps,sf=h,sid="s",sn=1,sta=r`:     "stall_started",
		`br=(400),e=ps,sid="s",sn=1,sta=r`: "stall_started",
		`e=ps,sid="s",sn=7,sta=r`:          "stall_started",
		`e=ps,sid="s",sta=r`:               "stall_started",
		// dash.js: an error that ends playback, and the wait after it.
		`e=e,ec=27,sid="s",sta=r`:        "error fatal",
		`e=e,ec=27,sid="s",sta=s`:        "error fatal",
		`e=e,ec=27,sid="s",sta=p`:        "error",
		`e=ps,ec=27,sid="s",sn=30,sta=r`: "error fatal",
		`e=ps,ec=33,sid="s",sn=30,sta=r`: "stall_started",
		`e=e,ec=("27"),sid="s",sta=r`:    "error",
		`e=t,ec=27,sid="s",sta=r`:        "heartbeat",
		`e=ps,ec=27,sid="s",sta=p`:       "resumed",
		`e=e,ec=110,sid="s",sta=w`:       "error fatal",
		`e=e,ec=109,sid="s",sta=w`:       "error",
		// Our own custom events.
		`cen="playhead-error",com.playhead-code="x",e=ce,sid="s",sta=p`: "error fatal",
		`cen="playhead-end",e=ce,sid="s",sta=p`:                         "play_ended",
		`cen="other",e=ce,sid="s",sta=p`:                                "unknowncustom",
		// Ads, by single ad or by break.
		`e=as,sid="s"`: "ad_started", `e=ae,sid="s"`: "ad_ended", `e=abs,sid="s"`: "ad_started", `e=abe,sid="s"`: "ad_ended", `e=sk,sid="s"`: "ad_ended",
	} {
		err := NewDecoder().Decode([]byte(line), Options{}, func(it *wire.Item) {
			got := it.Event.Type.String() + it.Ignored
			if it.Event.Quality.ErrorFatal {
				got += " fatal"
			}
			if got != want {
				t.Errorf("%s: %s, want %s", line, got, want)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestPositionsInQuotes(t *testing.T) {
	for line, want := range map[string]int64{
		`com.playhead-pt="1234",e=t,sid="s"`:    1234,
		`com.playhead-pt="1234.6",e=t,sid="s"`:  1235,
		`com.playhead-pt=1234,e=t,sid="s"`:      1234,
		`com.playhead-pt="NaN",e=t,sid="s"`:     event.Absent,
		`com.playhead-pt="x",e=t,sid="s"`:       event.Absent,
		`com.playhead-pt="",pt=77,e=t,sid="s"`:  77,
		`com.playhead-pt="5",pt=77,e=t,sid="s"`: 5,
		`com.playhead-pt="1e300",e=t,sid="s"`:   event.Absent,
		`com.playhead-pt=?1,e=t,sid="s"`:        event.Absent,
	} {
		err := NewDecoder().Decode([]byte(line), Options{}, func(it *wire.Item) {
			if it.Event.PositionMS != want || it.Bad.Code != "" {
				t.Errorf("%s: %d, want %d", line, it.Event.PositionMS, want)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownIsCounted(t *testing.T) {
	line := []byte(`zz=1,yy,com.example-x=2,bl=(100),e=t,sid="s",playhead-thing,XX="q"`)
	err := NewDecoder().Decode(line, Options{}, func(it *wire.Item) {
		if it.Unknown != 3 || it.Repairs != wire.RepairUnknownField || it.Bad.Code != "" {
			t.Errorf("%d unknown keys, %+v", it.Unknown, it)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`br=(1200),cid="movie-hls",e=ps,mtp=(5200),sf=h,sid="1111",sn=8,st=v,sta=p,ts=1795357990130,v=2`,
		`cid="m",e=rr,rc=200,sid="x",sn=5,ts=1,ttfb=17,url="http://h/low0.m4s",v=2` + "\n" + `e=e,ec=("a" 3),sta=f,sid="x"`,
		`a="\"\\",b=?0;c=1,d=:aGk=:,e=t`, "=\n\n(((", `com.playhead-pt=-1.5e3`,
		`d=@1659578233,x=%"f%c3%bc",br=(64;a 407;v),e=ps,sid="s",sn=1,sta=r,ec=27`,
	} {
		f.Add([]byte(s))
	}
	files, err := filepath.Glob("testdata/*.cmcd")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
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
		d := NewDecoder()
		wiretest.Bounded(t, body, func() (items int) {
			_ = d.Decode(body, Options{}, func(*wire.Item) { items++ }) // whatever it says
			return items
		})
		const good = `cid="m",e=ps,sid="s",sn=1,sta=p,ts=1795410000000`
		between := []byte(good + "\n" + string(body) + "\n" + good)
		wiretest.Neighbours(t, between, func(emit func(*wire.Item)) error { return NewDecoder().Decode(between, Options{}, emit) })
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
