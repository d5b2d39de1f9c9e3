package collect

import (
	"bytes"
	"encoding/json"
	"strings"
	"unsafe"

	"github.com/zeebo/xxh3"

	"playhead/internal/collect/wire"
	"playhead/internal/event"
	"playhead/internal/privacy"
)

const (
	// skewMS: a client's clock that is off by less is left alone, since sending
	// takes time too.
	skewMS = 2000
	// secondsBelow: an epoch time below it (March 1973 in milliseconds) is far
	// more likely in seconds, one above microsAbove (year 5138) in microseconds.
	secondsBelow = 100_000_000_000
	microsAbove  = 100_000_000_000_000
	// shortID: raw ids shorter than this are not looked for in free text, where
	// they would be found by chance.
	shortID = 4
)

// normalise makes the event's values the ones that everything downstream
// knows, a named step at a time.
func (b *batch) normalise(it *wire.Item) {
	b.timeStep(it)
	b.countryStep(it)
	b.deviceStep(it)
	b.errorStep(it)
}

// timeStep corrects the client's clock: when it says by sent_at that it is off,
// by as much; a report without a time has the time of receipt.
func (b *batch) timeStep(it *wire.Item) {
	e := &it.Event
	if !it.HasTime {
		e.Time = b.received
		it.Repairs |= wire.RepairNoTime
		return
	}
	if it.SentAt == 0 {
		return
	}
	if off := b.received - it.SentAt; off > skewMS || off < -skewMS {
		e.Time += off
		it.Repairs |= wire.RepairSkew
	}
}

// hint adds to a time that cannot be what it was likely meant to be.
func (b *batch) hint(it *wire.Item, bad event.Invalid) event.Invalid {
	switch {
	case bad.Field != "time" || it.SentAt != 0:
	case bad.Code == event.CodeTooOld && it.Event.Time < secondsBelow && it.Event.Time > 100_000_000:
		bad.Reason += "; this looks like seconds where milliseconds are wanted"
	case bad.Code == event.CodeTooNew && it.Event.Time > microsAbove:
		bad.Reason += "; this looks like microseconds where milliseconds are wanted"
	}
	return bad
}

// clamp keeps an event from happening after it was received.
func (b *batch) clamp(it *wire.Item) {
	if e := &it.Event; e.Time > b.received {
		if e.Time > b.received+skewMS {
			it.Repairs |= wire.RepairFuture
		}
		e.Time = b.received
	}
}

// countryStep keeps ISO 3166 countries; without one the request's counts.
func (b *batch) countryStep(it *wire.Item) {
	x := &it.Event.Context
	if x.Country == "" {
		x.Country = b.country
		if it.Address != "" {
			x.Country = b.c.cfg.Country.OfAddress(it.Address)
		}
		return
	}
	code := isoCountry(x.Country)
	if code == "" {
		it.Repairs |= wire.RepairCountry
	}
	x.Country = code
}

// deviceStep keeps the closed list of device types; without one the user agent counts.
func (b *batch) deviceStep(it *wire.Item) {
	x := &it.Event.Context
	if x.DeviceType != "" {
		known, exact := deviceType(x.DeviceType)
		if !exact {
			it.Repairs |= wire.RepairDevice
			if known == "other" {
				x.DeviceTypeRaw = x.DeviceType
			}
		}
		x.DeviceType = known
	}
	if x.DeviceType != "" && x.OS != "" && x.Browser != "" {
		return
	}
	if d := b.deviceOf(it); x.DeviceType == "" || x.DeviceType == d.kind {
		// The agent speaks for the device only where it agrees with the client.
		x.DeviceType = d.kind
		if x.OS == "" {
			x.OS = d.os
		}
		if x.Browser == "" {
			x.Browser = d.browser
		}
	}
}

// deviceOf is what the user agent tells of who watches.
func (b *batch) deviceOf(it *wire.Item) *device {
	if it.Agent != "" {
		return b.c.devices.of(it.Agent)
	}
	if b.device == nil {
		b.device = b.c.devices.of(b.agent)
	}
	return b.device
}

