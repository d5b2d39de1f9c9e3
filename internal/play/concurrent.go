package play

import (
	"math"

	"playhead/internal/fact"
)

// activeViewer emits a change of one play's concurrent stretch as a change of
// the viewer's: for each piece of it, in the groupings that no other play of
// the viewer covers there. Since each change is made against what the other
// plays cover at that moment, the sum is the exact size of the union.
// Times are epoch ms; own and d are the dims in the play and in the batch.
func (x *emitter) activeViewer(from, to int64, own uint16, d uint32, n int32) {
	if from >= x.untilOthers() {
		x.viewerSpan(from, to, d, fact.ScopeEvery, n)
		return
	}
	for other := x.play.owner.plays; other != nil; other = other.sibling {
		if other != x.play && other.overlaps(from, to) {
			x.shared(from, to, x.engine.dimsAt(x.play, own), d, n)
			return
		}
	}
	x.viewerSpan(from, to, d, fact.ScopeEvery, n)
}

// untilOthers is up to when any other play of the viewer counts at most, epoch ms.
// A viewer may have a hundred plays that are over, and a heartbeat is no reason to
// look at each of them: what is found holds until another one of them is touched.
func (x *emitter) untilOthers() int64 {
	v := x.play.owner
	if v.others != 0 && v.recent == x.play {
		return int64(v.others) * 1000
	}
	until := int64(0)
	for other := v.plays; other != nil; other = other.sibling {
		if other != x.play {
			until = max(until, other.at(other.tip.activeTo))
		}
	}
	if s := until/1000 + 1; s <= math.MaxUint32 && v.recent == x.play {
		v.others = uint32(s)
	}
	return until
}

func (x *emitter) viewerSpan(from, to int64, dims uint32, scope fact.Scope, n int32) {
	if scope == 0 {
		return
	}
	x.out.Spans = append(x.out.Spans, fact.Span{
		Dims: dims, Kind: fact.ActiveViewer, Scope: scope, N: n, From: from, To: to,
	})
}

// shared cuts the stretch where other plays' stretches begin and end.
func (x *emitter) shared(from, to int64, mine *dims, d uint32, n int32) {
	for at := from; at < to; {
		end, scope := to, fact.ScopeEvery
		for other := x.play.owner.plays; other != nil; other = other.sibling {
			if other == x.play || !other.near(at, to) {
				continue
			}
			other.eachActive(func(s stretch) {
				switch begin, until := other.at(s.from), other.at(s.to); {
				case begin <= at && at < until:
					end = min(end, until)
					scope &^= common(mine, x.engine.dimsAt(other, s.dims))
				case begin > at:
					end = min(end, begin)
				}
			})
		}
		x.viewerSpan(at, end, d, scope, n)
		at = end
	}
}

// common is the groupings in which a and b are in the same group.
func common(a, b *dims) fact.Scope {
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

// near reports whether anything of the play lies in [from,to), epoch ms: a
// quick look that may say so of a play that pauses there.
func (p *playState) near(from, to int64) bool {
	return p.at(p.tip.requested) < to && p.at(p.tip.activeTo) > from
}

func (p *playState) eachActive(fn func(stretch)) {
	for _, r := range p.list[:p.tip.count] {
		if r.kind == fact.ActivePlay {
			fn(stretch(r))
		}
	}
	if a := p.tip.active(); a.to > a.from {
		fn(a)
	}
}

// overlaps reports whether the play counts as concurrent anywhere in [from,to).
func (p *playState) overlaps(from, to int64) bool {
	if !p.near(from, to) {
		return false
	}
	found := false
	p.eachActive(func(s stretch) { found = found || p.at(s.from) < to && from < p.at(s.to) })
	return found
}
