package play

import (
	"encoding/binary"
	"hash/maphash"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// Engine is the state of one partition: every viewer that has a play open, or
// one closed so lately that it can still be corrected. It is not safe for
// concurrent use.
type Engine struct {
	config  Config
	strings *interner
	sets    dimSets
	viewers viewers
	asleep  sleepers
	resting resting
	scratch []byte                     // of a state
	failure error                      // see Err
	tombs   map[event.ViewerKey][]tomb // of viewers in memory that are buried
	// load brings back a viewer that was let go, or nil.
	load func(event.ViewerKey) ([]byte, error)

	now       int64 // the last tick or receipt, epoch ms
	wheel     wheel
	weights   weights
	dirty     []*viewer
	imports   map[uint32]uint64 // highest ordinal seen of an import under way
	complete  map[uint32]bool   // imports that are complete
	metaDirty bool

	said event.Said   // of the event at hand
	seed maphash.Seed // of what sets remember to have been said

	// Of the batch under way.
	batchTastes map[uint32]uint32
	ranges      []Range
	runs        []run

	// The emitters of the play at hand: one that says, one that does not.
	aloud, mute emitter
	openPlays   int

	// Stored reads what the last snapshot stored as Open of a viewer who has not changed
	// since: all earlier snapshots are readable by the next Tick. Without it the states of
	// viewers of whom nothing is heard stay in memory. It may be set before the first event.
	Stored func(event.ViewerKey) ([]byte, error)
	// Hooks may be set before the first event.
	Hooks Hooks
	// Changes is what happened to plays since Begin.
	Changes []Change
}

// New returns an empty engine. load brings back the state of a viewer that the
// engine let go of (see Snapshot), or nil; it may be nil itself.
func New(c Config, load func(event.ViewerKey) ([]byte, error)) *Engine {
	c.MaxListed = min(c.MaxListed, 60_000)
	g := &Engine{
		config: c, strings: newInterner(), sets: newDimSets(),
		load: load, wheel: newWheel(), resting: newResting(),
		imports: map[uint32]uint64{}, complete: map[uint32]bool{},
		batchTastes: map[uint32]uint32{},
		tombs:       map[event.ViewerKey][]tomb{},
		seed:        maphash.MakeSeed(),
	}
	g.aloud = emitter{engine: g, config: &g.config, sign: 1}
	g.mute = g.aloud
	g.mute.mute = true
	return g
}

// Begin starts a new batch of facts. Facts index into the dims of their batch.
func (g *Engine) Begin() {
	g.sets.begin()
	clear(g.batchTastes)
	g.Changes, g.ranges = g.Changes[:0], g.ranges[:0]
}

// OpenPlays is how many plays are open.
func (g *Engine) OpenPlays() int { return g.openPlays }

// Viewers is how many viewers the engine knows of: those in memory, and those who sleep or rest.
func (g *Engine) Viewers() int { return g.viewers.n + g.asleep.left + len(g.resting.states) }

// emitter says what p does to out; the mute one that is set with it says nothing.
func (g *Engine) emitter(p *playState, out *fact.Batch) *emitter {
	if v := p.owner; v.recent != p {
		v.others = 0 // p is one of them and may count for longer from now on
	}
	x := &g.aloud
	x.play, x.out, x.sign, x.mute, x.known = p, out, 1, false, false
	g.mute.play, g.mute.out = p, out
	return x
}

// Apply takes the next event of the log. What follows from it is appended to out.
func (g *Engine) Apply(e *event.Event, out *fact.Batch) error {
	return g.ApplySaid(e, &event.Said{}, out)
}

// ApplySaid does what Apply does, and knows at once what an event says of itself that
// says it as one before did.
func (g *Engine) ApplySaid(e *event.Event, said *event.Said, out *fact.Batch) error {
	g.said = *said
	out.Counts.Events++
	if e.Import {
		out.Counts.Imported++
	}
	g.now = max(g.now, e.ReceivedAt)
	if e.Import && g.importedBefore(e) {
		out.Counts.Duplicates++
		return nil
	}
	if !e.Type.OfPlay() || e.Play.IsZero() {
		return nil
	}
	v, err := g.viewer(&e.Viewer)
	if err != nil {
		return err
	}
	p := v.find(e.Play)
	if p == nil || !p.open() || e.Time-p.origin > maxLife {
		if p = g.admit(v, p, e, out); p == nil {
			return g.failure
		}
	}
	g.take(p, e, out)
	return g.failure
}

// admit finds or makes the play that e is for when it is not simply open. It is
// nil when e comes too late.
func (g *Engine) admit(v *viewer, p *playState, e *event.Event, out *fact.Batch) *playState {
	late := p != nil && !p.open() && p.received+g.config.LateLimit <= g.now
	if p == nil {
		received, ok := g.buried(v, e.Play)
		late = ok && received+g.config.ForgetAfter > g.now
	}
	if late {
		out.Counts.LateDropped++
		out.Counts.LateClosed++
		g.idle(v)
		return nil
	}
	if p != nil && e.Time-p.origin > maxLife {
		g.letGo(p, out)
		p = nil
	}
	if p == nil {
		p = g.begin(v, e, out)
	}
	return p
}

// begin makes the play that e is the first known event of.
func (g *Engine) begin(v *viewer, e *event.Event, out *fact.Batch) *playState {
	g.makeRoom(v, out)
	p := v.newPlay()
	*p = playState{
		ref: e.Play, owner: v, keyID: e.KeyID, known: e.Known, history: e.Import,
		base: newFold(), tip: newFold(), origin: e.Time, floor: -1 << 31, received: e.ReceivedAt,
	}
	if g.Hooks.Taste != nil {
		p.taste = g.strings.id(g.Hooks.Taste(v.key))
	}
	v.add(p)
	g.openPlays++
	g.file(p)
	return p
}

// take folds an event into its play, unless it was known before or is late.
func (g *Engine) take(p *playState, e *event.Event, out *fact.Batch) {
	g.touch(p, e.ReceivedAt)
	t := e.Time - p.origin
	switch {
	case e.Seq >= 0 && p.seqs.has(e.Seq):
		out.Counts.Duplicates++
		return
	case t < int64(p.newest)-g.config.Horizon:
		out.Counts.LateDropped++
		out.Counts.LateHorizon++
		return
	case t < int64(p.floor):
		out.Counts.Evicted++
		return
	}
	var ev evidence
	p.evidence(g, e, &ev)
	at, twice := p.place(&ev)
	if twice {
		out.Counts.Duplicates++
		return
	}
	p.seqs.add(e.Seq)
	p.over = false
	b, open := p.before(out), p.open()
	p.insert(at, &ev, g.emitter(p, out))
	if len(out.Marks) > b.marks || b.closed || p.ended() {
		g.tell(p, b, out)
	}
	if open != p.open() || g.deadline(p) < int64(p.due)*1000 {
		g.file(p)
	}
}

// importedBefore keeps imports idempotent: their events carry an ordinal that
// only grows, and a complete import is closed.
func (g *Engine) importedBefore(e *event.Event) bool {
	ordinal := binary.BigEndian.Uint64(e.ID[8:])
	if g.complete[e.KeyID] || ordinal <= g.imports[e.KeyID] {
		return true
	}
	g.imports[e.KeyID] = ordinal
	g.metaDirty = true
	return false
}

func (g *Engine) viewer(key *event.ViewerKey) (*viewer, error) {
	if v := g.viewers.get(key); v != nil {
		return v, nil
	}
	if i := g.asleep.find(key); i >= 0 {
		v, err := g.wake(i)
		if err == nil {
			g.fileDue(v, g.look)
		}
		return v, err
	}
	if e, ok := g.resting.states[*key]; ok {
		v, err := g.rouse(*key, e)
		if err == nil {
			g.fileDue(v, g.look)
		}
		return v, err
	}
	v := newViewer(*key)
	if g.load != nil {
		data, err := g.load(*key)
		if err != nil {
			return nil, err
		}
		if data != nil {
			if err := g.restore(v, data); err != nil {
				return nil, err
			}
		}
	}
	g.viewers.put(v)
	return v, nil
}

// touch notes that something of the play was received: it is not silent.
func (g *Engine) touch(p *playState, received int64) {
	p.received = max(p.received, received)
	g.dirtied(p.owner)
	if p.due == 0 {
		g.file(p)
	}
}

// dirtied notes that v must be stored anew.
func (g *Engine) dirtied(v *viewer) {
	if v.change == unchanged {
		g.dirty = append(g.dirty, v)
	}
	v.change = changed
}

// insert folds ev in at its place and emits the difference.
func (p *playState) insert(at int, ev *evidence, x *emitter) {
	if p.silent {
		p.silent = false
		p.tip.silence(x, -1)
		x.engine.openPlays++
	}
	wasClosed := p.tip.state == closed
	if at == len(p.kept) {
		p.tip.step(ev, x)
		p.newest = max(p.newest, ev.time)
		p.settleBase(x, 1) // first, so that the list need not grow
		p.kept = append(room(p.kept), *ev)
	} else {
		p.reorder(at, ev, x)
		p.settleBase(x, 0)
		p.list = p.list[:p.tip.count]
	}
	if isClosed := p.tip.state == closed; isClosed != wasClosed {
		if isClosed {
			x.engine.openPlays--
		} else {
			x.engine.openPlays++
		}
	}
}

// reorder takes back what the kept evidence from at on emitted and emits it
// anew with ev in its place.
func (p *playState) reorder(at int, ev *evidence, x *emitter) {
	before := p.base
	before.steps(p.kept[:at], &x.engine.mute)
	spans, marks := len(x.out.Spans), len(x.out.Marks)
	x.sign = -1
	p.tip = before
	p.tip.steps(p.kept[at:], x)
	p.kept = slices.Insert(p.kept, at, *ev)
	x.sign = 1
	p.tip = before
	p.tip.steps(p.kept[at:], x)
	x.out.Marks = append(x.out.Marks[:marks], cancelMarks(x.out.Marks[marks:])...)
	x.out.Spans = append(x.out.Spans[:spans], cancelSpans(x.out.Spans[spans:])...)
}

// settleBase folds evidence that can no longer be preceded into the base, and
// what is too much when room more are to come. What has been reached with it is
// said.
func (p *playState) settleBase(x *emitter, room int) {
	before := int64(p.newest) - x.config.Horizon
	mute := &x.engine.mute
	n := 0
	for ; n < len(p.kept); n++ {
		e := &p.kept[n]
		if int64(e.time) >= before {
			if len(p.kept)-n+room <= x.config.MaxKept {
				break
			}
			p.floor = e.time + 1
		}
		if e.beats {
			p.base.again(e, mute)
		} else {
			p.base.step(e, mute)
		}
		p.reach(&p.base, e, x)
	}
	if n > 0 {
		p.kept = p.kept[:copy(p.kept, p.kept[n:])]
	}
}
