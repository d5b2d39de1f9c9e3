package play

import "slices"

// seqSet is the sequence numbers seen of a play, as disjoint ranges: one for a
// client that loses nothing. The zero value is empty.
type seqSet struct {
	last  seqRange    // the highest one
	lower *[]seqRange // the others, sorted
}

// seqRange is from … to-1.
type seqRange struct{ from, to int64 }

// maxSeqRanges bounds the set against a client that numbers at random; when it
// is full the lowest ranges are joined, which can only take a very old event
// for a duplicate.
const maxSeqRanges = 64

func (s *seqSet) has(n int64) bool {
	if n >= s.last.from || s.lower == nil {
		return n >= s.last.from && n < s.last.to
	}
	i := s.find(n)
	return i < len(*s.lower) && (*s.lower)[i].from <= n
}

// find returns the first of the lower ranges that ends after n.
func (s *seqSet) find(n int64) int {
	i := len(*s.lower)
	for i > 0 && (*s.lower)[i-1].to > n {
		i--
	}
	return i
}

// add adds what is not in the set.
func (s *seqSet) add(n int64) {
	switch {
	case n < 0:
	case s.last.to == s.last.from:
		s.last = seqRange{n, n + 1}
	case n == s.last.to:
		s.last.to++
	case n > s.last.to:
		s.addLower(s.last)
		s.last = seqRange{n, n + 1}
	default:
		s.addLower(seqRange{n, n + 1})
		s.join()
	}
}

// addLower adds a range that touches none but at its ends.
func (s *seqSet) addLower(r seqRange) {
	if s.lower == nil {
		s.lower = &[]seqRange{r}
		return
	}
	list := *s.lower
	i := s.find(r.from)
	joinsLeft := i > 0 && list[i-1].to == r.from
	joinsRight := i < len(list) && list[i].from == r.to
	switch {
	case joinsLeft && joinsRight:
		list[i-1].to = list[i].to
		list = slices.Delete(list, i, i+1)
	case joinsLeft:
		list[i-1].to = r.to
	case joinsRight:
		list[i].from = r.from
	default:
		list = slices.Insert(list, i, r)
	}
	if len(list) >= maxSeqRanges {
		list[1].from = list[0].from
		list = slices.Delete(list, 0, 1)
	}
	*s.lower = list
}

// join joins the highest range with the one below it if they touch.
func (s *seqSet) join() {
	list := *s.lower
	n := len(list)
	if n == 0 || list[n-1].to != s.last.from {
		return
	}
	s.last.from = list[n-1].from
	list = list[:n-1]
	*s.lower = list
	if n == 1 {
		s.lower = nil
	}
}

// each calls fn with every range, the lowest first.
func (s *seqSet) each(fn func(seqRange)) {
	if s.lower != nil {
		for _, r := range *s.lower {
			fn(r)
		}
	}
	if s.last.to > s.last.from {
		fn(s.last)
	}
}

func (s *seqSet) len() (n int) {
	s.each(func(seqRange) { n++ })
	return n
}
