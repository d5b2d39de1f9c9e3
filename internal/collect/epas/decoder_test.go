package epas

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"playhead/internal/collect/wire"
	"playhead/internal/collect/wiretest"
	"playhead/internal/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func decode(t *testing.T, body string, o Options) (out wire.Item) {
	t.Helper()
	err := NewDecoder().Decode([]byte(body), o, func(it *wire.Item) {
		out = *it
		out.Event.Properties = []byte(string(it.Event.Properties))
	})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return out
}

func TestEvents(t *testing.T) {
	const at = `,"sessionId":"s-1","timestamp":1795410000000,"playhead":12.5,"duration":40.04`
	cases := map[string]struct {
		body  string
		typ   event.Type
		check func(it *wire.Item) bool
	}{
		"loading": {`{"event":"loading"` + at + `}`, event.PlayRequested, func(it *wire.Item) bool {
			return it.Session == "s-1" && it.Play == "s-1" && it.HasTime && it.Event.Time == 1795410000000
		}},
		"playing":   {`{"event":"playing"` + at + `}`, event.Resumed, func(it *wire.Item) bool { return it.Event.PositionMS == 12500 && it.Event.DurationMS == 40040 }},
		"paused":    {`{"event":"paused"` + at + `}`, event.Paused, nil},
		"buffering": {`{"event":"buffering"` + at + `}`, event.StallStarted, nil},
		"buffered":  {`{"event":"buffered"` + at + `}`, event.StallEnded, nil},
		"seeking":   {`{"event":"seeking"` + at + `}`, event.SeekStarted, func(it *wire.Item) bool { return it.Event.PositionMS == 12500 && it.Event.FromMS == event.Absent }},
		"seeked":    {`{"event":"seeked"` + at + `}`, event.Seeked, nil},
		"heartbeat": {`{"event":"heartbeat"` + at + `}`, event.Heartbeat, nil},
		"bitrate": {`{"event":"bitrate_changed"` + at + `,"payload":{"bitrate":246.44,"width":320}}`, event.QualityChanged, func(it *wire.Item) bool {
			return it.Event.Quality.BitrateKbps == 246 && string(it.Event.Properties) == `{"width":320}`
		}},
		"metadata": {`{"event":"metadata"` + at + `,"payload":{"contentId":"m-9","contentTitle":"A <b>","live":true,"deviceType":"TV","userId":"anna","deviceId":"d","contentUrl":"https://cdn.example/a.mp4"}}`,
			event.QualityChanged, func(it *wire.Item) bool {
				e := &it.Event
				return e.TitleID == "m-9" && e.Live && e.Context.DeviceType == "TV" && it.Viewer == "" && it.MediaURL == "https://cdn.example/a.mp4" &&
					string(e.Properties) == `{"contentTitle":"A <b>"}`
			}},
		"error": {`{"event":"error"` + at + `,"payload":{"category":"NETWORK","code":404,"message":"gone"}}`, event.Error, func(it *wire.Item) bool {
			return it.Event.Quality.ErrorFatal && it.Event.Quality.ErrorCode == "404"
		}},
		"warning": {`{"event":"warning"` + at + `,"payload":{"code":"slow"}}`, event.Error, func(it *wire.Item) bool {
			return !it.Event.Quality.ErrorFatal && it.Event.Quality.ErrorCode == "slow"
		}},
		"ended":         {`{"event":"stopped"` + at + `,"payload":{"reason":"ended"}}`, event.PlayEnded, nil},
		"aborted":       {`{"event":"stopped"` + at + `,"payload":{"reason":"aborted"}}`, event.PlayEnded, nil},
		"stopped":       {`{"event":"stopped"` + at + `}`, event.PlayEnded, nil},
		"error stopped": {`{"event":"stopped"` + at + `,"payload":{"reason":"error"}}`, event.Error, func(it *wire.Item) bool { return it.Event.Quality.ErrorFatal }},
	}
	for name, c := range cases {
		it := decode(t, c.body, Options{})
		if it.Bad.Code != "" || it.Ignored != "" || it.Event.Type != c.typ || c.check != nil && !c.check(&it) {
			t.Errorf("%s: %+v", name, it)
		}
	}
}

func TestIgnored(t *testing.T) {
	for _, name := range []string{"init", "loaded"} {
		// Without a session: the answer to init gives one.
		if it := decode(t, `{"event":"`+name+`","timestamp":1795410000000,"playhead":-1,"duration":-1}`, Options{}); it.Ignored != name || it.Bad.Code != "" {
			t.Errorf("%s: %+v", name, it)
		}
	}
}

