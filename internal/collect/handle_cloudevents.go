package collect

import (
	"mime"
	"net/http"

	"playhead/internal/access"
	"playhead/internal/collect/cloudevents"
	"playhead/internal/event"
)

// isCloudEvents tells CloudEvents in JSON, one or a batch, by their content type.
func isCloudEvents(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/cloudevents+json" || kind == "application/cloudevents-batch+json")
}

// cloudEvents serves native events each in a CloudEvent.
func (c *Collector) cloudEvents(w http.ResponseWriter, r *http.Request, key access.Key) {
	c.intake(w, r, key, event.FormatCloudEvents, func(b *batch) error {
		if b.cloud == nil {
			b.cloud = cloudevents.NewDecoder()
		}
		return b.cloud.Decode(b.body, cloudevents.Options{MaxEvents: c.cfg.Limits.MaxEvents}, b.add)
	}, answerJSON)
}
