package collect

import (
	"mime"
	"net/http"
	"net/url"

	"playhead/internal/access"
	"playhead/internal/collect/cloudevents"
	"playhead/internal/event"
)

// isCloudEvents tells CloudEvents: in JSON, one or a batch, by their content
// type, in binary mode by a header that is theirs.
func isCloudEvents(r *http.Request) bool {
	return isBinary(r) || isStructured(r.Header.Get("Content-Type"))
}

func isBinary(r *http.Request) bool { return r.Header.Get("Ce-Specversion") != "" }

func isStructured(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/cloudevents+json" || kind == "application/cloudevents-batch+json")
}

// cloudEvents serves native events each in a CloudEvent.
func (c *Collector) cloudEvents(w http.ResponseWriter, r *http.Request, key access.Key) {
	c.intake(w, r, key, event.FormatCloudEvents, func(b *batch) error {
		if b.cloud == nil {
			b.cloud = cloudevents.NewDecoder()
		}
		if isBinary(r) && !isStructured(r.Header.Get("Content-Type")) {
			return b.cloud.DecodeBinary(attributesOf(r.Header), b.body, b.add)
		}
		return b.cloud.Decode(b.body, cloudevents.Options{MaxEvents: c.cfg.Limits.MaxEvents}, b.add)
	}, answerJSON)
}

// attributesOf reads the attributes of a CloudEvent in binary mode, where what
// a header cannot hold is percent-encoded.
func attributesOf(h http.Header) cloudevents.Attributes {
	text := func(name string) string {
		if plain, err := url.PathUnescape(h.Get(name)); err == nil {
			return plain
		}
		return h.Get(name)
	}
	return cloudevents.Attributes{
		ID: text("Ce-Id"), Source: text("Ce-Source"), SpecVersion: text("Ce-Specversion"), Type: text("Ce-Type"), Time: text("Ce-Time"),
		DataContentType: h.Get("Content-Type"),
	}
}
