package native

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"

	"playhead/internal/collect/wire"
	"playhead/internal/event"
)

// slightlyNegative: positions down to this are rounding of the player's clock.
const slightlyNegative = -1000

// decodeEvent reads the value at p as an event into d.item. Its error is a
// syntax error: p is then nowhere.
func (d *Decoder) decodeEvent() error {
	c := &d.c
	if c.peek() != '{' {
		d.item.Reject("", event.CodeInvalid, "an event is a JSON object")
		return c.skip()
	}
	return d.fields(startEvent, eventField)
}

// fields reads the object at p, a field at a time; named tells fields by name.
func (d *Decoder) fields(start field, named func(string) field) error {
	c := &d.c
	prev := start
	for more := c.open('}'); more; {
		f, why := prev, stopName
		if d.utf8 {
			f, why = d.quick(prev)
		}
		var err error
		switch why {
		case stopEnd:
			return nil
		case stopName:
			if f, err = d.name(f, named); err != nil {
				return err
			}
		}
		if err = d.value(f); err != nil {
			return err
		}
		if more, err = c.next('}'); err != nil {
			return err
		}
		// What follows a name that is not known is another thing in each object: habits are
		// of this one alone, or a member of context could be taken for one of the event.
		if prev = f; f == fieldUnknown {
			prev = start
		}
	}
	return nil
}

// value reads the value at p into its field.
func (d *Decoder) value(f field) error {
	it, e := &d.item, &d.item.Event
	if f >= firstNested {
		return d.nestedValue(f)
	}
	switch f {
	case fieldType:
		return d.eventType()
	case fieldTime:
		return d.time("time", &e.Time, &it.HasTime)
	case fieldSentAt:
		return d.time("sent_at", &it.SentAt, nil)
	case fieldID:
		return d.text("id", &it.ID, event.MaxIDBytes)
	case fieldViewer:
		return d.text("viewer_id", &it.Viewer, event.MaxIDBytes)
	case fieldAnonymous:
		return d.text("anonymous_id", &it.Anonymous, event.MaxIDBytes)
	case fieldSession:
		return d.text("session_id", &it.Session, event.MaxIDBytes)
	case fieldPlay:
		return d.text("play_id", &it.Play, event.MaxIDBytes)
	case fieldImpression:
		return d.text("impression_id", &it.Impression, event.MaxIDBytes)
	case fieldSearchID:
		return d.text("search_id", &it.Search, event.MaxIDBytes)
	case fieldTitle:
		return d.text("title_id", &e.TitleID, event.MaxIDBytes)
	case fieldCreative:
		return d.text("creative_id", &e.CreativeID, event.MaxIDBytes)
	case fieldPlacement:
		return d.text("placement", &e.Placement, event.MaxTextBytes)
	case fieldSeq:
		return d.integer("seq", &e.Seq)
	case fieldPosition:
		return d.millis("position_ms", &e.PositionMS)
	case fieldDuration:
		return d.millis("duration_ms", &e.DurationMS)
	case fieldFrom:
		return d.millis("from_ms", &e.FromMS)
	case fieldLive:
		return d.boolean("live", &e.Live)
	case fieldRank:
		return d.integer("rank", &e.Rank)
	case fieldPropensity:
		return d.float("propensity", &e.Propensity, 0)
	case fieldRate:
		return d.float("rate", &e.Rate, 1)
	case fieldContext:
		return d.objectOf("context", startContext, contextField)
	case fieldQuality:
		return d.objectOf("quality", startQuality, qualityField)
	case fieldSearch:
		return d.objectOf("search", startSearch, searchField)
	case fieldExperiments:
		return d.pairs("experiments", d.experiments, &e.Experiments)
	case fieldTraits:
		return d.pairs("traits", d.traits, &e.Traits)
	case fieldProperties:
		return d.properties()
	}
	it.Unknown++
	return d.c.skip()
}

