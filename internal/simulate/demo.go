package simulate

import (
	"slices"

	"playhead/internal/catalog"
)

// demoPlants are what the demo's audience has on purpose, so that its pages have
// something true to show.
type demoPlants struct {
	arts map[artwork]effect
	// blocked is a new title that is not there in shutOut, hidden one that is hardly
	// shown and held to by those who find it; −1 none.
	blocked, hidden int32
	shutOut         uint8
	// rising are the titles of a genre that is chosen more in a country of late.
	rising    []int32
	risesIn   uint8
	risesFrom int64 // epoch ms
	planted   []TruthPlanted
}

const (
	demoRising    = "western"
	demoRiseDays  = 6
	demoRiseShare = 0.3 // of what is watched in that country
	// demoNewDays is how long ago the title that is missing somewhere came.
	demoNewDays = 21
)

// newDemoWorld is the world of the demo's past and of its crowd: end is where the
// one ends and the other begins, epoch ms.
func newDemoWorld(seed uint64, titles []catalog.Title, end int64) *world {
	w := newWorld(seed, titles)
	d := &demoPlants{
		arts: map[artwork]effect{}, blocked: -1, hidden: -1, shutOut: uint8(5), risesFrom: end - demoRiseDays*dayMS,
	}
	w.demo = d
	var known []int32 // films with some pictures that have been there for long, most popular first
	for _, t := range w.ranks {
		title := &w.titles[t]
		age := (end - title.Launched) / dayMS
		switch {
		case title.Kind == catalog.Live || len(title.Creatives) < 4:
		case age > 60:
			known = append(known, t)
		case age >= 2 && age <= demoNewDays && d.blocked < 0:
			d.blocked = t
		}
		if slices.Contains(title.Genres, demoRising) && title.Launched < d.risesFrom {
			d.rising = append(d.rising, t)
		}
	}
	if len(known) < 30 || len(d.rising) == 0 {
		return w // another catalogue than the demo's: nothing is planted
	}
	for _, p := range []struct {
		kind           string
		rank, creative int32
		effect
	}{
		{"clickbait", 1, 1, effect{take: 2.4, keep: 0.3}},
		{"clickbait", 6, 2, effect{take: 2.4, keep: 0.3}},
		{"hidden_gem", 2, 3, effect{take: 0.4, keep: 1.6}},
		{"hidden_gem", 8, 0, effect{take: 0.4, keep: 1.6}},
		{"winner", 0, 2, effect{take: 1.8}},
		{"winner", 4, 1, effect{take: 1.8}},
	} {
		t := known[p.rank]
		d.arts[artwork{t, p.creative}] = p.effect
		d.planted = append(d.planted, TruthPlanted{
			Kind: p.kind, Title: w.titles[t].ID, Creative: w.titles[t].Creatives[p.creative].ID, Effect: p.take, Keep: p.keep,
		})
	}
	d.hidden = known[25]
	w.shapes[d.hidden].hold, w.shapes[d.hidden].hook = 0.9, 0.04
	d.planted = append(d.planted,
		TruthPlanted{Kind: "under_promoted", Title: w.titles[d.hidden].ID},
		TruthPlanted{Kind: "rising", Label: "genre:" + demoRising, Country: w.countries[d.risesIn].code, From: d.risesFrom},
		TruthPlanted{Kind: "unmet_search", Queries: absentQueries[:]})
	if d.blocked >= 0 {
		d.planted = append(d.planted, TruthPlanted{Kind: "not_shown", Title: w.titles[d.blocked].ID, Country: w.countries[d.shutOut].code})
	}
	return w
}

// fashion is a title of the genre that rises, when a viewer there chooses one.
func (w *world) fashion(c *chance, who *person, at int64) (title int32, ok bool) {
	d := w.demo
	if d == nil || len(d.rising) == 0 || who.country != d.risesIn || at < d.risesFrom || !c.yes(demoRiseShare) {
		return 0, false
	}
	return d.rising[c.IntN(len(d.rising))], true
}

// missing reports whether a title cannot be had where a viewer is.
func (w *world) missing(title int32, who *person) bool {
	return w.demo != nil && title == w.demo.blocked && who.country == w.demo.shutOut
}

// lead is what a play comes from: a page of artwork, a search, or neither.
type lead struct {
	page, search bool
	creative     int32 // of a page: the one that was chosen
}

// lead decides it from the play's id alone, before the play is planned: how far it
// is watched may depend on the picture that it was chosen by.
func (w *world) lead(id uint64, title int32) lead {
	h := mix(id ^ 0x1ead)
	switch u := float64(h>>11) / (1 << 53); {
	case u < pageShare:
		return lead{page: true, creative: w.drawn(h, title)}
	case u < pageShare+searchShare:
		return lead{search: true}
	}
	return lead{}
}

// keep is how likely a play that came from l is seen to its end; 0 is as usual.
func (w *world) keep(l lead, title int32) float64 {
	if w.demo == nil || !l.page {
		return 0
	}
	return min(w.shapes[title].hold*w.demo.arts[artwork{title, l.creative}].keep, 0.95)
}
