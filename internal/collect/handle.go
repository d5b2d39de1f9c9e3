package collect

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"playhead/internal/access"
	"playhead/internal/collect/cloudevents"
	"playhead/internal/collect/cmcd"
	"playhead/internal/collect/native"
	"playhead/internal/collect/segment"
	"playhead/internal/event"
)

// events serves POST /v1/events: native events by themselves, as JSON or Avro,
// or each in a CloudEvent, as the content type says.
func (c *Collector) events(w http.ResponseWriter, r *http.Request, key access.Key) {
	if isCloudEvents(r) {
		c.cloudEvents(w, r, key)
		return
	}
	c.nativeOrAvro(w, r, key)
}

// native serves native events.
func (c *Collector) native(w http.ResponseWriter, r *http.Request, key access.Key) {
	c.intake(w, r, key, event.FormatNative, func(b *batch) error {
		if looksAvro(b.body) {
			return b.decodeAvro()
		}
		return b.native.Decode(b.body, native.Options{Lines: isLines(r.Header.Get("Content-Type")), MaxEvents: c.cfg.Limits.MaxEvents}, b.add)
	}, answerJSON)
}

// cmcd serves POST /cmcd: reports of stock players. A bad line is counted and
// shown in the tail; players could do nothing with an answer.
func (c *Collector) cmcd(w http.ResponseWriter, r *http.Request, key access.Key) {
	viewer := r.URL.Query().Get("v")
	if len(viewer) > event.MaxIDBytes {
		newProblem(http.StatusBadRequest, "too_long", "the viewer in the URL is longer than 256 bytes").write(w)
		return
	}
	c.intake(w, r, key, event.FormatCMCD, func(b *batch) error {
		return b.cmcd.Decode(b.body, cmcd.Options{Viewer: strings.TrimSpace(viewer), MaxReports: c.cfg.Limits.MaxEvents}, b.add)
	}, answerNothing)
}

// intake is the way of every request: read, decode, append, answer.
func (c *Collector) intake(w http.ResponseWriter, r *http.Request, key access.Key, format event.Format,
	decode func(*batch) error, answer func(http.ResponseWriter, *batch)) {
	started := time.Now()
	defer func() { c.metrics.seconds.WithLabelValues(format.String()).Observe(time.Since(started).Seconds()) }()
	b := c.batch()
	defer b.release()
	b.begin(r, key, format, c.cfg.Clock())
	if wait := c.limited(&b.key, 0); wait > 0 {
		c.passBy(w, r, rateLimited(wait)) // before its body costs anything
		return
	}
	if wait := c.cfg.Pressed(); wait > 0 {
		c.passBy(w, r, behind(wait))
		return
	}
	turn, wait, ok := c.cfg.Pace.wait(r.Context(), r.ContentLength)
	if !ok {
		c.passBy(w, r, behind(wait))
		return
	}
	defer func() { turn.came(b.taken, r.ContentLength) }()
	b.held = c.hold()
	defer b.held.release()
	body, err := c.readBody(w, r, b.body, &b.held)
	b.body = body
	if err != nil {
		if p := (*problem)(nil); errors.As(err, &p) && p.Code == "busy" {
			c.rest(w, r)
		}
		b.fail(w, err)
		return
	}
	if err := decode(b); err != nil {
		b.fail(w, undecodable(err))
		return
	}
	if wait := c.limited(&b.key, b.accepted); wait > 0 {
		c.refuse(w, rateLimited(wait))
		return
	}
	b.leaveEarly()
	if b.accepted > 0 {
		if err := c.append(r.Context(), b.take()); err != nil {
			c.metrics.count(b, false)
			c.trouble(w, err)
			return
		}
		b.taken = b.accepted
	}
	c.metrics.count(b, true)
	c.cfg.Tail.publish(b.entries)
	answer(w, b)
}

func behind(wait time.Duration) *problem {
	return newProblem(http.StatusTooManyRequests, "behind", "the server has to catch up first; nothing was stored").after(max(1, int(math.Ceil(wait.Seconds()))))
}