// nestedValue reads the value at p into its field of context, quality or search.
func (d *Decoder) nestedValue(f field) error {
	e := &d.item.Event
	x, q := &e.Context, &e.Quality
	switch f {
	case fieldCountry:
		return d.text("context.country", &x.Country, event.MaxTextBytes)
	case fieldRegion:
		return d.text("context.region", &x.Region, event.MaxTextBytes)
	case fieldCity:
		return d.text("context.city", &x.City, event.MaxTextBytes)
	case fieldDeviceType:
		return d.text("context.device_type", &x.DeviceType, event.MaxTextBytes)
	case fieldOS:
		return d.text("context.os", &x.OS, event.MaxTextBytes)
	case fieldBrowser:
		return d.text("context.browser", &x.Browser, event.MaxTextBytes)
	case fieldOSVersion:
		return d.text("context.os_version", &x.OSVersion, event.MaxTextBytes)
	case fieldBrowserVersion:
		return d.text("context.browser_version", &x.BrowserVersion, event.MaxTextBytes)
	case fieldAppVersion:
		return d.text("context.app_version", &x.AppVersion, event.MaxTextBytes)
	case fieldPlayer:
		return d.text("context.player", &x.Player, event.MaxTextBytes)
	case fieldCDN:
		return d.text("context.cdn", &x.CDN, event.MaxTextBytes)
	case fieldISP:
		return d.text("context.isp", &x.ISP, event.MaxTextBytes)
	case fieldConnection:
		return d.text("context.connection", &x.Connection, event.MaxTextBytes)
	case fieldTimezone:
		return d.text("context.timezone", &x.Timezone, event.MaxTextBytes)
	case fieldBitrate:
		return d.rounded("quality.bitrate_kbps", &q.BitrateKbps)
	case fieldDropped:
		return d.integer("quality.dropped_frames", &q.DroppedFrames)
	case fieldStartup:
		return d.millis("quality.startup_ms", &q.StartupMS)
	case fieldErrorCode:
		return d.label("quality.error_code", &q.ErrorCode)
	case fieldErrorClass:
		return d.text("quality.error_class", &q.ErrorClass, event.MaxTextBytes)
	case fieldErrorFatal:
		return d.boolean("quality.error_fatal", &q.ErrorFatal)
	case fieldQuery:
		return d.text("search.query", &e.SearchQuery, event.MaxTextBytes)
	case fieldResults:
		return d.integer("search.results", &e.SearchHits)
	}
	d.item.Unknown++
	return d.c.skip()
}

// wrong rejects the event and passes the value.
func (d *Decoder) wrong(field, want string) error {
	d.item.Reject(field, event.CodeInvalid, "must be "+want)
	return d.c.skip()
}

// null passes a null, which is the same as no field.
func (d *Decoder) null() (bool, error) {
	if d.c.peek() != 'n' {
		return false, nil
	}
	return true, d.c.literal("null")
}

func (d *Decoder) text(field string, to *string, limit int) error {
	if d.c.peek() != '"' {
		if ok, err := d.null(); ok {
			return err
		}
		return d.wrong(field, "a string")
	}
	s, err := d.c.str()
	if err != nil {
		return err
	}
	if n := len(s); n > 0 && (s[0] <= ' ' || s[0] >= utf8.RuneSelf || s[n-1] <= ' ' || s[n-1] >= utf8.RuneSelf) {
		s = strings.TrimSpace(s)
	}
	switch {
	case len(s) > limit:
		d.item.Reject(field, event.CodeTooLong, tooLong(limit))
	case !d.text8(s):
		d.item.Reject(field, event.CodeInvalidUTF8, "is not UTF-8")
	default:
		*to = s
	}
	return nil
}

func (d *Decoder) text8(s string) bool { return d.utf8 || utf8.ValidString(s) }

func tooLong(limit int) string {
	if limit == event.MaxIDBytes {
		return "longer than 256 bytes"
	}
	return "longer than 1024 bytes"
}

// label is a text that clients also write as a number, such as an error code.
func (d *Decoder) label(field string, to *string) error {
	c := &d.c
	if ch := c.peek(); ch == '-' || ch-'0' <= 9 {
		start := c.p
		if _, _, _, err := c.number(); err != nil {
			return err
		}
		*to = string(c.b[start:c.p])
		return nil
	}
	return d.text(field, to, event.MaxTextBytes)
}

// numeric reads a number, or passes what is none.
func (d *Decoder) numeric(field string) (i int64, f float64, whole, ok bool, err error) {
	ch := d.c.peek()
	if ch != '-' && ch-'0' > 9 {
		if null, err := d.null(); null {
			return 0, 0, false, false, err
		}
		return 0, 0, false, false, d.wrong(field, "a number")
	}
	i, f, whole, err = d.c.number()
	return i, f, whole, err == nil, err
}

func (d *Decoder) integer(field string, to *int64) error {
	i, _, whole, ok, err := d.numeric(field)
	switch {
	case !ok:
	case !whole:
		d.item.Reject(field, event.CodeInvalid, "must be a whole number")
	case i < 0:
		d.item.Reject(field, event.CodeOutOfRange, "must not be negative")
	default:
		*to = i
	}
	return err
}

