package collect

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"playhead/internal/event"
)

func TestTimes(t *testing.T) {
	const hour = 3_600_000
	cases := map[string]struct {
		body string
		want int64
	}{
		"as said":                {fmt.Sprintf(`"time":%d`, now-5000), now - 5000},
		"RFC 3339":               {`"time":"` + stamp(now-1234) + `"`, now - 1234},
		"with an offset":         {`"time":"2026-11-23T06:59:59.5+02:00"`, now - 500},
		"in the future":          {fmt.Sprintf(`"time":%d`, now+hour), now},
		"clock ahead":            {fmt.Sprintf(`"time":%d,"sent_at":%d`, now+2*hour-3000, now+2*hour), now - 3000},
		"clock behind":           {fmt.Sprintf(`"time":%d,"sent_at":%d`, now-2*hour-3000, now-2*hour), now - 3000},
		"clock of 1970":          {`"time":5000,"sent_at":8000`, now - 3000},
		"sent a little ago":      {fmt.Sprintf(`"time":%d,"sent_at":%d`, now-9000, now-1500), now - 9000},
		"offline for a day":      {fmt.Sprintf(`"time":%d,"sent_at":%d`, now-24*hour, now), now - 24*hour},
		"later than it was sent": {fmt.Sprintf(`"time":%d,"sent_at":%d`, now-3*hour, now-5*hour), now},
		"fraction of a ms":       {fmt.Sprintf(`"time":%d.75`, now-5000), now - 5000},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			got := r.post(`{"type":"heartbeat","viewer_id":"v","play_id":"p",` + c.body + `}`)
			if got.Accepted != 1 {
				t.Fatal(got.text)
			}
			if e := r.log.events(t)[0]; e.Time != c.want {
				t.Errorf("time %+d ms from now, want %+d", e.Time-now, c.want-now)
			}
		})
	}
	r := newRig(t)
	r.post(fmt.Sprintf(`{"events":[%s],"sent_at":%d}`, strings.Replace(beat(""), fmt.Sprint(now-1000), fmt.Sprint(now+hour), 1), now+hour+1000))
	if e := r.log.events(t)[0]; e.Time != now-1000 {
		t.Errorf("sent_at of the envelope: %+d", e.Time-now)
	}
}

func TestEverythingArrives(t *testing.T) {
	r := newRig(t)
	got := r.post(beat(`"id":"e1","session_id":"s1","seq":3,"title_id":" t1 ","position_ms":12.6,"duration_ms":9000,"live":true,"from_ms":-4,
		"creative_id":"c1","placement":"hero","rank":2,"impression_id":"i1","propensity":0.25,"search_id":"q1","rate":1.5,
		"context":{"country":"de","region":"BY","city":"M\u00fcnchen","device_type":"Smart-TV","os":"Tizen","browser":"B","app_version":"1.2","player":"hls.js","cdn":"north","isp":"x","connection":"wifi","timezone":"Europe/Berlin"},
		"quality":{"bitrate_kbps":4500.4,"dropped_frames":2,"startup_ms":800,"error_code":404,"error_class":"BUSINESS","error_fatal":true},
		"experiments":{"a":"b","n":1},"traits":{"age_band":"30-39"},"search":{"query":"caf\u00e9","results":7},
		"properties":{ "x" : [1, 2.50, "a\/b"] },"surprise":{"deep":[1]}`))
	if got.Accepted != 1 {
		t.Fatal(got.text)
	}
	e := r.log.events(t)[0]
	want := e // what cannot be compared by name is taken as it is
	want.Type, want.TitleID, want.PositionMS, want.DurationMS, want.Live, want.FromMS, want.Seq = event.Heartbeat, "t1", 13, 9000, true, 0, 3
	want.CreativeID, want.Placement, want.Rank, want.Propensity, want.Rate = "c1", "hero", 2, 0.25, 1.5
	want.Context = event.Context{Country: "DE", Region: "BY", City: "München", DeviceType: "tv", OS: "Tizen", Browser: "B", AppVersion: "1.2",
		Player: "hls.js", CDN: "north", ISP: "x", Connection: "wifi", Timezone: "Europe/Berlin"}
	want.Quality = event.Quality{BitrateKbps: 4500, DroppedFrames: 2, StartupMS: 800, ErrorCode: "404", ErrorClass: "business", ErrorFatal: true}
	want.SearchQuery, want.SearchHits = "café", 7
	if got, want := fmt.Sprintf("%+v", e), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if fmt.Sprint(e.Experiments, e.Traits) != "map[a:b n:1] map[age_band:30-39]" || string(e.Properties) != `{"x":[1,2.50,"a/b"]}` {
		t.Errorf("%v %v %s", e.Experiments, e.Traits, e.Properties)
	}
	for _, ref := range []event.Ref{e.ID, e.Session, e.Play, e.Impression, e.Search} {
		if ref.IsZero() {
			t.Errorf("a reference is missing: %+v", e)
		}
	}
	// The next event has nothing of it.
	r.post(beat(""))
	if e := r.log.events(t)[1]; e.Experiments != nil || e.Traits != nil || e.Properties != nil || e.Context.City != "" || e.Rate != 1 || e.Seq != event.Absent {
		t.Errorf("left over: %+v", e)
	}
}

