package collect

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"playhead/internal/access"
	"playhead/internal/eventlog"
)

// problem is an RFC 9457 answer.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code"`
	// retry is Retry-After in seconds, 0 for none.
	retry int
}

func (p *problem) Error() string { return p.Code + ": " + p.Detail }

func newProblem(status int, code, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

func (p *problem) after(seconds int) *problem { p.retry = seconds; return p }

func (p *problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"status":500}`) // texts and a number always marshal
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	if p.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.retry))
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}

// allowedHeaders are what browsers may send: ours and what known players do.
const allowedHeaders = "content-type, authorization, content-encoding, x-playhead-key, x-epas-event, x-epas-version"

// cors lets a page of an allowed origin read the answer.
func cors(w http.ResponseWriter, origin string) {
	h := w.Header()
	h.Add("Vary", "Origin")
	if origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Retry-After") // or a page could not honour it
	}
}

// preflight answers OPTIONS. A key in the URL says which origins are allowed; a
// key in a header is not known yet, and is asked for its origins with the request.
func (c *Collector) preflight(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if key, ok := c.cfg.Keys.Lookup(r.URL.Query().Get("k")); ok && !key.Allows(origin) {
		newProblem(http.StatusForbidden, "origin_not_allowed", "this key may not be used from this origin").write(w)
		return
	}
	cors(w, origin)
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", allowedHeaders)
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// secretOf is the write key of a request: Authorization (Bearer, or Basic with
// the key as its user), the URL or a header of ours.
func secretOf(r *http.Request) string {
	if auth := r.Header.Get("Authorization"); len(auth) > 7 && strings.EqualFold(auth[:7], "bearer ") {
		return strings.TrimSpace(auth[7:])
	}
	if key, _, ok := r.BasicAuth(); ok {
		return key
	}
	if key := r.Header.Get("X-Playhead-Key"); key != "" {
		return key
	}
	if r.URL.RawQuery != "" {
		return r.URL.Query().Get("k")
	}
	return ""
}

// keyed lets requests with an active write key through.
func (c *Collector) keyed(next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if key, ok := c.admit(w, r, secretOf(r)); ok {
			next(w, r, key)
		}
	}
}

// admit finds the active write key of a secret; without one it answers.
func (c *Collector) admit(w http.ResponseWriter, r *http.Request, secret string) (access.Key, bool) {
	origin := r.Header.Get("Origin")
	key, ok := c.cfg.Keys.Lookup(secret)
	switch {
	case !ok:
		cors(w, origin) // so that a page can read why
		c.metrics.refused.WithLabelValues("unknown_key").Inc()
		detail := "this write key is unknown or was revoked"
		if secret == "" {
			detail = "a write key is needed: Authorization: Bearer KEY, X-Playhead-Key: KEY or ?k=KEY"
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		newProblem(http.StatusUnauthorized, "unknown_key", detail).write(w)
	case key.Kind != access.Write:
		cors(w, origin)
		c.metrics.refused.WithLabelValues("read_token").Inc()
		newProblem(http.StatusUnauthorized, "unknown_key", "this is a read token; sending needs a write key").write(w)
	case !key.Allows(origin):
		c.metrics.refused.WithLabelValues("origin").Inc()
		newProblem(http.StatusForbidden, "origin_not_allowed", "this key may not be used from this origin").write(w)
	default:
		cors(w, origin)
		return key, true
	}
	return access.Key{}, false
}

// settle closes what was sent with the key as silence would.
func (c *Collector) settle(w http.ResponseWriter, r *http.Request, key access.Key) {
	c.settleKey(w, r, key.ID)
}

// append waits until the records are durable. A client that goes away does not
// stop a write that others share.
func (c *Collector) append(ctx context.Context, records []eventlog.Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cfg.Limits.AppendTimeout)
	defer cancel()
	return c.cfg.Log.Append(ctx, eventlog.Events, records)
}

// busy is an error of a log that asks for patience.
type busy interface{ RetryAfter() time.Duration }

// trouble answers for a log that did not take the records.
func (c *Collector) trouble(w http.ResponseWriter, err error) { c.untaken(err).write(w) }

// untaken says why a log did not take the records, and counts and logs it.
func (c *Collector) untaken(err error) *problem {
	var p *problem
	var b busy
	switch {
	case errors.As(err, &p):
	case errors.As(err, &b):
		p = newProblem(http.StatusTooManyRequests, "busy", "the server is busy; nothing was stored").
			after(max(1, int(math.Ceil(b.RetryAfter().Seconds()))))
	case errors.Is(err, eventlog.ErrFull):
		p = newProblem(http.StatusServiceUnavailable, "full", "the server's disk is full; nothing was stored").after(30)
	case errors.Is(err, eventlog.ErrClosed):
		p = newProblem(http.StatusServiceUnavailable, "closing", "the server is stopping; nothing was stored").after(5)
	case errors.Is(err, context.DeadlineExceeded):
		p = newProblem(http.StatusServiceUnavailable, "slow", "the log did not answer in time; what was sent may have been stored").after(5)
	default:
		p = newProblem(http.StatusServiceUnavailable, "log", "the log failed; nothing was acknowledged").after(5)
	}
	c.metrics.refused.WithLabelValues(p.Code).Inc()
	if p.Status == http.StatusServiceUnavailable {
		c.logTrouble(err)
	}
	return p
}

// logTrouble logs at most once a second.
func (c *Collector) logTrouble(err error) {
	now := c.cfg.Clock()
	if last := c.troubled.Load(); now-last >= 1000 && c.troubled.CompareAndSwap(last, now) {
		c.cfg.Logger.Error("the log did not take events", "err", err)
	}
}

// limited is in how many seconds the key may send again when it may not send n
// events now, else 0.
func (c *Collector) limited(key *access.Key, n int) (wait int) {
	if key.EventsPerSecond <= 0 {
		return 0
	}
	got, ok := c.buckets.Load(key.ID)
	if !ok {
		got, _ = c.buckets.LoadOrStore(key.ID, newBucket(key.EventsPerSecond, c.cfg.Clock()))
	}
	return got.(*bucket).take(n, c.cfg.Clock())
}

func rateLimited(wait int) *problem {
	return newProblem(http.StatusTooManyRequests, "rate_limited", "this key sends more events than it may; nothing was stored").after(wait)
}
