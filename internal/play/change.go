package play

import (
	"playhead/internal/event"
	"playhead/internal/fact"
)

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
	// Over: a part of the play has closed and the horizon has passed since. It is
	// said of each part, and again of one that went on after all.
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

// before is what is looked at to see what became of a play.
type before struct {
	closed bool
	last   int32
	marks  int
}

func (p *playState) before(out *fact.Batch) before {
	return before{p.ended(), p.tip.last, len(out.Marks)}
}

// ended reports whether p had begun and is over as far as is known.
func (p *playState) ended() bool { return p.tip.state != idle && !p.open() }

// tell says what became of p since b.
func (g *Engine) tell(p *playState, b before, out *fact.Batch) {
	ended := p.ended()
	if b.closed && (!ended || p.tip.last != b.last) {
		c := g.change(p, &p.tip, Closed, out)
		c.Time, c.Gone = p.at(b.last), true
	}
	for _, m := range out.Marks[b.marks:] {
		switch {
		case m.Kind == fact.Request && m.N > 0:
			g.change(p, &p.tip, Opened, out).Time = m.Time
		case m.Kind == fact.FirstFrame:
			c := g.change(p, &p.tip, FirstFrame, out)
			c.Time, c.Gone, c.Dims, c.StartupMS = m.Time, m.N < 0, m.Dims, m.Value
			if c.FirstFrame = m.Time; c.Gone {
				c.FirstFrame = 0
			}
		}
	}
	if ended && (!b.closed || p.tip.last != b.last) {
		g.change(p, &p.tip, Closed, out).Time = p.at(p.tip.last)
	}
}

// change adds a change that says of f what is known. What it returns is good
// until the next is added.
func (g *Engine) change(p *playState, f *fold, kind ChangeKind, out *fact.Batch) *Change {
	x := g.emitter(p, out)
	c := Change{
		Kind: kind, Reached: p.reached, Known: p.known, Viewer: p.owner.key, Play: p.ref, KeyID: p.keyID, Part: int32(f.part),
		Requested: p.at(f.requested), StartupMS: -1, DurationMS: int64(f.duration), Dims: x.dims(f.reqDims),
	}
	if f.framed {
		c.Dims, c.FirstFrame = x.dims(f.frameDims), p.at(f.firstFrame)
	}
	if f.frameHere {
		c.StartupMS = int64(f.startup)
	}
	if x.live(f.dims) {
		c.DurationMS = -1
	}
	g.Changes = append(g.Changes, c)
	return &g.Changes[len(g.Changes)-1]
}

// reach says what f, which can no longer change, is the first to show after e.
func (p *playState) reach(f *fold, e *evidence, x *emitter) {
	// Unknown is never final: of a play that was closed too early the request may
	// still come.
	if !p.started && f.frameHere && f.startup >= 0 {
		p.started = true
		x.mark(fact.StartupKnown, f.frameDims, f.firstFrame, int64(f.startup))
	}
	var now Reached
	if p.reached&Qualified == 0 && int64(f.earlier)+int64(f.media) >= x.config.QualifiedAfter {
		now |= Qualified
	}
	if f.distinct >= twoMinutes {
		now |= TwoMinutes
	}
	if p.reached&NinetyPercent == 0 && f.duration > 0 && f.share(7) && !x.live(f.dims) {
		now |= SeventyPercent
		if f.share(9) {
			now |= NinetyPercent
		}
	}
	now &^= p.reached
	if f.part > p.finalPart {
		p.finalPart = f.part
		now |= Over
	}
	if now != 0 {
		x.engine.final(p, f, now, e.time, x.out)
	}
}

const twoMinutes = 120_000

// final says what f has reached for good.
func (g *Engine) final(p *playState, f *fold, reached Reached, at int32, out *fact.Batch) {
	p.reached |= reached
	c := g.change(p, f, Final, out)
	c.New, c.Time = reached, p.at(at)
	c.MediaMS = int64(f.earlier) + int64(f.media)
	g.runs = f.appendRuns(g.runs[:0], 0, p)
	c.Cover = g.union(g.runs)
}

// union is the positions of runs, which may overlap, in memory that is good
// until the next Begin. It changes the order of runs.
func (g *Engine) union(runs []run) []Range {
	sortRuns(runs)
	from := len(g.ranges)
	for _, r := range runs {
		if n := len(g.ranges); n > from && int64(r.from) <= g.ranges[n-1].To {
			g.ranges[n-1].To = max(g.ranges[n-1].To, int64(r.to))
			continue
		}
		g.ranges = append(g.ranges, Range{int64(r.from), int64(r.to)})
	}
	return g.ranges[from:len(g.ranges):len(g.ranges)]
}

// settled says that what is known of p will stay.
func (g *Engine) settled(p *playState, out *fact.Batch) {
	if p.over {
		return
	}
	p.over = true
	x := g.emitter(p, out)
	mute := &g.mute
	f := p.base
	for i := range p.kept {
		f.step(&p.kept[i], mute)
		p.reach(&f, &p.kept[i], x)
	}
	if f.state != idle {
		g.final(p, &f, Over, f.last, out)
	}
}
