package segment

import (
	"bytes"
	"math"
	"strings"

	"playhead/internal/collect/rawjson"
	"playhead/internal/event"
)

// folded is a name without case and punctuation, so that session_id, sessionId
// and "Session ID" are one; "" for a name that is longer than any known.
func folded(name string, buf *[40]byte) []byte {
	n := buf[:0]
	for i := range len(name) {
		ch := name[i]
		switch {
		case ch >= 'A' && ch <= 'Z':
			ch += 'a' - 'A'
		case ch >= 'a' && ch <= 'z' || ch >= '0' && ch <= '9':
		default:
			continue
		}
		if len(n) == len(buf) {
			return nil
		}
		n = append(n, ch)
	}
	return n
}

// label is a text or a number as text.
func label(v rawjson.Value) (string, bool) {
	if s, ok := v.Text(); ok {
		return strings.TrimSpace(s), true
	}
	if _, ok := v.Number(); ok {
		return string(v), true
	}
	return "", false
}

// text reads a short text; anything else is left out and counted.
func (d *Decoder) text(v rawjson.Value, to *string, limit int) {
	s, ok := label(v)
	switch {
	case v.IsNull():
	case !ok || len(s) > limit:
		d.item.Unknown++
	default:
		*to = s
	}
}

// number reads a number, or one in quotes.
func (d *Decoder) number(v rawjson.Value) (float64, bool) {
	if s, ok := v.Text(); ok {
		v = rawjson.Value(strings.TrimSpace(s))
	}
	f, ok := v.Number()
	if !ok && !v.IsNull() {
		d.item.Unknown++
	}
	return f, ok
}

// seconds reads a place or length of media, in seconds as the Video spec has
// it, into ms. A little below 0 is rounding; what cannot be is left out.
func (d *Decoder) seconds(v rawjson.Value, to *int64) {
	f, ok := d.number(v)
	switch {
	case !ok:
	case f < -1 || f*1000 >= float64(event.MaxMediaMS):
		d.item.Unknown++
	default:
		*to = int64(math.Round(max(f, 0) * 1000))
	}
}

func (d *Decoder) count(v rawjson.Value, to *int64) {
	f, ok := d.number(v)
	switch {
	case !ok:
	case f < 0 || f > math.MaxInt32:
		d.item.Unknown++
	default:
		*to = int64(math.Round(f))
	}
}

// truth is a boolean, in quotes too.
func truth(v rawjson.Value) (is, ok bool) {
	if b, ok := v.Bool(); ok {
		return b, true
	}
	switch s, _ := v.Text(); s {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

func hasEscape(text []byte) bool { return bytes.IndexByte(text, '\\') >= 0 }

// context takes what the client says of where and on what it runs.
func (d *Decoder) context(v rawjson.Value) {
	x := &d.item.Event.Context
	var kind, model string
	v.Each(func(key string, v rawjson.Value) {
		switch key {
		case "timezone":
			d.text(v, &x.Timezone, event.MaxTextBytes)
		case "ip":
			d.text(v, &d.item.Address, event.MaxTextBytes)
		case "userAgent", "user_agent":
			d.text(v, &d.item.Agent, event.MaxTextBytes)
		case "sessionId", "session_id":
			d.text(v, &d.item.Session, event.MaxIDBytes)
		case "app":
			d.text(v.Get("version"), &x.AppVersion, event.MaxTextBytes)
		case "os":
			d.text(v.Get("name"), &x.OS, event.MaxTextBytes)
		case "device":
			d.text(v.Get("type"), &kind, event.MaxTextBytes)
			d.text(v.Get("model"), &model, event.MaxTextBytes)
		case "location":
			d.text(v.Get("country"), &x.Country, event.MaxTextBytes)
			d.text(v.Get("region"), &x.Region, event.MaxTextBytes)
			d.text(v.Get("city"), &x.City, event.MaxTextBytes)
		case "network":
			d.network(v, &x.Connection)
		case "traits":
			if d.msg.traits == nil {
				d.msg.traits = v
			}
		}
	})
	x.DeviceType = deviceType(kind, model, x.OS)
}

func (d *Decoder) network(v rawjson.Value, to *string) {
	if on, _ := truth(v.Get("wifi")); on {
		*to = "wifi"
	} else if on, _ := truth(v.Get("cellular")); on {
		*to = "cellular"
	}
}

// deviceType is what the mobile libraries mean: they write the platform where
// the type should be.
func deviceType(kind, model, os string) string {
	kind, model, os = strings.ToLower(kind), strings.ToLower(model), strings.ToLower(os)
	switch {
	case strings.Contains(model, "appletv") || strings.HasPrefix(os, "tvos"):
		return "tv"
	case strings.Contains(model, "ipad") || os == "ipados":
		return "tablet"
	case kind == "ios" || kind == "android":
		return "phone"
	}
	return kind
}
