package simulate

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"playhead/internal/catalog"
	"playhead/internal/event"
)

// worldOf generates a world and returns it with its truth.
func worldOf(t *testing.T, name string, events int64) (*generator, *Truth, []string) {
	t.Helper()
	end := time.UnixMilli(testBase + worldLength)
	w := newWorld(4, WorldCatalog(end).Titles())
	stage := newScene(name, w, testBase, end.UnixMilli())
	g := newGenerator(w, 4, testBase, worldLength, 1_000, events)
	g.stage = stage
	var out []string
	if err := g.run(func(d delivery) error {
		if !d.repeat {
			out = append(out, string(d.body))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return g, g.ledger.truth(4, end.UnixMilli()), out
}

// TestWorlds: every world gives as many events as were asked for, over all of its
// month, and attributes plays of episodes to what their show was shown by.
func TestWorlds(t *testing.T) {
	for _, name := range Worlds() {
		g, truth, out := worldOf(t, name, 30_000)
		if g.events != 30_000 || len(out) != 30_000 {
			t.Errorf("%s: %d events, %d of them different", name, g.events, len(out))
		}
		group := truth.Attention[0].Groups[""]
		if group.Takers == 0 || group.Eligible == 0 || group.Searches == 0 {
			t.Errorf("%s: %+v", name, *group)
		}
		days := truth.Families[0].Groups[""].DayViewers
		if late := days[len(days)-4]; late < days[4]/3 {
			t.Errorf("%s: %v viewers a day: it does not reach its end", name, days)
		}
		show := g.w.titles[g.stage.shelf[worldFilms]].ID
		if art := truth.Attention[1].Groups[show]; art == nil || art.Takers == 0 || art.Starters != 0 {
			t.Errorf("%s: what is watched of %s is not of its artwork: %+v", name, show, art)
		}
		if planted := len(g.stage.planted); (planted > 0) != (name == worldPlanted) {
			t.Errorf("%s has %d truths", name, planted)
		}
	}
}

// TestPlantedIsThere: what the truth says of the planted world can be counted in it.
func TestPlantedIsThere(t *testing.T) {
	g, _, out := worldOf(t, worldPlanted, 60_000)
	impressions, selects := map[string]float64{}, map[string]float64{}
	asked := 0
	for _, line := range out {
		id := between(line, `"creative_id":"`)
		switch {
		case strings.HasPrefix(line, `{"type":"impression"`):
			impressions[id]++
			if strings.Contains(line, `"title_id":"`+g.w.titles[g.stage.blocked].ID) && strings.Contains(line, `"country":"`+g.w.countries[g.stage.shutOut].code) {
				t.Fatalf("the missing title is shown: %s", line)
			}
		case strings.HasPrefix(line, `{"type":"select"`):
			selects[id]++
		case strings.Contains(line, absentQueries[0]):
			asked++
		}
	}
	if asked == 0 {
		t.Error("nobody searches for what is not there")
	}
	for _, p := range g.stage.planted {
		if p.Kind != "clickbait" && p.Kind != "winner" && p.Kind != "hidden_gem" {
			continue
		}
		var rate, others, taken, takenOthers float64
		for k := range worldPictures {
			id := p.Title + "-p" + string(rune('1'+k))
			if r := selects[id] / impressions[id]; id == p.Creative {
				rate, taken = r, selects[id]
			} else {
				others += r / (worldPictures - 1)
				takenOthers += selects[id]
			}
		}
		if taken < 5 || takenOthers < 5 {
			t.Errorf("%s of %s was taken %v times, the others %v: too few to tell", p.Kind, p.Creative, taken, takenOthers)
		}
		// What is taken is about Poisson: three standard errors of the logarithm, and
		// a tenth for viewers who have seen the title, and are shown less.
		most := 0.1 + 3*math.Sqrt(1/taken+1/takenOthers)
		if got := math.Log(rate / others); math.Abs(got-math.Log(p.Effect)) > most {
			t.Errorf("%s of %s: its rate is %.2f times the others', %.2f was planted", p.Kind, p.Creative, rate/others, p.Effect)
		}
	}
}

// between is the text after a mark up to the next quote.
func between(line, mark string) string {
	_, rest, _ := strings.Cut(line, mark)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// TestDemoHasTruths: the demo's past has what its pages are to show.
func TestDemoHasTruths(t *testing.T) {
	end := time.UnixMilli(testBase)
	h, err := NewHistory(HistoryOptions{
		Seed: 1, Catalog: catalog.DemoAsOf(1, end), Viewers: 12_000, End: end, Days: 3, Level: 1,
		Viewer: func(n uint32) (k event.ViewerKey) { k[0], k[1], k[2] = byte(n), byte(n>>8), byte(n>>16); return k },
	})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, p := range h.w.demo.planted {
		kinds[p.Kind]++
	}
	for kind, n := range map[string]int{"clickbait": 2, "hidden_gem": 2, "winner": 2, "rising": 1, "unmet_search": 1, "under_promoted": 1, "not_shown": 1} {
		if kinds[kind] != n {
			t.Errorf("the demo has %d of %s, want %d", kinds[kind], kind, n)
		}
	}
	shown, chosen, searches := map[string]float64{}, map[string]float64{}, 0
	rising := map[bool]float64{}
	plays := map[bool]float64{}
	blocked := h.w.titles[h.w.demo.blocked].ID
	away := h.w.countries[h.w.demo.shutOut].code
	if err := h.Generate(context.Background(), h.Chunks()[1], func(list []event.Event) error {
		for i := range list {
			e := &list[i]
			switch e.Type {
			case event.Impression:
				shown[e.CreativeID]++
			case event.Select:
				chosen[e.CreativeID]++
			case event.Search:
				searches++
			case event.PlayRequested:
				there := e.Context.Country == h.w.countries[h.w.demo.risesIn].code
				plays[there]++
				if slices.ContainsFunc(h.w.demo.rising, func(t int32) bool { return h.w.titles[t].ID == e.TitleID }) {
					rising[there]++
				}
			}
			if e.TitleID == blocked && e.Context.Country == away {
				t.Fatalf("%s of the title that is missing there", e.Type)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if searches == 0 {
		t.Error("nobody searches")
	}
	if here, elsewhere := rising[true]/plays[true], rising[false]/plays[false]; here < 2*elsewhere {
		t.Errorf("what rises is %.3f of plays there and %.3f elsewhere", here, elsewhere)
	}
	for _, p := range h.w.demo.planted {
		if p.Creative == "" || p.Effect < 1 {
			continue
		}
		rate, others, n := chosen[p.Creative]/shown[p.Creative], 0.0, 0.0
		title, _ := h.o.Catalog.Title(p.Title)
		for _, c := range title.Creatives {
			if c.ID != p.Creative && shown[c.ID] > 0 {
				others += chosen[c.ID] / shown[c.ID]
				n++
			}
		}
		if rate < 1.2*others/n {
			t.Errorf("%s %s is chosen by %.3f, its siblings by %.3f", p.Kind, p.Creative, rate, others/n)
		}
	}
}
