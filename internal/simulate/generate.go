package simulate

import (
	"container/heap"

	"playhead/internal/event"
)

// delivery is one event on its way to the server. Body is only valid during
// the call it is passed to.
type delivery struct {
	at     int64 // when it leaves the device, epoch ms of simulated time
	sender uint64
	body   []byte
	repeat bool // was sent before
}

// generator makes an audience's events in the order in which they are
// delivered, and their truth. It is one goroutine's.
type generator struct {
	w       *world
	ledger  *ledger
	plan    *planner
	enc     encoder
	c       *chance
	base    int64 // simulated time, epoch ms
	end     int64 // no event later
	viewers int64
	budget  int64 // events still to be given away; < 0 is without end
	given   int64 // the budget at the beginning
	rate    float64
	counter uint64
	events  int64
	repeats int64
	// sessions are those that sat down.
	sessions int64
	plays    int64
	late     int64

	stage *scene // nil is the plain world
	queue queue
	free  []*session
	busy  map[uint32]uint8
	buf   []byte
	seq   uint64
}

// session is a viewer in front of one screen: some browsing, then plays.
type session struct {
	who    person
	screen uint8
	id     uint64
	browse []browse
	seen   int

	play   play
	walk   walker
	tally  tally
	next   said
	groups []int32
	binge  float64
	chosen choice // in a scene: what is played next
}

// item is a thing that happens at a time: a session's next event or a delivery
// that was held back.
type item struct {
	at   int64
	seq  uint64
	s    *session
	held *delivery
}

type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(item)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	old[len(old)-1] = item{}
	*q = old[:len(old)-1]
	return x
}

// eventsPerSession is a rough mean; it only steers how fast viewers come.
const (
	eventsPerSession = 110
	eventsPerScene   = 18
)

func newGenerator(w *world, seed uint64, base, length, viewers, events int64) *generator {
	g := &generator{
		w: w, ledger: newLedger(w, base, length), plan: newPlanner(w), enc: encoder{w}, c: newChance(seed, 2),
		base: base, end: base + length, viewers: viewers, budget: -1, busy: make(map[uint32]uint8),
		rate: float64(viewers) * 0.35 / hourMS,
	}
	if events > 0 {
		g.budget, g.given = events, events
	}
	return g
}

// run gives every delivery to emit, in order, until the audience has gone.
func (g *generator) run(emit func(delivery) error) error {
	for now := g.base; ; {
		now += 1 + int64(g.c.ExpFloat64()/g.arrivals(now))
		stop := now > g.end-120_000 || g.budget >= 0 && g.budget < 60
		if stop {
			now = g.end + dayMS
		}
		if err := g.drain(now, emit); err != nil {
			return err
		}
		if stop {
			break
		}
		g.arrive(now)
	}
	return g.fill(emit)
}

// arrivals is how many sessions begin in a ms.
func (g *generator) arrivals(now int64) float64 {
	if g.budget < 0 {
		return g.rate
	}
	if g.stage != nil { // to the end, by how many events sessions have had
		given := float64(g.given - g.budget)
		return float64(g.budget) * float64(g.sessions+20) / (given + 20*eventsPerScene) / float64(max(60_000, g.end-130_000-now))
	}
	left := max(60_000, g.base+(g.end-g.base)*80/100-now)
	return max(float64(g.budget)/eventsPerSession/float64(left), 1e-5)
}

// drain delivers everything before a time.
func (g *generator) drain(until int64, emit func(delivery) error) error {
	for len(g.queue) > 0 && g.queue[0].at < until {
		it := heap.Pop(&g.queue).(item)
		if it.held != nil {
			if err := emit(*it.held); err != nil {
				return err
			}
			continue
		}
		if err := g.give(it.s, emit); err != nil {
			return err
		}
		if g.advance(it.s) {
			g.enqueue(it.s)
		} else {
			g.leave(it.s)
		}
	}
	return nil
}

func (g *generator) enqueue(s *session) {
	at := s.next.time
	if s.seen < len(s.browse) {
		at = s.browse[s.seen].time
	}
	g.seq++
	heap.Push(&g.queue, item{at: at, seq: g.seq, s: s})
}

func (g *generator) hold(at int64, d delivery) {
	d.at, d.body = at, append([]byte(nil), d.body...)
	g.seq++
	heap.Push(&g.queue, item{at: at, seq: g.seq, held: &d})
}

