package simulate

import (
	"container/heap"
	"context"
	"encoding/binary"
	"math"

	"playhead/internal/event"
)

// pastMaker is the working memory of one Generate.
type pastMaker struct {
	h     *History
	plan  *planner
	c     *chance
	going going
	done  []*underway // to be planned anew
	page  []browse
	batch []event.Event
	fn    func([]event.Event) error
}

// underway is a play that goes on, with what it says next.
type underway struct {
	play play
	walk walker
	next said
}

// going is a heap of plays under way by when they say something next.
type going []*underway

func (g going) Len() int           { return len(g) }
func (g going) Less(i, j int) bool { return g[i].next.time < g[j].next.time }
func (g going) Swap(i, j int)      { g[i], g[j] = g[j], g[i] }
func (g *going) Push(x any)        { *g = append(*g, x.(*underway)) }
func (g *going) Pop() any {
	last := len(*g) - 1
	u := (*g)[last]
	(*g)[last] = nil
	*g = (*g)[:last]
	return u
}

// pastBatch is how many events are handed over at once, at most.
const pastBatch = 1024

func (h *History) maker() *pastMaker {
	return &pastMaker{h: h, plan: newPlanner(h.w), c: newChance(h.o.Seed, 3), batch: make([]event.Event, 0, pastBatch)}
}

// Generate makes one chunk: whole plays, their events in the order of time (but
// what leads to a play, up to two minutes before it). Of that order roll-ups have
// few cells at a time; play by play each would come back to the same cells. The
// events are only valid during the call of fn; its error stops the work and is
// returned. The same chunk is always the same.
func (h *History) Generate(ctx context.Context, c Chunk, fn func([]event.Event) error) error {
	m := h.maker()
	m.fn = fn
	for at := c.From; at < c.To; at += 60_000 - at%60_000 {
		if err := m.until(ctx, at); err != nil {
			return err
		}
		if err := m.minute(at, min(c.To, at+60_000-at%60_000)); err != nil {
			return err
		}
	}
	if err := m.until(ctx, math.MaxInt64); err != nil {
		return err
	}
	return m.flush()
}

// until has the plays under way say what they say before a time.
func (m *pastMaker) until(ctx context.Context, end int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for len(m.going) > 0 && m.going[0].next.time < end {
		u := m.going[0]
		e, err := m.next(m.common(&u.play))
		if err != nil {
			return err
		}
		fillEvent(e, &u.play, &u.next)
		if u.walk.step(&u.next) {
			heap.Fix(&m.going, 0)
		} else {
			m.done = append(m.done, heap.Pop(&m.going).(*underway))
		}
	}
	return nil
}

// fresh is room for a play.
func (m *pastMaker) fresh() *underway {
	if last := len(m.done) - 1; last >= 0 {
		u := m.done[last]
		m.done = m.done[:last]
		return u
	}
	return &underway{}
}

// minute makes the plays that begin in [from,to), at most a minute.
func (m *pastMaker) minute(from, to int64) error {
	h := m.h
	m.c.pcg.Seed(mix(h.o.Seed^0x4157), mix(uint64(from)))
	n := m.c.poisson(h.starts(from) * float64(to-from) / 60_000)
	turn := int64(mix(uint64(from/60_000)^h.o.Seed) % uint64(h.population))
	end := h.o.End.UnixMilli()
	for i := range n {
		start := from + (to-from)*int64(i)/int64(n) + m.c.Int64N((to-from)/int64(n)+1)
		var who person
		for range 40 { // someone who is awake
			turn = (turn + h.stride) % h.population
			if who = h.w.person(uint32(turn)); m.c.yes(dayCurve(start/60_000 + int64(who.zone))) {
				break
			}
		}
		// The last ten minutes hand over to the crowd.
		limit := end - m.c.Int64N(crowdWarm)
		if start > limit-20_000 {
			continue
		}
		b := brief{
			who: who, title: h.title(m.c, &who, start, end), screen: who.screens[0], start: start, limit: limit,
			id: mix(h.o.Seed^uint64(from)) ^ mix(uint64(i)), beat: pastBeat, early: pastEarly, plain: true,
		}
		if m.c.yes(0.25) {
			b.screen = who.screens[1]
		}
		b.session = b.id
		from := h.w.lead(b.id, b.title)
		b.keep = h.w.keep(from, b.title)
		u := m.fresh()
		m.plan.plan(&u.play, b)
		if err := m.visit(u, from); err != nil {
			return err
		}
	}
	return nil
}

// title draws by a popularity that drifts with the days; a title that has not
// launched yet, or not there, gives way to the next one.
func (h *History) title(c *chance, who *person, start, end int64) int32 {
	if t, ok := h.w.fashion(c, who, start); ok {
		return t
	}
	r := h.w.popular.draw(c)
	if week := (end - start) / (7 * dayMS); week > 0 && r > 2 {
		r = (r + int(mix(uint64(week)<<20^uint64(r))%9)) % len(h.w.ranks)
	}
	for range len(h.w.ranks) {
		if t := h.w.ranks[r]; h.w.titles[t].Launched <= start && !h.w.missing(t, who) {
			return t
		}
		r = (r + 1) % len(h.w.ranks)
	}
	return h.w.ranks[r]
}

