package journey

import (
	"encoding/binary"
	"unique"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/play"
)

// Kind is a sort of stored state: the first byte of its key.
type Kind byte

// Kinds of stored state. The numbers are stored: append only.
const (
	KindViewer  Kind = 'v' // by viewer: what every event touches
	KindMore    Kind = 'w' // by viewer: the rest
	KindAgenda  Kind = 'a' // by viewer: when it is looked at next
	KindTitle   Kind = 't' // by viewer and title: what was seen of it
	KindSeason  Kind = 's' // by viewer and season
	KindMeta    Kind = 'j' // of the partition
	KindCatalog Kind = 'c' // of the partition
)

// Load brings back stored state, or nil.
type Load func(kind Kind, key []byte) ([]byte, error)

// Save takes changed state, which is good only during the call; nil means: delete
// it.
type Save func(kind Kind, key, state []byte)

// Engine is the state of one partition. It is not safe for concurrent use.
type Engine struct {
	config  Config
	load    Load
	none    text
	catalog *Catalog
	// newCatalog: the catalogue changed since the last snapshot.
	newCatalog bool

	now         int64 // the last tick or receipt, epoch ms
	at          int64 // event time of the event that is being applied
	viewers     play.Table[viewer]
	front, back *viewer   // by last receipt, see touch
	sought      []*viewer // see Seek
	fetched     int64     // of no meaning: what is read and not used need not be read
	dirty       []*viewer
	agenda      map[int64][]event.ViewerKey
	looked      int64 // the last bucket that was worked off
	// keys are who waits in the agenda for a settle: viewers by the key that
	// sent last, or whose import is under way.
	keys    map[uint32]*waiting
	titles  map[titleKey][]byte // changed since the last snapshot
	before  map[titleKey][]byte // changed before it, as it was stored: see title
	batch   indexes
	bytes   int64 // footprint of the viewers in memory
	failure error // of a hook that could not say so
}

// indexes are where the current batch has what it was given.
type indexes struct {
	dims   map[where]uint32
	slots  map[slot]uint32
	tastes map[text]uint32
}

// New returns an empty engine. load may be nil.
func New(c Config, load Load) *Engine {
	if load == nil {
		load = func(Kind, []byte) ([]byte, error) { return nil, nil }
	}
	return &Engine{
		config: c, load: load, none: unique.Make(""), catalog: &Catalog{},
		agenda: map[int64][]event.ViewerKey{}, keys: map[uint32]*waiting{}, titles: map[titleKey][]byte{},
		batch: indexes{
			dims: map[where]uint32{}, slots: map[slot]uint32{}, tastes: map[text]uint32{},
		},
	}
}

// Begin starts a new batch of facts: facts index into the lists of their batch.
func (g *Engine) Begin() {
	clear(g.batch.dims)
	clear(g.batch.slots)
	clear(g.batch.tastes)
}

// Viewers is how many viewers are held in memory, Waiting how many, there or on
// disk, have something to be said even if they stay silent.
func (g *Engine) Viewers() int { return g.viewers.Len() }

// Waiting: see Viewers.
func (g *Engine) Waiting() int {
	n := 0
	for _, list := range g.agenda {
		n += len(list)
	}
	return n
}

// Hooks are what the play engine asks of this one.
func (g *Engine) Hooks() play.Hooks { return play.Hooks{Labels: g.Labels, Taste: g.Taste} }

// Before tells the engine which event the play engine is given next.
func (g *Engine) Before(e *event.Event) { g.at = e.Time }

// Step is one event and what the play engine made of it.
type Step struct {
	Event *event.Event // nil for a tick and a settle
	// Fresh: it is no repetition and not too late for its play.
	Fresh bool
	// Spans, Marks and Plays are where in the batch begins what was said of it.
	Spans, Marks, Plays int
	Changes             []play.Change
}

