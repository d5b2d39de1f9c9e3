package event

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Code says in one word what is wrong with a field. It is part of the HTTP
// contract: clients may switch on it.
type Code string

// The closed set of codes. The ones that Validate never gives are for the
// decoders in front of it, so that a client sees one list.
const (
	CodeMissing     Code = "missing"      // a field that this type needs is absent
	CodeInvalid     Code = "invalid"      // of the wrong JSON type or not one of the allowed values
	CodeInvalidUTF8 Code = "invalid_utf8" // text that is not UTF-8
	CodeTooLong     Code = "too_long"     // longer than the limit named in the reason
	CodeOutOfRange  Code = "out_of_range" // a number that cannot be
	CodeUnknownType Code = "unknown_type" // type is none of the event types
	CodeTooOld      Code = "too_old"      // time more than 30 days behind
	CodeTooNew      Code = "too_new"      // time more than 24 h ahead
)

// Limits that Validate enforces.
const (
	MaxAgeMS         int64 = 30 * 24 * 3_600_000 // live events: how far behind now
	MaxAheadMS       int64 = 24 * 3_600_000      // live events: how far ahead of now
	MaxMediaMS       int64 = 10 * 24 * 3_600_000 // positions and durations are below it
	MaxTime          int64 = 7_258_118_400_000   // 2200-01-01: imported times are below it
	MaxIDBytes             = 256                 // ids, raw or not
	MaxTextBytes           = 1024                // every other text, keys and values of maps too
	MaxPairs               = 64                  // entries of experiments and of traits
	MaxPropertyBytes       = 64 << 10            // properties as compact JSON
	MaxRate                = 16.0                // playback rate
)

// Invalid says why an event is rejected. It names the field as clients write
// it and never repeats a text that the client sent.
type Invalid struct {
	Field  string
	Code   Code
	Reason string
}

// Error is the field and the reason in one line.
func (i *Invalid) Error() string { return i.Field + ": " + i.Reason }

// Validate reports the first thing that makes e impossible, or nil; now is the
// server's clock, epoch ms. Absent optional fields are never wrong. An Import
// has no age limit. It is meant for after the collector has normalised e; the
// limit on raw ids is the collector's.
func Validate(e *Event, now int64) *Invalid {
	if bad := validateFacts(e, now); bad != nil {
		return bad
	}
	return validateTexts(e)
}

// ValidateDecoded is Validate for an event whose decoder knows that all of its
// texts, those of its maps and of its properties too, are UTF-8.
func ValidateDecoded(e *Event, now int64) *Invalid {
	if bad := validateFacts(e, now); bad != nil {
		return bad
	}
	// Lengths that have no bit above 255, or above 1023, in common are all within
	// the limits: the long way is for what comes close to one.
	c, q := &e.Context, &e.Quality
	ids := len(e.TitleID) | len(e.CreativeID)
	texts := len(e.Placement) | len(c.Country) | len(c.Region) | len(c.City) | len(c.DeviceType) | len(c.DeviceTypeRaw) | len(c.OS) |
		len(c.Browser) | len(c.OSVersion) | len(c.BrowserVersion) | len(c.AppVersion) | len(c.Player) | len(c.CDN) | len(c.ISP) |
		len(c.Connection) | len(c.Timezone) | len(q.ErrorCode) | len(q.ErrorClass) | len(e.SearchQuery)
	if ids >= MaxIDBytes || texts >= MaxTextBytes || len(e.Experiments) > 0 || len(e.Traits) > 0 || len(e.Properties) > MaxPropertyBytes {
		return validateTexts(e)
	}
	return nil
}

func validateFacts(e *Event, now int64) *Invalid {
	if e.Type == TypeUnknown || e.Type >= typeCount {
		return &Invalid{"type", CodeUnknownType, "not one of the event types"}
	}
	if e.Viewer.IsZero() {
		return &Invalid{"viewer_id", CodeMissing, "viewer_id, anonymous_id or session_id is needed"}
	}
	if e.Type.OfPlay() && e.Play.IsZero() {
		return &Invalid{"play_id", CodeMissing, "needed for " + e.Type.String()}
	}
	if bad := validateTime(e, now); bad != nil {
		return bad
	}
	return validateNumbers(e)
}

func validateTime(e *Event, now int64) *Invalid {
	switch {
	case e.Import && (e.Time <= 0 || e.Time >= MaxTime):
		return &Invalid{"time", CodeOutOfRange, "must lie between 1970 and 2200"}
	case e.Import:
		return nil
	case e.Time > now+MaxAheadMS:
		return &Invalid{"time", CodeTooNew, "more than 24 h ahead of the server's clock"}
	case e.Time < now-MaxAgeMS:
		return &Invalid{"time", CodeTooOld, "more than 30 days behind the server's clock; use replay --import for history"}
	}
	return nil
}

