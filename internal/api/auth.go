package api

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// readers is the security of endpoints that need a read token or a sign-in.
func readers() []map[string][]string {
	return []map[string][]string{{"token": {}}, {"cookie": {}}}
}

const (
	whoReads  = "Who may call it: a read token or a signed-in browser."
	whoAnyone = "Who may call it: anyone."
	howToRead = "Send Authorization: Bearer with a read token (make one with `playhead keys create --read`), or open the sign-in link that the server printed."
)

// observe writes a line a request: what was called, not what was asked, since
// filters and paths may hold ids.
func (s *server) observe(ctx huma.Context, next func(huma.Context)) {
	start := s.Clock()
	next(ctx)
	level := slog.LevelDebug
	if ctx.Status() >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	s.Logger.Log(ctx.Context(), level, "request", "operation", ctx.Operation().OperationID, "status", ctx.Status(),
		"elapsed_ms", s.Clock().Sub(start).Milliseconds())
}

// authorise holds endpoints with a security requirement to it.
func (s *server) authorise(ctx huma.Context, next func(huma.Context)) {
	if len(ctx.Operation().Security) == 0 {
		next(ctx)
		return
	}
	r, _ := humago.Unwrap(ctx)
	if _, ok := s.Sessions.FromRequest(r); !ok {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="playhead"`)
		// The answer is all there is to say; nobody is left to tell of a failure to write it.
		_ = huma.WriteErr(s.api, ctx, http.StatusUnauthorized, howToRead)
		return
	}
	next(ctx)
}

// reader lets a plain handler be called by readers only.
func (s *server) reader(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, ok := s.Sessions.FromRequest(r); !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="playhead"`)
			problem(w, http.StatusUnauthorized, howToRead)
			return
		}
		next(w, r)
	}
}

// problem answers with RFC 9457 problem details.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// A failed write has no one left to be told.
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}
