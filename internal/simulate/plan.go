package simulate

import "playhead/internal/event"

// mode is what the player is doing.
type mode uint8

const (
	modeStarting mode = iota
	modePlaying
	modePaused
	modeStalled
	modeAd
	modeOver
)

// absent marks a position or duration that is not sent.
const absent = -1

// move is one scripted event of a play; heartbeats are not scripted. Offsets
// are ms after the request, positions ms of media.
type move struct {
	at        int32
	pos, from int32
	arg       int32 // bitrate of a quality change; which error
	kind      event.Type
	mode      mode // of the player from here on
	fatal     bool
}

// play is what one viewer is going to do with one title, decided beforehand.
type play struct {
	who      person
	id       uint64 // what ids are made from
	session  uint64
	start    int64 // request, epoch ms
	title    int32
	screen   uint8
	cdn      uint8
	version  uint8
	system   uint8
	player   uint8
	numbers  numbering
	live     bool
	terse    bool // leaves the title out of heartbeats
	silent   bool // says nothing at the end
	requests bool // sends play_requested
	tells    bool // sends quality.startup_ms

	runtime  int32 // media ms, absent for live
	frame    int32 // first frame, offset; -1 when there is none
	last     int32 // no event after this offset
	beat     int32 // heartbeat interval
	grid     int32 // no move falls on a multiple of it after the first frame
	early    int32 // interval of the first five heartbeats, when it differs
	always   bool  // heartbeats while not playing, too
	lostFrom int32 // heartbeats in [lostFrom,lostTo) never leave the device
	lostTo   int32

	moves []move
}

// brief is what a play is planned from.
type brief struct {
	who     person
	title   int32
	screen  uint8
	id      uint64
	session uint64
	start   int64   // epoch ms
	limit   int64   // no event after it, epoch ms
	beat    int64   // overrides the device's interval when > 0
	early   int64   // interval of the first five heartbeats, when > 0
	plain   bool    // no odd clients, no losses: history and the crowd
	always  bool    // plain plays that report in every state
	midway  bool    // begins at a random place of the title
	lasting bool    // watches at least a few minutes
	keep    float64 // > 0: how likely it is seen to its end, from its start; its end is said
}

// planner turns briefs into plays. It is not safe for concurrent use.
type planner struct {
	w *world
	c *chance
	p *play
	// now is the offset, pos the media position, goal where the viewer leaves.
	now, pos, goal, limit int32
	mode                  mode
	bitrate               int32
	trouble               float64
	gone                  bool // left in the middle of something
	// says that it leaves: what a silent play showed is known only half an hour of
	// the server's time later, which is days of a month that is sent in a minute.
	says bool
}

func newPlanner(w *world) *planner { return &planner{w: w, c: newChance(w.seed, 1)} }

// plan fills p, keeping the memory of its moves.
func (b *planner) plan(p *play, f brief) {
	c := b.c
	c.pcg.Seed(mix(b.w.seed^0x51ab1e), f.id)
	d, s := &b.w.devices[f.screen], &b.w.shapes[f.title]
	*p = play{
		who: f.who, id: f.id, session: f.session, start: f.start, title: f.title, screen: f.screen,
		live: s.live, requests: true, frame: -1, beat: int32(d.beat), always: d.beatsAlways,
		runtime: int32(s.runtime), moves: p.moves[:0],
	}
	if s.live {
		p.runtime = absent
	}
	h := mix(f.id ^ 0xc11e47)
	p.cdn, p.system = pickCDN(h), uint8(h>>8%uint64(len(d.systems)))
	p.player, p.version = uint8(h>>16%uint64(len(d.players))), uint8(min(h>>24%8, uint64(len(appVersions)-1)))
	if f.beat > 0 {
		p.beat = int32(f.beat)
	}
	p.grid, p.early = p.beat, p.beat
	if f.early > 0 {
		p.early, p.grid = int32(f.early), commonDivisor(p.beat, int32(f.early))
	}
	p.tells = true
	if f.plain {
		p.always = f.always
	} else {
		b.habits(p, mix(uint64(f.who.number)^uint64(f.screen)<<40^b.w.seed))
	}
	b.p, b.now, b.pos, b.mode, b.bitrate = p, 0, 0, modeStarting, 0
	b.gone, b.says = false, f.keep > 0
	b.limit = int32(min(f.limit-f.start, 1<<30))
	b.trouble = b.w.trouble(f.who.country, f.who.isp, p.cdn)
	if f.keep > 0 {
		kept := *s
		kept.hook, kept.hold = 0.03, f.keep
		s = &kept
	}
	if b.open(d, f) {
		b.watch(s, f)
	}
}

