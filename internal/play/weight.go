package play

import "unsafe"

// weights are the footprint of viewers that were stored lately: what is weighed
// is their mean, since to weigh all of them would take a look at all of them.
type weights struct {
	viewers, bytes int64
}

// lately is how many viewers the mean is of, at least half of them the last ones.
const lately = 1 << 16

// weigh takes the footprint of a viewer that is being stored into account.
func (g *Engine) weigh(v *viewer) {
	w := &g.weights
	if w.viewers >= lately {
		w.viewers, w.bytes = w.viewers/2, w.bytes/2
	}
	w.viewers++
	w.bytes += v.footprint()
}

// footprint is about how many bytes a viewer takes in memory: structs and lists;
// interned texts are shared.
func (v *viewer) footprint() int64 {
	n := int64(unsafe.Sizeof(*v)) + int64(unsafe.Sizeof(playState{}))*int64(max(0, v.count()-1))
	for p := v.plays; p != nil; p = p.sibling {
		n += int64(cap(p.kept))*int64(unsafe.Sizeof(evidence{})) + int64(cap(p.list))*int64(unsafe.Sizeof(record{}))
		if p.seqs.lower != nil {
			n += int64(cap(*p.seqs.lower)) * int64(unsafe.Sizeof(seqRange{}))
		}
		if p.moreDims != nil {
			n += int64(cap(*p.moreDims)) * int64(unsafe.Sizeof(uint32(0)))
		}
	}
	return n
}

// Bytes is about how much memory the engine's viewers take: by the mean of those
// that were stored lately, with the table that finds them and the wheel.
func (g *Engine) Bytes() int64 {
	n := g.viewers.Bytes() + int64(g.wheel.filed)*int64(unsafe.Sizeof((*playState)(nil)))
	n += int64(cap(g.sets.list))*int64(unsafe.Sizeof(dimSet{})) + int64(len(g.sets.slots)+cap(g.sets.free))*4
	n += g.asleep.bytes() + g.resting.bytes()
	if g.weights.viewers > 0 {
		n += int64(g.viewers.n) * g.weights.bytes / g.weights.viewers
	}
	return n
}
