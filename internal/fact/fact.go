package fact

import "playhead/internal/event"

// Dims are the dimension values of a moment of a play. "" means unknown.
type Dims struct {
	Title, Country, Region             string
	DeviceType, OS, AppVersion, Player string
	CDN, ISP                           string
	// Labels are the catalogue's labels of the title as of the viewing: lines
	// "kind:value" (genre, theme, cast, language, show), sorted; see Label.
	Labels string
	Live   bool
}

// SpanKind is a state that takes time.
type SpanKind uint8

// Span kinds. The numbers are stored in facts: append only.
// "watched" is CTA-2066 watchedTime: request to pause, end or failure.
const (
	Startup     SpanKind = iota // request → first frame: watched
	Playing                     // content advances: watched and media time
	Seeking                     // after a seek, before the picture moves: watched
	Stalled                     // a wait over min_stall: watched and stall time
	SeekStalled                 // a stall that a seek caused: watched and stall time
	Paused                      // neither
	Ad                          // neither
	// ActivePlay counts the play in concurrent_plays at every 10 s boundary b
	// with From ≤ b < To. It may run ahead of the last evidence by two
	// heartbeat intervals and is taken back by a span of opposite sign.
	ActivePlay
	// ActiveViewer counts the viewer once in concurrent_viewers, in the
	// groupings that Scope names.
	ActiveViewer
	SpanKindCount
)

// Scope is the set of groupings in which an ActiveViewer span is the viewer's
// only one and so counts: a viewer with two screens on one title is two viewers
// of neither the title nor the whole.
type Scope uint16

// The groupings that roll-ups keep.
const (
	ScopeAll Scope = 1 << iota
	ScopeTitle
	ScopeCountry
	ScopeDevice
	ScopeCDN
	ScopeTitleCountry
	ScopeTitleDevice
	ScopeCountryDevice
	ScopeEvery Scope = 1<<8 - 1
)

// Span says that N plays (usually +1, or −1 to take it back) were in Kind from
// From to To (event time, ms, half open) with the dimensions Batch.Dims[Dims].
type Span struct {
	Dims  uint32
	Kind  SpanKind
	Scope Scope // ActiveViewer only
	N     int32
	// Bitrate is what was played, kbit/s, 0 unknown; Playing only.
	Bitrate  uint32
	From, To int64
}

// MarkKind is something that happens at a moment and is counted.
type MarkKind uint8

// Mark kinds. The numbers are stored in facts: append only.
const (
	Request         MarkKind = iota // an attempt; at the request
	FirstFrame                      // a play; at the first frame; Value = startup ms or −1; names its viewer
	Exit                            // an attempt that ended before a first frame, no fatal error; at the request
	StartFailure                    // fatal error before the first frame; at the request
	PlaybackFailure                 // fatal error after it; at the failure
	End                             // a play with a first frame ended (failures included); at the end
	Stall                           // a stall begins
	Measured                        // a play with position and duration; at the first frame
	Completed                       // … whose distinct media watched ≥ 90 % of the duration; at the first frame
	Pause                           // a pause begins, after the first frame
	Rewind                          // a seek back over 2 s
	Skip                            // a seek forward over 2 s
	DroppedFrames                   // Value frames were dropped since the last report
	// The rest cannot be taken back, so it is said once the horizon has passed.

	StartupKnown // Value = startup ms of a play: for quantiles; at the first frame
	SessionEnd   // a session is over: Value = its length, ms; at its first evidence
	// The viewer's plays of the title within 28 days cover ≥ 2 min, ≥ 70 %, ≥ 90 %
	// of it; at the first frame of the play that did it; names its viewer.
	Starter
	Watcher
	Completer
	// The same of a season, whose id is the title of Dims; kept by title only.
	SeasonStarter
	SeasonWatcher
	SeasonCompleter
	// NewViewer is the first play of a known viewer in 28 days; at the first
	// frame; names its viewer. It can be taken back.
	NewViewer
	// BusinessFailure is a StartFailure whose class is business (entitlement,
	// geo-block); at the request. It can be taken back.
	BusinessFailure
	// Viewed is a play with position and duration whose part is over: Value = its
	// distinct media so far, of all parts, by its duration, in millionths, at most
	// 1,000,000; at the first frame. It is taken back when another part begins.
	Viewed
	MarkKindCount
)

