package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"playhead/internal/access"
	"playhead/internal/collect"
	"playhead/internal/warehouse"
)

func TestAnswers(t *testing.T) {
	h := open(t, &fakes{})
	f := func(method, path, body string, status int, want ...string) {
		t.Helper()
		w := call(h, method, path, body)
		if w.Code != status {
			t.Errorf("%s %s gave %d, want %d: %s", method, path, w.Code, status, w.Body)
		}
		for _, text := range want {
			if !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s %s lacks %s in\n%s", method, path, text, w.Body)
			}
		}
		if status >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: an error of type %s", method, path, w.Header().Get("Content-Type"))
		}
	}
	f("POST", "/api/v1/query", `{"metrics":["plays","exits_before_video_start"],"dimensions":["title"]}`, 200,
		`"rows":[["dune",3,0]]`, `"rollup":"title_day"`, `"engine":"fake"`, `"approximate":{}`, `"suppressed":0`, `"identity_coverage":1`, `"warnings":[]`)
	f("POST", "/api/v1/query", `{"metrics":["playz"]}`, 400, `did you mean plays?`, `"location":"metrics[0]"`)
	f("POST", "/api/v1/query", `{"metrics":`, 400, `cut short`)
	f("POST", "/api/v1/query", `{"metric":["plays"]}`, 400, `did you mean metrics?`)
	f("POST", "/api/v1/query", `{"metrics":"plays","grain":"day"}`, 400, `expected an array`)
	f("POST", "/api/v1/query", `{"metrics":["plays"],"grain":"days"}`, 400, `did you mean day?`)
	f("POST", "/api/v1/query", ``, 400)
	f("POST", "/api/v1/query", strings.Repeat(" ", maxBody+1), 413)
	f("GET", "/api/v1/metrics", "", 200, `"name":"rebuffering_ratio"`, `"denominator":"watched time"`, `"grains":["none","10s"`, `"report_timezone":"UTC"`)
	f("GET", "/api/v1/values?dimension=title&prefix=sea", "", 200, `"values":[{"value":"dune","label":"The Dune Sea"}]`)
	f("GET", "/api/v1/values?dimension=title", "", 200, `"value":"dune"`)
	f("GET", "/api/v1/values?dimension=mood", "", 422)
	f("GET", "/api/v1/catalog/titles", "", 200, `"id":"dune"`, `"launched":"2026-11-23"`, `"creatives":[]`)
	f("GET", "/api/v1/catalog/titles/dune", "", 200, `"name":"The Dune Sea"`)
	f("GET", "/api/v1/catalog/titles/nope", "", 404)
	f("GET", "/api/v1/status", "", 200, `"events_total":5`, `"first_event_at":null`)
	f("GET", "/api/v1/session", "", 200, `"name":"ada"`)
	f("POST", "/api/v1/session/logout", "", 204)
	f("GET", "/healthz", "", 200)
	f("GET", "/readyz", "", 200)
	f("GET", "/metrics", "", 200)
}

func TestRetention(t *testing.T) {
	h := open(t, &fakes{})
	var got RetentionTable
	w := call(h, "GET", "/api/v1/titles/dune/retention?by=device_type", "")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	// Four plays of a 25 s clip in bins of 10 s; the last bin is half as wide
	// and one play went beyond it.
	want := [][]any{
		{"tv", 0.0, 1.0, 1.0, 0.75, 4.0},
		{"tv", 10_000.0, 0.75, 0.5, 0.25, 4.0},
		{"tv", 20_000.0, 0.5, 0.25, 0.0, 4.0},
	}
	if !reflect.DeepEqual(got.Rows, want) {
		t.Errorf("rows %v, want %v", got.Rows, want)
	}
	if got.Meta.Plays != 4 || got.Meta.DurationMS != 25_000 || got.Meta.BinMS != 10_000 {
		t.Errorf("meta %+v", got.Meta)
	}
	if w := call(h, "GET", "/api/v1/titles/nope/retention", ""); !strings.Contains(w.Body.String(), `"rows":[]`) {
		t.Errorf("a title nobody watched: %s", w.Body)
	}
}

