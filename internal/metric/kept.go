package metric

import "playhead/internal/rollup"

// facesOf are the sets of dimensions that a source keeps cells by.
func facesOf(s rollup.Source) [][]rollup.Dimension {
	var out [][]rollup.Dimension
	for _, f := range s.Faces() {
		out = append(out, s.FaceDimensions(f))
	}
	return out
}

// carried are the measures and sketches of a source.
func carried(s rollup.Source) (measures uint64, sketches rollup.SketchSet) {
	return set(s.Measures()...), s.Sketches()
}
