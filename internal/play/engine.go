package play

import (
	"encoding/binary"
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
	viewers map[event.ViewerKey]*viewer
	// load brings back a viewer that was let go, or nil.
	load func(event.ViewerKey) ([]byte, error)

	now       int64 // the last tick or receipt, epoch ms
	waiting   list  // plays by last receipt: attempts without a first frame
	running   list  // … and with one
	done      list  // closed plays of viewers still in memory
	dirty     []*viewer
	imports   map[uint32]uint64 // highest ordinal seen of an import under way
	settled   map[uint32]bool   // imports that are complete
	metaDirty bool

	batch     uint64
	batchDims map[dims]uint32
	openPlays int

	// Hooks may be set before the first event.
	Hooks Hooks
	// Changes is what happened to plays since Begin.
	Changes []Change
}

// viewer holds the plays of one viewer.
type viewer struct {
	key   event.ViewerKey
	plays []*playState
	dirty bool
	// leaving: let go once its state is stored. stored: where its state is now.
	leaving bool
	stored  Place
}

// playState is one play: (viewer, play id).
type playState struct {
	ref   event.Ref
	owner *viewer
	keyID uint32
	known bool
	// history: no tick closes it, only a settle of its key.
	history bool
	// silent: closed by silence, which the next event takes back.
	silent   bool
	received int64 // when the last event was received, by the log

	base fold
	tip  fold
	kept []evidence // since base, in order
	// newest is the highest event time seen. What is older than floor comes
	// too late even within the horizon: more was kept than MaxKept.
	newest, floor int64
	seqs          seqSet
	dims          []dims

	prev, next *playState
	in         *list

	batch       uint64
	cachedIndex uint32
	cachedDims  uint16
}

// New returns an empty engine. load brings back the state of a viewer that the
// engine let go of (see Snapshot), or nil; it may be nil itself.
func New(c Config, load func(event.ViewerKey) ([]byte, error)) *Engine {
	return &Engine{
		config: c, strings: newInterner(), viewers: map[event.ViewerKey]*viewer{}, load: load,
		imports: map[uint32]uint64{}, settled: map[uint32]bool{}, batchDims: map[dims]uint32{},
	}
}

// Begin starts a new batch of facts. Facts index into the dims of their batch.
func (g *Engine) Begin() {
	g.batch++
	clear(g.batchDims)
	g.Changes = g.Changes[:0]
}

// OpenPlays is how many plays are open, Viewers how many viewers are held in memory.
func (g *Engine) OpenPlays() int { return g.openPlays }

// Viewers is how many viewers are held in memory.
func (g *Engine) Viewers() int { return len(g.viewers) }

// Apply takes the next event of the log. What follows from it is appended to out.
func (g *Engine) Apply(e *event.Event, out *fact.Batch) error {
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
	v, err := g.viewer(e.Viewer)
	if err != nil {
		return err
	}
	p := v.find(e.Play)
	if p == nil {
		g.makeRoom(v, out)
		p = &playState{
			ref: e.Play, owner: v, keyID: e.KeyID, known: e.Known, history: e.Import,
			base: newFold(), tip: newFold(), newest: e.Time,
		}
		v.plays = append(v.plays, p)
		g.openPlays++
	}
	g.touch(p, e.ReceivedAt)
	g.enlist(p) // even for a repetition: the queues are sorted by receipt
	if e.Seq >= 0 && p.seqs.has(e.Seq) {
		out.Counts.Duplicates++
		return nil
	}
	if e.Time < p.newest-g.config.Horizon {
		out.Counts.LateDropped++
		return nil
	}
	if e.Time < p.floor {
		out.Counts.Evicted++
		return nil
	}
	ev := p.evidence(g, e)
	at, twice := p.place(&ev)
	if twice {
		out.Counts.Duplicates++
		return nil
	}
	p.seqs.add(e.Seq)
	x := emitter{engine: g, config: &g.config, viewer: v, play: p, out: out, sign: 1}
	p.insert(at, ev, &x)
	g.enlist(p)
	return nil
}

// importedBefore keeps imports idempotent: their events carry an ordinal that
// only grows, and a complete import is closed.
func (g *Engine) importedBefore(e *event.Event) bool {
	ordinal := binary.BigEndian.Uint64(e.ID[8:])
	if g.settled[e.KeyID] || ordinal <= g.imports[e.KeyID] {
		return true
	}
	g.imports[e.KeyID] = ordinal
	g.metaDirty = true
	return false
}

func (g *Engine) viewer(key event.ViewerKey) (*viewer, error) {
	if v := g.viewers[key]; v != nil {
		return v, nil
	}
	v := &viewer{key: key}
	if g.load != nil {
		data, err := g.load(key)
		if err != nil {
			return nil, err
		}
		if data != nil {
			if err := g.restore(v, data); err != nil {
				return nil, err
			}
		}
	}
	g.viewers[key] = v
	return v, nil
}

