package collect

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode/utf8"
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
// knows. These are all steps, in their order; what each mends is a wire.Repair,
// what each drops a code of event or a rule of exclude.go.
//
//	clock     the client's clock, off by sent_at, is corrected; no time is the time of receipt
//	trim      spaces around texts go; enumerations are in lower case
//	country   ISO 3166; without one that of the request, with its region and ISP
//	device    the closed list of device types, the raw value kept; without one the user agent's
//	agent     operating system, browser and their versions, of the user agent
//	cdn       the host that media came from becomes its CDN's name
//	error     the two classes of errors
//	pseudonym ids become keyed hashes
//	exclude   bots, previews and internal traffic are left out
//	validate  what cannot be is rejected
//	clamp     nothing happens after it was received
//	scrub     raw ids in free text become pseudonyms
//
// rule names why the event is left out, bad why it is rejected.
func (b *batch) normalise(it *wire.Item) (rule string, bad *event.Invalid) {
	sought := b.seek(it) // a miss of the processor's cache, if it were not begun early
	b.timeStep(it)
	b.trimStep(it)
	b.countryStep(it)
	b.deviceStep(it)
	b.agentStep(it)
	b.cdnStep(it)
	b.errorStep(it)
	b.pseudonymise(it, &sought)
	if rule := b.excludeStep(it); rule != "" {
		return rule, nil
	}
	validate := event.Validate
	if it.UTF8 {
		validate = event.ValidateDecoded
	}
	if bad := validate(&it.Event, b.received); bad != nil {
		hinted := b.hint(it, *bad)
		return "", &hinted
	}
	b.clamp(it)
	b.scrub(it)
	return "", nil
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

// trimStep takes the spaces around what people type, and writes enumerations in
// lower case.
func (b *batch) trimStep(it *wire.Item) {
	if !it.Trimmed {
		trimTexts(it)
	}
	e := &it.Event
	x := &e.Context
	for _, text := range [...]*string{&e.Placement, &x.CDN, &x.Connection} {
		if lowered(*text) {
			continue
		}
		if lower := strings.ToLower(*text); lower != *text {
			*text = lower
			it.Repairs |= wire.RepairTrimmed
		}
	}
	if e.Traits == nil {
		return
	}
	for _, name := range [...]string{"gender", "age_band"} {
		if s := e.Traits[name]; s != "" {
			if clean := strings.ToLower(strings.TrimSpace(s)); clean != s {
				e.Traits[name] = clean
				it.Repairs |= wire.RepairTrimmed
			}
		}
	}
}

// lowered reports whether a text is ASCII without capitals, as most are.
func lowered(s string) bool {
	const each = 0x0101010101010101
	n := len(s)
	if n < 8 {
		for i := range n {
			if ch := s[i]; ch-'A' <= 'Z'-'A' || ch >= utf8.RuneSelf {
				return false
			}
		}
		return true
	}
	b, found := unsafe.Slice(unsafe.StringData(s), n), uint64(0)
	for i := 0; i < n; i += 8 {
		// The sums have the top bits of bytes from A on, and of those behind Z.
		w := binary.LittleEndian.Uint64(b[min(i, n-8):])
		low := w &^ (0x80 * each)
		found |= (low+(0x80-'A')*each)&^(low+(0x80-'Z'-1)*each) | w
	}
	return found&(0x80*each) == 0
}

// trimTexts takes the spaces around the texts of an event whose decoder has not.
func trimTexts(it *wire.Item) {
	e := &it.Event
	x := &e.Context
	for _, text := range [...]*string{&e.TitleID, &e.CreativeID, &e.Placement, &x.Country, &x.Region, &x.City, &x.DeviceType, &x.OS, &x.Browser,
		&x.OSVersion, &x.BrowserVersion, &x.AppVersion, &x.Player, &x.CDN, &x.ISP, &x.Connection, &x.Timezone,
		&e.Quality.ErrorCode, &e.Quality.ErrorClass} {
		if s := *text; s != "" && (s[0] <= ' ' || s[len(s)-1] <= ' ') {
			*text = strings.TrimSpace(s)
			it.Repairs |= wire.RepairTrimmed
		}
	}
}

// countryStep keeps ISO 3166 countries; without one the request's counts. Its
// region and ISP count where the client does not say otherwise.
func (b *batch) countryStep(it *wire.Item) {
	x, at := &it.Event.Context, &b.place
	if it.Address != "" {
		named, _ := b.c.cfg.Country.placeOfText(it.Address)
		at = &named
	}
	if x.Country == "" {
		x.Country = at.country
	} else {
		code := isoCountry(x.Country)
		if code == "" {
			it.Repairs |= wire.RepairCountry
		}
		x.Country = code
	}
	if at.country != "" && x.Country == at.country && x.Region == "" {
		x.Region = at.region
	}
	if x.ISP == "" {
		x.ISP = at.isp
	}
}

// deviceStep keeps the closed list of device types; without one the user agent counts.
func (b *batch) deviceStep(it *wire.Item) {
	x := &it.Event.Context
	if x.DeviceType == "" {
		x.DeviceType = b.deviceOf(it).kind
		return
	}
	known, exact := deviceType(x.DeviceType)
	if !exact {
		it.Repairs |= wire.RepairDevice
		if known == "other" {
			x.DeviceTypeRaw = x.DeviceType
		}
	}
	x.DeviceType = known
}

// agentStep takes system, browser and versions from the user agent, which
// speaks for the device only where it agrees with the client.
func (b *batch) agentStep(it *wire.Item) {
	x, d := &it.Event.Context, b.deviceOf(it)
	if x.DeviceType != d.kind {
		return
	}
	if x.OS == "" {
		x.OS = d.os
	}
	if x.OS == d.os && x.OSVersion == "" {
		x.OSVersion = d.osVersion
	}
	if x.Browser == "" {
		x.Browser = d.browser
	}
	if x.Browser == d.browser && x.BrowserVersion == "" {
		x.BrowserVersion = d.browserVersion
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

// cdnStep names the CDN by the host that media came from: the one given as the
// CDN, else that of a media URL. A host that no entry names stays as it was
// given, and a URL's is left out: there may be any number of them.
func (b *batch) cdnStep(it *wire.Item) {
	x := &it.Event.Context
	if strings.IndexByte(x.CDN, '.') > 0 {
		if name := b.c.cdns.of(hostOf(x.CDN)); name != "" {
			x.CDN = name
			it.Repairs |= wire.RepairCDN
		}
		return
	}
	switch {
	case x.CDN != "":
	case it.MediaURL != "":
		x.CDN = b.c.cdns.of(hostOf(it.MediaURL))
	case b.media.cdn != "" && it.Session != "" && b.media.session == xxh3.HashString(it.Session):
		x.CDN = b.media.cdn
	}
}

// media is the CDN that the last media of a request came from, and the hash of
// the session it was for.
type media struct {
	session uint64
	cdn     string
}

// rememberMedia keeps the CDN that a report tells which is no event itself, such
// as CMCD's on a response, for the events of its session behind it in the request.
func (b *batch) rememberMedia(it *wire.Item) {
	if it.MediaURL == "" || it.Session == "" {
		return
	}
	if cdn := b.c.cdns.of(hostOf(it.MediaURL)); cdn != "" {
		b.media = media{xxh3.HashString(it.Session), cdn}
	}
}

// errorStep keeps the two classes of errors.
func (b *batch) errorStep(it *wire.Item) {
	q := &it.Event.Quality
	switch {
	case q.ErrorClass == "" || q.ErrorClass == "technical" || q.ErrorClass == "business":
		return
	case strings.EqualFold(q.ErrorClass, "business"):
		q.ErrorClass = "business"
	default:
		q.ErrorClass = "technical"
	}
	it.Repairs |= wire.RepairErrorClass
}

// excludeStep is the rule by which an event is left out of every figure, or "".
func (b *batch) excludeStep(it *wire.Item) string {
	x := b.c.excluded
	if b.internal != "" && it.Address == "" {
		return b.internal
	}
	if it.Address != "" && len(x.networks) > 0 {
		if _, addr := b.c.cfg.Country.placeOfText(it.Address); addr.IsValid() {
			if rule := x.ofAddress(addr); rule != "" {
				return rule
			}
		}
	}
	raw := it.Viewer
	if raw == "" {
		raw = it.Anonymous
	}
	if rule := x.ofViewer(raw, it.Event.Viewer); rule != "" {
		return rule
	}
	return x.ofAgent(b.deviceOf(it))
}

// seek begins to look for the viewer's pseudonym, if there is a viewer.
func (b *batch) seek(it *wire.Item) privacy.Sought {
	ring := b.c.cfg.Ring
	switch {
	case it.Viewer != "":
		return ring.SeekViewer(it.Viewer)
	case it.Anonymous != "":
		return ring.SeekAnonymous(it.Anonymous)
	case it.Session != "":
		return ring.SeekSession(it.Session)
	}
	return privacy.Sought{}
}

// pseudonymise turns every raw id into its keyed pseudonym; sought is the viewer's.
func (b *batch) pseudonymise(it *wire.Item, sought *privacy.Sought) {
	e, ring := &it.Event, b.c.cfg.Ring
	ref := func(to *event.Ref, domain byte, raw string) {
		if raw != "" {
			*to = ring.Ref(domain, raw)
		}
	}
	ring.ThreeRefs([...]byte{privacy.DomainSession, privacy.DomainPlay, privacy.DomainID}, [...]string{it.Session, it.Play, it.ID},
		[...]*event.Ref{&e.Session, &e.Play, &e.ID})
	ref(&e.Impression, privacy.DomainImpression, it.Impression)
	ref(&e.Search, privacy.DomainSearch, it.Search)
	if it.Viewer != "" || it.Anonymous != "" || it.Session != "" {
		e.Viewer, e.Known = sought.Key(), it.Viewer != "" || it.Anonymous != ""
	}
	if it.ID != "" {
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
