package main

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// rates are what real simulated events say of the mix: how often things happen
// and how many viewers they are of.
type rates struct {
	EventsPerPlay      float64 `json:"events_per_play"`
	ImpressionsPerPlay float64 `json:"impressions_per_play"`
	// ViewersPerPlay are distinct viewers of a title on a day by plays of it;
	// ReachedPerImpression the same of a creative's impressions.
	ViewersPerPlay       float64 `json:"viewers_per_play"`
	ReachedPerImpression float64 `json:"reached_per_impression"`
	EligiblePerReached   float64 `json:"eligible_per_reached"`
	TakersPerEligible    float64 `json:"takers_per_eligible"`
	MediaMSPerPlay       float64 `json:"media_ms_per_play"`
	StallShare           float64 `json:"stall_share"`
}

// shape is how large the modelled service is.
type shape struct {
	events                       float64
	days                         int
	viewers                      float64
	titles, creatives, countries int
	cdns, isps                   int // isps in each country
	genres, affinities           int
	launched                     int // titles in the last four weeks
}

func trillion(events float64) shape {
	return shape{events: events, days: 400, viewers: 250e6, titles: 20_000, creatives: 100_000, countries: 190, cdns: 3, isps: 8, genres: 20, affinities: 240, launched: 60}
}

// title is one of the modelled service's.
type title struct {
	id       string
	rank     int
	weight   float64 // of all plays
	launched time.Time
	genre    int
}

// model knows how much of everything there is; nothing in it is drawn by chance
// but from names, so that every run and every question see the same.
type model struct {
	shape
	rates     rates
	end       time.Time // start of the day after the last
	byID      []title   // sorted by id
	byRank    []int     // index into byID
	country   []weighed
	device    []weighed
	affinity  []weighed // share of viewers who have it
	genre     []weighed
	plays     float64 // a day
	creatives int     // of a title
}

// weighed is a value and its share.
type weighed struct {
	name  string
	share float64
}

// zipf are shares by 1/(i+offset)^s.
func zipf(n int, s, offset float64) []float64 {
	out, sum := make([]float64, n), 0.0
	for i := range out {
		out[i] = 1 / math.Pow(float64(i)+offset, s)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func newModel(s shape, r rates, end time.Time) *model {
	m := &model{shape: s, rates: r, end: end, creatives: s.creatives / s.titles}
	m.plays = s.events / float64(s.days) / r.EventsPerPlay
	random := rand.New(rand.NewPCG(1, 2))
	ids := random.Perm(s.titles)
	m.byID, m.byRank = make([]title, s.titles), make([]int, s.titles)
	for rank, w := range zipf(s.titles, 0.95, 2.5) {
		m.byID[ids[rank]] = title{id: fmt.Sprintf("%05d-film", ids[rank]), rank: rank, weight: w, genre: ids[rank] % s.genres}
		m.byRank[rank] = ids[rank]
	}
	for i, at := range random.Perm(s.titles) { // some came lately, most long ago
		days := 28 + 3*i/2
		if i < s.launched {
			days = 1 + i*27/max(1, s.launched)
		}
		m.byID[at].launched = end.AddDate(0, 0, -min(days, 3000))
	}
	for i, w := range zipf(s.countries, 1, 1) {
		m.country = append(m.country, weighed{fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26), w})
	}
	for i, d := range []string{"tv", "phone", "desktop", "tablet", "set_top_box", "console"} {
		m.device = append(m.device, weighed{d, []float64{0.44, 0.22, 0.14, 0.08, 0.08, 0.04}[i]})
	}
	for i := range s.affinities {
		kind := []string{"genre", "theme", "cast", "language"}[i%4]
		m.affinity = append(m.affinity, weighed{fmt.Sprintf("%s:taste %03d", kind, i), min(0.45, 1.2/math.Sqrt(float64(i)+4))})
	}
	for i, w := range zipf(s.genres, 0.7, 1) {
		m.genre = append(m.genre, weighed{fmt.Sprintf("genre %02d", i), w})
	}
	for _, list := range []*[]weighed{&m.country, &m.device, &m.affinity, &m.genre} {
		slices.SortFunc(*list, func(a, b weighed) int { return compare(a.name, b.name) })
	}
	return m
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// ranked is the title of a rank from 0.
func (m *model) ranked(rank int) *title { return &m.byID[m.byRank[rank]] }

// largest are the values by share, the largest first.
func largest(list []weighed) []weighed {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b weighed) int {
		switch {
		case a.share > b.share:
			return -1
		case a.share < b.share:
			return 1
		}
		return 0
	})
	return out
}

// creative is the n-th of a title; share is how much of its impressions it has.
func (m *model) creative(t *title, n int) (id string, share float64) {
	sum := 0.0
	for i := range m.creatives {
		sum += 1 / float64(i+1)
	}
	return fmt.Sprintf("%s-art%d", t.id, n), 1 / float64(n+1) / sum
}

// seedOf makes a random source's seed of names.
func seedOf(names ...string) uint64 {
	h := fnv.New64a()
	for _, n := range names {
		_, _ = h.Write([]byte(n)) // a hash never fails
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// regulars is the share of a day's viewers of a cell who come every day; the rest
// come once. So the distinct viewers of several days are known: see audience.
const regulars = 0.3

// audience is how many viewers a cell has on each day: some who are there every
// day, and others who are there once.
type audience struct{ always, once int64 }

func (m *model) audienceOf(daily float64) audience {
	daily = min(daily, m.viewers)
	return audience{int64(math.Round(daily * regulars)), int64(math.Round(daily * (1 - regulars)))}
}

// union is the number of distinct viewers of so many days.
func (a audience) union(days int) float64 { return float64(a.always) + float64(a.once)*float64(days) }

// poisson draws a count whose mean is given; of large ones nearly the mean.
func poisson(r *rand.Rand, mean float64) int64 {
	if mean > 50 {
		return max(0, int64(math.Round(mean+r.NormFloat64()*math.Sqrt(mean))))
	}
	n, p := int64(0), r.Float64()
	for limit := math.Exp(-mean); p > limit; n++ {
		p *= r.Float64()
	}
	return n
}

// hllBytes is how long the image of a sketch of so many members is.
func hllBytes(members float64) float64 {
	switch {
	case members <= 0:
		return 0
	case members <= 7:
		return 8 + 4*members
	case members <= 384:
		return 12 + 4*members
	}
	return 40 + hllSlots
}
