package process

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What the document says is there is there, and asks for the key that it says.
func TestTheDocumentIsTrue(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	resp, err := http.Get(s.url("/openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	doors := 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if strings.Contains(path, "{") {
				continue
			}
			req, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(method), s.url(path), nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			got.Body.Close()
			if got.StatusCode == http.StatusNotFound || got.StatusCode == http.StatusMethodNotAllowed {
				t.Errorf("%s %s is described and not there: %s", method, path, got.Status)
			}
			if len(op.Security) == 0 {
				continue
			}
			if op.Security[0]["write_key"] != nil {
				doors++
			}
			if got.StatusCode != http.StatusUnauthorized && path != "/metrics" { // which also answers this machine
				t.Errorf("%s %s answers a stranger with %s", method, path, got.Status)
			}
		}
	}
	if doors < 7 {
		t.Errorf("%d doors of the intake are described", doors)
	}
}

// Bodies that cannot be taken as a whole: a status, a problem in words, and
// nothing counted.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	key := s.key("write")
	good := marshal(t, aPlay(1, time.Hour, time.Minute))
	bomb := gzipped(t, make([]byte, 200<<20))
	if len(bomb) > 1<<20 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	for _, c := range []struct {
		name   string
		key    string
		body   []byte
		header map[string]string
		want   int
	}{
		{"no key", "", good, nil, http.StatusUnauthorized},
		{"unknown key", "wk_0000000000000000000000000000", good, nil, http.StatusUnauthorized},
		{"truncated gzip", key, gzipped(t, good)[:40], map[string]string{"Content-Encoding": "gzip"}, http.StatusBadRequest},
		{"gzip that is none", key, good, map[string]string{"Content-Encoding": "gzip"}, http.StatusBadRequest},
		{"zip bomb", key, bomb, map[string]string{"Content-Encoding": "gzip"}, http.StatusRequestEntityTooLarge},
		{"unknown encoding", key, good, map[string]string{"Content-Encoding": "lzma"}, http.StatusUnsupportedMediaType},
		{"10 MB of [", key, bytes.Repeat([]byte("["), 10_000_000), nil, http.StatusRequestEntityTooLarge},
		{"4 MB of [", key, bytes.Repeat([]byte("["), 4_000_000), nil, http.StatusBadRequest},
		{"half an array", key, good[:len(good)/2], nil, http.StatusBadRequest},
		{"no JSON", key, []byte("hello"), nil, http.StatusBadRequest},
	} {
		a := s.post("/v1/events", c.key, c.body, c.header)
		if a.status != c.want {
			t.Errorf("%s: %s\nwant %d", c.name, a, c.want)
		}
		if len(bytes.TrimSpace(a.body)) < 20 {
			t.Errorf("%s: the answer says too little: %s", c.name, a)
		}
	}
	s.eventually(s.key("read"), map[string]float64{"play_requests": 0})
}

// Bad events among good ones: each is refused with a reason, its neighbours count.
func TestBadEvents(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	key, token := s.key("write"), s.key("read")
	now := time.Now()
	heartbeat := func(change event) event {
		e := event{"id": "e", "type": "heartbeat", "time": now.UnixMilli(), "viewer_id": "viewer-9", "play_id": "play-9", "title_id": "t-1"}
		for k, v := range change {
			e[k] = v
		}
		return e
	}
	for _, c := range []struct {
		name  string
		bad   event
		field string
	}{
		{"unknown type", heartbeat(event{"type": "danced"}), "type"},
		{"a time in 1970", heartbeat(event{"time": 1000}), "time"},
		{"a time in 2100", heartbeat(event{"time": "2100-01-01T00:00:00Z"}), "time"},
		{"an id of 1 MB", heartbeat(event{"viewer_id": strings.Repeat("x", 1<<20)}), "viewer_id"},
		{"a wrong type", heartbeat(event{"position_ms": "far"}), "position_ms"},
	} {
		got := s.send(key, marshal(t, []event{c.bad}), nil)
		if got.Accepted != 0 || len(got.Rejected) != 1 {
			t.Errorf("%s: %+v", c.name, got)
			continue
		}
		r := got.Rejected[0]
		if r.Index != 0 || r.Field != c.field || r.Code == "" || r.Reason == "" {
			t.Errorf("%s: rejected as %+v, want field %s", c.name, r, c.field)
		}
		if strings.Contains(r.Reason, "viewer-9") || len(r.Reason) > 1000 {
			t.Errorf("%s: the reason repeats what was sent: %.200s", c.name, r.Reason)
		}
	}
	s.eventually(token, map[string]float64{"play_requests": 0})
}

