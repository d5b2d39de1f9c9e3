package rollup

import (
	"slices"

	"playhead/internal/fact"
)

// shape says which measures a span changes: those of its kind, or one of the others.
type shape uint8

const (
	shapeBitrate = shape(fact.SpanKindCount) + iota // playing at a known bitrate
	shapeGauges                                     // ActivePlay and ActiveViewer at once
	shapeCount
)

// area is where the spans of a family go: tables that are alike, and where in their
// cells a change of each shape adds.
type area struct {
	family family
	tables []table
	leads  [shapeCount]lead
	sums   []sum // of the batch being applied
}

// sum is what the spans of a batch add to cells of the same dimension values: one of each
// of an area's tables, in a piece of time. Plays that differ in nothing are many, and what
// one does is in the same piece again and again, so that the cells are gone to once.
type sum struct {
	start, end int64     // what is surely of the piece, if anything is
	v          [8]int64  // of the first blocks
	refs       [5]uint32 // by table
	piece      uint32
}

// lead says where a change adds to in the first blocks of cells: its values from a place
// on, one after the other. count is 0 where nothing of it is kept, elsewhere if it is in
// other places too.
type lead struct{ from, count uint8 }

const elsewhere = 255

func newArea(f family, tables []table) area {
	a := area{family: f, tables: tables}
	var c change
	for k := range fact.SpanKindCount {
		c.ofSpan(&fact.Span{Kind: k, N: 1})
		a.leads[k] = tables[0].leadOf(&c)
	}
	c.ofSpan(&fact.Span{Kind: fact.Playing, N: 1, Bitrate: 1})
	a.leads[shapeBitrate] = tables[0].leadOf(&c)
	c.ofSpan(&fact.Span{Kind: fact.ActivePlay, N: 1})
	c.add(ViewerMarks, 1)
	a.leads[shapeGauges] = tables[0].leadOf(&c)
	return a
}

// leadOf is the lead of a change in tables like t: one that has values which t does not keep
// has it if those come last.
func (t *table) leadOf(c *change) lead {
	if c.mask&t.mask == 0 {
		return lead{}
	}
	first, n := int(t.at[c.measures[0]]), 0
	for i, m := range c.measures[:c.count] {
		switch at := int(t.at[m]); {
		case at == -1:
		case at == first+n && i == n:
			n++
		default:
			return lead{count: elsewhere}
		}
	}
	if first < 0 || first+n > 1<<t.shift || n == 3 {
		return lead{count: elsewhere}
	}
	return lead{uint8(first), uint8(n)}
}

// spread adds a change for [from, to) to the cells of the keys, which are those of the
// area's tables from the first-th on. If it is to all of them, near says where the sums
// of the keys are that were added to last; else it is nil.
func (g *Generation) spread(a *area, first int, keys, near []uint32, c *change, from, to, fresh int64) {
	l := a.leads[c.shape]
	switch l.count {
	case 0:
		return
	case elsewhere:
		near = nil
	}
	for _, at := range near {
		if at != 0 {
			if s := &a.sums[at-1]; s.start <= from && to <= s.end { // nearly always
				s.add(l, c, c.whole)
				return
			}
		}
	}
	p := &g.pieces[a.family]
	for from < to {
		at, end := p.recent(from)
		if end == 0 {
			var ok bool
			if at, end, ok = g.at(a.family, from, fresh); !ok {
				return
			}
		}
		end = min(to, end)
		amount := c.amount(from, end)
		switch {
		case amount == 0:
		case near != nil && len(a.sums) < mostSums:
			a.sum(keys, &near[at&uint32(len(near)-1)], p, at).add(l, c, amount)
		default:
			p.list[at].used = true
			add(a.tables[first:first+len(keys)], keys, at, l, c, amount)
		}
		from = end
	}
}

// A span over more pieces than near has places is not put into sums: it would push out its
// own. mostSums are made in a batch: of spans that have nothing in common each piece is one.
const (
	longPulseMS   = 8 * PulseMS
	longQualityMS = 2 * MinuteMS
	mostSums      = 1 << 14
)

// pulse is spread in familyPulse, whose pieces are all as long: nothing is divided but
// once, and a gauge counts once in each piece that begins in [from, to).
func (g *Generation) pulse(first int, keys, near []uint32, c *change, from, to, fresh int64) {
	a, p := &g.areas.pulse, &g.pieces[familyPulse]
	l := a.leads[c.shape]
	switch {
	case l.count == 0:
		return
	case l.count == elsewhere || to-from > longPulseMS:
		near = nil
	}
	from = max(from, floorTo(fresh-g.opts.Keep.PulseMS, HourMS))
	start := floorTo(from, PulseMS)
	if c.gauge && start < from {
		start += PulseMS
	}
	for n := start / PulseMS; start < to; n++ {
		end, amount := start+PulseMS, int64(1)
		if !c.gauge {
			amount = min(to, end) - max(from, start)
		}
		if near != nil {
			slot := &near[n&int64(len(near)-1)]
			if *slot != 0 && a.sums[*slot-1].start == start {
				a.sums[*slot-1].add(l, c, amount)
				start = end
				continue
			}
		}
		at, _, ok := g.at(familyPulse, start, fresh)
		if !ok {
			return
		}
		if near != nil && len(a.sums) < mostSums {
			a.sum(keys, &near[n&int64(len(near)-1)], p, at).add(l, c, amount)
		} else {
			p.list[at].used = true
			add(a.tables[first:first+len(keys)], keys, at, l, c, amount)
		}
		start = end
	}
}

