package rollup

import "playhead/internal/sketch"

// Dimension is a physical dimension of a roll-up.
type Dimension uint8

// Dimensions that roll-ups and the plays table can be grouped and filtered by.
const (
	Title Dimension = iota
	Country
	DeviceType
	CDN
	Region
	OS
	AppVersion
	Player
	ISP
	DimensionCount
)

// Measure is an additive integer measure of a cell.
type Measure uint8

// Measures. Times are ms. Order is the column order of every driver.
const (
	PlayRequests Measure = iota
	Plays
	StartupMS    // Σ startup of plays that know theirs
	StartupCount // … and how many those are
	Exits
	StartFailures
	PlaybackFailures
	EndedPlays
	WatchMS
	MediaMS
	StallMS
	SeekStallMS
	Stalls
	MeasuredPlays
	CompletedPlays
	// PlayMarks and ViewerMarks are Σ over the 10 s boundaries of the cell of
	// the plays (viewers) active at it; divided by the number of boundaries they
	// are the mean of the gauge.
	PlayMarks
	ViewerMarks
	// KnownPlays are first frames of a real (not session-scoped) viewer.
	KnownPlays
	MeasureCount
)

// Measures is one value of each measure.
type Measures [MeasureCount]int64

// Source is a table of cells.
type Source uint8

// Sources: pulse cells of 10 s by one dimension, title cells of an hour and of
// a day by two, and the finished plays themselves.
const (
	SourcePulse Source = iota
	SourceTitleHour
	SourceTitleDay
	SourcePlays
)

// Widths of the cells, ms. Cells of a day are cut in the report time zone.
const (
	PulseMS int64 = 10_000
	HourMS  int64 = 3_600_000
)

// Filter keeps cells whose dimension has one of the values. "" is "unknown".
type Filter struct {
	Dimension Dimension
	In        []string
}

// Scan asks a source for sums by group. From and To (epoch ms, half open) lie
// on cell boundaries of the source unless it is SourcePlays, which cuts exactly.
type Scan struct {
	Source   Source
	From, To int64
	// Buckets are ascending boundaries (epoch ms): bucket i is
	// [Buckets[i], Buckets[i+1]). Nil is one bucket, [From,To).
	Buckets []int64
	By      []Dimension
	Where   []Filter
	// Viewers asks for the distinct viewers too.
	Viewers bool
	// Gauges matters to SourcePlays alone: it asks for an exact ViewerMarks, which
	// costs a sort of all the viewers' active stretches. Without it ViewerMarks
	// is PlayMarks there: a viewer with two screens counts twice.
	Gauges bool
}

// Group is one row of an answer: a bucket and a value for each Scan.By.
type Group struct {
	Bucket   int
	Keys     []string
	Measures Measures
	// Viewers is nil unless asked for.
	Viewers *sketch.HLL
}

// Result is the answer to a Scan: groups in no particular order, each once.
type Result struct {
	Groups []Group
	// FreshTo: everything received before this moment (epoch ms) is in.
	FreshTo int64
	// FirstData is the start of the earliest cell the source holds, epoch ms, 0 if none.
	FirstData int64
	Engine    string // e.g. "duckdb+memory"
	CellsRead int64
}
