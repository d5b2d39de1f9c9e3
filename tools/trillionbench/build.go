package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"playhead/internal/rollup"
	"playhead/internal/sketch"
	"playhead/internal/warehouse/duck"
)

// rowGroup is how many rows DuckDB keeps together: what a filter on sorted keys
// cannot leave out.
const rowGroup = 122_880

// builder writes what questions can touch: of each bucket that a question reads,
// at least a whole row group around what it asks about.
type builder struct {
	m    *model
	db   *duck.DB
	thin int // of rows that no question asks for, one in so many
	rows map[rollup.Source]int64
	// whole is how many rows the roll-up has in all of the modelled time.
	whole map[rollup.Source]float64
	cell  duck.Cell
}

func (b *builder) days(from int) (list []int64) {
	for d := b.m.end.AddDate(0, 0, -from); d.Before(b.m.end); d = d.AddDate(0, 0, 1) {
		list = append(list, d.UnixMilli())
	}
	return list
}

// asked are the titles that questions are about.
func (b *builder) asked(t *title) bool { return t.rank < askedTitles }

const askedTitles = 2

func (b *builder) launchedOrPeer(t *title) bool {
	return b.m.end.Sub(t.launched) <= 70*24*time.Hour
}

// near says whether a title shares a row group with the first asked one, when a
// title has so many rows in a bucket.
func (b *builder) near(i int, rowsPerTitle float64) bool {
	return math.Abs(float64(i-b.m.byRank[0]))*rowsPerTitle <= rowGroup*0.55
}

// sketchOf is the image of some days' viewers of a cell, for bucket days.
func (b *builder) sketchOf(kind rollup.Sketch, a audience, days []int64, names ...string) duck.Image {
	seed := seedOf(names...) + uint64(kind)
	if a.always+a.once == 0 {
		return duck.Image{}
	}
	if kind == rollup.Audience {
		var t sketch.Theta
		drawTheta(rand.New(rand.NewPCG(seed, 0)), &t, a.always+a.once*int64(len(days)))
		return duck.Image{Kind: kind, Bytes: t.AppendBinary(nil), Estimate: t.Estimate()}
	}
	var h sketch.HLL
	drawHLL(rand.New(rand.NewPCG(seed, 0)), &h, a.always)
	for _, d := range days {
		drawHLL(rand.New(rand.NewPCG(seed, uint64(d))), &h, a.once)
	}
	return duck.Image{Kind: kind, Bytes: h.AppendBinary(nil), Estimate: h.Estimate()}
}

// aboutSketch is what a sketch of a cell would say, without the sketch.
func aboutSketch(kind rollup.Sketch, a audience, days int, seed uint64) duck.Image {
	n := a.union(days)
	if n <= 0 {
		return duck.Image{}
	}
	wobble := 0.0
	if n > 384 {
		wobble = rand.New(rand.NewPCG(seed, uint64(kind))).NormFloat64() * sketch.RelativeError
	}
	return duck.Image{Kind: kind, Estimate: n * (1 + wobble)}
}

// stretch is one bucket of a source and the days that it holds.
type stretch struct {
	bucket int64
	days   []int64
}

// weeksAndDays cuts days as creative cells are: whole weeks, and days of all.
func weeksAndDays(days []int64, end int64) (weeks, single []stretch) {
	calendar := rollup.NewDays(time.UTC)
	for _, d := range days {
		single = append(single, stretch{d, []int64{d}})
		start, stop := calendar.Week(d)
		if stop > end {
			continue
		}
		if n := len(weeks); n > 0 && weeks[n-1].bucket == start {
			weeks[n-1].days = append(weeks[n-1].days, d)
		} else if d == start {
			weeks = append(weeks, stretch{start, []int64{d}})
		}
	}
	return weeks, single
}

// build makes the roll-ups in a folder, and the catalogue beside it.
func build(ctx context.Context, m *model, dir string, thin int) (*builder, error) {
	if err := writeCatalog(m, filepath.Join(dir, "titles.csv")); err != nil {
		return nil, err
	}
	db, err := duck.Open(ctx, filepath.Join(dir, "data", "warehouse"), duck.Options{MemoryLimitMB: 3000, SpillMB: 16384})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	b := &builder{m: m, db: db, thin: thin, rows: map[rollup.Source]int64{}, whole: map[rollup.Source]float64{}}
	for _, part := range []func(context.Context) error{b.titles, b.creatives, b.affinities, b.labels, b.quality, b.overlap, b.retention, b.searches} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	values := map[rollup.Dimension][]string{}
	for i := range m.byID {
		values[rollup.Title] = append(values[rollup.Title], m.byID[i].id)
	}
	for d, list := range map[rollup.Dimension][]weighed{rollup.Country: m.country, rollup.DeviceType: m.device, rollup.Affinity: m.affinity, rollup.Genre: m.genre} {
		for _, v := range list {
			values[d] = append(values[d], v.name)
		}
	}
	if err := db.LoadDone(ctx, values, m.end.UnixMilli()); err != nil {
		return nil, err
	}
	return b, db.Close()
}

