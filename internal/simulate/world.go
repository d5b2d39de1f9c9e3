package simulate

import (
	"math"

	"playhead/internal/catalog"
)

// country is where viewers are: how many, in which time zones (minutes east of
// UTC), with which providers, and how good their networks are (1 is usual, more
// is worse).
type country struct {
	code    string
	weight  float64
	zones   []int16
	isps    []string
	trouble float64
}

// countries are about sixty, weighted roughly by how many people stream.
func countries() []country {
	z := func(m ...int16) []int16 { return m }
	i := func(names ...string) []string { return names }
	return []country{
		{"US", 190, z(-300, -300, -360, -480), i("Cobalt Cable", "Fairline Fiber", "Union Mobile", "Prairie Broadband"), 1},
		{"BR", 72, z(-180), i("Viva Banda", "Rio Fibra", "Sul Movel"), 1.5},
		{"GB", 62, z(0), i("Albion Fibre", "Kestrel Broadband", "Thames Mobile"), 0.9},
		{"IN", 60, z(330), i("Bharat Wave", "Deccan Fiber", "Saffron Mobile"), 1.9},
		{"DE", 52, z(60), i("Rheinnetz", "Kupferkabel", "Nordfunk"), 1.1},
		{"FR", 46, z(60), i("Lumiere Fibre", "Azur Telecom", "Hexa Mobile"), 0.9},
		{"JP", 44, z(540), i("Sakura Hikari", "Fuji Net", "Umi Mobile"), 0.6},
		{"MX", 40, z(-360), i("Cactus Cable", "Sol Fibra", "Maya Movil"), 1.5},
		{"CA", 30, z(-300, -480), i("Maple Fibre", "Northern Cable"), 0.9},
		{"KR", 28, z(540), i("Hangang Giga", "Baekdu Net"), 0.5},
		{"ES", 28, z(60), i("Iberia Fibra", "Sierra Movil"), 0.9},
		{"IT", 27, z(60), i("Tirreno Fibra", "Alpe Mobile"), 1.2},
		{"AU", 22, z(600, 480), i("Southern Cross Net", "Reef Mobile"), 1.3},
		{"TR", 20, z(180), i("Bosfor Net", "Anadolu Fiber"), 1.3},
		{"PL", 18, z(60), i("Wisla Net", "Baltyk Mobile"), 1}, {"NL", 17, z(60), i("Polder Glas", "Delta Kabel"), 0.6},
		{"AR", 17, z(-180), i("Pampa Fibra", "Plata Movil"), 1.6}, {"ID", 17, z(420), i("Nusa Net", "Java Mobile"), 2},
		{"CO", 14, z(-300), i("Andes Fibra", "Cafe Movil"), 1.6}, {"TH", 12, z(420), i("Siam Fiber", "Chao Mobile"), 1.3},
		{"SE", 11, z(60), i("Norrsken Fiber", "Svea Mobil"), 0.5}, {"PH", 11, z(480), i("Luzon Net", "Visayas Mobile"), 2.1},
		{"SA", 10, z(180), i("Najd Fiber", "Hejaz Mobile"), 1.2}, {"BE", 9, z(60), i("Scheldt Net", "Ardenne Mobile"), 0.8},
		{"CL", 9, z(-180), i("Atacama Fibra"), 1.2}, {"TW", 9, z(480), i("Formosa Hinet"), 0.7},
		{"ZA", 9, z(120), i("Cape Fibre", "Veld Mobile"), 1.9}, {"CH", 8, z(60), i("Gotthard Glas"), 0.6},
		{"AT", 8, z(60), i("Donau Netz"), 0.9}, {"DK", 8, z(60), i("Oresund Fiber"), 0.5},
		{"NO", 8, z(60), i("Fjord Fiber"), 0.5}, {"PT", 8, z(0), i("Tejo Fibra"), 0.9},
		{"PE", 8, z(-300), i("Inti Fibra"), 1.7}, {"MY", 8, z(480), i("Merdeka Net"), 1.3},
		{"VN", 8, z(420), i("Mekong Fiber"), 1.5}, {"FI", 7, z(120), i("Saimaa Net"), 0.5},
		{"CZ", 7, z(60), i("Vltava Net"), 0.9}, {"RO", 7, z(120), i("Carpat Fibra"), 0.8},
		{"GR", 6, z(120), i("Egeo Net"), 1.2}, {"HU", 6, z(60), i("Duna Net"), 0.9},
		{"IE", 6, z(0), i("Shannon Fibre"), 0.9}, {"IL", 6, z(120), i("Galil Fiber"), 0.9},
		{"EG", 6, z(120), i("Nile Net"), 2.1}, {"AE", 6, z(240), i("Gulf Giga"), 0.8},
		{"NZ", 5, z(720), i("Kiwi Fibre"), 0.9}, {"SG", 5, z(480), i("Merlion Fibre"), 0.5},
		{"HK", 5, z(480), i("Harbour Giga"), 0.5}, {"UA", 5, z(120), i("Dnipro Net"), 1.4},
		{"NG", 5, z(60), i("Lagos Wave"), 2.4}, {"EC", 4, z(-300), i("Quito Fibra"), 1.7},
		{"CR", 3, z(-360), i("Tico Net"), 1.3}, {"UY", 3, z(-180), i("Rio Uruguay Fibra"), 1},
		{"BG", 3, z(120), i("Rila Net"), 0.9}, {"HR", 3, z(60), i("Adria Net"), 0.9},
		{"SK", 3, z(60), i("Tatra Net"), 0.9}, {"KE", 3, z(180), i("Savanna Fibre"), 2},
		{"MA", 3, z(60), i("Atlas Net"), 1.8}, {"GT", 2, z(-360), i("Quetzal Net"), 1.8},
		{"LT", 2, z(120), i("Nemunas Net"), 0.6}, {"IS", 1, z(0), i("Geysir Fiber"), 0.4},
	}
}

