package api

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"playhead/internal/access"
)

type statusOutput struct{ Body Status }

type sessionInput struct{ request *http.Request }

// Resolve keeps the request: who asks is in its headers.
func (in *sessionInput) Resolve(ctx huma.Context) []error {
	in.request, _ = humago.Unwrap(ctx)
	return nil
}

// Session is who asks.
type Session struct {
	Role access.Role `json:"role"`
	Name string      `json:"name"`
	Demo bool        `json:"demo"`
}

type sessionOutput struct{ Body Session }

type signOutOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *server) registerServer() {
	huma.Register(s.api, huma.Operation{
		OperationID: "status", Method: http.MethodGet, Path: "/api/v1/status", Security: readers(),
		Summary: "What the server is, and whether events came", Description: whoReads,
	}, func(ctx context.Context, _ *struct{}) (*statusOutput, error) {
		return &statusOutput{s.Status(ctx)}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "session", Method: http.MethodGet, Path: "/api/v1/session", Security: readers(),
		Summary: "Who asks", Description: whoReads,
	}, func(_ context.Context, in *sessionInput) (*sessionOutput, error) {
		id, _ := s.Sessions.FromRequest(in.request)
		return &sessionOutput{Session{id.Role, id.Name, s.Demo}}, nil
	})
	huma.Register(s.api, huma.Operation{
		OperationID: "sign-out", Method: http.MethodPost, Path: "/api/v1/session/logout", Security: readers(), DefaultStatus: http.StatusNoContent,
		Summary: "Sign this browser out", Description: whoReads,
	}, func(context.Context, *struct{}) (*signOutOutput, error) {
		return &signOutOutput{*s.Sessions.SignOut()}, nil
	})
}

func (s *server) registerHealth(mux *http.ServeMux) {
	text := func(w http.ResponseWriter, status int, say string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(say + "\n")) // a probe that hung up needs no answer
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := s.Ready(); err != nil {
			text(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		text(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("GET /login", s.login)
	if s.Registry != nil {
		metrics := promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{})
		mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
			if fromThisMachine(r) {
				metrics.ServeHTTP(w, r)
				return
			}
			s.reader(metrics.ServeHTTP)(w, r)
		})
	}
	s.describe("healthz", "/healthz", "Whether the process runs", whoAnyone, nil)
	s.describe("readyz", "/readyz", "Whether it can answer", whoAnyone, nil)
	s.describe("prometheus", "/metrics", "Prometheus metrics", "Who may call it: programs on this machine, else any read token (role viewer).", readers())
	s.describe("login", "/login", "Sign a browser in by a one-time link", whoAnyone, nil)
}

// fromThisMachine reports whether a request came straight from this machine.
func fromThisMachine(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback() && r.Header.Get("X-Forwarded-For") == ""
}

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	cookie, err := s.Sessions.Redeem(r.URL.Query().Get("t"))
	switch {
	case errors.Is(err, access.ErrLink):
		http.Redirect(w, r, "/signin?error=link", http.StatusSeeOther)
		return
	case err != nil:
		problem(w, http.StatusInternalServerError, "sign-in failed")
		return
	}
	http.SetCookie(w, cookie)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// describe adds an endpoint that is no huma handler to the OpenAPI document.
func (s *server) describe(id, path, summary, who string, security []map[string][]string) {
	s.api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Description: who, Security: security,
		Responses: map[string]*huma.Response{"200": {Description: "OK"}},
	})
}