// NamesViewer reports whether marks of the kind carry their viewer.
func (k MarkKind) NamesViewer() bool {
	return k == FirstFrame || k >= Starter && k <= NewViewer
}

// Mark counts N (+1, or −1 to take it back) of Kind at Time (event time, ms).
// Value is N-independent: −1 takes back exactly the value that +1 gave.
type Mark struct {
	Dims  uint32
	Kind  MarkKind
	Known bool // where the kind names a viewer: it is a real one, not session-scoped
	N     int32
	Time  int64
	Value int64
	// Taste is what the viewer likes as of the moment: an index into Batch.Tastes
	// plus one, 0 unknown; FirstFrame and StartupKnown only.
	Taste uint32
	// Viewer is set where the kind names it.
	Viewer event.ViewerKey
}

// EndReason is why a play part closed.
type EndReason uint8

// End reasons. The numbers are stored: append only.
const (
	EndedByClient EndReason = iota
	EndedByFailure
	EndedBySilence
	EndedByExit
)

// Interval is one merged stretch of a play part's life.
type Interval struct {
	Dims     uint32
	Kind     SpanKind
	From, To int64 // event time, ms
}

// Coverage says that the media positions [From,To) (ms) were played N times.
type Coverage struct {
	From, To int64
	N        int32
}

// Play is one finished part of a play. A corrected part is taken back as a
// whole (N = −1, every field as it was) and given again (N = +1).
type Play struct {
	N      int32
	Viewer event.ViewerKey
	Known  bool
	Play   event.Ref
	Part   int32
	Dims   uint32 // at the first frame, without one at the request

	// Epoch ms; 0 = never. A part n > 0 has no request of its own. Its own
	// startup is not counted.
	Requested, FirstFrame, Ended int64
	Reason                       EndReason
	ErrorCode, ErrorClass        string

	StartupMS  int64 // −1 unknown
	DurationMS int64 // −1 unknown or live
	// Positions in media, ms; −1 when the client sent none.
	StartMS, FurthestMS int64
	// Sums over Intervals, ms, and counts.
	MediaMS, WatchedMS, StallMS, SeekStallMS int64
	Stalls                                   int32
	Completed                                bool
	// BitrateMS is Σ bitrate (kbit/s) × playing ms where it was known, KnownBitrateMS
	// the ms of that.
	BitrateMS, KnownBitrateMS int64
	DroppedFrames             int64
	Pauses, Rewinds, Skips    int32
	// Slot is the impression the play is attributed to: an index into
	// Batch.Slots plus one, 0 none.
	Slot uint32

	Intervals []Interval // sorted, disjoint, adjacent equals merged; includes Paused, Ad; no Active kinds
	Active    []Interval // ActivePlay stretches
	Cover     []Coverage // sorted, disjoint
}

// Slot is where and what an impression was.
type Slot struct {
	Creative, Placement string
	Rank                int32 // from 0; −1 unknown
	// Experiments are "experiment=variant" lines, sorted.
	Experiments string
}

// ExposureKind is what became of an impression.
type ExposureKind uint8

// Exposure kinds. The numbers are stored in facts: append only.
const (
	// Shown is a counted impression; said at once, and taken back when an earlier
	// one turns out to be the counted one.
	Shown ExposureKind = iota
	// Selected is an impression that a select of the title followed within 5 min.
	Selected
	// Eligible is a Shown that has become older than the attribution window and
	// counts for take rates: its placement is no autoplay or continue-watching
	// and its viewer had not started the title. Never taken back.
	Eligible
	// Taken is an Eligible impression with a qualified play. MediaMS is the
	// play's media time when it qualified for good. Never taken back.
	Taken
	// TakeCompleted is a Taken whose viewer completed the title within 7 days.
	TakeCompleted
	// QualifiedPlay is an attributed play that qualified, whatever its placement;
	// MediaMS is its media time. Never taken back.
	QualifiedPlay
	ExposureKindCount
)

