package simulate

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"
)

// The oracle computes the truth a second time, from nothing but the JSON that
// was sent, plainly and slowly, from the definitions. It shares no code with
// the model.

type wireEvent struct {
	Type        string
	Time        json.RawMessage
	ID          string
	ViewerID    string `json:"viewer_id"`
	AnonymousID string `json:"anonymous_id"`
	SessionID   string `json:"session_id"`
	PlayID      string `json:"play_id"`
	Seq         *int64
	TitleID     string `json:"title_id"`
	Live        bool
	PositionMS  *int64 `json:"position_ms"`
	DurationMS  *int64 `json:"duration_ms"`
	FromMS      *int64 `json:"from_ms"`
	Context     struct {
		Country    string
		DeviceType string `json:"device_type"`
	}
	Quality struct {
		StartupMS  *int64 `json:"startup_ms"`
		ErrorFatal bool   `json:"error_fatal"`
	}
	at int64
}

type oracleCell struct {
	m       map[string]int64
	viewers map[string]bool
}

type oracle struct {
	cells map[string]*oracleCell      // "dim=value|hour" → figures
	marks map[string]map[int64]bool   // "dim=value|viewer" → boundaries
	plays map[string]map[int64]int32  // "dim=value" → boundary → plays
	runs  map[string][]retainedOracle // title → measured plays
}

type retainedOracle struct {
	device          string
	start, furthest int64
	runs            [][2]int64
}

func newOracle(t testing.TB, lines []string) *oracle {
	o := &oracle{map[string]*oracleCell{}, map[string]map[int64]bool{}, map[string]map[int64]int32{}, map[string][]retainedOracle{}}
	seen := map[string]bool{}
	byPlay := map[string][]wireEvent{}
	for _, line := range lines {
		if seen[line] {
			continue
		}
		seen[line] = true
		var e wireEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if err := json.Unmarshal(e.Time, &e.at); err != nil {
			var s string
			if err := json.Unmarshal(e.Time, &s); err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, s)
			if err != nil {
				t.Fatal(err)
			}
			e.at = at.UnixMilli()
		}
		if e.PlayID != "" {
			byPlay[e.PlayID] = append(byPlay[e.PlayID], e)
		}
	}
	for _, events := range byPlay {
		sort.SliceStable(events, func(i, j int) bool { return events[i].at < events[j].at })
		o.play(t, events)
	}
	return o
}

func (o *oracle) cell(group string, at int64) *oracleCell {
	key := fmt.Sprintf("%s|%d", group, at/hourMS)
	c := o.cells[key]
	if c == nil {
		c = &oracleCell{map[string]int64{}, map[string]bool{}}
		o.cells[key] = c
	}
	return c
}

// median is the upper median of the last five gaps, 30 s before three are known.
func median(gaps []int64) int64 {
	if len(gaps) < 3 {
		return 30_000
	}
	last := slices.Clone(gaps[max(0, len(gaps)-5):])
	slices.Sort(last)
	return last[len(last)/2]
}