func (b *builder) load(ctx context.Context, source rollup.Source, cells iter.Seq[*duck.Cell]) error {
	began, n := time.Now(), int64(0)
	err := b.db.LoadCells(ctx, source, func(yield func(*duck.Cell) bool) {
		for c := range cells {
			n++
			if !yield(c) {
				return
			}
		}
	})
	b.rows[source] += n
	fmt.Fprintf(os.Stderr, "trillionbench: %d rows into source %d in %s\n", n, source, time.Since(began).Round(time.Millisecond))
	return err
}

// begin starts a cell.
func (b *builder) begin(bucket int64, face rollup.Face, keys ...string) *duck.Cell {
	b.cell = duck.Cell{Bucket: bucket, Face: face, Keys: append(b.cell.Keys[:0], keys...), Sketches: b.cell.Sketches[:0]}
	return &b.cell
}

// played fills in what so many plays leave.
func (b *builder) played(c *duck.Cell, plays int64) {
	r, set := &b.m.rates, &c.Measures
	set[rollup.PlayRequests], set[rollup.Plays], set[rollup.KnownPlays] = plays+plays/50, plays, plays
	set[rollup.MediaMS] = int64(float64(plays) * r.MediaMSPerPlay)
	set[rollup.StallMS] = int64(float64(set[rollup.MediaMS]) * r.StallShare)
	set[rollup.WatchMS] = set[rollup.MediaMS] + set[rollup.StallMS]
	set[rollup.StartFailures], set[rollup.CompletedPlays], set[rollup.MeasuredPlays] = plays/50, plays/3, plays
}

// titles are days of titles, and of titles in countries for the last fortnight.
func (b *builder) titles(ctx context.Context) error {
	m := b.m
	last := b.m.end.AddDate(0, 0, -14).UnixMilli()
	top := largest(m.country)[0].name
	return b.load(ctx, rollup.SourceTitleDay, func(yield func(*duck.Cell) bool) {
		for _, day := range b.days(100) {
			days := []int64{day}
			c := b.begin(day, rollup.FaceAll)
			b.played(c, int64(m.plays))
			c.Sketches = append(c.Sketches, b.sketchOf(rollup.Viewers, m.audienceOf(min(m.plays*m.rates.ViewersPerPlay, m.viewers*0.4)), days, "all"))
			if !yield(c) {
				return
			}
			for i := range m.byID {
				t := &m.byID[i]
				c := b.begin(day, rollup.FaceTitle, t.id)
				plays := m.plays * t.weight
				b.played(c, int64(plays))
				a := m.audienceOf(plays * m.rates.ViewersPerPlay)
				if b.asked(t) || b.launchedOrPeer(t) {
					c.Sketches = append(c.Sketches, b.sketchOf(rollup.Viewers, a, days, t.id))
				} else {
					c.Sketches = append(c.Sketches, aboutSketch(rollup.Viewers, a, 1, uint64(day)+uint64(i)))
				}
				b.held(c, t, a, days)
				if !yield(c) {
					return
				}
			}
			if day < last {
				continue
			}
			if !b.titleCountries(day, top, yield) {
				return
			}
		}
	})
}

// titleCountries are a day's cells of titles in countries. The first 1,000 titles
// are those that a ranking has to look at: their sketches are there in every country
// that is built.
func (b *builder) titleCountries(day int64, top string, yield func(*duck.Cell) bool) bool {
	m, days := b.m, []int64{day}
	for i := range m.byID {
		t := &m.byID[i]
		for j, country := range m.country {
			if country.name != top && j%b.thin != i%b.thin {
				continue
			}
			plays := m.plays * t.weight * country.share
			n := poisson(rand.New(rand.NewPCG(seedOf(t.id, country.name), uint64(day))), plays)
			if n == 0 {
				continue
			}
			c := b.begin(day, rollup.FaceTitleCountry, t.id, country.name)
			b.played(c, n)
			if a := m.audienceOf(plays * m.rates.ViewersPerPlay); t.rank < 1000 {
				c.Sketches = append(c.Sketches, b.sketchOf(rollup.Viewers, a, days, t.id, country.name))
			} else {
				c.Sketches = append(c.Sketches, aboutSketch(rollup.Viewers, a, 1, uint64(day)+uint64(i*1000+j)))
			}
			if !yield(c) {
				return false
			}
		}
	}
	return true
}

