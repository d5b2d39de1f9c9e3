package metric

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// wide is a scanner that has 100,000 groups ready.
type wide struct{ groups []rollup.Group }

func (w *wide) Scan(_ context.Context, s rollup.Scan) (*rollup.Result, error) {
	res := &rollup.Result{FreshTo: 1 << 50, FirstData: 1, Engine: "ready"}
	if len(s.By) == 2 {
		res.Groups = append(res.Groups, w.groups...)
	}
	return res, nil
}

// BenchmarkExecutor100k is what the metric layer itself costs for an answer of
// 100,000 groups, cut to a hundred and whole; the scan is ready.
func BenchmarkExecutor100k(b *testing.B) {
	w := &wide{}
	for t := range 20_000 {
		for c := range 5 {
			g := rollup.Group{Keys: []string{fmt.Sprint("title-", t), fmt.Sprint("c", c)}}
			g.Measures[rollup.Plays], g.Measures[rollup.KnownPlays] = int64(t*7919%100_003+c), int64(t)
			g.Measures[rollup.StallMS], g.Measures[rollup.WatchMS] = int64(t), int64(1000*t+1)
			w.groups = append(w.groups, g)
		}
	}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	e := NewEngine(w, Options{Clock: func() time.Time { return now }})
	for _, limit := range []int{100, 100_000} {
		b.Run(fmt.Sprint(limit), func(b *testing.B) {
			b.ReportAllocs()
			q := Query{Metrics: []string{"plays", "rebuffering_ratio"}, Dimensions: []string{"title", "country"}, From: "2026-11-01", To: "2026-11-20", Limit: limit}
			for b.Loop() {
				res, err := e.Run(b.Context(), q)
				if err != nil || len(res.Rows) != limit {
					b.Fatal(err, len(res.Rows))
				}
			}
		})
	}
}

// daily is a scanner that has the days of a genre's countries ready, with estimates.
type daily struct{ whole, divided *rollup.Result }

func (d *daily) Scan(_ context.Context, s rollup.Scan) (*rollup.Result, error) {
	switch {
	case len(s.By) == 0:
		return &rollup.Result{FreshTo: 1 << 50, FirstData: 1, Engine: "ready"}, nil
	case s.Buckets == nil:
		return d.whole, nil
	}
	return d.divided, nil
}

// BenchmarkDaily is what the metric layer costs for 190 countries on 365 days, and
// what it costs to write the answer.
func BenchmarkDaily(b *testing.B) {
	const days, countries = 365, 190
	fill := func(buckets int) *rollup.Result {
		acc := rollup.NewAccumulator(rollup.Scan{Sketches: rollup.SketchesOf(rollup.Viewers)})
		for d := range buckets {
			for c := range countries {
				m := rollup.Measures{}
				m[rollup.Plays], m[rollup.KnownPlays] = int64(d*7919%100_003+c+1), int64(d+1)
				keys := []string{fmt.Sprintf("C%d", c)}
				acc.Add(d, keys, &m)
				acc.AddEstimate(d, keys, rollup.Viewers, float64(1000*d+c+1))
			}
		}
		r := acc.Result()
		r.FreshTo, r.FirstData, r.Engine = 1<<50, 1, "ready"
		return r
	}
	w := &daily{fill(1), fill(days)}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	e := NewEngine(w, Options{Clock: func() time.Time { return now }})
	q := Query{Metrics: []string{"viewers"}, Dimensions: []string{"country"}, Where: []Where{{Dimension: "genre", In: []string{"drama"}}},
		From: "2025-11-26", To: "2026-11-26", Grain: "day"}
	var res *Result
	b.Run("answer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if res, err = e.Run(b.Context(), q); err != nil || len(res.Rows) != days*countries {
				b.Fatal(err, len(res.Rows))
			}
		}
	})
	b.Run("write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := res.JSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// tastes is a scanner that has a title's creatives by taste ready, and its creatives,
// week by week, with full sketches.
type tastes struct{ byTaste, all *rollup.Result }

func (w *tastes) Scan(_ context.Context, s rollup.Scan) (*rollup.Result, error) {
	switch len(s.By) {
	case 3:
		return w.byTaste, nil
	case 2:
		return w.all, nil
	}
	return &rollup.Result{FreshTo: 1 << 50, FirstData: 1, Engine: "ready"}, nil
}

// BenchmarkTastes is what the metric layer costs for the creatives of a title by
// affinity, each with many viewers in each of five weeks.
func BenchmarkTastes(b *testing.B) {
	const creatives, affinities, weeks, members = 5, 240, 5, 1000
	r := rand.New(rand.NewPCG(1, 2))
	kinds := []rollup.Sketch{rollup.Reached, rollup.Eligible, rollup.Takers}
	scan := rollup.Scan{Sketches: rollup.SketchesOf(kinds...)}
	byTaste, all := rollup.NewAccumulator(scan), rollup.NewAccumulator(scan)
	for i := range creatives * affinities * weeks {
		week, creative := i/affinities/creatives, fmt.Sprint("art-", i/affinities%creatives)
		for _, k := range kinds {
			var h sketch.HLL
			for range members {
				h.AddCoupon(uint32(bits.LeadingZeros32(r.Uint32())+1)<<26 | r.Uint32()&(1<<26-1))
			}
			if err := byTaste.AddSketch(week, []string{creative, fmt.Sprintf("genre:%03d", i%affinities), "film"}, k, h.AppendBinary(nil), h.Estimate()); err != nil {
				b.Fatal(err)
			}
			if err := all.AddSketch(week, []string{creative, "film"}, k, h.AppendBinary(nil), h.Estimate()); err != nil {
				b.Fatal(err)
			}
		}
	}
	w := &tastes{byTaste.Result(), all.Result()}
	for _, res := range []*rollup.Result{w.byTaste, w.all} {
		res.FreshTo, res.FirstData, res.Engine = 1<<50, 1, "ready"
	}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	e := NewEngine(w, Options{Clock: func() time.Time { return now }})
	q := Query{Metrics: []string{"impressions", "take_rate", "viewers_reached"}, Dimensions: []string{"creative", "affinity"},
		Where: []Where{{Dimension: "title", In: []string{"film"}}}, From: "2026-10-19", To: "2026-11-23"}
	b.ReportAllocs()
	for b.Loop() {
		res, err := e.Run(b.Context(), q)
		if err != nil || len(res.Rows) != creatives*affinities {
			b.Fatal(err, len(res.Rows))
		}
	}
}
