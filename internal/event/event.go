package event

import "encoding/hex"

// ViewerKey is the keyed pseudonym of a viewer: the first 16 bytes of
// HMAC-SHA-256 over the raw id. The zero key means "no viewer".
type ViewerKey [16]byte

// IsZero reports whether k names nobody.
func (k ViewerKey) IsZero() bool { return k == ViewerKey{} }

// String is the key in lower-case hexadecimal.
func (k ViewerKey) String() string { return hex.EncodeToString(k[:]) }

// Ref is a keyed 128-bit hash of an id that a client chose (event, session,
// play, impression or search id). Only equality of ids matters downstream, so
// the raw text, which may embed a viewer id, is never stored. Zero is "absent".
type Ref [16]byte

// IsZero reports whether r refers to nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String is the reference in lower-case hexadecimal.
func (r Ref) String() string { return hex.EncodeToString(r[:]) }

// Absent marks an optional integer field that the client did not send.
const Absent int64 = -1

// Event is one thing a player, an app or a server said. Times are Unix epoch
// milliseconds, positions and durations are milliseconds of media, both int64.
// Strings may point into a buffer that the decoder owns: whoever keeps one
// longer than the call it came in must clone it.
type Event struct {
	Type   Type
	Format Format
	// Import is set for history that was loaded with its own clock: no tick of
	// the log closes its plays, only a Settle record of the same KeyID does.
	Import bool
	// Known is false when the viewer key was derived from a session because the
	// client named no viewer: its plays count, its viewers do not.
	Known bool
	// Live is true for a live stream, which has no duration.
	Live bool
	// Reach is of a settle only: which viewers it concerns.
	Reach Reach

	// KeyID identifies the write key (or the import) that sent the event.
	KeyID uint32

	Time       int64 // when it happened, after clock-skew correction
	ReceivedAt int64 // stamped by the log; never stored in the record itself

	Viewer     ViewerKey
	ID         Ref // dedup key when the play has no Seq
	Session    Ref
	Play       Ref
	Impression Ref
	Search     Ref

	Seq        int64 // 0,1,2… within a play, or Absent
	PositionMS int64 // or Absent
	DurationMS int64 // or Absent
	FromMS     int64 // seeked: where the seek left, or Absent

	TitleID    string
	CreativeID string
	Placement  string
	Rank       int64   // or Absent
	Propensity float64 // (0,1], 0 when absent

	Context Context
	Quality Quality

	Experiments map[string]string
	Traits      map[string]string
	SearchQuery string
	SearchHits  int64 // results of a search, or Absent
	// Properties is the client's open map as compact JSON, or nil.
	Properties []byte
	// Rate is the playback rate, 1 when the client said nothing.
	Rate float64
}

// Context says where and on what the viewer watches. Country is ISO 3166-1
// alpha-2 in upper case, DeviceType one of DeviceTypes; "" means unknown.
type Context struct {
	Country, Region, City               string
	DeviceType, OS, Browser             string
	AppVersion, Player, CDN, ISP        string
	Connection, Timezone, DeviceTypeRaw string
	// Versions of OS and Browser, as their makers count them ("17.1").
	OSVersion, BrowserVersion string
}

// Quality carries what the player knows of how well it plays.
type Quality struct {
	BitrateKbps   int64 // or Absent
	DroppedFrames int64 // since the last report, or Absent
	StartupMS     int64 // as measured by the client, or Absent
	ErrorCode     string
	ErrorClass    string // "technical" or "business"; "" is technical
	ErrorFatal    bool
}

// Reset makes e an event in which every optional field is absent.
func (e *Event) Reset() {
	*e = Event{}
	e.Empty()
}

// Empty makes e, which is all zero, an event in which every optional field is absent.
func (e *Event) Empty() {
	e.Seq, e.PositionMS, e.DurationMS, e.FromMS, e.Rank, e.SearchHits, e.Rate = Absent, Absent, Absent, Absent, Absent, Absent, 1
	e.Quality.BitrateKbps, e.Quality.DroppedFrames, e.Quality.StartupMS = Absent, Absent, Absent
}

// DeviceTypes is the closed list of device types; anything else is "other" and
// its raw value is kept in Context.DeviceTypeRaw.
// "mobile" is a phone or a tablet, "web" a browser, of clients that say no more.
var DeviceTypes = []string{"tv", "phone", "tablet", "desktop", "console", "set_top_box", "mobile", "web", "other"}