func validateNumbers(e *Event) *Invalid {
	// One above Absent or a number in its bounds is at least 0, and at most the first
	// that is out of them: as they nearly always all are, they are looked at at once.
	q := &e.Quality
	const media, count = uint64(MaxMediaMS), uint64(math.MaxInt32) + 1
	above := func(v int64) uint64 { return uint64(v + 1) }
	if above(e.PositionMS) <= media && above(e.DurationMS) <= media && above(e.FromMS) <= media && above(q.StartupMS) <= media &&
		above(e.Seq) <= count && above(e.Rank) <= count && above(q.BitrateKbps) <= count && above(q.DroppedFrames) <= count && above(e.SearchHits) <= count &&
		e.Rate > 0 && e.Rate <= MaxRate && e.Propensity >= 0 && e.Propensity <= 1 {
		return nil
	}
	return wrongNumber(e)
}

// wrongNumber says which number it is that cannot be.
func wrongNumber(e *Event) *Invalid {
	media := [...]struct {
		field string
		value int64
	}{{"position_ms", e.PositionMS}, {"duration_ms", e.DurationMS}, {"from_ms", e.FromMS}, {"quality.startup_ms", e.Quality.StartupMS}}
	for i := range media {
		if v := media[i].value; v != Absent && (v < 0 || v >= MaxMediaMS) {
			return &Invalid{media[i].field, CodeOutOfRange, "must be at least 0 and less than 10 days in milliseconds"}
		}
	}
	counts := [...]struct {
		field string
		value int64
	}{{"seq", e.Seq}, {"rank", e.Rank}, {"quality.bitrate_kbps", e.Quality.BitrateKbps},
		{"quality.dropped_frames", e.Quality.DroppedFrames}, {"search.results", e.SearchHits}}
	for i := range counts {
		if v := counts[i].value; v != Absent && (v < 0 || v > math.MaxInt32) {
			return &Invalid{counts[i].field, CodeOutOfRange, "must be between 0 and " + strconv.Itoa(math.MaxInt32)}
		}
	}
	if !(e.Rate > 0 && e.Rate <= MaxRate) {
		return &Invalid{"rate", CodeOutOfRange, "must be above 0 and at most 16"}
	}
	if !(e.Propensity >= 0 && e.Propensity <= 1) {
		return &Invalid{"propensity", CodeOutOfRange, "must be above 0 and at most 1"}
	}
	return nil
}

func validateTexts(e *Event) *Invalid {
	c := &e.Context
	texts := [...]struct {
		field string
		value string
		limit int
	}{
		{"title_id", e.TitleID, MaxIDBytes}, {"creative_id", e.CreativeID, MaxIDBytes},
		{"placement", e.Placement, MaxTextBytes},
		{"context.country", c.Country, MaxTextBytes}, {"context.region", c.Region, MaxTextBytes},
		{"context.city", c.City, MaxTextBytes}, {"context.device_type", c.DeviceType, MaxTextBytes},
		{"context.device_type", c.DeviceTypeRaw, MaxTextBytes}, {"context.os", c.OS, MaxTextBytes},
		{"context.browser", c.Browser, MaxTextBytes}, {"context.os_version", c.OSVersion, MaxTextBytes},
		{"context.browser_version", c.BrowserVersion, MaxTextBytes}, {"context.app_version", c.AppVersion, MaxTextBytes},
		{"context.player", c.Player, MaxTextBytes}, {"context.cdn", c.CDN, MaxTextBytes},
		{"context.isp", c.ISP, MaxTextBytes}, {"context.connection", c.Connection, MaxTextBytes},
		{"context.timezone", c.Timezone, MaxTextBytes},
		{"quality.error_code", e.Quality.ErrorCode, MaxTextBytes},
		{"quality.error_class", e.Quality.ErrorClass, MaxTextBytes},
		{"search.query", e.SearchQuery, MaxTextBytes},
	}
	for i := range texts {
		t := &texts[i]
		if t.value == "" {
			continue
		}
		if bad := validateText(t.field, t.value, t.limit); bad != nil {
			return bad
		}
	}
	if bad := validatePairs("experiments", e.Experiments); bad != nil {
		return bad
	}
	if bad := validatePairs("traits", e.Traits); bad != nil {
		return bad
	}
	if len(e.Properties) > MaxPropertyBytes {
		return tooLong("properties", MaxPropertyBytes)
	}
	if !utf8.Valid(e.Properties) {
		return &Invalid{"properties", CodeInvalidUTF8, "is not UTF-8"}
	}
	return nil
}

func validateText(field, value string, limit int) *Invalid {
	if len(value) > limit {
		return tooLong(field, limit)
	}
	if !utf8.ValidString(value) {
		return &Invalid{field, CodeInvalidUTF8, "is not UTF-8"}
	}
	return nil
}

func validatePairs(field string, pairs map[string]string) *Invalid {
	if len(pairs) > MaxPairs {
		return &Invalid{field, CodeTooLong, fmt.Sprintf("more than %d entries", MaxPairs)}
	}
	for k, v := range pairs {
		if bad := validateText(field, k, MaxTextBytes); bad != nil {
			return bad
		}
		if bad := validateText(field, v, MaxTextBytes); bad != nil {
			return bad
		}
	}
	return nil
}

func tooLong(field string, limit int) *Invalid {
	return &Invalid{field, CodeTooLong, fmt.Sprintf("longer than %d bytes", limit)}
}
