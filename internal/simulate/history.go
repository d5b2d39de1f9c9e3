package simulate

import (
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
	// Peak is the density right before End as a share of the live level, (0,1]; 0 is 1.
	Peak float64
	// Level is the density of older days as a share of the live level, (0,1];
	// 0 picks one that keeps the whole past to about Target events.
	Level float64
	// Target is about how many events the past has when Level is 0; 0 is fifteen
	// million.
	Target int64
	// Taper is how fast density falls from Peak, which lasts an hour, to Level; 0 is
	// 90 min.
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
	if o.Peak == 0 {
		o.Peak = 1
	}
	if o.Target == 0 {
		o.Target = 15_000_000
	}
	if o.Level < 0 || o.Level > 1 || o.Peak < 0 || o.Peak > 1 || o.Days < 0 {
		return nil, fmt.Errorf("history level %g or peak %g is not in (0,1], or days %d are negative", o.Level, o.Peak, o.Days)
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

// chunkEvents is about how many events a chunk has at most, if it is longer than
// an hour: plays that just break off stay open until their chunk is complete.
const chunkEvents = 400_000

// cut lays out the chunks, newest first: hours for the first day, then quarters of
// days, or days.
func (h *History) cut() {
	end := h.o.End.UnixMilli()
	first := end - int64(h.o.Days)*dayMS
	for to := end; to > first; {
		c := h.chunk(max(first, (to-1)/hourMS*hourMS), to)
		if end-to >= dayMS {
			for _, span := range []int64{6 * hourMS, dayMS} {
				if wide := h.chunk(max(first, (to-1)/span*span), to); wide.Events <= chunkEvents {
					c = wide
				}
			}
		}
		h.chunks = append(h.chunks, c)
		to = c.From
	}
}

func (h *History) chunk(from, to int64) Chunk {
	sum := 0.0
	for m := from; m < to; m += 60_000 {
		sum += h.starts(m)
	}
	return Chunk{Name: time.UnixMilli(from).UTC().Format("2006-01-02T15:04"), From: from, To: to, Events: int64(sum * h.meanEvents)}
}

// starts is how many plays begin in the minute at m.
func (h *History) starts(m int64) float64 {
	age := float64(h.o.End.UnixMilli() - m)
	density := h.o.Level + (h.o.Peak-h.o.Level)*math.Exp(-math.Max(0, age-hourMS)/float64(h.o.Taper.Milliseconds()))
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
