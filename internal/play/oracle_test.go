package play

import (
	"math"
	"slices"
	"sort"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// The oracle says what docs/plays.md says, over the complete list of a play's
// events at once: slow, plain, and sharing no code with the engine. Its numbers
// are its own on purpose.

type oracleState int

const (
	oNone oracleState = iota // not begun
	oStarting
	oPlaying
	oPaused
	oSeeking
	oWaiting
	oAd
	oOver
)

// oracleMoment is the play right after one of its events.
type oracleMoment struct {
	e         *event.Event
	dims      fact.Dims
	timeDims  fact.Dims // what the time after it is counted for
	state     oracleState
	part      int
	interval  int64 // learned heartbeat interval
	credited  int64 // ms that the state lasts
	kind      fact.SpanKind
	waitFrom  int64 // when the wait under way began
	waitBySek bool
	bitrate   int64 // kbit/s of what plays after it, 0 not known
	timeRate  int64 // … that the time after it is counted for
}

type oraclePart struct {
	began, ended     int64
	requested, frame int64 // 0: never
	startup          int64
	reason           fact.EndReason
	errorKind        string
	first, last      int // moments
	stalls           int32
	pauses           int32
	rewinds, skips   int32
	dropped          int64
	code             string
}

type oraclePlayer struct {
	out     *fact.Batch
	viewer  event.ViewerKey
	play    event.Ref
	known   bool
	moments []oracleMoment
	parts   []oraclePart
	// of the whole play
	requested, frame       int64
	requestSeen, hasFrame  bool
	requestDims, frameDims fact.Dims
	framePart, frameMoment int
	active                 []oracleActive
	watched                []oracleStretch // of all parts
	duration               int64           // the last that is known, −1 none
}

type oracleActive struct {
	from, to int64
	dims     fact.Dims
}

func (o *oraclePlayer) dim(d fact.Dims) uint32 {
	o.out.Dims = append(o.out.Dims, d)
	return uint32(len(o.out.Dims) - 1)
}

func (o *oraclePlayer) mark(k fact.MarkKind, at, value int64, d fact.Dims) {
	m := fact.Mark{Kind: k, N: 1, Time: at, Value: value, Dims: o.dim(d)}
	if k == fact.FirstFrame {
		m.Known, m.Viewer = o.known, o.viewer
	}
	o.out.Marks = append(o.out.Marks, m)
}

// oracleOrder is the order of events within a play.
func oracleOrder(events []event.Event) {
	does := []event.Type{
		event.PlayRequested, event.PlayStarted, event.AdStarted, event.AdEnded, event.SeekStarted, event.Seeked,
		event.StallStarted, event.StallEnded, event.Resumed, event.Heartbeat, event.QualityChanged, event.Paused,
		event.Error, event.PlayEnded,
	}
	sort.SliceStable(events, func(i, j int) bool {
		a, b := &events[i], &events[j]
		if a.Time != b.Time {
			return a.Time < b.Time
		}
		if a.Seq != b.Seq {
			return a.Seq < b.Seq
		}
		return slices.Index(does, a.Type) < slices.Index(does, b.Type)
	})
}

func oracleDims(d fact.Dims, e *event.Event) fact.Dims {
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&d.Title, e.TitleID}, {&d.Country, e.Context.Country}, {&d.Region, e.Context.Region},
		{&d.DeviceType, e.Context.DeviceType}, {&d.OS, e.Context.OS}, {&d.AppVersion, e.Context.AppVersion},
		{&d.Player, e.Context.Player}, {&d.CDN, e.Context.CDN}, {&d.ISP, e.Context.ISP},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	d.Live = d.Live || e.Live
	return d
}

// oraclePlays is the facts of the plays of one viewer; each list is all events
// of one play, without repetitions.
func oraclePlays(plays [][]event.Event, out *fact.Batch) map[event.Ref]oracleTold {
	var active []oracleActive
	told := map[event.Ref]oracleTold{}
	for _, events := range plays {
		if len(events) == 0 {
			continue
		}
		oracleOrder(events)
		o := &oraclePlayer{out: out, viewer: events[0].Viewer, play: events[0].Play, known: events[0].Known, framePart: -1}
		o.walk(events)
		o.learn()
		o.credit()
		o.spans()
		o.rows()
		active = append(active, o.active...)
		told[o.play] = o.told()
	}
	oracleViewers(active, out)
	return told
}

