package app

import (
	"io"
	"net/http"
	"time"
)

// Bounds of what is read of a body that nobody wants.
const (
	lingerBytes = 32 << 20
	lingerTime  = 5 * time.Second
)

// linger reads, within bounds, what a handler left of a request's body. A
// connection that is closed on bytes still coming is reset, and the client that
// was sending them never sees the answer that says why they are not wanted.
func linger(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		// Who asks before sending (Expect) has not sent; HTTP/2 stops one stream alone.
		if r.Body == nil || r.Body == http.NoBody || r.ProtoMajor != 1 || r.Header.Get("Expect") != "" {
			return
		}
		// Not every writer (of a test) has deadlines; the bytes are bounded all the same.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(lingerTime))
		_, _ = io.CopyN(io.Discard, r.Body, lingerBytes) // however it ends, the answer is given
	})
}
