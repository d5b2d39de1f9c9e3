package rollup

import (
	"math/bits"

	"playhead/internal/sketch"
)

// Sketch is a kind of sketch that cells keep.
type Sketch uint8

// Sketches. Distinct viewers leave session-scoped identities out. The numbers
// name columns of every driver: append only.
const (
	// Viewers are distinct viewers with a first frame; in SourceSearchDay, who searched.
	Viewers Sketch = iota
	// Starters, Watchers and Completers are viewers whose plays of the title within
	// 28 days cover ≥ 2 min, ≥ 70 %, ≥ 90 % of it.
	Starters
	Watchers
	Completers
	// Reached are viewers with an impression; Eligible those with one that counts
	// for take rates, Takers those of them with a qualified play, TakeCompleters
	// those of them who completed the title within 7 days.
	Reached
	Eligible
	Takers
	TakeCompleters
	// The same as Starters, Watchers and Completers of a season, whose id is the title.
	SeasonStarters
	SeasonWatchers
	SeasonCompleters
	StartupTimes   // quantiles, ms
	SessionLengths // quantiles, ms
	Audience       // distinct viewers as a theta sketch: SourceOverlapMonth
	SketchCount
)

// SketchSet is a set of sketches.
type SketchSet uint32

// SketchesOf is the set of some sketches.
func SketchesOf(list ...Sketch) (set SketchSet) {
	for _, k := range list {
		set |= 1 << k
	}
	return set
}

// Has reports whether the sketch is in the set.
func (s SketchSet) Has(k Sketch) bool { return s>>k&1 == 1 }

// Quantile reports whether a sketch is one of quantiles, and not of distinct viewers.
func (k Sketch) Quantile() bool { return k == StartupTimes || k == SessionLengths }

// Sketches are the sketches of a group. The zero value has none.
type Sketches struct {
	list []held
}

// held is one sketch of a group. The field of its kind is set, unless all that
// is known is an estimate.
type held struct {
	kind  Sketch
	hll   *sketch.HLL
	kll   *sketch.KLLFloat
	theta *sketch.Theta
	// estimate is what is known where there is no sketch. Beside an HLL it is that
	// of its members, 0 while nobody has worked it out.
	estimate float64
}

// NewSketches are empty sketches of each kind in a set.
func NewSketches(set SketchSet) Sketches {
	var s Sketches
	if set == 0 {
		return s
	}
	s.list = make([]held, 0, bits.OnesCount32(uint32(set)))
	for k := range SketchCount {
		if set.Has(k) {
			h := held{kind: k}
			h.make()
			s.list = append(s.list, h)
		}
	}
	return s
}

func (h *held) make() {
	switch {
	case h.kind.Quantile():
		h.kll = new(sketch.KLLFloat)
	case h.kind == Audience:
		h.theta = new(sketch.Theta)
	default:
		h.hll = new(sketch.HLL)
	}
}

func (s *Sketches) find(k Sketch) *held {
	for i := range s.list {
		if s.list[i].kind == k {
			return &s.list[i]
		}
	}
	return nil
}

// HLL is a distinct count: nil unless the scan asked for it, or if it asked for
// no more than an estimate.
func (s *Sketches) HLL(k Sketch) *sketch.HLL {
	if h := s.find(k); h != nil {
		return h.hll
	}
	return nil
}

// KLL is a quantile sketch, nil unless the scan asked for it.
func (s *Sketches) KLL(k Sketch) *sketch.KLLFloat {
	if h := s.find(k); h != nil {
		return h.kll
	}
	return nil
}

// Theta is a distinct count that can be intersected, nil as an HLL is.
func (s *Sketches) Theta(k Sketch) *sketch.Theta {
	if h := s.find(k); h != nil {
		return h.theta
	}
	return nil
}

// Estimate is the number of distinct viewers of a sketch, of values of a
// quantile sketch, 0 unless the scan asked for it.
func (s *Sketches) Estimate(k Sketch) float64 {
	if h := s.find(k); h != nil {
		return h.count()
	}
	return 0
}

