package simulate

import "playhead/internal/event"

// pageShare is how many plays of the past and of the crowd begin on a page of
// artwork, idleShare how many pages there are beside, by play, that nothing
// comes of.
const (
	pageShare = 0.6
	idleShare = 0.3
)

// appeal is how well a creative draws people to its title: 1 is usual.
func (w *world) appeal(title, creative int32) float64 {
	return 0.5 + float64(mix(w.seed^uint64(title)<<20^uint64(creative)<<4)>>11)/(1<<53)
}

// drawn is the creative that led to a play: of those that are shown alike the
// one that draws more is found more often before a play.
func (w *world) drawn(c *chance, title int32) int32 {
	n := max(1, int32(len(w.titles[title].Creatives)))
	for range 20 {
		if i := int32(c.IntN(int(n))); c.Float64()*1.5 < w.appeal(title, i) {
			return i
		}
	}
	return 0
}

// page is some artwork before a play: a row of it, with the title of the play in
// it, and the choice. Without a choice it is just looked at.
func (w *world) page(c *chance, p *play, chosen bool, into []browse) []browse {
	n := 2 + c.IntN(4)
	at := p.start - int64(n)*2_600 - 1_200
	row, hit := int32(c.IntN(len(placements))), c.IntN(n)
	into = into[:0]
	for i := range n {
		v := browse{time: at, kind: event.Impression, row: row, rank: int32(i), id: mix(p.id + uint64(i+1)*0x9e3779b9)}
		v.impression = v.id
		if v.title = w.ranks[w.popular.draw(c)]; chosen && i == hit {
			v.title = p.title
		}
		creatives := max(1, len(w.titles[v.title].Creatives))
		v.creative, v.propensity = int32(c.IntN(creatives)), 1/float64(creatives)
		if chosen && i == hit {
			v.creative = w.drawn(c, v.title)
		}
		into = append(into, v)
		at += c.between(1_000, 2_600)
	}
	if chosen {
		v := into[hit]
		v.kind, v.time, v.id = event.Select, p.start-c.between(300, 900), mix(p.id+0x5e1ec7)
		into = append(into, v)
	}
	return into
}
