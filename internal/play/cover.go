package play

import (
	"cmp"
	"slices"

	"playhead/internal/fact"
)

func sortRuns(runs []run) {
	slices.SortFunc(runs, func(a, b run) int { return cmp.Compare(a.from, b.from) })
}

// cover turns runs, which may overlap, into sorted disjoint stretches with the
// number of times each was played. A run that goes on where another ended is
// joined with it.
func cover(runs []run) []fact.Coverage {
	type edge struct {
		at int32
		n  int32
	}
	edges := make([]edge, 0, 2*len(runs))
	for _, r := range runs {
		edges = append(edges, edge{r.from, 1}, edge{r.to, -1})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Compare(a.at, b.at) })
	var out []fact.Coverage
	var n, from int32
	for i := 0; i < len(edges); {
		at, change := edges[i].at, int32(0)
		for ; i < len(edges) && edges[i].at == at; i++ {
			change += edges[i].n
		}
		if change == 0 {
			continue
		}
		if n > 0 {
			out = append(out, fact.Coverage{From: int64(from), To: int64(at), N: n})
		}
		n, from = n+change, at
	}
	return out
}
