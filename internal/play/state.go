package play

import (
	"playhead/internal/event"
	"playhead/internal/fact"
)

// viewer holds the plays of one viewer. The first is in the same piece of memory: most
// viewers have one, and each event reads both, so that the processor waits for memory once
// less. With eight bytes more the two would take 64 more.
type viewer struct {
	key   event.ViewerKey
	plays *playState // the first; the others follow by sibling, oldest first
	// recent is the play that was found last, nil if it is gone: most events are
	// for that one, and a viewer may have a hundred that are over.
	recent *playState
	// change is whether its state has to be stored. stored: where its state is now.
	change change
	stored Place
	// buried: there were plays that are too old to be corrected, see Engine.tombs.
	buried bool
	taken  bool // first is or was a play: who holds one that is gone must not see another
	// others is the second up to which plays other than recent count as concurrent
	// at most, 0 when that is not known.
	others uint32
	first  playState
}

// change is what happened to a viewer since its state was stored.
type change uint8

const (
	unchanged change = iota
	changed
	leaving // changed, and let go once its state is stored
)

func newViewer(key event.ViewerKey) *viewer { return &viewer{key: key} }

// newPlay is an empty play, in the viewer's own memory if it is the first.
func (v *viewer) newPlay() *playState {
	if v.taken {
		return &playState{}
	}
	v.taken = true
	return &v.first
}

// playState is one play: (viewer, play id). Its times are ms after origin.
type playState struct {
	ref     event.Ref
	owner   *viewer
	sibling *playState
	origin  int64 // epoch ms
	// received is when the last event was received, by the log, epoch ms.
	received int64
	kept     []evidence // since base, in order
	seqs     seqSet

	firstDims uint32
	newest    int32  // the highest event time seen
	floor     int32  // what is older comes too late even within the horizon: more was kept than MaxKept
	due       uint32 // under which second the play is filed, see Engine.file; 0: nowhere
	within    uint32 // the last two entries of which one was found to have all of the other, see Engine.mergeDims
	finalPart uint16 // of the parts before it was said that they are over
	reached   Reached
	known     bool
	history   bool // no tick closes it, only a settle of its key
	silent    bool // closed by silence, which the next event takes back
	over      bool // what is known was said to be final
	started   bool // its startup was said to be final

	// What a heartbeat does not touch lies between the folds, so that what it touches of
	// each begins near the beginning of a line of the processor's cache.
	tip fold
	// list is what the folds have listed so far: base and tip share it, each up to
	// its own count.
	list     []record
	moreDims *[]uint32 // see Engine.dimsAt
	keyID    uint32
	taste    uint32 // interned lines of what the viewer likes
	base     fold
}

// fetch reads one number of each line of the processor's cache that a heartbeat touches, so
// that it waits for all of them at once and not for one after the other.
func (p *playState) fetch() int64 {
	if p == nil {
		return 0
	}
	kept := int64(0)
	if n := len(p.kept); n > 0 {
		kept = int64(p.kept[0].time) + int64(p.kept[n-1].dims)
	}
	return p.received + kept + int64(p.newest) + int64(p.tip.last) + int64(p.tip.duration) + int64(p.tip.state) +
		int64(p.base.last) + int64(p.base.duration)
}

// gone reports whether the play was let go: whoever still holds it leaves it
// alone.
func (p *playState) gone() bool { return p.owner == nil }

// open reports whether the play may go on by itself.
func (p *playState) open() bool { return !p.silent && p.tip.state != closed }

// at is a time of the play as epoch ms.
func (p *playState) at(t int32) int64 { return p.origin + int64(t) }

func (v *viewer) find(ref event.Ref) *playState {
	if p := v.recent; p != nil && p.ref == ref {
		return p
	}
	for p := v.plays; p != nil; p = p.sibling {
		if p.ref == ref {
			v.recent, v.others = p, 0
			return p
		}
	}
	return nil
}

func (v *viewer) count() (n int) {
	for p := v.plays; p != nil; p = p.sibling {
		n++
	}
	return n
}

func (v *viewer) add(p *playState) {
	at := &v.plays
	for *at != nil {
		at = &(*at).sibling
	}
	*at, v.recent, v.others = p, p, 0
}

// remove lets go of the plays that which names.
func (v *viewer) remove(which func(*playState) bool) {
	for at := &v.plays; *at != nil; {
		p := *at
		if !which(p) {
			at = &p.sibling
			continue
		}
		p.owner = nil
		*at = p.sibling
		p.sibling = nil
		if v.recent == p {
			v.recent = nil
		}
	}
}

// evidence is one event of a play, as small as it can be kept.
type evidence struct {
	// seq is below zero where the client numbers nothing; then it is made of
	// the event's id.
	seq  int64
	time int32
	// Media ms, −1 absent.
	position, duration int32
	// extra is where a seek left (media ms) or how long a start took (ms), −1
	// absent; of a fatal error its interned code.
	extra            int32
	bitrate, dropped int32  // kbit/s and frames; 0 not said
	rate             uint16 // thousandths; 0 not said
	dims             uint16 // what the event itself knew, index into play.dims
	kind             event.Type
	fatal, business  bool
	beats            bool // what it was to the tip, see fold.again
}