// commonDivisor is the greatest one.
func commonDivisor[T int32 | int64](a, b T) T {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func pickCDN(h uint64) uint8 {
	switch u := h % 100; {
	case u < 50:
		return 0
	case u < 82:
		return 1
	}
	return 2
}

// habits are those of the client software on this viewer's screen.
func (b *planner) habits(p *play, h uint64) {
	switch u := h % 100; {
	case u < 55:
		p.numbers = bySeqAndID
	case u < 80:
		p.numbers = bySeq
	case u < 96:
		p.numbers = byID
	default:
		p.numbers = byContent
	}
	p.terse = h>>8%8 == 0
	p.requests = h>>16%20 != 0
	p.tells = h>>24%3 != 0
}

// say adds a move at the current offset.
func (b *planner) say(kind event.Type, m mode) *move {
	b.mode = m
	b.p.moves = append(b.p.moves, move{at: b.now, pos: b.place(), from: absent, kind: kind, mode: m})
	b.p.last = b.now
	return &b.p.moves[len(b.p.moves)-1]
}

func (b *planner) place() int32 {
	if b.p.live || b.p.frame < 0 {
		return absent
	}
	return b.pos
}

// pass lets at least d ms (and at least one) go by without landing on a
// heartbeat, at most up to the limit; while playing the position moves on.
func (b *planner) pass(d int32) {
	d = max(1, min(d, b.limit-b.now-1))
	if b.mode == modePlaying && !b.p.live {
		d = max(1, min(d, b.p.runtime-b.pos))
	}
	if b.p.frame >= 0 && (b.now+d-b.p.frame)%b.p.grid == 0 {
		d++
	}
	b.now += d
	if b.mode == modePlaying {
		b.advance(d)
	}
}

func (b *planner) advance(d int32) {
	if b.pos += d; !b.p.live {
		b.pos = min(b.pos, b.p.runtime)
	}
}

func (b *planner) out() bool { return b.limit-b.now < 400 }

// open is the attempt up to the first frame, if there is one.
func (b *planner) open(d *device, f brief) bool {
	c, p := b.c, b.p
	wait := int32(min(c.logNormal(d.startup*(0.7+0.3*b.trouble), 0.45), 45_000))
	wait = max(wait, 120)
	attempts := p.requests || f.plain
	if attempts {
		b.say(event.PlayRequested, modeStarting)
		switch u := c.Float64(); {
		case f.lasting:
		case u < 0.006*b.trouble:
			b.pass(int32(c.between(300, 9000)))
			m := b.say(event.Error, modeOver)
			m.fatal, m.arg = true, int32(c.IntN(len(startErrors)))
			return false
		case u < 0.006*b.trouble+0.02+float64(wait)/90_000:
			b.pass(int32(c.between(200, int64(wait)+3000)))
			if c.yes(0.8) {
				b.say(event.PlayEnded, modeOver)
			} else {
				p.silent, p.last = true, 0
			}
			return false
		}
	} else {
		// The request is not sent: it is where startup_ms says, or at the first
		// frame. No 10 s boundary lies between them, so that it does not matter
		// whether such an attempt counts as concurrent.
		wait = min(wait, 6000)
		if !p.tells {
			wait = 0
		} else if into := (p.start + int64(wait)) % 10_000; into <= int64(wait) {
			p.start += int64(wait) - into + 1
		}
	}
	b.now = wait
	if b.limit-b.now < 3000 {
		p.moves, p.silent, p.last = p.moves[:min(1, len(p.moves))], true, 0
		return false
	}
	p.frame = b.now
	if !p.live && f.keep == 0 && (f.midway || c.yes(0.18)) {
		b.pos = int32(float64(p.runtime) * c.Float64() * 0.7)
	}
	b.say(event.PlayStarted, modePlaying)
	return true
}

// watch is everything after the first frame.
func (b *planner) watch(s *shape, f brief) {
	c, p := b.c, b.p
	b.aim(s, f)
	activity := (0.5 + p.who.skipper + 0.25*b.trouble) / 240_000
	fails := int32(-1)
	if c.yes(0.008 * b.trouble) {
		fails = b.now + int32(min(c.ExpFloat64()*900_000, 1<<28))
	}
	ads := !p.live && mix(uint64(p.who.number))%4 == 0
	if ads && c.yes(0.5) {
		b.pass(int32(c.between(5, 40)))
		b.ad()
	}
	if b.gone {
		b.leave()
		return
	}
	if !f.plain && c.yes(0.02) {
		p.lostFrom = b.now + int32(c.between(60_000, 600_000))
		p.lostTo = p.lostFrom + int32(c.between(15_000, 400_000))
	}
	b.changeQuality()
	for !b.out() && !b.gone && b.pos < b.goal {
		d := int32(min(c.ExpFloat64()/activity, 1<<28))
		switch {
		case fails >= 0 && b.now+d >= fails:
			b.pass(fails - b.now)
			m := b.say(event.Error, modeOver)
			m.fatal, m.arg = true, int32(c.IntN(len(playErrors)))
			return
		case b.pos+d >= b.goal:
			b.pass(b.goal - b.pos)
		default:
			b.pass(d)
			if !b.out() {
				b.incident(ads)
			}
		}
		if len(p.moves) > 400 {
			break
		}
	}
	b.leave()
}

// aim decides how far the viewer watches.
func (b *planner) aim(s *shape, f brief) {
	c := b.c
	if s.live {
		b.goal = b.pos + int32(min(c.logNormal(1_300_000, 0.9), 4*3_600_000))
		return
	}
	share := 0.0
	stay := b.w.devices[b.p.screen].stay
	switch u := c.Float64(); {
	case u < s.hook/stay && !f.lasting:
		share = 0.005 + min(c.ExpFloat64()*0.03, 0.3)
	case u < 1-s.hold*min(1, stay):
		share = min(max(s.slump+0.17*c.NormFloat64(), 0.03), 0.92)
	case c.yes(0.45):
		share = 1
	default:
		share = 0.93 + 0.07*c.Float64()
	}
	rest := float64(b.p.runtime - b.pos)
	b.goal = b.pos + int32(share*rest)
	if f.lasting {
		b.goal = max(b.goal, min(b.pos+int32(c.between(300_000, 3_000_000)), b.p.runtime))
	}
	b.goal = min(max(b.goal, b.pos+500), b.p.runtime)
}

// incident is one thing that interrupts plain playing.
func (b *planner) incident(ads bool) {
	c := b.c
	stalls := 0.25 * b.trouble
	u := c.Float64() * (1 + stalls)
	switch {
	case u > 1:
		b.stall(false)
	case u < 0.30:
		b.pause()
	case u < 0.44 && !b.p.live:
		b.seek(int32(c.between(5_000, 300_000)))
	case u < 0.62 && !b.p.live:
		b.seek(-int32(c.between(5_000, 90_000)))
	case u < 0.70 && ads:
		b.ad()
	case u < 0.74:
		b.say(event.Error, modePlaying).arg = int32(c.IntN(len(playErrors)))
	default:
		b.changeQuality()
	}
}

func (b *planner) changeQuality() {
	c := b.c
	top := float64(b.w.devices[b.p.screen].peak) / (0.6 + 0.4*b.trouble)
	b.pass(int32(c.between(20, 900)))
	b.bitrate = int32(max(240, top*(0.35+0.65*c.Float64())))
	b.say(event.QualityChanged, modePlaying).arg = b.bitrate
}

func (b *planner) pause() {
	c := b.c
	b.say(event.Paused, modePaused)
	for c.yes(0.12) && !b.p.live && !b.out() {
		b.pass(int32(c.between(400, 9000)))
		b.jump(int32(c.between(-60_000, 60_000)), modePaused)
	}
	b.pass(int32(min(c.logNormal(45_000, 1.3), 20*60_000)))
	if b.out() || c.yes(0.04) {
		b.gone = true // leaves while paused
		return
	}
	b.say(event.Resumed, modePlaying)
}

// jump sends a seek; the player keeps doing what it did.
func (b *planner) jump(by int32, m mode) {
	from := b.pos
	b.pos = max(0, min(b.pos+by, b.p.runtime-5_000))
	if b.pos == from {
		b.pos = from / 2
	}
	b.say(event.Seeked, m).from = from
}

func (b *planner) seek(by int32) {
	c := b.c
	b.jump(by, modePlaying)
	if by > 0 {
		b.goal = min(b.p.runtime, max(b.goal, b.pos+30_000))
	}
	if b.out() || !c.yes(0.7) {
		return
	}
	wait := c.between(8, 25)
	if c.yes(0.1) {
		wait = c.between(2_000, 4_500) // around the seek window
	}
	b.pass(int32(wait))
	b.stall(true)
}

// stall is a wait for data; up to 50 ms the picture is taken to have moved on.
func (b *planner) stall(afterSeek bool) {
	c := b.c
	d := int32(min(c.logNormal(1_700, 0.9), 90_000))
	brief := c.yes(0.06) || afterSeek && c.yes(0.5)
	switch {
	case brief:
		d = int32(c.between(8, 50))
	case c.yes(0.004):
		d = int32(c.between(330_000, 500_000)) // over the five minutes that count
	}
	if b.limit-b.now < d+1000 || b.pos+200 > b.p.runtime && !b.p.live {
		return
	}
	if brief && (b.now-b.p.frame)%b.p.grid+d+1 >= b.p.grid {
		b.pass(2*d + 2) // keep the heartbeat out of it
	}
	b.say(event.StallStarted, modeStalled)
	if !brief {
		d = max(d, 60)
		b.pass(d)
		if c.yes(0.05 + float64(d)/400_000) {
			b.gone = true // gives up waiting
			return
		}
	} else {
		b.now += d
		b.advance(d)
	}
	b.say(event.StallEnded, modePlaying)
}

func (b *planner) ad() {
	if b.limit-b.now < 95_000 {
		return
	}
	b.say(event.AdStarted, modeAd)
	b.pass(int32(15_000 * b.c.between(1, 5)))
	if b.c.yes(0.03) {
		b.gone = true
		return
	}
	b.say(event.AdEnded, modePlaying)
	b.pass(int32(b.c.between(40, 4000)))
}

// leave ends the play: said, or in silence while playing or paused.
func (b *planner) leave() {
	p := b.p
	if !b.says && b.mode != modeStalled && b.mode != modeAd && b.c.yes(0.06) {
		p.silent, p.last = true, b.now
		return
	}
	if p.moves[len(p.moves)-1].at == b.now {
		b.pass(int32(b.c.between(30, 300)))
	}
	b.say(event.PlayEnded, modeOver)
}

// Error codes of players; an odd index is a business error.
var (
	startErrors = [...]string{"MANIFEST_LOAD", "GEO_BLOCKED", "DRM_LICENSE", "NOT_ENTITLED", "DNS_FAILURE"}
	playErrors  = [...]string{"SEGMENT_TIMEOUT", "CONCURRENT_STREAMS", "DECODE_ERROR"}
)
