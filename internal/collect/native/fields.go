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
	return d.fields(d.field)
}

// fields reads the object at p, a field at a time.
func (d *Decoder) fields(field func(key string) error) error {
	c := &d.c
	for more := c.open('}'); more; {
		key, err := c.key()
		if err != nil {
			return err
		}
		c.space()
		if err := field(key); err != nil {
			return err
		}
		if more, err = c.next('}'); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) field(key string) error {
	it, e := &d.item, &d.item.Event
	switch key {
	case "type":
		return d.eventType()
	case "time":
		return d.time("time", &e.Time, &it.HasTime)
	case "sent_at":
		return d.time("sent_at", &it.SentAt, nil)
	case "id":
		return d.text(key, &it.ID, event.MaxIDBytes)
	case "viewer_id":
		return d.text(key, &it.Viewer, event.MaxIDBytes)
	case "anonymous_id":
		return d.text(key, &it.Anonymous, event.MaxIDBytes)
	case "session_id":
		return d.text(key, &it.Session, event.MaxIDBytes)
	case "play_id":
		return d.text(key, &it.Play, event.MaxIDBytes)
	case "impression_id":
		return d.text(key, &it.Impression, event.MaxIDBytes)
	case "search_id":
		return d.text(key, &it.Search, event.MaxIDBytes)
	case "title_id":
		return d.text(key, &e.TitleID, event.MaxIDBytes)
	case "creative_id":
		return d.text(key, &e.CreativeID, event.MaxIDBytes)
	case "placement":
		return d.text(key, &e.Placement, event.MaxTextBytes)
	case "seq":
		return d.integer(key, &e.Seq)
	case "position_ms":
		return d.millis(key, &e.PositionMS)
	case "duration_ms":
		return d.millis(key, &e.DurationMS)
	case "from_ms":
		return d.millis(key, &e.FromMS)
	}
	return d.rareField(key)
}

func (d *Decoder) rareField(key string) error {
	e := &d.item.Event
	switch key {
	case "live":
		return d.boolean(key, &e.Live)
	case "rank":
		return d.integer(key, &e.Rank)
	case "propensity":
		return d.float(key, &e.Propensity, 0)
	case "rate":
		return d.float(key, &e.Rate, 1)
	case "context":
		return d.objectOf(key, d.contextField)
	case "quality":
		return d.objectOf(key, d.qualityField)
	case "search":
		return d.objectOf(key, d.searchField)
	case "experiments":
		return d.pairs(key, d.experiments, &e.Experiments)
	case "traits":
		return d.pairs(key, d.traits, &e.Traits)
	case "properties":
		return d.properties()
	}
	d.item.Unknown++
	return d.c.skip()
}

func (d *Decoder) contextField(key string) error {
	x := &d.item.Event.Context
	switch key {
	case "country":
		return d.text("context.country", &x.Country, event.MaxTextBytes)
	case "region":
		return d.text("context.region", &x.Region, event.MaxTextBytes)
	case "city":
		return d.text("context.city", &x.City, event.MaxTextBytes)
	case "device_type":
		return d.text("context.device_type", &x.DeviceType, event.MaxTextBytes)
	case "os":
		return d.text("context.os", &x.OS, event.MaxTextBytes)
	case "browser":
		return d.text("context.browser", &x.Browser, event.MaxTextBytes)
	case "os_version":
		return d.text("context.os_version", &x.OSVersion, event.MaxTextBytes)
	case "browser_version":
		return d.text("context.browser_version", &x.BrowserVersion, event.MaxTextBytes)
	case "app_version":
		return d.text("context.app_version", &x.AppVersion, event.MaxTextBytes)
	case "player":
		return d.text("context.player", &x.Player, event.MaxTextBytes)
	case "cdn":
		return d.text("context.cdn", &x.CDN, event.MaxTextBytes)
	case "isp":
		return d.text("context.isp", &x.ISP, event.MaxTextBytes)
	case "connection":
		return d.text("context.connection", &x.Connection, event.MaxTextBytes)
	case "timezone":
		return d.text("context.timezone", &x.Timezone, event.MaxTextBytes)
	}
	d.item.Unknown++
	return d.c.skip()
}

func (d *Decoder) qualityField(key string) error {
	q := &d.item.Event.Quality
	switch key {
	case "bitrate_kbps":
		return d.rounded("quality.bitrate_kbps", &q.BitrateKbps)
	case "dropped_frames":
		return d.integer("quality.dropped_frames", &q.DroppedFrames)
	case "startup_ms":
		return d.millis("quality.startup_ms", &q.StartupMS)
	case "error_code":
		return d.label("quality.error_code", &q.ErrorCode)
	case "error_class":
		return d.text("quality.error_class", &q.ErrorClass, event.MaxTextBytes)
	case "error_fatal":
		return d.boolean("quality.error_fatal", &q.ErrorFatal)
	}
	d.item.Unknown++
	return d.c.skip()
}

func (d *Decoder) searchField(key string) error {
	e := &d.item.Event
	switch key {
	case "query":
		return d.text("search.query", &e.SearchQuery, event.MaxTextBytes)
	case "results":
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

// value reads a number, or passes what is none.
func (d *Decoder) value(field string) (i int64, f float64, whole, ok bool, err error) {
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
	i, _, whole, ok, err := d.value(field)
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
	_, f, _, ok, err := d.value(field)
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
	_, f, _, ok, err := d.value(field)
	if !ok {
		return err
	}
	if f < 0 && f >= slightlyNegative {
		d.item.Repairs |= wire.RepairNegative
		f = 0
	}
	d.round(field, f, to)
	return nil
}

func (d *Decoder) float(field string, to *float64, absent float64) error {
	_, f, _, ok, err := d.value(field)
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
func (d *Decoder) objectOf(field string, fn func(string) error) error {
	if d.c.peek() != '{' {
		if ok, err := d.null(); ok {
			return err
		}
		return d.wrong(field, "an object")
	}
	return d.fields(fn)
}

// pairs is an object of short texts; numbers and booleans are taken as text.
func (d *Decoder) pairs(field string, into map[string]string, to *map[string]string) error {
	clear(into)
	*to = nil
	err := d.objectOf(field, func(key string) error {
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
