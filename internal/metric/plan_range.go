package metric

import "playhead/internal/rollup"

// planRange settles where the answer starts and ends and cuts it into buckets.
// All time starts with the first cell that the deepest roll-up holds.
func planRange(p *planner, r *request, out *plan) error {
	from, to := r.from, r.to
	if r.fromStart {
		from = min(p.first, to-1)
		if p.first == 0 {
			from = r.grain.floor(to-1, r.loc)
		}
	}
	out.current = window{from: from, to: to}
	if r.grain == GrainNone {
		return nil
	}
	if n := (to - from) / r.grain.width(); n > MaxRows {
		return &QueryError{Fields: []FieldError{{Field: "grain", Code: "limit", Message: tooMany(n, Grains()[r.grain])}}}
	}
	out.current.cut(r)
	return nil
}

// cut sets the buckets of the window and their labels.
func (w *window) cut(r *request) {
	w.bounds = r.grain.boundaries(w.from, w.to, r.loc)
	w.labels = make([]int64, len(w.bounds)-1)
	copy(w.labels, w.bounds)
	w.labels[0] = r.grain.floor(w.from, r.loc)
}

// edges calls fn for the cuts between buckets, not for the ends.
func (w *window) edges(fn func(int64) bool) bool {
	for i := 1; i < len(w.bounds)-1; i++ {
		if !fn(w.bounds[i]) {
			return false
		}
	}
	return true
}

// move shifts the ends of the window; buckets follow.
func (w *window) move(from, to int64) {
	w.from, w.to = from, to
	if w.bounds != nil {
		w.bounds[0], w.bounds[len(w.bounds)-1] = from, to
	}
}

// boundaries counts the 10 s boundaries in [from,to) that are no later than fresh.
func boundariesIn(from, to, fresh int64) int64 {
	to = min(to, fresh+1)
	if to <= from {
		return 0
	}
	return (ceilTo(to, rollup.PulseMS) - ceilTo(from, rollup.PulseMS)) / rollup.PulseMS
}
