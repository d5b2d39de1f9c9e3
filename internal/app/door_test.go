package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/acme"
)

func TestDoor(t *testing.T) {
	say := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(name + " " + r.URL.RequestURI())) })
	}
	d, err := newDoor(&Settings{CollectPaths: []string{"/t/e=native", "/t/s/=segment", "/c=cmcd", "/x=/v1/settle"}, CollectHosts: []string{"T.example.com"}}, say("intake"), say("all"))
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"http://a.example/t/e?k=1": "all /v1/events?k=1", "http://t.example.com:8080/t/s/batch": "intake /v1/batch", "http://a.example/t/s": "all /v1",
		"http://a.example/c": "all /cmcd", "http://a.example/cx": "all /cx", "http://a.example/t/ex": "all /t/ex", "http://a.example/x": "all /v1/settle",
		"http://t.example.com/": "intake /", "http://a.example/": "all /",
	} {
		w := httptest.NewRecorder()
		d.ServeHTTP(w, httptest.NewRequest(http.MethodPost, url, nil))
		if got := w.Body.String(); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
	for _, bad := range []string{"t=native", "/=native", "/t", "/t=nothing", "/v1/events=cmcd", "/api/x=native", ""} {
		if _, err := newDoor(&Settings{CollectPaths: []string{bad}}, nil, nil); !errors.Is(err, ErrSettings) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestReadingWhatIsWritten(t *testing.T) {
	mux, page := http.NewServeMux(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("page")) })
	mux.Handle("POST /v1/events", page)
	mux.Handle("OPTIONS /v1/events", page)
	mux.Handle("PUT /things/{id}", page)
	mux.Handle("GET /things/{id}", page)
	mux.Handle("GET /", readable(mux, page))
	for path, want := range map[string]string{"/v1/events": "OPTIONS, POST", "/v1/events?k=1": "OPTIONS, POST", "/v1/other": "", "/": "", "/things/3": ""} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			if allowed := w.Header().Get("Allow"); allowed != want || (w.Code == http.StatusMethodNotAllowed) != (want != "") {
				t.Errorf("%s %s: %d, Allow %q, want %q", method, path, w.Code, allowed, want)
			}
		}
	}
}

// The names below are never asked for: the policy decides before any request.
func TestACMEHosts(t *testing.T) {
	s := DefaultSettings()
	s.DataDir, s.ACMEHost = t.TempDir(), []string{"stats.example.com", "t.example.com"}
	m := acmeManager(&s)
	for host, ok := range map[string]bool{"stats.example.com": true, "t.example.com": true, "evil.example": false, "x.t.example.com": false, "": false} {
		if err := m.HostPolicy(context.Background(), host); (err == nil) != ok {
			t.Errorf("%q: %v", host, err)
		}
	}
	if _, err := m.GetCertificate(&tls.ClientHelloInfo{ServerName: "evil.example"}); err == nil {
		t.Error("a certificate for a host that was not named")
	}
	config, err := s.secure(slog.New(slog.DiscardHandler))
	if err != nil || !strings.Contains(strings.Join(config.NextProtos, " "), acme.ALPNProto) {
		t.Errorf("%v %+v", err, config)
	}
}

// Why there is no certificate is said, of hosts that were named, not at every handshake.
func TestACMETroubleIsSaid(t *testing.T) {
	var said strings.Builder
	now := time.Unix(1, 0)
	a := &acmeTrouble{log: slog.New(slog.NewTextHandler(&said, nil)), now: func() time.Time { return now }, hosts: []string{"t.example.com"}}
	get := a.tell(func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("challenge failed") })
	ask := func(host string) {
		if _, err := get(&tls.ClientHelloInfo{ServerName: host}); err == nil {
			t.Error("no error")
		}
	}
	ask("evil.example")
	ask("t.example.com")
	ask("t.example.com")
	if n := strings.Count(said.String(), "challenge failed"); n != 1 || strings.Contains(said.String(), "evil") {
		t.Errorf("said %d times:\n%s", n, said.String())
	}
	now = now.Add(troubleEvery)
	if ask("t.example.com"); strings.Count(said.String(), "challenge failed") != 2 {
		t.Errorf("not said again:\n%s", said.String())
	}
}

func TestSettingsOfTheDoor(t *testing.T) {
	good := DefaultSettings()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*Settings){
		"tls-key":         func(s *Settings) { s.TLSCert = "cert.pem" },
		"acme-host":       func(s *Settings) { s.TLSCert, s.TLSKey, s.ACMEHost = "c", "k", []string{"h"} },
		"max-body":        func(s *Settings) { s.MaxBody = 0 },
		"max-events":      func(s *Settings) { s.MaxEvents = -1 },
		"max-in-flight":   func(s *Settings) { s.MaxInFlight = 5 },
		"max-connections": func(s *Settings) { s.MaxConnections = 1 },
	} {
		s := good
		change(&s)
		if err := s.Validate(); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s := good
	s.TLSCert, s.TLSKey = "nothing.pem", "nothing.pem"
	if _, err := s.secure(slog.New(slog.DiscardHandler)); !errors.Is(err, ErrSettings) {
		t.Errorf("%v", err)
	}
}
