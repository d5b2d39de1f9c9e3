package metric

import (
	"cmp"
	"slices"
	"strings"

	"playhead/internal/rollup"
)

// Retention is how long the sources keep their cells, ms.
type Retention struct {
	PulseMS, TitleHourMS, QualityMinuteMS, QualityHourMS int64
}

// DefaultRetention is that of the design: 48 hours, 60 days, 7 days, 60 days.
func DefaultRetention() Retention {
	const day = 24 * rollup.HourMS
	return Retention{PulseMS: 2 * day, TitleHourMS: 60 * day, QualityMinuteMS: 7 * day, QualityHourMS: 60 * day}
}

// planParts finds, for the metrics, the smallest roll-ups that can answer: one
// for all of them if there is one, else one for each, else several for one.
func planParts(p *planner, r *request, out *plan) error {
	all := needs{}
	each := make([]needs, len(r.metrics))
	for i := range r.metrics {
		each[i] = r.metrics[i].needs()
		all.add(each[i])
	}
	if c := p.choose(r, out, all); c != nil {
		x := out.partOf(ofGroups, false, c, r.groupBy(), r.where)
		x.needs.add(all)
		for i := range each {
			if !each[i].empty() {
				out.of[i] = []*part{x}
			}
		}
		return p.notePlays(r, out)
	}
	for i, n := range each {
		if n.empty() {
			continue
		}
		parts, err := p.partsFor(r, out, n)
		if err != nil {
			return err
		}
		out.of[i] = parts
	}
	return p.notePlays(r, out)
}

// partsFor are the parts that give what one metric needs.
func (p *planner) partsFor(r *request, out *plan, n needs) ([]*part, error) {
	if c := p.choose(r, out, n); c != nil {
		x := out.partOf(ofGroups, false, c, r.groupBy(), r.where)
		x.needs.add(n)
		return []*part{x}, nil
	}
	var parts []*part
	rest := n
	for i := range p.chains {
		c := &p.chains[i]
		some := c.holds(rest)
		if some.empty() || !p.fits(r, out, c, some) {
			continue
		}
		x := out.partOf(ofGroups, false, c, r.groupBy(), r.where)
		x.needs.add(some)
		parts = append(parts, x)
		rest = rest.without(some)
	}
	if !rest.empty() {
		return nil, p.refuse(r, out, rest)
	}
	return parts, nil
}

// partOf finds or makes a part. Parts of one chain about the same groups are one.
func (p *plan) partOf(k kind, all bool, c *chain, by []rollup.Dimension, where []rollup.Filter) *part {
	for _, x := range p.parts {
		if x.kind == k && x.all == all && x.chain == c && slices.Equal(x.by, by) && slices.EqualFunc(x.where, where, sameFilter) {
			return x
		}
	}
	x := &part{kind: k, all: all, chain: c, by: by, where: where}
	p.parts = append(p.parts, x)
	return x
}

func sameFilter(a, b rollup.Filter) bool {
	return a.Dimension == b.Dimension && slices.Equal(a.In, b.In)
}

// dims are all dimensions that the part groups or filters by.
func (x *part) dims() []rollup.Dimension {
	if x.audience {
		return x.atoms
	}
	dims := slices.Clone(x.by)
	for _, w := range x.where {
		if !slices.Contains(dims, w.Dimension) {
			dims = append(dims, w.Dimension)
		}
	}
	return dims
}

// groupBy are the physical dimensions of the groups.
func (r *request) groupBy() []rollup.Dimension {
	var dims []rollup.Dimension
	for _, d := range r.dims {
		if d.Attribute == "" {
			dims = append(dims, d.physical)
		}
	}
	return dims
}

// choose is the chain that answers from the fewest cells without widening, nil
// if none holds all that is needed. Single plays are the last resort.
func (p *planner) choose(r *request, out *plan, n needs) *chain {
	type candidate struct {
		chain *chain
		plays int
		moved int64
		extra int
		width int64
	}
	var best *candidate
	for i := range p.chains {
		c := &p.chains[i]
		if !c.holds(n).equal(n) || n.empty() || !countsOnce(c, r.where, r.groupBy(), n) {
			continue
		}
		x := part{chain: c, by: r.groupBy(), where: r.where, needs: n}
		this := candidate{chain: c, width: cutWeek.width()}
		if c.name == "plays" {
			this.plays = 1
		}
		if c.name == "affinity" && !slices.Contains(x.dims(), rollup.Affinity) {
			this.width = cutDay.width() // its weeks are for what is told in weeks
		}
		fits := true
		for _, w := range out.windows() {
			cov, ok := p.cover(x.levels(), w)
			if !ok {
				fits = false
				break
			}
			this.moved += cov.moved
			this.extra = max(this.extra, len(cov.widest.extra))
			this.width = min(this.width, cov.widest.cut.width())
		}
		if !fits {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(this.plays, best.plays), cmp.Compare(this.moved, best.moved), cmp.Compare(this.extra, best.extra), cmp.Compare(best.width, this.width)) < 0 {
			best = &this
		}
	}
	if best == nil {
		return nil
	}
	return best.chain
}

func (p *planner) fits(r *request, out *plan, c *chain, n needs) bool {
	if !countsOnce(c, r.where, r.groupBy(), n) {
		return false
	}
	x := part{chain: c, by: r.groupBy(), where: r.where, needs: n}
	for _, w := range out.windows() {
		if _, ok := p.cover(x.levels(), w); !ok {
			return false
		}
	}
	return true
}

// countsOnce says whether a play counts once in a group although a dimension
// that is filtered by has many values a play: sums over several of them count it
// several times. Members of sketches are distinct anyway, and single plays are
// looked at one by one.
func countsOnce(c *chain, where []rollup.Filter, by []rollup.Dimension, n needs) bool {
	if n.measures == 0 || c != nil && c.name == "plays" {
		return true
	}
	return !slices.ContainsFunc(where, func(w rollup.Filter) bool {
		return w.Dimension.MultiValued() && len(w.In) > 1 && !slices.Contains(by, w.Dimension)
	})
}

// notePlays says that open plays are not in an answer from single plays, and
// refuses what the design wants refused: a time zone whose days only narrower
// cells could give, which are gone.
func (p *planner) notePlays(r *request, out *plan) error {
	for _, x := range out.parts {
		if x.chain.name != "plays" {
			continue
		}
		if p.zoneTooOld(r, out) {
			return p.refuse(r, out, x.needs)
		}
		out.warn("No roll-up answers this (%s): only finished plays are in it, and it has no latency promise.", p.reason(r, out, x.needs))
	}
	return nil
}

// zoneTooOld says whether the answer's buckets are cut by another zone than the
// stored days, and reach back before the hours that are kept.
func (p *planner) zoneTooOld(r *request, out *plan) bool {
	if !r.grain.calendar() {
		return false
	}
	for _, w := range out.windows() {
		if w.edges(p.report.isDay) || p.held(level{keep: p.keep.TitleHourMS}, w.from) {
			continue
		}
		return true
	}
	return false
}

// kept says by which dimensions together needs are kept, for people.
func (p *planner) kept(n needs, chains []chain) string {
	var sets []string
	for i := range chains {
		c := &chains[i]
		for _, l := range c.levels {
			if l.measures&n.measures == 0 && l.sketches&n.sketches == 0 {
				continue
			}
			for _, face := range l.faces {
				if s := joinDims(face); len(face) > 0 && !slices.Contains(sets, s) {
					sets = append(sets, s)
				}
			}
		}
	}
	if len(sets) > 12 {
		sets = append(sets[:12], "…")
	}
	return strings.Join(sets, "; ")
}
