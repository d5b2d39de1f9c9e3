package collect

import (
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"

	"playhead/internal/access"
	"playhead/internal/collect/native"
	"playhead/internal/collect/wire"
	"playhead/internal/event"
	"playhead/internal/eventlog"
)

// history is what a request of an import says of its events: of which import
// they are, and which records of it.
type history struct {
	id      uint32
	records []uint64 // the record's number, from 1, by the event's place in the body
	seen    int
}

// importHistory serves POST /v1/import: native events of any age, by lines.
//
//	?id=…       names the import: the hash of the file that it comes from, in hexadecimal
//	&records=…  the numbers in that file of the events of the body, such as 1-500,502-1000
//	&complete=1 instead of a body: all of the file was sent
//
// Records of an import are counted once, whoever sends them how often, as long
// as each sender sends them in order and waits for each answer. What was
// completed is closed: more of it changes nothing.
func (c *Collector) importHistory(w http.ResponseWriter, r *http.Request, key access.Key) {
	query := r.URL.Query()
	name := query.Get("id")
	if !isHash(name) {
		newProblem(http.StatusBadRequest, "import_id", "id must name the import by 16 to 64 hexadecimal digits").write(w)
		return
	}
	id, err := c.cfg.Imports.Number(name)
	if err != nil {
		c.cfg.Logger.Error("an import has no number", "error", err)
		c.refuse(w, newProblem(http.StatusServiceUnavailable, "import_book", "the import could not be noted; nothing was stored").after(30))
		return
	}
	h := &history{id: id}
	if query.Get("complete") != "" {
		c.settleKey(w, r, h.id)
		return
	}
	var ok bool
	if h.records, ok = parseRecords(query.Get("records"), c.cfg.Limits.MaxEvents); !ok {
		newProblem(http.StatusBadRequest, "import_records", "records must number the events of the body, growing, such as 1-500,502-1000").write(w)
		return
	}
	if c.cfg.Behind != nil && c.cfg.Behind() {
		c.refuse(w, newProblem(http.StatusTooManyRequests, "busy", "history waits until the present is up to date; nothing was stored").after(1))
		return
	}
	c.intake(w, r, key, event.FormatNative, func(b *batch) error {
		// Who sends history is not who watched.
		b.history, b.place, b.internal, b.agent = h, place{}, "", ""
		err := b.native.Decode(b.body, native.Options{Lines: true, MaxEvents: c.cfg.Limits.MaxEvents}, b.add)
		if err == nil && h.seen != len(h.records) {
			return newProblem(http.StatusBadRequest, "import_records", "records must number as many events as the body has; nothing was stored")
		}
		return err
	}, answerJSON)
}

func isHash(name string) bool {
	return len(name) >= 16 && len(name) <= 64 && strings.Trim(strings.ToLower(name), "0123456789abcdef") == ""
}

// parseRecords reads ranges of growing numbers from 1 on, at most limit in all.
func parseRecords(text string, limit int) (out []uint64, ok bool) {
	last := uint64(0)
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		a, err := strconv.ParseUint(from, 10, 62)
		if err != nil || a <= last {
			return nil, false
		}
		b, err := strconv.ParseUint(to, 10, 62)
		if err != nil || b < a || b-a >= uint64(limit-len(out)) {
			return nil, false
		}
		for n := a; n <= b; n++ {
			out = append(out, n)
		}
		last = b
	}
	return out, true
}

// begin makes it an event of the import, with its own clock.
func (h *history) begin(it *wire.Item) {
	it.Event.Import, it.Event.KeyID, it.SentAt = true, h.id, 0
}

// number gives the event its place in the import. The log's reader drops what
// has a place that it has passed.
func (h *history) number(it *wire.Item) {
	it.Event.ID = event.Ref{}
	if it.Index < len(h.records) { // else the request is refused
		binary.BigEndian.PutUint64(it.Event.ID[8:], h.records[it.Index])
	}
}

// settleKey closes what was sent with the key id as silence would.
func (c *Collector) settleKey(w http.ResponseWriter, r *http.Request, id uint32) {
	data := c.cfg.Form.AppendSettle(nil, id, event.Everybody)
	records := make([]eventlog.Record, c.cfg.Log.Partitions())
	for p := range records {
		records[p] = eventlog.Record{Partition: int32(p), Data: data}
	}
	if err := c.append(r.Context(), records); err != nil {
		c.trouble(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{\"settled\":true}\n")) // the client may be gone
}
