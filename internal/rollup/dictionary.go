package rollup

import (
	"strings"

	"playhead/internal/fact"
)

// dictionary gives each distinct string a small id, in order of appearance.
type dictionary struct {
	ids   map[string]uint32
	texts []string
	bytes int64
}

func (d *dictionary) id(s string) uint32 {
	if id, ok := d.ids[s]; ok {
		return id
	}
	if d.ids == nil {
		d.ids = map[string]uint32{}
	}
	s = strings.Clone(s) // s may point into a buffer of the decoder
	id := uint32(len(d.texts))
	d.ids[s] = id
	d.texts = append(d.texts, s)
	d.bytes += int64(len(s)) + 64
	return id
}

// faceIDs are the ids of the values that a set of dimension values has in each face.
type faceIDs [FaceCount]uint32

// pairs gives ids to pairs of ids.
type pairs struct {
	ids  map[[2]uint32]uint32
	list [][2]uint32
}

func (p *pairs) id(a, b uint32) uint32 {
	k := [2]uint32{a, b}
	if id, ok := p.ids[k]; ok {
		return id
	}
	if p.ids == nil {
		p.ids = map[[2]uint32]uint32{}
	}
	id := uint32(len(p.list))
	p.ids[k] = id
	p.list = append(p.list, k)
	return id
}

// names are the dictionaries of a generation.
type names struct {
	dims  [DimensionCount]dictionary
	pairs [3]pairs // title×country, title×device, country×device
	rows  map[fact.Dims]uint32
	list  []fact.Dims // of finished plays
}

// faces resolves dimension values to ids.
func (n *names) faces(d *fact.Dims) faceIDs {
	t, c := n.dims[Title].id(d.Title), n.dims[Country].id(d.Country)
	v, k := n.dims[DeviceType].id(d.DeviceType), n.dims[CDN].id(d.CDN)
	return faceIDs{0, t, c, v, k, n.pairs[0].id(t, c), n.pairs[1].id(t, v), n.pairs[2].id(c, v)}
}

// keys are the values of a face's dimensions for an id of that face.
func (n *names) keys(face Face, id uint32) (a, b string) {
	if face >= FaceTitleCountry {
		p := n.pairs[face-FaceTitleCountry].list[id]
		d := face.Dimensions()
		return n.dims[d[0]].texts[p[0]], n.dims[d[1]].texts[p[1]]
	}
	switch face {
	case FaceTitle:
		return n.dims[Title].texts[id], ""
	case FaceCountry:
		return n.dims[Country].texts[id], ""
	case FaceDevice:
		return n.dims[DeviceType].texts[id], ""
	case FaceCDN:
		return n.dims[CDN].texts[id], ""
	}
	return "", ""
}

// row interns the dimension values of finished plays, with strings of its own.
func (n *names) row(d *fact.Dims) uint32 {
	if i, ok := n.rows[*d]; ok {
		return i
	}
	if n.rows == nil {
		n.rows = map[fact.Dims]uint32{}
	}
	own := *d
	for dim, field := range map[Dimension]*string{
		Title: &own.Title, Country: &own.Country, DeviceType: &own.DeviceType, CDN: &own.CDN, Region: &own.Region,
		OS: &own.OS, AppVersion: &own.AppVersion, Player: &own.Player, ISP: &own.ISP,
	} {
		dict := &n.dims[dim]
		*field = dict.texts[dict.id(*field)]
	}
	i := uint32(len(n.list))
	n.rows[own] = i
	n.list = append(n.list, own)
	return i
}

func (n *names) bytes() int64 {
	var total int64
	for i := range n.dims {
		total += n.dims[i].bytes
	}
	for i := range n.pairs {
		total += 40 * int64(len(n.pairs[i].list))
	}
	return total + 400*int64(len(n.list))
}
