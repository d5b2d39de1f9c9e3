package rollup

import "playhead/internal/fact"

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

// leadOf is the lead of a change in tables like t. What t does not keep must come last
// in the change, or it has none.
func (t *table) leadOf(c *change) lead {
	if c.mask&t.mask == 0 {
		return lead{}
	}
	first, n := int(t.at[c.measures[0]]), 0
	for _, m := range c.measures[:c.count] {
		switch int(t.at[m]) {
		case -1:
		case first + n:
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
// area's tables from the first-th on.
func (g *Generation) spread(a *area, first int, keys []uint32, c *change, from, to, fresh int64) {
	l := a.leads[c.shape]
	if l.count == 0 {
		return
	}
	p, tables := &g.pieces[a.family], a.tables[first:first+len(keys)]
	for from < to {
		at, end := p.recent(from)
		if end == 0 {
			var ok bool
			if at, end, ok = g.at(a.family, from, fresh); !ok {
				return
			}
		}
		end = min(to, end)
		if amount := c.amount(from, end); amount != 0 {
			p.list[at].used = true
			add(tables, keys, at, l, c, amount)
		}
		from = end
	}
}

// pulse is spread in familyPulse, whose pieces are all as long: nothing is divided but
// once, and a gauge counts once in each piece that begins in [from, to).
func (g *Generation) pulse(first int, keys []uint32, c *change, from, to, fresh int64) {
	a, p := &g.areas.pulse, &g.pieces[familyPulse]
	l := a.leads[c.shape]
	if l.count == 0 {
		return
	}
	from = max(from, floorTo(fresh-g.opts.Keep.PulseMS, HourMS))
	if past := from - floorTo(from, PulseMS); c.gauge && past > 0 {
		from += PulseMS - past
	}
	tables := a.tables[first : first+len(keys)]
	for from < to {
		at, end := p.recent(from)
		if end == 0 {
			var ok bool
			if at, end, ok = g.at(familyPulse, from, fresh); !ok {
				return
			}
		}
		p.list[at].used = true
		amount := int64(1)
		if !c.gauge {
			amount = min(to, end) - from
		}
		add(tables, keys, at, l, c, amount)
		from = end
	}
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
