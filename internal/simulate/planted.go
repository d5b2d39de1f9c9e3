package simulate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"playhead/internal/catalog"
)

// Worlds are the audiences that can be simulated beside the plain one: planted
// has truths that insights are to find; the others have none, and traps for who
// takes chance, place or audience for the artwork. null has all traps at once,
// each on a fifth of the titles.
func Worlds() []string {
	return []string{worldPlanted, worldNull, trapPosition, trapPersonal, trapSimpson, trapNovelty, trapUnequal}
}

const (
	worldPlanted = "planted"
	worldNull    = "null"
	// Traps. Position: one picture is mostly shown first. Personal: pictures go to
	// those who like the title anyhow. Simpson: one picture is shown most where
	// little is taken. Novelty: what is new is taken more for some days. Unequal:
	// few viewers see most of it, and take otherwise.
	trapPosition = "position"
	trapPersonal = "personalised"
	trapSimpson  = "simpson"
	trapNovelty  = "novelty"
	trapUnequal  = "unequal"
)

// TruthPlanted is one thing that a world has on purpose.
type TruthPlanted struct {
	// Kind: winner, clickbait, hidden_gem, better_for_affinity, rising, not_shown,
	// unmet_search or under_promoted.
	Kind     string `json:"kind"`
	Title    string `json:"title,omitempty"`
	Creative string `json:"creative,omitempty"`
	Country  string `json:"country,omitempty"`
	// Label is "kind:value": whom a creative is better for, or what rises.
	Label string `json:"label,omitempty"`
	// Queries are the spellings of one wish.
	Queries []string `json:"queries,omitempty"`
	// From is since when it holds, epoch ms; 0 is all the time.
	From int64 `json:"from,omitempty"`
	// Effect is the factor: on the chance to take (or, of what rises, to choose) it.
	Effect float64 `json:"effect,omitempty"`
	// Keep is the factor on the chance that who takes it completes it.
	Keep float64 `json:"keep,omitempty"`
}

// worldLength is how much time a world spans, ms: as much as a server takes,
// for what is compared with earlier weeks.
const worldLength = 29 * dayMS

// Counts of what a world's catalogue has.
const (
	worldFilms    = 40
	worldShows    = 4
	worldSeasons  = 2
	worldEpisodes = 3
	worldPictures = 4
	// worldNew are the last films: they launched newAge days before the end.
	worldNew = 3
	newAge   = 9
	lateAge  = 15
)

// WorldCatalog is what is watched in a world that ends at end: short films, shows
// with seasons and episodes, and a few titles that are new. A server must know it
// before it is sent to.
func WorldCatalog(end time.Time) *catalog.Catalog {
	day := end.UTC().Truncate(24 * time.Hour)
	var titles []catalog.Title
	for _, t := range catalog.DemoAsOf(1, day).Titles() {
		if t.Kind == catalog.Live || len(titles) >= worldFilms+worldShows {
			continue
		}
		n := len(titles)
		t.Kind, t.RuntimeMS = catalog.Movie, int64(6+n%4)*60_000
		t.Launched = day.AddDate(0, 0, -150-n*3).UnixMilli()
		if n == 0 { // when it comes, tastes are known: those who like it have not watched it before
			t.Launched = day.AddDate(0, 0, -lateAge).UnixMilli()
		}
		if n >= worldFilms-worldNew && n < worldFilms {
			t.Launched = day.AddDate(0, 0, -newAge).UnixMilli()
		}
		if n >= worldFilms {
			t.Kind, t.RuntimeMS = catalog.Series, 0
		}
		t.Creatives = nil
		for i := range worldPictures {
			id := fmt.Sprintf("%s-p%d", t.ID, i+1)
			t.Creatives = append(t.Creatives, catalog.Creative{ID: id, Kind: catalog.Poster, Image: "/art/" + t.ID + "/" + id + ".svg"})
		}
		titles = append(titles, t)
	}
	for _, show := range titles[worldFilms:] {
		for s := range worldSeasons {
			season := show
			season.ID, season.Name = fmt.Sprintf("%s-s%d", show.ID, s+1), fmt.Sprintf("%s, season %d", show.Name, s+1)
			season.Kind, season.Show, season.Creatives = catalog.Season, show.ID, nil
			titles = append(titles, season)
			for e := range worldEpisodes {
				episode := season
				episode.ID, episode.Name = fmt.Sprintf("%s-e%d", season.ID, e+1), fmt.Sprintf("%s, episode %d", season.Name, e+1)
				episode.Kind, episode.Show, episode.RuntimeMS = catalog.Episode, season.ID, 7*60_000
				titles = append(titles, episode)
			}
		}
	}
	c, err := catalog.New(titles)
	if err != nil {
		panic("the catalogue of the simulated worlds is broken: " + err.Error()) // a test proves that it is not
	}
	return c
}

func checkWorld(name string) error {
	if name != "" && !slices.Contains(Worlds(), name) {
		return fmt.Errorf("there is no world %q; use one of %s", name, strings.Join(Worlds(), ", "))
	}
	return nil
}
