package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"playhead/internal/access"
)

// readers is the security of endpoints that any read token or sign-in opens.
func readers() []map[string][]string { return needs(access.Viewer) }

// needs is the security of endpoints that need at least a role: OpenAPI writes
// it as a scope, and authorise holds callers to it.
func needs(least access.Role) []map[string][]string {
	scope := []string{string(least)}
	return []map[string][]string{{"token": scope}, {"cookie": scope}}
}

// leastRole is the role that a security requirement of needs asks for.
func leastRole(security []map[string][]string) access.Role {
	for _, way := range security {
		for _, scopes := range way {
			if len(scopes) == 1 {
				return access.Role(scopes[0])
			}
		}
	}
	return access.Admin // one that says nothing opens to as few as can be
}

const (
	whoReads  = "Who may call it: any read token or signed-in browser (role viewer)."
	whoHelps  = "Who may call it: a read token or signed-in browser of the role support or admin."
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
	if status, why := s.refused(r, leastRole(ctx.Operation().Security)); status != 0 {
		if status == http.StatusUnauthorized {
			ctx.SetHeader("WWW-Authenticate", challenge)
		}
		// The answer is all there is to say; nobody is left to tell of a failure to write it.
		_ = huma.WriteErr(s.api, ctx, status, why)
		return
	}
	next(ctx)
}

const challenge = `Bearer realm="playhead"`

// refused is the status and the reason for which a request may not do what needs
// at least a role; 0 when it may.
func (s *server) refused(r *http.Request, least access.Role) (status int, why string) {
	id, ok := s.Sessions.FromRequest(r)
	switch {
	case !ok:
		return http.StatusUnauthorized, howToRead
	case !id.Role.May(least):
		return http.StatusForbidden, fmt.Sprintf("this needs the role %s; who asks has the role %s. "+
			"Make a token with `playhead keys create --read --role %s`, or ask who runs the server.", least, id.Role, least)
	}
	return 0, ""
}

// only lets a plain handler be called by readers of at least a role.
func (s *server) only(least access.Role, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, why := s.refused(r, least)
		switch status {
		case 0:
			next(w, r)
			return
		case http.StatusUnauthorized:
			w.Header().Set("WWW-Authenticate", challenge)
		}
		problem(w, status, why)
	}
}

// reader lets a plain handler be called by any reader.
func (s *server) reader(next http.HandlerFunc) http.HandlerFunc { return s.only(access.Viewer, next) }

// problem answers with RFC 9457 problem details.
func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	// A failed write has no one left to be told.
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: detail})
}
