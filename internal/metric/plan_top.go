package metric

import "playhead/internal/rollup"

// planTop lets the scan that ranks leave out groups that cannot be among those
// that are returned, so that most sketches need not be read.
func planTop(_ *planner, r *request, out *plan) error {
	keys := r.rankKeys()
	if len(r.dims) == 0 || r.others || out.groups >= MaxRows || len(keys) == 0 {
		return nil
	}
	k := keys[0]
	if k.metric < 0 || k.previous || !k.desc || len(out.of[k.metric]) != 1 {
		return nil
	}
	count, ok := r.metrics[k.metric].expr.(distinct)
	x := out.of[k.metric][0]
	if !ok || len(x.now.pieces) != 1 || x.audience {
		return nil
	}
	x.top = &rollup.Top{N: out.groups, BySketch: true, Sketch: rollup.Sketch(count)}
	return nil
}
