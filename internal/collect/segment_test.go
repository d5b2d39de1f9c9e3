package collect

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"playhead/internal/event"
)

// segmentEvent is a track of a pause near the fakes' clock.
func segmentEvent(more string) string {
	return `{"userId":"viewer-77","messageId":"m-1","timestamp":"` + stamp(now-5000) + `","sentAt":"` + stamp(now) + `","event":"Video Playback Paused","properties":{"session_id":"s-1","content_asset_id":"film","position":8}` + more + `}`
}

func TestSegmentPathsAndKeys(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("phw_test:"))
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(segmentEvent(`,"writeKey":"phw_test"`)))
	_ = z.Close()
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		status     int
	}{
		"basic":               {"/v1/track", segmentEvent(""), []string{"Authorization", basic}, 200},
		"bearer":              {"/v1/t", segmentEvent(""), []string{"Authorization", "Bearer phw_test"}, 200},
		"in the URL":          {"/v1/t?k=phw_test", segmentEvent(""), nil, 200},
		"in the body":         {"/v1/t", segmentEvent(`,"writeKey":"phw_test"`), []string{"Content-Type", "text/plain"}, 200},
		"in a batch":          {"/v1/b", `{"writeKey":"phw_test","batch":[` + segmentEvent(`,"type":"track"`) + `]}`, nil, 200},
		"in a packed body":    {"/v1/track", packed.String(), []string{"Content-Type", "application/x-www-form-urlencoded", "Content-Encoding", "gzip"}, 200},
		"packed, nobody said": {"/v1/track", packed.String(), nil, 200},
		"and with a key":      {"/v1/track", packed.String(), []string{"Authorization", basic}, 200},
		"no key":              {"/v1/track", segmentEvent(""), nil, 401},
		"another key":         {"/v1/track", segmentEvent(`,"writeKey":"phw_none"`), nil, 401},
		"a read token":        {"/v1/track", segmentEvent(`,"writeKey":"phr_token"`), nil, 401},
		"origin of the key":   {"/v1/track", segmentEvent(`,"writeKey":"phw_site"`), []string{"Origin", "https://site.example"}, 200},
		"another origin":      {"/v1/track", segmentEvent(`,"writeKey":"phw_site"`), []string{"Origin", "https://other.example"}, 403},
		"no JSON":             {"/v1/track?k=phw_test", "nonsense", nil, 400},
		"too large":           {"/v1/batch?k=phw_test", strings.Repeat(" ", 501<<10), nil, 413},
		"broken gzip":         {"/v1/batch?k=phw_test", "\x1f\x8b\x08 nonsense", nil, 400},
	} {
		r := newRig(t)
		req := httptest.NewRequest("POST", c.path, strings.NewReader(c.body))
		for i := 0; i < len(c.headers); i += 2 {
			req.Header.Set(c.headers[i], c.headers[i+1])
		}
		a := r.do(req)
		if a.status != c.status {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.text, c.status)
			continue
		}
		if c.status != 200 {
			continue
		}
		events := r.log.events(t)
		if len(events) != 1 || !strings.HasPrefix(a.text, `{"success":true,"accepted":1,`) {
			t.Errorf("%s: %d events, %s", name, len(events), a.text)
			continue
		}
		if e := events[0]; e.Type != event.Paused || e.Time != now-5000 || e.PositionMS != 8000 || e.TitleID != "film" || e.Format != event.FormatSegment || !e.Known {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestSegmentBatchOfARealClient(t *testing.T) {
	body, err := os.ReadFile("segment/testdata/analytics-node.json")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	if a := r.postTo("/v1/batch", bytes.NewReader(body)); a.Accepted != 12 || len(a.Rejected) != 0 {
		t.Fatal(a.text)
	}
	// What a client sends again has the same ids and another sentAt.
	again := bytes.Replace(body, []byte(`"sentAt":"2026-11-23T05:28:1`), []byte(`"sentAt":"2026-11-23T05:28:2`), 1)
	if bytes.Equal(body, again) {
		t.Error("the recording has another sentAt")
	}
	r.postTo("/v1/batch", bytes.NewReader(again))
	events := r.log.events(t)
	if len(events) != 24 {
		t.Fatal(len(events))
	}
	byID := map[event.Ref]int{}
	for i := range events {
		byID[events[i].ID]++
		if strings.Contains(string(events[i].Properties), "viewer-77") || slices.Contains([]string{"ann@films.example", "Ann"}, events[i].Traits["email"]+events[i].Traits["name"]) {
			t.Errorf("a person in %s %v", events[i].Properties, events[i].Traits)
		}
	}
	if len(byID) != 12 {
		t.Errorf("%d ids of 12 events", len(byID))
	}
}

func TestServersSpeakForTheirViewers(t *testing.T) {
	r := newRig(t)
	r.postTo("/v1/track", strings.NewReader(segmentEvent(`,"context":{"ip":"203.0.113.9","userAgent":"Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"}`)),
		"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36")
	if e := r.log.events(t)[0]; e.Context.DeviceType != "tablet" || e.Context.Browser != "Safari" {
		t.Errorf("%+v", e.Context)
	}
	for _, entry := range r.tail.Recent(9) {
		if strings.Contains(entry.Raw, "203.0.113.9") || strings.Contains(entry.Raw, "viewer-77") {
			t.Errorf("the tail shows %s", entry.Raw)
		}
	}
}

func TestCloudEventsByContentType(t *testing.T) {
	one := `{"specversion":"1.0","id":"c-1","source":"/app","type":"playhead.event","time":"` + stamp(now-3000) + `","data":{"type":"paused","viewer_id":"viewer-77","play_id":"p-1"}}`
	r := newRig(t)
	if a := r.post(one, "Content-Type", "application/cloudevents+json; charset=UTF-8"); a.Accepted != 1 {
		t.Error(a.text)
	}
	a := r.post(`[`+one+`,`+strings.Replace(one, "c-1", "c-2", 1)+`,`+one+`,{}]`, "Content-Type", "application/cloudevents-batch+json")
	if a.Accepted != 2 || a.Duplicate != 1 || len(a.Rejected) != 1 || a.Rejected[0].Index != 3 || a.Rejected[0].Code != "missing" {
		t.Error(a.text)
	}
	events := r.log.events(t)
	if len(events) != 3 || events[0].ID != events[1].ID || events[1].ID == events[2].ID || events[0].Time != now-3000 || events[0].Format != event.FormatCloudEvents {
		t.Errorf("%+v", events)
	}
	if a := r.post(`{"type":"paused","viewer_id":"viewer-77","play_id":"p-1"}`, "Content-Type", "application/json", "Ce-Specversion", "1.0",
		"Ce-Id", "c-1", "Ce-Source", "%2Fapp", "Ce-Type", "x", "Ce-Time", stamp(now-3000)); a.Accepted != 1 {
		t.Error(a.text)
	}
	if events := r.log.events(t); events[0].ID != events[3].ID || events[3].Format != event.FormatCloudEvents {
		t.Errorf("binary: %+v", events[3])
	}
	if a := r.post(one); a.Accepted != 0 {
		t.Errorf("without the content type: %s", a.text)
	}
}
