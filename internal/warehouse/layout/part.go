package layout

import (
	"slices"

	"playhead/internal/rollup"
)

// Part is a stored cell, or several merged.
type Part struct {
	Bucket   int64
	Face     uint8
	Keys     []string
	Measures rollup.Measures
	Images   [rollup.SketchCount]Stored
}

// Stored is a sketch of a part: its image while it is the only one, then the
// merged sketch.
type Stored struct {
	Image    []byte
	Estimate float64
	merged   *rollup.Sketches
}

// Same reports whether two parts are of one cell.
func (p *Part) Same(o *Part) bool {
	return p.Bucket == o.Bucket && p.Face == o.Face && slices.Equal(p.Keys, o.Keys)
}

// Merge adds another part of the cell: of the measures and sketches that its
// source keeps. It fails with sketch.ErrCorrupt.
func (p *Part) Merge(o *Part, measures []rollup.Measure, sketches []rollup.Sketch) error {
	for _, m := range measures {
		p.Measures[m] += o.Measures[m]
	}
	for _, k := range sketches {
		to, from := &p.Images[k], &o.Images[k]
		switch {
		case len(from.Image) == 0:
			continue
		case to.merged == nil && len(to.Image) == 0:
			*to = *from
			continue
		case to.merged == nil:
			made := rollup.NewSketches(rollup.SketchesOf(k))
			to.merged = &made
			if err := made.Absorb(k, to.Image); err != nil {
				return err
			}
			to.Image = nil
		}
		if err := to.merged.Absorb(k, from.Image); err != nil {
			return err
		}
	}
	return nil
}

// ImageOf is a sketch of the part as it is stored, and its estimate; nothing where
// there is none.
func (p *Part) ImageOf(k rollup.Sketch) ([]byte, float64) {
	s := &p.Images[k]
	if s.merged != nil {
		return s.merged.Image(k)
	}
	return s.Image, s.Estimate
}
