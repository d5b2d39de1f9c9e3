package journey

import (
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// text is an interned string: eight bytes, equal if the strings are. There is no
// zero text: see none.
type text = unique.Handle[string]

// base is an interned set of dimension values without title and labels, which
// change from impression to impression.
type base = unique.Handle[fact.Dims]

// where is the dimension values of one moment.
type where struct {
	base          base
	title, labels text
}

func whereOf(d fact.Dims) where {
	w := where{title: unique.Make(d.Title), labels: unique.Make(d.Labels)}
	d.Title, d.Labels = "", ""
	w.base = unique.Make(d)
	return w
}

// nextWhere is whereOf for what is most often where it was before: to compare is a
// tenth of what looking three values up is.
func (w where) nextWhere(d *fact.Dims) where {
	if w.dims() == *d {
		return w
	}
	return whereOf(*d)
}

func (w where) dims() fact.Dims {
	d := w.base.Value()
	d.Title, d.Labels = w.title.Value(), w.labels.Value()
	return d
}

// viewer is what is touched by every event of a viewer. The rest is in more.
type viewer struct {
	key   event.ViewerKey
	known bool
	// keyID sent the last event; history is the import under way that sent some.
	keyID, history uint32
	// newest is the highest event time: of what is live, and of the import under
	// way, which has a clock of its own. received is the highest receipt.
	newest   [2]int64
	received int64
	sessions []session // that are not over, by time
	said     [2]period // the last ones that were
	// due is the time of the log at which something is to be said even if the
	// viewer stays silent; dueAt the same in the viewer's own times. never: nothing.
	due   int64
	dueAt [2]int64
	// moreDue and moreDueAt are the part of it that more brings; replan: it changed.
	moreDue   int64
	moreDueAt [2]int64
	replan    bool
	// bucket is where the agenda has the viewer, 0 nowhere.
	bucket int64

	more       *more // nil: not in memory
	stored     bool  // there is a stored more
	dirty      bool
	moreDirty  bool
	agendaNew  bool // the stored agenda entry is another
	moreUsed   int64
	size       int64 // bytes, as of the last snapshot; see footprint
	prev, next *viewer
	linked     int64 // received when it was linked

	own [1]session // the room of the first of sessions: most have one, and each event reads it
}

// never is a time that does not come.
const never = int64(1) << 60

// period is a stretch of event time.
type period struct{ from, to int64 }

// more is what only browsing and the milestones of plays touch.
type more struct {
	seen        []seen       // by hash
	impressions []impression // by time and tie
	nextSeq     uint32
	selects     []choice
	hits        []hit // what was chosen of searches
	searches    []search
	lastSearch  int64 // of those that were said; 0 none
	plays       []*played
	months      []month // first frames of plays that were let go
	news        []opening
	titles      []chosen
}

// month is a stretch of time in which the viewer played at least every 28 days:
// from and to are first frames.
type month struct {
	period
	where // of the first
}

// opening is a first play in 28 days that was said.
type opening struct {
	at int64
	where
}

// clock says which of the viewer's own times counts.
func clock(history bool) int {
	if history {
		return 1
	}
	return 0
}

// seen is an event without a play that was counted.
type seen struct {
	hash     uint64
	received int64
}

// chosen is a title that the viewer is a starter of.
type chosen struct {
	title text
	// show is the title's show as it was then.
	show text
	// first is the first frame of the play that made the starter, earlier that of
	// one that had before, 0 none.
	first, earlier int64
	// whole is the first frame of the play that completed it last, 0 none.
	whole int64
	// is goes from the first frame that made the starter to that of the newest
	// play that showed more, without a month between two; from is 0 of one who
	// came back after a month and has not seen enough since. was is the one before.
	is, was period
}

// impression is one that was counted, or collapsed into one that was.
type impression struct {
	seq            uint32 // names it among the viewer's
	ref            event.Ref
	time, received int64
	tie            uint64 // orders what has one time
	where
	creative, placement, experiments, taste text
	rank                                    int32
	propensity                              float64
	selects                                 int32
	// media is the media time of the play that took it, took the title played.
	media                                            int64
	took                                             text
	counted, fixed, history                          bool
	matured, eligible, taken, completed, takenIsSaid bool
}

// choice is a select.
type choice struct {
	time    int64
	tie     uint64
	title   text
	named   event.Ref
	of      uint32 // the impression it counts for, 0 none
	history bool
}

// hit says that a result of a search was chosen.
type hit struct {
	ref     event.Ref
	time    int64
	history bool
}

// search is one that is not said yet.
type search struct {
	time, received int64
	tie            uint64
	ref            event.Ref
	results        int64
	query          text
	where
	history bool
}

// session is one that is not over.
type session struct {
	period
	received                   int64
	tie                        uint64 // of its first event
	where                             // of its first event
	media                      int64
	events, plays, impressions int32
	history                    bool
}

// slot is where and what an impression was, interned.
type slot struct {
	creative, placement, experiments text
	rank                             int32
}

// played is one play, for as long as it can be corrected.
type played struct {
	ref      event.Ref
	received int64
	// named is the impression that the client says, as of namedAt.
	named      event.Ref
	namedAt    int64
	firstFrame int64 // 0 none
	where            // at the first frame
	// of is the impression the play is attributed to, 0 none; slot what it was.
	of   uint32
	slot slot
	// frozen: nothing can change the attribution any more.
	frozen, qualified, history bool
	rows                       []row
}

// row is a row of the play that was given.
type row struct {
	part int32
	of   uint32
	slot slot
	// held is the row as a batch of its own while its slot may change, else nil.
	held []byte
}
