package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"playhead/internal/audit"
	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/play"
	"playhead/internal/support"
	"playhead/internal/warehouse"
)

// spotter knows one play of one viewer.
type spotter struct{ looked int }

func (s *spotter) ListPlays(context.Context, warehouse.PlayAsk) (*warehouse.PlayList, error) {
	s.looked++
	p := fact.Play{N: 1, Viewer: event.ViewerKey{0xbe, 0xef, 1}, Play: event.Ref{7}, Requested: now.UnixMilli() - 60_000, Ended: now.UnixMilli(), StartupMS: -1, DurationMS: -1, FurthestMS: -1}
	return &warehouse.PlayList{Plays: []warehouse.PlayRow{{Play: p, Dims: []fact.Dims{{Title: "dune"}}}}, Viewers: 9}, nil
}

func (s *spotter) Underway(context.Context, event.ViewerKey) ([]play.Underway, *fact.Batch, error) {
	return nil, &fact.Batch{}, nil
}

func (s *spotter) Viewer(string) event.ViewerKey    { return event.ViewerKey{0xbe, 0xef, 1} }
func (s *spotter) Anonymous(string) event.ViewerKey { return event.ViewerKey{0xaa} }

// brokenAudit cannot be written.
type brokenAudit struct{ Audit }

func (brokenAudit) Append(audit.Entry) error { return errors.New("disk full") }

func callAs(h http.Handler, token, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func openSupport(t *testing.T) (*fakes, *spotter) {
	t.Helper()
	log, err := audit.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	s := &spotter{}
	return &fakes{audit: log, support: support.New(support.Options{Plays: s, Open: s, Ring: s, Clock: func() time.Time { return now }, MinViewers: 5})}, s
}

const timelinePath = "/api/v1/viewers/timeline"

func TestALookUpNeedsItsRoleAndIsAudited(t *testing.T) {
	f, s := openSupport(t)
	h := open(t, f)
	const secret = "ada.lovelace@example.com"
	body := `{"viewer_id":"` + secret + `"}`
	for token, want := range map[string]int{"": 401, "nonsense": 401, "viewer": 403} {
		if w := callAs(h, token, "POST", timelinePath, body); w.Code != want || strings.Contains(w.Body.String(), "beef") {
			t.Errorf("%q: %d %s", token, w.Code, w.Body)
		}
	}
	if list, _, _ := f.audit.Recent(10); s.looked != 0 || len(list) != 0 {
		t.Fatalf("who may not look made %d look-ups and %d entries", s.looked, len(list))
	}
	w := callAs(h, "support", "POST", timelinePath, body)
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Body.String(), `"title":"dune"`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "lovelace") || strings.Contains(f.log.String(), "lovelace") {
		t.Error("the raw id is in the answer or in the log")
	}
	for token, want := range map[string]int{"viewer": 403, "support": 403, "good": 200} {
		if w := callAs(h, token, "GET", "/api/v1/audit", ""); w.Code != want {
			t.Errorf("the audit log for %q: %d", token, w.Code)
		}
	}
	var out struct{ Entries []audit.Entry }
	if err := json.Unmarshal(callAs(h, "good", "GET", "/api/v1/audit?limit=5", "").Body.Bytes(), &out); err != nil || len(out.Entries) != 1 {
		t.Fatalf("%v %+v", err, out)
	}
	e := out.Entries[0]
	if e.Who != "ada" || e.Role != "support" || e.Action != "timeline" || e.By != "viewer_id" || !strings.HasPrefix(e.Viewer, "beef01") || e.Time.IsZero() || !e.To.Equal(now) {
		t.Errorf("%+v", e)
	}
}

func TestALookUpThatCannotBeAuditedIsRefused(t *testing.T) {
	f, s := openSupport(t)
	f.audit = brokenAudit{f.audit}
	w := callAs(open(t, f), "support", "POST", timelinePath, `{"viewer_id":"x"}`)
	if w.Code != http.StatusServiceUnavailable || s.looked != 0 {
		t.Errorf("%d %s after %d look-ups", w.Code, w.Body, s.looked)
	}
}

func TestBadLookUpsSayWhatIsWrong(t *testing.T) {
	f, _ := openSupport(t)
	h := open(t, f)
	for body, want := range map[string]string{
		`{}`: "give one of", `{"viewer":"zz"}`: "32 hexadecimal digits", `{"viewer_id":"a","from":"2020-01-01T00:00:00Z"}`: "at most 31 days",
	} {
		if w := callAs(h, "support", "POST", timelinePath, body); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if w := callAs(h, "support", "GET", timelinePath, ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("a GET: %d", w.Code)
	}
	if list, _, _ := f.audit.Recent(10); len(list) != 0 {
		t.Errorf("%d entries of questions that were refused", len(list))
	}
}

func TestSamplePlaysAreMasked(t *testing.T) {
	f, _ := openSupport(t)
	h := open(t, f)
	body := `{"worst":"stalls","where":[{"dimension":"cdn","in":["akamai"]}]}`
	w := callAs(h, "viewer", "POST", "/api/v1/plays/sample", body)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"masked":"beef"`) || strings.Contains(w.Body.String(), "beef01") {
		t.Errorf("for the role viewer: %d %s", w.Code, w.Body)
	}
	if w = callAs(h, "support", "POST", "/api/v1/plays/sample", body); !strings.Contains(w.Body.String(), `"viewer":"beef01`) {
		t.Errorf("for the role support: %d %s", w.Code, w.Body)
	}
	for _, bad := range []string{`{"worst":"best"}`, `{"worst":"stalls","where":[{"dimension":"genre","in":["a"]}]}`} {
		if w = callAs(h, "viewer", "POST", "/api/v1/plays/sample", bad); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}
