package rollup

// Measure is an additive integer measure of a cell.
type Measure uint8

// Measures. Times are ms. The order is that of every driver's columns: append
// only.
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

	// BitrateMS is Σ bitrate (kbit/s) × playing ms where the bitrate was known,
	// KnownBitrateMS the ms of that.
	BitrateMS
	KnownBitrateMS
	Pauses
	Rewinds
	Skips
	DroppedFrames
	// BusinessFailures are the StartFailures of class business.
	BusinessFailures
	// NewViewers are first plays of a known viewer in 28 days.
	NewViewers
	// Sessions are sessions that are over, SessionMS is Σ of their length.
	Sessions
	SessionMS
	// What became of impressions, dated by the impression; see fact.ExposureKind.
	Impressions
	Selects
	EligibleImpressions
	QualifiedPlays
	TakenImpressions
	TakenMediaMS // Σ media time of the takes when they qualified
	// Searches, those with no result, and those with results (or an unknown number
	// of them) of which none was chosen: unmet searches are the last two together.
	Searches
	SearchesEmpty
	SearchesUnselected
	// Inverse-propensity moments, in millionths; Group.Moments gives them as numbers.
	MomentW
	MomentW2
	MomentWY
	MomentW2Y
	// ViewedPlays are the MeasuredPlays whose part is over, ViewedMillionths is Σ
	// of the distinct media of each by its duration, in millionths.
	ViewedPlays
	ViewedMillionths
	MeasureCount
)

// Measures is one value of each measure.
type Measures [MeasureCount]int64

// add adds other to m.
func (m *Measures) add(other *Measures) {
	for i := range m {
		m[i] += other[i]
	}
}

// MaxWeight clips the weight of an impression, so that a rare choice does not
// decide alone.
const MaxWeight = 20

// Moments are sums over the eligible impressions whose propensity p is known, with
// w = min(1/p, MaxWeight) and y = 1 if it was taken, else 0: what the
// inverse-propensity weighted take rate ΣWY/ΣW and its variance need.
type Moments struct{ W, W2, WY, W2Y float64 }

// Moments are the inverse-propensity moments of a group. They are kept as whole
// numbers, so that they add up exactly in any order.
func (g *Group) Moments() Moments {
	m := &g.Measures
	of := func(k Measure) float64 { return float64(m[k]) / momentUnit }
	return Moments{of(MomentW), of(MomentW2), of(MomentWY), of(MomentW2Y)}
}

// momentUnit is how many units a weight of 1 has.
const momentUnit = 1e6
