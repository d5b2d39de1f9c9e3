package warehousetest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// World invents plays and the facts that a processor would say of them: the
// same seed gives the same facts.
type World struct {
	// Titles, Countries and Viewers are how many there are.
	Titles, Countries, Viewers int
	// From and To bound the requests, epoch ms.
	From, To int64
	// Corrections is the share of plays that are taken back and given again.
	Corrections float64

	r     *rand.Rand
	plays uint64
}

// NewWorld returns a small world over some days.
func NewWorld(seed uint64, from, to int64) *World {
	return &World{
		Titles: 12, Countries: 5, Viewers: 400, From: from, To: to, Corrections: 0.1,
		r: rand.New(rand.NewPCG(seed, 77)),
	}
}

// Batch is the facts of n plays, and their rows.
func (w *World) Batch(partition int32, n int) *fact.Batch {
	b := &fact.Batch{Partition: partition, FreshTo: w.To}
	for range n {
		w.play(b)
	}
	for range n {
		w.impression(b)
		if w.r.IntN(4) == 0 {
			w.search(b)
		}
	}
	b.Counts.Events = int64(n)
	return b
}

// labelsOf are the labels of a title: some have none.
func labelsOf(title string) string {
	n := int(title[len(title)-1])
	if n%5 == 0 {
		return ""
	}
	labels := "cast:" + name("c-", n%4) + "\ncast:" + name("c-", n%7+4) + "\ngenre:" + name("g-", n%3)
	if n%2 == 0 {
		labels += "\ngenre:" + name("g-", n%2+3) + "\nlanguage:en"
	}
	return labels + "\nshow:" + name("s-", n%2) + "\ntheme:" + name("th-", n%6)
}

// taste is what some viewer likes, as an index plus one.
func (w *World) taste(b *fact.Batch) uint32 {
	if b.Tastes == nil {
		b.Tastes = []string{"genre:g-aa", "genre:g-ab\ntheme:th-aa", "cast:c-aa\ngenre:g-aa\ngenre:g-ab"}
	}
	return uint32(w.r.IntN(len(b.Tastes) + 1))
}

// slot is where some impression was.
func (w *World) slot(b *fact.Batch) uint32 {
	b.Slots = append(b.Slots, fact.Slot{Creative: name("cr-", w.r.IntN(4)), Placement: name("p-", w.r.IntN(2)), Rank: int32(w.r.IntN(14)) - 1})
	return uint32(len(b.Slots) - 1)
}

// impression adds an impression and what became of it.
func (w *World) impression(b *fact.Batch) {
	x := fact.Exposure{
		Dims: w.dims(b), Slot: w.slot(b), Taste: w.taste(b), Known: w.r.IntN(10) > 0, N: 1,
		Time: w.From + w.r.Int64N(w.To-w.From), Propensity: []float64{0, 0.01, 0.3, 1}[w.r.IntN(4)],
	}
	binary.LittleEndian.PutUint64(x.Viewer[:], uint64(w.r.IntN(w.Viewers))+1)
	for kind := fact.Shown; kind < fact.ExposureKindCount && w.r.IntN(5) > 0; kind++ {
		x.Kind = kind
		if kind == fact.Taken || kind == fact.QualifiedPlay {
			x.MediaMS = w.r.Int64N(1_000_000)
		}
		b.Exposures = append(b.Exposures, x)
		if kind <= fact.Selected && w.r.Float64() < w.Corrections {
			x.N = -1
			b.Exposures = append(b.Exposures, x)
			x.N = 1
		}
	}
}

func (w *World) search(b *fact.Batch) {
	s := fact.Search{
		Known: w.r.IntN(10) > 0, Dims: w.dims(b), Time: w.From + w.r.Int64N(w.To-w.From),
		Query: name("q-", w.r.IntN(9)), Results: w.r.Int64N(4) - 1, Selected: w.r.IntN(2) == 0,
	}
	binary.LittleEndian.PutUint64(s.Viewer[:], uint64(w.r.IntN(w.Viewers))+1)
	b.Searches = append(b.Searches, s)
}

func name(prefix string, i int) string {
	return prefix + string(rune('a'+i/26%26)) + string(rune('a'+i%26))
}

func (w *World) dims(b *fact.Batch) uint32 {
	zipf := func(n int) int { return min(n-1, int(float64(n)*w.r.Float64()*w.r.Float64()*w.r.Float64()*1.2)) }
	b.Dims = append(b.Dims, fact.Dims{
		Title: name("t-", zipf(w.Titles)), Country: name("", zipf(w.Countries)),
		DeviceType: event.DeviceTypes[zipf(7)], CDN: name("cdn-", w.r.IntN(3)),
		Region: name("r-", w.r.IntN(4)), OS: name("os-", w.r.IntN(3)), AppVersion: "1." + name("", w.r.IntN(4)),
		Player: "player", ISP: name("isp-", w.r.IntN(6)),
	})
	b.Dims[len(b.Dims)-1].Labels = labelsOf(b.Dims[len(b.Dims)-1].Title)
	if w.r.IntN(20) == 0 {
		b.Dims[len(b.Dims)-1].Country = ""
	}
	return uint32(len(b.Dims) - 1)
}

