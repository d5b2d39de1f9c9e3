package play

import "playhead/internal/fact"

// cancelMarks drops pairs that take each other back. The lists are those of one
// reordered play: short.
func cancelMarks(m []fact.Mark) []fact.Mark {
	return cancel(m, func(a, b fact.Mark) bool {
		a.N = -a.N
		return a == b
	})
}

func cancelSpans(s []fact.Span) []fact.Span {
	return cancel(s, func(a, b fact.Span) bool {
		a.N = -a.N
		return a == b
	})
}

// maxCancel: longer lists, of players that flood, are left as they are.
const maxCancel = 200

func cancel[T any](list []T, opposite func(a, b T) bool) []T {
	if len(list) > maxCancel {
		return list
	}
	dead := make([]bool, len(list))
	for i := range list {
		for j := i + 1; !dead[i] && j < len(list); j++ {
			if !dead[j] && opposite(list[i], list[j]) {
				dead[i], dead[j] = true, true
			}
		}
	}
	kept := list[:0]
	for i, v := range list {
		if !dead[i] {
			kept = append(kept, v)
		}
	}
	return kept
}
