package chaintest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"playhead/internal/journey"
	"playhead/internal/metric"
	"playhead/internal/rollup"
)

// story is a small world as a fixture tells it.
type story struct {
	Now      string    `yaml:"now"`
	ReportTZ string    `yaml:"report_timezone"`
	Least    int       `yaml:"min_viewers"`
	Catalog  []title   `yaml:"catalog"`
	Happens  []happens `yaml:"happens"`
	Cases    []ask     `yaml:"cases"`
}

type title struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`
	Minutes  int64    `yaml:"minutes"`
	Genres   []string `yaml:"genres,flow"`
	Language string   `yaml:"language"`
}

// happens is one thing that a viewer does; what it is says which field names it.
type happens struct {
	Viewer  string            `yaml:"viewer"`
	Viewers int               `yaml:"viewers"` // so many do the same, each a minute later
	At      string            `yaml:"at"`
	Context map[string]string `yaml:"context,flow"`

	// A play of Title for Watch seconds from Position.
	Play       string `yaml:"play"`
	Watch      int64  `yaml:"watch"`
	Position   int64  `yaml:"position"`
	Startup    int64  `yaml:"startup"` // ms
	Stall      int64  `yaml:"stall"`   // s, after 30 s
	Pause      int64  `yaml:"pause"`   // s, after 30 s
	Bitrate    int64  `yaml:"bitrate"`
	Dropped    int64  `yaml:"dropped"`
	Failure    string `yaml:"failure"` // class; before the first frame when nothing is watched
	Impression string `yaml:"impression"`

	// An impression of a title's creative.
	Show       string  `yaml:"show"`
	Creative   string  `yaml:"creative"`
	Placement  string  `yaml:"placement"`
	Rank       int64   `yaml:"rank"`
	Propensity float64 `yaml:"propensity"`
	Select     bool    `yaml:"select"`

	// A search.
	Search  string `yaml:"search"`
	Results int64  `yaml:"results"`
}

// teller writes events of stories.
type teller struct {
	t      *testing.T
	titles []title
	events []string
	plays  int
}

func (s *teller) emit(at time.Time, h *happens, viewer, typ string, more map[string]any) {
	e := map[string]any{"time": at.UnixMilli(), "type": typ, "viewer_id": viewer, "id": fmt.Sprintf("e%d", len(s.events))}
	if len(h.Context) > 0 {
		e["context"] = h.Context
	}
	for k, v := range more {
		e[k] = v
	}
	data, err := json.Marshal(e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.events = append(s.events, string(data))
}

func (s *teller) tell(h happens) {
	at, err := time.Parse(time.RFC3339, h.At)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range max(1, h.Viewers) {
		viewer := h.Viewer
		if h.Viewers > 0 {
			viewer = fmt.Sprintf("%s%d", h.Viewer, i)
		}
		when := at.Add(time.Duration(i) * time.Minute)
		switch {
		case h.Play != "":
			s.play(when, &h, viewer)
		case h.Show != "":
			more := map[string]any{"title_id": h.Show, "creative_id": h.Creative, "placement": h.Placement, "rank": h.Rank}
			if h.Impression != "" {
				more["impression_id"] = fmt.Sprint(h.Impression, i)
			}
			if h.Propensity > 0 {
				more["propensity"] = h.Propensity
			}
			s.emit(when, &h, viewer, "impression", more)
			if h.Select {
				s.emit(when.Add(3*time.Second), &h, viewer, "select", more)
			}
		case h.Search != "":
			s.emit(when, &h, viewer, "search", map[string]any{"search": map[string]any{"query": h.Search, "results": h.Results}, "search_id": fmt.Sprint("s", len(s.events))})
		}
	}
}

// play sends what a player would: a request, a first frame, a heartbeat each half
// minute, and an end.
func (s *teller) play(at time.Time, h *happens, viewer string) {
	s.plays++
	seq := 0
	send := func(typ string, position int64, more map[string]any) {
		e := map[string]any{"title_id": h.Play, "play_id": fmt.Sprint("p", s.plays), "seq": seq, "position_ms": position * 1000}
		for _, t := range s.titles {
			if t.ID == h.Play && t.Minutes > 0 {
				e["duration_ms"] = t.Minutes * 60_000
			}
		}
		if h.Impression != "" {
			e["impression_id"] = h.Impression
		}
		for k, v := range more {
			e[k] = v
		}
		seq++
		s.emit(at, h, viewer, typ, e)
	}
	send("play_requested", h.Position, nil)
	at = at.Add(time.Duration(h.Startup) * time.Millisecond)
	failure := map[string]any{"quality": map[string]any{"error_fatal": true, "error_class": h.Failure, "error_code": "1"}}
	if h.Watch == 0 {
		if h.Failure != "" {
			send("error", h.Position, failure)
		} else {
			send("play_ended", h.Position, nil)
		}
		return
	}
	quality := map[string]any{}
	if h.Bitrate > 0 {
		quality["bitrate_kbps"] = h.Bitrate
	}
	send("play_started", h.Position, map[string]any{"quality": quality})
	for done := int64(0); done < h.Watch; {
		step := min(30, h.Watch-done)
		done += step
		at = at.Add(time.Duration(step) * time.Second)
		if done >= h.Watch {
			break
		}
		more := map[string]any{}
		if h.Dropped > 0 {
			quality["dropped_frames"] = h.Dropped
		}
		more["quality"] = quality
		send("heartbeat", h.Position+done, more)
		for _, wait := range []struct {
			s          int64
			begin, end string
		}{{h.Stall, "stall_started", "stall_ended"}, {h.Pause, "paused", "resumed"}} {
			if wait.s > 0 && done == 30 {
				send(wait.begin, h.Position+done, nil)
				at = at.Add(time.Duration(wait.s) * time.Second)
				send(wait.end, h.Position+done, nil)
			}
		}
	}
	if h.Failure != "" {
		send("error", h.Position+h.Watch, failure)
		return
	}
	send("play_ended", h.Position+h.Watch, nil)
}

// shelf is the catalogue as the processor has it.
func shelf(titles []title) (out []journey.Title, shares []journey.Share) {
	with := map[string]int{}
	for _, t := range titles {
		var labels []string
		for _, g := range t.Genres {
			labels = append(labels, "genre:"+g)
		}
		if t.Language != "" {
			labels = append(labels, "language:"+t.Language)
		}
		for _, l := range labels {
			with[l]++
		}
		out = append(out, journey.Title{ID: t.ID, RuntimeMS: t.Minutes * 60_000, Labels: strings.Join(labels, "\n")})
	}
	for l, n := range with {
		shares = append(shares, journey.Share{Label: l, Share: float64(n) / float64(len(titles))})
	}
	return out, shares
}

// known is the catalogue as the metric layer has it.
func known(titles []title) map[string]metric.CatalogTitle {
	all := map[string]metric.CatalogTitle{}
	for _, t := range titles {
		all[t.ID] = metric.CatalogTitle{
			ID: t.ID, Name: t.Name, RuntimeMS: t.Minutes * 60_000,
			Values: map[rollup.Dimension][]string{rollup.Genre: t.Genres, rollup.Language: {t.Language}},
		}
	}
	return all
}