// play adds one play: its facts, its row, and sometimes a correction of both.
func (w *World) play(b *fact.Batch) {
	w.plays++
	p := fact.Play{N: 1, Known: w.r.IntN(10) > 0, Dims: w.dims(b), StartupMS: -1, StartMS: -1, FurthestMS: -1}
	binary.LittleEndian.PutUint64(p.Viewer[:], uint64(w.r.IntN(w.Viewers))+1)
	binary.LittleEndian.PutUint64(p.Play[:], w.plays)
	p.Requested = w.From + w.r.Int64N(w.To-w.From)
	p.DurationMS = []int64{30_000, 600_000, 2_400_000, 7_200_000}[w.r.IntN(4)]
	at := p.Requested
	stretch := func(kind fact.SpanKind, dims uint32, ms int64) {
		if ms > 0 {
			p.Intervals = append(p.Intervals, fact.Interval{Dims: dims, Kind: kind, From: at, To: at + ms})
			at += ms
		}
	}
	stretch(fact.Startup, p.Dims, 100+w.r.Int64N(4000))
	switch w.r.IntN(12) {
	case 0:
		p.Reason = fact.EndedByExit
	case 1:
		p.Reason = fact.EndedByFailure
		if w.r.IntN(2) == 0 {
			p.ErrorClass = "business"
		}
	default:
		p.FirstFrame, p.StartupMS, p.StartMS = at, at-p.Requested, w.r.Int64N(p.DurationMS)/4
		if w.r.IntN(6) == 0 {
			p.StartupMS = -1
		}
		w.watch(b, &p, stretch)
		p.Rewinds, p.Skips, p.DroppedFrames = int32(w.r.IntN(3)), int32(w.r.IntN(2)), w.r.Int64N(100)
		if w.r.IntN(2) == 0 {
			p.Slot = w.slot(b) + 1
		}
	}
	p.Ended = at
	if w.r.IntN(3) > 0 {
		kbps := 500 + w.r.Int64N(8000)
		for _, iv := range p.Intervals {
			if iv.Kind == fact.Playing {
				p.KnownBitrateMS += iv.To - iv.From
				p.BitrateMS += kbps * (iv.To - iv.From)
			}
		}
	}
	for i := range p.Intervals {
		iv := p.Intervals[i]
		if iv.Kind != fact.Paused {
			p.Active = append(p.Active, fact.Interval{Dims: iv.Dims, Kind: fact.ActivePlay, From: iv.From, To: iv.To})
		}
	}
	w.tell(b, &p, 1, false)
	if w.r.Float64() < w.Corrections {
		w.tell(b, &p, -1, true)
		if last := &p.Intervals[len(p.Intervals)-1]; last.Kind != fact.Playing { // its bitrate would change
			last.To += 5_000
			p.Ended += 5_000
		}
		w.tell(b, &p, 1, true)
	}
}

// watch plays, stalls, seeks and pauses until the end.
func (w *World) watch(b *fact.Batch, p *fact.Play, stretch func(fact.SpanKind, uint32, int64)) {
	position, dims := p.StartMS, p.Dims
	for range 1 + w.r.IntN(8) {
		ms := min(1+w.r.Int64N(900_000), p.DurationMS-position)
		if ms <= 0 {
			break
		}
		p.Cover = append(p.Cover, fact.Coverage{From: position, To: position + ms, N: 1})
		position += ms
		stretch(fact.Playing, dims, ms)
		switch w.r.IntN(5) {
		case 0:
			stretch(fact.Stalled, dims, 60+w.r.Int64N(9000))
			p.Stalls++
		case 1:
			stretch(fact.Seeking, dims, w.r.Int64N(500))
			stretch(fact.SeekStalled, dims, 60+w.r.Int64N(2000))
			p.Stalls++
		case 2:
			stretch(fact.Paused, dims, 1+w.r.Int64N(600_000))
			p.Pauses++
		case 3: // moves to another network
			old := b.Dims[dims]
			dims = w.dims(b)
			b.Dims[dims].Title = old.Title
		}
	}
	p.FurthestMS = position
	p.Completed = position-p.StartMS >= p.DurationMS*9/10
	if w.r.IntN(15) == 0 {
		p.Reason = fact.EndedByFailure
	}
}

// tastes is how many tastes there are.
func (w *World) tastes(b *fact.Batch) int {
	w.taste(b)
	return len(b.Tastes)
}

