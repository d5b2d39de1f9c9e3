package rollup

// Source is a table of cells.
type Source uint8

// Sources. What each keeps is said in face.go (by which dimensions) and in
// measure.go (which measures and sketches). Cells of a day and wider are cut in
// the report time zone.
const (
	SourcePulse     Source = iota // 10 s
	SourceTitleHour               // 1 h
	SourceTitleDay                // 1 d
	SourcePlays                   // no cells: the finished plays themselves
	SourceQualityMinute
	SourceQualityHour
	SourceQualityDay
	SourceCreativeDay
	SourceCreativeWeek // from Monday
	// SourceCreativeAll is all time in one cell: a scan's From, To and Buckets mean
	// nothing to it, and all groups are in bucket 0.
	SourceCreativeAll
	SourceLabelDay
	SourceAffinityDay
	SourceOverlapMonth
	// SourceSampleDay answers no Scan: see SampleScan.
	SourceSampleDay
	SourceSearchDay
	SourceAffinityWeek // from Monday
	SourceCount
)

// Widths of the cells, ms.
const (
	PulseMS  int64 = 10_000
	MinuteMS int64 = 60_000
	HourMS   int64 = 3_600_000
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
	// Fold are dimensions that the cells have besides: a group is the sum of its
	// cells over them. Only what adds up over them may be asked for: no
	// ViewerMarks, and none that a play has several values of.
	Fold  []Dimension
	Where []Filter
	// Measures are those that are asked for; nil is all that the source keeps. The
	// others are 0, or not.
	Measures []Measure
	// Sketches are those that are asked for too.
	Sketches SketchSet
	// EstimateOnly: of each distinct count only the estimate is wanted. Then a group
	// of one stored cell is answered from the estimate that stands beside the
	// sketch, and has no HLL.
	EstimateOnly bool
	// Whole tells of which groups the sketch itself is wanted in spite of
	// EstimateOnly and Top; nil is none. It is the Store's to set.
	Whole func(bucket int, keys []string) bool
	// Top lets the answer leave out groups that are not among the first; nil is all.
	Top *Top
	// Gauges matters to SourcePlays alone: it asks for an exact ViewerMarks, which
	// costs a sort of all the viewers' active stretches. Without it ViewerMarks
	// is PlayMarks there: a viewer with two screens counts twice.
	Gauges bool
}

// Top says that only the N groups with the most of something matter. An answer
// may leave out groups that are provably not among them, and holds all others;
// it is not sorted. It is a hint: scans with several buckets take no notice.
type Top struct {
	N int
	// BySketch: the most distinct members of Sketch; else the largest Measure.
	BySketch bool
	Sketch   Sketch
	Measure  Measure
	// Slack is by how much what the source does not hold may raise any group.
	// It is the Store's to set.
	Slack float64
}

// Group is one row of an answer: a bucket and a value for each Scan.By.
type Group struct {
	Bucket   int
	Keys     []string
	Measures Measures
	// Sketches are those that the scan asked for.
	Sketches Sketches
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
