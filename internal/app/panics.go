package app

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// contained answers 500 where a handler panics, and says so in the log: the
// connection alone would end without a word, and nobody would know. What was
// asked, which may hold ids, stays out of the log.
func contained(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(cause) // a handler's own way to cut a connection
			}
			log.Error("a request failed by a defect of this program; please report it", "method", r.Method, "cause", cause, "stack", string(debug.Stack()))
			w.Header().Set("Content-Type", "application/problem+json")
			w.Header().Set("Connection", "close") // of what was read and written nothing is known
			w.WriteHeader(http.StatusInternalServerError)
			// A failed write has no one left to be told.
			_, _ = w.Write([]byte(`{"title":"Internal Server Error","status":500,"detail":"the request failed by a defect of the server; its log says where"}` + "\n"))
		}()
		next.ServeHTTP(w, r)
	})
}
