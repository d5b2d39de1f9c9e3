package simulate

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"playhead/internal/catalog"
)

// CrowdOptions say what live audience there is.
type CrowdOptions struct {
	// Target is the server's base URL, Key a write key of it.
	Target, Key string
	Seed        uint64
	// Viewers is how many watch at once when the crowd begins; from there on the
	// number follows the world's day.
	Viewers int64
	// Catalog is what is watched; nil is the demo's.
	Catalog *catalog.Catalog
	// Start is when the crowd begins, the End of its History; zero is now.
	Start time.Time
	// NotBefore is when the crowd before this one was last heard of: no play of
	// this one may have begun earlier, or people would be counted twice.
	NotBefore time.Time
	// Out is where trouble is told; nil is nowhere.
	Out io.Writer
	// Client sends the requests; nil is one of its own.
	Client *http.Client
}

const (
	// crowdWarm is how long before its beginning the crowd's first plays began, ms.
	crowdWarm = 8 * 60_000
	crowdBeat = 30_000
	// crowdBatch is how many events a request has at most.
	crowdBatch = 500
	// crowdLanes is how many connections share the work.
	crowdLanes = 2
)

// screen is one play of the crowd under way: what it is planned from, and how far
// it is. Thousands of them wait at a time, each for half a minute, so that the
// plan is not kept but made again for each event.
type screen struct {
	id      uint64
	start   int64 // epoch ms
	due     int64 // when the next event is, epoch ms
	walk    walker
	number  uint32 // of the viewer
	title   int32
	device  uint8
	lasting bool
	mode    mode // after the last event that was sent
}

// crowd is one goroutine's.
type crowd struct {
	o       *CrowdOptions
	w       *world
	plan    *planner
	c       *chance
	enc     encoder
	curve   [1440]float64
	begin   int64
	people  int64
	counter uint64
	busy    map[uint32]struct{}
	queue   screens
	free    []*screen
	play    play // of the screen whose turn it is
	// watching is how many plays count as concurrent now.
	watching int64
	owed     float64
	page     []browse
	lanes    [crowdLanes]crowdLane
}

type crowdLane struct {
	body   []byte
	n      int
	opened time.Time
	queue  chan batch
}

type screens []*screen

func (q screens) Len() int           { return len(q) }
func (q screens) Less(i, j int) bool { return q[i].due < q[j].due }
func (q screens) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *screens) Push(x any)        { *q = append(*q, x.(*screen)) }
func (q *screens) Pop() any {
	old := *q
	x := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return x
}

// Crowd is a live audience in real time, sent to a collector as a forwarding
// server would: batches of many viewers over a few connections. It begins warm:
// its first plays are under way already. It returns nil when ctx ends, and an
// error when the server refuses it.
func Crowd(ctx context.Context, o CrowdOptions) error {
	if err := checkTarget(o.Target); err != nil {
		return err
	}
	if o.Key == "" || o.Viewers <= 0 {
		return errors.New("the crowd needs a write key and viewers")
	}
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	client := o.Client
	if client == nil {
		client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: crowdLanes, DisableCompression: true}}
	}
	out := &sender{client: client, target: strings.TrimRight(o.Target, "/"), key: o.Key, patience: 10 * time.Minute}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cr := newCrowd(&o)
	var wg sync.WaitGroup
	for i := range cr.lanes {
		cr.lanes[i].queue = make(chan batch, 8)
		wg.Go(func() {
			if err := deliverCrowd(ctx, out, cr.lanes[i].queue, o.Out); err != nil {
				cancel(err)
			}
		})
	}
	cr.run(ctx)
	for i := range cr.lanes {
		close(cr.lanes[i].queue)
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// deliverCrowd sends a lane's batches. Rejected events are told, not fatal: the
// demo goes on.
func deliverCrowd(ctx context.Context, out *sender, queue <-chan batch, log io.Writer) error {
	for b := range queue {
		err := out.events(ctx, envelope, b.body, b.n)
		var rejected *RejectedError
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &rejected):
			fmt.Fprintf(log, "synthetic audience: %v\n", err)
		case errors.Is(err, errRefused):
			return err
		default:
			fmt.Fprintf(log, "synthetic audience: %v\n", err)
		}
	}
	return nil
}