// device is a kind of screen and what runs on it.
type device struct {
	kind    string
	weight  float64
	systems []string
	players []string
	// beat is the player's heartbeat interval, ms; startup the median time to
	// the first frame, ms; stay how long people keep watching on it.
	beat        int64
	startup     float64
	stay        float64
	peak        int64 // highest bitrate, kbit/s
	beatsAlways bool  // reports while paused, stalled and in ads too
}

func devices() []device {
	return []device{
		{"tv", 44, []string{"tvOS 19", "Tizen 8", "webOS 25", "Android TV 14"}, []string{"exo 1.8", "native-tv 4"}, 30_000, 1250, 1.25, 16000, true},
		{"phone", 22, []string{"iOS 20", "Android 16"}, []string{"avplayer 20", "exo 1.8"}, 10_000, 850, 0.6, 3200, false},
		{"desktop", 14, []string{"Windows 11", "macOS 16", "Linux"}, []string{"hls.js 1.7", "shaka 5.0"}, 10_000, 900, 0.9, 8000, true},
		{"tablet", 8, []string{"iPadOS 20", "Android 16"}, []string{"avplayer 20", "exo 1.8"}, 10_000, 950, 0.85, 5600, false},
		{"set_top_box", 8, []string{"RDK 7", "Android TV 14"}, []string{"native-stb 2"}, 30_000, 1900, 1.3, 12000, false},
		{"console", 4, []string{"Orbis 9", "GameCore 3"}, []string{"native-console 3"}, 30_000, 1400, 1.1, 16000, true},
	}
}

// cdn names and how much of the traffic each carries.
var cdnNames = [...]string{"northlight", "cascade", "meridian"}

var appVersions = [...]string{"8.4.1", "8.4.0", "8.3.2", "8.1.0", "7.9.5"}

// shape is how people watch a title.
type shape struct {
	runtime int64 // ms; 0 for live
	live    bool
	hook    float64 // share that leaves within the first minutes
	slump   float64 // where in the title others leave, 0–1
	hold    float64 // share that stays to the end
}

// world is everything that does not change while it runs. It may be read from
// many goroutines.
type world struct {
	seed      uint64
	titles    []catalog.Title
	shapes    []shape
	shows     []string // id of the show that a title is of, "" none
	ranks     []int32  // rank by popularity → title
	popular   alias    // draws a rank
	countries []country
	places    alias
	devices   []device
	screens   alias
	demo      *demoPlants // nil but in the demo
}