// walk finds the state after each event, the parts, and what happens at a moment.
func (o *oraclePlayer) walk(events []event.Event) {
	state, before := oNone, oNone
	var dims fact.Dims
	var last, seekAt, waitFrom int64
	var waitSeek bool
	var bitrate int64
	seekAt = math.MinInt64 / 2
	for i := range events {
		e := &events[i]
		dimsBefore, stateBefore, frameBefore := dims, state, o.hasFrame
		dims = oracleDims(dims, e)
		fresh := false
		switch {
		case state == oNone:
			if !o.begin(e, dims) {
				continue
			}
			state = oStarting
			if e.Type != event.PlayRequested && (e.Type != event.Error || e.PositionMS > 0) {
				state = oPlaying
				o.framed(e, dims)
			}
		case state == oOver && e.Type != event.PlayStarted && e.Type != event.Resumed:
			continue
		case state == oOver || e.Time-last > 30*60_000:
			if state != oOver {
				o.end(last, fact.EndedBySilence)
			}
			if !o.hasFrame {
				state = oStarting
			} else if state != oPaused && state != oAd {
				state = oPlaying
			}
			o.parts = append(o.parts, oraclePart{began: e.Time, startup: -1, first: len(o.moments)})
			seekAt = math.MinInt64 / 2
			fresh = true
		}
		last = e.Time
		p := &o.parts[len(o.parts)-1]
		was := state
		if n := e.Quality.DroppedFrames; n > 0 && frameBefore && stateBefore != oAd && stateBefore != oOver {
			d := dimsBefore
			if fresh {
				d = dims
			}
			o.mark(fact.DroppedFrames, e.Time, n, d)
			p.dropped += n
		}
		if b := e.Quality.BitrateKbps; b > 0 && e.Type != event.AdStarted && (was != oAd || oracleContent(e.Type)) {
			bitrate = b
		}
		switch e.Type {
		case event.PlayStarted, event.Resumed:
			state = oPlaying
		case event.AdStarted:
			state = oAd
		case event.AdEnded:
			if state == oAd {
				state = oPlaying
			}
		case event.Paused:
			if state != oStarting {
				if state != oPaused && (state != oSeeking || before != oPaused) {
					o.mark(fact.Pause, e.Time, 0, dims)
					p.pauses++
				}
				state = oPaused
			}
		case event.SeekStarted:
			seekAt = e.Time
			if state != oStarting && state != oSeeking {
				before = oPlaying
				if state == oPaused || state == oAd {
					before = state
				}
				state = oSeeking
			}
		case event.Seeked:
			seekAt = e.Time
			if state == oSeeking {
				state = before
			}
		case event.StallStarted:
			if state == oPlaying || state == oSeeking && before == oPlaying {
				state = oWaiting
			}
		case event.StallEnded:
			if state == oWaiting {
				state = oPlaying
			}
		case event.Error:
			if e.Quality.ErrorFatal {
				state = oOver
				p.errorKind, p.code = "technical", e.Quality.ErrorCode
				if e.Quality.ErrorClass == "business" {
					p.errorKind = "business"
				}
			}
		case event.PlayEnded:
			state = oOver
		}
		if was == oStarting && state != oStarting && state != oOver {
			o.framed(e, dims)
		}
		if state == oWaiting && was != oWaiting {
			waitFrom, waitSeek = e.Time, was == oSeeking || e.Time-seekAt <= 3_000
		}
		m := oracleMoment{e: e, dims: dims, timeDims: dims, state: state, part: len(o.parts) - 1, waitFrom: waitFrom, waitBySek: waitSeek, bitrate: bitrate, timeRate: bitrate}
		o.moments = append(o.moments, m)
		p.last = len(o.moments) - 1
		if state == oOver {
			if e.Type == event.PlayEnded {
				o.end(e.Time, fact.EndedByClient)
			} else {
				o.end(e.Time, fact.EndedByFailure)
			}
		}
	}
	if len(o.parts) > 0 && state != oOver && state != oNone {
		o.end(last, fact.EndedBySilence)
	}
}

// oracleContent reports whether an event in an ad speaks of the content.
func oracleContent(typ event.Type) bool {
	return typ == event.PlayStarted || typ == event.Resumed || typ == event.Paused || typ == event.AdEnded ||
		typ == event.Seeked || typ == event.SeekStarted || typ == event.PlayEnded
}

