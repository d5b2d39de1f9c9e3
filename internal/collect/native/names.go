package native

import "bytes"

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
// the next name is mostly one that can be known by a comparison.
type habit struct {
	text [32]byte
	n    uint8 // of text; 0 for none
	next field
}

// name reads a field's name and colon after the field prev.
func (d *Decoder) name(prev field, named func(string) field) (field, error) {
	c := &d.c
	c.peek()
	rest := c.b[c.p:]
	habits := &d.habits[prev]
	for i := range habits {
		h := &habits[i]
		if n := int(h.n); n > 0 && len(rest) >= n && string(rest[:n]) == string(h.text[:n]) {
			c.p += n
			return h.next, nil
		}
	}
	from := c.p
	key, err := c.key()
	if err != nil {
		return fieldUnknown, err
	}
	f := named(key)
	if text := c.b[from:c.p]; f != fieldUnknown && len(text) <= len(habit{}.text) && bytes.IndexByte(text, '\\') < 0 {
		copy(habits[1:], habits[:])
		h := &habits[0]
		h.n, h.next = uint8(copy(h.text[:], text)), f
	}
	return f, nil
}
