package segment

import (
	"bytes"
	"encoding/json"
	"strings"

	"playhead/internal/collect/rawjson"
	"playhead/internal/event"
)

// conclude makes the event of what was read.
func (d *Decoder) conclude() {
	it, m := &d.item, &d.msg
	if it.Bad.Code != "" {
		return
	}
	kind := m.kind
	if kind == "" && m.name != "" {
		kind = "track"
	}
	switch kind {
	case "track":
		d.track()
	case "identify":
		it.Event.Type = event.Identified
		d.pairs(m.traits, d.traits, &it.Event.Traits)
	case "page", "screen", "group", "alias":
		d.tracked(kind)
	case "", "batch":
		it.Reject("type", event.CodeMissing, "every event of a batch needs a type: track, identify, page, screen, group or alias")
	default:
		it.Reject("type", event.CodeUnknownType, "must be track, identify, page, screen, group or alias")
	}
	if it.Viewer == "" && it.Anonymous == "" && it.Session == "" {
		it.Reject("userId", event.CodeMissing, "userId or anonymousId is needed")
	}
}

func (d *Decoder) track() {
	it, m := &d.item, &d.msg
	if m.name == "" {
		it.Reject("event", event.CodeMissing, "a track needs the name of its event")
		return
	}
	var buf [40]byte
	name := folded(m.name, &buf)
	if t, about := meaning(name); about != 0 {
		d.video(t, about)
		return
	}
	if t := browsing(name); t != event.TypeUnknown {
		d.browse(t)
		return
	}
	if string(name) == "experimentviewed" {
		d.exposed()
		return
	}
	d.tracked("track")
}

// exposed is an event of Segment's A/B Testing spec.
func (d *Decoder) exposed() {
	it, p := &d.item, d.msg.properties
	first := func(names ...string) (s string) {
		for _, name := range names {
			if d.text(p.Get(name), &s, event.MaxTextBytes); s != "" {
				return s
			}
		}
		return ""
	}
	experiment, variant := first("experiment_name", "experiment_id"), first("variation_name", "variation_id")
	if experiment == "" || variant == "" {
		d.tracked("track")
		return
	}
	clear(d.experiments)
	d.experiments[experiment] = variant
	it.Event.Type, it.Event.Experiments = event.Exposed, d.experiments
	d.keep(p)
}

// tracked is an event that is about no play. Its properties say what it was.
func (d *Decoder) tracked(kind string) {
	it, m := &d.item, &d.msg
	it.Event.Type = event.Tracked
	out := append(d.props[:0], `{"type":"`...)
	out = append(append(out, kind...), '"')
	text := func(name, s string) {
		if s != "" {
			out = append(append(append(out, `,"`...), name...), `":`...)
			out = appendText(out, s)
		}
	}
	if kind == "track" {
		text("event", m.name)
	} else {
		text("name", m.name)
	}
	text("group", m.group)
	for _, part := range [...]struct {
		name  string
		value rawjson.Value
	}{{"properties", m.properties}, {"traits", m.traits}} {
		if part.value.IsObject() && (part.name == "properties" || kind == "group") {
			out = append(append(append(out, `,"`...), part.name...), `":`...)
			out = appendClean(out, part.value)
		}
	}
	d.props = append(out, '}')
	it.Event.Properties = d.props
}

// keep stores the properties as they came, less what names a person.
func (d *Decoder) keep(v rawjson.Value) {
	if !v.IsObject() {
		return
	}
	d.props = appendClean(d.props[:0], v)
	if len(d.props) > len("{}") {
		d.item.Event.Properties = d.props
	}
}

// appendClean writes v compactly, with no needless escapes (so that ids can be
// found in it) and without the members that name a person.
func appendClean(dst []byte, v rawjson.Value) []byte {
	first := true
	comma := func() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
	}
	switch {
	case v.IsObject():
		dst = append(dst, '{')
		var buf [40]byte
		v.Each(func(key string, v rawjson.Value) {
			if personal(folded(key, &buf)) {
				return
			}
			comma()
			dst = append(appendText(dst, key), ':')
			dst = appendClean(dst, v)
		})
		return append(dst, '}')
	case v.IsArray():
		dst = append(dst, '[')
		v.Elements(func(v rawjson.Value) bool {
			comma()
			dst = appendClean(dst, v)
			return true
		})
		return append(dst, ']')
	case v.IsText():
		if !hasEscape(v) {
			return append(dst, v...)
		}
		s, _ := v.Text()
		return appendText(dst, s)
	}
	return append(dst, v...)
}

// appendText writes a string with only the escapes that JSON needs.
func appendText(dst []byte, s string) []byte {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r > 0x7e }) < 0 {
		return append(append(append(dst, '"'), s...), '"')
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return append(dst, `""`...) // a string always marshals
	}
	return append(dst, bytes.TrimSpace(out.Bytes())...)
}

// personal tells the fields that by Segment's own specs name a person, an
// account, a device, a session or an address; they are never stored.
func personal(name []byte) bool {
	switch string(name) {
	case "email", "emailaddress", "phone", "phonenumber", "firstname", "lastname", "fullname", "username", "address", "street",
		"birthday", "birthdate", "dateofbirth", "avatar", "ip", "ipaddress", "userid", "anonymousid", "viewerid", "previousid",
		"profileid", "accountid", "customerid", "subscriberid", "deviceid", "sessionid", "advertisingid", "idfa", "idfv", "gaid", "token", "devicetoken":
		return true
	}
	return false
}

// pairs takes the short texts of an identify's traits; name, id, title and
// website are a person's there.
func (d *Decoder) pairs(v rawjson.Value, into map[string]string, to *map[string]string) {
	clear(into)
	var buf [40]byte
	v.Each(func(key string, v rawjson.Value) {
		name := folded(key, &buf)
		switch string(name) {
		case "name", "id", "title", "website", "description":
			return
		}
		var s string
		if b, ok := v.Bool(); ok {
			s = "false"
			if b {
				s = "true"
			}
		} else {
			s, _ = label(v)
		}
		if s == "" || personal(name) || len(s) > event.MaxTextBytes || len(key) > event.MaxTextBytes || len(into) >= event.MaxPairs {
			return
		}
		into[key] = s
	})
	if len(into) > 0 {
		*to = into
	}
}
