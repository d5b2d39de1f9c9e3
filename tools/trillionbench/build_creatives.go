package main

import (
	"context"
	"math/rand/v2"

	"playhead/internal/rollup"
	"playhead/internal/warehouse/duck"
)

var creativeKinds = [...]rollup.Sketch{rollup.Reached, rollup.Eligible, rollup.Takers, rollup.TakeCompleters}

// showed fills in what so many impressions a day leave in a bucket of some days.
func (b *builder) showed(c *duck.Cell, daily float64, days []int64, images bool) bool {
	r := &b.m.rates
	n := poisson(rand.New(rand.NewPCG(seedOf(c.Keys...), uint64(c.Bucket))), daily*float64(len(days)))
	if n == 0 {
		return false
	}
	set := &c.Measures
	set[rollup.Impressions], set[rollup.EligibleImpressions] = n, int64(float64(n)*r.EligiblePerReached)
	set[rollup.Selects], set[rollup.QualifiedPlays] = n/20, n/25
	set[rollup.TakenImpressions] = int64(float64(set[rollup.EligibleImpressions]) * r.TakersPerEligible)
	people := daily * r.ReachedPerImpression
	for _, k := range creativeKinds {
		if k == rollup.Eligible {
			people *= r.EligiblePerReached
		} else if k != rollup.Reached {
			people *= map[rollup.Sketch]float64{rollup.Takers: r.TakersPerEligible, rollup.TakeCompleters: 0.4}[k]
		}
		a := b.m.audienceOf(people)
		if images {
			c.Sketches = append(c.Sketches, b.sketchOf(k, a, days, c.Keys...))
		} else {
			c.Sketches = append(c.Sketches, aboutSketch(k, a, len(days), seedOf(c.Keys...)^uint64(c.Bucket)))
		}
	}
	return true
}

// creatives are weeks and days of the last four weeks, and all time.
func (b *builder) creatives(ctx context.Context) error {
	days := b.days(35)
	weeks, single := weeksAndDays(days, b.m.end.UnixMilli())
	for _, part := range []struct {
		source rollup.Source
		list   []stretch
	}{
		{rollup.SourceCreativeDay, single}, {rollup.SourceCreativeWeek, weeks},
		{rollup.SourceCreativeAll, []stretch{{0, b.days(b.m.shape.days)}}},
	} {
		err := b.load(ctx, part.source, func(yield func(*duck.Cell) bool) {
			for _, s := range part.list {
				if !b.creativeCells(part.source, s, yield) {
					return
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) creativeCells(source rollup.Source, s stretch, yield func(*duck.Cell) bool) bool {
	m := b.m
	shown := m.plays * m.rates.ImpressionsPerPlay
	put := func(face rollup.Face, daily float64, images bool, keys ...string) bool {
		c := b.begin(s.bucket, face, keys...)
		return !b.showed(c, daily, s.days, images) || yield(c)
	}
	if !put(0, shown, true) {
		return false
	}
	for _, country := range m.country {
		if !put(1, shown*country.share, false, country.name) {
			return false
		}
	}
	for i := range m.byID {
		if t := &m.byID[i]; !put(3, shown*t.weight, b.asked(t), t.id) {
			return false
		}
	}
	recent := s.bucket >= m.end.AddDate(0, 0, -9).UnixMilli()
	for i := range m.byID {
		t := &m.byID[i]
		for n := range m.creatives {
			id, share := m.creative(t, n)
			if !put(4, shown*t.weight*share, b.asked(t) || recent && i%b.thin == 0, t.id, id) {
				return false
			}
		}
	}
	if source == rollup.SourceCreativeAll {
		return b.shownWhere(shown, put)
	}
	for i := range m.byID {
		t := &m.byID[i]
		if !b.asked(t) && !b.launchedOrPeer(t) && !b.near(i, float64(m.creatives*m.countries)) {
			continue
		}
		for n := range m.creatives {
			id, share := m.creative(t, n)
			for _, country := range m.country {
				if !put(5, shown*t.weight*share*country.share, b.asked(t), t.id, id, country.name) {
					return false
				}
			}
		}
	}
	if recent && source == rollup.SourceCreativeDay && !b.places(s, shown, put) {
		return false
	}
	if !b.shownWhere(shown, put) {
		return false
	}
	for i := range m.byID {
		t := &m.byID[i]
		if !b.asked(t) && !b.near(i, float64(m.creatives*m.affinities)) {
			continue
		}
		for n := range m.creatives {
			id, share := m.creative(t, n)
			for _, a := range m.affinity {
				if !put(9, shown*t.weight*share*a.share, b.asked(t), t.id, id, a.name) {
					return false
				}
			}
		}
	}
	return true
}

// places are creatives by placement and rank, thinned: face 6.
func (b *builder) places(s stretch, shown float64, put func(rollup.Face, float64, bool, ...string) bool) bool {
	m := b.m
	for i := range m.byID {
		t := &m.byID[i]
		if i%b.thin != 0 {
			continue
		}
		for n := range m.creatives {
			id, share := m.creative(t, n)
			for _, p := range placements() {
				if !put(6, shown*t.weight*share*p.share, true, t.id, id, p.place, p.rank) {
					return false
				}
			}
		}
	}
	return true
}
