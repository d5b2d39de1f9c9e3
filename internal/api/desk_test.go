package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"playhead/internal/access"
	"playhead/internal/catalog"
	"playhead/internal/notebook"
)

// openDesk is the API over real keys, people and notes of an empty folder.
func openDesk(t *testing.T) (http.Handler, *access.Sessions) {
	t.Helper()
	dir := t.TempDir()
	keys, err := access.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	people, err := access.OpenPeople(dir)
	if err != nil {
		t.Fatal(err)
	}
	notes, err := notebook.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	sessions := access.NewSessions(keys, access.SessionOptions{People: people})
	return open(t, &fakes{desk: Desk{Keys: keys, People: people, Doors: sessions, Notes: notes}}), sessions
}

func field(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	text, _ := body[name].(string)
	return text
}

func TestKeysAreMadeAndEnded(t *testing.T) {
	h, _ := openDesk(t)
	w := call(h, "POST", "/api/v1/keys", `{"kind":"write","name":"tv","origins":["https://tv.example"]}`)
	if w.Code != http.StatusCreated || !strings.HasPrefix(field(t, w, "secret"), "phw_") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	secret := field(t, w, "secret")
	if w = call(h, "POST", "/api/v1/keys", `{"kind":"write","name":"tv"}`); w.Code != http.StatusConflict {
		t.Errorf("the same name: %d %s", w.Code, w.Body)
	}
	if w = call(h, "POST", "/api/v1/keys", `{"kind":"write","origins":["tv"]}`); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "scheme and host") {
		t.Errorf("a bad origin: %d %s", w.Code, w.Body)
	}
	w = call(h, "GET", "/api/v1/keys", "")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"name":"tv"`) || strings.Contains(w.Body.String(), secret) || strings.Contains(w.Body.String(), "sha256") {
		t.Errorf("the list: %d %s", w.Code, w.Body)
	}
	if w = call(h, "DELETE", "/api/v1/keys/tv", ""); w.Code != http.StatusNoContent {
		t.Errorf("revoke: %d %s", w.Code, w.Body)
	}
	if w = call(h, "DELETE", "/api/v1/keys/tv", ""); w.Code != http.StatusNotFound {
		t.Errorf("revoke twice: %d", w.Code)
	}
}

func TestPeopleComeAndGo(t *testing.T) {
	h, sessions := openDesk(t)
	w := call(h, "POST", "/api/v1/people", `{"name":"Grace","role":"support"}`)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	id := field(t, w, "id")
	w = call(h, "POST", "/api/v1/people/"+id+"/link", "")
	token, ok := strings.CutPrefix(field(t, w, "path"), "/login?t=")
	if w.Code != http.StatusCreated || !ok {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if cookie, err := sessions.Redeem(token); err != nil || cookie.Value == "" {
		t.Errorf("the link: %v", err)
	}
	if w = call(h, "PUT", "/api/v1/people/"+id+"/role", `{"role":"admin"}`); w.Code != http.StatusNoContent {
		t.Errorf("role: %d %s", w.Code, w.Body)
	}
	if w = call(h, "GET", "/api/v1/people", ""); !strings.Contains(w.Body.String(), `"role":"admin"`) || strings.Contains(w.Body.String(), "bcrypt") {
		t.Errorf("the list: %s", w.Body)
	}
	// A token is nobody who could have a password.
	if w = call(h, "POST", "/api/v1/session/password", `{"password":"correct horse battery"}`); w.Code != http.StatusConflict {
		t.Errorf("password of a token: %d", w.Code)
	}
	if w = call(h, "POST", "/api/v1/session", `{"name":"Grace","password":"guess"}`); w.Code != http.StatusForbidden {
		t.Errorf("a guess: %d", w.Code)
	}
	for range 5 {
		w = call(h, "POST", "/api/v1/session", `{"name":"Grace","password":"guess"}`)
	}
	if w.Code != http.StatusTooManyRequests {
		t.Errorf("many guesses: %d", w.Code)
	}
	if w = call(h, "DELETE", "/api/v1/people/"+id, ""); w.Code != http.StatusNoContent {
		t.Errorf("remove: %d %s", w.Code, w.Body)
	}
}

func TestNotesAreKept(t *testing.T) {
	h, _ := openDesk(t)
	w := call(h, "POST", "/api/v1/annotations", `{"time":"2026-11-23T11:00:00Z","kind":"deploy","text":"app 8.4"}`)
	if w.Code != http.StatusCreated || field(t, w, "by") != "ada" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	id := field(t, w, "id")
	if w = call(h, "GET", "/api/v1/annotations?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z", ""); !strings.Contains(w.Body.String(), "app 8.4") {
		t.Errorf("in its day: %s", w.Body)
	}
	if w = call(h, "GET", "/api/v1/annotations?from=2026-11-24T00:00:00Z", ""); !strings.Contains(w.Body.String(), `"annotations":[]`) {
		t.Errorf("after it: %s", w.Body)
	}
	if w = call(h, "POST", "/api/v1/annotations", `{"time":"2026-11-23T11:00:00Z","text":" "}`); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an empty one: %d", w.Code)
	}
	if w = call(h, "DELETE", "/api/v1/annotations/"+id, ""); w.Code != http.StatusNoContent {
		t.Errorf("remove: %d", w.Code)
	}
	if w = call(h, "POST", "/api/v1/views", `{"name":"Tonight","path":"/quality?range=3h"}`); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	id = field(t, w, "id")
	if w = call(h, "POST", "/api/v1/views", `{"name":"Away","path":"//elsewhere.example"}`); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a view of elsewhere: %d", w.Code)
	}
	if w = call(h, "GET", "/api/v1/views", ""); !strings.Contains(w.Body.String(), "/quality?range=3h") {
		t.Errorf("views: %s", w.Body)
	}
	if w = call(h, "DELETE", "/api/v1/views/"+id, ""); w.Code != http.StatusNoContent {
		t.Errorf("remove: %d", w.Code)
	}
}

type shelf struct{ uploaded string }

func (s *shelf) Check(text []byte) (catalog.Diff, error) {
	c, err := catalog.Parse(text)
	return catalog.Diff{Titles: c.Len()}, err
}

func (s *shelf) PutTitle(_ context.Context, id string, text []byte) (catalog.Diff, error) {
	if _, err := catalog.ParseOne(id, text); err != nil {
		return catalog.Diff{}, err
	}
	return catalog.Diff{Titles: 1, Added: 1, Version: "v"}, nil
}

func (s *shelf) RemoveTitle(context.Context, string) (catalog.Diff, error) {
	return catalog.Diff{Removed: 1}, nil
}

func (s *shelf) Upload(_ context.Context, text []byte) (catalog.Diff, error) {
	s.uploaded = string(text)
	return s.Check(text)
}

func TestACatalogueIsUploaded(t *testing.T) {
	var s shelf
	h := open(t, &fakes{desk: Desk{Shelf: &s}})
	w := call(h, "POST", "/api/v1/catalog?check=true", `{"text":"titles:\n  - {id: a, kindd: movie}\n  - {id: b, hue: 900}\n"}`)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `line 2: unknown field`) || !strings.Contains(w.Body.String(), `\nline 3: hue 900`) {
		t.Errorf("wrong lines: %d %s", w.Code, w.Body)
	}
	if w = call(h, "POST", "/api/v1/catalog?check=true", `{"text":"titles:\n  - id: a\n"}`); w.Code != http.StatusOK || s.uploaded != "" {
		t.Errorf("a check: %d %s", w.Code, w.Body)
	}
	if w = call(h, "POST", "/api/v1/catalog", `{"text":"titles:\n  - id: a\n"}`); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"titles":1`) || s.uploaded == "" {
		t.Errorf("an upload: %d %s", w.Code, w.Body)
	}
	if w = call(h, "PUT", "/api/v1/catalog", "id,name\na,One\nb,Two\n"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"titles":2`) {
		t.Errorf("CSV: %d %s", w.Code, w.Body)
	}
	if w = call(h, "PUT", "/api/v1/catalog/titles/c", `{"nam":"Three"}`); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `line 1: unknown field \"nam\"; did you mean \"name\"?`) {
		t.Errorf("a title: %d %s", w.Code, w.Body)
	}
	if w = call(h, "PUT", "/api/v1/catalog/titles/c", "name: Three\n"); w.Code != http.StatusOK {
		t.Errorf("a title: %d %s", w.Code, w.Body)
	}
	if w = call(h, "DELETE", "/api/v1/catalog/titles/c", ""); w.Code != http.StatusOK {
		t.Errorf("without it: %d %s", w.Code, w.Body)
	}
}