// Every path of the document that needs a reader refuses a stranger and says
// how to become one; every operation says who may call it.
func TestStrangersAreTurnedAway(t *testing.T) {
	h := open(t, &fakes{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/openapi.json", nil))
	var doc struct {
		Paths map[string]map[string]struct {
			Description string                `json:"description"`
			Security    []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("openapi.json: %v", err)
	}
	if len(doc.Paths) < 14 {
		t.Errorf("the document has %d paths", len(doc.Paths))
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if !strings.Contains(op.Description, "Who may call it") {
				t.Errorf("%s %s does not say who may call it", method, path)
			}
			if len(op.Security) == 0 || op.Security[0]["write_key"] != nil { // the collector's
				continue
			}
			r := httptest.NewRequest(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "dune"), strings.NewReader("{}"))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 401 || w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(w.Body.String(), "playhead keys create --read") {
				t.Errorf("%s %s answered a stranger %d: %s", method, path, w.Code, w.Body)
			}
		}
	}
}

// Every endpoint is held to the role that its document names: the least role
// that may, and the one below it, which may not.
func TestRoles(t *testing.T) {
	h := open(t, &fakes{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/openapi.json", nil))
	var doc struct {
		Paths map[string]map[string]struct {
			Description string                `json:"description"`
			Security    []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	asked := map[access.Role]int{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if len(op.Security) == 0 || op.Security[0]["write_key"] != nil { // the collector's
				continue
			}
			least := leastRole(op.Security)
			asked[least]++
			if !strings.Contains(op.Description, string(least)) {
				t.Errorf("%s %s needs the role %s and does not say so", method, path, least)
			}
			for _, role := range []access.Role{access.Viewer, access.Support} {
				ctx, cancel := context.WithCancel(t.Context())
				cancel() // streams end at once
				r := httptest.NewRequestWithContext(ctx, strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "dune"), strings.NewReader("{}"))
				r.Header.Set("Authorization", "Bearer "+string(role))
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if refused := w.Code == http.StatusForbidden; refused == role.May(least) {
					t.Errorf("%s %s, which needs %s, answered %s with %d: %s", method, path, least, role, w.Code, w.Body)
				}
			}
		}
	}
	if asked[access.Viewer] == 0 || asked[access.Support] == 0 {
		t.Errorf("roles asked for: %v", asked)
	}
}

func TestSignIn(t *testing.T) {
	h := open(t, &fakes{})
	w := call(h, "GET", "/login?t=once", "")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/" || !strings.Contains(w.Header().Get("Set-Cookie"), "signed") {
		t.Errorf("a good link: %d %v", w.Code, w.Header())
	}
	if w := call(h, "GET", "/login?t=twice", ""); w.Header().Get("Set-Cookie") != "" || !strings.HasPrefix(w.Header().Get("Location"), "/signin") {
		t.Errorf("a used link: %d %v", w.Code, w.Header())
	}
}

func TestHeadersAndReadiness(t *testing.T) {
	h := open(t, &fakes{ready: errors.New("state is being restored")})
	w := call(h, "GET", "/readyz", "")
	if w.Code != 503 || !strings.Contains(w.Body.String(), "being restored") {
		t.Errorf("not ready: %d %s", w.Code, w.Body)
	}
	for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"} {
		if w.Header().Get(name) == "" {
			t.Errorf("no header %s", name)
		}
	}
}

func TestCancelledQueriesStop(t *testing.T) {
	f := &fakes{block: true, gaveUp: make(chan struct{})}
	h := open(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "POST", "/api/v1/query", strings.NewReader(`{"metrics":["plays"]}`))
	r.Header.Set("Authorization", "Bearer good")
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}()
	cancel()
	<-f.gaveUp
	<-done
}

func TestSlowQueriesTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{block: true, gaveUp: make(chan struct{})}
		if w := call(open(t, f), "POST", "/api/v1/query", `{"metrics":["plays"]}`); w.Code != http.StatusGatewayTimeout {
			t.Errorf("gave %d: %s", w.Code, w.Body)
		}
	})
}

func TestQueriesThatNeedTooMuchMemorySayWhatToDo(t *testing.T) {
	f := &fakes{fail: fmt.Errorf("scan: %w", &warehouse.MemoryError{LimitMB: 64, Err: errors.New("failed to pin block")})}
	w := call(open(t, f), "POST", "/api/v1/query", `{"metrics":["plays"]}`)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "64 MiB") || !strings.Contains(w.Body.String(), "--warehouse-memory") || strings.Contains(w.Body.String(), "pin") {
		t.Errorf("gave %d: %s", w.Code, w.Body)
	}
}

// What a query asks for, which may hold ids, stays out of the log; so do the
// insides of a failure out of the answer.
func TestLogsAndFailuresKeepQuiet(t *testing.T) {
	f := &fakes{fail: errors.New("disk on fire")}
	w := call(open(t, f), "POST", "/api/v1/query", `{"metrics":["plays"],"where":[{"dimension":"title","in":["secret-title"]}],"from":"2026-11-23"}`)
	if w.Code != 500 || strings.Contains(w.Body.String(), "fire") {
		t.Errorf("gave %d: %s", w.Code, w.Body)
	}
	if log := f.log.String(); strings.Contains(log, "secret-title") || !strings.Contains(log, "disk on fire") || !strings.Contains(log, `"operation":"query"`) {
		t.Errorf("log:\n%s", log)
	}
}

func TestLiveSpeaksFourTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/live", nil)
		r.Header.Set("Authorization", "Bearer good")
		w := &messages{}
		open(t, &fakes{}).ServeHTTP(w, r) // returns when the client is gone
		if len(w.list) < 40 {
			t.Errorf("%d snapshots in 10 s", len(w.list))
		}
		var s map[string]any
		if err := json.Unmarshal([]byte(strings.TrimPrefix(w.list[0], "data: ")), &s); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"time", "concurrent_viewers", "events_per_second", "freshness_ms", "per_minute", "top"} {
			if _, ok := s[field]; !ok {
				t.Errorf("no %s in %s", field, w.list[0])
			}
		}
		if w.header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("content type %s", w.header.Get("Content-Type"))
		}
	})
}

func TestLiveDropsADeadClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := httptest.NewRequest("GET", "/api/v1/live", nil)
		r.Header.Set("Authorization", "Bearer good")
		w := &messages{limit: 3}
		open(t, &fakes{}).ServeHTTP(w, r) // would never return
		if len(w.list) != 3 {
			t.Errorf("%d messages", len(w.list))
		}
	})
}

func TestTailFiltersAndLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakes{
			recent: []collect.Entry{{Number: 1, Code: "unknown_type", Key: "web"}, {Number: 2, Accepted: true, Key: "web"}},
			feed:   make(chan collect.Entry, 3),
		}
		f.feed <- collect.Entry{Number: 1, Code: "unknown_type", Key: "web"} // was in the recent ones too
		f.feed <- collect.Entry{Number: 3, Code: "too_old", Key: "web"}
		f.feed <- collect.Entry{Number: 4, Code: "unknown_type", Key: "web"}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/events/tail?reason=unknown_type&accepted=false&key=web", nil)
		r.Header.Set("Authorization", "Bearer good")
		w := &messages{}
		open(t, f).ServeHTTP(w, r)
		all := strings.Join(w.list, "")
		if n := strings.Count(all, "data: "); n != 2 || !strings.Contains(all, `"number":4`) || strings.Contains(all, "too_old") {
			t.Errorf("messages:\n%s", all)
		}
		if !strings.Contains(all, ": alive") {
			t.Errorf("a quiet stream says nothing in a minute:\n%s", all)
		}
		if f.filter.Key != "web" {
			t.Errorf("filter %+v", f.filter)
		}
	})
}