func (h *held) count() float64 {
	switch {
	case h.hll != nil && h.estimate == 0:
		return h.hll.Estimate()
	case h.kll != nil:
		return float64(h.kll.Count())
	case h.theta != nil:
		return h.theta.Estimate()
	}
	return h.estimate
}

// settle works out the estimates that are asked for again and again: of sketches
// with registers, which take microseconds each.
func (s *Sketches) settle() {
	for i := range s.list {
		if h := &s.list[i]; h.hll != nil && h.estimate == 0 {
			h.estimate = h.hll.Estimate()
		}
	}
}

// IsEmpty reports whether no sketch has a member.
func (s *Sketches) IsEmpty() bool {
	for i := range s.list {
		if !s.list[i].empty() {
			return false
		}
	}
	return true
}

func (h *held) empty() bool {
	switch {
	case h.hll != nil:
		return h.hll.IsEmpty()
	case h.kll != nil:
		return h.kll.IsEmpty()
	case h.theta != nil:
		return h.theta.IsEmpty()
	}
	return h.estimate == 0
}

// Merge adds every member of the sketches that both have. Where one of them is
// empty and the other only an estimate, the estimate stays; two estimates, or one
// and a sketch with members, cannot be merged: whoever asks for estimates only
// asks for whole sketches where there is more than one part (see Scan.Whole).
func (s *Sketches) Merge(o *Sketches) {
	for i := range s.list {
		to := &s.list[i]
		from := o.find(to.kind)
		switch {
		case from == nil:
		case from.hll == nil && from.kll == nil && from.theta == nil:
			to.setEstimate(from.estimate)
		case to.hll != nil && from.hll != nil:
			to.estimate = 0
			to.hll.Merge(from.hll)
		case to.kll != nil && from.kll != nil:
			to.kll.Merge(from.kll)
		case to.theta != nil && from.theta != nil:
			to.theta.Merge(from.theta)
		}
	}
}

// setEstimate keeps an estimate in place of a sketch without members.
func (h *held) setEstimate(v float64) {
	if h.empty() {
		h.hll, h.kll, h.theta, h.estimate = nil, nil, nil, v
	}
}

// mergeBytes adds every member of a serialised sketch. It fails with sketch.ErrCorrupt.
func (h *held) mergeBytes(image []byte) error {
	switch {
	case h.hll != nil:
		h.estimate = 0
		return h.hll.MergeBytes(image)
	case h.kll != nil:
		return h.kll.MergeBytes(image)
	case h.theta != nil:
		return h.theta.MergeBytes(image)
	}
	return nil
}

// Image is a sketch as it is stored and the estimate that stands beside it: of
// distinct viewers, or the number of values. It is nil for a sketch that is not
// there or has no members.
func (s *Sketches) Image(k Sketch) (image []byte, estimate float64) {
	h := s.find(k)
	switch {
	case h == nil || h.empty():
		return nil, 0
	case h.hll != nil:
		image = h.hll.AppendBinary(nil)
	case h.kll != nil:
		image = h.kll.AppendBinary(nil)
	case h.theta != nil:
		image = h.theta.AppendBinary(nil)
	}
	return image, h.count()
}

// Absorb adds every member of a stored image. A sketch of the kind is made if
// there is none. It fails with sketch.ErrCorrupt.
func (s *Sketches) Absorb(k Sketch, image []byte) error {
	h := s.find(k)
	if h == nil {
		s.list = append(s.list, held{kind: k})
		h = &s.list[len(s.list)-1]
		h.make()
	}
	return h.mergeBytes(image)
}

// Reset empties every sketch and keeps the kinds.
func (s *Sketches) Reset() {
	for i := range s.list {
		h := &s.list[i]
		switch {
		case h.hll != nil:
			h.hll.Reset()
			h.estimate = 0
		case h.kll != nil:
			h.kll.Reset()
		case h.theta != nil:
			h.theta.Reset()
		default:
			h.estimate = 0
			h.make()
		}
	}
}
