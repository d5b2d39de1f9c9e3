package journey_test

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"playhead/internal/event"
	"playhead/internal/journey"
)

const (
	t0     = int64(1_800_000_000_000)
	second = int64(1_000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// shelf is the catalogue of the tests: two films, a show with a season of three
// short episodes, a programme without a running time.
func shelf() ([]journey.Title, []journey.Share) {
	titles := []journey.Title{
		{ID: "film", RuntimeMS: 10 * minute, Labels: "genre:drama\nlanguage:en"},
		{ID: "other", RuntimeMS: 8 * minute, Labels: "genre:comedy\nlanguage:en"},
		{ID: "more", RuntimeMS: 7 * minute, Labels: "genre:drama\nlanguage:fr"},
		{ID: "show", Labels: "genre:crime\nshow:show"},
		{ID: "season", Show: "show", Labels: "genre:crime\nshow:show"},
	}
	for i := range 3 {
		titles = append(titles, journey.Title{
			ID: fmt.Sprint("e", i), Show: "show", Season: "season", RuntimeMS: 4 * minute, Labels: "cast:Ada\ngenre:crime\nshow:show",
		})
	}
	return titles, []journey.Share{
		{Label: "genre:drama", Share: 0.05}, {Label: "genre:crime", Share: 0.03}, {Label: "genre:comedy", Share: 0.3},
		{Label: "language:en", Share: 0.8}, {Label: "language:fr", Share: 0.1}, {Label: "cast:Ada", Share: 0.001},
	}
}

// view is one play of a story, for the oracle.
type view struct {
	ref          event.Ref
	title        string
	first, media int64
	from         int64 // position, ms
	named        event.Ref
	context      event.Context
}

// story is all that one viewer does, in order.
type story struct {
	r      *rand.Rand
	at     int64
	viewer event.ViewerKey
	events []event.Event
	views  []view
	shown  []event.Event // impressions of late
	// context is of the device in use.
	context event.Context
	kinds   int // of what it does: 4 browsing alone, 5 playing too
}

// tell makes up what viewer number n does in some visits.
func tell(r *rand.Rand, n, kinds int) *story {
	s := &story{r: r, kinds: kinds, at: t0 + r.Int64N(hour)}
	binary.LittleEndian.PutUint32(s.viewer[:], uint32(n+1)*2654435761)
	for range 2 + r.IntN(6) {
		s.context = event.Context{Country: pick(r, "US", "DE"), DeviceType: pick(r, "tv", "phone")}
		for range 1 + r.IntN(6) {
			s.act()
		}
		switch r.IntN(8) {
		case 0: // about where a session ends
			s.at += 30*minute + r.Int64N(3) - 1
		case 1:
			s.at += 24*hour + r.Int64N(20*minute) - 10*minute
		case 2:
			s.at += 20*day + r.Int64N(12*day)
		default:
			s.at += r.Int64N(5 * hour)
		}
	}
	return s
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func (s *story) ref() (v event.Ref) {
	binary.LittleEndian.PutUint64(v[:], s.r.Uint64())
	binary.LittleEndian.PutUint64(v[8:], s.r.Uint64())
	return v
}

// add says something at the present moment.
func (s *story) add(t event.Type) *event.Event {
	var e event.Event
	e.Reset()
	e.Type, e.Time, e.Viewer, e.Known, e.KeyID, e.ID = t, s.at, s.viewer, true, 7, s.ref()
	e.Context = s.context
	s.events = append(s.events, e)
	return &s.events[len(s.events)-1]
}

func (s *story) act() {
	s.at += 1 + s.r.Int64N(3*minute)
	switch s.r.IntN(s.kinds) {
	case 0, 1:
		s.page()
	case 2:
		s.look()
	case 3:
		s.at += s.r.Int64N(2 * minute)
		s.add(event.Listed).TitleID = "film"
	default:
		s.watch()
	}
}

func (s *story) title() string { return pick(s.r, "film", "other", "more", "e0", "e1", "e2", "lost") }

// page shows some artwork, some of it again and again; perhaps something is chosen.
func (s *story) page() {
	for range 1 + s.r.IntN(5) {
		title := s.title()
		if title[0] == 'e' && s.r.IntN(2) == 0 {
			title = "show"
		}
		for range 1 + s.r.IntN(3) {
			e := s.add(event.Impression)
			e.TitleID, e.CreativeID, e.Placement = title, title+pick(s.r, "-a", "-b"), pick(s.r, "top", "Continue Watching", "row")
			e.Impression, e.Rank = s.ref(), s.r.Int64N(12)
			if s.r.IntN(2) == 0 {
				e.Propensity = 0.25
				e.Experiments = map[string]string{"art": pick(s.r, "x", "y"), "b": "1"}
			}
			s.shown = append(s.shown, *e)
			s.at += pick(s.r, 0, 1+s.r.Int64N(4*second), 10*second, 10*second+1, s.r.Int64N(25*second))
		}
	}
	if s.r.IntN(2) == 0 {
		s.at += pick(s.r, s.r.Int64N(20*second), 5*minute+s.r.Int64N(3)-1)
		seen := s.shown[len(s.shown)-1-s.r.IntN(min(len(s.shown), 4))]
		e := s.add(event.Select)
		e.TitleID = seen.TitleID
		if s.r.IntN(2) == 0 {
			e.Impression = seen.Impression
		}
	}
}

// look types a query, letter by letter, and perhaps takes a result.
func (s *story) look() {
	var refs []event.Ref
	for i := range 1 + s.r.IntN(4) {
		e := s.add(event.Search)
		e.SearchQuery, e.SearchHits, e.Search = "  Dra\tMA "+fmt.Sprint(i), s.r.Int64N(3), s.ref()
		refs = append(refs, e.Search)
		s.at += pick(s.r, s.r.Int64N(8*second), 30*second, 30*second+1, s.r.Int64N(40*second))
	}
	if s.r.IntN(2) == 0 {
		s.at += s.r.Int64N(6 * minute)
		e := s.add(event.Select)
		e.TitleID, e.Search = s.title(), pick(s.r, refs...)
	}
}

// watch plays something plainly: a heartbeat each 10 s, nothing in between.
func (s *story) watch() {
	v := view{ref: s.ref(), title: s.title(), first: s.at, context: s.context}
	if s.r.IntN(3) == 0 && len(s.shown) > 0 {
		seen := s.shown[len(s.shown)-1-s.r.IntN(min(len(s.shown), 6))]
		v.named = seen.Impression
		if s.r.IntN(2) == 0 && seen.TitleID != "show" {
			v.title = seen.TitleID
		}
	}
	v.from = s.r.Int64N(5) * minute
	v.media = pick(s.r, s.r.Int64N(25*second), s.r.Int64N(4*minute), 2*minute, s.r.Int64N(9*minute))
	if runtime := runtimeOf(v.title); runtime > 0 {
		v.from = min(v.from, runtime-minute)
		v.media = min(v.media, runtime-v.from)
	}
	for at := int64(0); ; at += 10 * second {
		s.at = v.first + min(at, v.media)
		kind := event.Heartbeat
		switch {
		case at == 0:
			kind = event.PlayStarted
		case at >= v.media:
			kind = event.PlayEnded
		}
		e := s.add(kind)
		e.Play, e.Seq, e.TitleID = v.ref, at/(10*second), v.title
		e.PositionMS, e.DurationMS = v.from+min(at, v.media), runtimeOf(v.title)
		if at == 0 {
			e.Impression = v.named
		}
		if kind == event.PlayEnded {
			break
		}
	}
	s.views = append(s.views, v)
	s.at += 1
}

func runtimeOf(title string) int64 {
	titles, _ := shelf()
	i := slices.IndexFunc(titles, func(t journey.Title) bool { return t.ID == title })
	if i < 0 {
		return event.Absent
	}
	return titles[i].RuntimeMS
}

// arrive is the story in the order in which a network delivers it: each event up
// to 29 s late, some twice.
func (s *story) arrive() []event.Event {
	out := slices.Clone(s.events)
	for i := range out {
		out[i].ReceivedAt = out[i].Time + s.r.Int64N(29*second)
	}
	for i := range out {
		if s.r.IntN(12) == 0 {
			again := out[i]
			again.ReceivedAt += s.r.Int64N(5 * minute)
			out = append(out, again)
		}
	}
	slices.SortStableFunc(out, func(a, b event.Event) int { return cmp.Compare(a.ReceivedAt, b.ReceivedAt) })
	return out
}