func TestPipelineIsWhatMetricsSay(t *testing.T) {
	r := prometheus.NewRegistry()
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: "playhead_fresh_seconds"})
	gauge.Set(0.5)
	rejected := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "playhead_collect_rejected_total"}, []string{"code", "key"})
	rejected.WithLabelValues("too_old", "tv").Add(3)
	wait := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "playhead_collect_request_seconds", Buckets: []float64{1, 2}})
	wait.Observe(1.5)
	for _, c := range []prometheus.Collector{gauge, rejected, wait} {
		if err := r.Register(c); err != nil {
			t.Fatal(err)
		}
	}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	p := pipelineOf(families, now)
	if p.Figures["fresh_seconds"] != 0.5 {
		t.Errorf("figures: %v", p.Figures)
	}
	if len(p.Counts) != 1 || p.Counts[0].Name != "collect_rejected_total" || p.Counts[0].Labels["key"] != "tv" || p.Counts[0].Value != 3 {
		t.Errorf("counts: %+v", p.Counts)
	}
	if len(p.Waits) != 1 || p.Waits[0].Count != 1 || len(p.Waits[0].Buckets) != 2 || p.Waits[0].Buckets[0].Count != 0 || p.Waits[0].Buckets[1].Count != 1 {
		t.Errorf("waits: %+v", p.Waits)
	}
	if w := call(open(t, &fakes{}), "GET", "/api/v1/pipeline", ""); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
