package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"playhead/internal/access"
	"playhead/internal/collect"
)

// sayAlive is how often a quiet stream says that it lives.
const sayAlive = 15 * time.Second

func (s *server) registerStreams(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/live", s.reader(s.live))
	mux.HandleFunc("GET /api/v1/events/tail", s.only(access.Support, s.tail))
	s.describe("live", "/api/v1/live", "What is true now, five times a second (server-sent events)",
		"Each message's data is a snapshot: time, concurrent_viewers, events_per_second, freshness_ms, per_minute, top, countries. "+whoReads, readers())
	s.describe("tail", "/api/v1/events/tail", "What comes in, and why it was refused (server-sent events)",
		"Query: key, format, type, title, result (accepted, duplicate, ignored, excluded or rejected), reason (a code, a rule or a repair), "+
			"accepted (true or false). Each message has the event as received (raw, with what is personal masked), what it became, and why. "+whoHelps, needs(access.Support))
}

// stream is one server-sent event stream.
type stream struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func openStream(w http.ResponseWriter) stream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	return stream{w, http.NewResponseController(w)}
}

// send writes one message. A client that does not read for five seconds is
// dropped.
func (s stream) send(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	return s.write("data: " + string(data) + "\n\n")
}

func (s stream) write(text string) error {
	if err := s.c.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil && !isUnsupported(err) {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.c.Flush()
}

func (s *server) live(w http.ResponseWriter, r *http.Request) {
	out := openStream(w)
	tick := time.NewTicker(snapshotEvery)
	defer tick.Stop()
	for {
		if out.send(s.Live.Snapshot(s.Clock().UnixMilli())) != nil {
			return // the client is gone
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// tailEvent is an entry as the debugger reads it.
type tailEvent struct {
	Time string `json:"time"`
	collect.Entry
}

// tailRecent is how many entries of the past a tail begins with.
const tailRecent = 100

func (s *server) tail(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	filter := collect.Filter{
		Key: q.Get("key"), Format: q.Get("format"), Type: q.Get("type"), Title: q.Get("title"), Result: q.Get("result"),
		Reason: q.Get("reason"), Accepted: q.Get("accepted"),
	}
	entries, cancel := s.Tail.Subscribe(filter)
	defer cancel()
	out := openStream(w)
	if out.write(": listening\n\n") != nil {
		return
	}
	var last uint64
	send := func(e collect.Entry) bool {
		if e.Number <= last || !filter.Fits(&e) {
			return true
		}
		last = e.Number
		return out.send(tailEvent{stamp(e.Time), e}) == nil
	}
	// All that is kept is looked through, so that what is rare is found.
	past := slices.DeleteFunc(s.Tail.Recent(math.MaxInt), func(e collect.Entry) bool { return !filter.Fits(&e) })
	for _, e := range past[max(0, len(past)-tailRecent):] {
		if !send(e) {
			return
		}
	}
	alive := time.NewTicker(sayAlive)
	defer alive.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case e, ok := <-entries:
			if !ok || !send(e) {
				return
			}
		case <-alive.C:
			if out.write(": alive\n\n") != nil {
				return
			}
		}
	}
}

// isUnsupported: the writer has no deadlines (a test's recorder).
func isUnsupported(err error) bool { return errors.Is(err, http.ErrNotSupported) }