// give delivers a session's next event: mostly at once, sometimes late,
// sometimes twice.
func (g *generator) give(s *session, emit func(delivery) error) error {
	d := delivery{sender: g.sender(s)}
	if s.seen < len(s.browse) {
		v := &s.browse[s.seen]
		d.at = v.time
		g.ledger.diary.glance(&s.who, s.id, v)
		g.buf = g.enc.browseEvent(g.buf[:0], &s.who, s.screen, s.id, v)
	} else {
		d.at = s.next.time
		g.ledger.diary.sign(viewerOf(&s.play), d.at)
		s.tally.hear(&s.next, g.ledger)
		g.buf = g.enc.playEvent(g.buf[:0], &s.play, &s.next)
	}
	d.body = g.buf
	g.events++
	fate := g.c.Uint64()
	if fate>>32%100 == 0 {
		again := d
		again.repeat = true
		g.repeats++
		g.hold(d.at+int64(fate%16_000), again)
	}
	if fate>>40%50 == 0 {
		g.late++
		g.hold(d.at+1+int64(fate>>8%19_990), d)
		return nil
	}
	return emit(d)
}

func (g *generator) sender(s *session) uint64 {
	if s.who.identity == bySession {
		return mix(s.id)
	}
	return mix(uint64(s.who.number))
}

// advance moves a session to its next event, or reports that it is over.
func (g *generator) advance(s *session) bool {
	last := int64(0)
	if s.seen < len(s.browse) {
		last = s.browse[s.seen].time
		if s.seen++; s.seen < len(s.browse) {
			return true
		}
		return g.begin(s, last+g.c.between(800, 9_000))
	}
	last = s.next.time
	if s.walk.step(&s.next) {
		return true
	}
	s.tally.hush(g.ledger)
	if !g.c.yes(s.binge) {
		return false
	}
	return g.begin(s, last+g.c.between(3_000, 90_000))
}

// begin plans a session's next play and takes it out of the budget.
func (g *generator) begin(s *session, at int64) bool {
	if at > g.end-60_000 {
		return false
	}
	g.counter++
	b := brief{
		who: s.who, screen: s.screen, start: at, limit: g.end, session: s.id,
		id: mix(g.w.seed) ^ mix(g.counter),
	}
	if g.stage == nil {
		b.title = g.title(s)
	} else if !g.briefed(s, &b) {
		return false
	}
	g.plan.plan(&s.play, b)
	if g.budget >= 0 {
		n := count(&s.play)
		if n > g.budget {
			return false
		}
		g.budget -= n
	}
	g.plays++
	s.groups = g.ledger.groupsOf(&s.play, s.groups)
	s.tally.reset(&s.play, s.groups)
	s.walk = newWalker(&s.play)
	return s.walk.step(&s.next)
}

// count is how many events a play will give.
func count(p *play) int64 {
	w := newWalker(p)
	var s said
	n := int64(0)
	for w.step(&s) {
		n++
	}
	return n
}

// title draws what to watch: by popularity, sometimes by the viewer's own bent.
func (g *generator) title(s *session) int32 {
	if s.seen > 0 && len(s.browse) > 0 && !s.tally.begun {
		if last := s.browse[len(s.browse)-1]; last.kind == event.Select {
			return last.title
		}
	}
	r := g.w.popular.draw(g.c)
	if g.c.yes(0.2) {
		r = int(mix(uint64(s.who.number)^uint64(r)<<32)>>33) % len(g.w.ranks)
	}
	return g.w.ranks[r]
}

// arrive lets a viewer who is free and awake sit down, some before two screens.
func (g *generator) arrive(now int64) {
	for range 24 {
		u := g.c.Float64()
		number := uint32(u * (0.4 + 0.6*u) * float64(g.viewers))
		who := g.w.person(number)
		if g.busy[number] > 0 || !g.c.yes(dayCurve(now/60_000+int64(who.zone))) {
			continue
		}
		g.sit(who, who.screens[0], now)
		if who.identity == byViewer && g.c.yes(0.06) {
			g.sit(who, who.screens[1], now+g.c.between(2_000, 600_000))
		}
		return
	}
}

