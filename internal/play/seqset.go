package play

import "slices"

// seqSet is the sequence numbers seen of a play, as sorted disjoint ranges: one
// range for a client that loses nothing.
type seqSet struct{ ranges []seqRange }

type seqRange struct{ from, to int64 } // inclusive

// maxSeqRanges bounds the set against a client that numbers at random; when it
// is full the lowest ranges are joined, which can only take a very old event
// for a duplicate.
const maxSeqRanges = 64

func (s *seqSet) has(n int64) bool {
	i, ok := s.find(n)
	return ok && s.ranges[i].from <= n
}

// find returns the first range that ends at n or later.
func (s *seqSet) find(n int64) (int, bool) {
	for i := len(s.ranges) - 1; i >= 0; i-- {
		if s.ranges[i].to < n {
			return i + 1, i+1 < len(s.ranges)
		}
	}
	return 0, len(s.ranges) > 0
}

func (s *seqSet) add(n int64) {
	if n < 0 || s.has(n) {
		return
	}
	i, _ := s.find(n)
	joinsLeft := i > 0 && s.ranges[i-1].to == n-1
	joinsRight := i < len(s.ranges) && s.ranges[i].from == n+1
	switch {
	case joinsLeft && joinsRight:
		s.ranges[i-1].to = s.ranges[i].to
		s.ranges = slices.Delete(s.ranges, i, i+1)
	case joinsLeft:
		s.ranges[i-1].to = n
	case joinsRight:
		s.ranges[i].from = n
	default:
		s.ranges = slices.Insert(s.ranges, i, seqRange{n, n})
	}
	if len(s.ranges) > maxSeqRanges {
		s.ranges[1].from = s.ranges[0].from
		s.ranges = slices.Delete(s.ranges, 0, 1)
	}
}
