package fact

import "playhead/internal/event"

// Dims are the dimension values of a moment of a play. "" means unknown.
type Dims struct {
	Title, Country, Region             string
	DeviceType, OS, AppVersion, Player string
	CDN, ISP                           string
	Live                               bool
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
	Dims     uint32
	Kind     SpanKind
	Scope    Scope // ActiveViewer only
	N        int32
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
	MarkKindCount
)

// Mark counts N (+1, or −1 to take it back) of Kind at Time (event time, ms).
// Value is N-independent: −1 takes back exactly the value that +1 gave.
type Mark struct {
	Dims  uint32
	Kind  MarkKind
	Known bool // FirstFrame only: the viewer is a real one, not session-scoped
	N     int32
	Time  int64
	Value int64
	// Viewer is set on FirstFrame only.
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

	Intervals []Interval // sorted, disjoint, adjacent equals merged; includes Paused, Ad; no Active kinds
	Active    []Interval // ActivePlay stretches
	Cover     []Coverage // sorted, disjoint
}

// Counts are what the processor did with its input; they only grow.
type Counts struct {
	Events, Duplicates, LateDropped int64
	// Imported of the Events belong to history that was loaded, not to the present.
	Imported int64
	// Evicted are events given up because a bound was reached.
	Evicted int64
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

	Dims  []Dims // dictionary for the indexes below
	Spans []Span
	Marks []Mark
	Plays []Play
}

// Reset empties b and keeps its memory.
func (b *Batch) Reset() {
	*b = Batch{Dims: b.Dims[:0], Spans: b.Spans[:0], Marks: b.Marks[:0], Plays: b.Plays[:0]}
}

// Empty reports whether the batch changes nothing but freshness.
func (b *Batch) Empty() bool {
	return len(b.Spans) == 0 && len(b.Marks) == 0 && len(b.Plays) == 0 && b.Counts == Counts{}
}
