package collect

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"playhead/internal/access"
	"playhead/internal/collect/epas"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// epas serves POST /epas: one event of an EPAS client. Its viewer comes by the
// URL (&v=), its title may (&title=), and &unit=s or &unit=ms says what its
// numbers count where their size misleads.
func (c *Collector) epas(w http.ResponseWriter, r *http.Request, key access.Key) {
	query := r.URL.Query()
	o := epas.Options{Viewer: strings.TrimSpace(query.Get("v")), Title: strings.TrimSpace(query.Get("title"))}
	if len(o.Viewer) > event.MaxIDBytes || len(o.Title) > event.MaxIDBytes {
		newProblem(http.StatusBadRequest, "too_long", "the viewer or the title in the URL is longer than 256 bytes").write(w)
		return
	}
	switch query.Get("unit") {
	case "":
	case "s":
		o.Unit = epas.Seconds
	case "ms":
		o.Unit = epas.Milliseconds
	default:
		newProblem(http.StatusBadRequest, "unit", "unit in the URL must be s or ms").write(w)
		return
	}
	session := ""
	c.intake(w, r, key, event.FormatEPAS, func(b *batch) error {
		return epas.NewDecoder().Decode(b.body, o, func(it *wire.Item) {
			session = strings.Clone(it.Session)
			b.add(it)
		})
	}, func(w http.ResponseWriter, b *batch) { answerEPAS(w, b, session) })
}

// answerEPAS names the session, without which the client's init throws; one that
// came without gets a new one.
func answerEPAS(w http.ResponseWriter, b *batch, session string) {
	if session == "" {
		session = uuid.NewString()
	}
	valid := `,"valid":true,"accepted":`
	if len(b.rejected) > 0 {
		valid = `,"valid":false,"accepted":`
	}
	answerWith(w, b, string(appendText([]byte(`{"sessionId":`), session))+valid)
}
