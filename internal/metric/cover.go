package metric

// piece is one physical scan of a part: some cells of one source.
type piece struct {
	level    level
	from, to int64
	// bounds cut the piece where buckets are; nil is none. bucket is the index of
	// the first of them in the window.
	bounds []int64
	bucket int
}

// cover is how a window is answered by cells: the widest in the middle, narrower
// ones at its ends.
type cover struct {
	pieces   []piece
	from, to int64
	// widest is the level of the middle.
	widest level
	// moved is how much was added at the ends because no cells are narrow enough,
	// ms; to is how the cells there are cut.
	moved   int64
	movedTo cut
}

// floor is the start of the cell that holds a moment, ceil the first start that
// is not before it.
func (p *planner) floor(c cut, ms int64) int64 {
	switch c {
	case cutDay:
		return p.report.floorDay(ms)
	case cutWeek:
		return p.report.floorWeek(ms)
	case cutExact, cutEver:
		return ms
	}
	return floorTo(ms, c.width())
}

func (p *planner) ceil(c cut, ms int64) int64 {
	switch c {
	case cutDay:
		return p.report.ceilDay(ms)
	case cutWeek:
		return p.report.ceilWeek(ms)
	case cutExact, cutEver:
		return ms
	}
	return ceilTo(ms, c.width())
}

// held says whether a level still has the cells from a moment on. Before the
// first cell of all there is nothing that could have been dropped.
func (p *planner) held(l level, ms int64) bool {
	return l.keep == 0 || max(ms, p.first) >= p.now-l.keep
}

// cover covers a window with the levels of a chain that can give what is asked;
// ok is false when they cannot.
func (p *planner) cover(levels []level, w *window) (c cover, ok bool) {
	for i, l := range levels {
		if l.cut == cutEver {
			if p.everSince {
				return cover{pieces: []piece{{level: l, from: w.from, to: w.to}}, from: w.from, to: w.to, widest: l}, true
			}
			continue
		}
		if !w.edges(func(ms int64) bool { return p.floor(l.cut, ms) == ms }) {
			continue
		}
		s := span{p: p, w: w}
		if from, to, ok := s.run(levels[i:], w.from, w.to, false, false, len(w.bounds) > 2); ok {
			c = cover{pieces: s.pieces, from: from, to: to, widest: l, moved: s.moved, movedTo: s.movedTo}
			for j := range c.pieces {
				c.pieces[j].cut(w)
			}
			return c, true
		}
	}
	return cover{}, false
}

// cut says in which buckets of the window a piece lies.
func (x *piece) cut(w *window) {
	if w.bounds == nil {
		return
	}
	last := len(w.bounds) - 2
	for x.bucket < last && w.bounds[x.bucket+1] <= x.from {
		x.bucket++
	}
	x.bounds = []int64{x.from}
	for i := x.bucket + 1; i <= last && w.bounds[i] < x.to; i++ {
		x.bounds = append(x.bounds, w.bounds[i])
	}
	x.bounds = append(x.bounds, x.to)
}

// span covers stretches of time.
type span struct {
	p       *planner
	w       *window
	pieces  []piece
	moved   int64
	movedTo cut
}

// run covers [a,b) with the widest cells of the levels that fit into it. An end
// that is fixed has cells beside it and may not move. divided: a bucket ends
// somewhere inside, on a cell of the first level.
func (s *span) run(levels []level, a, b int64, leftFixed, rightFixed, divided bool) (from, to int64, ok bool) {
	if len(levels) == 0 {
		return a, b, false
	}
	l, p := levels[0], s.p
	m0, m1 := p.ceil(l.cut, a), p.floor(l.cut, b)
	openLeft := a <= p.first || p.fromStart && a == s.w.from
	if openLeft && !leftFixed {
		m0 = p.floor(l.cut, a) // nothing lies there
	}
	if b >= p.now && !rightFixed {
		m1 = p.ceil(l.cut, b) // nothing lies there yet
	}
	if m0 > m1 || m0 == m1 && !divided { // no whole cell inside
		if from, to, ok = s.attempt(levels[1:], a, b, leftFixed, rightFixed); ok {
			return from, to, true
		}
		m0, m1 = p.floor(l.cut, a), p.ceil(l.cut, b)
	}
	if !p.held(l, m0) {
		return a, b, false
	}
	from, to = m0, m1
	if m0 > a {
		if from, _, ok = s.attempt(levels[1:], a, m0, leftFixed, true); !ok {
			m0 = p.floor(l.cut, a)
			from = m0
		}
	}
	if from < a && (leftFixed || !p.held(l, m0)) {
		return a, b, false
	}
	at := len(s.pieces)
	if m1 < b {
		if _, to, ok = s.attempt(levels[1:], m1, b, true, rightFixed); !ok {
			m1 = p.ceil(l.cut, b)
			to = m1
		}
	}
	if to > b && rightFixed {
		return a, b, false
	}
	if m0 < m1 {
		s.pieces = append(s.pieces, piece{})
		copy(s.pieces[at+1:], s.pieces[at:])
		s.pieces[at] = piece{level: l, from: m0, to: m1}
	}
	if m0 < a && !openLeft && m0 == from {
		s.move(l.cut, a-m0)
	}
	if m1 > b && b < p.now && m1 == to {
		s.move(l.cut, m1-b)
	}
	return from, to, true
}

// attempt is run, undone when it fails.
func (s *span) attempt(levels []level, a, b int64, leftFixed, rightFixed bool) (from, to int64, ok bool) {
	n, moved, movedTo := len(s.pieces), s.moved, s.movedTo
	if from, to, ok = s.run(levels, a, b, leftFixed, rightFixed, false); !ok {
		s.pieces, s.moved, s.movedTo = s.pieces[:n], moved, movedTo
	}
	return from, to, ok
}

func (s *span) move(c cut, by int64) {
	s.moved += by
	s.movedTo = max(s.movedTo, c)
}
