package simulate

import "playhead/internal/event"

// pageShare is how many plays of the past and of the crowd begin on a page of
// artwork, idleShare how many pages there are beside, by play, that nothing
// comes of; searchShare begin with a search.
const (
	pageShare   = 0.6
	idleShare   = 0.3
	searchShare = 0.06
)

// appeal is how well a creative draws people to its title: about 1 is usual.
func (w *world) appeal(title, creative int32) float64 {
	usual := 0.92 + 0.16*float64(mix(w.seed^uint64(title)<<20^uint64(creative)<<4)>>11)/(1<<53)
	if w.demo != nil {
		if e, off := w.demo.arts[artwork{title, creative}]; off {
			return usual * e.take
		}
	}
	return usual
}

// mostAppeal is no less than any appeal.
const mostAppeal = 2.7

// drawn is the creative that led to a play: of those that are shown alike the
// one that draws more is found more often before a play. h is where its chance
// comes from.
func (w *world) drawn(h uint64, title int32) int32 {
	n := max(1, uint64(len(w.titles[title].Creatives)))
	for i := uint64(0); i < 40; i++ {
		at := mix(h + 2*i)
		if creative := int32(at % n); float64(mix(at)>>11)/(1<<53)*mostAppeal < w.appeal(title, creative) {
			return creative
		}
	}
	return 0
}

// pageTitle is a title for a page that a viewer sees.
func (w *world) pageTitle(c *chance, who *person) int32 {
	for {
		t := w.ranks[w.popular.draw(c)]
		if w.missing(t, who) || w.demo != nil && t == w.demo.hidden && !c.yes(0.05) {
			continue
		}
		return t
	}
}

// page is some artwork before a play: a row of it, with the title of the play in
// it by the creative that led to it, and the choice. Without one (idle) it is just
// looked at.
func (w *world) page(c *chance, p *play, from lead, into []browse) []browse {
	if from.search {
		return w.search(c, p, into)
	}
	n := 2 + c.IntN(4)
	at := p.start - int64(n)*2_600 - 1_200
	row, hit := int32(c.IntN(len(placements))), c.IntN(n)
	into = into[:0]
	for i := range n {
		v := browse{time: at, kind: event.Impression, row: row, rank: int32(i), id: mix(p.id + uint64(i+1)*0x9e3779b9)}
		v.impression = v.id
		if v.title = w.pageTitle(c, &p.who); from.page && i == hit {
			v.title = p.title
		}
		creatives := max(1, len(w.titles[v.title].Creatives))
		v.creative, v.propensity = int32(c.IntN(creatives)), 1/float64(creatives)
		if from.page && i == hit {
			v.creative = from.creative
		}
		into = append(into, v)
		at += c.between(1_000, 2_600)
	}
	if from.page {
		v := into[hit]
		v.kind, v.time, v.id = event.Select, p.start-c.between(300, 900), mix(p.id+0x5e1ec7)
		into = append(into, v)
	}
	return into
}

// search is a search before a play: mostly for it, sometimes for what is not there.
func (w *world) search(c *chance, p *play, into []browse) []browse {
	v := browse{time: p.start - 14_000 - c.Int64N(9_000), kind: event.Search, id: mix(p.id + 0x5ea2c4)}
	v.query, v.hits = int32(c.IntN(len(queries))), int32(1+c.IntN(11))
	if c.yes(0.25) {
		v.query, v.hits = int32(len(queries)+c.IntN(len(absentQueries))), 0
	}
	into = append(into[:0], v)
	if v.hits > 0 && c.yes(0.85) {
		into = append(into, browse{
			time: p.start - c.between(300, 900), kind: event.Select, id: mix(p.id + 0x5e1ec7), title: p.title, search: v.id, rank: int32(c.IntN(int(v.hits))),
		})
	}
	return into
}