func newWorld(seed uint64, titles []catalog.Title) *world {
	w := &world{seed: seed, titles: titles, countries: countries(), devices: devices()}
	c := newChance(seed, 0x77072d)
	seasons := map[string]string{}
	for i := range titles {
		if titles[i].Kind == catalog.Season {
			seasons[titles[i].ID] = titles[i].Show
		}
	}
	for i := range titles {
		t := &titles[i]
		show := t.Show
		if of, season := seasons[show]; season {
			show = of
		}
		w.shows = append(w.shows, show)
		w.shapes = append(w.shapes, shape{
			runtime: t.RuntimeMS, live: t.Kind == catalog.Live || t.RuntimeMS == 0,
			hook: 0.06 + 0.26*c.Float64()*c.Float64(), slump: 0.2 + 0.6*c.Float64(), hold: 0.35 + 0.4*c.Float64(),
		})
		w.ranks = append(w.ranks, int32(i))
	}
	// What launched lately is watched more: sort by chance, with a bonus.
	c.Shuffle(len(w.ranks), func(i, j int) { w.ranks[i], w.ranks[j] = w.ranks[j], w.ranks[i] })
	weights := make([]float64, len(titles))
	for i := range weights {
		weights[i] = 1 / math.Pow(float64(i)+2.5, 0.95)
	}
	w.popular = newAlias(weights)
	places := make([]float64, len(w.countries))
	for i := range places {
		places[i] = w.countries[i].weight
	}
	w.places = newAlias(places)
	screens := make([]float64, len(w.devices))
	for i := range screens {
		screens[i] = w.devices[i].weight
	}
	w.screens = newAlias(screens)
	return w
}

// dayCurve is how much people watch at a local minute of the day, 0–1: a
// shoulder at noon, the peak about a quarter to nine in the evening.
func dayCurve(minute int64) float64 {
	h := float64((minute%1440+1440)%1440) / 60
	bump := func(at, width, height float64) float64 {
		d := math.Abs(h - at)
		d = math.Min(d, 24-d)
		return height * math.Exp(-d*d/(2*width*width))
	}
	return math.Min(1, 0.06+bump(20.75, 2.3, 0.9)+bump(13, 2.2, 0.3)+bump(8, 1.4, 0.1)+bump(17, 2, 0.12))
}

// identity is how a client names its viewer.
type identity uint8

const (
	byViewer    identity = iota // viewer_id
	byAnonymous                 // anonymous_id
	bySession                   // a session id only: plays count, viewers do not
)

// numbering is how a client lets repeats be told.
type numbering uint8

const (
	bySeq numbering = iota
	bySeqAndID
	byID
	byContent // neither: only the content tells a repeat
)

// person is one viewer, derived from the number: nothing is stored.
type person struct {
	number   uint32
	country  uint8
	isp      uint8
	screens  [2]uint8
	zone     int16 // minutes east of UTC
	identity identity
	skipper  float64 // how often this viewer seeks
	patience float64
}

func (w *world) person(number uint32) person {
	h := mix(w.seed ^ mix(uint64(number)+1))
	unit := func(salt uint64) float64 { return float64(mix(h^salt)>>11) / (1 << 53) }
	pick := func(a *alias, salt uint64) int {
		x := unit(salt) * float64(len(a.prob))
		i := min(int(x), len(a.prob)-1)
		if x-float64(i) < a.prob[i] {
			return i
		}
		return int(a.other[i])
	}
	p := person{number: number, country: uint8(pick(&w.places, 1))}
	place := &w.countries[p.country]
	p.isp = uint8(mix(h^2) % uint64(len(place.isps)))
	p.zone = place.zones[mix(h^3)%uint64(len(place.zones))]
	p.screens = [2]uint8{uint8(pick(&w.screens, 4)), uint8(pick(&w.screens, 5))}
	switch u := unit(6); {
	case u < 0.03:
		p.identity = bySession
	case u < 0.08:
		p.identity = byAnonymous
	}
	p.skipper, p.patience = unit(7)*unit(8)*2, 0.4+unit(9)
	return p
}

// trouble is how bad an ISP is over a CDN: 1 is usual.
func (w *world) trouble(c, isp, cdn uint8) float64 {
	t := w.countries[c].trouble
	switch mix(w.seed^uint64(c)<<16^uint64(isp)<<8^uint64(cdn)) % 12 {
	case 0:
		return t * 3.2
	case 1, 2:
		return t * 1.7
	case 3, 4, 5:
		return t * 0.6
	}
	return t
}
