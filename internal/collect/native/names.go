package native

import (
	"bytes"
	"encoding/binary"
)

// field is a field of the format, or the beginning of an object of it.
type field uint8

const (
	fieldUnknown field = iota
	startEvent
	startContext
	startQuality
	startSearch
	fieldType
	fieldTime
	fieldSentAt
	fieldID
	fieldViewer
	fieldAnonymous
	fieldSession
	fieldPlay
	fieldImpression
	fieldSearchID
	fieldTitle
	fieldCreative
	fieldPlacement
	fieldSeq
	fieldPosition
	fieldDuration
	fieldFrom
	fieldLive
	fieldRank
	fieldPropensity
	fieldRate
	fieldContext
	fieldQuality
	fieldSearch
	fieldExperiments
	fieldTraits
	fieldProperties
	// Of the objects within an event.
	fieldCountry
	fieldRegion
	fieldCity
	fieldDeviceType
	fieldOS
	fieldBrowser
	fieldOSVersion
	fieldBrowserVersion
	fieldAppVersion
	fieldPlayer
	fieldCDN
	fieldISP
	fieldConnection
	fieldTimezone
	fieldBitrate
	fieldDropped
	fieldStartup
	fieldErrorCode
	fieldErrorClass
	fieldErrorFatal
	fieldQuery
	fieldResults
	fieldCount

	firstNested = fieldCountry
	// fieldRoom is a power of two that has room for all fields.
	fieldRoom = 64
)

// eventField tells the fields of an event.
func eventField(name string) field {
	switch name {
	case "type":
		return fieldType
	case "time":
		return fieldTime
	case "sent_at":
		return fieldSentAt
	case "id":
		return fieldID
	case "viewer_id":
		return fieldViewer
	case "anonymous_id":
		return fieldAnonymous
	case "session_id":
		return fieldSession
	case "play_id":
		return fieldPlay
	case "impression_id":
		return fieldImpression
	case "search_id":
		return fieldSearchID
	case "title_id":
		return fieldTitle
	case "creative_id":
		return fieldCreative
	case "placement":
		return fieldPlacement
	case "seq":
		return fieldSeq
	case "position_ms":
		return fieldPosition
	case "duration_ms":
		return fieldDuration
	case "from_ms":
		return fieldFrom
	case "live":
		return fieldLive
	case "rank":
		return fieldRank
	case "propensity":
		return fieldPropensity
	case "rate":
		return fieldRate
	case "context":
		return fieldContext
	case "quality":
		return fieldQuality
	case "search":
		return fieldSearch
	case "experiments":
		return fieldExperiments
	case "traits":
		return fieldTraits
	case "properties":
		return fieldProperties
	}
	return fieldUnknown
}

// contextField tells the fields of its context.
func contextField(name string) field {
	switch name {
	case "country":
		return fieldCountry
	case "region":
		return fieldRegion
	case "city":
		return fieldCity
	case "device_type":
		return fieldDeviceType
	case "os":
		return fieldOS
	case "browser":
		return fieldBrowser
	case "os_version":
		return fieldOSVersion
	case "browser_version":
		return fieldBrowserVersion
	case "app_version":
		return fieldAppVersion
	case "player":
		return fieldPlayer
	case "cdn":
		return fieldCDN
	case "isp":
		return fieldISP
	case "connection":
		return fieldConnection
	case "timezone":
		return fieldTimezone
	}
	return fieldUnknown
}

// qualityField tells the fields of its quality.
func qualityField(name string) field {
	switch name {
	case "bitrate_kbps":
		return fieldBitrate
	case "dropped_frames":
		return fieldDropped
	case "startup_ms":
		return fieldStartup
	case "error_code":
		return fieldErrorCode
	case "error_class":
		return fieldErrorClass
	case "error_fatal":
		return fieldErrorFatal
	}
	return fieldUnknown
}

// searchField tells the fields of its search.
func searchField(name string) field {
	switch name {
	case "query":
		return fieldQuery
	case "results":
		return fieldResults
	}
	return fieldUnknown
}

// habit is what a client wrote after a field: the next field's name, quotes and
// colon included. Clients write their fields in one order, or in a few, so that
// the next name is mostly one that can be known by a comparison of whole words.
type habit struct {
	word, mask [habitWords]uint64 // little endian; mask has the bits that are of the text
	n          uint               // bytes of the text
	next       field
}

const (
	habitWords = 3
	habitBytes = 8 * habitWords
	// habitRoom is a power of two above habitBytes.
	habitRoom = 32
)

// noHabit fits no text.
var noHabit = habit{word: [habitWords]uint64{1}}

// newHabit is the habit of a text of at most habitBytes.
func newHabit(text []byte, next field) habit {
	h := habit{n: uint(len(text)), next: next}
	var padded, ones [habitBytes]byte
	for i := range copy(padded[:], text) {
		ones[i] = 0xff
	}
	for i := range habitWords {
		h.word[i], h.mask[i] = binary.LittleEndian.Uint64(padded[8*i:]), binary.LittleEndian.Uint64(ones[8*i:])
	}
	return h
}

// fits reports whether text begins as the habit says.
func (h *habit) fits(text *[quickBytes]byte) bool {
	w0, w1 := binary.LittleEndian.Uint64(text[:]), binary.LittleEndian.Uint64(text[8:])
	return w0&h.mask[0] == h.word[0] && w1&h.mask[1] == h.word[1] &&
		(h.n <= 16 || binary.LittleEndian.Uint64(text[16:])&h.mask[2] == h.word[2])
}

// name reads a field's name and colon after the field prev.
func (d *Decoder) name(prev field, named func(string) field) (field, error) {
	c := &d.c
	c.peek()
	// What lies behind the text, in the same buffer, may be read but not be used.
	if at := c.b[c.p:cap(c.b)]; len(at) >= quickBytes {
		habits := &d.habits[prev]
		for i := range habits {
			if h := &habits[i]; h.fits((*[quickBytes]byte)(at)) && int(h.n) <= len(c.b)-c.p {
				c.p += int(h.n)
				return h.next, nil
			}
		}
	}
	return d.newName(prev, named)
}

// newName is name where no habit tells it.
func (d *Decoder) newName(prev field, named func(string) field) (field, error) {
	c := &d.c
	from := c.p
	key, err := c.key()
	if err != nil {
		return fieldUnknown, err
	}
	f := named(key)
	if text := c.b[from:c.p]; f != fieldUnknown && len(text) <= habitBytes && bytes.IndexByte(text, '\\') < 0 {
		habits := &d.habits[prev]
		copy(habits[1:], habits[:])
		habits[0] = newHabit(text, f)
	}
	return f, nil
}
