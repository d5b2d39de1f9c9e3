package journey

import (
	"playhead/internal/event"
	"playhead/internal/fact"
)

// dims is the batch's index of dimension values.
func (g *Engine) dims(w where, out *fact.Batch) uint32 {
	i, ok := g.batch.dims[w]
	if !ok {
		i = uint32(len(out.Dims))
		out.Dims = append(out.Dims, w.dims())
		g.batch.dims[w] = i
	}
	return i
}

// slot is the batch's index of a slot.
func (g *Engine) slot(s slot, out *fact.Batch) uint32 {
	i, ok := g.batch.slots[s]
	if !ok {
		i = uint32(len(out.Slots))
		out.Slots = append(out.Slots, fact.Slot{
			Creative: s.creative.Value(), Placement: s.placement.Value(), Rank: s.rank, Experiments: s.experiments.Value(),
		})
		g.batch.slots[s] = i
	}
	return i
}

// tasteIndex is the batch's index of a taste plus one, 0 for none.
func (g *Engine) tasteIndex(t text, out *fact.Batch) uint32 {
	if t == g.none {
		return 0
	}
	i, ok := g.batch.tastes[t]
	if !ok {
		out.Tastes = append(out.Tastes, t.Value())
		i = uint32(len(out.Tastes))
		g.batch.tastes[t] = i
	}
	return i
}

// dimsOf are the dimension values that an event knows of itself.
func (g *Engine) dimsOf(e *event.Event) fact.Dims {
	c := &e.Context
	return fact.Dims{
		Title: e.TitleID, Country: c.Country, Region: c.Region, DeviceType: c.DeviceType, OS: c.OS,
		AppVersion: c.AppVersion, Player: c.Player, CDN: c.CDN, ISP: c.ISP, Live: e.Live, Labels: g.Labels(e.TitleID),
	}
}

func (g *Engine) whereOfEvent(e *event.Event) where { return whereOf(g.dimsOf(e)) }
