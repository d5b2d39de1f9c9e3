package collect

import (
	"encoding/json"
	"strings"
	"time"

	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// maxShown bounds the entries that one request makes: one bad client must not
// push all others out of the tail.
const maxShown = 200

// show makes an entry of the tail. Rejections are always shown, the rest only
// as far as samples go.
func (b *batch) show(it *wire.Item, result string, why event.Invalid) {
	if len(b.entries) >= maxShown {
		return
	}
	if result == "rejected" && !b.c.cfg.Tail.showsRejection(b.key.ID, b.received) {
		return
	}
	sample := result == "rejected" || b.samples > 0
	if !sample && b.c.cfg.Tail.filters.Load() == nil {
		return
	}
	e := &it.Event
	entry := Entry{
		Time: b.received, Key: b.key.Name, Format: b.format.String(), Title: e.TitleID,
		Accepted: result == "accepted", Result: result,
		Field: why.Field, Code: string(why.Code), Reason: why.Reason,
		Repairs: it.Repairs.Names(),
	}
	if b.record != nil && b.record.of.Origin != nil {
		entry.Origin = b.record.of.Origin.String()
		if result == "rejected" {
			entry.Reason += " (" + entry.Origin + ")"
		}
	}
	if e.Type != event.TypeUnknown {
		entry.Type = e.Type.String()
	}
	switch {
	case !sample && !b.c.cfg.Tail.asksFor(&entry):
		return
	case result != "rejected" && b.samples > 0:
		b.samples--
	}
	entry.Title = strings.ToValidUTF8(cut(e.TitleID, event.MaxIDBytes), "?")
	entry.Raw = masked(it.Raw, it.Viewer, it.Anonymous)
	if result == "accepted" || result == "duplicate" || result == "excluded" {
		entry.Became = became(e)
	}
	b.entries = append(b.entries, entry)
}

func cut(s string, n int) string {
	s = s[:min(n, len(s))]
	return strings.Clone(s)
}

// became is the canonical event as small JSON: what is absent is left out.
func became(e *event.Event) json.RawMessage {
	m := map[string]any{
		"type": e.Type.String(), "time": time.UnixMilli(e.Time).UTC().Format("2006-01-02T15:04:05.000Z"),
		"viewer": e.Viewer.String(), "known": e.Known,
	}
	text := func(name, v string) {
		if v != "" {
			m[name] = v
		}
	}
	number := func(name string, v int64) {
		if v != event.Absent {
			m[name] = v
		}
	}
	ref := func(name string, v event.Ref) {
		if !v.IsZero() {
			m[name] = v.String()
		}
	}
	ref("id", e.ID)
	ref("session", e.Session)
	ref("play", e.Play)
	ref("impression", e.Impression)
	ref("search", e.Search)
	number("seq", e.Seq)
	number("position_ms", e.PositionMS)
	number("duration_ms", e.DurationMS)
	number("from_ms", e.FromMS)
	number("rank", e.Rank)
	number("bitrate_kbps", e.Quality.BitrateKbps)
	number("dropped_frames", e.Quality.DroppedFrames)
	number("startup_ms", e.Quality.StartupMS)
	text("title", e.TitleID)
	text("creative", e.CreativeID)
	text("placement", e.Placement)
	text("error_code", e.Quality.ErrorCode)
	text("error_class", e.Quality.ErrorClass)
	text("search_query", maskedText(e.SearchQuery))
	number("search_results", e.SearchHits)
	if e.Propensity != 0 {
		m["propensity"] = e.Propensity
	}
	for name, pairs := range map[string]map[string]string{"experiments": e.Experiments, "traits": e.Traits} {
		if len(pairs) > 0 {
			m[name] = maskedPairs(pairs)
		}
	}
	if len(e.Properties) > 0 {
		m["properties_bytes"] = len(e.Properties)
	}
	if e.Quality.ErrorFatal {
		m["error_fatal"] = true
	}
	if e.Live {
		m["live"] = true
	}
	if e.Rate != 1 {
		m["rate"] = e.Rate
	}
	x := &e.Context
	for _, f := range [...][2]string{{"country", x.Country}, {"region", x.Region}, {"city", x.City}, {"device_type", x.DeviceType},
		{"os", x.OS}, {"os_version", x.OSVersion},
		{"browser", x.Browser}, {"browser_version", x.BrowserVersion}, {"device_type_raw", x.DeviceTypeRaw}, {"connection", x.Connection},
		{"timezone", x.Timezone}, {"app_version", x.AppVersion}, {"player", x.Player}, {"cdn", x.CDN}, {"isp", x.ISP}} {
		text(f[0], f[1])
	}
	out, err := json.Marshal(m)
	if err != nil {
		return nil // a rate that is no number; the entry does without
	}
	return out
}

// maskedPairs are experiments or traits as they may be shown.
func maskedPairs(pairs map[string]string) map[string]string {
	out := make(map[string]string, len(pairs))
	for k, v := range pairs {
		if personal[foldedText(k)] {
			v = mask
		}
		out[maskedText(k)] = maskedText(v)
	}
	return out
}
