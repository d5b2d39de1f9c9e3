package live

import (
	"sync"
	"time"

	"playhead/internal/fact"
)

// Options of a Hub; zero values take the defaults.
type Options struct {
	// Top is how many values of a dimension a snapshot lists. Default 20.
	Top int
}

// Entry is one value of a dimension and its viewers now.
type Entry struct {
	Value             string `json:"value"`
	ConcurrentViewers int64  `json:"concurrent_viewers"`
	// Change is against five minutes ago, of titles; nil when not known yet.
	Change *int64 `json:"change,omitempty"`
	id     uint32
}

// PerMinute are counts of the last 60 s of event time.
type PerMinute struct {
	Plays    int64 `json:"plays"`
	Stalls   int64 `json:"stalls"`
	Failures int64 `json:"failures"`
}

// Snapshot is what is true at Time.
type Snapshot struct {
	Time              time.Time `json:"time"`
	ConcurrentViewers int64     `json:"concurrent_viewers"`
	// EventsPerSecond is the mean of the last five seconds of receipt; imported
	// history is left out.
	EventsPerSecond float64 `json:"events_per_second"`
	// FreshnessMS is the longest that an event of the last second took from its
	// receipt to here; the last known one when there was none.
	FreshnessMS int64              `json:"freshness_ms"`
	PerMinute   PerMinute          `json:"per_minute"`
	Top         map[string][]Entry `json:"top"`
	// Countries are the viewers of every country, for a map.
	Countries map[string]int64 `json:"countries"`
}

// Hub keeps the present. One goroutine applies, any number take snapshots.
type Hub struct {
	opts Options

	mu     sync.Mutex
	gauges *gauges
	marks  rates
	flow   flow
	last   Snapshot
	lastAt int64
}

// NewHub returns an empty hub.
func NewHub(o Options) *Hub {
	if o.Top <= 0 {
		o.Top = 20
	}
	return &Hub{opts: o, gauges: newGauges()}
}

// Apply takes a batch of facts in at now (epoch ms). Nothing of b is kept.
func (h *Hub) Apply(b *fact.Batch, now int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.gauges
	g.advance(now / 1000)
	h.flow.add(b, now)
	for i := range b.Spans {
		s := &b.Spans[i]
		if s.Kind == fact.ActiveViewer && s.To > now {
			h.viewer(s, &b.Dims[s.Dims])
		}
	}
	for i := range b.Marks {
		h.marks.add(&b.Marks[i], now)
	}
}

// viewer counts a stretch in the groupings that it names. Both ends are cut
// down to the second, so that a stretch that continues another neither counts
// twice in the second where they meet nor leaves it out.
func (h *Hub) viewer(s *fact.Span, d *fact.Dims) {
	g := h.gauges
	from, to := s.From/1000, s.To/1000
	if s.Scope&fact.ScopeAll != 0 {
		g.stretch(key{all, g.id(all, "")}, from, to, s.N)
	}
	if s.Scope&fact.ScopeTitle != 0 {
		g.stretch(key{title, g.id(title, d.Title)}, from, to, s.N)
	}
	if s.Scope&fact.ScopeCountry != 0 {
		g.stretch(key{country, g.id(country, d.Country)}, from, to, s.N)
	}
	if s.Scope&fact.ScopeDevice != 0 {
		g.stretch(key{device, g.id(device, d.DeviceType)}, from, to, s.N)
	}
}

// snapshotAge is for how long (ms) one snapshot serves all who ask.
const snapshotAge = 50

// Snapshot says what is true at now (epoch ms). Its maps must not be changed.
func (h *Hub) Snapshot(now int64) Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now-h.lastAt < snapshotAge && now >= h.lastAt {
		return h.last
	}
	g := h.gauges
	g.advance(now / 1000)
	s := Snapshot{
		Time: time.UnixMilli(now).UTC(), ConcurrentViewers: g.total(),
		EventsPerSecond: h.flow.rate(now), FreshnessMS: h.flow.freshness(now),
		PerMinute: h.marks.minute(now),
		Top: map[string][]Entry{
			"title": g.top(title, h.opts.Top), "country": g.top(country, h.opts.Top), "device_type": g.top(device, h.opts.Top),
		},
		Countries: map[string]int64{},
	}
	for id, n := range g.counts[country] {
		if n > 0 {
			s.Countries[g.names[country][id]] = int64(n)
		}
	}
	h.last, h.lastAt = s, now
	return s
}