func TestRejected(t *testing.T) {
	for body, want := range map[string]string{
		`{}`:                                "event missing",
		`{"event":"dance","sessionId":"s"}`: "event unknown_type",
		`{"event":"playing"}`:               "sessionId missing",
		`{"event":"playing","sessionId":7}`: "sessionId invalid",
		`{"event":"playing","sessionId":"s","timestamp":"now"}`:              "timestamp invalid",
		`{"event":"playing","sessionId":"s","timestamp":1e300}`:              "timestamp out_of_range",
		`{"event":"playing","sessionId":"` + strings.Repeat("s", 300) + `"}`: "sessionId too_long",
		"{\"event\":\"playing\",\"sessionId\":\"\xff\"}":                     " invalid_utf8",
	} {
		it := decode(t, body, Options{})
		if got := it.Bad.Field + " " + string(it.Bad.Code); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	for _, body := range []string{"", "null", "[]", "{", `{"event":"init"}{}`} {
		if err := NewDecoder().Decode([]byte(body), Options{}, func(*wire.Item) { t.Errorf("%q gave an item", body) }); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		playhead, duration float64
		unit               Unit
		position, length   int64
	}{
		{12.5, 40.04, Guess, 12_500, 40_040},
		{5400, 7200, Guess, 5_400_000, 7_200_000},
		{12_500, 40_040, Guess, 12_500, 40_040},
		{0, 5_400_000, Guess, 0, 5_400_000},
		{90, -1, Guess, 90_000, event.Absent},             // live, in seconds
		{3_600_000, -1, Guess, 3_600_000, event.Absent},   // live, in milliseconds
		{12_500, 15_000, Milliseconds, 12_500, 15_000},    // a short clip
		{12_500, 90_000, Seconds, 12_500_000, 90_000_000}, // a day and an hour
		{-1, -1, Guess, event.Absent, event.Absent},
		{1e300, -1, Guess, event.Absent, event.Absent},
	} {
		it := decode(t, fmt.Sprintf(`{"event":"playing","sessionId":"s","playhead":%v,"duration":%v}`, c.playhead, c.duration), Options{Unit: c.unit, Viewer: "v"})
		if it.Event.PositionMS != c.position || it.Event.DurationMS != c.length || it.Viewer != "v" {
			t.Errorf("%+v: %d of %d", c, it.Event.PositionMS, it.Event.DurationMS)
		}
	}
}

// What @eyevinn/player-analytics-client-sdk-web 0.2.0 was seen to send for a
// <video> that is played, paused, sought in and broken.
func TestRecorded(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "sdk-web-0.2.0.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		it := decode(t, line, Options{})
		if it.Bad.Code != "" {
			t.Errorf("%s: %+v", line, it.Bad)
		}
		if it.Ignored != "" {
			got = append(got, "-")
			continue
		}
		got = append(got, fmt.Sprintf("%s@%d", it.Event.Type, it.Event.PositionMS))
	}
	text, golden := strings.Join(got, "\n")+"\n", filepath.Join("testdata", "sdk-web-0.2.0.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s", text)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := os.ReadFile(filepath.Join("testdata", "sdk-web-0.2.0.ndjson"))
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		f.Add([]byte(line), uint8(0))
	}
	f.Add([]byte(`{"event":"error","sessionId":"s","payload":{"code":1e9,"message":"\u003c","category":[{}]}}`), uint8(1))
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, body []byte, unit uint8) {
		n := 0
		err := d.Decode(body, Options{Unit: Unit(unit % 3)}, func(it *wire.Item) {
			n++
			if it.Bad.Code == "" && it.Ignored == "" && (it.Session == "" || it.Event.Type == event.TypeUnknown) {
				t.Errorf("an event out of nothing: %+v", it)
			}
			if len(it.Event.Properties) > 2*len(body)+event.MaxTextBytes {
				t.Errorf("%d bytes of properties from %d", len(it.Event.Properties), len(body))
			}
		})
		wiretest.Bounded(t, body, func() (items int) {
			_ = d.Decode(body, Options{}, func(*wire.Item) { items++ }) // whatever it says
			return items
		})
		if (err == nil) != (n == 1) {
			t.Errorf("%d items, %v", n, err)
		}
	})
}