// monotone adds what is said once the horizon has passed, and once only.
func (w *World) monotone(b *fact.Batch, p *fact.Play, mark func(fact.MarkKind, uint32, int64, int64)) {
	if p.StartupMS >= 0 {
		mark(fact.StartupKnown, p.Dims, p.FirstFrame, p.StartupMS)
	}
	for kind := fact.Starter; kind <= fact.Completer && w.r.IntN(3) > 0; kind++ {
		mark(kind, p.Dims, p.FirstFrame, 0)
		b.Dims = append(b.Dims, fact.Dims{Title: "season-" + b.Dims[p.Dims].Title, Country: b.Dims[p.Dims].Country})
		mark(kind-fact.Starter+fact.SeasonStarter, uint32(len(b.Dims)-1), p.FirstFrame, 0)
	}
	if w.r.IntN(4) == 0 {
		mark(fact.NewViewer, p.Dims, p.FirstFrame, 0)
	}
	if w.r.IntN(4) == 0 {
		mark(fact.SessionEnd, p.Dims, p.Requested, p.Ended-p.Requested)
	}
}

// tell adds the play's facts and its row, or takes them back.
func (w *World) tell(b *fact.Batch, p *fact.Play, n int32, again bool) {
	row := *p
	row.N = n
	row.Intervals = append([]fact.Interval(nil), p.Intervals...)
	b.Plays = append(b.Plays, row)
	taste := uint32(w.plays) % uint32(w.tastes(b)+1) // the same when it is taken back
	mark := func(kind fact.MarkKind, dims uint32, t, value int64) {
		m := fact.Mark{Dims: dims, Kind: kind, N: n, Time: t, Value: value}
		if kind.NamesViewer() {
			m.Viewer, m.Known = p.Viewer, p.Known
		}
		if kind == fact.FirstFrame {
			m.Taste = taste
		}
		b.Marks = append(b.Marks, m)
	}
	for i, iv := range p.Intervals {
		span := fact.Span{Dims: iv.Dims, Kind: iv.Kind, N: n, From: iv.From, To: iv.To}
		if iv.Kind == fact.Playing && p.KnownBitrateMS > 0 {
			span.Bitrate = uint32(p.BitrateMS / p.KnownBitrateMS)
		}
		b.Spans = append(b.Spans, span)
		if iv.Kind == fact.Paused {
			mark(fact.Pause, p.Dims, p.FirstFrame, 0)
		}
		if iv.Kind == fact.Stalled || iv.Kind == fact.SeekStalled {
			if i == 0 || p.Intervals[i-1].Kind != iv.Kind {
				mark(fact.Stall, iv.Dims, iv.From, 0)
			}
		}
	}
	for _, iv := range p.Active {
		b.Spans = append(b.Spans,
			fact.Span{Dims: iv.Dims, Kind: fact.ActivePlay, N: n, From: iv.From, To: iv.To},
			fact.Span{Dims: iv.Dims, Kind: fact.ActiveViewer, Scope: fact.Scope(w.plays*37) & fact.ScopeEvery, N: n, From: iv.From, To: iv.To})
	}
	last := p.Intervals[len(p.Intervals)-1].Dims
	mark(fact.Request, p.Dims, p.Requested, 0)
	switch {
	case p.FirstFrame != 0:
		mark(fact.FirstFrame, p.Dims, p.FirstFrame, p.StartupMS)
		mark(fact.End, p.Dims, p.Ended, 0)
		mark(fact.Measured, p.Dims, p.FirstFrame, 0)
		for range p.Rewinds {
			mark(fact.Rewind, p.Dims, p.FirstFrame, 0)
		}
		for range p.Skips {
			mark(fact.Skip, p.Dims, p.FirstFrame, 0)
		}
		if p.DroppedFrames > 0 {
			mark(fact.DroppedFrames, p.Dims, p.FirstFrame, p.DroppedFrames)
		}
		if n > 0 && !again {
			w.monotone(b, p, mark)
		}
		seen := int64(0)
		for _, c := range p.Cover {
			seen += c.To - c.From
		}
		mark(fact.Viewed, p.Dims, p.FirstFrame, int64(math.Round(min(1, float64(seen)/float64(p.DurationMS))*1e6)))
		if p.Completed {
			mark(fact.Completed, p.Dims, p.FirstFrame, 0)
		}
		if p.Reason == fact.EndedByFailure {
			mark(fact.PlaybackFailure, last, p.Ended, 0)
		}
	case p.Reason == fact.EndedByExit:
		mark(fact.Exit, p.Dims, p.Requested, 0)
	default:
		mark(fact.StartFailure, p.Dims, p.Requested, 0)
		if p.ErrorClass == "business" {
			mark(fact.BusinessFailure, p.Dims, p.Requested, 0)
		}
	}
}
