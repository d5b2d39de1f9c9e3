package rollup

import (
	"playhead/internal/fact"
	"playhead/internal/sketch"
)

// resolved are the keys that a dimension set of the batch has in the bases.
type resolved struct {
	done                   uint8 // which parts
	title, country, device uint32
	pulse                  [5]uint32
	pairs                  [3]uint32 // familyTitle
	quality                [2]uint32
	label                  [1]uint32
	row                    uint32 // among those of finished plays
	near                   near
}

// near is where the sums are that spans of the dimension values were added to last, by
// piece of time: one more than their places in area.sums, 0 for none. There are a power of
// two of each.
type near struct {
	pulse   [8]uint32
	quality [2]uint32
	title   [1]uint32
	label   [1]uint32
}

const (
	doneNames = 1 << iota
	donePlay
	doneRow
)

// slotIDs are the values of a slot of the batch.
type slotIDs struct {
	done                      bool
	creative, placement, rank uint32
}

// begin forgets the batch before. Values become known when a fact uses them.
func (g *Generation) begin(b *fact.Batch) {
	clear(g.ids)
	for len(g.ids) < len(b.Dims) {
		g.ids = append(g.ids, resolved{})
	}
	clear(g.slots)
	for len(g.slots) < len(b.Slots) {
		g.slots = append(g.slots, slotIDs{})
	}
}

// named are the values of a dimension set that all facts use.
func (g *Generation) named(b *fact.Batch, i uint32) *resolved {
	r := &g.ids[i]
	if r.done&doneNames == 0 {
		d := &b.Dims[i]
		r.done |= doneNames
		r.title, r.country = g.names.dims[Title].id(d.Title), g.names.dims[Country].id(d.Country)
		r.device = g.names.dims[DeviceType].id(d.DeviceType)
	}
	return r
}

// played are the keys of a dimension set that plays use.
func (g *Generation) played(b *fact.Batch, i uint32) *resolved {
	r := g.named(b, i)
	if r.done&donePlay != 0 {
		return r
	}
	r.done |= donePlay
	d, n := &b.Dims[i], &g.names
	cdn, isp := n.dims[CDN].id(d.CDN), n.dims[ISP].id(d.ISP)
	r.pulse = [5]uint32{0, r.title, r.country, r.device, cdn}
	pairs := n.tuples[familyTitle]
	r.pairs = [3]uint32{pairs[0].pair(r.title, r.country), pairs[1].pair(r.title, r.device), pairs[2].pair(r.country, r.device)}
	r.quality[0] = n.tuples[familyQuality][0].id(key{cdn, isp, r.country})
	r.quality[1] = n.tuples[familyQuality][1].id(key{r.device, n.dims[OS].id(d.OS), n.dims[AppVersion].id(d.AppVersion), n.dims[Player].id(d.Player)})
	r.label[0] = n.tuples[familyLabel][0].pair(n.labelled(d.Labels), r.country)
	_ = n.dims[Region].id(d.Region) // no cell has it, but it is a value that was seen
	return r
}

func (g *Generation) applySpans(b *fact.Batch) {
	c := &g.change
	for i := 0; i < len(b.Spans); i++ {
		s := &b.Spans[i]
		if s.To <= s.From || s.N == 0 {
			continue
		}
		if c.ofSpan(s); c.count == 0 {
			continue
		}
		if c.whole = c.amount(s.From, s.To); c.whole == 0 {
			continue // a gauge between two boundaries
		}
		r := g.played(b, s.Dims)
		switch {
		case s.Kind == fact.ActiveViewer:
			g.applyViewers(s, c, r, b.FreshTo)
			continue
		case c.gauge && i+1 < len(b.Spans) && alone(s, &b.Spans[i+1]):
			// Nearly every play is its viewer's only one: both gauges are in the same
			// places of the same cells, which are looked for once.
			i++
			c.add(ViewerMarks, int64(b.Spans[i].N))
			c.shape = shapeGauges
		}
		n := &r.near
		g.pulse(0, r.pulse[:], n.pulse[:], c, s.From, s.To, b.FreshTo)
		g.spread(&g.areas.title, 0, r.pairs[:], n.title[:], c, s.From, s.To, b.FreshTo)
		if !c.gauge {
			quality := n.quality[:]
			if s.To-s.From > longQualityMS {
				quality = nil
			}
			g.spread(&g.areas.quality, 0, r.quality[:], quality, c, s.From, s.To, b.FreshTo)
			g.spread(&g.areas.label, 0, r.label[:], n.label[:], c, s.From, s.To, b.FreshTo)
		}
	}
	for _, a := range [...]*area{&g.areas.pulse, &g.areas.title, &g.areas.quality, &g.areas.label} {
		a.settle()
	}
}

