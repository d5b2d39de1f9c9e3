package play

import "playhead/internal/fact"

// activeViewer emits a change of one play's concurrent stretch as a change of
// the viewer's: for each piece of it, in the groupings that no other play of
// the viewer covers there. Since each change is made against what the other
// plays cover at that moment, the sum is the exact size of the union.
func (x *emitter) activeViewer(s stretch, dims uint32, n int32) {
	if len(x.viewer.plays) > 1 {
		for _, other := range x.viewer.plays {
			if other != x.play && other.overlaps(s) {
				x.shared(s, dims, n)
				return
			}
		}
	}
	x.viewerSpan(s.from, s.to, dims, fact.ScopeEvery, n)
}

func (x *emitter) viewerSpan(from, to int64, dims uint32, scope fact.Scope, n int32) {
	if scope == 0 {
		return
	}
	x.out.Spans = append(x.out.Spans, fact.Span{
		Dims: dims, Kind: fact.ActiveViewer, Scope: scope, N: n, From: from, To: to,
	})
}

// shared cuts s where other plays' stretches begin and end.
func (x *emitter) shared(s stretch, dims uint32, n int32) {
	mine := x.play.dimsAt(s.dims)
	for at := s.from; at < s.to; {
		end, scope := s.to, fact.ScopeEvery
		for _, other := range x.viewer.plays {
			if other == x.play {
				continue
			}
			other.eachActive(func(o stretch) {
				switch {
				case o.from <= at && at < o.to:
					end = min(end, o.to)
					scope &^= common(mine, other.dimsAt(o.dims))
				case o.from > at:
					end = min(end, o.from)
				}
			})
		}
		x.viewerSpan(at, end, dims, scope, n)
		at = end
	}
}

// common is the groupings in which a and b are in the same group.
func common(a, b dims) fact.Scope {
	s := fact.ScopeAll
	title, country, device := a.title == b.title, a.country == b.country, a.device == b.device
	set := func(on bool, bit fact.Scope) {
		if on {
			s |= bit
		}
	}
	set(title, fact.ScopeTitle)
	set(country, fact.ScopeCountry)
	set(device, fact.ScopeDevice)
	set(a.cdn == b.cdn, fact.ScopeCDN)
	set(title && country, fact.ScopeTitleCountry)
	set(title && device, fact.ScopeTitleDevice)
	set(country && device, fact.ScopeCountryDevice)
	return s
}

func (p *playState) eachActive(fn func(stretch)) {
	for _, s := range p.tip.actives {
		fn(s)
	}
	if p.tip.active.to > p.tip.active.from {
		fn(p.tip.active)
	}
}

func (p *playState) overlaps(s stretch) bool {
	found := false
	p.eachActive(func(o stretch) { found = found || o.from < s.to && s.from < o.to })
	return found
}