// rounded is a number that players also write with a fraction.
func (d *Decoder) rounded(field string, to *int64) error {
	_, f, _, ok, err := d.numeric(field)
	if ok {
		d.round(field, f, to)
	}
	return err
}

func (d *Decoder) round(field string, f float64, to *int64) {
	switch {
	case f < 0:
		d.item.Reject(field, event.CodeOutOfRange, "must not be negative")
	case f > 1<<53:
		d.item.Reject(field, event.CodeOutOfRange, "is too large")
	default:
		*to = int64(math.Round(f))
	}
}

// millis is a place or length of media.
func (d *Decoder) millis(field string, to *int64) error {
	i, f, whole, ok, err := d.numeric(field)
	if !ok {
		return err
	}
	if whole && i >= 0 && i <= 1<<53 {
		*to = i
		return nil
	}
	if f < 0 && f >= slightlyNegative {
		d.item.Repairs |= wire.RepairNegative
		f = 0
	}
	d.round(field, f, to)
	return nil
}

func (d *Decoder) float(field string, to *float64, absent float64) error {
	_, f, _, ok, err := d.numeric(field)
	if ok {
		*to = f
	} else {
		*to = absent
	}
	return err
}

func (d *Decoder) boolean(field string, to *bool) error {
	switch d.c.peek() {
	case 't':
		*to = true
		return d.c.literal("true")
	case 'f':
		*to = false
		return d.c.literal("false")
	case 'n':
		return d.c.literal("null")
	}
	return d.wrong(field, "true or false")
}

// objectOf is an object within an event.
func (d *Decoder) objectOf(name string, start field, named func(string) field) error {
	if d.c.peek() != '{' {
		if ok, err := d.null(); ok {
			return err
		}
		return d.wrong(name, "an object")
	}
	return d.fields(start, named)
}

// each reads the object at p, a member at a time.
func (d *Decoder) each(member func(key string) error) error {
	c := &d.c
	for more := c.open('}'); more; {
		key, err := c.key()
		if err != nil {
			return err
		}
		c.peek()
		if err := member(key); err != nil {
			return err
		}
		if more, err = c.next('}'); err != nil {
			return err
		}
	}
	return nil
}

// pairs is an object of short texts; numbers and booleans are taken as text.
func (d *Decoder) pairs(field string, into map[string]string, to *map[string]string) error {
	clear(into)
	*to = nil
	if d.c.peek() != '{' {
		if ok, err := d.null(); ok {
			return err
		}
		return d.wrong(field, "an object")
	}
	err := d.each(func(key string) error {
		c := &d.c
		var v string
		switch ch := c.peek(); ch {
		case '{', '[':
			return d.wrong(field, "an object of texts")
		case 'n':
			return c.literal("null")
		case '"':
			if err := d.text(field, &v, event.MaxTextBytes); err != nil {
				return err
			}
		default:
			start := c.p
			if err := c.scalar(); err != nil {
				return err
			}
			v = string(c.b[start:c.p])
		}
		if len(into) > event.MaxPairs {
			d.item.Reject(field, event.CodeTooLong, "more than 64 entries")
			return nil
		}
		into[key] = v
		return nil
	})
	if len(into) > 0 {
		*to = into
	}
	return err
}

// properties keeps the open map as compact JSON with no needless escapes.
func (d *Decoder) properties() error {
	c := &d.c
	if c.peek() != '{' {
		if ok, err := d.null(); ok {
			return err
		}
		return d.wrong("properties", "an object")
	}
	start := c.p
	if err := c.skip(); err != nil {
		return err
	}
	raw := c.b[start:c.p]
	if len(raw) > event.MaxPropertyBytes {
		d.item.Reject("properties", event.CodeTooLong, "longer than 65536 bytes")
		return nil
	}
	if bytes.IndexByte(raw, '\\') >= 0 {
		if plain, ok := unescaped(raw); ok {
			d.item.Event.Properties = plain
			return nil
		}
	}
	buf := bytes.NewBuffer(d.compact[:0])
	if err := json.Compact(buf, raw); err != nil {
		d.item.Reject("properties", event.CodeInvalid, "must be an object")
		return nil
	}
	d.compact = buf.Bytes()
	d.item.Event.Properties = d.compact
	return nil
}

// unescaped writes raw anew with only the escapes that JSON needs, so that what
// it says can be searched for.
func unescaped(raw []byte) ([]byte, bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, false
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, false
	}
	return bytes.TrimSpace(out.Bytes()), true
}
