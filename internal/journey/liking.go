package journey

import (
	"cmp"
	"math"
	"slices"

	"playhead/internal/fact"
)

// What makes a taste: the lower bound (75 %, one-sided) of the log-odds of a label
// among what the viewer chose, against the population, above log 1.5. Each viewer
// is taken to have chosen like the population priorTitles times before, and
// minTitles must have the label, so that one title makes no taste. Level and prior
// are those with which tastes come nearest to what an observer who knows the model
// would tell (F1 at 5 to 100 plays; make bench-insight, "affinity").
const (
	tasteZ      = 0.6745
	priorTitles = 1.0
	minTitles   = 2
)

// Choice is a title that a viewer chose: its labels, as lines "kind:value", and how
// long ago that was, ms.
type Choice struct {
	Labels string
	Age    int64
}

// Liking is a label that a viewer likes.
type Liking struct {
	Label string // "kind:value"
	// Low is the lower bound of the log-odds against the population.
	Low float64
	// Probability that the viewer chooses titles with the label at 1.5 times the
	// population's odds or more; see likely.
	Probability float64

	weight float64 // decayed number of titles with it, scaled
	titles int
}

// Likes are the labels that a viewer likes, most probable first. share is how large
// a share of what the population chooses bears a label, (0,1); what it does not know
// is no taste. A choice weighs half as much after halfLife, ms.
func Likes(chosen []Choice, share func(label string) float64, halfLife int64) []Liking {
	t := weighLabels(chosen, halfLife)
	likes := t.list[:0]
	for _, l := range t.list {
		if l.titles >= minTitles && t.bound(&l, share) && l.Low > math.Log(1.5) {
			t.judge(&l, share)
			likes = append(likes, l)
		}
	}
	slices.SortFunc(likes, func(a, b Liking) int {
		return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(b.Low, a.Low), cmp.Compare(a.Label, b.Label))
	})
	return likes
}

// Weigh is what is known of every label of what was chosen, liked or not.
func Weigh(chosen []Choice, share func(label string) float64, halfLife int64) []Liking {
	t := weighLabels(chosen, halfLife)
	known := t.list[:0]
	for _, l := range t.list {
		if t.bound(&l, share) {
			t.judge(&l, share)
			known = append(known, l)
		}
	}
	return known
}

// weighed are labels and the effective number of titles that they are of.
type weighed struct {
	list []Liking
	all  float64
}

// bound sets the lower bound; it is false where the label's share is not known.
func (t *weighed) bound(l *Liking, share func(string) float64) bool {
	p := share(l.Label)
	if p <= 0 || p >= 1 {
		return false
	}
	with, without := l.weight+priorTitles*p, max(t.all-l.weight, 0)+priorTitles*(1-p)
	odds := math.Log(with/without) - math.Log(p/(1-p))
	l.Low = odds - tasteZ*math.Sqrt(1/with+1/without)
	return true
}

// judge sets the probability.
func (t *weighed) judge(l *Liking, share func(string) float64) {
	l.Probability = likely(l.weight, max(t.all, l.weight), share(l.Label))
}

// weighLabels are all labels of what was chosen. Decayed numbers of titles are
// scaled to as many titles of one weight as know as much (Kish 1965), so that age
// tells newer from older and not much from little.
func weighLabels(chosen []Choice, halfLife int64) (t weighed) {
	sum, squares := 0.0, 0.0
	for i := range chosen {
		w := math.Exp2(-float64(chosen[i].Age) / float64(halfLife))
		sum += w
		squares += w * w
		fact.Label(chosen[i].Labels, func(kind, value string) bool {
			if kind == showKind {
				return true // a show is no taste
			}
			line := kind + ":" + value
			at := slices.IndexFunc(t.list, func(l Liking) bool { return l.Label == line })
			if at < 0 {
				at = len(t.list)
				t.list = append(t.list, Liking{Label: line})
			}
			t.list[at].weight += w
			t.list[at].titles++
			return true
		})
	}
	scale := sum / max(squares, 1e-300)
	for i := range t.list {
		t.list[i].weight *= scale
	}
	t.all = sum * scale
	return t
}

// likely is the posterior probability that a label is liked, when one viewer of ten
// likes it and chooses titles with it at 1.5 to 4 times the population's odds, and
// the others as the population does: with and all are effective numbers of titles, p
// the population's share.
func likely(with, all, p float64) float64 {
	const before = 0.1
	likes := 0.0
	factors := [...]float64{1.5, 2, 2.5, 3, 4}
	for _, f := range factors {
		q := f * p / (1 - p + f*p)
		likes += math.Exp(with*math.Log(q/p)+(all-with)*math.Log((1-q)/(1-p))) / float64(len(factors))
	}
	return before * likes / (before*likes + 1 - before)
}
