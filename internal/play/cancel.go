package play

import "playhead/internal/fact"

// cancelMarks drops pairs that take each other back.
func cancelMarks(m []fact.Mark) []fact.Mark {
	return cancel(m, func(a fact.Mark) fact.Mark {
		a.N = -a.N
		return a
	})
}

// cancelSpans drops pairs that take each other back.
func cancelSpans(s []fact.Span) []fact.Span {
	return cancel(s, func(a fact.Span) fact.Span {
		a.N = -a.N
		return a
	})
}

// fewFacts: up to here comparing each with each is quicker than a map.
const fewFacts = 40

// cancel works on what one reordered play emitted: a handful, or a thousand
// when its player floods.
func cancel[T comparable](list []T, opposite func(T) T) []T {
	if len(list) > fewFacts {
		return cancelMany(list, opposite)
	}
	var dead [fewFacts]bool
	kept := list[:0]
	for i := range list {
		if dead[i] {
			continue
		}
		v := opposite(list[i])
		for j := i + 1; j < len(list); j++ {
			if list[j] == v && !dead[j] {
				dead[i], dead[j] = true, true
				break
			}
		}
		if !dead[i] {
			kept = append(kept, list[i])
		}
	}
	return kept
}

func cancelMany[T comparable](list []T, opposite func(T) T) []T {
	left := make(map[T]int, len(list))
	for _, v := range list {
		if o := opposite(v); left[o] > 0 {
			left[o]--
		} else {
			left[v]++
		}
	}
	kept := list[:0]
	for _, v := range list {
		if left[v] > 0 {
			left[v]--
			kept = append(kept, v)
		}
	}
	return kept
}