// begin opens the play with e if e can.
func (o *oraclePlayer) begin(e *event.Event, dims fact.Dims) bool {
	starts := e.Type == event.PlayStarted || e.Type == event.Resumed
	switch e.Type {
	case event.PlayRequested, event.PlayStarted, event.Resumed, event.AdStarted:
	case event.PlayEnded:
		return false
	case event.Error:
		if !e.Quality.ErrorFatal {
			return false
		}
	default:
		if e.PositionMS <= 0 {
			return false
		}
	}
	p := oraclePart{began: e.Time, requested: e.Time, startup: -1}
	if starts && e.Quality.StartupMS >= 0 && e.Quality.StartupMS <= 3_600_000 {
		p.requested -= e.Quality.StartupMS
	}
	o.requested, o.requestDims = p.requested, dims
	o.requestSeen = e.Type == event.PlayRequested
	o.mark(fact.Request, p.requested, 0, dims)
	o.parts = append(o.parts, p)
	return true
}

// framed says that e brought the first frame.
func (o *oraclePlayer) framed(e *event.Event, dims fact.Dims) {
	if o.hasFrame {
		return
	}
	p := &o.parts[len(o.parts)-1]
	p.frame = e.Time
	o.hasFrame, o.frame, o.frameDims, o.framePart, o.frameMoment = true, e.Time, dims, len(o.parts)-1, len(o.moments)
	if len(o.parts) == 1 && (o.requestSeen || p.requested < e.Time || e.Quality.StartupMS == 0 && (e.Type == event.PlayStarted || e.Type == event.Resumed)) {
		p.startup = e.Time - p.requested
	}
	o.mark(fact.FirstFrame, e.Time, p.startup, dims)
	if p.startup >= 0 {
		o.mark(fact.StartupKnown, e.Time, p.startup, dims)
	}
}

func (o *oraclePlayer) end(at int64, why fact.EndReason) {
	n := len(o.parts) - 1
	p := &o.parts[n]
	p.ended, p.reason = at, why
	d := o.moments[p.last].dims
	switch {
	case o.hasFrame && n == o.framePart:
		o.mark(fact.End, at, 0, d)
		if why == fact.EndedByFailure {
			o.mark(fact.PlaybackFailure, at, 0, d)
		}
	case !o.hasFrame && n == 0 && why == fact.EndedByFailure:
		o.mark(fact.StartFailure, o.requested, 0, o.requestDims)
		if p.errorKind == "business" {
			o.mark(fact.BusinessFailure, o.requested, 0, o.requestDims)
		}
	case !o.hasFrame && n == 0:
		p.reason = fact.EndedByExit
		o.mark(fact.Exit, o.requested, 0, o.requestDims)
	}
}

// learn gives every moment the heartbeat interval that is known by then.
func (o *oraclePlayer) learn() {
	var gaps []int64
	for i := range o.moments {
		m := &o.moments[i]
		if i > 0 {
			b := &o.moments[i-1]
			gap := m.e.Time - b.e.Time
			if m.e.Type == event.Heartbeat && b.e.Type == event.Heartbeat && m.state == oPlaying && b.state == oPlaying &&
				m.part == b.part && gap >= 1_000 && gap <= 90_000 && (m.e.Seq < 0 || b.e.Seq < 0 || m.e.Seq == b.e.Seq+1) {
				gaps = append(gaps, gap)
			}
		}
		m.interval = 30_000
		if len(gaps) >= 3 {
			five := slices.Clone(gaps[max(0, len(gaps)-5):])
			slices.Sort(five)
			m.interval = five[len(five)/2]
		}
	}
}

