package insight

import "math"

// LogAbove is the evidence that a rate is above a bound, as the logarithm of an
// e-value that holds however often one looks: the likelihood ratio of rates above the
// bound, each effect on its odds as likely as the others, against the bound. Under
// any lower rate it is a supermartingale. Errors of counting are not in it: it is for
// what is counted exactly.
func LogAbove(c Count, bound float64) float64 {
	c = c.clean()
	if bound <= 0 || bound >= 1 {
		return 0
	}
	var logs sizes
	for i, by := range effects() {
		p := by * bound / (1 - bound + by*bound)
		logs[i] = c.K*math.Log(p/bound) + (c.N-c.K)*math.Log((1-p)/(1-bound))
	}
	return logs.mix(alike())
}

// Above are the counts whose rates are above a bound, most certain first: under the
// bound any is with a probability of at most alpha, however often one looks.
func Above(counts []Count, bound, alpha float64) []int {
	logE := make([]float64, len(counts))
	for i, c := range counts {
		logE[i] = LogAbove(c, bound)
	}
	return Discoveries(logE, alpha)
}

// missingViewers are so many that all of them being absent is no chance: e^−15, in
// thousands of places and at every moment at which they first are so many.
const missingViewers = 15

// Missing tells whether somebody should have been seen, where as many impressions
// were to be expected as there are elsewhere in proportion. What one viewer sees
// again and again says nothing more, so viewers are what counts: each is shown
// perViewer impressions.
func Missing(expected, perViewer float64) bool {
	return expected/math.Max(perViewer, 1) >= missingViewers
}