// sum finds or begins the sum of keys in a piece of time. The cells are made at once: in
// which order they come is what it would be without sums.
func (a *area) sum(keys []uint32, near *uint32, p *pieces, piece uint32) *sum {
	if *near != 0 {
		if s := &a.sums[*near-1]; s.piece == piece {
			return s
		}
	}
	if len(a.sums) == cap(a.sums) {
		a.sums = slices.Grow(a.sums, 64)
	}
	a.sums = a.sums[:len(a.sums)+1]
	*near = uint32(len(a.sums))
	s := &a.sums[len(a.sums)-1]
	of := &p.list[piece]
	of.used = true
	s.piece, s.start, s.end, s.v = piece, of.start, of.end, [8]int64{}
	if of.level != 0 {
		s.end = of.start // a moment in it may have a finer piece
	}
	keys = keys[:len(a.tables)]
	for i := range a.tables {
		t := &a.tables[i]
		ref := t.known(piece, keys[i])
		if ref == 0 {
			ref = t.seek(piece, keys[i])
		}
		s.refs[i] = ref
	}
	return s
}

// add adds a change, times an amount.
func (s *sum) add(l lead, c *change, amount int64) {
	at := l.from & 7
	s.v[at] += c.values[0] * amount
	if l.count == 1 {
		return
	}
	s.v[(at+1)&7] += c.values[1] * amount
	if l.count == 2 {
		return
	}
	s.v[(at+2)&7] += c.values[2] * amount
	s.v[(at+3)&7] += c.values[3] * amount
}

// settle adds the sums to their cells.
func (a *area) settle() {
	for i := range a.tables {
		t := &a.tables[i]
		for j := range a.sums {
			s := &a.sums[j]
			chunk, at := t.place(s.refs[i], 0)
			to := (*[4]int64)(chunk[at : at+4])
			to[0] += s.v[0]
			to[1] += s.v[1]
			to[2] += s.v[2]
			to[3] += s.v[3]
			if t.shift > 2 {
				to = (*[4]int64)(chunk[at+4 : at+8])
				to[0] += s.v[4]
				to[1] += s.v[5]
				to[2] += s.v[6]
				to[3] += s.v[7]
			}
		}
	}
	a.sums = fact.Shrink(a.sums)[:0]
}

// add adds a change, times an amount, to a cell of each of some tables that are alike.
func add(tables []table, keys []uint32, piece uint32, l lead, c *change, amount int64) {
	switch v := &c.values; l.count {
	case 1:
		addOne(tables, keys, piece, int(l.from), v[0]*amount)
	case 2:
		addTwo(tables, keys, piece, int(l.from), v[0]*amount, v[1]*amount)
	case 4:
		addFour(tables, keys, piece, int(l.from), [4]int64{v[0] * amount, v[1] * amount, v[2] * amount, v[3] * amount})
	default:
		for i := range tables {
			tables[i].apply(piece, keys[i], c, amount)
		}
	}
}

// addOne adds to a place of the first blocks of cells in a piece of time: one cell of
// each of some tables that are alike.
func addOne(tables []table, keys []uint32, piece uint32, place int, v int64) {
	keys = keys[:len(tables)]
	for i := range tables {
		t := &tables[i]
		ref := t.known(piece, keys[i])
		if ref == 0 {
			ref = t.seek(piece, keys[i])
		}
		chunk, at := t.place(ref, place)
		chunk[at] += v
	}
}

// addTwo is addOne of two places, one after the other.
func addTwo(tables []table, keys []uint32, piece uint32, place int, v, w int64) {
	keys = keys[:len(tables)]
	for i := range tables {
		t := &tables[i]
		ref := t.known(piece, keys[i])
		if ref == 0 {
			ref = t.seek(piece, keys[i])
		}
		chunk, at := t.place(ref, place)
		chunk[at+1] += w
		chunk[at] += v
	}
}

// addFour is addOne of four places.
func addFour(tables []table, keys []uint32, piece uint32, place int, v [4]int64) {
	keys = keys[:len(tables)]
	for i := range tables {
		t := &tables[i]
		ref := t.known(piece, keys[i])
		if ref == 0 {
			ref = t.seek(piece, keys[i])
		}
		chunk, at := t.place(ref, place)
		chunk[at+3] += v[3]
		chunk[at+2] += v[2]
		chunk[at+1] += v[1]
		chunk[at] += v[0]
	}
}

// place is a place of the first block of a cell: a chunk, and where in it.
func (t *table) place(ref uint32, place int) (chunk []int64, at uint32) {
	ref--
	return t.firsts[ref/blocksAChunk], ref%blocksAChunk<<(t.shift&3) + uint32(place)
}
