package live

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Part is what is true of some of the viewers, for somebody who adds parts up. All of a
// viewer is in one part, so that sums are exact.
type Part struct {
	// Time is when, epoch ms.
	Time int64 `json:"time"`
	// Events since the part began.
	Events          int64            `json:"events"`
	Viewers         int64            `json:"viewers"`
	EventsPerSecond float64          `json:"events_per_second"`
	FreshnessMS     int64            `json:"freshness_ms"`
	PerMinute       PerMinute        `json:"per_minute"`
	Titles          map[string]int64 `json:"titles"` // those with most viewers
	Countries       map[string]int64 `json:"countries"`
	Devices         map[string]int64 `json:"devices"`
}

// PartTitles is how many titles a part tells at most: what is watched by fewer than the
// thousandth is in no sum of titles.
const PartTitles = 1000

// Part is what is true at now (epoch ms).
func (h *Hub) Part(now int64) Part {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gauges.advance(now / 1000)
	return Part{
		Time: now, Events: h.flow.all, Viewers: h.gauges.total(), EventsPerSecond: h.flow.rate(now), FreshnessMS: h.flow.freshness(now), PerMinute: h.marks.minute(now),
		Titles: h.gauges.most(title, PartTitles), Countries: h.gauges.most(country, PartTitles), Devices: h.gauges.most(device, PartTitles),
	}
}

// most are the viewers of the n values that have most of them.
func (g *gauges) most(d dimension, n int) map[string]int64 {
	out := map[string]int64{}
	for _, e := range g.top(d, n) {
		out[e.Value] = e.ConcurrentViewers
	}
	return out
}

// Sum keeps the present of parts that others tell. It is safe for concurrent use.
type Sum struct {
	top int

	mu    sync.Mutex
	parts map[string]told
	past  []map[string]int64 // viewers by title, one sample each sampleSeconds, oldest first
	at    int64              // when the last was taken, in sampleSeconds
	last  Snapshot
	asked int64
}

// told is a part and when it was told, epoch ms.
type told struct {
	Part
	at int64
}

// PartLasts is for how long a part counts after it was told last: whoever told it may
// be gone, and nobody has taken over yet.
const PartLasts = 10 * time.Second

// NewSum returns a sum of nothing.
func NewSum(o Options) *Sum { return &Sum{top: cmp.Or(max(0, o.Top), 20), parts: map[string]told{}} }

// Put puts a part in the place of the one of that name. at is now, epoch ms.
func (s *Sum) Put(name string, p Part, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts[name] = told{p, at}
	if slot := at / 1000 / sampleSeconds; slot != s.at {
		s.at = slot
		s.age(at)
		if len(s.past) == samplesKept {
			s.past = slices.Delete(s.past, 0, 1)
		}
		s.past = append(s.past, s.by(func(p *Part) map[string]int64 { return p.Titles }))
	}
}

// age lets go of parts that nobody told for a while.
func (s *Sum) age(now int64) {
	for name, p := range s.parts {
		if now-p.at > PartLasts.Milliseconds() {
			delete(s.parts, name)
		}
	}
}

func (s *Sum) by(of func(*Part) map[string]int64) map[string]int64 {
	sum := map[string]int64{}
	for _, p := range s.parts {
		for value, n := range of(&p.Part) {
			sum[value] += n
		}
	}
	return sum
}

// Events that the parts have seen.
func (s *Sum) Events() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.parts {
		n += p.Events
	}
	return n
}

// Snapshot says what is true at now (epoch ms). Its maps must not be changed.
func (s *Sum) Snapshot(now int64) Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now-s.asked < snapshotAge && now >= s.asked {
		return s.last
	}
	s.age(now)
	titles := s.by(func(p *Part) map[string]int64 { return p.Titles })
	countries := s.by(func(p *Part) map[string]int64 { return p.Countries })
	devices := s.by(func(p *Part) map[string]int64 { return p.Devices })
	out := Snapshot{
		Time: time.UnixMilli(now).UTC(), Countries: countries,
		Top: map[string][]Entry{"title": first(titles, s.top), "country": first(countries, s.top), "device_type": first(devices, s.top)},
	}
	for _, p := range s.parts {
		out.ConcurrentViewers += p.Viewers
		out.EventsPerSecond += p.EventsPerSecond
		out.FreshnessMS = max(out.FreshnessMS, p.FreshnessMS+max(0, p.at-p.Time))
		out.PerMinute.Plays += p.PerMinute.Plays
		out.PerMinute.Stalls += p.PerMinute.Stalls
		out.PerMinute.Failures += p.PerMinute.Failures
	}
	if len(s.past) == samplesKept {
		list := out.Top["title"]
		for i := range list {
			change := list[i].ConcurrentViewers - s.past[0][list[i].Value]
			list[i].Change = &change
		}
	}
	s.last, s.asked = out, now
	return out
}

// first are the n values with most viewers.
func first(by map[string]int64, n int) []Entry {
	list := make([]Entry, 0, len(by))
	for value, viewers := range by {
		list = append(list, Entry{Value: value, ConcurrentViewers: viewers})
	}
	slices.SortFunc(list, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(b.ConcurrentViewers, a.ConcurrentViewers), cmp.Compare(a.Value, b.Value))
	})
	return list[:min(n, len(list))]
}
