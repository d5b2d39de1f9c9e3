package study

import (
	"context"
	"slices"

	"playhead/internal/insight"
	"playhead/internal/metric"
)

// margins are strata of a title's viewers that are kept beside placements and not
// within them: device types, and who has the one taste for what the title is that
// tells its creatives' audiences apart most.
type margins struct {
	take, effective [][]insight.Stratum
	overDevices     []float64 // see Standardised.Overlap; nil where devices are not known
	taste           string    // "" is none
}

// names are what is taken out.
func (m *margins) names() (out []string) {
	if m == nil {
		return nil
	}
	if m.overDevices != nil {
		out = append(out, "device_type")
	}
	if m.taste != "" {
		out = append(out, "affinity "+m.taste)
	}
	return out
}

// add takes up a margin that all creatives are known in.
func (m *margins) add(take, effective []insight.Stratum) {
	m.take, m.effective = append(m.take, take), append(m.effective, effective)
}

// and are these margins and those of tastes.
func (m *margins) and(tastes *margins) *margins {
	return &margins{slices.Concat(m.take, tastes.take), slices.Concat(m.effective, tastes.effective), m.overDevices, tastes.taste}
}

// devices are strata by device type.
func (m *margins) devices(ctx context.Context, a *answering, w window, of *titleFunnels, where []metric.Where) error {
	devices, _, err := a.beside(ctx, w, of, "device_type", where...)
	if err != nil {
		return err
	}
	if take, effective := devices.strata(); len(take) > 1 {
		m.add(take, effective)
		m.overDevices = insight.Standardise(len(of.creatives), take).Overlap
	}
	return nil
}

// tastes are strata by the taste for what the title is that tells audiences apart
// most.
func (m *margins) tastes(ctx context.Context, a *answering, w window, of *titleFunnels, where []metric.Where) error {
	own, only := a.tastesOf(of.title), where
	if len(own) > 0 { // of all there are many times as many
		only = append(slices.Clone(where), metric.Where{Dimension: "affinity", In: own})
	}
	tastes, t, err := a.beside(ctx, w, of, "affinity", only...)
	if err != nil {
		return err
	}
	all, err := a.during(ctx, t, of, where)
	if err != nil {
		return err
	}
	strongest := 0.0
	var take, effective []insight.Stratum
	for name, with := range tastes {
		if name == "" || own != nil && !slices.Contains(own, name) {
			continue
		}
		x, y := with.parted(all)
		if shift := insight.Shift(len(of.creatives), x); shift > strongest || shift == strongest && name < m.taste {
			strongest, m.taste, take, effective = shift, name, x, y
		}
	}
	if m.taste != "" {
		m.add(take, effective)
	}
	return nil
}

// tastesOf are the tastes for what a title is, nil where the catalogue does not know.
func (a *answering) tastesOf(title string) (out []string) {
	t, known := a.s.o.Titles.Title(title)
	if !known {
		return nil
	}
	for _, kind := range []string{"genre", "theme", "cast", "language"} {
		for _, v := range labelsOf(t, kind) {
			if v != "" {
				out = append(out, kind+":"+v)
			}
		}
	}
	return out
}

// ways are those of a title's creatives, in their order.
type ways []insight.Funnel

// byValue are ways by the value of a dimension.
type byValue map[string]ways

// beside asks for a title's creatives by a dimension.
func (a *answering) beside(ctx context.Context, w window, of *titleFunnels, dimension string, where ...metric.Where) (byValue, *table, error) {
	dims := []string{"creative"}
	if dimension != "" {
		dims = append(dims, dimension)
	}
	t, err := a.ask(ctx, w, metric.Query{Metrics: []string{"eligible_viewers", "takers", "take_completers"}, Dimensions: dims, Where: where})
	if err != nil {
		return nil, nil, err
	}
	out := byValue{}
	for row := range t.rows() {
		at, v := of.index(t.text(row, "creative")), ""
		if dimension != "" {
			v = t.text(row, dimension)
		}
		if at < 0 {
			continue
		}
		if out[v] == nil {
			out[v] = make(ways, len(of.creatives))
		}
		out[v][at] = funnelOf(t, row)
	}
	return out, t, nil
}

// during are a title's creatives in the time that an answer is about: of tastes only
// whole weeks are told.
func (a *answering) during(ctx context.Context, t *table, of *titleFunnels, where []metric.Where) (ways, error) {
	w := told(t)
	if w == of.told {
		return of.counts, nil
	}
	all, _, err := a.beside(ctx, w, of, "", where...)
	return all[""], err
}

// strata are a stratum a value.
func (b byValue) strata() (take, effective []insight.Stratum) {
	x, y := map[string]*insight.Stratum{}, map[string]*insight.Stratum{}
	for v, list := range b {
		x[v], y[v] = list.stratum(v)
	}
	return strata(x), strata(y)
}

func (c ways) stratum(key string) (take, effective *insight.Stratum) {
	take, effective = &insight.Stratum{Key: key}, &insight.Stratum{Key: key}
	for i := range c {
		take.Counts, effective.Counts = append(take.Counts, c[i].Take), append(effective.Counts, c[i].Effective)
	}
	return take, effective
}

// parted are two strata: those who are counted, and the others of all.
func (c ways) parted(all ways) (take, effective []insight.Stratum) {
	others := make(ways, len(c))
	for i := range min(len(c), len(all)) {
		others[i] = insight.Funnel{Take: less(all[i].Take, c[i].Take), Effective: less(all[i].Effective, c[i].Effective)}
	}
	x, y := c.stratum("with")
	u, v := others.stratum("without")
	return []insight.Stratum{*x, *u}, []insight.Stratum{*y, *v}
}

// less are those of a count who are not in a part of it.
func less(all, part insight.Count) insight.Count {
	n := max(all.N-part.N, 0)
	return insight.Count{K: min(max(all.K-part.K, 0), n), N: n, Error: all.Error}
}