// Exposure counts N of Kind for the impression at Time (event time, ms): all
// kinds are dated by their impression, with its dimensions.
type Exposure struct {
	Dims  uint32 // at the impression; Title is what was shown, maybe a show
	Slot  uint32 // index into Batch.Slots
	Taste uint32 // as of the impression; index into Batch.Tastes plus one, 0 unknown
	Kind  ExposureKind
	Known bool // the viewer is a real one
	N     int32
	Time  int64
	// Propensity is the probability with which the impression was chosen, (0,1]; 0 unknown.
	Propensity float64
	MediaMS    int64
	Viewer     event.ViewerKey
}

// Session is a viewer's activity without a gap over 30 min, once it is over.
type Session struct {
	Viewer event.ViewerKey
	Known  bool
	Dims   uint32 // of its first event
	// From and To are its first and last evidence, event time, ms.
	From, To                   int64
	Events, Plays, Impressions int32
	MediaMS                    int64
}

// Search is what somebody looked for, keystrokes and refinements collapsed.
type Search struct {
	Viewer event.ViewerKey
	Known  bool
	Dims   uint32
	Time   int64
	// Query is the text: trimmed, lower case, spaces folded, at most 128 bytes.
	Query   string
	Results int64 // −1 unknown
	// Selected: a result was chosen.
	Selected bool
}

// Counts are what the processor did with its input; they only grow.
type Counts struct {
	Events, Duplicates, LateDropped int64
	// Imported of the Events belong to history that was loaded, not to the present.
	Imported int64
	// Evicted are events given up because a bound was reached.
	Evicted int64
	// LateHorizon and LateClosed are the LateDropped by reason: later than the
	// horizon in an open play; to a play that closed longer ago than the late limit.
	LateHorizon, LateClosed int64
}

// Batch is everything one epoch produced for one partition. It is one record
// of the "facts" log.
type Batch struct {
	Partition int32
	// InputEnd is the offset of "events" that this batch consumed up to.
	InputEnd int64
	// FreshTo: every event received before this moment (epoch ms) is in this
	// batch or an earlier one.
	FreshTo int64
	// OldestReceived is when the oldest event of this batch was received, epoch
	// ms, 0 if the batch consumed no event: what freshness is measured from.
	OldestReceived int64
	Counts         Counts // of this batch alone

	Dims   []Dims   // dictionary for the indexes below
	Slots  []Slot   // dictionary of Play.Slot and Exposure.Slot
	Tastes []string // dictionary: sorted lines "kind:value" of labels a viewer likes

	Spans     []Span
	Marks     []Mark
	Plays     []Play
	Exposures []Exposure
	Sessions  []Session
	Searches  []Search
	// Repeats are the offsets in "events" of what was received before or never
	// counted as an event of its own: the lake leaves them out. Ascending.
	Repeats []int64
}

// Reset empties b and keeps its memory.
func (b *Batch) Reset() {
	*b = Batch{
		Dims: b.Dims[:0], Slots: b.Slots[:0], Tastes: b.Tastes[:0], Spans: b.Spans[:0], Marks: b.Marks[:0], Plays: b.Plays[:0],
		Exposures: b.Exposures[:0], Sessions: b.Sessions[:0], Searches: b.Searches[:0], Repeats: b.Repeats[:0],
	}
}

// Empty reports whether the batch changes nothing but freshness.
func (b *Batch) Empty() bool {
	return len(b.Spans) == 0 && len(b.Marks) == 0 && len(b.Plays) == 0 && len(b.Exposures) == 0 &&
		len(b.Sessions) == 0 && len(b.Searches) == 0 && len(b.Repeats) == 0 && b.Counts == Counts{}
}
