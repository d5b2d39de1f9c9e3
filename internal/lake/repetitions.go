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

// again reports whether r came before, and remembers it.
func (s *repetitions) again(r *row) bool {
	if r.ID.IsZero() || identified(&r.Event) {
		return false
	}
	if r.Time != s.time || r.Viewer != s.viewer {
		s.viewer, s.time, s.seen = r.Viewer, r.Time, s.seen[:0]
	}
	m := mark{[8]byte(r.ID[8:]), r.KeyID}
	if slices.Contains(s.seen, m) {
		return true
	}
	if len(s.seen) < mostAtOnce {
		s.seen = append(s.seen, m)
	}
	return false
}