// visit begins the planned play, perhaps with the page that it began on, perhaps
// with one before that nothing came of.
func (m *pastMaker) visit(u *underway, from lead) error {
	p := &u.play
	if m.c.yes(idleShare) {
		p.start -= 40_000
		m.page = m.h.w.page(m.c, p, lead{}, m.page)
		p.start += 40_000
		for i := range m.page {
			m.page[i].id++ // not those of the page that follows
			m.page[i].impression = m.page[i].id
		}
		if err := m.browse(p); err != nil {
			return err
		}
	}
	if from.page || from.search {
		m.page = m.h.w.page(m.c, p, from, m.page)
		if err := m.browse(p); err != nil {
			return err
		}
	}
	if u.walk = newWalker(p); u.walk.step(&u.next) {
		heap.Push(&m.going, u)
	} else {
		m.done = append(m.done, u)
	}
	return nil
}

// browse turns the page into events.
func (m *pastMaker) browse(p *play) error {
	common := m.common(p)
	common.Play, common.DurationMS, common.Live = event.Ref{}, event.Absent, false
	for i := range m.page {
		v := &m.page[i]
		e, err := m.next(common)
		if err != nil {
			return err
		}
		e.Search = refOf(v.search, saltSearch)
		if v.search == 0 {
			e.Search = event.Ref{}
		}
		if v.kind == event.Search {
			e.Type, e.Time, e.TitleID, e.Search = v.kind, v.time, "", refOf(v.id, saltSearch)
			e.SearchQuery, e.SearchHits = v.text(), int64(v.hits)
			continue
		}
		t := &m.h.w.titles[v.title]
		e.Type, e.Time, e.TitleID, e.Placement, e.Rank = v.kind, v.time, t.ID, placementOf(v), int64(v.rank)
		if v.impression != 0 {
			e.Impression = refOf(v.impression, saltImpression)
		}
		if len(t.Creatives) > 0 && v.search == 0 {
			e.CreativeID = t.Creatives[m.h.w.creativeOf(v)].ID
		}
		if v.kind == event.Impression {
			e.Propensity = v.propensity
		}
	}
	return nil
}

// next is room for one more event, which begins as e.
func (m *pastMaker) next(e event.Event) (*event.Event, error) {
	if len(m.batch) == pastBatch {
		if err := m.flush(); err != nil {
			return nil, err
		}
	}
	m.batch = append(m.batch, e)
	return &m.batch[len(m.batch)-1], nil
}

// common is what all events about a play have.
func (m *pastMaker) common(p *play) event.Event {
	w := m.h.w
	var common event.Event
	common.Reset()
	common.Import, common.KeyID = true, m.h.o.KeyID
	common.Play, common.Session = refOf(p.id, saltPlay), refOf(p.session, saltSession)
	common.TitleID, common.Live = w.titles[p.title].ID, p.live
	common.DurationMS = int64(p.runtime)
	common.Known = p.who.identity != bySession
	if common.Known {
		common.Viewer = m.h.o.Viewer(p.who.number)
	} else {
		common.Viewer = event.ViewerKey(refOf(p.session, saltAnonymous))
	}
	place, d := &w.countries[p.who.country], &w.devices[p.screen]
	common.Context.Country, common.Context.ISP = place.code, place.isps[p.who.isp]
	common.Context.DeviceType, common.Context.OS = d.kind, d.systems[p.system]
	common.Context.Player, common.Context.AppVersion = d.players[p.player], appVersions[p.version]
	common.Context.CDN = cdnNames[p.cdn]
	return common
}

func fillEvent(e *event.Event, p *play, s *said) {
	e.Type, e.Time, e.Seq = s.kind, s.time, int64(s.seq)
	e.PositionMS, e.FromMS = int64(s.pos), int64(s.from)
	e.ID = refOf(p.id^uint64(s.seq+1)<<40, saltEvent)
	switch s.kind {
	case event.PlayStarted:
		e.Quality.StartupMS = int64(p.frame)
	case event.Error:
		codes := playErrors[:]
		if p.frame < 0 {
			codes = startErrors[:]
		}
		e.Quality.ErrorCode, e.Quality.ErrorFatal = codes[s.arg], s.fatal
		e.Quality.ErrorClass = [2]string{"technical", "business"}[s.arg%2]
	case event.Heartbeat, event.QualityChanged:
		if s.bitrate > 0 {
			e.Quality.BitrateKbps = int64(s.bitrate)
		}
	}
}

func refOf(x, salt uint64) (r event.Ref) {
	binary.LittleEndian.PutUint64(r[:8], mix(x^salt))
	binary.LittleEndian.PutUint64(r[8:], mix(x+salt<<1+1))
	return r
}

func (m *pastMaker) flush() error {
	if len(m.batch) == 0 {
		return nil
	}
	err := m.fn(m.batch)
	m.batch = m.batch[:0]
	return err
}
