package layout

import "playhead/internal/rollup"

// RolledUpTo is up to which time (epoch ms) the cells of a face are in a coarser
// source; 0 for none.
type RolledUpTo map[RolledKey]int64

// RolledKey is a face of a source.
type RolledKey struct {
	Source rollup.Source
	Face   rollup.Face
}

// UpTo is up to when the cells of a face are in a source.
func (r RolledUpTo) UpTo(s rollup.Source, f rollup.Face) int64 { return r[RolledKey{s, f}] }

// Chain are the sources of a family from s to the finest.
func Chain(s rollup.Source) []rollup.Source {
	list := []rollup.Source{s}
	for {
		finer, ok := FinerOf(list[len(list)-1])
		if !ok {
			return list
		}
		list = append(list, finer)
	}
}

// FinerOf is the next finer source of the same family.
func FinerOf(s rollup.Source) (rollup.Source, bool) {
	for _, f := range CellSources() {
		if c := f.Coarser(); len(c) > 0 && c[0] == s {
			return f, true
		}
	}
	return 0, false
}

// Stretch is where the cells of some time are.
type Stretch struct {
	Source   rollup.Source
	From, To int64 // of bucket; a source of all time has one bucket
}

// Stretches are where the cells of a face from one time to another are: what is
// rolled up in the source itself, the rest in the finer ones.
func Stretches(s rollup.Source, face rollup.Face, from, to int64, rolled RolledUpTo) (list []Stretch) {
	sources := Chain(s)
	for i, source := range sources {
		list = append(list, Stretch{source, from, to})
		if i+1 < len(sources) {
			from = max(from, rolled.UpTo(source, face))
		}
		if from >= to {
			break
		}
	}
	return list
}
