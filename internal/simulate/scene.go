package simulate

import (
	"math"
	"slices"

	"playhead/internal/catalog"
	"playhead/internal/event"
)

// scene is a world with something on purpose, or with traps. It may be read from
// many goroutines.
type scene struct {
	name string
	w    *world
	// begin and end are the world's, epoch ms.
	begin, end int64
	planted    []TruthPlanted

	shelf    []int32           // titles that have artwork: films and shows
	episodes map[int32][]int32 // of a show
	arts     map[artwork]effect
	take     []float64 // of a title: the chance that who looks at it takes it
	keep     []float64 // … that who takes it completes it

	blocked   int32 // title that is not shown in shutOut
	shutOut   uint8
	hidden    int32 // title that is little shown
	rising    string
	risesIn   uint8
	risesFrom int64
}

// artwork is one creative of a title, by index.
type artwork struct{ title, creative int32 }

// effect is what is off about a creative. likes limits it to those who like a genre.
type effect struct {
	take, keep float64
	likes      string
}

// choice is what a page led to.
type choice struct {
	title int32 // what is played; −1 is nothing
	keep  float64
}

const (
	// likeShare of viewers like one genre, so much more than others do.
	likeShare = 0.75
	likeTake  = 2.5
	likeSeek  = 12.0
	// riseTake and riseSeek are how much more what rises is chosen.
	riseTake, riseSeek = 3.0, 12.0
	riseDays           = 8
	risingGenre        = "crime"
	// sceneTake is how often a title is taken that is looked at, sceneKeep how often
	// who takes it sees it to its end.
	sceneTake, sceneKeep = 0.10, 0.5
)

// newScene plants what a world has. The world's titles are those of WorldCatalog.
func newScene(name string, w *world, begin, end int64) *scene {
	s := &scene{
		name: name, w: w, begin: begin, end: end, episodes: map[int32][]int32{}, arts: map[artwork]effect{},
		blocked: -1, hidden: -1, risesFrom: math.MaxInt64,
	}
	c := newChance(w.seed, 0x5ce4e)
	s.take, s.keep = make([]float64, len(w.titles)), make([]float64, len(w.titles))
	at := map[string]int32{}
	for i := range w.titles {
		t := &w.titles[i]
		at[t.ID] = int32(i)
		switch t.Kind {
		case catalog.Episode:
			show := at[w.titles[at[t.Show]].Show]
			s.episodes[show] = append(s.episodes[show], int32(i))
		case catalog.Season:
		default:
			s.shelf = append(s.shelf, int32(i))
		}
		s.take[i], s.keep[i] = sceneTake*math.Exp(0.35*c.NormFloat64()), math.Min(0.8, sceneKeep*math.Exp(0.2*c.NormFloat64()))
		for k := range t.Creatives {
			s.arts[artwork{int32(i), int32(k)}] = effect{take: math.Exp(0.08 * c.NormFloat64()), keep: 1}
		}
	}
	w.ranks = slices.Clone(s.shelf)
	weights := make([]float64, len(w.ranks))
	for i := range weights {
		weights[i] = 1 / math.Sqrt(math.Max(float64(i)-5, 0)+2)
	}
	w.popular = newAlias(weights)
	if name == worldPlanted {
		s.plant()
	}
	return s
}

// likeable are genres that a few titles of WorldCatalog have: who likes what
// everybody watches is not told from the others.
var likeable = [...]string{"horror", "history"}

