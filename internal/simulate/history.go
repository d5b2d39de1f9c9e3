package simulate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/event"
)

// HistoryOptions say what past an audience has.
type HistoryOptions struct {
	Seed uint64
	// Catalog is what was watched; nil is the demo's.
	Catalog *catalog.Catalog
	// Viewers is how many watch at once at End: the live audience's level.
	Viewers int64
	// End is where the past ends and Crowd begins. Keep it over restarts: it
	// fixes the chunks.
	End time.Time
	// Days is how far the past goes back; 0 is 35.
	Days int
	// Level is the density of older days as a share of the live level, (0,1];
	// 0 picks one that keeps the whole past to about Target events.
	Level float64
	// Target is about how many events the past has when Level is 0; 0 is fifteen
	// million.
	Target int64
	// Taper is how fast density falls from the live level, which lasts an hour,
	// to Level; 0 is 90 min.
	Taper time.Duration
	// KeyID is written into every event.
	KeyID uint32
	// Viewer is the pseudonym of `viewer-<number>`.
	Viewer func(number uint32) event.ViewerKey
}

// Chunk is a part of the past that is made, and imported, as a whole: the plays
// that begin in [From,To), epoch ms.
type Chunk struct {
	// Name is the same for the same options.
	Name     string
	From, To int64
	// Events is about how many events the chunk has.
	Events int64
}

// History is the audience's past. Its methods may be called from many
// goroutines; each Generate works on its own memory.
type History struct {
	o          HistoryOptions
	w          *world
	curve      [1440]float64 // worldwide activity by UTC minute, 1 at End
	population int64
	stride     int64
	meanMS     float64 // of a play, pauses apart
	meanEvents float64
	chunks     []Chunk
}

// Heartbeats of the past: a minute for the first five, so that a play counts as
// concurrent without holes from its start, 90 s from there on.
const (
	pastBeat  = 90_000
	pastEarly = 60_000
)

// NewHistory plans the past; it makes nothing yet.
func NewHistory(o HistoryOptions) (*History, error) {
	if o.Viewer == nil || o.Viewers <= 0 || o.End.IsZero() {
		return nil, errors.New("history needs Viewer, Viewers and End")
	}
	if o.Days == 0 {
		o.Days = 35
	}
	if o.Target == 0 {
		o.Target = 15_000_000
	}
	if o.Level < 0 || o.Level > 1 || o.Days < 0 {
		return nil, fmt.Errorf("history level %g is not in (0,1], or days %d are negative", o.Level, o.Days)
	}
	if o.Taper == 0 {
		o.Taper = 90 * time.Minute
	}
	h := &History{o: o, w: newDemoWorld(o.Seed, titleList(o.Catalog), o.End.UnixMilli()), population: populationOf(o.Viewers)}
	h.curve = worldCurve(h.w, o.End.UnixMilli())
	h.stride = int64(float64(h.population)*0.618) | 1
	for commonDivisor(h.stride, h.population) != 1 {
		h.stride += 2
	}
	h.measure()
	if h.o.Level == 0 {
		h.level()
	}
	h.cut()
	return h, nil
}

// populationOf is how many people there are when so many watch at once.
func populationOf(viewers int64) int64 { return viewers*12 + 100 }

// worldCurve is how active the world is at each UTC minute of the day,
// relative to a moment.
func worldCurve(w *world, at int64) (curve [1440]float64) {
	for m := range curve {
		for i := range w.countries {
			c := &w.countries[i]
			for _, z := range c.zones {
				curve[m] += c.weight / float64(len(c.zones)) * dayCurve(int64(m)+int64(z))
			}
		}
	}
	now := curve[at/60_000%1440]
	for m := range curve {
		curve[m] /= now
	}
	return curve
}

// level solves for the density of older days: the number of events is linear in it.
func (h *History) level() {
	total := func(level float64) float64 {
		h.o.Level = level
		sum := 0.0
		end := h.o.End.UnixMilli()
		for m := end - int64(h.o.Days)*dayMS; m < end; m += 60_000 {
			sum += h.starts(m)
		}
		return sum * h.meanEvents
	}
	none, all := total(0), total(1)
	h.o.Level = math.Min(1, math.Max(0.005, (float64(h.o.Target)-none)/(all-none)))
}

// measure finds out how long plays are and how many events they have.
func (h *History) measure() {
	m := h.maker()
	const n = 1500
	var length, events int64
	for i := range int64(n) {
		var p play
		m.plan.plan(&p, brief{
			who: h.w.person(uint32(i % h.population)), title: h.w.ranks[h.w.popular.draw(m.c)], id: mix(uint64(i)),
			start: someDay, limit: someDay + dayMS, beat: pastBeat, early: pastEarly, plain: true,
		})
		length += p.activeMS()
		events += count(&p)
		if m.c.yes(pageShare) {
			events += int64(len(h.w.page(m.c, &p, lead{page: true}, nil)))
		}
		if m.c.yes(idleShare) {
			events += int64(len(h.w.page(m.c, &p, lead{}, nil)))
		}
	}
	h.meanMS, h.meanEvents = float64(length)/n, float64(events)/n
}

