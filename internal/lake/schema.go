package lake

import (
	"playhead/internal/event"
	"playhead/internal/lake/columnar"
)

// formatVersion of the files, in their metadata. A column may be added without
// a new one: readers find columns by name.
const formatVersion = "1"

// column is one column of the files. At most one of the accessors is set, by
// kind; columns without are made and read by name.
type column struct {
	columnar.Column
	number func(*event.Event) *int64
	float  func(*event.Event) *float64
	flag   func(*event.Event) *bool
	text   func(*event.Event) *string
	ref    func(*event.Event) *event.Ref
	// absent is the number that means "not there".
	absent int64
}

// Short names for the table below.
const (
	kindTime   = columnar.Time
	kindNumber = columnar.Number
	kindFloat  = columnar.Float
	kindBool   = columnar.Bool
	kindText   = columnar.Text
	kindJSON   = columnar.JSON
	kindRef    = columnar.Ref
	kindTag    = columnar.Tag
	delta      = columnar.Delta
	repeats    = columnar.Repeats
	plain      = columnar.Plain
)

// columns in the order of the files. Only texts have bloom filters: DuckDB before
// 2.0 finds nothing by a filter over fixed-length bytes, and says so as if there
// were nothing. Viewers need none: rows are sorted by them, so statistics do.
//
// A new one is appended to those that are written: the order has no meaning for
// readers, but files of one age then look alike.
var columns = [...]column{
	{Column: columnar.Column{Name: "time", Kind: kindTime, Coding: delta, Required: true}, number: func(e *event.Event) *int64 { return &e.Time }},
	{Column: columnar.Column{Name: "received_at", Kind: kindTime, Coding: repeats, Required: true}, number: func(e *event.Event) *int64 { return &e.ReceivedAt }},
	{Column: columnar.Column{Name: "type", Kind: kindText, Required: true}},
	{Column: columnar.Column{Name: "format", Kind: kindText, Required: true}},
	{Column: columnar.Column{Name: "key_id", Kind: kindNumber, Required: true}},
	{Column: columnar.Column{Name: "imported", Kind: kindBool, Required: true}, flag: func(e *event.Event) *bool { return &e.Import }},
	{Column: columnar.Column{Name: "viewer", Kind: kindRef}, ref: func(e *event.Event) *event.Ref { return (*event.Ref)(&e.Viewer) }},
	{Column: columnar.Column{Name: "viewer_known", Kind: kindBool, Required: true}, flag: func(e *event.Event) *bool { return &e.Known }},
	{Column: columnar.Column{Name: "session", Kind: kindRef}, ref: func(e *event.Event) *event.Ref { return &e.Session }},
	{Column: columnar.Column{Name: "play", Kind: kindRef}, ref: func(e *event.Event) *event.Ref { return &e.Play }},
	{Column: columnar.Column{Name: "seq", Kind: kindNumber, Coding: delta}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.Seq }},
	{Column: columnar.Column{Name: "event", Kind: kindTag, Coding: plain}},
	{Column: columnar.Column{Name: "impression", Kind: kindRef, Coding: plain}, ref: func(e *event.Event) *event.Ref { return &e.Impression }},
	{Column: columnar.Column{Name: "search", Kind: kindRef}, ref: func(e *event.Event) *event.Ref { return &e.Search }},

	{Column: columnar.Column{Name: "title_id", Kind: kindText, Bloom: true}, text: func(e *event.Event) *string { return &e.TitleID }},
	{Column: columnar.Column{Name: "live", Kind: kindBool, Required: true}, flag: func(e *event.Event) *bool { return &e.Live }},
	{Column: columnar.Column{Name: "position_ms", Kind: kindNumber, Coding: delta}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.PositionMS }},
	{Column: columnar.Column{Name: "duration_ms", Kind: kindNumber}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.DurationMS }},
	{Column: columnar.Column{Name: "from_ms", Kind: kindNumber, Coding: delta}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.FromMS }},
	{Column: columnar.Column{Name: "rate", Kind: kindFloat, Required: true}, float: func(e *event.Event) *float64 { return &e.Rate }},
	{Column: columnar.Column{Name: "creative_id", Kind: kindText, Bloom: true}, text: func(e *event.Event) *string { return &e.CreativeID }},
	{Column: columnar.Column{Name: "placement", Kind: kindText}, text: func(e *event.Event) *string { return &e.Placement }},
	{Column: columnar.Column{Name: "rank", Kind: kindNumber}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.Rank }},
	{Column: columnar.Column{Name: "propensity", Kind: kindFloat}, float: func(e *event.Event) *float64 { return &e.Propensity }},

	{Column: columnar.Column{Name: "country", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.Country }},
	{Column: columnar.Column{Name: "region", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.Region }},
	{Column: columnar.Column{Name: "city", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.City }},
	{Column: columnar.Column{Name: "device_type", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.DeviceType }},
	{Column: columnar.Column{Name: "device_type_raw", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.DeviceTypeRaw }},
	{Column: columnar.Column{Name: "os", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.OS }},
	{Column: columnar.Column{Name: "os_version", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.OSVersion }},
	{Column: columnar.Column{Name: "browser", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.Browser }},
	{Column: columnar.Column{Name: "browser_version", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.BrowserVersion }},
	{Column: columnar.Column{Name: "app_version", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.AppVersion }},
	{Column: columnar.Column{Name: "player", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.Player }},
	{Column: columnar.Column{Name: "cdn", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.CDN }},
	{Column: columnar.Column{Name: "isp", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.ISP }},
	{Column: columnar.Column{Name: "connection", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.Connection }},
	{Column: columnar.Column{Name: "timezone", Kind: kindText}, text: func(e *event.Event) *string { return &e.Context.Timezone }},

	{Column: columnar.Column{Name: "bitrate_kbps", Kind: kindNumber}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.Quality.BitrateKbps }},
	{Column: columnar.Column{Name: "dropped_frames", Kind: kindNumber}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.Quality.DroppedFrames }},
	{Column: columnar.Column{Name: "startup_ms", Kind: kindNumber, Coding: delta}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.Quality.StartupMS }},
	{Column: columnar.Column{Name: "error_code", Kind: kindText}, text: func(e *event.Event) *string { return &e.Quality.ErrorCode }},
	{Column: columnar.Column{Name: "error_class", Kind: kindText}, text: func(e *event.Event) *string { return &e.Quality.ErrorClass }},
	{Column: columnar.Column{Name: "error_fatal", Kind: kindBool, Required: true}, flag: func(e *event.Event) *bool { return &e.Quality.ErrorFatal }},

	{Column: columnar.Column{Name: "search_query", Kind: kindText}, text: func(e *event.Event) *string { return &e.SearchQuery }},
	{Column: columnar.Column{Name: "search_results", Kind: kindNumber}, absent: event.Absent, number: func(e *event.Event) *int64 { return &e.SearchHits }},
	{Column: columnar.Column{Name: "experiments", Kind: kindJSON}},
	{Column: columnar.Column{Name: "traits", Kind: kindJSON}},
	{Column: columnar.Column{Name: "properties", Kind: kindJSON}},

	// Of older files, which are read and not written: "event" is its last eight bytes.
	{Column: columnar.Column{Name: "id", Kind: kindRef, Coding: plain}, ref: func(e *event.Event) *event.Ref { return &e.ID }},
}

// written are as many of columns, from the first, as files have now.
const written = len(columns) - 1

// The columns without an accessor are made and read by name.
const (
	colType        = 2
	colFormat      = 3
	colKeyID       = 4
	colEvent       = 11
	colViewer      = 6
	colTime        = 0
	colReceived    = 1
	colSeq         = 10
	colExperiments = written - 3
	colTraits      = written - 2
	colProperties  = written - 1
)

// sorted are the columns by which the rows of a file come in order.
func sorted() []int { return []int{colViewer, colTime} }

func declarations() []columnar.Column {
	out := make([]columnar.Column, written)
	for i := range out {
		out[i] = columns[i].Column
	}
	return out
}