// plant puts the truths in, on titles with enough traffic to be told.
func (s *scene) plant() {
	w := s.w
	off := func(kind string, title, creative int32, e effect) {
		t := &w.titles[title]
		s.arts[artwork{title, creative}] = e
		p := TruthPlanted{Kind: kind, Title: t.ID, Creative: t.Creatives[creative].ID, Effect: e.take, Keep: e.keep}
		if e.likes != "" {
			p.Label = "genre:" + e.likes
		}
		s.planted = append(s.planted, p)
	}
	for i, title := range s.shelf[:6] { // the affinity's is the most shown: fewest viewers tell it
		s.take[title] = sceneTake // neither too rare nor too common to tell
		switch k := int32(i % worldPictures); i {
		case 0:
			off("better_for_affinity", title, k, effect{take: 9, keep: 1, likes: likeable[0]})
		case 1, 2:
			off("clickbait", title, k, effect{take: 2.5, keep: 0.1})
			s.keep[title] = 0.7
		case 3, 5: // not the fourth: who likes its genre would take its gem all the same
			off("hidden_gem", title, k, effect{take: 0.3, keep: 5})
			s.take[title], s.keep[title] = 3*sceneTake, 0.18
		case 4:
			off("winner", title, k, effect{take: 2.4, keep: 1})
		}
	}
	show := s.shelf[worldFilms] // whose takes are of episodes
	s.take[show] = sceneTake
	off("winner", show, 1, effect{take: 2.4, keep: 1})

	s.blocked, s.shutOut = s.shelf[worldFilms-1], 0 // a new title has few viewers but where most are
	s.planted = append(s.planted, TruthPlanted{Kind: "not_shown", Title: w.titles[s.blocked].ID, Country: w.countries[s.shutOut].code, From: w.titles[s.blocked].Launched})
	s.hidden = s.shelf[12]
	s.keep[s.hidden] = 0.95
	s.planted = append(s.planted, TruthPlanted{Kind: "under_promoted", Title: w.titles[s.hidden].ID})
	s.rising, s.risesIn, s.risesFrom = risingGenre, 0, s.end-riseDays*dayMS
	s.planted = append(s.planted,
		TruthPlanted{Kind: "rising", Label: "genre:" + s.rising, Country: w.countries[s.risesIn].code, From: s.risesFrom, Effect: riseSeek},
		TruthPlanted{Kind: "unmet_search", Queries: absentQueries[:]})
}

// likes is the genre that a viewer likes, "" none.
func (s *scene) likes(who *person) string {
	h := mix(s.w.seed ^ mix(uint64(who.number)+0x11ce))
	if float64(h>>40)/(1<<24) >= likeShare {
		return ""
	}
	return likeable[h%uint64(len(likeable))]
}

// trap is the trap that a title is set in.
func (s *scene) trap(title int32) string {
	switch s.name {
	case worldPlanted:
		return ""
	case worldNull:
		return Worlds()[2+title%5]
	}
	return s.name
}

// draw is a title of the shelf that may be seen there and then, by how likely
// weight says that it is, at most most.
func (s *scene) draw(c *chance, who *person, at int64, most float64, weight func(title int32) float64) int32 {
	for {
		t := s.shelf[s.w.popular.draw(c)]
		if s.w.titles[t].Launched > at || t == s.blocked && who.country == s.shutOut {
			continue
		}
		if c.Float64()*most < weight(t) {
			return t
		}
	}
}

// shown is a title for a page: the service does not know what viewers like.
func (s *scene) shown(c *chance, who *person, at int64) int32 {
	return s.draw(c, who, at, 1, func(t int32) float64 {
		if t == s.hidden {
			return 0.06
		}
		return 1
	})
}

// sought is a title that a viewer comes for.
func (s *scene) sought(c *chance, who *person, at int64) int32 {
	like := s.likes(who)
	return s.draw(c, who, at, likeSeek*riseSeek, func(t int32) float64 {
		weight := 1.0
		if slices.Contains(s.w.titles[t].Genres, like) {
			weight *= likeSeek
		}
		if s.rises(t, who, at) {
			weight *= riseSeek
		}
		return weight
	})
}

func (s *scene) rises(title int32, who *person, at int64) bool {
	return at >= s.risesFrom && who.country == s.risesIn && slices.Contains(s.w.titles[title].Genres, s.rising)
}

// chance is how likely a viewer takes a piece of artwork.
func (s *scene) chance(v *browse, who *person) float64 {
	p, like, t := s.take[v.title], s.likes(who), &s.w.titles[v.title]
	e := s.arts[artwork{v.title, v.creative}]
	if e.likes == "" || e.likes == like {
		p *= e.take
	}
	if slices.Contains(t.Genres, like) {
		p *= likeTake
	}
	if s.rises(v.title, who, v.time) {
		p *= riseTake
	}
	p *= 1.2 / (1 + 0.15*float64(v.rank)) // what comes first is looked at more
	switch s.trap(v.title) {
	case trapSimpson:
		p *= [2]float64{0.6, 1.8}[who.country%2]
	case trapNovelty:
		if age := v.time - s.firstShown(v.title, v.creative); age >= 0 && v.creative == worldPictures-1 {
			p *= 1 + 1.2*math.Exp(-float64(age)/(3*dayMS))
		}
	case trapUnequal:
		if heavy(who) {
			p *= 0.5
		}
	}
	return min(p, 0.9)
}

// firstShown is when a creative is first shown: in the trap of novelty one comes late.
func (s *scene) firstShown(title, creative int32) int64 {
	if s.trap(title) == trapNovelty && creative == worldPictures-1 {
		return s.end - 9*dayMS
	}
	return s.begin
}