// alone reports whether a viewer's span says of all groupings what the play's span
// before it says of the play.
func alone(play, viewer *fact.Span) bool {
	return viewer.Kind == fact.ActiveViewer && viewer.Scope == fact.ScopeEvery && viewer.Dims == play.Dims &&
		viewer.From == play.From && viewer.To == play.To
}

// apart is where viewers of a face of familyTitle are that those of a finer face do not
// sum to.
type apart struct {
	base int        // of familyTitle
	from fact.Scope // the finer face, as a set
}

var aparts = [...]apart{
	FaceAll: {3, fact.ScopeCountryDevice}, FaceTitle: {4, fact.ScopeTitleCountry},
	FaceCountry: {5, fact.ScopeCountryDevice}, FaceDevice: {6, fact.ScopeCountryDevice},
}

// viewersOf is the first base of familyTitle that holds viewers alone.
const viewersOf = 3

// applyViewers counts a viewer in the groupings in which the span is the only one. A
// face that is summed from a finer one has a cell of its own only where the viewer counts
// in one of them and not in the other: of nearly all, in none.
func (g *Generation) applyViewers(s *fact.Span, c *change, r *resolved, fresh int64) {
	for face := FaceAll; face <= FaceCDN; face++ {
		if s.Scope>>face&1 == 1 {
			g.pulse(int(face), r.pulse[face:face+1], nil, c, s.From, s.To, fresh)
		}
	}
	for i := range r.pairs {
		if s.Scope>>(int(FaceTitleCountry)+i)&1 == 1 {
			g.spread(&g.areas.title, i, r.pairs[i:i+1], nil, c, s.From, s.To, fresh)
		}
	}
	n := c.values[0]
	for face, a := range aparts {
		own, finer := s.Scope>>face&1 == 1, s.Scope&a.from != 0
		if own == finer {
			continue
		}
		c.values[0] = n
		if finer {
			c.values[0] = -n
		}
		g.spread(&g.areas.viewers, a.base-viewersOf, r.pulse[face:face+1], nil, c, s.From, s.To, fresh)
	}
}

// once adds a change at a moment.
func (g *Generation) once(f family, keys []uint32, c *change, ms, fresh int64) {
	at, _, ok := g.at(f, ms, fresh)
	if !ok {
		return
	}
	for i := range keys {
		g.pieces[f].list[at].used = true
		g.tables[f][i].apply(at, keys[i], c, 1)
	}
}

func (g *Generation) applyMarks(b *fact.Batch) {
	for i := range b.Marks {
		m := &b.Marks[i]
		if m.N < 0 && (m.Kind == fact.FirstFrame && m.Known || m.Kind == fact.StartupKnown || m.Kind == fact.SessionEnd) {
			g.over++
		}
		c := markChange(m)
		if m.Kind >= fact.SeasonStarter && m.Kind <= fact.SeasonCompleter {
			r := g.named(b, m.Dims) // a season's id is no title of plays
			one := [1]uint32{g.names.tuples[familyTitle][0].pair(r.title, r.country)}
			g.once(familyTitle, one[:], &c, m.Time, b.FreshTo)
			continue
		}
		r := g.played(b, m.Dims)
		g.once(familyPulse, r.pulse[:], &c, m.Time, b.FreshTo)
		g.once(familyTitle, r.pairs[:], &c, m.Time, b.FreshTo)
		g.once(familyQuality, r.quality[:], &c, m.Time, b.FreshTo)
		g.once(familyLabel, r.label[:], &c, m.Time, b.FreshTo)
		if m.Kind == fact.FirstFrame {
			g.firstFrame(b, m, r, &c)
		}
	}
}

