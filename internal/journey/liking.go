package journey

import (
	"cmp"
	"math"
	"slices"

	"playhead/internal/fact"
)

// What makes a taste: the lower bound of the log-odds of a label among what the
// viewer chose, against the population, above log 1.5. The bound is that of the
// posterior, so that it lies above where the viewer likes the label (chooses titles
// with it at 1.5 times the population's odds or more) with a probability of at least
// surely; see there. One title makes no taste, unless fewTitles have been chosen and
// the label is no rare one: there are so many rare ones (a cast's) that chance alone
// brings some of them to everybody.
const (
	minTitles   = 2
	fewTitles   = 5
	rareShare   = 0.03
	likesBefore = 0.1 // of ten viewers who meet a label, one likes it
)

// factors are how much those who like a label multiply the odds, and how many of
// them: strong tastes are rarer than weak ones.
func factors() [3][2]float64 { return [3][2]float64{{1.5, 0.4}, {2, 0.4}, {3, 0.2}} }

// surely is how probable it must be that a label is liked to be told of it, n
// effective titles having been chosen. What is told is best (by F1, the harmonic
// mean of precision and recall) when it is half as probable as the best F1 itself
// (Lipton, Elkan, Naryanaswamy 2014), which rises from a quarter at five titles
// towards 1. The form is chosen so that F1 is at least 0.9 of that of an observer
// who knows how much those who like a label like it, be that 1.5, 2 or 3 times.
// Before the odds that few like a label are taken into account, it is odds of 1.3
// to 1 at five titles, 4 to 1 at a hundred and 9 to 1 in the end.
func surely(n float64) float64 { return 0.5 * (n + 24) / (n + 110) }

// Choice is a title that a viewer chose: its labels, as lines "kind:value", and how
// long ago that was, ms.
type Choice struct {
	Labels string
	Age    int64
}

// Liking is a label that a viewer likes.
type Liking struct {
	Label string // "kind:value"
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
		if t.judge(&l, share) && t.enough(&l, share(l.Label)) && l.Probability >= surely(t.all) {
			likes = append(likes, l)
		}
	}
	slices.SortFunc(likes, func(a, b Liking) int {
		return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(a.Label, b.Label))
	})
	return likes
}

// Weigh is what is known of every label of what was chosen, liked or not.
func Weigh(chosen []Choice, share func(label string) float64, halfLife int64) []Liking {
	t := weighLabels(chosen, halfLife)
	known := t.list[:0]
	for _, l := range t.list {
		if t.judge(&l, share) {
			known = append(known, l)
		}
	}
	return known
}

// weighed are labels, of how many titles they are, and how many weigh as much.
type weighed struct {
	list   []Liking
	titles int
	all    float64
}

// judge sets the probability; it is false where the label's share is not known.
func (t *weighed) judge(l *Liking, share func(string) float64) bool {
	p := share(l.Label)
	if p <= 0 || p >= 1 {
		return false
	}
	l.Probability = likely(l.weight, max(t.all, l.weight), p)
	return true
}

// enough tells whether there are titles enough for a taste.
func (t *weighed) enough(l *Liking, share float64) bool {
	return l.titles >= minTitles || t.titles >= fewTitles && share >= rareShare
}

// weighLabels are all labels of what was chosen. Decayed numbers of titles are
// scaled to as many titles of one weight as know as much (Kish 1965), so that age
// tells newer from older and not much from little.
func weighLabels(chosen []Choice, halfLife int64) (t weighed) {
	sum, squares := 0.0, 0.0
	t.titles = len(chosen)
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

// likely is the posterior probability that a label is liked, when likesBefore of
// the viewers like it by one of the factors, and the others choose as the population
// does: with and all are effective numbers of titles, p the population's share.
func likely(with, all, p float64) float64 {
	likes := 0.0
	for _, f := range factors() {
		q := f[0] * p / (1 - p + f[0]*p)
		likes += f[1] * math.Exp(with*math.Log(q/p)+(all-with)*math.Log((1-q)/(1-p)))
	}
	return likesBefore * likes / (likesBefore*likes + 1 - likesBefore)
}
