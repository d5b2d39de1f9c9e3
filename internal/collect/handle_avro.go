package collect

import (
	"errors"
	"net/http"
	"strings"

	"playhead/internal/access"
	"playhead/internal/collect/avro"
	"playhead/internal/event"
	"playhead/schema"
)

// isAvro tells Avro by its content type: avro/binary, application/avro,
// application/vnd.apache.avro and whatever else is named so.
func isAvro(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	return strings.Contains(kind, "avro") && !strings.Contains(kind, "json")
}

// nativeOrAvro serves native events as JSON, or as Avro where the content type
// or the first bytes say so.
func (c *Collector) nativeOrAvro(w http.ResponseWriter, r *http.Request, key access.Key) {
	if isAvro(r.Header.Get("Content-Type")) {
		c.intake(w, r, key, event.FormatAvro, (*batch).decodeAvro, answerJSON)
		return
	}
	c.native(w, r, key)
}

// looksAvro tells Avro by the first bytes, which no JSON begins with.
func looksAvro(body []byte) bool { return avro.IsFile(body) || avro.IsSingle(body) }

func (b *batch) decodeAvro() error {
	b.format = event.FormatAvro
	limits := b.c.cfg.Limits
	err := avro.NewDecoder(b.c.avro).Decode(b.body, avro.Options{MaxEvents: limits.MaxEvents, MaxBytes: int(limits.MaxBodyBytes)}, b.add)
	switch {
	case errors.Is(err, avro.ErrTooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, "too_large", err.Error()+"; send it in parts")
	case errors.Is(err, avro.ErrTooMany):
		return newProblem(http.StatusRequestEntityTooLarge, "too_many_events", err.Error()+"; send them in parts")
	}
	return err
}

// registerSchemas serves the published schemas, to anybody.
func registerSchemas(mux *http.ServeMux) {
	for path, file := range map[string]struct {
		kind string
		text []byte
	}{
		"/schema/event.avsc":        {"application/json", schema.EventAvro},
		"/schema/event.schema.json": {"application/schema+json", schema.EventJSON},
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", file.kind)
			h.Set("Access-Control-Allow-Origin", "*")
			h.Set("Cache-Control", "public, max-age=3600")
			_, _ = w.Write(file.text) // the client may be gone
		})
	}
}
