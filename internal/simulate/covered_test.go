package simulate

import "slices"

// covered is how many ms lie in at least one of the runs: between each two
// neighbouring ends of runs, all or none do.
func covered(runs [][2]int64) (ms int64) {
	var ends []int64
	for _, r := range runs {
		ends = append(ends, r[0], r[1])
	}
	slices.Sort(ends)
	for i := 1; i < len(ends); i++ {
		if slices.ContainsFunc(runs, func(r [2]int64) bool { return r[0] <= ends[i-1] && ends[i] <= r[1] }) {
			ms += ends[i] - ends[i-1]
		}
	}
	return ms
}