func (g *generator) sit(who person, screen uint8, now int64) {
	if g.budget >= 0 && g.budget < 8 || now > g.end-120_000 {
		return
	}
	var s *session
	if n := len(g.free); n > 0 {
		s, g.free = g.free[n-1], g.free[:n-1]
	} else {
		s = &session{}
	}
	g.counter++
	s.who, s.screen, s.id = who, screen, mix(mix(g.w.seed+1)^g.counter)
	s.browse, s.seen = s.browse[:0], 0
	s.tally.begun = false
	s.binge = 0.25 + 0.4*g.c.Float64()
	g.sessions++
	g.look(s, now)
	g.busy[who.number]++
	if len(s.browse) == 0 && !g.begin(s, now) {
		g.leave(s)
		return
	}
	g.enqueue(s)
}

// look is the browsing before the first play: a search, letter by letter, or
// some artwork.
func (g *generator) look(s *session, now int64) {
	c := g.c
	if g.stage != nil {
		g.scene(s, now)
	} else if n := c.IntN(5); n > 0 && c.yes(0.12) {
		g.typeIn(s, now)
	} else {
		g.scroll(s, now, n)
	}
	if g.budget >= 0 {
		g.budget -= int64(len(s.browse))
	}
}

// glance is a browsing event with an id of its own.
func (g *generator) glance(now int64, kind event.Type) browse {
	g.counter++
	v := browse{time: now, kind: kind, id: mix(g.counter ^ g.w.seed), title: g.w.ranks[g.w.popular.draw(g.c)]}
	return v
}

// place says where artwork is shown, and which.
func (v *browse) place(rank, creative int32) {
	v.rank, v.row, v.creative, v.impression = rank, rank%int32(len(placements)), creative, v.id
	v.propensity = float64(1+rank%9) / 10
}

// scroll shows n pieces of artwork; the last may be chosen instead.
func (g *generator) scroll(s *session, now int64, n int) {
	c := g.c
	for i := range n {
		v := g.glance(now, event.Impression)
		v.place(int32(i), int32(c.IntN(8)))
		switch {
		case i == n-1 && i > 0 && c.yes(0.5):
			shown := s.browse[i-1]
			v.kind, v.title, v.impression = event.Select, shown.title, shown.impression
			v.rank, v.row, v.creative = shown.rank, shown.row, shown.creative
		case i > 0 && c.yes(0.15): // scrolled back to it
			shown := s.browse[i-1]
			v.title, v.rank, v.row, v.creative = shown.title, shown.rank, shown.row, shown.creative
		}
		s.browse = append(s.browse, v)
		now += c.between(1_000, 6_000)
	}
}

// typeIn is a search, typed in up to three steps, and perhaps a choice.
func (g *generator) typeIn(s *session, now int64) {
	c := g.c
	query, steps := int32(c.IntN(len(queries))), 1+c.IntN(3)
	for i := range steps {
		v := g.glance(now, event.Search)
		v.query, v.hits = query, int32(c.IntN(12))
		if i+1 < steps {
			v.letters = int32(2 + i*2)
		}
		s.browse = append(s.browse, v)
		now += c.between(700, 4_000)
	}
	if last := s.browse[len(s.browse)-1]; last.hits > 0 && c.yes(0.6) {
		v := g.glance(now+c.between(2_000, 20_000), event.Select)
		v.search, v.rank = last.id, int32(c.IntN(int(last.hits)))
		s.browse = append(s.browse, v)
	}
}

func (g *generator) leave(s *session) {
	if g.busy[s.who.number]--; g.busy[s.who.number] == 0 {
		delete(g.busy, s.who.number)
	}
	g.free = append(g.free, s)
}

// fill spends what is left of the budget on impressions, so that the number of
// events is exact.
func (g *generator) fill(emit func(delivery) error) error {
	for ; g.budget > 0; g.budget-- {
		g.counter++
		who := g.w.person(uint32(g.c.Int64N(g.viewers)))
		v := browse{
			time: g.end - 1, kind: event.Impression, id: mix(g.counter ^ g.w.seed), title: g.w.ranks[g.w.popular.draw(g.c)],
		}
		v.place(int32(g.c.IntN(20)), 0)
		if g.stage != nil { // of no title that a truth is about
			v.title, v.propensity = g.stage.shelf[worldFilms-worldNew-1], 0
		}
		session := mix(mix(g.w.seed+1) ^ g.counter)
		g.ledger.diary.glance(&who, session, &v)
		g.buf = g.enc.browseEvent(g.buf[:0], &who, who.screens[0], session, &v)
		g.events++
		sender := mix(uint64(who.number))
		if err := emit(delivery{at: v.time, sender: sender, body: g.buf}); err != nil {
			return err
		}
	}
	return nil
}
