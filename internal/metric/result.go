package metric

// Column describes one column of an answer.
type Column struct {
	Name string `json:"name" doc:"time, a dimension, a metric, or a metric with _previous."`
	Type string `json:"type" enum:"time,string,integer,number" doc:"What its cells are; null means no data."`
	Unit Unit   `json:"unit" doc:"Unit of a metric; empty for time and dimensions."`
}

// SuppressedCell names a cell that is null because too few viewers are in it.
type SuppressedCell struct {
	Row    int    `json:"row" doc:"Index into rows."`
	Column string `json:"column" doc:"Name of the column."`
}

// Meta says how an answer came about and how far it holds.
type Meta struct {
	Rollup    string  `json:"rollup" doc:"The roll-up that answered; several, with + between them, when narrower cells answered the ends of the range, or several metrics needed several." example:"title_day"`
	Engine    string  `json:"engine" doc:"What scanned it."`
	ElapsedMS float64 `json:"elapsed_ms" doc:"Time it took, in ms."`
	FreshTo   string  `json:"fresh_to" doc:"Everything received before this moment is in; empty when nothing ever was."`
	From      string  `json:"from" doc:"Start of the range that was answered."`
	To        string  `json:"to" doc:"End of the range that was answered."`
	// Previous is the range that the _previous columns cover.
	PreviousFrom     string             `json:"previous_from,omitempty" doc:"Start of the range compared with."`
	PreviousTo       string             `json:"previous_to,omitempty" doc:"End of the range compared with."`
	Timezone         string             `json:"timezone" doc:"The zone that buckets were cut in."`
	Approximate      map[string]float64 `json:"approximate" doc:"Error of each approximate metric of the answer: one standard error relative to the value, of quantiles the error of their rank."`
	ApproximateCells []ApproximateCell  `json:"approximate_cells,omitempty" doc:"Errors of the cells of metrics whose error varies."`
	Suppressed       int                `json:"suppressed" doc:"How many cells are null because too few viewers are in them."`
	SuppressedCells  []SuppressedCell   `json:"suppressed_cells" doc:"Which."`
	SuppressedGroups int                `json:"suppressed_groups,omitempty" doc:"How many cells of value × week were left out of the sums because too few viewers are in them."`
	IdentityCoverage float64            `json:"identity_coverage" doc:"Share of the plays in the answer that have a real viewer, 0 to 1."`
	Groups           int                `json:"groups" doc:"How many groups there were before the limit."`
	GroupsPruned     bool               `json:"groups_pruned,omitempty" doc:"Whether there may be more groups than that: those that could not be among the first were not looked at."`
	MaturingFrom     string             `json:"maturing_from,omitempty" doc:"Impressions since then are too young to be in take rates."`
	Truncated        bool               `json:"truncated" doc:"Whether the answer was cut at the bound on rows."`
	CellsRead        int64              `json:"cells_read" doc:"How many stored cells were read."`
	Warnings         []string           `json:"warnings" doc:"What a reader should know about this answer."`
}

// ApproximateCell says how far off one cell may be.
type ApproximateCell struct {
	Row    int     `json:"row" doc:"Index into rows."`
	Column string  `json:"column" doc:"Name of the column."`
	Error  float64 `json:"error" doc:"One standard error, relative to the value."`
}

// Result is the answer to a Query.
type Result struct {
	Columns []Column `json:"columns" doc:"What the cells of each row are."`
	// Rows hold string, int64, float64 or nil.
	Rows [][]any `json:"rows" doc:"One array of cells a row."`
	// Totals has a row a bucket when it was asked for.
	Totals [][]any `json:"totals,omitempty" doc:"When asked for: one row a bucket over all groups, its dimensions null."`
	Meta   Meta    `json:"meta" doc:"How the answer came about."`
}

// Description is what can be asked.
type Description struct {
	Metrics     []Definition `json:"metrics"`
	Functions   []Function   `json:"functions" doc:"What makes metrics of metrics: name(metric)."`
	Dimensions  []Dimension  `json:"dimensions"`
	Grains      []string     `json:"grains"`
	Comparisons []string     `json:"comparisons"`
	Timezone    string       `json:"report_timezone" doc:"The zone that days are kept in."`
	Limits      Limits       `json:"limits"`
}

// Limits are the bounds of a query and of what is kept.
type Limits struct {
	Rows       int `json:"rows" doc:"Rows of an answer."`
	Metrics    int `json:"metrics" doc:"Metrics of a query."`
	Dimensions int `json:"dimensions" doc:"Dimensions of a query."`
	Filters    int `json:"filters" doc:"Filters of a query."`
	Values     int `json:"values" doc:"Values of a filter."`
	PulseHours int `json:"pulse_hours" doc:"How long cells of 10 s are kept."`
	HourDays   int `json:"hour_days" doc:"How long cells of an hour are kept."`
	MinViewers int `json:"min_viewers" doc:"Cells of value × week of audience dimensions with fewer viewers are left out."`
}
