package metric

import (
	"context"
	"fmt"
	"testing"
	"time"

	"playhead/internal/rollup"
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