func (c *Collector) refuse(w http.ResponseWriter, p *problem) {
	c.metrics.refused.WithLabelValues(p.Code).Inc()
	p.write(w)
}

// passBy refuses a request whose body was not read.
func (c *Collector) passBy(w http.ResponseWriter, r *http.Request, p *problem) {
	c.rest(w, r)
	c.refuse(w, p)
}

// rest lets what is left of a body go by. The standard library would end the
// connection when that is much, so that a sender who is still writing sees a reset
// instead of the answer, and makes a new connection for the next: at three times
// what a server takes, that costs more than this.
func (c *Collector) rest(w http.ResponseWriter, r *http.Request) {
	limit := c.cfg.Limits.MaxBodyBytes
	if r.ContentLength > limit {
		return
	}
	// Not every writer (of a test, of a proxy in front) has deadlines.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(c.cfg.Limits.BodyTimeout))
	_, _ = io.CopyN(io.Discard, r.Body, limit) // who sends less than was promised is refused all the same
}

// undecodable says what is wrong with a body as a whole.
func undecodable(err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, segment.ErrTooLarge) {
		return newProblem(http.StatusRequestEntityTooLarge, "too_large", err.Error()+"; send it in parts")
	}
	if errors.Is(err, native.ErrTooMany) || errors.Is(err, cmcd.ErrTooMany) ||
		errors.Is(err, segment.ErrTooMany) || errors.Is(err, cloudevents.ErrTooMany) {
		return newProblem(http.StatusRequestEntityTooLarge, "too_many_events", err.Error()+"; send them in parts")
	}
	return newProblem(http.StatusBadRequest, "malformed_body", err.Error())
}

// fail answers for a body that could not be used, and shows it in the tail.
func (b *batch) fail(w http.ResponseWriter, err error) {
	var p *problem
	if !errors.As(err, &p) {
		p = newProblem(http.StatusBadRequest, "malformed_body", err.Error())
	}
	b.c.metrics.refused.WithLabelValues(p.Code).Inc()
	b.c.cfg.Tail.publish([]Entry{{
		Time: b.received, Key: b.key.Name, Format: b.format.String(), Result: "rejected", Code: p.Code, Reason: p.Detail,
		Raw: masked(b.body),
	}})
	p.write(w)
}

// isLines tells newline-delimited JSON by its content type.
func isLines(contentType string) bool {
	return strings.Contains(contentType, "ndjson") || strings.Contains(contentType, "jsonl") || strings.Contains(contentType, "json-lines")
}

// answerJSON says what became of each event.
func answerJSON(w http.ResponseWriter, b *batch) { answerWith(w, b, `{"accepted":`) }

// answerWith is answerJSON with other words in front of the number accepted.
func answerWith(w http.ResponseWriter, b *batch, front string) {
	out := append(b.answer[:0], front...)
	out = strconv.AppendInt(out, int64(b.accepted), 10)
	out = append(out, `,"duplicate":`...)
	out = strconv.AppendInt(out, int64(b.duplicate), 10)
	if len(b.excluded) > 0 {
		out = append(out, `,"excluded":`...)
		out = strconv.AppendInt(out, int64(len(b.excluded)), 10)
	}
	out = append(out, `,"rejected":[`...)
	for i := range b.rejected {
		r := &b.rejected[i]
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"index":`...)
		out = strconv.AppendInt(out, int64(r.index), 10)
		out = appendText(append(out, `,"field":`...), r.Field)
		out = appendText(append(out, `,"code":`...), string(r.Code))
		out = appendText(append(out, `,"reason":`...), r.Reason)
		out = append(out, '}')
	}
	b.answer = append(out, "]}\n"...)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(b.answer)))
	_, _ = w.Write(b.answer) // the client may be gone
}

func appendText(dst []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return append(dst, `""`...) // a string always marshals
	}
	return append(dst, text...)
}

func answerNothing(w http.ResponseWriter, _ *batch) { w.WriteHeader(http.StatusNoContent) }
