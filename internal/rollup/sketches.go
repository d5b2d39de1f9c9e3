package rollup

import (
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

// held is one sketch of a group; the field of its kind is set.
type held struct {
	kind Sketch
	hll  *sketch.HLL
}

// NewSketches are empty sketches of each kind in a set.
func NewSketches(set SketchSet) Sketches {
	var s Sketches
	for k := range SketchCount {
		if set.Has(k) {
			s.list = append(s.list, held{kind: k, hll: new(sketch.HLL)})
		}
	}
	return s
}

func (s *Sketches) find(k Sketch) *held {
	for i := range s.list {
		if s.list[i].kind == k {
			return &s.list[i]
		}
	}
	return nil
}

// HLL is a distinct count, nil unless the scan asked for it.
func (s *Sketches) HLL(k Sketch) *sketch.HLL {
	if h := s.find(k); h != nil {
		return h.hll
	}
	return nil
}

// Estimate is the number of distinct viewers of a sketch, 0 unless the scan
// asked for it.
func (s *Sketches) Estimate(k Sketch) float64 {
	if h := s.find(k); h != nil && h.hll != nil {
		return h.hll.Estimate()
	}
	return 0
}

// IsEmpty reports whether no sketch has a member.
func (s *Sketches) IsEmpty() bool {
	for i := range s.list {
		if !s.list[i].hll.IsEmpty() {
			return false
		}
	}
	return true
}

// Merge adds every member of the sketches that both have.
func (s *Sketches) Merge(o *Sketches) {
	for i := range s.list {
		if from := o.find(s.list[i].kind); from != nil {
			s.list[i].hll.Merge(from.hll)
		}
	}
}
