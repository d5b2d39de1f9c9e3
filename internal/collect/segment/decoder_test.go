package segment

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"playhead/internal/collect/rawjson"
	"playhead/internal/collect/wire"
	"playhead/internal/collect/wiretest"
	"playhead/internal/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// summary is what became of an item, in a line.
func summary(it *wire.Item) string {
	e := &it.Event
	if it.Bad.Code != "" {
		return fmt.Sprintf("bad %s %s", it.Bad.Field, it.Bad.Code)
	}
	out := []string{e.Type.String()}
	text := func(name, s string) {
		if s != "" {
			out = append(out, name+"="+s)
		}
	}
	number := func(name string, v int64) {
		if v != event.Absent {
			out = append(out, fmt.Sprintf("%s=%d", name, v))
		}
	}
	text("viewer", it.Viewer)
	text("anonymous", it.Anonymous)
	text("session", it.Session)
	text("play", it.Play)
	text("title", e.TitleID)
	number("position", e.PositionMS)
	number("from", e.FromMS)
	number("duration", e.DurationMS)
	number("kbps", e.Quality.BitrateKbps)
	number("startup", e.Quality.StartupMS)
	text("player", e.Context.Player)
	text("device", e.Context.DeviceType)
	text("os", e.Context.OS)
	text("country", e.Context.Country)
	text("error", e.Quality.ErrorCode)
	text("query", e.SearchQuery)
	for _, m := range []struct {
		name  string
		pairs map[string]string
	}{{"traits", e.Traits}, {"experiments", e.Experiments}} {
		for _, k := range slices.Sorted(maps.Keys(m.pairs)) {
			text(m.name+"."+k, m.pairs[k])
		}
	}
	if e.Quality.ErrorFatal {
		out = append(out, "fatal")
	}
	if e.Live {
		out = append(out, "live")
	}
	if it.Unknown > 0 {
		out = append(out, fmt.Sprintf("unknown=%d", it.Unknown))
	}
	text("properties", string(e.Properties))
	return strings.Join(out, " ")
}

