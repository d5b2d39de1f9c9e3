package rollup

import (
	"errors"
	"slices"
)

// ErrNotCovered: the source keeps no cells by these dimensions together.
var ErrNotCovered = errors.New("the source does not keep these dimensions together")

// Face is a set of dimensions that a source keeps cells by; each of the others
// is "(all)" in it. Its number means something within a family of sources only.
type Face uint8

// Faces of pulse and title, in the order of the bits of fact.Scope. FaceAll is
// that of every source.
const (
	FaceAll Face = iota
	FaceTitle
	FaceCountry
	FaceDevice
	FaceCDN
	FaceTitleCountry
	FaceTitleDevice
	FaceCountryDevice
)

// MaxKeys is the most dimensions that a face has.
const MaxKeys = 5

// Faces are the faces that a source of cells keeps, by number.
func (s Source) Faces() []Face {
	f, _, ok := s.place()
	if !ok {
		return nil
	}
	list := make([]Face, len(families[f].faces))
	for i := range list {
		list[i] = families[f].faces[i].face
	}
	return list
}

// FaceDimensions are the dimensions of a face of the source, in the order of
// its keys.
func (s Source) FaceDimensions(face Face) []Dimension {
	if f, _, ok := s.place(); ok {
		if spec := families[f].face(face); spec != nil {
			return spec.dims
		}
	}
	return nil
}

func (f *familySpec) face(face Face) *faceSpec {
	for i := range f.faces {
		if f.faces[i].face == face {
			return &f.faces[i]
		}
	}
	return nil
}

// FaceOf is the face of a source that has the dimensions and no other, in any
// order, repeats allowed; ok is false when there is none.
func FaceOf(source Source, dims []Dimension) (face Face, ok bool) {
	f, _, ok := source.place()
	if !ok {
		return 0, false
	}
	for i := range families[f].faces {
		have := families[f].faces[i].dims
		missing := func(d Dimension) bool { return !slices.Contains(have, d) }
		unasked := func(d Dimension) bool { return !slices.Contains(dims, d) }
		if !slices.ContainsFunc(dims, missing) && !slices.ContainsFunc(have, unasked) {
			return families[f].faces[i].face, true
		}
	}
	return 0, false
}

// Covers reports whether the source can group and filter by the dimensions
// together. SourcePlays can by any that plays have.
func Covers(source Source, dims []Dimension) bool {
	if source == SourcePlays {
		return !slices.ContainsFunc(dims, func(d Dimension) bool { return d >= Query && d != Show || d == Affinity })
	}
	_, ok := FaceOf(source, dims)
	return ok
}

// Dimensions are those that the scan groups or filters by or folds; a dimension
// may be in it twice.
func (s *Scan) Dimensions() []Dimension {
	dims := slices.Concat(s.By, s.Fold)
	for _, w := range s.Where {
		dims = append(dims, w.Dimension)
	}
	return dims
}
