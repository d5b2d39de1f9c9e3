package rollup

import (
	"errors"

	"playhead/internal/fact"
)

// ErrNotCovered: the source keeps no cells by these dimensions together.
var ErrNotCovered = errors.New("the source does not keep these dimensions together")

// Face is a set of dimensions that cells are kept by; each of the others is
// "(all)" in it. Faces are in the order of the bits of fact.Scope.
type Face uint8

// Faces. FaceCDN is kept in pulse only, the pairs in the title sources only.
const (
	FaceAll Face = iota
	FaceTitle
	FaceCountry
	FaceDevice
	FaceCDN
	FaceTitleCountry
	FaceTitleDevice
	FaceCountryDevice
	FaceCount
)

// pulseFaces and titleFaces are what the sources keep.
const (
	pulseFaces = fact.ScopeAll | fact.ScopeTitle | fact.ScopeCountry | fact.ScopeDevice | fact.ScopeCDN
	titleFaces = fact.ScopeEvery &^ fact.ScopeCDN
)

// Faces is the set of faces that a source of cells keeps.
func (s Source) Faces() fact.Scope {
	switch s {
	case SourcePulse:
		return pulseFaces
	case SourceTitleHour, SourceTitleDay:
		return titleFaces
	}
	return 0
}

// Dimensions are the dimensions of the face, at most two, in the order of its keys.
func (f Face) Dimensions() []Dimension {
	switch f {
	case FaceTitle:
		return []Dimension{Title}
	case FaceCountry:
		return []Dimension{Country}
	case FaceDevice:
		return []Dimension{DeviceType}
	case FaceCDN:
		return []Dimension{CDN}
	case FaceTitleCountry:
		return []Dimension{Title, Country}
	case FaceTitleDevice:
		return []Dimension{Title, DeviceType}
	case FaceCountryDevice:
		return []Dimension{Country, DeviceType}
	}
	return nil
}

// FaceOf is the smallest face of a source that has all of the dimensions, in
// any order, repeats allowed; ok is false when there is none.
func FaceOf(source Source, dims []Dimension) (face Face, ok bool) {
	var want [DimensionCount]bool
	n := 0
	for _, d := range dims {
		if d >= DimensionCount {
			return 0, false
		}
		if !want[d] {
			want[d] = true
			n++
		}
	}
	kept := source.Faces()
	for f := range FaceCount {
		if kept>>f&1 == 0 {
			continue
		}
		have := f.Dimensions()
		matches := 0
		for _, d := range have {
			if want[d] {
				matches++
			}
		}
		if matches == n && len(have) == n {
			return f, true
		}
	}
	return 0, false
}

// Covers reports whether the source can group and filter by the dimensions
// together. SourcePlays can by any.
func Covers(source Source, dims []Dimension) bool {
	if source == SourcePlays {
		return true
	}
	_, ok := FaceOf(source, dims)
	return ok
}

// Dimensions are those that the scan groups or filters by; a dimension may be
// in it twice.
func (s *Scan) Dimensions() []Dimension {
	dims := append([]Dimension(nil), s.By...)
	for _, w := range s.Where {
		dims = append(dims, w.Dimension)
	}
	return dims
}