// credit says how long each state lasted and what it was, and finds stalls.
func (o *oraclePlayer) credit() {
	kinds := map[oracleState]fact.SpanKind{oStarting: fact.Startup, oPlaying: fact.Playing, oPaused: fact.Paused,
		oSeeking: fact.Seeking, oWaiting: fact.Playing, oAd: fact.Ad}
	for i := range o.moments {
		m := &o.moments[i]
		m.kind = kinds[m.state]
		if m.state == oOver {
			continue
		}
		if i+1 < len(o.moments) && o.moments[i+1].part == m.part {
			m.credited = o.moments[i+1].e.Time - m.e.Time
			if m.state == oPlaying && m.credited > 3*m.interval {
				m.credited = m.interval
			}
		}
		active := m.e.Time + 2*m.interval
		if i+1 < len(o.moments) {
			active = min(active, o.moments[i+1].e.Time)
		}
		if m.state == oWaiting {
			active = min(active, m.waitFrom+5*60_000)
		}
		if m.state != oPaused && active > m.e.Time {
			o.active = append(o.active, oracleActive{m.e.Time, active, m.dims})
		}
	}
	for i := 0; i < len(o.moments); i++ {
		first := &o.moments[i]
		if first.state != oWaiting {
			continue
		}
		j, total := i, int64(0)
		for j < len(o.moments) && o.moments[j].state == oWaiting && o.moments[j].part == first.part && o.moments[j].waitFrom == first.waitFrom {
			total += o.moments[j].credited
			j++
		}
		if total <= 50 && (j == len(o.moments) || o.moments[j].part != first.part) {
			for k := i; k < j; k++ {
				o.moments[k].credited = 0 // how long it was, nobody knows
			}
		}
		// Which CDN a wait belongs to is decided when it is over, or is a stall.
		decided := i
		for decided+1 < j && o.moments[decided+1].e.Time-first.waitFrom <= 50 {
			decided++
		}
		for k := i; k < decided; k++ {
			o.moments[k].timeDims, o.moments[k].timeRate = o.moments[decided].dims, o.moments[decided].bitrate
		}
		if total > 50 {
			o.mark(fact.Stall, first.e.Time, 0, first.timeDims)
			o.parts[first.part].stalls++
			for k := i; k < j; k++ {
				o.moments[k].kind = fact.Stalled
				if first.waitBySek {
					o.moments[k].kind = fact.SeekStalled
				}
			}
		}
		i = j - 1
	}
}

func (o *oraclePlayer) spans() {
	for i := range o.moments {
		m := &o.moments[i]
		from := m.e.Time
		p := &o.parts[m.part]
		if i == 0 && p.requested < from { // known by startup_ms alone
			o.out.Spans = append(o.out.Spans, fact.Span{Kind: fact.Startup, N: 1, From: p.requested, To: from, Dims: o.dim(m.dims)})
		}
		if m.credited > 0 {
			s := fact.Span{Kind: m.kind, N: 1, From: from, To: from + m.credited, Dims: o.dim(m.timeDims)}
			if m.kind == fact.Playing {
				s.Bitrate = uint32(m.timeRate)
			}
			o.out.Spans = append(o.out.Spans, s)
		}
	}
	for _, a := range o.active {
		o.out.Spans = append(o.out.Spans, fact.Span{Kind: fact.ActivePlay, N: 1, From: a.from, To: a.to, Dims: o.dim(a.dims)})
	}
}

// oracleViewers counts the viewer once in each value of each grouping.
func oracleViewers(active []oracleActive, out *fact.Batch) {
	group := map[fact.Scope]func(d fact.Dims) fact.Dims{
		fact.ScopeAll:           func(fact.Dims) fact.Dims { return fact.Dims{} },
		fact.ScopeTitle:         func(d fact.Dims) fact.Dims { return fact.Dims{Title: d.Title} },
		fact.ScopeCountry:       func(d fact.Dims) fact.Dims { return fact.Dims{Country: d.Country} },
		fact.ScopeDevice:        func(d fact.Dims) fact.Dims { return fact.Dims{DeviceType: d.DeviceType} },
		fact.ScopeCDN:           func(d fact.Dims) fact.Dims { return fact.Dims{CDN: d.CDN} },
		fact.ScopeTitleCountry:  func(d fact.Dims) fact.Dims { return fact.Dims{Title: d.Title, Country: d.Country} },
		fact.ScopeTitleDevice:   func(d fact.Dims) fact.Dims { return fact.Dims{Title: d.Title, DeviceType: d.DeviceType} },
		fact.ScopeCountryDevice: func(d fact.Dims) fact.Dims { return fact.Dims{Country: d.Country, DeviceType: d.DeviceType} },
	}
	for scope, of := range group {
		lists := map[fact.Dims][]oracleStretch{}
		for _, a := range active {
			lists[of(a.dims)] = append(lists[of(a.dims)], oracleStretch{a.from, a.to})
		}
		for d, list := range lists {
			out.Dims = append(out.Dims, d)
			for _, c := range oracleCover(list) {
				out.Spans = append(out.Spans, fact.Span{Kind: fact.ActiveViewer, Scope: scope, N: 1, From: c.From, To: c.To, Dims: uint32(len(out.Dims) - 1)})
			}
		}
	}
}
