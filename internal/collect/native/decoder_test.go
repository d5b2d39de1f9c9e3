package native

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"playhead/internal/collect/wire"
	"playhead/internal/collect/wiretest"
)

// decode gives the raw texts of the good events and the codes of the bad ones.
func decode(t testing.TB, body string, opts Options) (good []string, bad []string, err error) {
	t.Helper()
	index := 0
	err = NewDecoder().Decode([]byte(body), opts, func(it *wire.Item) {
		if it.Index != index {
			t.Errorf("index %d, want %d", it.Index, index)
		}
		index++
		if it.Bad.Code != "" {
			bad = append(bad, string(it.Bad.Code))
			return
		}
		good = append(good, string(it.Raw))
	})
	return good, bad, err
}

func TestParseTimeAgreesWithTheLibrary(t *testing.T) {
	for _, s := range []string{
		"2026-11-23T05:00:00Z", "2026-11-23T05:00:00.1Z", "2026-11-23T05:00:00.123456789Z", "2024-02-29T23:59:59+14:00", "1970-01-01T00:00:00Z",
		"1969-12-31T23:59:59Z", "2000-02-29T12:00:00-00:30", "2100-03-01T00:00:00Z", "2199-12-31T23:59:59.999Z", "0004-01-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T05:60:00Z",
		"2026-11-23T05:00:00", "2026-11-23T05:00:00.Z", "2026-11-23T05:00:00+0100", "2026-11-23", "", "now", "2026-11-23X05:00:00Z",
		"2026-1a-23T05:00:00Z", "+026-11-23T05:00:00Z",
	} {
		got, ok := parseTime(s)
		want, err := time.Parse(time.RFC3339Nano, s)
		if ok != (err == nil) {
			t.Errorf("%q: %v, the library says %v", s, ok, err)
		} else if ok && got != want.UnixMilli() {
			t.Errorf("%q: %d, want %d", s, got, want.UnixMilli())
		}
	}
	for day := time.Date(1899, 12, 25, 3, 4, 5, 0, time.UTC); day.Year() < 2200; day = day.AddDate(0, 0, 13) {
		if got, ok := parseTime(day.Format(time.RFC3339)); !ok || got != day.UnixMilli() {
			t.Fatalf("%v: %d %v", day, got, ok)
		}
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"play_start": "play_started", "PlayStarted": "play_started", "hearbeat": "heartbeat", "heartBeat": "heartbeat", "pause": "paused",
		"stall": "", "stall-started": "stall_started", "buffering": "", "": "", "Select": "select", strings.Repeat("x", 1000): "",
	} {
		if got := nearest(name); got != want {
			t.Errorf("%.20q: %q, want %q", name, got, want)
		}
	}
}

func TestStringsAreReadAsTheLibraryDoes(t *testing.T) {
	for _, s := range []string{`""`, `"a"`, `"abcdefg"`, `"abcdefgh"`, `"abcdefghijklmnop"`, `"\""`, `"12345678\n"`, `"\u00e9\ud83d\ude00x"`, `"\ud83d"`, `"\ud83dx"`,
		`"\ud83d\u0041"`, `"\/\b\f\n\r\t\\"`, `"é漢字😀"`, "\"1234567\x7f\"", `"` + strings.Repeat("0123456789", 100) + `\t"`} {
		var want string
		if err := json.Unmarshal([]byte(s), &want); err != nil {
			t.Fatal(err)
		}
		c := cursor{b: []byte(s)}
		if got, err := c.str(); err != nil || got != want || c.p != len(s) {
			t.Errorf("%s: %q %v, want %q", s, got, err, want)
		}
	}
	for _, s := range []string{`"`, `"a`, `"\`, `"\u12`, `"\u12g4"`, `"\x"`, "\"a\x01\"", "\"12345678\n\""} {
		c := cursor{b: []byte(s)}
		if got, err := c.str(); err == nil {
			t.Errorf("%s: read as %q", s, got)
		}
	}
}

func TestEnvelopeWithoutAnArray(t *testing.T) {
	for _, body := range []string{`{"events":{}}`, `{"events":null}`, `{"sent_at":1795410000000,"events":"x"}`, `{"events":3,"sent_at":1795410000000}`} {
		_, _, err := decode(t, body, Options{})
		var malformed *MalformedError
		if !errors.As(err, &malformed) || !strings.Contains(err.Error(), "must be an array") {
			t.Errorf("%s: %v", body, err)
		}
	}
	// An event may have a field of that name, as any other that is not known.
	for _, body := range []string{`{"type":"rated","time":1,"events":{}}`, `{"events":1,"time":1,"type":"rated"}`} {
		if good, bad, err := decode(t, body, Options{}); err != nil || len(good) != 1 || len(bad) != 0 {
			t.Errorf("%s: %v %v %v", body, good, bad, err)
		}
	}
}

func TestDecoderKeepsNothing(t *testing.T) {
	d := NewDecoder()
	first := `{"type":"search","time":1,"viewer_id":"v\u0061","experiments":{"a":"b"},"properties":{"x": 1},"context":{"city":"x"},"sent_at":5}`
	for range 2 {
		n := 0
		if err := d.Decode([]byte(first+"\n"+`{"type":"rated","time":2}`), Options{}, func(it *wire.Item) {
			if n++; n == 2 && (it.Viewer != "" || it.SentAt != 0 || it.Escaped || it.Event.Experiments != nil || it.Event.Properties != nil || it.Event.Context.City != "") {
				t.Errorf("left over: %+v", it)
			}
		}); err != nil || n != 2 {
			t.Fatal(n, err)
		}
	}
}

