package study

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/rollup"
	"playhead/internal/sketch"
)

// crowd is a sample of viewers, and audiences.
type crowd struct {
	sample *rollup.Sample
	sets   map[string]*sketch.Theta
}

func (c *crowd) Sample(context.Context, rollup.SampleScan) (*rollup.Sample, error) {
	return c.sample, nil
}

func (c *crowd) Scan(_ context.Context, s rollup.Scan) (*rollup.Result, error) {
	res := &rollup.Result{FreshTo: now.UnixMilli(), Engine: "crowd"}
	for _, id := range s.Where[0].In {
		if c.sets[id] != nil {
			g := rollup.Group{Keys: []string{id}, Sketches: rollup.NewSketches(s.Sketches)}
			g.Sketches.Theta(rollup.Audience).Merge(c.sets[id])
			res.Groups = append(res.Groups, g)
		}
	}
	return res, nil
}

// newCrowd has 4,000 viewers: all watch "news", the even ones in DE, every fourth
// "film"; one watches "rare".
func newCrowd() *crowd {
	c := &crowd{sample: rollup.NewSample(rollup.SampleScan{From: 0, To: 1 << 60}, rollup.NewDays(time.UTC)), sets: map[string]*sketch.Theta{}}
	watch := func(viewer int, title, country string) {
		var key [16]byte
		copy(key[:], fmt.Sprintf("v%06d", viewer))
		c.sample.Add(rollup.SampleRow{Day: now.Add(-day).UnixMilli(), Hash: rollup.SampleHash(key), Title: title, Country: country, DeviceType: "tv", Plays: 1, MediaMS: 60_000})
		if c.sets[title] == nil {
			c.sets[title] = new(sketch.Theta)
		}
		c.sets[title].Add(key)
	}
	for v := range 4000 {
		country := "US"
		if v%2 == 0 {
			country = "DE"
		}
		watch(v, "news", country)
		if v%4 == 0 {
			watch(v, "film", country)
		}
	}
	watch(7, "rare", "US")
	return c
}

func audiences(c *crowd) *Service {
	return New(Options{
		Asker: &cube{}, Titles: shelf{{ID: "film", Genres: []string{"crime"}}, catalog.Title{ID: "news"}}, Viewers: c, MinViewers: 5,
		Clock: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler),
	})
}

// TestSize: the truth is in the interval, of everybody's and of a part's sample;
// small audiences and small complements are not told.
func TestSize(t *testing.T) {
	c := newCrowd()
	s := audiences(c)
	film := Condition{"genre", []string{"crime"}}
	for _, share := range []float64{1, 0.25} {
		c.sample.Limit(uint64(share * (1 << 63) * 1.999999))
		got, err := s.Size(context.Background(), SizeAsk{All: []Condition{film, {"country", []string{"DE"}}}})
		if err != nil {
			t.Fatal(err)
		}
		r := got.Rows[0]
		if r.Kind != "size" || *r.Low > 1000 || *r.High < 1000 {
			t.Errorf("sample of %v: %+v, want 1000", share, r)
		}
		top := map[string]float64{}
		for _, r := range got.Rows[1:] {
			top[r.Entity] = *r.Estimate
		}
		if top["country:DE"] < 1.7 || top["title:film"] < 3 || top["device_type:tv"] > 1.1 {
			t.Errorf("profile %v", top)
		}
		if got, err = s.Size(context.Background(), SizeAsk{All: []Condition{{"title", []string{"news"}}}, None: []Condition{film}}); err != nil || *got.Rows[0].Low > 3000 || *got.Rows[0].High < 3000 {
			t.Errorf("who did not watch it: %+v %v", got.Rows[0], err)
		}
	}
	c = newCrowd()
	s = audiences(c)
	for _, q := range []SizeAsk{{All: []Condition{{"title", []string{"rare"}}}}, {None: []Condition{{"title", []string{"rare"}}}}} {
		if got, err := s.Size(context.Background(), q); err != nil || got.Rows[0].Estimate != nil || len(got.Rows) != 1 || got.Meta.Suppressed != 1 {
			t.Errorf("%+v tells of one viewer: %+v %v", q, got, err)
		}
	}
	if _, err := s.Size(context.Background(), SizeAsk{}); err == nil {
		t.Error("no condition is answered")
	}
}

// TestBeside: how many are in two audiences, unless too few are in both or in one.
func TestBeside(t *testing.T) {
	c := newCrowd()
	s := audiences(c)
	film, german := Condition{"title", []string{"film"}}, Condition{"country", []string{"DE"}}
	q := SizeAsk{All: []Condition{film}, Beside: []Audience{
		{Name: "news in Germany", All: []Condition{{"title", []string{"news"}}, german}},
		{Name: "news without film", All: []Condition{{"title", []string{"news"}}}, None: []Condition{film}},
		{Name: "rare", All: []Condition{{"title", []string{"rare"}}}},
	}}
	for _, share := range []float64{1, 0.25} {
		c.sample.Limit(uint64(share * (1 << 63) * 1.999999))
		got, err := s.Size(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]Row{}
		for _, r := range got.Rows {
			if r.Kind == "overlap" {
				by[r.Entity] = r
			}
		}
		r := by["news in Germany"] // all 1000 who watched the film, of 2000
		if r.Estimate == nil || *r.Low > 1000 || *r.High < 1000 || r.Evidence["share_of_audience"] == nil {
			t.Errorf("sample of %v: %+v, want 1000", share, r)
		} else if part := *r.Evidence["share_of_other"].(*float64); part < 0.4 || part > 0.6 {
			t.Errorf("sample of %v: %v of the others, want half", share, part)
		}
		if r = by["news without film"]; r.Estimate == nil || *r.Estimate != 0 {
			t.Errorf("sample of %v: %+v, want nobody", share, r)
		}
		if r, there := by["rare"]; !there || r.Estimate != nil || got.Meta.Suppressed != 1 {
			t.Errorf("sample of %v: one viewer is told: %+v", share, r)
		}
	}
	for _, bad := range [][]Audience{make([]Audience, 9), {{Name: "a"}}, {{All: q.All}}, {{Name: "a", All: q.All}, {Name: "a", All: q.All}}} {
		if _, err := s.Size(context.Background(), SizeAsk{All: q.All, Beside: bad}); err == nil {
			t.Errorf("%+v is answered", bad)
		}
	}
}

func TestOverlap(t *testing.T) {
	got, err := audiences(newCrowd()).Overlap(context.Background(), OverlapAsk{Titles: []string{"film", "news", "rare"}})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Row{}
	for _, r := range got.Rows {
		by[r.Entity] = r
	}
	if r := by["film & news"]; r.Kind != "overlap" || *r.Low > 1000 || *r.High < 1000 || *by["news"].Low > 4000 || *by["news"].High < 4000 {
		t.Errorf("rows %+v", got.Rows)
	}
	if by["rare"].Estimate != nil || by["news & rare"].Estimate != nil {
		t.Errorf("one viewer is told: %+v", got.Rows)
	}
}