func (o *oracle) play(t testing.TB, events []wireEvent) {
	title, country, device, live := "", "", "", false
	for _, e := range events {
		if e.TitleID != "" {
			title = e.TitleID
		}
		country, device, live = e.Context.Country, e.Context.DeviceType, live || e.Live
	}
	first := events[0]
	viewer, known := first.ViewerID, true
	if viewer == "" {
		viewer = first.AnonymousID
	}
	if viewer == "" {
		viewer, known = "session:"+first.SessionID, false
	}
	groups := []string{"=", "title=" + title, "country=" + country, "device_type=" + device}
	for _, c := range []string{"US", "BR", "GB"} {
		if country == c {
			groups = append(groups, "title="+title+" where country="+c)
		}
	}
	for _, d := range []string{"tv", "phone"} {
		if device == d {
			groups = append(groups, "title="+title+" where device_type="+d)
		}
	}
	groups = append(groups, "country="+country+" where title="+title)
	add := func(at int64, name string, n int64) {
		for _, g := range groups {
			o.cell(g, at).m[name] += n
		}
	}
	credit := func(from, to int64, names ...string) {
		for at := from; at < to; {
			next := min(to, (at/hourMS+1)*hourMS)
			for _, n := range names {
				add(at, n, next-at)
			}
			at = next
		}
	}
	var active [][2]int64
	runs := [][2]int64{}
	var gaps []int64
	state, request, frame := "requested", first.at, int64(-1)
	position, startPos, furthest, duration := int64(-1), int64(-1), int64(-1), int64(-1)
	seek, stallStart, stallSeek := int64(-1<<60), int64(0), false
	startup := int64(-1)
	failed, ended := false, int64(-1)
	if first.Type == "play_started" {
		if s := first.Quality.StartupMS; s != nil && *s > 0 {
			request -= *s
			credit(request, first.at, "watch_ms")
			startup = *s
		}
	}
	add(request, "play_requests", 1)
	for i, e := range events {
		if ended >= 0 {
			t.Fatalf("an event after the end of play %s", e.PlayID)
		}
		if i > 0 {
			before := events[i-1]
			h := median(gaps)
			gap := e.at - before.at
			if gap <= 0 {
				t.Fatalf("two events of play %s at %d", e.PlayID, e.at)
			}
			if gap > 30*60_000 {
				t.Fatalf("a gap of %d ms in play %s would open another part", gap, e.PlayID)
			}
			switch state {
			case "requested":
				credit(before.at, e.at, "watch_ms")
			case "playing":
				to := e.at
				if gap > 3*h {
					to = before.at + h
				}
				credit(before.at, to, "watch_ms", "media_ms")
				if len(runs) > 0 {
					runs[len(runs)-1][1] = min(position+to-before.at, duration)
				}
			}
			until := min(e.at, before.at+2*h)
			switch state {
			case "requested", "playing", "ad":
				active = append(active, [2]int64{before.at, until})
			case "stalled":
				active = append(active, [2]int64{before.at, min(until, stallStart+300_000)})
			}
			if state == "stalled" && e.Type != "heartbeat" {
				// The wait is over, whichever way.
				if wait := e.at - stallStart; wait > 50 {
					add(stallStart, "stalls", 1)
					credit(stallStart, e.at, "watch_ms", "stall_ms")
					if stallSeek {
						credit(stallStart, e.at, "seek_stall_ms")
					}
				} else {
					credit(stallStart, e.at, "watch_ms", "media_ms")
					if len(runs) > 0 {
						runs[len(runs)-1][1] = min(position+wait, duration)
					}
				}
			}
			adjacent := e.Seq == nil || before.Seq == nil || *e.Seq == *before.Seq+1
			if e.Type == "heartbeat" && before.Type == "heartbeat" && state == "playing" && adjacent && gap >= 1000 && gap <= 90_000 {
				gaps = append(gaps, gap)
			}
		}
		if e.DurationMS != nil {
			duration = *e.DurationMS
		}
		if e.PositionMS != nil {
			p := *e.PositionMS
			if len(runs) == 0 {
				startPos = p
			}
			if len(runs) == 0 || e.Type == "seeked" || p-runs[len(runs)-1][1] > 2000 || p-runs[len(runs)-1][1] < -2000 {
				runs = append(runs, [2]int64{p, p})
			} else if p != runs[len(runs)-1][1] {
				t.Fatalf("position %d where %d was to be expected, %s of play %s", p, runs[len(runs)-1][1], e.Type, e.PlayID)
			}
			position = p
		}
		for _, r := range runs {
			furthest = max(furthest, r[1])
		}
		switch e.Type {
		case "play_started":
			frame, state = e.at, "playing"
			if first.Type == "play_requested" {
				startup = e.at - request
			}
			add(e.at, "plays", 1)
			if startup >= 0 {
				add(e.at, "startup_ms", startup)
				add(e.at, "startup_count", 1)
			}
			if known {
				add(e.at, "known_plays", 1)
				for _, g := range groups {
					o.cell(g, e.at).viewers[viewer] = true
				}
			}
		case "paused":
			state = "paused"
		case "resumed", "stall_ended", "ad_ended":
			state = "playing"
		case "seeked":
			seek = e.at
		case "stall_started":
			if state != "playing" {
				t.Fatalf("a stall while %s", state)
			}
			state, stallStart, stallSeek = "stalled", e.at, e.at-seek <= 3000
		case "ad_started":
			state = "ad"
		case "error":
			if e.Quality.ErrorFatal {
				failed, ended = true, e.at
			}
		case "play_ended":
			ended = e.at
		}
	}
	last := events[len(events)-1].at
	if ended < 0 {
		h := median(gaps)
		switch state {
		case "requested", "playing", "ad":
			active = append(active, [2]int64{last, last + 2*h})
		case "stalled":
			t.Fatal("a play falls silent in a stall, which the truth leaves out")
		}
	}
	switch {
	case frame < 0 && failed:
		add(request, "start_failures", 1)
	case frame < 0:
		add(request, "exits", 1)
	default:
		if failed {
			add(last, "playback_failures", 1)
		}
		add(last, "ended_plays", 1)
	}
	if frame >= 0 && startPos >= 0 && duration > 0 && !live {
		add(frame, "measured_plays", 1)
		share := float64(covered(runs)) / float64(duration)
		if share >= 0.9 {
			add(frame, "completed_plays", 1)
		}
		add(frame, "viewed_millionths", int64(math.Round(math.Min(1, share)*1e6)))
		o.runs[title] = append(o.runs[title], retainedOracle{device, startPos, furthest, runs})
	}
	o.activity(groups[:4], viewer, active)
}

func (o *oracle) activity(groups []string, viewer string, active [][2]int64) {
	for _, a := range active {
		for b := (a[0] + 9_999) / 10_000; b*10_000 < a[1]; b++ {
			for _, g := range groups {
				if o.plays[g] == nil {
					o.plays[g] = map[int64]int32{}
				}
				o.plays[g][b]++
				key := g + "|" + viewer
				if o.marks[key] == nil {
					o.marks[key] = map[int64]bool{}
				}
				o.marks[key][b] = true
			}
		}
	}
}