// FuzzDecode holds the decoder against the library: what it takes as a whole is
// JSON, what is JSON it takes, and each good event is a JSON object.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		string(heartbeats(2)), `{"type":"select","time":1}`, `[{"type":"error","time":"2026-01-01T00:00:00Z","quality":{"error_code":12}},null,3]`,
		"{\"type\":\"rated\"}\n{\"type\":\n{}", `{"events":[],"sent_at":"x"}`, `[[[[]]]]`, `{"a":{"b":[1,2,{"c":"\u0041"}]}}`, "\xef\xbb\xbf[]", `{"properties":{"a":"\/"},"traits":{"x":1.5e3}}`,
		"[{\"type\":\"\xff\"}]", `[1e5,-0,0.5,01]`, `{"a":1}{"a":2}`,
	} {
		f.Add([]byte(s), false)
		f.Add([]byte(s), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, lines bool) {
		body = bytes.Clone(body)
		var items int
		err := NewDecoder().Decode(body, Options{Lines: lines, MaxEvents: 1000}, func(it *wire.Item) {
			items++
			if it.Bad.Code == "" {
				var m map[string]json.RawMessage
				if err := json.Unmarshal(it.Raw, &m); err != nil {
					t.Fatalf("a good event is no object: %q: %v", it.Raw, err)
				}
				if p := it.Event.Properties; p != nil && !json.Valid(p) {
					t.Fatalf("properties %q", p)
				}
			}
			for _, s := range []string{it.ID, it.Viewer, it.Play, it.Event.TitleID, it.Event.Context.City} {
				if it.Bad.Code == "" && (!utf8.ValidString(s) || len(s) > 1024) {
					t.Fatalf("text %q", s)
				}
			}
		})
		within(t, body)
		alike(t, body, Options{Lines: lines, MaxEvents: 1000})
		if lines {
			return
		}
		whole := bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
		trimmed := bytes.TrimLeft(whole, " \t\r\n")
		container := len(trimmed) > 0 && (trimmed[0] == '[' || trimmed[0] == '{')
		valid := json.Valid(whole) && container
		var malformed *MalformedError
		if valid && errors.As(err, &malformed) && !strings.Contains(err.Error(), "nested") &&
			!strings.Contains(err.Error(), "sent_at") && !strings.Contains(err.Error(), "must be an array") {
			t.Fatalf("refused JSON: %q: %v", body, err)
		}
		if !valid && err == nil && trimmed[0] == '[' {
			t.Fatalf("took %q", body)
		}
	})
}

// within holds a body to what it may cost, and puts it between good events.
func within(t *testing.T, body []byte) {
	t.Helper()
	for _, lines := range []bool{false, true} {
		d := NewDecoder()
		wiretest.Bounded(t, body, func() (items int) {
			_ = d.Decode(body, Options{Lines: lines, MaxEvents: 10_000}, func(*wire.Item) { items++ }) // whatever it says
			return items
		})
	}
	const good = `{"type":"paused","time":1795410000000,"viewer_id":"v","play_id":"p"}`
	between := []byte(good + "\n" + string(body) + "\n" + good)
	wiretest.Neighbours(t, between, func(emit func(*wire.Item)) error {
		return NewDecoder().Decode(between, Options{Lines: true}, emit)
	})
	if !json.Valid(body) || bytes.Count(body, []byte("[")) > 100 || bytes.Count(body, []byte("{")) > 100 { // nesting has a limit
		return
	}
	list := []byte("[" + good + "," + string(body) + "," + good + "]")
	wiretest.Neighbours(t, list, func(emit func(*wire.Item)) error { return NewDecoder().Decode(list, Options{}, emit) })
}

func TestEveryPrefixIsRefusedOrRead(t *testing.T) {
	body := string(heartbeats(3))
	for n := range body {
		if _, _, err := decode(t, body[:n], Options{}); err == nil {
			t.Fatalf("%d bytes of %d were taken", n, len(body))
		}
		decode(t, body[:n], Options{Lines: true})
	}
	good, bad, err := decode(t, body, Options{})
	if len(good) != 3 || len(bad) != 0 || err != nil {
		t.Fatal(good, bad, err)
	}
	if _, _, err := decode(t, body, Options{MaxEvents: 2}); !errors.Is(err, ErrTooMany) {
		t.Fatal(err)
	}
	if _, _, err := decode(t, fmt.Sprint("[", strings.Repeat("1,", 5), "1]"), Options{MaxEvents: 6}); err != nil {
		t.Fatal(err)
	}
}

// TestDigits reads numbers of all lengths, before all kinds of bytes.
func TestDigits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		var w [8]byte
		n := r.IntN(9)
		want := uint64(0)
		for i := range w {
			w[i] = byte(r.IntN(256))
			if i < n {
				w[i] = '0' + byte(r.IntN(10))
				want = want*10 + uint64(w[i]-'0')
			} else if i == n && w[i]-'0' <= 9 {
				w[i] = "/:,.}\x00\xff\x80"[r.IntN(8)]
			}
		}
		if got, count := digitsOf(binary.LittleEndian.Uint64(w[:])); got != want || count != n {
			t.Fatalf("%q: %d of %d digits, want %d of %d", w, got, count, want, n)
		}
	}
}
