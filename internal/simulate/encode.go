package simulate

import (
	"strconv"
	"strings"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/event"
)

// encoder writes events as native JSON, by hand: it must outrun the server.
type encoder struct{ w *world }

const hexDigits = "0123456789abcdef"

// appendID writes the 128-bit id that x and salt stand for as a UUID. Nothing
// of a viewer can be read in it.
func appendID(b []byte, x, salt uint64) []byte {
	for i, v := range [2]uint64{mix(x ^ salt), mix(x + salt<<1 + 1)} {
		for s := 60; s >= 0; s -= 4 {
			b = append(b, hexDigits[v>>s&15])
			switch {
			case i == 0 && (s == 32 || s == 16), i == 0 && s == 0, i == 1 && s == 48:
				b = append(b, '-')
			}
		}
	}
	return b
}

// Salts keep ids of different sorts apart.
const (
	saltPlay uint64 = iota + 0x5a17
	saltSession
	saltEvent
	saltImpression
	saltSearch
	saltAnonymous
)

func text(b []byte, key, value string) []byte {
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, `":"`...)
	b = append(b, value...) // ids and names of the model need no escaping
	return append(b, '"')
}

func number(b []byte, key string, value int64) []byte {
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, `":`...)
	return strconv.AppendInt(b, value, 10)
}

func ident(b []byte, key string, x, salt uint64) []byte {
	b = append(b, ',', '"')
	b = append(b, key...)
	b = append(b, `":"`...)
	return append(appendID(b, x, salt), '"')
}

// head is what all events of a person begin with.
func (e *encoder) head(b []byte, kind event.Type, at int64, who *person, session uint64) []byte {
	b = append(b, `{"type":"`...)
	b = append(b, kind.String()...)
	b = append(b, `","time":`...)
	if who.number%16 == 5 { // some clients write times as text
		b = append(b, '"')
		b = time.UnixMilli(at).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
		b = append(b, '"')
	} else {
		b = strconv.AppendInt(b, at, 10)
	}
	switch who.identity {
	case byViewer:
		b = append(b, `,"viewer_id":"viewer-`...)
		b = strconv.AppendUint(b, uint64(who.number), 10)
		b = append(b, '"')
	case byAnonymous:
		b = ident(b, "anonymous_id", uint64(who.number), saltAnonymous)
	}
	return ident(b, "session_id", session, saltSession)
}

// playEvent is the JSON of one event of a play.
func (e *encoder) playEvent(b []byte, p *play, s *said) []byte {
	b = e.head(b, s.kind, s.time, &p.who, p.session)
	b = ident(b, "play_id", p.id, saltPlay)
	if p.numbers == bySeq || p.numbers == bySeqAndID {
		b = number(b, "seq", int64(s.seq))
	}
	if p.numbers == bySeqAndID || p.numbers == byID {
		b = ident(b, "id", p.id^uint64(s.seq+1)<<40, saltEvent)
	}
	if !p.terse || s.kind != event.Heartbeat {
		b = text(b, "title_id", e.w.titles[p.title].ID)
	}
	if p.live {
		b = append(b, `,"live":true`...)
	} else {
		b = number(b, "duration_ms", int64(p.runtime))
	}
	if s.pos >= 0 {
		b = number(b, "position_ms", int64(s.pos))
	}
	if s.from >= 0 {
		b = number(b, "from_ms", int64(s.from))
	}
	b = e.context(b, p, s.kind == event.PlayRequested || s.kind == event.PlayStarted)
	b = e.quality(b, p, s)
	return append(b, '}')
}

func (e *encoder) context(b []byte, p *play, full bool) []byte {
	place, d := &e.w.countries[p.who.country], &e.w.devices[p.screen]
	b = append(b, `,"context":{"country":"`...)
	b = append(b, place.code...)
	b = append(b, '"')
	b = text(b, "device_type", d.kind)
	b = text(b, "cdn", cdnNames[p.cdn])
	b = text(b, "isp", place.isps[p.who.isp])
	if full {
		b = text(b, "os", d.systems[p.system])
		b = text(b, "app_version", appVersions[p.version])
		b = text(b, "player", d.players[p.player])
	}
	return append(b, '}')
}