func TestTruthAgainstOracle(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			// Few viewers: many plays a viewer, many two screens at once.
			g, lines := generateAll(t, seed, 6*hourMS, 160, 25_000)
			o := newOracle(t, lines)
			truth := g.ledger.truth(seed, g.end)
			compareCells(t, truth, o)
			compareGauge(t, truth, o)
			compareRetention(t, truth, o)
		})
	}
}

func groupName(f *TruthFamily, value string) string {
	name := f.By + "=" + value
	if f.Where != "" {
		name += " where " + f.Where + "=" + f.Is
	}
	return name
}

func compareCells(t *testing.T, truth *Truth, o *oracle) {
	t.Helper()
	compared, bad := 0, 0
	used := map[string]bool{}
	for i := range truth.Families {
		f := &truth.Families[i]
		for value, g := range f.Groups {
			all := map[string]bool{}
			for h := range truth.Hours {
				key := fmt.Sprintf("%s|%d", groupName(f, value), truth.From/hourMS+int64(h))
				used[key] = true
				c := o.cells[key]
				if c == nil {
					c = &oracleCell{}
				}
				for m, name := range measureNames {
					got := int64(0)
					if g.Hours[h] != nil {
						got = g.Hours[h][m]
					}
					compared++
					if want := c.m[name]; got != want {
						if bad++; bad < 20 {
							t.Errorf("%s hour %d %s: truth %d, oracle %d", groupName(f, value), h, name, got, want)
						}
					}
				}
				if int(g.HourViewers[h]) != len(c.viewers) {
					t.Errorf("%s hour %d viewers: truth %d, oracle %d", groupName(f, value), h, g.HourViewers[h], len(c.viewers))
				}
				for v := range c.viewers {
					all[v] = true
				}
			}
			if int(g.Viewers) != len(all) {
				t.Errorf("%s viewers: truth %d, oracle %d", groupName(f, value), g.Viewers, len(all))
			}
		}
	}
	for key := range o.cells {
		if !used[key] && !strings.Contains(key, " where title=") {
			t.Errorf("the truth lacks %s", key)
		}
	}
	t.Logf("%d cells compared", compared)
}

func compareGauge(t *testing.T, truth *Truth, o *oracle) {
	t.Helper()
	viewers := map[string]map[int64]int32{}
	for key, ticks := range o.marks {
		g := key[:strings.LastIndex(key, "|")]
		if viewers[g] == nil {
			viewers[g] = map[int64]int32{}
		}
		for b := range ticks {
			viewers[g][b]++
		}
	}
	for _, gauge := range truth.Gauge {
		for value, levels := range gauge.Plays {
			g := gauge.By + "=" + value
			for i, n := range levels {
				b := gauge.From/tickMS + int64(i)
				if n != o.plays[g][b] {
					t.Fatalf("%s at %d: truth %d plays, oracle %d", g, b, n, o.plays[g][b])
				}
				if v := gauge.Viewers[value][i]; v != viewers[g][b] {
					t.Fatalf("%s at %d: truth %d viewers, oracle %d", g, b, v, viewers[g][b])
				}
			}
		}
	}
	for _, f := range truth.Families {
		if f.Where != "" {
			continue
		}
		for value, g := range f.Groups {
			name := f.By + "=" + value
			for h := range truth.Hours {
				var plays, people int64
				for b := range int64(360) {
					at := truth.From/tickMS + int64(h)*360 + b
					plays += int64(o.plays[name][at])
					people += int64(viewers[name][at])
				}
				if g.HourPlayMarks == nil {
					if plays != 0 {
						t.Errorf("%s hour %d: truth has no marks, oracle %d", name, h, plays)
					}
					continue
				}
				if g.HourPlayMarks[h] != plays || g.HourViewerMarks[h] != people {
					t.Errorf("%s hour %d: truth %d/%d marks, oracle %d/%d", name, h, g.HourPlayMarks[h], g.HourViewerMarks[h], plays, people)
				}
			}
		}
	}
}

func compareRetention(t *testing.T, truth *Truth, o *oracle) {
	t.Helper()
	for _, w := range truth.Titles {
		for device, c := range w.Devices {
			var n, reached, media int64
			for _, p := range o.runs[w.Title] {
				if device != "" && device != p.device {
					continue
				}
				n++
				if p.furthest >= 1_000_000 {
					reached++
				}
				for _, r := range p.runs {
					media += r[1] - r[0]
				}
			}
			sum := int64(0)
			for _, ms := range c.WatchedMS {
				sum += ms
			}
			far := int64(0)
			for _, k := range c.Furthest[min(1000, len(c.Furthest)):] {
				far += k
			}
			if c.Plays != n || far != reached || sum != media {
				t.Errorf("%s on %q: truth %d plays, %d half way, %d ms; oracle %d, %d, %d", w.Title, device, c.Plays, far, sum, n, reached, media)
			}
		}
	}
}