func TestOneWrongInAThousand(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	key, token := s.key("write"), s.key("read")
	var events []event
	for n := range 200 { // 200 plays of five events
		events = append(events, aPlay(n, 2*time.Hour, 25*time.Second)...)
	}
	if len(events) != 1000 {
		t.Fatalf("%d events", len(events))
	}
	events[502]["quality"] = event{"bitrate_kbps": "much"} // a heartbeat
	got := s.send(key, marshal(t, events), nil)
	if got.Accepted != 999 || len(got.Rejected) != 1 || got.Rejected[0].Index != 502 {
		t.Fatalf("accepted %d, rejected %+v; want 999 and number 502", got.Accepted, got.Rejected)
	}
	s.eventually(token, map[string]float64{"plays": 200, "play_requests": 200})
}

func TestInvalidUTF8AndHalfLine(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	key, token := s.key("write"), s.key("read")

	broken := lines(t, aPlay(1, time.Hour, 25*time.Second))
	broken = bytes.Replace(broken, []byte(`"type":"heartbeat"`), []byte("\"type\":\"heartbeat\",\"properties\":{\"x\":\"\xff\xfe\"}"), 1)
	a := s.post("/v1/events", key, broken, map[string]string{"Content-Type": "application/x-ndjson"})
	var got accepted
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != http.StatusOK {
		t.Fatalf("invalid UTF-8: %s", a)
	}
	if got.Accepted+len(got.Rejected) != 5 || got.Accepted < 4 {
		t.Errorf("invalid UTF-8: %s", a)
	}

	half := lines(t, aPlay(2, time.Hour, 25*time.Second))
	half = append(half, []byte(`{"id":"half","type":"heart`)...)
	got = s.send(key, half, map[string]string{"Content-Type": "application/x-ndjson"})
	if got.Accepted != 5 || len(got.Rejected) != 1 || got.Rejected[0].Index != 5 {
		t.Errorf("half a line: %+v", got)
	}
	s.eventually(token, map[string]float64{"plays": 2})
}

func TestQueriesThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	token := s.key("read")
	for name, body := range map[string]string{
		"no JSON":           `{`,
		"unknown metric":    `{"metrics":["joy"]}`,
		"no metrics":        `{"metrics":[]}`,
		"unknown dimension": `{"metrics":["plays"],"dimensions":["mood"]}`,
		"unknown grain":     `{"metrics":["plays"],"grain":"fortnight"}`,
		"backwards":         `{"metrics":["plays"],"from":"2026-02-01T00:00:00Z","to":"2026-01-01T00:00:00Z"}`,
	} {
		a := s.post("/api/v1/query", token, []byte(body), nil)
		if a.status < 400 || a.status > 422 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %s (%s)", name, a, a.header.Get("Content-Type"))
		}
	}
	if a := s.post("/api/v1/query", "", []byte(`{"metrics":["plays"]}`), nil); a.status != http.StatusUnauthorized {
		t.Errorf("no token: %s", a)
	}
	if a := s.post("/api/v1/query", s.key("write"), []byte(`{"metrics":["plays"]}`), nil); a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
		t.Errorf("a write key as token: %s", a)
	}
}