func decode(t *testing.T, body string, opts Options) []string {
	t.Helper()
	var out []string
	if err := NewDecoder().Decode([]byte(body), opts, func(it *wire.Item) { out = append(out, summary(it)) }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRecordedClients(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, got := NewDecoder(), ""
		err = d.Decode(body, Options{Kind: "track"}, func(it *wire.Item) {
			if it.ID == "" || !it.HasTime || it.SentAt == 0 {
				t.Errorf("%s: id %q, time %t, sent %d", file, it.ID, it.HasTime, it.SentAt)
			}
			got += fmt.Sprintf("%d %s\n", it.SentAt-it.Event.Time, summary(it))
		})
		if err != nil {
			t.Fatal(file, err)
		}
		golden := strings.TrimSuffix(file, ".json") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || got != string(want) {
			t.Errorf("%s (%v):\n%s", golden, err, got)
		}
	}
}

// a playback event with ids.
func track(name, properties string) string {
	return `{"type":"track","userId":"u","messageId":"m","timestamp":"2026-11-23T05:00:00Z","event":"` + name + `","properties":` + properties + `}`
}

func TestVideoSpec(t *testing.T) {
	const ids = `"session_id":"s","content_asset_id":"film",`
	const base = " viewer=u play=s title=film"
	for name, c := range map[string]struct{ event, properties, want string }{
		"started":         {"Video Playback Started", `{"session_id":"s","content_asset_ids":["film","next"],"total_length":392,"position":0,"video_player":"youtube","livestream":false}`, "play_requested" + base + " position=0 duration=392000 player=youtube"},
		"started live":    {"Video Playback Started", `{` + ids + `"total_length":null,"livestream":true}`, "play_requested" + base + " live"},
		"paused":          {"Video Playback Paused", `{` + ids + `"position":278.25,"total_length":420}`, "paused" + base + " position=278250"},
		"paused in an ad": {"Video Playback Paused", `{` + ids + `"position":3,"ad_asset_id":"ad"}`, "paused" + base},
		"interrupted":     {"Video Playback Interrupted", `{` + ids + `"method":"call"}`, "paused" + base},
		"buffer started":  {"Video Playback Buffer Started", `{` + ids + `"position":1}`, "stall_started" + base + " position=1000"},
		"buffer done":     {"Video Playback Buffer Completed", `{` + ids + `"position":1}`, "stall_ended" + base + " position=1000"},
		"seek started":    {"Video Playback Seek Started", `{` + ids + `"position":278,"seek_position":320}`, "seek_started" + base + " position=320000 from=278000"},
		"seek completed":  {"Video Playback Seek Completed", `{` + ids + `"position":320}`, "seeked" + base + " position=320000"},
		"seek, target":    {"Video Playback Seek Completed", `{` + ids + `"seek_position":320}`, "seeked" + base + " position=320000"},
		"resumed":         {"Video Playback Resumed", `{` + ids + `"position":"12.5"}`, "resumed" + base + " position=12500"},
		"completed":       {"Video Playback Completed", `{` + ids + `"position":392}`, "play_ended" + base + " position=392000"},
		"exited":          {"Video Playback Exited", `{` + ids + `"position":-0.2}`, "play_ended" + base + " position=0"},
		"error":           {"Video Playback Error", `{` + ids + `"code":4001,"message":"no"}`, "error" + base + " error=4001 fatal"},
		"error, mild":     {"video_playback_error", `{` + ids + `"error":"decode","fatal":false}`, "error" + base + " error=decode"},
		"quality":         {"Video Quality Updated", `{` + ids + `"bitrate":1200.4,"startup_time":0.4}`, "quality_changed" + base + " kbps=1200 startup=400"},
		"content started": {"Video Content Started", `{"session_id":"s","asset_id":"film","total_length":60,"position":0,"title":"A film"}`, "play_started" + base + " position=0 duration=60000"},
		"camel case":      {"videoContentPlaying", `{"sessionId":"s","assetId":"film","totalLength":60,"position":5}`, "heartbeat" + base + " position=5000 duration=60000"},
		"content done":    {"Video Content Completed", `{"session_id":"s","asset_id":"film","position":60}`, "heartbeat" + base + " position=60000"},
		"ad started":      {"Video Ad Started", `{"session_id":"s","asset_id":"ad","content_asset_id":"film","position":0,"total_length":15,"bitrate":300}`, "ad_started" + base},
		"ad playing":      {"Video Ad Playing", `{"session_id":"s","asset_id":"ad","position":5}`, "heartbeat viewer=u play=s"},
		"ad done":         {"Video Ad Completed", `{"session_id":"s","asset_id":"ad"}`, "ad_ended viewer=u play=s"},
		"several assets":  {"Video Playback Paused", `{"session_id":"s","content_asset_ids":["a","b"]}`, "paused viewer=u play=s"},
		"number as id":    {"Video Playback Paused", `{"session_id":17,"content_asset_id":3}`, "paused viewer=u play=17 title=3"},
		"wrong kinds":     {"Video Playback Paused", `{` + ids + `"position":{},"bitrate":"fast","video_player":[1]}`, "paused" + base + " unknown=3"},
		"far position":    {"Video Playback Paused", `{` + ids + `"position":1e300}`, "paused" + base + " unknown=1"},
		"no session":      {"Video Playback Paused", `{"content_asset_id":"film"}`, "bad properties.session_id missing"},
		"long session":    {"Video Playback Paused", `{"session_id":"` + strings.Repeat("x", 257) + `"}`, "bad properties.session_id too_long"},
		"no properties":   {"Video Playback Paused", `null`, "bad properties.session_id missing"},
	} {
		got := decode(t, track(c.event, c.properties), Options{Kind: "track"})
		line, _, _ := strings.Cut(got[0], " properties={")
		if len(got) != 1 || line != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, line, c.want)
		}
	}
}