func (v *viewer) find(ref event.Ref) *playState {
	for _, p := range v.plays {
		if p.ref == ref {
			return p
		}
	}
	return nil
}

// touch notes that something of the play was received: it is not silent.
func (g *Engine) touch(p *playState, received int64) {
	p.received = max(p.received, received)
	p.owner.leaving = false
	if !p.owner.dirty {
		p.owner.dirty = true
		g.dirty = append(g.dirty, p.owner)
	}
}

// evidence makes the small form of e.
func (p *playState) evidence(g *Engine, e *event.Event) evidence {
	seq, extra := e.Seq, e.FromMS
	if seq < 0 {
		seq = -1 - e.ID.LowBits(e.Format)
	}
	if e.Type == event.PlayStarted || e.Type == event.Resumed {
		extra = e.Quality.StartupMS
	}
	return evidence{
		time: e.Time, seq: seq, position: clamp32(e.PositionMS), duration: clamp32(e.DurationMS),
		extra: clamp32(extra), rate: plausibleRate(e.Rate),
		dims: p.tableIndex(g.strings.dimsOf(e)), kind: e.Type,
		fatal: e.Quality.ErrorFatal, business: e.Quality.ErrorClass == "business",
	}
}

// maxRate is the fastest playback that is believed.
const maxRate = 16

// plausibleRate is 0, "not said", for what is no rate.
func plausibleRate(v float64) float32 {
	if v > 0 {
		return float32(min(v, maxRate))
	}
	return 0
}

func clamp32(v int64) int32 { return int32(max(-1, min(v, 1<<31-1))) }

// place finds where ev belongs among the kept evidence, and whether it is there
// already.
func (p *playState) place(ev *evidence) (at int, twice bool) {
	at = len(p.kept)
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

// insert folds ev in at its place and emits the difference.
func (p *playState) insert(at int, ev evidence, x *emitter) {
	if p.silent {
		p.silent = false
		p.tip.silence(x, -1)
		x.engine.openPlays++
	}
	wasClosed := p.tip.state == closed
	if at == len(p.kept) {
		p.tip.step(&ev, x)
		p.newest = max(p.newest, ev.time)
		p.settleBase(x, 1) // first, so that the list need not grow
		p.kept = append(p.roomy(), ev)
	} else {
		p.reorder(at, ev, x)
		p.settleBase(x, 0)
	}
	if isClosed := p.tip.state == closed; isClosed != wasClosed {
		if isClosed {
			x.engine.openPlays--
		} else {
			x.engine.openPlays++
		}
	}
}

// roomy is the kept evidence with room for one more, and not for many: most
// plays keep as many as fit into the horizon at their heartbeat.
func (p *playState) roomy() []evidence {
	n := len(p.kept)
	if n < cap(p.kept) && (cap(p.kept) < 64 || n > cap(p.kept)/4) {
		return p.kept
	}
	return append(make([]evidence, 0, n+2+n/4), p.kept...)
}

// reorder takes back what the kept evidence from at on emitted and emits it
// anew with ev in its place.
func (p *playState) reorder(at int, ev evidence, x *emitter) {
	mute := *x
	mute.mute = true
	before := p.base
	before.steps(p.kept[:at], &mute)
	spans, marks := len(x.out.Spans), len(x.out.Marks)
	x.sign = -1
	p.tip = before
	p.tip.steps(p.kept[at:], x)
	p.kept = slices.Insert(p.kept, at, ev)
	x.sign = 1
	p.tip = before
	p.tip.steps(p.kept[at:], x)
	x.out.Marks = append(x.out.Marks[:marks], cancelMarks(x.out.Marks[marks:])...)
	x.out.Spans = append(x.out.Spans[:spans], cancelSpans(x.out.Spans[spans:])...)
}

func (f *fold) steps(list []evidence, x *emitter) {
	for i := range list {
		f.step(&list[i], x)
	}
}

// settleBase folds evidence that can no longer be preceded into the base, and
// what is too much when room more are to come.
func (p *playState) settleBase(x *emitter, room int) {
	before := p.newest - x.config.Horizon
	n := 0
	mute := *x
	mute.mute = true
	for ; n < len(p.kept); n++ {
		e := &p.kept[n]
		if e.time >= before {
			if len(p.kept)-n+room <= x.config.MaxKept {
				break
			}
			p.floor = e.time + 1
		}
		p.base.step(e, &mute)
	}
	if n == 0 {
		return
	}
	p.kept = append(p.kept[:0], p.kept[n:]...)
	p.base.shareLists(&p.tip)
}

// shareLists lets base use the tip's arrays: base's lists are prefixes of them.
func (f *fold) shareLists(tip *fold) {
	if len(f.actives) <= len(tip.actives) {
		f.actives = tip.actives[:len(f.actives)]
	}
	if len(f.runs) <= len(tip.runs) {
		f.runs = tip.runs[:len(f.runs)]
	}
	if f.part == tip.part && len(f.intervals) <= len(tip.intervals) {
		f.intervals = tip.intervals[:len(f.intervals)]
	}
}
