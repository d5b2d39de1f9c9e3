package metric

import (
	"fmt"
	"slices"

	"playhead/internal/rollup"
)

// planPeaks adds a scan of the gauges 10 s by 10 s, for metrics that want the
// largest reading. Only cells of 10 s know it, and they are kept by one
// dimension.
func planPeaks(p *planner, r *request, out *plan) error {
	at := slices.IndexFunc(r.metrics, func(d Definition) bool { return d.needs().peaks })
	if at < 0 {
		return nil
	}
	i := slices.IndexFunc(p.chains, func(c chain) bool { return c.name == "title" })
	if i < 0 {
		return p.refuse(r, out, needs{measures: set(rollup.ViewerMarks)})
	}
	all := &p.chains[i]
	pulse := *all
	pulse.levels = slices.DeleteFunc(slices.Clone(all.levels), func(l level) bool { return l.source != rollup.SourcePulse })
	var err error
	if out.gauges, err = p.peaks(r, out, &pulse, false, r.groupBy(), at); err != nil {
		return err
	}
	if r.totals || r.others {
		if out.gaugesTotal, err = p.peaks(r, out, &pulse, true, nil, at); err != nil {
			return err
		}
	}
	return nil
}

func (p *planner) peaks(r *request, out *plan, pulse *chain, all bool, by []rollup.Dimension, at int) (*part, error) {
	x := out.partOf(ofGauges, all, pulse, by, r.where)
	x.needs.add(needs{measures: set(rollup.PlayMarks, rollup.ViewerMarks)})
	for _, w := range out.windows() {
		if _, ok := p.cover(x.levels(), w); ok {
			continue
		}
		message := fmt.Sprintf("a peak is read from cells of 10 s, which are kept for %d hours; ask for a from of %s or later",
			p.keep.PulseMS/rollup.HourMS, stamp(p.now-p.keep.PulseMS, r.loc))
		if len(x.levels()) == 0 {
			message = "a peak is read from cells of 10 s, which are kept by one dimension: title, country, device_type or cdn"
		}
		return nil, &QueryError{Fields: []FieldError{{Field: fmt.Sprintf("metrics[%d]", at), Code: "not_kept", Message: message}}}
	}
	return x, nil
}