// Apply takes the next event of the log, after the play engine. What follows
// from it is appended to out. repeat: the event is no play's and was here before.
func (g *Engine) Apply(s Step, out *fact.Batch) (repeat bool, err error) {
	if g.failure != nil {
		return false, g.failure
	}
	e := s.Event
	rows := len(out.Plays)
	if e != nil {
		g.now = max(g.now, e.ReceivedAt)
		if s.Fresh && !e.Viewer.IsZero() {
			repeat, err = g.event(&s, out)
		}
	}
	if err == nil && len(s.Changes) > 0 {
		err = g.changes(s.Changes, out)
	}
	if err == nil && s.Plays < rows {
		err = g.rows(s.Plays, rows, out)
	}
	return repeat, err
}

// event takes an accepted event.
func (g *Engine) event(s *Step, out *fact.Batch) (repeat bool, err error) {
	e := s.Event
	v, err := g.viewer(e.Viewer)
	if err != nil {
		return false, err
	}
	if !e.Type.OfPlay() || e.Play.IsZero() {
		if repeat, err = g.repeated(v, e, out); repeat || err != nil {
			if repeat {
				out.Counts.Duplicates++
			}
			return repeat, err
		}
	}
	g.touch(v, e)
	v.evidence(g, e)
	v.tally(s, out)
	if err := g.browse(v, e, out); err != nil {
		return false, err
	}
	if g.plan(v); v.newest[0] >= v.dueAt[0] || v.newest[1] >= v.dueAt[1] {
		err = g.advance(v, out)
		g.plan(v)
	}
	return false, err
}

// touch notes that something of the viewer was received.
func (g *Engine) touch(v *viewer, e *event.Event) {
	v.known = v.known || e.Known
	if v.keyID != e.KeyID {
		v.keyID, v.agendaNew = e.KeyID, true
		g.index(v)
	}
	if e.Import && v.history != e.KeyID {
		v.history, v.agendaNew = e.KeyID, true
		v.newest[1] = e.Time
		g.index(v)
	}
	at := clock(e.Import)
	v.newest[at] = max(v.newest[at], e.Time)
	v.received = max(v.received, e.ReceivedAt)
	g.mark(v)
	// Those whom it is linked with are elsewhere in memory: it stays where it is unless it would
	// be let go of much too early there.
	if v.received-v.linked > relinkAfter && g.back != v {
		g.unlink(v)
		g.link(v)
	}
}

// browse is what an event says beside its time.
func (g *Engine) browse(v *viewer, e *event.Event, out *fact.Batch) error {
	switch {
	case e.Type == event.Impression || e.Type == event.Select || e.Type == event.Search:
	case !e.Impression.IsZero() && e.Type.OfPlay() || !e.Search.IsZero():
	default:
		return nil
	}
	m, err := g.more(v)
	if err != nil {
		return err
	}
	switch {
	case e.Type == event.Impression:
		g.impression(v, m, e, out)
	case e.Type == event.Select:
		g.selects(v, m, e, out)
	case e.Type == event.Search:
		g.search(v, m, e, out)
	case !e.Impression.IsZero() && e.Type.OfPlay():
		g.name(v, m, e, out)
	}
	if !e.Search.IsZero() && e.Type != event.Search && e.Type != event.Impression {
		g.choose(v, m, e, out)
	}
	return nil
}

// repeated reports whether an event without a play was counted before, by its
// id, which is a hash of its content where the client gave none.
func (g *Engine) repeated(v *viewer, e *event.Event, out *fact.Batch) (bool, error) {
	if e.Import || e.ID.IsZero() {
		return false, nil // imports are recognised by their ordinals
	}
	m, err := g.more(v)
	if err != nil {
		return false, err
	}
	if !m.remember(binary.LittleEndian.Uint64(e.ID[:8])^binary.LittleEndian.Uint64(e.ID[8:]), e.ReceivedAt, &g.config, out) {
		return true, nil
	}
	g.markMore(v)
	return false, nil
}