func (e *encoder) quality(b []byte, p *play, s *said) []byte {
	open := len(b)
	b = append(b, `,"quality":{`...)
	inner := len(b)
	switch s.kind {
	case event.PlayStarted:
		if p.tells {
			b = number(b, "startup_ms", int64(p.frame))
		}
	case event.Error:
		codes := playErrors[:]
		if p.frame < 0 {
			codes = startErrors[:]
		}
		b = text(b, "error_code", codes[s.arg])
		b = text(b, "error_class", [2]string{"technical", "business"}[s.arg%2])
		b = append(b, `,"error_fatal":`...)
		b = strconv.AppendBool(b, s.fatal)
	case event.Heartbeat, event.QualityChanged:
		if s.bitrate > 0 {
			b = number(b, "bitrate_kbps", int64(s.bitrate))
		}
		if s.kind == event.Heartbeat {
			b = number(b, "dropped_frames", int64(mix(p.id+uint64(s.seq))%40/37))
		}
	}
	if len(b) == inner {
		return b[:open]
	}
	b = append(b[:inner], b[inner+1:]...) // the first comma
	return append(b, '}')
}

// browse is an event outside plays: artwork seen, chosen, a search.
type browse struct {
	time        int64
	kind        event.Type
	title       int32
	rank        int32
	creative    int32
	id          uint64
	impression  uint64
	query, hits int32
	// letters of the query that are typed, 0 all; search is the search whose
	// result was chosen, 0 none.
	letters int32
	search  uint64
	// row is the placement; propensity of an impression, (0,1].
	row        int32
	propensity float64
}

// text is what the search field holds.
func (v *browse) text() string {
	q := absentQueries[max(0, int(v.query)-len(queries))]
	if int(v.query) < len(queries) {
		q = queries[v.query]
	}
	if n := int(v.letters); n > 0 && n < len(q) {
		return strings.TrimSpace(q[:n])
	}
	return q
}

// placementOf is where an impression, or a select, was.
func placementOf(v *browse) string {
	if v.search != 0 {
		return "search"
	}
	return placements[v.row]
}

// creativeOf is the index of the artwork among the title's.
func (w *world) creativeOf(v *browse) int32 {
	return v.creative % max(1, int32(len(w.titles[v.title].Creatives)))
}

var (
	placements = [...]string{"hero", "trending", "because-you-watched", "new", "top-ten", "continue-watching"}
	queries    = [...]string{"harbour", "detective series", "space", "concert", "something short", "animated", "football", "baking", "korean drama", "old westerns"}
	// absentQueries are spellings of what no title is about.
	absentQueries = [...]string{"dragon riders", "dragon rider", "dragon ridrs"}
)

func (e *encoder) browseEvent(b []byte, who *person, screen uint8, session uint64, v *browse) []byte {
	b = e.head(b, v.kind, v.time, who, session)
	b = ident(b, "id", v.id, saltEvent)
	if v.kind == event.Search {
		b = ident(b, "search_id", v.id, saltSearch)
		b = append(b, `,"search":{"query":"`...)
		b = append(b, v.text()...)
		b = append(b, `","results":`...)
		b = strconv.AppendInt(b, int64(v.hits), 10)
		b = append(b, '}')
	} else {
		t := &e.w.titles[v.title]
		b = text(b, "title_id", t.ID)
		if v.search != 0 {
			b = ident(b, "search_id", v.search, saltSearch)
		} else if len(t.Creatives) > 0 {
			b = text(b, "creative_id", t.Creatives[e.w.creativeOf(v)].ID)
		}
		b = text(b, "placement", placementOf(v))
		b = number(b, "rank", int64(v.rank))
		if v.impression != 0 {
			b = ident(b, "impression_id", v.impression, saltImpression)
		}
		if v.kind == event.Impression && v.propensity > 0 {
			b = append(b, `,"propensity":`...)
			b = strconv.AppendFloat(b, v.propensity, 'g', -1, 64)
		}
	}
	b = append(b, `,"context":{"country":"`...)
	b = append(b, e.w.countries[who.country].code...)
	b = append(b, '"')
	b = text(b, "device_type", e.w.devices[screen].kind)
	return append(b, '}', '}')
}

// titleList is the catalogue that the audience watches.
func titleList(c *catalog.Catalog) []catalog.Title {
	if c.Len() == 0 {
		c = catalog.Demo(1)
	}
	return c.Titles()
}
