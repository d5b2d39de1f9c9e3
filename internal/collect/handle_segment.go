package collect

import (
	"bytes"
	"io"
	"net/http"

	"playhead/internal/access"
	"playhead/internal/collect/segment"
	"playhead/internal/event"
)

// segmentPaths are what clients of Segment's HTTP API post to, and what the
// path says that the body is; "" for a batch.
var segmentPaths = map[string]string{
	"batch": "", "b": "", "track": "track", "t": "track", "identify": "identify", "i": "identify", "page": "page", "p": "page",
	"screen": "screen", "s": "screen", "group": "group", "g": "group", "alias": "alias", "a": "alias",
}

// registerSegment serves Segment's paths, where the key may stand in the body.
func (c *Collector) registerSegment(mux *http.ServeMux) {
	for name, kind := range segmentPaths {
		path := "/v1/" + name
		mux.HandleFunc("OPTIONS "+path, c.preflight)
		mux.HandleFunc("POST "+path, c.bodyKeyed(segment.WriteKey, func(w http.ResponseWriter, r *http.Request, key access.Key) {
			c.segment(w, r, key, kind)
		}))
	}
}

// segment serves Segment's HTTP API. The content type is not asked: some
// clients post JSON as text/plain to save a preflight, some as a form.
func (c *Collector) segment(w http.ResponseWriter, r *http.Request, key access.Key, kind string) {
	c.intake(w, r, key, event.FormatSegment, func(b *batch) error {
		if b.segment == nil {
			b.segment = segment.NewDecoder()
		}
		if isGzip(b.body) { // said by nobody
			plain, err := c.readers.gunzip(bytes.NewReader(b.body), nil, &b.held)
			if err != nil {
				return c.bodyProblem(err, "gzip")
			}
			b.body = plain
		}
		return b.segment.Decode(b.body, segment.Options{Kind: kind, MaxEvents: c.cfg.Limits.MaxEvents}, b.add)
	}, answerSegment)
}

// answerSegment is what Segment's clients expect, with what became of the events.
func answerSegment(w http.ResponseWriter, b *batch) {
	answerWith(w, b, `{"success":true,"accepted":`)
}

// bodyKeyed lets requests with an active write key through that may stand in
// the body. The body is then read first, within all limits, and read again from
// memory.
func (c *Collector) bodyKeyed(keyIn func(body []byte) string, next handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		secret := secretOf(r)
		if secret == "" {
			held := c.hold()
			defer held.release()
			body, err := c.readBody(w, r, nil, &held)
			if err != nil {
				cors(w, r.Header.Get("Origin"))
				c.refuse(w, undecodable(err))
				return
			}
			if isGzip(body) {
				if plain, err := c.readers.gunzip(bytes.NewReader(body), nil, &held); err == nil {
					body = plain
				}
			}
			secret = keyIn(body)
			r = again(r, body)
		}
		if key, ok := c.admit(w, r, secret); ok {
			next(w, r, key)
		}
	}
}

// again is the request with a body that was read already.
func again(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Del("Content-Encoding")
	r.ContentLength = int64(len(body))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

func isGzip(body []byte) bool { return len(body) > 2 && body[0] == 0x1f && body[1] == 0x8b }