// errorStep keeps the two classes of errors.
func (b *batch) errorStep(it *wire.Item) {
	q := &it.Event.Quality
	switch {
	case q.ErrorClass == "" || q.ErrorClass == "technical" || q.ErrorClass == "business":
	case strings.EqualFold(q.ErrorClass, "business"):
		q.ErrorClass = "business"
	default:
		q.ErrorClass = "technical"
	}
}

// pseudonymise turns every raw id into its keyed pseudonym.
func (b *batch) pseudonymise(it *wire.Item) {
	e, ring := &it.Event, b.c.cfg.Ring
	switch {
	case it.Viewer != "":
		e.Viewer, e.Known = ring.Viewer(it.Viewer), true
	case it.Anonymous != "":
		e.Viewer, e.Known = ring.Anonymous(it.Anonymous), true
	case it.Session != "":
		e.Viewer = ring.Session(it.Session)
	}
	ref := func(to *event.Ref, domain byte, raw string) {
		if raw != "" {
			*to = ring.Ref(domain, raw)
		}
	}
	ref(&e.Session, privacy.DomainSession, it.Session)
	ref(&e.Play, privacy.DomainPlay, it.Play)
	ref(&e.Impression, privacy.DomainImpression, it.Impression)
	ref(&e.Search, privacy.DomainSearch, it.Search)
	if it.ID != "" {
		e.ID = ring.Ref(privacy.DomainID, it.ID)
		return
	}
	// Without an id the content is it. A fast hash goes first: the keyed one
	// is an order of magnitude slower over a whole event.
	sum := xxh3.Hash128(it.Raw).Bytes()
	e.ID = ring.RefBytes(privacy.DomainContent, sum[:])
	if b.format == event.FormatCMCD {
		e.ID = e.ID.WithNumber(it.Number - 1)
	}
}

// scrub replaces raw viewer ids in what clients may write freely.
func (b *batch) scrub(it *wire.Item) {
	e := &it.Event
	if len(e.Properties) == 0 && e.SearchQuery == "" && e.Traits == nil && e.Experiments == nil {
		return
	}
	ring := b.c.cfg.Ring
	for i, raw := range [...]string{it.Viewer, it.Anonymous} {
		if len(raw) < shortID {
			continue
		}
		pseudonym := func() string {
			it.Repairs |= wire.RepairRawID
			if i == 1 {
				return ring.Anonymous(raw).String()
			}
			return ring.Viewer(raw).String()
		}
		if strings.Contains(e.SearchQuery, raw) {
			e.SearchQuery = strings.ReplaceAll(e.SearchQuery, raw, pseudonym())
		}
		e.Properties = scrubJSON(e.Properties, raw, pseudonym)
		scrubMap(e.Traits, raw, pseudonym)
		scrubMap(e.Experiments, raw, pseudonym)
	}
}

// scrubJSON replaces raw as it is spelt in JSON.
func scrubJSON(text []byte, raw string, pseudonym func() string) []byte {
	if len(text) == 0 {
		return text
	}
	spelt := jsonSpelling(raw)
	if !bytes.Contains(text, spelt) {
		return text
	}
	return bytes.ReplaceAll(text, spelt, []byte(pseudonym()))
}

// jsonSpelling is raw as it stands within a JSON string that has only the
// escapes that it needs. It must not be changed.
func jsonSpelling(raw string) []byte {
	plain := func(r rune) bool { return r < ' ' || r > 0x7e || r == '"' || r == '\\' }
	if strings.IndexFunc(raw, plain) < 0 {
		return unsafe.Slice(unsafe.StringData(raw), len(raw))
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(raw); err != nil {
		return []byte(raw) // a string always marshals
	}
	text := bytes.TrimSpace(out.Bytes())
	return text[1 : len(text)-1]
}

func scrubMap(m map[string]string, raw string, pseudonym func() string) {
	for k, v := range m {
		clean := strings.ReplaceAll(v, raw, "")
		if key := strings.Contains(k, raw); key || len(clean) != len(v) {
			p := pseudonym()
			delete(m, k)
			m[strings.ReplaceAll(k, raw, p)] = strings.ReplaceAll(v, raw, p)
		}
	}
}
