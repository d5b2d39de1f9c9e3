package journey

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"unsafe"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/play"
)

// stateVersion is the first byte of every stored state.
const stateVersion = 1

func (v *viewer) encode(w *writer) []byte {
	w.begin()
	w.int(v.received)
	w.bits(v.known, v.stored)
	for _, n := range [...]uint32{v.keyID, v.history} {
		w.uint(uint64(n))
	}
	for _, n := range [...]int64{
		v.newest[0], v.newest[1], v.due, v.dueAt[0], v.dueAt[1], v.moreDue, v.moreDueAt[0], v.moreDueAt[1], v.bucket,
	} {
		w.int(n)
	}
	for _, p := range v.said {
		w.int(p.from)
		w.int(p.to - p.from)
	}
	w.uint(uint64(len(v.sessions)))
	for i := range v.sessions {
		s := &v.sessions[i]
		for _, n := range [...]int64{s.from, s.to - s.from, s.received, s.media, int64(s.events), int64(s.plays), int64(s.impressions)} {
			w.int(n)
		}
		w.uint(s.tie)
		w.whole(s.where)
		w.bits(s.history)
	}
	return w.data
}

func (v *viewer) decode(data []byte) error {
	r := reader{data: data}
	r.version()
	v.received = r.int()
	r.bits(&v.known, &v.stored)
	v.keyID, v.history = uint32(r.uint()), uint32(r.uint())
	for _, n := range [...]*int64{
		&v.newest[0], &v.newest[1], &v.due, &v.dueAt[0], &v.dueAt[1], &v.moreDue, &v.moreDueAt[0], &v.moreDueAt[1], &v.bucket,
	} {
		*n = r.int()
	}
	for i := range v.said {
		v.said[i].from = r.int()
		v.said[i].to = v.said[i].from + r.int()
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		var s session
		s.from = r.int()
		s.to = s.from + r.int()
		s.received, s.media = r.int(), r.int()
		s.events, s.plays, s.impressions = int32(r.int()), int32(r.int()), int32(r.int())
		s.tie = r.uint()
		s.where = whereOf(r.base().Value())
		r.bits(&s.history)
		v.ownRoom()
		v.sessions = append(v.sessions, s)
	}
	return r.end()
}

func (m *more) encode(w *writer) []byte {
	w.begin()
	w.uint(uint64(m.nextSeq))
	w.int(m.lastSearch)
	w.uint(uint64(len(m.seen)))
	for _, s := range m.seen {
		w.uint(s.hash)
		w.int(s.received)
	}
	w.uint(uint64(len(m.impressions)))
	for i := range m.impressions {
		w.impression(&m.impressions[i])
	}
	w.uint(uint64(len(m.selects)))
	for _, s := range m.selects {
		w.int(s.time)
		w.uint(s.tie)
		w.handle(s.title)
		w.ref(s.named)
		w.uint(uint64(s.of))
		w.bits(s.history)
	}
	w.uint(uint64(len(m.hits)))
	for _, h := range m.hits {
		w.ref(h.ref)
		w.int(h.time)
		w.bits(h.history)
	}
	w.uint(uint64(len(m.searches)))
	for i := range m.searches {
		s := &m.searches[i]
		w.int(s.time)
		w.int(s.received)
		w.uint(s.tie)
		w.ref(s.ref)
		w.int(s.results)
		w.handle(s.query)
		w.where(s.where)
		w.bits(s.history)
	}
	w.uint(uint64(len(m.plays)))
	for _, p := range m.plays {
		w.played(p)
	}
	w.uint(uint64(len(m.months)))
	for _, o := range m.months {
		w.int(o.from)
		w.int(o.to - o.from)
		w.where(o.where)
	}
	w.uint(uint64(len(m.news)))
	for _, o := range m.news {
		w.int(o.at)
		w.where(o.where)
	}
	w.uint(uint64(len(m.titles)))
	for _, c := range m.titles {
		w.handle(c.title)
		w.handle(c.show)
		for _, n := range [...]int64{c.first, c.earlier, c.whole, c.is.from, c.is.to, c.was.from, c.was.to} {
			w.int(n)
		}
	}
	return w.data
}

