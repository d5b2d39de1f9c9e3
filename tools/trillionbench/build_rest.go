package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/sketch"
	"playhead/internal/warehouse/duck"
)

// quality are the minutes of the last day by CDN, provider and country.
func (b *builder) quality(ctx context.Context) error {
	m := b.m
	top := largest(m.country)[0].name
	share := zipf(m.isps, 1, 1)
	type place struct {
		cdn, isp, country string
		share             float64
	}
	var places []place
	for _, cdn := range []string{"cascade", "meridian", "northlight", "orbit", "zenith"}[:m.cdns] {
		for k := range m.isps {
			for j, country := range m.country {
				if country.name == top || j%b.thin == k%b.thin {
					places = append(places, place{cdn, fmt.Sprintf("%s net %d", country.name, k), country.name, country.share * share[k] / float64(m.cdns)})
				}
			}
		}
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return compare(a.cdn+"\x00"+a.isp+"\x00"+a.country, b.cdn+"\x00"+b.isp+"\x00"+b.country)
	})
	return b.load(ctx, rollup.SourceQualityMinute, func(yield func(*duck.Cell) bool) {
		from := m.end.AddDate(0, 0, -1).UnixMilli()
		for at := from; at < m.end.UnixMilli(); at += rollup.MinuteMS {
			for i := range places {
				p := &places[i]
				n := poisson(rand.New(rand.NewPCG(seedOf(p.cdn, p.isp), uint64(at))), m.plays/1440*p.share*20)
				if n == 0 {
					continue
				}
				c := b.begin(at, 5, p.cdn, p.isp, p.country)
				c.Measures[rollup.Plays], c.Measures[rollup.MediaMS] = n/20, n*55_000
				c.Measures[rollup.StallMS] = int64(float64(n*55_000) * m.rates.StallShare)
				c.Measures[rollup.WatchMS] = c.Measures[rollup.MediaMS] + c.Measures[rollup.StallMS]
				if !yield(c) {
					return
				}
			}
		}
	})
}

// common is the share of the second asked title's viewers who are the first's too.
const common = 0.2

// overlap are three months of audiences.
func (b *builder) overlap(ctx context.Context) error {
	m := b.m
	return b.load(ctx, rollup.SourceOverlapMonth, func(yield func(*duck.Cell) bool) {
		first := time.Date(m.end.Year(), m.end.Month()-2, 1, 0, 0, 0, 0, time.UTC)
		for month := first; month.Before(m.end); month = month.AddDate(0, 1, 0) {
			for i := range m.byID {
				t := &m.byID[i]
				if !b.asked(t) && i%b.thin != 0 {
					continue
				}
				c := b.begin(month.UnixMilli(), 1, t.id)
				c.Measures[rollup.KnownPlays] = int64(m.plays * t.weight * 30)
				c.Sketches = append(c.Sketches, b.monthOf(t, month))
				if !yield(c) {
					return
				}
			}
		}
	})
}

// monthAudience is how many see a title in a month.
func (m *model) monthAudience(t *title) int64 {
	return int64(m.audienceOf(m.plays * t.weight * m.rates.ViewersPerPlay).union(30))
}

// monthOf is the theta sketch of a title's month. The two asked titles have some
// viewers in common, who are there in every month.
func (b *builder) monthOf(t *title, month time.Time) duck.Image {
	n := b.m.monthAudience(t)
	var x sketch.Theta
	if b.asked(t) {
		both := b.m.monthOverlap()
		drawTheta(rand.New(rand.NewPCG(1, 1)), &x, both)
		n -= both
	}
	drawTheta(rand.New(rand.NewPCG(seedOf(t.id), uint64(month.UnixMilli()))), &x, n)
	return duck.Image{Kind: rollup.Audience, Bytes: x.AppendBinary(nil), Estimate: x.Estimate()}
}

func (m *model) monthOverlap() int64 { return int64(common * float64(m.monthAudience(m.ranked(1)))) }

// retention are curves of all days, and of the months that are over.
func (b *builder) retention(ctx context.Context) error {
	began, n := time.Now(), int64(0)
	if err := b.db.LoadCurves(ctx, b.curves(b.days(b.m.shape.days), func(int64) int64 { return 1 }, &n)); err != nil {
		return err
	}
	month := time.Date(b.m.end.Year(), b.m.end.Month(), 1, 0, 0, 0, 0, time.UTC)
	upTo := month.UnixMilli()
	first := b.m.end.AddDate(0, 0, -b.m.shape.days)
	days := map[int64]int64{}
	var months []int64
	for ; month.After(first); month = month.AddDate(0, -1, 0) {
		start := month.AddDate(0, -1, 0)
		months = append(months, start.UnixMilli())
		days[start.UnixMilli()] = int64(month.Sub(later(start, first)).Hours() / 24)
	}
	slices.Sort(months)
	err := b.db.LoadMonths(ctx, upTo, b.curves(months, func(month int64) int64 { return days[month] }, &n))
	fmt.Fprintf(os.Stderr, "trillionbench: %d curves in %s\n", n, time.Since(began).Round(time.Millisecond))
	return err
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// curves are those of some buckets, which have so many days; n counts them.
func (b *builder) curves(buckets []int64, days func(int64) int64, n *int64) iter.Seq[*duck.DayCurve] {
	m := b.m
	return func(yield func(*duck.DayCurve) bool) {
		curve := func(plays int64) *rollup.Curve {
			c := &rollup.Curve{WidthMS: 10_000, Plays: plays, DurationMS: 5_400_000}
			for i := range 540 {
				left := float64(plays) * math.Exp(-float64(i)/400)
				c.WatchedMS = append(c.WatchedMS, int64(left*10_000))
				c.Furthest = append(c.Furthest, int64(left/400))
				c.Starts = append(c.Starts, 0)
			}
			c.Starts[0] = plays
			return c
		}
		small := &rollup.Curve{WidthMS: 10_000, Plays: 1, DurationMS: 5_400_000, Starts: []int64{1}}
		for _, day := range buckets {
			for i := range m.byID {
				t := &m.byID[i]
				if !b.asked(t) && i%b.thin != 0 {
					continue
				}
				for _, d := range m.device {
					c := small
					if b.asked(t) {
						c = curve(int64(m.plays*t.weight*d.share) * days(day))
					}
					*n++
					if !yield(&duck.DayCurve{Day: day, Title: t.id, Device: d.name, Curve: c}) {
						return
					}
				}
			}
		}
	}
}
