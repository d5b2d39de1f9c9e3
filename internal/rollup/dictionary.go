package rollup

import (
	"slices"
	"strings"

	"playhead/internal/fact"
)

// dictionary gives each distinct string a small id, in order of appearance.
type dictionary struct {
	ids   map[string]uint32
	texts []string
	bytes int64
	// seen are the strings asked for last, by what mix makes of them: most dimensions
	// have few.
	seen [64]uint32
}

// mix is a number for a string that is quickly had.
func mix(s string) uint32 {
	n := len(s)
	if n == 0 {
		return 0
	}
	return uint32(n) + 3*uint32(s[0]) + 5*uint32(s[n/2]) + 7*uint32(s[n-1])
}

func (d *dictionary) id(s string) uint32 {
	seen := &d.seen[mix(s)%uint32(len(d.seen))]
	if int(*seen) < len(d.texts) && d.texts[*seen] == s {
		return *seen
	}
	*seen = d.find(s)
	return *seen
}

// find finds the id of a string, or gives it one.
func (d *dictionary) find(s string) uint32 {
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

// key is the ids of the values of a base's dimensions.
type key [MaxKeys]uint32

// tuples gives ids to keys of several ids, in order of appearance. A key of one id is
// its own.
type tuples struct {
	list  []key
	slots []uint32 // hash table of list: ids + 1, 0 free
}

func (k *key) hash() uint32 {
	const odd = 0x9e3779b97f4a7c15
	h := (uint64(k[0])<<32 | uint64(k[1])) * odd
	h = (h ^ h>>32 ^ uint64(k[2])<<32 ^ uint64(k[3])) * odd
	h = (h ^ h>>32 ^ uint64(k[4])) * odd
	return uint32(h >> 32)
}

func (t *tuples) pair(a, b uint32) uint32 { return t.id(key{a, b}) }

func (t *tuples) id(k key) uint32 {
	if len(t.slots) > 0 {
		mask := uint32(len(t.slots) - 1)
		for i := k.hash() & mask; t.slots[i] != 0; i = (i + 1) & mask {
			if id := t.slots[i] - 1; t.list[id] == k {
				return id
			}
		}
	}
	t.list = append(t.list, k)
	if 4*len(t.list) > 3*len(t.slots) {
		t.slots = make([]uint32, max(16, 2*len(t.slots)))
		for i := range t.list {
			t.put(uint32(i) + 1)
		}
	} else {
		t.put(uint32(len(t.list)))
	}
	return uint32(len(t.list)) - 1
}

// put puts an id + 1 that is not there yet into the hash table.
func (t *tuples) put(ref uint32) {
	mask := uint32(len(t.slots) - 1)
	i := t.list[ref-1].hash() & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = ref
}

func (t *tuples) bytes() int64 { return int64(4*len(t.slots) + 20*cap(t.list)) }

// lines are sets of "kind:value" lines, each with the values that it has of a dimension.
type lines struct {
	dictionary
	values []map[Dimension][]uint32
}

// names are the dictionaries of a generation.
type names struct {
	dims   [DimensionCount]dictionary
	labels lines // of titles: Genre, Theme, Cast, Language, Show
	tastes lines // of viewers: Affinity
	tuples [familyCount][]tuples
	rows   map[fact.Dims]uint32
	list   []fact.Dims // of finished plays
	slots  map[fact.Slot]uint32
	placed []fact.Slot // of finished plays
}

func newNames() names {
	var n names
	for f := range n.tuples {
		n.tuples[f] = make([]tuples, len(families[f].bases))
	}
	return n
}

// labelled is the id of a set of labels. Their values become known.
func (n *names) labelled(labels string) uint32 {
	id := n.labels.id(labels)
	if int(id) < len(n.labels.values) {
		return id
	}
	of := map[Dimension][]uint32{}
	eachLabel(labels, func(d Dimension, v string) {
		if id := n.dims[d].id(v); !slices.Contains(of[d], id) {
			of[d] = append(of[d], id)
		}
	})
	for _, d := range []Dimension{Genre, Theme, Cast, Language, Show} {
		if len(of[d]) == 0 {
			of[d] = []uint32{n.dims[d].id("")}
		}
	}
	n.labels.values = append(n.labels.values, of)
	return id
}

// eachLabel calls fn for the labels that are values of dimensions: of what a
// title has one of, for the first.
func eachLabel(labels string, fn func(d Dimension, value string)) {
	language, show := false, false
	fact.Label(labels, func(kind, v string) bool {
		switch {
		case kind == "genre":
			fn(Genre, v)
		case kind == "theme":
			fn(Theme, v)
		case kind == "cast":
			fn(Cast, v)
		case kind == "language" && !language:
			language = true
			fn(Language, v)
		case kind == "show" && !show:
			show = true
			fn(Show, v)
		}
		return true
	})
}

// Values are the values of a dimension at a moment of a play: one, or several of
// a dimension that is MultiValued. Unknown is "".
func Values(d *fact.Dims, dim Dimension) []string {
	if dim < Genre || dim == Query || dim >= DimensionCount {
		return []string{Value(d, dim)}
	}
	var list []string
	eachLabel(d.Labels, func(of Dimension, v string) {
		if of == dim && !slices.Contains(list, v) {
			list = append(list, v)
		}
	})
	if list == nil {
		list = []string{""}
	}
	return list
}

// taste is the id of what a viewer likes. Its values become known.
func (n *names) taste(taste string) uint32 {
	id := n.tastes.id(taste)
	if int(id) < len(n.tastes.values) {
		return id
	}
	var list []uint32
	for line := range strings.SplitSeq(taste, "\n") { // of no line: "", unknown
		list = append(list, n.dims[Affinity].id(line))
	}
	n.tastes.values = append(n.tastes.values, map[Dimension][]uint32{Affinity: list})
	return id
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
	own.Labels = n.labels.texts[n.labelled(own.Labels)]
	i := uint32(len(n.list))
	n.rows[own] = i
	n.list = append(n.list, own)
	return i
}

// slot interns where an impression was, with strings of its own.
func (n *names) slot(s *fact.Slot) uint32 {
	if i, ok := n.slots[*s]; ok {
		return i
	}
	if n.slots == nil {
		n.slots = map[fact.Slot]uint32{}
	}
	creative, placement := &n.dims[Creative], &n.dims[Placement]
	own := fact.Slot{
		Creative: creative.texts[creative.id(s.Creative)], Placement: placement.texts[placement.id(s.Placement)],
		Rank: s.Rank, Experiments: strings.Clone(s.Experiments),
	}
	i := uint32(len(n.placed))
	n.slots[own] = i
	n.placed = append(n.placed, own)
	return i
}

func (n *names) bytes() int64 {
	total := n.labels.bytes + n.tastes.bytes + 500*int64(len(n.labels.values)) + 300*int64(len(n.tastes.values)) + 400*int64(len(n.list)) + 150*int64(len(n.placed))
	for i := range n.dims {
		total += n.dims[i].bytes
	}
	for f := range n.tuples {
		for b := range n.tuples[f] {
			total += n.tuples[f][b].bytes()
		}
	}
	return total
}

// ids are the values that a key of a base has of a dimension; room is for one.
func (n *names) ids(b *baseSpec, k *key, d Dimension, room *[1]uint32) []uint32 {
	for i, have := range b.dims {
		switch {
		case have == d:
			room[0] = k[i]
			return room[:]
		case have == dimLabels && d >= Genre && d != Query:
			return n.labels.values[k[i]][d]
		case have == dimTaste && d == Affinity:
			return n.tastes.values[k[i]][Affinity]
		}
	}
	return nil
}

// key is the key of a base's cell.
func (n *names) key(f family, base int, id uint32) key {
	if len(families[f].bases[base].dims) < 2 {
		return key{id}
	}
	return n.tuples[f][base].list[id]
}