func (m *more) decode(data []byte) error {
	r := reader{data: data}
	r.version()
	m.nextSeq, m.lastSearch = uint32(r.uint()), r.int()
	for n := r.count(); n > 0 && r.err == nil; n-- {
		m.seen = append(m.seen, seen{r.uint(), r.int()})
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		m.impressions = append(m.impressions, r.impression())
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		s := choice{time: r.int(), tie: r.uint(), title: r.handle(), named: r.ref(), of: uint32(r.uint())}
		r.bits(&s.history)
		m.selects = append(m.selects, s)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		h := hit{ref: r.ref(), time: r.int()}
		r.bits(&h.history)
		m.hits = append(m.hits, h)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		s := search{
			time: r.int(), received: r.int(), tie: r.uint(), ref: r.ref(), results: r.int(), query: r.handle(), where: r.where(),
		}
		r.bits(&s.history)
		m.searches = append(m.searches, s)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		m.plays = append(m.plays, r.played())
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		o := month{period: period{from: r.int()}}
		o.to, o.where = o.from+r.int(), r.where()
		m.months = append(m.months, o)
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		m.news = append(m.news, opening{r.int(), r.where()})
	}
	for n := r.count(); n > 0 && r.err == nil; n-- {
		c := chosen{title: r.handle(), show: r.handle()}
		for _, n := range [...]*int64{&c.first, &c.earlier, &c.whole, &c.is.from, &c.is.to, &c.was.from, &c.was.to} {
			*n = r.int()
		}
		m.titles = append(m.titles, c)
	}
	return r.end()
}

func (w *writer) impression(p *impression) {
	w.uint(uint64(p.seq))
	w.ref(p.ref)
	w.int(p.time)
	w.int(p.received - p.time)
	w.uint(p.tie)
	w.where(p.where)
	w.slot(p.slot())
	w.handle(p.taste)
	w.float(p.propensity)
	w.int(int64(p.selects))
	w.int(p.media)
	w.handle(p.took)
	w.bits(p.counted, p.fixed, p.history, p.matured, p.eligible, p.taken, p.completed, p.takenIsSaid)
}

func (r *reader) impression() impression {
	p := impression{seq: uint32(r.uint()), ref: r.ref(), time: r.int()}
	p.received = p.time + r.int()
	p.tie = r.uint()
	p.where = r.where()
	s := r.slot()
	p.creative, p.placement, p.experiments, p.rank = s.creative, s.placement, s.experiments, s.rank
	p.taste, p.propensity = r.handle(), r.float()
	p.selects, p.media, p.took = int32(r.int()), r.int(), r.handle()
	r.bits(&p.counted, &p.fixed, &p.history, &p.matured, &p.eligible, &p.taken, &p.completed, &p.takenIsSaid)
	return p
}

func (w *writer) played(p *played) {
	w.ref(p.ref)
	w.int(p.received)
	w.ref(p.named)
	w.int(p.namedAt)
	w.int(p.firstFrame)
	w.where(p.where)
	w.of(p.of, p.slot)
	w.bits(p.frozen, p.qualified, p.history)
	w.uint(uint64(len(p.rows)))
	for _, o := range p.rows {
		w.int(int64(o.part))
		w.of(o.of, o.slot)
		w.string(string(o.held))
	}
}

func (r *reader) played() *played {
	p := &played{ref: r.ref(), received: r.int(), named: r.ref(), namedAt: r.int(), firstFrame: r.int(), where: r.where()}
	p.of, p.slot = r.of()
	r.bits(&p.frozen, &p.qualified, &p.history)
	for n := r.count(); n > 0 && r.err == nil; n-- {
		o := row{part: int32(r.int())}
		o.of, o.slot = r.of()
		if held := r.string(); held != "" {
			o.held = []byte(held)
		}
		p.rows = append(p.rows, o)
	}
	return p
}

// of writes a slot if there is one.
func (w *writer) of(n uint32, s slot) {
	w.uint(uint64(n))
	if n > 0 {
		w.slot(s)
	}
}

