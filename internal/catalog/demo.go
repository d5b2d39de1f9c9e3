package catalog

import (
	"math/rand/v2"
	"strings"
	"time"
	"unicode"
)

// demoDay is the day the demo catalogue stands at unless told otherwise.
var demoDay = time.Date(2026, time.November, 20, 0, 0, 0, 0, time.UTC)

// Demo is the invented catalogue of about 200 titles. The same seed gives the
// same catalogue; ids, names and genres are the same for every seed.
func Demo(seed uint64) *Catalog { return DemoAsOf(seed, demoDay) }

// DemoAsOf is Demo with launch dates that stand in relation to day: a few titles
// are new that week, most are months or years old.
func DemoAsOf(seed uint64, day time.Time) *Catalog {
	lines := strings.Split(strings.TrimSpace(demoNames), "\n")
	titles := make([]Title, 0, len(lines))
	for i, line := range lines {
		part := strings.Split(line, "|")
		rng := rand.New(rand.NewPCG(seed, uint64(i)+1))
		titles = append(titles, demoTitle(rng, part[0], part[1], strings.Split(part[2], ","), day))
	}
	c, err := New(titles)
	if err != nil {
		panic("the demo catalogue is broken: " + err.Error()) // a test proves that it is not
	}
	return c
}

var demoKinds = map[string]Kind{"m": Movie, "s": Series, "p": Special, "l": Live}

func demoTitle(rng *rand.Rand, name, kind string, genres []string, day time.Time) Title {
	t := Title{
		ID: Slug(name), Name: name, Kind: demoKinds[kind], Genres: genres,
		Hue: (genreHue[genres[0]] + rng.IntN(60) + 330) % 360,
	}
	place := pickWeighted(rng, demoPlaces)
	t.Language, t.Origin = place.language, place.origin
	t.RuntimeMS = demoRuntime(rng, t.Kind, genres[0])
	t.Launched = demoLaunch(rng, day)
	launched := time.UnixMilli(t.Launched).UTC()
	t.Year = launched.Year() - min(int(rng.ExpFloat64()*2.2), 28)
	t.Themes = sample(rng, themesOf(genres), 2+rng.IntN(2))
	if t.Kind != Live {
		t.Cast = demoCast(rng, place, genres[0])
	}
	posters, stills := 2+rng.IntN(3), 2+rng.IntN(2)
	for i := range posters {
		t.Creatives = append(t.Creatives, demoCreative(t.ID, Poster, i))
	}
	for i := range stills {
		t.Creatives = append(t.Creatives, demoCreative(t.ID, Still, i))
	}
	for i := range t.Creatives {
		t.Creatives[i].Tags = compositionOf(t, t.Creatives[i]).tags
	}
	return t
}

func demoCreative(title string, shape Shape, i int) Creative {
	id := title + "-" + string(shape[:1]) + string(rune('1'+i))
	return Creative{ID: id, Kind: shape, Image: "/art/" + title + "/" + id + ".svg"}
}

func demoRuntime(rng *rand.Rand, kind Kind, genre string) int64 {
	minutes := 0.0
	switch {
	case kind == Live:
		return 0
	case kind == Series && (genre == "comedy" || genre == "animation" || genre == "family"):
		minutes = 20 + rng.Float64()*12
	case kind == Series:
		minutes = 38 + rng.Float64()*24
	case kind == Special:
		minutes = 52 + rng.Float64()*30
	case genre == "animation" || genre == "family":
		minutes = 78 + rng.Float64()*24
	default:
		minutes = 86 + rng.Float64()*rng.Float64()*64
	}
	return int64(minutes*60) * 1000
}

func demoLaunch(rng *rand.Rand, day time.Time) int64 {
	day = day.UTC().Truncate(24 * time.Hour)
	age := int(rng.ExpFloat64() * 420)
	switch {
	case rng.IntN(14) == 0:
		age = rng.IntN(8)
	case rng.IntN(8) == 0:
		age = 8 + rng.IntN(52)
	}
	return day.AddDate(0, 0, -min(age, 2200)).UnixMilli()
}

func themesOf(genres []string) []string {
	var all []string
	for _, g := range genres {
		all = append(all, genreThemes[g]...)
	}
	return append(all, "found family", "second chances", "small town")
}

func demoCast(rng *rand.Rand, place demoPlace, genre string) []string {
	n := 3 + rng.IntN(3)
	if genre == "documentary" {
		n = 1 + rng.IntN(2)
	}
	cast := make([]string, 0, n)
	for len(cast) < n {
		pool := place.names
		if rng.IntN(4) == 0 {
			pool = demoPlaces[rng.IntN(len(demoPlaces))].names
		}
		first, last := demoPeople[pool][0], demoPeople[pool][1]
		person := first[rng.IntN(len(first))] + " " + last[rng.IntN(len(last))]
		if !contains(cast, person) {
			cast = append(cast, person)
		}
	}
	return cast
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// sample takes n different values in an order of chance.
func sample(rng *rand.Rand, from []string, n int) []string {
	var out []string
	for _, i := range rng.Perm(len(from)) {
		if len(out) < n && !contains(out, from[i]) {
			out = append(out, from[i])
		}
	}
	return out
}

func pickWeighted(rng *rand.Rand, places []demoPlace) demoPlace {
	total := 0
	for _, p := range places {
		total += p.weight
	}
	at := rng.IntN(total)
	for _, p := range places {
		if at -= p.weight; at < 0 {
			return p
		}
	}
	return places[0]
}

// Slug makes a short id of letters, digits and hyphens from a name.
func Slug(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(name) {
		switch {
		case r == '\'' || r == '’':
		case unicode.IsLetter(r) && r < 128 || unicode.IsDigit(r) && r < 128:
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		default:
			gap = true
		}
	}
	return b.String()
}