// affinities are weeks and days of titles by taste, six weeks of them.
func (b *builder) affinities(ctx context.Context) error {
	weeks, single := weeksAndDays(b.days(42), b.m.end.UnixMilli())
	if err := b.affinityCells(ctx, rollup.SourceAffinityDay, single); err != nil {
		return err
	}
	return b.affinityCells(ctx, rollup.SourceAffinityWeek, weeks)
}

func (b *builder) affinityCells(ctx context.Context, source rollup.Source, list []stretch) error {
	m := b.m
	return b.load(ctx, source, func(yield func(*duck.Cell) bool) {
		for _, s := range list {
			day, days := s.bucket, s.days
			put := func(face rollup.Face, plays float64, images bool, keys ...string) bool {
				c := b.begin(day, face, keys...)
				a := m.audienceOf(min(plays*m.rates.ViewersPerPlay, m.viewers*0.4))
				n := poisson(rand.New(rand.NewPCG(seedOf(keys...), uint64(day))), plays*float64(len(days)))
				if n == 0 {
					return true
				}
				c.Measures[rollup.Plays], c.Measures[rollup.KnownPlays] = n, n
				if images {
					c.Sketches = append(c.Sketches, b.sketchOf(rollup.Viewers, a, days, append([]string{"taste"}, keys...)...))
				} else {
					c.Sketches = append(c.Sketches, aboutSketch(rollup.Viewers, a, len(days), seedOf(keys...)^uint64(day)))
				}
				return yield(c)
			}
			if !put(0, m.plays, true) {
				return
			}
			for i := range m.byID {
				if t := &m.byID[i]; !put(1, m.plays*t.weight, b.asked(t), t.id) {
					return
				}
			}
			for _, a := range m.affinity {
				if !put(2, m.plays*a.share, true, a.name) {
					return
				}
			}
			for i := range m.byID {
				t := &m.byID[i]
				if !b.asked(t) && !b.near(i, float64(m.affinities)*2) {
					continue
				}
				for _, a := range m.affinity {
					if !put(3, m.plays*t.weight*a.share, b.asked(t), t.id, a.name) {
						return
					}
				}
			}
		}
	})
}

// labels are days of genres, and of genres in countries.
func (b *builder) labels(ctx context.Context) error {
	m := b.m
	return b.load(ctx, rollup.SourceLabelDay, func(yield func(*duck.Cell) bool) {
		for _, day := range b.days(m.shape.days) {
			put := func(face rollup.Face, plays float64, keys ...string) bool {
				c := b.begin(day, face, keys...)
				b.played(c, int64(plays))
				a := m.audienceOf(min(plays*m.rates.ViewersPerPlay, m.viewers*0.4))
				c.Sketches = append(c.Sketches, aboutSketch(rollup.Viewers, a, 1, seedOf(keys...)^uint64(day)))
				return yield(c)
			}
			if !put(0, m.plays) {
				return
			}
			for _, c := range m.country {
				if !put(1, m.plays*c.share, c.name) {
					return
				}
			}
			for _, g := range m.genre {
				if !put(2, m.plays*g.share, g.name) {
					return
				}
			}
			for _, g := range m.genre {
				for _, c := range m.country {
					if !put(3, m.plays*g.share*c.share, g.name, c.name) {
						return
					}
				}
			}
			for i, share := range zipf(people, 0.8, 3) {
				if !put(6, m.plays*share*4, person(i)) {
					return
				}
			}
		}
	})
}

func writeCatalog(m *model, path string) error {
	var s strings.Builder
	s.WriteString("id,name,kind,minutes,genres,launched\n")
	for i := range m.byID {
		t := &m.byID[i]
		fmt.Fprintf(&s, "%s,Film %s,movie,90,%s,%s\n", t.id, t.id[:5], m.genre[t.genre].name, t.launched.Format(time.DateOnly))
	}
	return os.WriteFile(path, []byte(s.String()), 0o600)
}