func TestWhatIsKept(t *testing.T) {
	for name, c := range map[string]struct{ body, kind, want string }{
		"track": {`{"userId":"u","event":"Order Completed","properties":{"total":9.5,"email":"a@b.c","items":[{"sku":"x","userId":"u"}],"note":"\u0061\n"}}`, "track",
			`tracked viewer=u properties={"type":"track","event":"Order Completed","properties":{"total":9.5,"items":[{"sku":"x"}],"note":"a\n"}}`},
		"page": {`{"anonymousId":"a","name":"Home","properties":{"path":"/"}}`, "page",
			`tracked anonymous=a properties={"type":"page","name":"Home","properties":{"path":"/"}}`},
		"screen": {`{"userId":7,"name":"Home"}`, "screen", `tracked viewer=7 properties={"type":"screen","name":"Home"}`},
		"group":  {`{"userId":"u","groupId":"g","traits":{"plan":"x","phone":"1"}}`, "group", `tracked viewer=u properties={"type":"group","group":"g","traits":{"plan":"x"}}`},
		"alias":  {`{"userId":"u","previousId":"a"}`, "alias", `tracked viewer=u properties={"type":"alias"}`},
		"identify": {`{"userId":"u","traits":{"plan":"pro","age":33,"vip":true,"email":"a@b.c","name":"Ann","address":{"city":"X"},"list":[1]}}`, "identify",
			`identified viewer=u traits.age=33 traits.plan=pro traits.vip=true`},
		"experiment": {`{"userId":"u","event":"Experiment Viewed","properties":{"experiment_name":"art","variation_name":"b"}}`, "track",
			`exposed viewer=u experiments.art=b properties={"experiment_name":"art","variation_name":"b"}`},
		"search":      {`{"userId":"u","event":"Products Searched","properties":{"query":"noir"}}`, "track", `search viewer=u query=noir properties={"query":"noir"}`},
		"type wins":   {`{"userId":"u","type":"page","name":"n"}`, "track", `tracked viewer=u properties={"type":"page","name":"n"}`},
		"no viewer":   {`{"event":"x"}`, "track", `bad userId missing`},
		"only a play": {`{"event":"Video Playback Resumed","properties":{"session_id":"s"}}`, "track", `resumed session=s play=s`},
		"no name":     {`{"userId":"u"}`, "track", `bad event missing`},
		"strange":     {`{"userId":"u","type":"delete"}`, "", `bad type unknown_type`},
		"no type":     {`{"userId":"u"}`, "", `bad type missing`},
		"bad time":    {`{"userId":"u","event":"x","timestamp":"yesterday"}`, "track", `bad timestamp invalid`},
		"bad id":      {`{"userId":{"a":1},"event":"x"}`, "track", `bad userId invalid`},
		"not utf-8":   {"{\"userId\":\"\xff\",\"event\":\"x\"}", "track", `bad  invalid_utf8`},
		"deep":        {`{"userId":"u","event":"x","properties":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40) + `}`, "track", `bad  invalid`},
		"large":       {`{"userId":"u","event":"x","properties":{"a":"` + strings.Repeat("x", MaxEventBytes) + `"}}`, "track", `bad  too_long`},
		"phone": {`{"userId":"u","event":"x","context":{"ip":"1.2.3.4","device":{"type":"ios","model":"iPhone14,2"},"os":{"name":"iOS"},"location":{"country":"DE"}}}`, "track",
			`tracked viewer=u device=phone os=iOS country=DE properties={"type":"track","event":"x"}`},
	} {
		if got := decode(t, c.body, Options{Kind: c.kind}); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestBatch(t *testing.T) {
	body := `{"writeKey":"k","sentAt":"2026-11-23T05:00:10Z","context":{"timezone":"UTC"},"batch":[` +
		`{"type":"track","event":"x","userId":"u","timestamp":1795410000000}, 3 ,{"type":"page","userId":"u","sentAt":"2026-11-23T05:00:20.5Z"}]}`
	var got []string
	err := NewDecoder().Decode([]byte(body), Options{}, func(it *wire.Item) {
		got = append(got, fmt.Sprintf("%d,%s,%s,%d,%d,%s", it.Index, it.Event.Type, it.Bad.Code, it.Event.Time, it.SentAt, it.Event.Context.Timezone))
	})
	want := "0,tracked,,1795410000000,1795410010000,UTC|1,unknown,invalid,0,0,|2,tracked,,1795410020500,1795410020500,UTC"
	if strings.Join(got, "|") != want || err != nil {
		t.Errorf("%v %v", got, err)
	}
	if key := WriteKey([]byte(body)); key != "k" {
		t.Errorf("key %q", key)
	}
	none := func(*wire.Item) {}
	for body, want := range map[string]error{"": ErrMalformed, "{": ErrMalformed, "3": ErrMalformed, `{"batch":{}}`: ErrMalformed, strings.Repeat(" ", MaxBatchBytes+1): ErrTooLarge, `[{},{}]`: ErrTooMany} {
		if err := NewDecoder().Decode([]byte(body), Options{MaxEvents: 1}, none); !errors.Is(err, want) {
			t.Errorf("%.20q: %v, want %v", body, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, s := range []string{track("Video Content Playing", `{"session_id":"\u0073","asset_id":["a"],"position":1e2,"livestream":"true"}`), `{"batch":[{},[],null]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want := -1
		if root, ok := rawjson.Parse(body); ok {
			want = 1
			if list := root.Get("batch"); root.IsArray() || list != nil {
				if want = 0; list == nil {
					list = root
				}
				list.Elements(func(rawjson.Value) bool { want++; return true })
			}
		}
		got := 0
		err := NewDecoder().Decode(body, Options{Kind: "track"}, func(it *wire.Item) {
			if it.Index != got {
				t.Fatalf("index %d, want %d", it.Index, got)
			}
			got++
			if it.Bad.Code != "" {
				return
			}
			e := &it.Event
			if e.Type == event.TypeUnknown || it.Viewer+it.Anonymous+it.Session == "" || e.Type.OfPlay() && it.Play == "" ||
				len(it.Viewer) > 256 || len(it.Play) > 256 || !utf8.ValidString(it.Viewer) {
				t.Fatalf("an event without what it needs: %+v", it)
			}
			if len(e.Properties) > 0 {
				if p, ok := rawjson.Parse(e.Properties); !ok || !p.IsObject() || len(p) > 2*len(it.Raw)+100 {
					t.Fatalf("properties: %s", e.Properties)
				}
			}
		})
		if err == nil && got != want {
			t.Fatalf("%d events of %d", got, want)
		}
		d := NewDecoder()
		wiretest.Bounded(t, body, func() (items int) {
			_ = d.Decode(body, Options{MaxEvents: 10_000}, func(*wire.Item) { items++ }) // whatever it says
			return items
		})
		if !json.Valid(body) || len(body) > MaxBatchBytes/2 || bytes.Count(body, []byte("[")) > 100 || bytes.Count(body, []byte("{")) > 100 { // nesting has a limit
			return
		}
		good := track("Video Content Playing", `{"session_id":"s"}`)
		list := []byte(`{"batch":[` + good + "," + string(body) + "," + good + `]}`)
		wiretest.Neighbours(t, list, func(emit func(*wire.Item)) error { return NewDecoder().Decode(list, Options{}, emit) })
	})
}