func newCrowd(o *CrowdOptions) *crowd {
	begin := o.Start.UnixMilli()
	w := newDemoWorld(o.Seed, titleList(o.Catalog), begin)
	return &crowd{
		o: o, w: w, plan: newPlanner(w), c: newChance(o.Seed, uint64(begin)), enc: encoder{w}, begin: begin,
		curve: worldCurve(w, begin), people: populationOf(o.Viewers), busy: make(map[uint32]struct{}, o.Viewers*5/4),
		counter: mix(uint64(begin)),
	}
}

// run is the crowd's life: a warm start, then ten steps a second.
func (cr *crowd) run(ctx context.Context) {
	now := time.Now().UnixMilli()
	for cr.watching < cr.o.Viewers && ctx.Err() == nil {
		cr.warm(ctx, now)
	}
	heap.Init(&cr.queue)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	last := now
	for ctx.Err() == nil {
		now = time.Now().UnixMilli()
		cr.arrive(ctx, last, now)
		cr.step(ctx, now)
		for i := range cr.lanes {
			if l := &cr.lanes[i]; l.n > 0 && time.Since(l.opened) > 150*time.Millisecond {
				cr.flush(ctx, l)
			}
		}
		last = now
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// warmFor is how far back (ms) the first plays may have begun.
func (cr *crowd) warmFor(now int64) int64 {
	if cr.o.NotBefore.IsZero() {
		return crowdWarm
	}
	return min(crowdWarm, max(1_000, now-cr.o.NotBefore.UnixMilli()))
}

// warm adds one play that began in the past minutes and goes on.
func (cr *crowd) warm(ctx context.Context, now int64) {
	start := now - cr.c.Int64N(cr.warmFor(now))
	s := cr.open(start, now, true)
	if s == nil {
		return
	}
	if cr.play.start+int64(cr.play.last) <= now+10_000 {
		cr.drop(s)
		return
	}
	for {
		cr.send(ctx, s)
		if !s.ahead() {
			cr.drop(s)
			return
		}
		if s.due > now {
			break
		}
	}
	cr.watching += active(s.mode)
	cr.queue = append(cr.queue, s)
}

func active(m mode) int64 {
	if m == modePaused || m == modeOver {
		return 0
	}
	return 1
}

// open plans a play for someone who is free and awake.
func (cr *crowd) open(start, now int64, lasting bool) *screen {
	var who person
	found := false
	for range 60 {
		number := uint32(cr.c.Int64N(cr.people))
		if _, taken := cr.busy[number]; taken {
			continue
		}
		if who = cr.w.person(number); cr.c.yes(dayCurve(start/60_000 + int64(who.zone))) {
			found = true
			break
		}
	}
	if !found {
		return nil
	}
	var s *screen
	if n := len(cr.free); n > 0 {
		s, cr.free = cr.free[n-1], cr.free[:n-1]
	} else {
		s = &screen{}
	}
	cr.counter++
	*s = screen{
		id: mix(cr.w.seed) ^ mix(cr.counter), start: start, number: who.number, title: cr.title(&who, now),
		device: who.screens[cr.c.IntN(4)/3], lasting: lasting, mode: modeStarting,
	}
	cr.resume(s)
	s.walk = newWalker(&cr.play)
	s.ahead()
	cr.busy[who.number] = struct{}{}
	return s
}

// resume makes a screen's play again.
func (cr *crowd) resume(s *screen) {
	b := brief{
		who: cr.w.person(s.number), title: s.title, screen: s.device, start: s.start, limit: s.start + dayMS/2,
		id: s.id, session: s.id, beat: crowdBeat, plain: true, lasting: s.lasting, midway: s.lasting,
	}
	if s.lasting {
		b.early = 2 * crowdBeat
	}
	if !s.lasting {
		b.keep = cr.w.keep(cr.w.lead(b.id, b.title), b.title)
	}
	cr.plan.plan(&cr.play, b)
}

// ahead finds when the next event is, or that there is none.
func (s *screen) ahead() bool {
	next, walk := said{}, s.walk
	if !walk.step(&next) {
		return false
	}
	s.due = next.time
	return true
}

// title draws by popularity; one title rises for forty minutes, then another.
func (cr *crowd) title(who *person, now int64) int32 {
	if t, ok := cr.w.fashion(cr.c, who, now); ok {
		return t
	}
	for {
		if t := cr.popular(now); !cr.w.missing(t, who) {
			return t
		}
	}
}

// popular draws a title by what is watched now.
func (cr *crowd) popular(now int64) int32 {
	since := now - cr.begin
	turn, into := since/(40*60_000), float64(since%(40*60_000))/(40*60_000)
	if n := len(cr.w.ranks); n > 40 && cr.c.yes(0.1*into) {
		return cr.w.ranks[10+mix(cr.w.seed^uint64(turn))%30]
	}
	return cr.w.ranks[cr.w.popular.draw(cr.c)]
}

func (cr *crowd) drop(s *screen) {
	delete(cr.busy, s.number)
	cr.free = append(cr.free, s)
}

// arrive starts as many plays as are missing from the day's level.
func (cr *crowd) arrive(ctx context.Context, last, now int64) {
	goal := float64(cr.o.Viewers) * cr.curve[now/60_000%1440]
	missing := goal - float64(cr.watching)
	// No more in a step than would fill the crowd in a minute.
	cr.owed = min(cr.owed+max(0, missing)*float64(now-last)/4_000, goal/600+2)
	for ; cr.owed >= 1; cr.owed-- {
		s := cr.open(now-cr.c.Int64N(100), now, false)
		if s == nil {
			return
		}
		cr.watching++
		if from := cr.w.lead(s.id, s.title); from.page || from.search {
			cr.browse(ctx, from)
		} else if cr.c.yes(idleShare / (1 - pageShare - searchShare)) {
			cr.browse(ctx, lead{}) // looked at something else first
		}
		heap.Push(&cr.queue, s)
	}
}

// step sends what has become due.
func (cr *crowd) step(ctx context.Context, now int64) {
	for len(cr.queue) > 0 && cr.queue[0].due <= now {
		s := cr.queue[0]
		before := active(s.mode)
		cr.resume(s)
		cr.send(ctx, s)
		cr.watching += active(s.mode) - before
		if s.ahead() {
			heap.Fix(&cr.queue, 0)
			continue
		}
		cr.watching -= active(s.mode)
		heap.Pop(&cr.queue)
		cr.drop(s)
	}
}

// send sends the next event of the play that was made last.
func (cr *crowd) send(ctx context.Context, s *screen) {
	var next said
	if !s.walk.step(&next) {
		return
	}
	l := cr.lane(ctx, s.number)
	l.body = cr.enc.playEvent(l.body, &cr.play, &next)
	l.n++
	s.mode = next.mode
}

// browse is the artwork that led to the play that was made last, or to none.
func (cr *crowd) browse(ctx context.Context, from lead) {
	p := &cr.play
	cr.page = cr.w.page(cr.c, p, from, cr.page)
	for i := range cr.page {
		l := cr.lane(ctx, p.who.number)
		l.body = cr.enc.browseEvent(l.body, &p.who, p.screen, p.session, &cr.page[i])
		l.n++
	}
}

// lane is where a viewer's next event is to be appended, with room for it.
func (cr *crowd) lane(ctx context.Context, number uint32) *crowdLane {
	l := &cr.lanes[number%crowdLanes]
	if l.n >= crowdBatch {
		cr.flush(ctx, l)
	}
	if l.n == 0 {
		l.opened = time.Now()
		l.body = append(make([]byte, 0, 64<<10), stamped...)
	} else {
		l.body = append(l.body, ',')
	}
	return l
}

// flush hands a lane's events over.
func (cr *crowd) flush(ctx context.Context, l *crowdLane) {
	l.body = append(l.body, "]}"...)
	select {
	case l.queue <- batch{l.body, l.n}:
	case <-ctx.Done():
	}
	l.body, l.n = nil, 0
}
