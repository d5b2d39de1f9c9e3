package lake

import (
	"slices"

	"playhead/internal/event"
)

// repetitions finds, in rows that come in the order of the files, those that came
// before. Facts name repetitions, but not of an event without a number of its play
// that is far behind it: that one is late, counted or not, and stays nameless.
type repetitions struct {
	viewer event.ViewerKey
	time   int64
	seen   []mark // of the viewer at the time
}

// mark is what tells an event from others of its viewer at its time.
type mark struct {
	id  [8]byte
	key uint32
}

// mostAtOnce bounds what is remembered of one viewer at one time.
const mostAtOnce = 1_000

// repeats reports whether r came before, and remembers it.
func (s *repetitions) repeats(r *row) bool {
	if r.ID.IsZero() || identified(&r.Event) {
		return false
	}
	return s.again(r.Viewer, r.Time, [8]byte(r.ID[8:]), r.KeyID)
}

// again reports whether an event that only its id tells apart came before, and remembers it.
func (s *repetitions) again(viewer event.ViewerKey, time int64, id [8]byte, key uint32) bool {
	if time != s.time || viewer != s.viewer {
		s.viewer, s.time, s.seen = viewer, time, s.seen[:0]
	}
	m := mark{id, key}
	if slices.Contains(s.seen, m) {
		return true
	}
	if len(s.seen) < mostAtOnce {
		s.seen = append(s.seen, m)
	}
	return false
}