// What viewers do beside playing, and what led to a play, comes through whole.
func TestBrowsing(t *testing.T) {
	one := func(body string) wire.Item {
		t.Helper()
		var got wire.Item
		n := 0
		if err := NewDecoder().Decode([]byte(body), Options{}, func(it *wire.Item) { got, n = *it, n+1 }); err != nil || n != 1 || got.Bad.Code != "" {
			t.Fatalf("%s: %d items, %v %+v", body, n, err, got.Bad)
		}
		return got
	}
	track := func(event, properties string) string {
		return `{"type":"track","userId":"u","event":"` + event + `","properties":{` + properties + `}}`
	}
	const shown = `"title_id":"t1","creative_id":"c1","placement":"row","rank":3,"impression_id":"i1","search_id":"s1","propensity":0.25`
	for name, want := range map[string]event.Type{
		"Impression": event.Impression, "Promotion Viewed": event.Impression, "select": event.Select, "Promotion Clicked": event.Select, "Rated": event.Rated,
		"Product Added to Wishlist": event.Listed, "Search": event.Search,
	} {
		it := one(track(name, shown+`,"query":"love","results":0`))
		e := it.Event
		if e.Type != want || e.TitleID != "t1" || e.CreativeID != "c1" || e.Placement != "row" || e.Rank != 3 || it.Impression != "i1" || it.Search != "s1" ||
			e.Propensity != 0.25 || e.SearchQuery != "love" || e.SearchHits != 0 {
			t.Errorf("%s: %+v", name, it)
		}
	}
	promotion := one(track("Promotion Viewed", `"promotion_id":"p","creative":"c2","product_id":"t2","position":"home_top"`)).Event
	if promotion.CreativeID != "c2" || promotion.TitleID != "t2" || promotion.Placement != "home_top" || promotion.Rank != event.Absent {
		t.Errorf("%+v", promotion)
	}
	it := one(track("Video Playback Started", `"session_id":"p1","position":5,`+shown))
	if e := it.Event; e.Type != event.PlayRequested || e.PositionMS != 5000 || e.CreativeID != "c1" || e.Rank != 3 || it.Impression != "i1" || it.Search != "s1" {
		t.Errorf("%+v", it)
	}
}