func (r *reader) of() (n uint32, s slot) {
	if n = uint32(r.uint()); n > 0 {
		s = r.slot()
	}
	return n, s
}

func (s *titleSeen) encode() []byte {
	w := writer{data: []byte{stateVersion}}
	w.int(s.received)
	w.bits(s.is[:]...)
	w.uint(uint64(len(s.viewings)))
	for i := range s.viewings {
		o := &s.viewings[i]
		w.uint(o.play)
		w.int(o.first)
		w.uint(uint64(len(o.runs)))
		at := int64(0)
		for _, r := range o.runs {
			w.int(r.From - at)
			w.int(r.To - r.From)
			at = r.To
		}
	}
	return w.data
}

func (s *titleSeen) decode(data []byte) error {
	r := reader{data: data}
	r.version()
	s.received = r.int()
	r.bits(&s.is[0], &s.is[1], &s.is[2])
	for n := r.count(); n > 0 && r.err == nil; n-- {
		o := viewing{play: r.uint(), first: r.int()}
		at := int64(0)
		for k := r.count(); k > 0 && r.err == nil; k-- {
			from := at + r.int()
			at = from + r.int()
			o.runs = append(o.runs, play.Range{From: from, To: at})
		}
		s.viewings = append(s.viewings, o)
	}
	return r.end()
}

func (s *seasonSeen) encode() []byte {
	w := writer{data: []byte{stateVersion}}
	w.int(s.received)
	w.bits(s.is[:]...)
	w.uint(uint64(len(s.episodes)))
	for _, e := range s.episodes {
		w.uint(e.hash)
		w.int(e.last)
		w.int(e.ms)
	}
	return w.data
}

func (s *seasonSeen) decode(data []byte) error {
	r := reader{data: data}
	r.version()
	s.received = r.int()
	r.bits(&s.is[0], &s.is[1], &s.is[2])
	for n := r.count(); n > 0 && r.err == nil; n-- {
		s.episodes = append(s.episodes, episodeSeen{r.uint(), r.int(), r.int()})
	}
	return r.end()
}

// agendaEntry is what is stored of a viewer who waits.
func (v *viewer) agendaEntry(w *writer) []byte {
	if v.bucket == 0 && v.history == 0 {
		return nil
	}
	w.begin()
	w.int(v.bucket)
	w.uint(uint64(v.keyID))
	w.uint(uint64(v.history))
	return w.data
}

// RestoreAgenda brings back a stored KindAgenda entry.
func (g *Engine) RestoreAgenda(viewer event.ViewerKey, data []byte) error {
	r := reader{data: data}
	r.version()
	bucket, keyID, history := r.int(), uint32(r.uint()), uint32(r.uint())
	if err := r.end(); err != nil {
		return err
	}
	if bucket > 0 {
		g.agenda[bucket] = append(g.agenda[bucket], viewer)
	}
	if keyID != 0 || history != 0 {
		w := g.waitFor(keyID)
		w.restored = append(w.restored, viewer)
	}
	if history != 0 && history != keyID {
		w := g.waitFor(history)
		w.restored = append(w.restored, viewer)
	}
	return nil
}

// RestoreMeta brings back what KindMeta was given.
func (g *Engine) RestoreMeta(data []byte) error {
	r := reader{data: data}
	r.version()
	g.now, g.looked = r.int(), r.int()
	return r.end()
}

// RestoreCatalog brings back what KindCatalog was given.
func (g *Engine) RestoreCatalog(data []byte) error {
	c, err := DecodeCatalog(data)
	if err == nil {
		g.catalog = c
	}
	return err
}

// Snapshot hands over every state that changed since the last one, and lets
// those go that were not heard of for a while. Together with the earlier ones
// they are the engine's state.
func (g *Engine) Snapshot(save Save) {
	var w writer // one for all: its lists of texts are as large as a viewer's
	for _, v := range g.dirty {
		g.save(v, &w, save)
	}
	clear(g.dirty)
	g.dirty = fact.Shrink(g.dirty)[:0]
	for v := g.front; v != nil && (v.received+keepAway <= g.now || g.viewers.Len() > g.config.MaxViewers); v = g.front {
		g.forget(v)
	}
	g.viewers.Shrink()
	for _, k := range sortedTitles(g.titles) {
		save(k.kind, k.bytes(), g.titles[k])
	}
	g.storedTitles()
	w.begin()
	w.int(g.now)
	w.int(g.looked)
	save(KindMeta, nil, w.data)
	if g.newCatalog {
		g.newCatalog = false
		save(KindCatalog, nil, g.catalog.data)
	}
}