// evidence makes the small form of e in ev.
func (p *playState) evidence(g *Engine, e *event.Event, ev *evidence) {
	last := p.tip.dims
	if n := len(p.kept); n > 0 {
		last = p.kept[n-1].dims
	}
	*ev = evidence{
		seq: e.Seq, time: int32(e.Time - p.origin), position: media32(e.PositionMS), duration: media32(e.DurationMS),
		extra: media32(e.FromMS), bitrate: count32(e.Quality.BitrateKbps), dropped: count32(e.Quality.DroppedFrames),
		rate: plausibleRate(e.Rate), dims: g.rawDims(p, last, e), kind: e.Type,
	}
	if e.Seq < 0 {
		ev.seq = -1 - e.ID.LowBits(e.Format)
	}
	switch e.Type {
	case event.PlayStarted, event.Resumed:
		ev.extra = -1
		if s := e.Quality.StartupMS; s >= 0 && s <= maxStartup {
			ev.extra = int32(s)
		}
	case event.Error:
		ev.extra = 0
		if e.Quality.ErrorFatal {
			ev.fatal, ev.business = true, e.Quality.ErrorClass == "business"
			ev.extra = int32(g.strings.id(e.Quality.ErrorCode))
		}
	}
}

// maxRate is the fastest playback that is believed.
const maxRate = 16

// plausibleRate is v in thousandths, 0, "not said", for what is no rate.
func plausibleRate(v float64) uint16 {
	switch {
	case v == 1:
		return 1000
	case v > 0:
		return uint16(max(1, min(v, maxRate)*1000+0.5))
	}
	return 0
}

// media32 is a media time, −1 when it is not known. What lies 24 days on is no
// position in a film: a live stream's clock, perhaps.
func media32(v int64) int32 {
	if v < 0 || v >= 1<<31-1 {
		return -1
	}
	return int32(v)
}

func count32(v int64) int32 {
	if v <= 0 {
		return 0
	}
	return int32(min(v, 1<<31-1))
}

// number is the place that the client gave to what has no seq, or −1.
func (a *evidence) number() int64 { return event.NumberOf(-1 - a.seq) }

// before is the order of evidence: time, seq or number, then the order in which
// players do things in one millisecond, then something that does not depend on
// arrival.
func (a *evidence) before(b *evidence) bool {
	if a.time != b.time {
		return a.time < b.time
	}
	switch n, m := a.number(), b.number(); {
	case (a.seq >= 0 || b.seq >= 0) && a.seq != b.seq:
		return a.seq < b.seq // what has none comes first: the order must be transitive
	case n != m:
		return n < m
	case a.kind != b.kind:
		return rank[a.kind] < rank[b.kind] || rank[a.kind] == rank[b.kind] && a.kind < b.kind
	}
	return a.seq > b.seq // by id
}

// rank orders what has the same time and no seq: a player that reports seek,
// wait and play within one millisecond plays after it.
var rank = [...]uint8{
	event.PlayRequested: 0, event.PlayStarted: 1, event.AdStarted: 2, event.AdEnded: 3,
	event.SeekStarted: 4, event.Seeked: 5, event.StallStarted: 6, event.StallEnded: 7,
	event.Resumed: 8, event.Heartbeat: 9, event.QualityChanged: 9, event.Paused: 10,
	event.Error: 11, event.PlayEnded: 12,
}

// place finds where ev belongs among the kept evidence, and whether it is there
// already.
func (p *playState) place(ev *evidence) (at int, twice bool) {
	at = len(p.kept)
	if ev.time > p.newest {
		return at, false // nothing that is kept is as new
	}
	for at > 0 && ev.before(&p.kept[at-1]) {
		at--
	}
	if ev.seq >= 0 {
		return at, false // seqs were looked at
	}
	for i := range p.kept {
		if p.kept[i].seq == ev.seq && p.kept[i].time == ev.time && p.kept[i].kind == ev.kind {
			return at, true
		}
	}
	return at, false
}

// record is one thing that a fold lists: a finished interval, a stretch counted
// as concurrent (ActivePlay), or media that was played in one go (ranMedia; then
// from and to are positions, ms).
type record struct {
	from, to int32
	dims     uint16
	kind     fact.SpanKind
}

const ranMedia = fact.SpanKindCount

// room makes room for one more, and not for many: most plays keep as many events
// as fit into the horizon at their heartbeat, and list little.
func room[T evidence | record](list []T) []T {
	n := len(list)
	if n < cap(list) && (cap(list) < 64 || n > cap(list)/4) {
		return list
	}
	return append(make([]T, 0, n+1+n/4), list...)
}

// trim gives back what room has left over since the play had more to keep.
func (p *playState) trim() {
	if cap(p.kept) > len(p.kept)+1 {
		p.kept = append(make([]evidence, 0, len(p.kept)+1), p.kept...)
	}
}