func TestCountries(t *testing.T) {
	country, err := OpenCountry(CountryOptions{TrustedProxies: []string{"10.0.0.0/8", "192.0.2.9"}})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct{ said, from, header, want string }{
		{"us", "203.0.113.1:9", "", "US"}, {"UK", "203.0.113.1:9", "", "GB"}, {"XX", "10.0.0.1:9", "FR", ""}, {"Germany", "10.0.0.1:9", "", ""},
		{"", "10.0.0.1:9", "fr", "FR"}, {"", "203.0.113.1:9", "FR", ""}, {"", "192.0.2.9:9", "T1", ""}, {"", "192.0.2.9:9", "JP", "JP"}, {"é", "10.0.0.1:9", "", ""},
	}
	for _, c := range cases {
		r := newRig(t, func(cfg *Config) { cfg.Country = country })
		body := beat(`"context":{"country":"` + c.said + `"}`)
		req := httptest.NewRequest("POST", "/v1/events?k=phw_test", strings.NewReader(body))
		req.RemoteAddr = c.from
		req.Header.Set("CF-IPCountry", c.header)
		if got := r.do(req); got.Accepted != 1 || r.log.events(t)[0].Context.Country != c.want {
			t.Errorf("%+v: %s %q", c, got.text, r.log.events(t)[0].Context.Country)
		}
	}
	if _, err := OpenCountry(CountryOptions{TrustedProxies: []string{"nonsense"}}); err == nil {
		t.Error("a proxy that is no address")
	}
	req := httptest.NewRequest("POST", "/", nil)
	req.RemoteAddr = "10.0.0.1:9"
	req.Header.Set("X-Forwarded-For", "198.51.100.7, 203.0.113.5, 10.0.0.2")
	if got := country.client(req, country.trusted[0].Addr()); got.String() != "203.0.113.5" {
		t.Errorf("client %v", got)
	}
}

func TestDevices(t *testing.T) {
	const (
		iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
		chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
		tizen  = "Mozilla/5.0 (SMART-TV; LINUX; Tizen 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/5.0 TV Safari/537.36"
		ps5    = "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15"
		fire   = "Mozilla/5.0 (Linux; Android 9; AFTMM Build/PS7642) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0 Mobile Safari/537.36"
	)
	cases := []struct{ said, agent, want, raw, os string }{
		{"tv", iphone, "tv", "", ""}, {"mobile", chrome, "mobile", "", ""}, {"WEB", "", "web", "", ""}, {"fridge", iphone, "other", "fridge", ""},
		{"", iphone, "phone", "", "iOS"}, {"", chrome, "desktop", "", "Linux"}, {"", tizen, "tv", "", "Tizen"}, {"", ps5, "console", "", ""},
		{"", fire, "set_top_box", "", "Fire OS"}, {"", "curl/8.5.0", "", "", ""}, {"", "Go-http-client/1.1", "", "", ""}, {"", "", "", "", ""},
		{"phone", iphone, "phone", "", "iOS"}, {"", strings.Repeat("x", 5000), "", "", ""},
	}
	for _, c := range cases {
		r := newRig(t)
		if got := r.post(beat(`"context":{"device_type":"`+c.said+`"}`), "User-Agent", c.agent); got.Accepted != 1 {
			t.Fatal(got.text)
		}
		x := r.log.events(t)[0].Context
		if x.DeviceType != c.want || x.DeviceTypeRaw != c.raw || c.os != "" && x.OS != c.os {
			t.Errorf("%.30q %.60q: %+v", c.said, c.agent, x)
		}
	}
}