// Tick tells the engine that the log received nothing else before now (epoch ms).
func (g *Engine) Tick(now int64, out *fact.Batch) error {
	g.now = max(g.now, now)
	return g.workOff(out)
}

// Control takes a new catalogue in: what comes after it has its labels. The
// batch's Dims of before stay as they are.
func (g *Engine) Control(data []byte) error {
	c, err := DecodeCatalog(data)
	if err != nil {
		return err
	}
	g.catalog, g.newCatalog = c, true
	return nil
}

// Labels are the catalogue's labels of a title, "" of one it does not have.
func (g *Engine) Labels(title string) string { return g.catalog.labels(title) }

// mark notes that the viewer's state has changed.
func (g *Engine) mark(v *viewer) {
	if !v.dirty {
		v.dirty = true
		g.dirty = append(g.dirty, v)
	}
}

// markMore notes it of the rest of it.
func (g *Engine) markMore(v *viewer) {
	v.moreDirty, v.replan = true, true
	g.mark(v)
}

func (g *Engine) link(v *viewer) {
	v.prev, v.next, v.linked = g.back, nil, v.received
	if g.back != nil {
		g.back.next = v
	} else {
		g.front = v
	}
	g.back = v
}

func (g *Engine) unlink(v *viewer) {
	if v.prev != nil {
		v.prev.next = v.next
	} else if g.front == v {
		g.front = v.next
	}
	if v.next != nil {
		v.next.prev = v.prev
	} else if g.back == v {
		g.back = v.prev
	}
	v.prev, v.next = nil, nil
}

func newViewer(key event.ViewerKey) *viewer {
	none := [2]int64{never, never}
	return &viewer{key: key, due: never, dueAt: none, moreDue: never, moreDueAt: none}
}

// viewer is the viewer's state, brought back if it was let go.
func (g *Engine) viewer(key event.ViewerKey) (*viewer, error) {
	if v := g.inMemory(&key); v != nil {
		return v, nil
	}
	return g.bringBack(key)
}

// inMemory is nil for a viewer who is not there.
func (g *Engine) inMemory(key *event.ViewerKey) *viewer {
	v, next := g.viewers.Seek(key, g.viewers.Home(key))
	for v != nil && v.key != *key {
		v, next = g.viewers.Seek(key, next)
	}
	return v
}

// Seek reads a little of what Apply will read of the viewers of the next events, and changes
// nothing, see play.Engine.Seek.
func (g *Engine) Seek(keys []event.ViewerKey) {
	g.sought = g.sought[:0]
	for i := range keys {
		v, _ := g.viewers.Seek(&keys[i], g.viewers.Home(&keys[i]))
		g.sought = append(g.sought, v)
	}
	for i, v := range g.sought {
		if v != nil {
			g.fetched += int64(v.key[0]) + v.received + v.due + v.linked + v.own[0].to
		}
		g.sought[i] = nil // it may be let go of
	}
}

// bringBack is apart from viewer, as a key of which something is loaded is made on the heap.
func (g *Engine) bringBack(key event.ViewerKey) (*viewer, error) {
	v := newViewer(key)
	data, err := g.load(KindViewer, key[:])
	if err != nil {
		return nil, err
	}
	if data != nil {
		if err := v.decode(data); err != nil {
			return nil, err
		}
		if v.received+g.config.Forget <= g.now { // whether or not it was swept already
			*v = *newViewer(key)
		}
	}
	g.viewers.Put(&v.key, v)
	g.link(v)
	return v, nil
}

// more is the rest of the viewer's state.
func (g *Engine) more(v *viewer) (*more, error) {
	v.moreUsed = g.now
	if v.more != nil {
		return v.more, nil
	}
	m := &more{}
	if v.stored {
		data, err := g.load(KindMore, v.key[:])
		if err != nil {
			return nil, err
		}
		if data != nil {
			if err := m.decode(data); err != nil {
				return nil, err
			}
		}
	}
	v.more = m
	return m, nil
}