// someDay is when the plays that are only measured begin.
const someDay = int64(1_700_000_000_000)

// cut lays out the chunks: hours for the first day, then days; newest first.
func (h *History) cut() {
	end := h.o.End.UnixMilli()
	first := end - int64(h.o.Days)*dayMS
	for to := end; to > first; {
		from := (to - 1) / hourMS * hourMS
		if end-to >= dayMS {
			from = (to - 1) / dayMS * dayMS
		}
		from = max(from, first)
		c := Chunk{Name: time.UnixMilli(from).UTC().Format("2006-01-02T15:04"), From: from, To: to}
		sum := 0.0
		for m := from; m < to; m += 60_000 {
			sum += h.starts(m)
		}
		c.Events = int64(sum * h.meanEvents)
		h.chunks = append(h.chunks, c)
		to = from
	}
}

// starts is how many plays begin in the minute at m.
func (h *History) starts(m int64) float64 {
	age := float64(h.o.End.UnixMilli() - m)
	density := h.o.Level + (1-h.o.Level)*math.Exp(-math.Max(0, age-hourMS)/float64(h.o.Taper.Milliseconds()))
	week := 1.0
	switch d := time.UnixMilli(m).UTC().Weekday(); {
	case age < dayMS:
	case d == time.Saturday || d == time.Sunday:
		week = 1.18
	case d == time.Friday:
		week = 1.08
	}
	wobble := 1 + 0.06*math.Sin(float64(m/dayMS)*1.7)*math.Min(1, age/dayMS)
	return float64(h.o.Viewers) * h.curve[m/60_000%1440] * density * week * wobble * 60_000 / h.meanMS
}

// Chunks are the parts of the past, newest first.
func (h *History) Chunks() []Chunk { return h.chunks }

// Events is about how many events there are in all.
func (h *History) Events() int64 {
	n := int64(0)
	for _, c := range h.chunks {
		n += c.Events
	}
	return n
}

// pastMaker is the working memory of one Generate.
type pastMaker struct {
	h     *History
	plan  *planner
	c     *chance
	play  play
	page  []browse
	batch []event.Event
	fn    func([]event.Event) error
}

// pastBatch is how many events are handed over at once, at most.
const pastBatch = 1024

func (h *History) maker() *pastMaker {
	return &pastMaker{h: h, plan: newPlanner(h.w), c: newChance(h.o.Seed, 3), batch: make([]event.Event, 0, pastBatch)}
}

// Generate makes one chunk: whole plays, each play's events in order, plays in
// the order of their starts. The events are only valid during the call of fn;
// its error stops the work and is returned. The same chunk is always the same.
func (h *History) Generate(ctx context.Context, c Chunk, fn func([]event.Event) error) error {
	m := h.maker()
	m.fn = fn
	for at := c.From; at < c.To; at += 60_000 - at%60_000 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.minute(at, min(c.To, at+60_000-at%60_000)); err != nil {
			return err
		}
	}
	return m.flush()
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
		m.plan.plan(&m.play, b)
		if err := m.visit(from); err != nil {
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

// visit is the planned play, perhaps with the page that it began on, perhaps
// with one before that nothing came of.
func (m *pastMaker) visit(from lead) error {
	if m.c.yes(idleShare) {
		m.play.start -= 40_000
		m.page = m.h.w.page(m.c, &m.play, lead{}, m.page)
		m.play.start += 40_000
		for i := range m.page {
			m.page[i].id++ // not those of the page that follows
			m.page[i].impression = m.page[i].id
		}
		if err := m.browse(); err != nil {
			return err
		}
	}
	if from.page || from.search {
		m.page = m.h.w.page(m.c, &m.play, from, m.page)
		if err := m.browse(); err != nil {
			return err
		}
	}
	return m.emit()
}

// browse turns the page into events.
func (m *pastMaker) browse() error {
	common := m.common()
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

// common is what all events about the planned play have.
func (m *pastMaker) common() event.Event {
	p, w := &m.play, m.h.w
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

// emit turns the planned play into events.
func (m *pastMaker) emit() error {
	p := &m.play
	walk := newWalker(p)
	var s said
	common := m.common()
	for walk.step(&s) {
		e, err := m.next(common)
		if err != nil {
			return err
		}
		fillEvent(e, p, &s)
	}
	return nil
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
