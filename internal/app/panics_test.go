package app

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPanicsAreAnsweredAndLogged(t *testing.T) {
	var log bytes.Buffer
	h := contained(slog.New(slog.NewTextHandler(&log, nil)), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		var nothing *http.Request
		_ = nothing.URL.Path
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/secret-title", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "defect") {
		t.Errorf("gave %d: %s", w.Code, w.Body)
	}
	if text := log.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "panics_test.go") || strings.Contains(text, "secret-title") {
		t.Errorf("log: %s", text)
	}
}

// Who cuts a connection on purpose still can.
func TestAbortsStayAborts(t *testing.T) {
	h := contained(slog.New(slog.DiscardHandler), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer func() {
		if recover() == nil {
			t.Error("the abort was answered")
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}