// heavy viewers are a tenth, who see most.
func heavy(who *person) bool { return mix(uint64(who.number)^0x4ea51)%10 == 0 }

// picture says which creative of v.title a viewer is shown at v.rank, and with
// which propensity: 0 where the service does not tell it.
func (s *scene) picture(c *chance, who *person, v *browse) {
	n := int32(worldPictures)
	other := func() int32 { return int32(c.IntN(int(n))) }
	v.creative, v.propensity = other(), 1/float64(n)
	favour := func(creative int32, often float64) {
		v.propensity = 0
		if c.yes(often) {
			v.creative = creative
		}
	}
	switch s.trap(v.title) {
	case trapPosition:
		if v.rank == 0 {
			favour(0, 0.6)
		} else {
			favour(1+other()%(n-1), 0.6)
		}
	case trapPersonal:
		if slices.Contains(s.w.titles[v.title].Genres, s.likes(who)) {
			favour(2, 0.6)
		} else {
			favour(other(), 1)
		}
	case trapSimpson:
		if who.country%2 == 0 {
			favour(0, 0.5)
		} else {
			favour(1, 0.5)
		}
	case trapNovelty:
		if v.propensity = 0; v.time < s.firstShown(v.title, v.creative) {
			v.creative = other() % (n - 1)
		}
	}
}

// scene is what happens in a visit before its first play: a page of artwork,
// a search, or nothing, and the choice.
func (g *generator) scene(s *session, now int64) {
	c, sc := g.c, g.stage
	s.chosen = choice{title: -1}
	s.binge = 0.3
	switch u := c.Float64(); {
	case u < 0.07:
		g.wish(s, now)
		return
	case u < 0.32:
		s.chosen = choice{sc.sought(c, &s.who, now), sceneKeep}
		s.chosen.keep = sc.keep[s.chosen.title]
		return
	}
	pages := 1
	if sc.name == worldNull || sc.name == trapUnequal {
		if heavy(&s.who) {
			pages = 4
		}
	}
	for range pages {
		if g.offer(s, now); s.chosen.title >= 0 {
			return
		}
		now = s.browse[len(s.browse)-1].time + c.between(15_000, 60_000)
	}
}

// offer is a row of artwork, looked at until something is taken.
func (g *generator) offer(s *session, now int64) {
	c, sc := g.c, g.stage
	row, n := int32(c.IntN(len(placements)-1)), 4+c.IntN(4)
	for rank := range int32(n) {
		v := g.glance(now, event.Impression)
		v.title, v.rank, v.row, v.impression = sc.shown(c, &s.who, now), rank, row, v.id
		sc.picture(c, &s.who, &v)
		s.browse = append(s.browse, v)
		now += c.between(1_000, 3_000)
		if c.yes(sc.chance(&v, &s.who)) {
			s.chosen = choice{v.title, sc.keep[v.title] * sc.arts[artwork{v.title, v.creative}].keep}
			v.kind, v.time, v.id = event.Select, now, mix(v.id)
			s.browse = append(s.browse, v)
			return
		}
	}
}

// wish is a search: for something that is there, or in the planted world also for
// something that is not.
func (g *generator) wish(s *session, now int64) {
	c := g.c
	v := g.glance(now, event.Search)
	v.query, v.hits = int32(c.IntN(len(queries))), int32(1+c.IntN(11))
	if g.stage.name == worldPlanted && c.yes(0.35) {
		v.query, v.hits = int32(len(queries)+c.IntN(len(absentQueries))), 0
	}
	s.browse = append(s.browse, v)
	if v.hits > 0 && c.yes(0.85) {
		found := g.glance(now+c.between(2_000, 20_000), event.Select)
		found.title, found.search, found.rank = g.stage.sought(c, &s.who, now), v.id, int32(c.IntN(int(v.hits)))
		s.browse = append(s.browse, found)
		s.chosen = choice{found.title, g.stage.keep[found.title]}
	}
}

// briefed fills in the next play of a session in a scene; false when there is none.
func (g *generator) briefed(s *session, b *brief) bool {
	t := s.chosen.title
	if t < 0 {
		return false
	}
	b.keep, b.plain, b.beat, b.early = min(s.chosen.keep, 0.97), true, pastBeat, pastEarly
	if list := g.stage.episodes[t]; list != nil {
		t = list[g.c.IntN(len(list))] // the next play is of the same show
	} else {
		s.chosen.title = -1
	}
	b.title = t
	return true
}
