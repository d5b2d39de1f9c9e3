package play

import (
	"strings"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// dims are the dimension values of a moment, as interned strings: 0 is unknown.
type dims struct {
	title, country, region, device, os, app, player, cdn, isp uint32
	live                                                      bool
}

// over returns d with every value that the newer n knows.
func (d dims) over(n dims) dims {
	pick := func(a *uint32, b uint32) {
		if b != 0 {
			*a = b
		}
	}
	pick(&d.title, n.title)
	pick(&d.country, n.country)
	pick(&d.region, n.region)
	pick(&d.device, n.device)
	pick(&d.os, n.os)
	pick(&d.app, n.app)
	pick(&d.player, n.player)
	pick(&d.cdn, n.cdn)
	pick(&d.isp, n.isp)
	d.live = d.live || n.live
	return d
}

// maxStrings bounds the interner: a flood of invented values becomes "(other)".
const maxStrings = 1 << 20

// interner gives each dimension value a small number.
type interner struct {
	byText map[string]uint32
	texts  []string
}

func newInterner() *interner {
	return &interner{byText: map[string]uint32{"": 0}, texts: []string{""}}
}

func (in *interner) id(s string) uint32 {
	if id, ok := in.byText[s]; ok {
		return id
	}
	if len(in.texts) >= maxStrings {
		s = "(other)"
		if id, ok := in.byText[s]; ok {
			return id
		}
	}
	s = strings.Clone(s) // s may point into a buffer of the log
	id := uint32(len(in.texts))
	in.texts = append(in.texts, s)
	in.byText[s] = id
	return id
}

func (in *interner) dimsOf(e *event.Event) dims {
	c := &e.Context
	return dims{
		title: in.id(e.TitleID), country: in.id(c.Country), region: in.id(c.Region),
		device: in.id(c.DeviceType), os: in.id(c.OS), app: in.id(c.AppVersion),
		player: in.id(c.Player), cdn: in.id(c.CDN), isp: in.id(c.ISP), live: e.Live,
	}
}

func (in *interner) fact(d dims) fact.Dims {
	t := in.texts
	return fact.Dims{
		Title: t[d.title], Country: t[d.country], Region: t[d.region],
		DeviceType: t[d.device], OS: t[d.os], AppVersion: t[d.app],
		Player: t[d.player], CDN: t[d.cdn], ISP: t[d.isp], Live: d.live,
	}
}