// Whatever a raw id is put into, the log never gets it.
func TestNothingRawReachesTheLog(t *testing.T) {
	for _, raw := range []string{"viewer-4711", "joe@example.com", `odd"id\with`, "zoë/ü", "<b>&"} {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(raw)
		escaped := ""
		for _, ch := range raw {
			escaped += fmt.Sprintf(`\u%04x`, ch)
		}
		for _, spelt := range []string{quoted, escaped} {
			r := newRig(t)
			body := fmt.Sprintf(`{"type":"search","time":%d,"id":"%[2]s","session_id":"s-%[2]s","play_id":"p-%[2]s","impression_id":"%[2]s","search_id":"%[2]s",
				"search":{"query":"who is %[2]s ?"},"properties":{"of %[2]s":["x%[2]sx",{"a":"%[2]s"}]},"traits":{"mail":"%[2]s","%[2]s":"x"},"experiments":{"e":"%[2]s"},
				"FIELD":"%[2]s"}`, now, spelt)
			for _, field := range []string{"viewer_id", "anonymous_id"} {
				if got := r.post(strings.Replace(body, "FIELD", field, 1)); got.Accepted != 1 {
					t.Fatal(got.text)
				}
			}
			r.postTo("/cmcd?k=phw_test", strings.NewReader(fmt.Sprintf(`com.playhead-viewer="%s",e=t,sid="s-viewer-4711",cid="c"`, quoted)))
			for _, rec := range r.log.records {
				for _, form := range []string{raw, quoted, spelt, "4711"} {
					if bytes.Contains(rec.Data, []byte(form)) {
						t.Fatalf("a record holds %q: %q", form, rec.Data)
					}
				}
			}
			for _, e := range r.tail.Recent(10) {
				if shown := fmt.Sprintf("%+v %s", e, e.Became); strings.Contains(shown, raw) || strings.Contains(shown, quoted) || strings.Contains(shown, escaped) {
					t.Errorf("the tail shows %q: %s", raw, shown)
				}
			}
			if e := r.log.events(t)[0]; !strings.Contains(e.SearchQuery, e.Viewer.String()) {
				t.Errorf("no pseudonym in %q", e.SearchQuery)
			}
		}
	}
}

func TestIdentities(t *testing.T) {
	r := newRig(t)
	r.post(`[{"type":"identified","time":1795409999000,"viewer_id":"same"},{"type":"identified","time":1795409999000,"anonymous_id":"same"},
		{"type":"identified","time":1795409999000,"session_id":"same"},{"type":"identified","time":1795409999000,"session_id":"x","viewer_id":" same "}]`)
	e := r.log.events(t)
	if len(e) != 4 {
		t.Fatalf("%d events", len(e))
	}
	if e[0].Viewer == e[1].Viewer || e[1].Viewer == e[2].Viewer || e[0].Viewer != e[3].Viewer || !e[0].Known || !e[1].Known || e[2].Known {
		t.Errorf("%+v", e)
	}
}

func TestMetrics(t *testing.T) {
	r := newRig(t)
	r.post("[" + beat(`"id":"1","extra":1`) + "," + beat(`"id":"1"`) + "," + beat(`"seq":"x"`) + "]")
	r.post(beat(""), "Authorization", "Bearer nobody")
	r.postTo("/cmcd?k=phw_test", strings.NewReader("e=rr,sid=\"s\""))
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := strings.TrimPrefix(f.GetName(), "playhead_collect_")
			for _, l := range m.GetLabel() {
				name += " " + l.GetValue()
			}
			got[name] = m.GetCounter().GetValue()
		}
	}
	for name, n := range map[string]float64{
		"events_total cmcd test ignored": 1, "events_total native test accepted": 1, "events_total native test duplicate": 1,
		"events_total native test rejected": 1, "refused_total unknown_key": 1, "rejected_total invalid native test": 1,
		"unknown_fields_total": 1, "ignored_total cmcd test response": 1, "repaired_total native test unknown_field": 1,
	} {
		if got[name] != n {
			t.Errorf("%s is %v, want %v; all: %v", name, got[name], n, got)
		}
	}
}

func TestLowered(t *testing.T) {
	for n := range 20 {
		for at := range n {
			for ch := range 256 {
				text := []byte(strings.Repeat("x", n))
				text[at] = byte(ch)
				if got, want := lowered(string(text)), (ch < 'A' || ch > 'Z') && ch < 0x80; got != want {
					t.Fatalf("%q is lowered: %t", text, got)
				}
			}
		}
	}
}