func (g *Engine) save(v *viewer, w *writer, save Save) {
	v.dirty = false
	if v.moreDirty {
		v.moreDirty = false
		v.stored = v.stored || !v.more.empty()
		if v.stored {
			save(KindMore, v.key[:], v.more.encode(w))
		}
	}
	save(KindViewer, v.key[:], v.encode(w))
	if v.agendaNew {
		v.agendaNew = false
		save(KindAgenda, v.key[:], v.agendaEntry(w))
	}
	if v.more != nil && v.moreUsed+keepAway <= g.now {
		v.more = nil
	}
	size := v.footprint()
	g.bytes += size - v.size
	v.size = size
	if v.received+keepAway <= g.now {
		g.forget(v)
	}
}

// footprint is about how many bytes a viewer takes in memory: structs and lists;
// interned texts are shared.
func (v *viewer) footprint() int64 {
	n := int64(unsafe.Sizeof(*v)) + 32
	if cap(v.sessions) > len(v.own) {
		n += int64(cap(v.sessions)) * int64(unsafe.Sizeof(session{}))
	}
	m := v.more
	if m == nil {
		return n
	}
	n += int64(unsafe.Sizeof(*m)) + int64(cap(m.seen))*int64(unsafe.Sizeof(seen{})) +
		int64(cap(m.impressions))*int64(unsafe.Sizeof(impression{})) + int64(cap(m.selects))*int64(unsafe.Sizeof(choice{})) +
		int64(cap(m.hits))*int64(unsafe.Sizeof(hit{})) + int64(cap(m.searches))*int64(unsafe.Sizeof(search{})) +
		int64(cap(m.titles))*int64(unsafe.Sizeof(chosen{})) + int64(cap(m.months))*int64(unsafe.Sizeof(month{}))
	for _, p := range m.plays {
		n += int64(unsafe.Sizeof(*p)) + int64(cap(p.rows))*int64(unsafe.Sizeof(row{}))
		for i := range p.rows {
			n += int64(cap(p.rows[i].held))
		}
	}
	return n
}

// Bytes is about how much memory the engine holds: viewers, as of the last
// snapshot, and who waits.
func (g *Engine) Bytes() int64 {
	const entry = int64(unsafe.Sizeof(event.ViewerKey{}))
	return g.bytes + entry*int64(g.Waiting())
}

func (m *more) empty() bool {
	return len(m.seen)+len(m.impressions)+len(m.selects)+len(m.hits)+len(m.searches)+len(m.plays)+len(m.titles)+len(m.months)+len(m.news) == 0 &&
		m.lastSearch == 0
}

func (g *Engine) forget(v *viewer) {
	g.unlink(v)
	g.bytes -= v.size
	g.viewers.Remove(&v.key, v)
}

func sortedTitles(m map[titleKey][]byte) []titleKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b titleKey) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), bytes.Compare(a.viewer[:], b.viewer[:]), cmp.Compare(a.hash, b.hash))
	})
}

// Dirty is how many pieces of state changed since the last snapshot.
func (g *Engine) Dirty() int { return len(g.dirty) + len(g.titles) }

// Expired reports whether a stored state is of no more use at now (epoch ms of
// the log). To delete it changes no fact.
func (g *Engine) Expired(kind Kind, state []byte, now int64) bool {
	r := reader{data: state}
	r.version()
	received := r.int()
	if r.err != nil {
		return false
	}
	switch kind {
	case KindViewer:
		return received+g.config.Forget <= now
	case KindTitle, KindSeason:
		return received+g.config.Memory+event.MaxAgeMS+event.MaxAheadMS <= now
	}
	return false
}
