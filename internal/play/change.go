package play

import "playhead/internal/event"

// ChangeKind is what a Change says.
type ChangeKind uint8

// Change kinds.
const (
	// Opened: the play has begun. Time is its request. It is said at once, and
	// again if the request turns out to lie at another time.
	Opened ChangeKind = iota
	// FirstFrame: the play has its first frame. It is said at once, and again,
	// with Gone, when it turns out to lie at another time or not to be one: the
	// one that is gone is said before the one that takes its place.
	FirstFrame
	// Final: what is said of the play cannot be taken back, since nothing can
	// precede it any more. It is said when the play reaches something for good
	// (see Reached) and when a part of it is over, never once an event.
	Final
	// Closed: the play is over as far as is known (Time is its end). It is said
	// at once, and again, with Gone, when the play goes on.
	Closed
)

// Reached is what a play has come to for good. A bit is set from the change on
// that says it first.
type Reached uint8

// What can be reached.
const (
	// Qualified: media time of Config.QualifiedAfter.
	Qualified Reached = 1 << iota
	// TwoMinutes: distinct media of 2 min.
	TwoMinutes
	// SeventyPercent and NinetyPercent of the play's own duration in distinct
	// media; never of a live play.
	SeventyPercent
	NinetyPercent
	// Over: a part of the play has closed and the horizon has passed since.
	Over
)

// Change tells whoever works over all plays of a viewer (sessions, attribution,
// unions of positions) what became of one of them. Changes are no facts: they
// are read after each Apply, Tick and Settle from Engine.Changes, in order, and
// are gone with the next Begin. What they say depends on the log alone, and what
// Final says on the play's events alone: not on their order of arrival.
type Change struct {
	Kind ChangeKind
	Gone bool // takes back an earlier FirstFrame or Closed with the same Time
	// New is what this Final is the first to say; Reached is all of it.
	New, Reached Reached
	Known        bool // the viewer is a real one, not session-scoped
	Viewer       event.ViewerKey
	Play         event.Ref
	KeyID        uint32
	Part         int32 // from 0; changes that follow from a part n > 0 are rare

	// Dims, an index into the Dims of the batch: those of the first frame, of an
	// Opened and of a play without a first frame those of the request. A play's
	// title is its Title.
	Dims uint32
	// Times are epoch ms, event time; 0 = not known. Time is what the kind says,
	// of a Final the evidence that brought it.
	Time, FirstFrame, Requested int64
	StartupMS                   int64 // −1 unknown; as far as is known
	DurationMS                  int64 // −1 unknown or live

	// Of a Final: media time of all parts, ms, and the media positions that were
	// played in any of them, sorted and disjoint. Each Final says all of it
	// anew: it contains what the ones before said. The Cover is valid until the
	// next Begin.
	MediaMS int64
	Cover   []Range
}

// Range is the media positions [From,To), ms.
type Range struct{ From, To int64 }

// Hooks are what the engine asks while it works; both may be nil. What they
// answer must depend on nothing but the log up to the event that is applied: it
// is kept with the play and taken back as it was given.
type Hooks struct {
	// Labels are the catalogue's labels of a title as of now, as in fact.Dims.
	Labels func(title string) string
	// Taste is what the viewer likes as of now, lines as in fact.Batch.Tastes;
	// asked once, when a play opens.
	Taste func(viewer event.ViewerKey) string
}
