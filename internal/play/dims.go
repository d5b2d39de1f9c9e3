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

// has reports whether d is d.over(n): every value that n knows is d's.
func (d *dims) has(n *dims) bool {
	in := func(v, of uint32) bool { return v == 0 || v == of }
	return in(n.title, d.title) && in(n.device, d.device) && in(n.cdn, d.cdn) && in(n.country, d.country) && in(n.region, d.region) &&
		in(n.os, d.os) && in(n.app, d.app) && in(n.player, d.player) && in(n.isp, d.isp) && in(n.labels, d.labels) && n.live&^d.live == 0
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
	c := &e.Context
	return in.is(d.title, e.TitleID) && in.is(d.country, c.Country) && in.is(d.device, c.DeviceType) &&
		in.is(d.cdn, c.CDN) && in.is(d.isp, c.ISP) && in.is(d.region, c.Region) && in.is(d.os, c.OS) &&
		in.is(d.app, c.AppVersion) && in.is(d.player, c.Player) && (d.live != 0) == e.Live
}

// is reports whether s has the number id. Most of what a heartbeat says is nothing, for which
// no text is looked at.
func (in *interner) is(id uint32, s string) bool {
	if id == 0 || s == "" {
		return id == 0 && s == ""
	}
	return in.texts[id] == s
}

func (in *interner) fact(d *dims) fact.Dims {
	t := in.texts
	return fact.Dims{
		Title: t[d.title], Country: t[d.country], Region: t[d.region],
		DeviceType: t[d.device], OS: t[d.os], AppVersion: t[d.app],
		Player: t[d.player], CDN: t[d.cdn], ISP: t[d.isp], Labels: t[d.labels], Live: d.live != 0,
	}
}

var noDims dims

// A play's different dims are numbered from 1; 0 stands for knowing nothing. Most
// plays have one. What a play keeps are numbers of the engine's sets.

// set is the number in g.sets of the play's entry i.
func (p *playState) set(i uint16) uint32 {
	switch i {
	case 0:
		return 0
	case 1:
		return p.firstDims
	}
	return (*p.moreDims)[i-2]
}

// dimsAt is the play's entry i, good until another is added.
func (g *Engine) dimsAt(p *playState, i uint16) *dims { return &g.sets.list[p.set(i)].d }

// dimsCount is how many entries the play has.
func (p *playState) dimsCount() int {
	switch {
	case p.moreDims != nil:
		return 1 + len(*p.moreDims)
	case p.firstDims != 0:
		return 1
	}
	return 0
}

// maxDims bounds how many different sets of dimension values a play may have;
// after that it keeps its last.
const maxDims = 1_000

// dimsIndex finds d among the play's entries or adds it.
func (g *Engine) dimsIndex(p *playState, d dims) uint16 {
	if d == noDims {
		return 0
	}
	n := p.dimsCount()
	for i := 1; i <= n; i++ {
		if *g.dimsAt(p, uint16(i)) == d {
			return uint16(i)
		}
	}
	return g.addDims(p, d, n)
}

// addDims adds d as an entry of a play that has n.
func (g *Engine) addDims(p *playState, d dims, n int) uint16 {
	switch {
	case n == 0:
		p.firstDims = g.sets.take(&d)
	case n >= maxDims:
		return uint16(n)
	case p.moreDims == nil:
		p.moreDims = &[]uint32{g.sets.take(&d)}
	default:
		*p.moreDims = append(*p.moreDims, g.sets.take(&d))
	}
	return uint16(n + 1)
}

// dropDims gives back the entries of a play that has gone.
func (g *Engine) dropDims(p *playState) {
	g.sets.release(p.firstDims)
	if p.moreDims != nil {
		for _, n := range *p.moreDims {
			g.sets.release(n)
		}
	}
	p.firstDims, p.moreDims, p.within = 0, nil, 0
}

// rawDims is the index of what e says of itself. An entry with the same values
// keeps the labels that it was given first.
func (g *Engine) rawDims(p *playState, last uint16, e *event.Event) uint16 {
	set, said := &g.sets.list[p.set(last)], g.said.Hash(g.seed)
	if said != 0 && set.said == said {
		return last
	}
	if g.strings.says(&set.d, e) {
		set.said = said
		return last
	}
	d := g.strings.dimsOf(e)
	n := p.dimsCount()
	for i := 1; i <= n; i++ {
		known := *g.dimsAt(p, uint16(i))
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
	return g.addDims(p, d, n)
}

// pair is two entries of a play's as one number.
func pair(old, newer uint16) uint32 { return uint32(old)<<16 | uint32(newer) }

// mergeDims is the index of the newer dims laid over the older.
func (g *Engine) mergeDims(p *playState, old, newer uint16) uint16 {
	if old == newer || newer == 0 {
		return old
	}
	o, n := g.dimsAt(p, old), g.dimsAt(p, newer)
	if o.has(n) {
		p.within = pair(old, newer)
		return old
	}
	return g.dimsIndex(p, o.over(n))
}
