package play

import (
	"strings"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// dims are the dimension values of a moment, as interned strings: 0 is unknown.
// live is 0 or 1. All fields have one size, so that comparing is quick.
type dims struct {
	title, country, region, device, os, app, player, cdn, isp, labels, live uint32
}

// over returns d with every value that the newer n knows.
func (d dims) over(n *dims) dims {
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
	pick(&d.labels, n.labels)
	d.live |= n.live
	return d
}

// maxStrings bounds the interner: a flood of invented values becomes "(other)".
const maxStrings = 1 << 20

// interner gives each text a small number.
type interner struct {
	byText map[string]uint32
	texts  []string
}

func newInterner() *interner {
	return &interner{byText: map[string]uint32{"": 0}, texts: []string{""}}
}

func (in *interner) id(s string) uint32 {
	if s == "" {
		return 0
	}
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

// dimsOf are the dims of e but for the labels.
func (in *interner) dimsOf(e *event.Event) dims {
	c := &e.Context
	d := dims{
		title: in.id(e.TitleID), country: in.id(c.Country), region: in.id(c.Region),
		device: in.id(c.DeviceType), os: in.id(c.OS), app: in.id(c.AppVersion),
		player: in.id(c.Player), cdn: in.id(c.CDN), isp: in.id(c.ISP),
	}
	if e.Live {
		d.live = 1
	}
	return d
}

// says reports whether d is what e says: quicker than dimsOf where it is.
func (in *interner) says(d *dims, e *event.Event) bool {
	c, t := &e.Context, in.texts
	return t[d.title] == e.TitleID && t[d.country] == c.Country && t[d.device] == c.DeviceType &&
		t[d.cdn] == c.CDN && t[d.isp] == c.ISP && t[d.region] == c.Region && t[d.os] == c.OS &&
		t[d.app] == c.AppVersion && t[d.player] == c.Player && (d.live != 0) == e.Live
}

func (in *interner) fact(d *dims) fact.Dims {
	t := in.texts
	return fact.Dims{
		Title: t[d.title], Country: t[d.country], Region: t[d.region],
		DeviceType: t[d.device], OS: t[d.os], AppVersion: t[d.app],
		Player: t[d.player], CDN: t[d.cdn], ISP: t[d.isp], Labels: t[d.labels], Live: d.live != 0,
	}
}

// dimsTable is the different dims of one play, numbered from 1; 0 stands for
// knowing nothing. Most plays have one.
type dimsTable struct {
	first dims
	more  *[]dims
}

var noDims dims

// at is the entry of an index.
func (t *dimsTable) at(i uint16) *dims {
	switch i {
	case 0:
		return &noDims
	case 1:
		return &t.first
	}
	return &(*t.more)[i-2]
}

func (t *dimsTable) len() int {
	switch {
	case t.more != nil:
		return 1 + len(*t.more)
	case t.first != noDims:
		return 1
	}
	return 0
}

// maxDims bounds how many different sets of dimension values a play may have;
// after that it keeps its last.
const maxDims = 1_000

// index finds d or adds it.
func (t *dimsTable) index(d dims) uint16 {
	if d == noDims {
		return 0
	}
	n := t.len()
	for i := 1; i <= n; i++ {
		if *t.at(uint16(i)) == d {
			return uint16(i)
		}
	}
	return t.add(d, n)
}

func (t *dimsTable) add(d dims, n int) uint16 {
	switch {
	case n == 0:
		t.first = d
	case n >= maxDims:
		return uint16(n)
	case t.more == nil:
		t.more = &[]dims{d}
	default:
		*t.more = append(*t.more, d)
	}
	return uint16(n + 1)
}

// raw is the index of what e says of itself. An entry with the same values keeps
// the labels that it was given first.
func (t *dimsTable) raw(g *Engine, last uint16, e *event.Event) uint16 {
	if g.strings.says(t.at(last), e) {
		return last
	}
	d := g.strings.dimsOf(e)
	n := t.len()
	for i := 1; i <= n; i++ {
		known := *t.at(uint16(i))
		known.labels = 0
		if known == d {
			return uint16(i)
		}
	}
	if g.Hooks.Labels != nil && d.title != 0 {
		d.labels = g.strings.id(g.Hooks.Labels(e.TitleID))
	}
	if d == noDims {
		return 0
	}
	return t.add(d, n)
}

// merge is the index of the newer dims laid over the older.
func (t *dimsTable) merge(old, newer uint16) uint16 {
	if old == newer || newer == 0 {
		return old
	}
	o := t.at(old)
	d := o.over(t.at(newer))
	if d == *o {
		return old
	}
	return t.index(d)
}
