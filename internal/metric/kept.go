package metric

import "playhead/internal/rollup"

func facesOf(s rollup.Source) [][]rollup.Dimension {
	var out [][]rollup.Dimension
	for f := range rollup.FaceCount {
		if s.Faces()>>f&1 == 1 {
			out = append(out, f.Dimensions())
		}
	}
	return out
}

func carried(s rollup.Source) (measures uint64, sketches rollup.SketchSet) {
	switch s {
	case rollup.SourcePulse, rollup.SourceTitleDay, rollup.SourceTitleHour, rollup.SourcePlays:
		return 1<<(rollup.KnownPlays+1) - 1, rollup.SketchesOf(rollup.Viewers)
	}
	return 0, 0
}