// firstFrame adds what only first frames tell.
func (g *Generation) firstFrame(b *fact.Batch, m *fact.Mark, r *resolved, c *change) {
	one := [1]uint32{g.names.tuples[familyAffinity][0].pair(r.title, g.tasteOf(b, m.Taste))}
	g.once(familyAffinity, one[:], c, m.Time, b.FreshTo)
	if !m.Known {
		return
	}
	one[0] = r.title
	g.once(familyOverlap, one[:], c, m.Time, b.FreshTo)
	if m.N > 0 {
		t := &g.tables[familyOverlap][0]
		at, _, _ := g.at(familyOverlap, m.Time, b.FreshTo) // all months are kept
		ref := t.cell(at, r.title)
		t.nodes.of(&t.first[ref-1], Audience).addHash(&t.nodes, sketch.ThetaHash(m.Viewer))
	}
}

// tasteOf is the id of an index of Batch.Tastes plus one.
func (g *Generation) tasteOf(b *fact.Batch, i uint32) uint32 {
	if i == 0 {
		return g.names.taste("")
	}
	return g.names.taste(b.Tastes[i-1])
}

func (g *Generation) applyExposures(b *fact.Batch) {
	for i := range b.Exposures {
		x := &b.Exposures[i]
		if x.N < 0 && x.Known && x.Kind == fact.Shown {
			g.over++
		}
		c := exposureChange(x)
		r, s, tuples := g.named(b, x.Dims), g.slot(b, x.Slot), g.names.tuples[familyCreative]
		keys := [3]uint32{
			tuples[0].id(key{r.title, s.creative, s.placement, s.rank, r.country}),
			tuples[1].id(key{r.title, s.creative, r.device}),
			tuples[2].id(key{r.title, s.creative, g.tasteOf(b, x.Taste)}),
		}
		g.once(familyCreative, keys[:], &c, x.Time, b.FreshTo)
	}
}

// slot are the values of a slot of the batch.
func (g *Generation) slot(b *fact.Batch, i uint32) *slotIDs {
	s := &g.slots[i]
	if !s.done {
		from := &b.Slots[i]
		*s = slotIDs{true, g.names.dims[Creative].id(from.Creative), g.names.dims[Placement].id(from.Placement), g.names.dims[RankBucket].id(RankBucketOf(from.Rank))}
	}
	return s
}

func (g *Generation) applySearches(b *fact.Batch) {
	for i := range b.Searches {
		s := &b.Searches[i]
		var c change
		c.add(Searches, 1)
		switch {
		case s.Results == 0:
			c.add(SearchesEmpty, 1)
		case !s.Selected:
			c.add(SearchesUnselected, 1)
		}
		if s.Known {
			c.kind, c.has, c.coupon = Viewers, 1<<Viewers, sketch.Coupon(s.Viewer)
		}
		r := g.named(b, s.Dims)
		one := [1]uint32{g.names.tuples[familySearch][0].pair(g.names.dims[Query].id(s.Query), r.country)}
		g.once(familySearch, one[:], &c, s.Time, b.FreshTo)
	}
}

func (g *Generation) applyPlays(b *fact.Batch) {
	for i := range b.Plays {
		p := &b.Plays[i]
		g.addCurve(p, &b.Dims[p.Dims])
		own := *p
		own.Dims = g.rowOf(b, p.Dims)
		if p.Slot != 0 {
			own.Slot = g.names.slot(&b.Slots[p.Slot-1]) + 1
		}
		own.ErrorCode, own.ErrorClass = g.arena.text(p.ErrorCode), g.arena.text(p.ErrorClass)
		own.Intervals = g.ownIntervals(b, p.Intervals)
		own.Active = g.ownIntervals(b, p.Active)
		own.Cover = g.arena.cover.copy(p.Cover)
		g.plays = append(g.plays, own)
		g.extra += playBytes + 24*int64(len(own.Intervals)+len(own.Active)+len(own.Cover))
	}
}

func (g *Generation) ownIntervals(b *fact.Batch, list []fact.Interval) []fact.Interval {
	own := g.arena.intervals.copy(list)
	for i := range own {
		own[i].Dims = g.rowOf(b, own[i].Dims)
	}
	return own
}

// rowOf is the number of a dimension set among those of finished plays.
func (g *Generation) rowOf(b *fact.Batch, i uint32) uint32 {
	r := &g.ids[i]
	if r.done&doneRow == 0 {
		r.done |= doneRow
		r.row = g.names.row(&b.Dims[i])
	}
	return r.row
}
