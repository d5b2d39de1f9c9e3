package insight

import (
	"math"
	"slices"
)

// Judge says which creatives are off, again and again, as a catalogue goes on being
// watched. What it has weighed it keeps, and weighs anew only what has moved: an
// e-value that holds at any time holds at the last time at which it was weighed, so
// that nothing is lost by it but a little time, and a look costs what has changed
// since the last one. It is for one goroutine at a time.
type Judge struct {
	steps  [stepCount]*scale
	titles []judged
	kept   int // creatives whose likelihoods are kept, by step
	// weighings are how many steps of titles were weighed so far.
	weighings int
	// beyond are how many steps of titles were beyond all that is usual when they were
	// weighed.
	beyond int
}

// The steps of the funnel, by index.
const (
	takeStep = iota
	keepStep
	effectiveStep
	stepCount
)

func steps() [stepCount]func(*Funnel) Count {
	return [...]func(*Funnel) Count{takeOf, keepOf, effectiveOf}
}

// judged is what is kept of a title.
type judged struct {
	evidence []evidence
	// strongest is the largest log e-value of any family.
	strongest float64
	steps     [stepCount]judgedStep
}

// judgedStep has the counts that were weighed, and what they say; that is nil where
// it is not kept.
type judgedStep struct {
	counts []Count
	own    []*seen
}

const (
	// movedNear and movedFar are by how many standard errors a count moves until it is
	// weighed anew: where an alarm is near, and where nothing points to one.
	movedNear, movedFar = 1.0 / 8, 1.0 / 2
	// nearAlarm is the log e-value from which an alarm is near. None is given below
	// log(1/alarmLevel), however many stand out.
	nearAlarm = 3.0
	// mostKept is of how many creatives likelihoods are kept, of 20 KB or so each;
	// those of more are worked out when their title is weighed.
	mostKept = 2000
)

// NewJudge returns one that has seen nothing, and judges by what is usual.
func NewJudge(usual Usual) *Judge {
	return &Judge{steps: [...]*scale{
		newScale(usual.Take.looser(tailSlack)), newScale(usual.Keep.looser(tailSlack)), newScale(usual.Effective.looser(productSlack)),
	}}
}

// Weigh looks at a catalogue: titles in the same order each time, as far as they are
// the same. Another order is no error, and costs as much as a first look.
func (j *Judge) Weigh(titles [][]Funnel) {
	for t := len(titles); t < len(j.titles); t++ {
		j.forget(t)
	}
	j.titles = slices.Grow(j.titles, max(len(titles)-len(j.titles), 0))[:len(titles)]
	for t := range titles {
		if len(titles[t]) != len(j.titles[t].evidence) {
			j.forget(t)
		}
		if len(titles[t]) > 1 {
			j.weigh(titles[t], t)
		}
	}
}

// Beyond reports whether a title was weighed whose rate is beyond all levels that what
// is usual knows of: nothing is said to be off of its creatives until it is learnt anew.
// Seen from the farthest level that is known, all of them would be.
func (j *Judge) Beyond() bool { return j.beyond > 0 }

// forget lets go of a title.
func (j *Judge) forget(t int) {
	for i := range j.titles[t].steps {
		j.kept -= len(j.titles[t].steps[i].own)
	}
	j.titles[t] = judged{}
}

// weigh weighs the steps of a title that have moved.
func (j *Judge) weigh(title []Funnel, t int) {
	held := &j.titles[t]
	if held.evidence == nil {
		held.evidence = make([]evidence, len(title))
		for c := range held.evidence {
			held.evidence[c].title, held.evidence[c].creative = t, c
		}
	}
	by := movedFar
	if held.strongest > nearAlarm {
		by = movedNear
	}
	counts, any := make([]Count, len(title)), false
	for i, of := range steps() {
		for c := range title {
			counts[c] = of(&title[c]).clean()
		}
		if step := &held.steps[i]; j.see(step, i, counts, by) {
			by := make([]odds, len(title)) // even, where nothing can be said
			if j.steps[i].covers(step.counts) {
				by = j.steps[i].weigh(step.own)
			} else {
				j.beyond++
			}
			held.set(i, by, step.counts)
			j.settle(step)
			j.weighings++
			any = true
		}
	}
	if any {
		held.strongest = math.Inf(-1)
		for c := range held.evidence {
			for _, f := range Families() {
				held.strongest = math.Max(held.strongest, held.evidence[c].logE(f))
			}
		}
	}
}

// see works out what the counts say that have moved, and is false when none has.
func (j *Judge) see(step *judgedStep, i int, counts []Count, by float64) bool {
	any := step.counts == nil
	for c := 0; !any && c < len(counts); c++ {
		any = moved(step.counts[c], counts[c], by)
	}
	if !any {
		return false
	}
	if step.counts == nil {
		step.counts = make([]Count, len(counts))
	}
	kept := step.own != nil
	if !kept {
		step.own = make([]*seen, len(counts))
	}
	for c, n := range counts {
		if !kept || moved(step.counts[c], n, by) {
			step.counts[c], step.own[c] = n, j.steps[i].see(n)
		}
	}
	if !kept {
		j.kept += len(counts)
	}
	return true
}

// settle lets go of likelihoods when too many are kept.
func (j *Judge) settle(step *judgedStep) {
	if j.kept > stepCount*mostKept {
		j.kept -= len(step.own)
		step.own = nil
	}
}

// moved is whether a count has moved by so many standard errors, or that half of that
// part of all that was known has come to it.
func moved(from, to Count, by float64) bool {
	p := (from.K + 0.5) / (from.N + 1)
	off := to.K - from.K - p*(to.N-from.N)
	return math.Abs(off) > by*math.Sqrt((from.N+1)*p*(1-p)) || math.Abs(to.N-from.N) > by/2*from.N || to.Error != from.Error
}

// set takes over what a step says.
func (t *judged) set(step int, by []odds, counts []Count) {
	ratios := siblingRatios(counts)
	for c := range t.evidence {
		e := &t.evidence[c]
		switch step {
		case takeStep:
			e.take, e.takeRatio = by[c], ratios[c]
		case keepStep:
			e.keep = by[c]
		case effectiveStep:
			e.effective, e.effectiveRatio = by[c], ratios[c]
		}
	}
}

// all is the evidence about every creative.
func (j *Judge) all() []*evidence {
	var out []*evidence
	for t := range j.titles {
		for c := range j.titles[t].evidence {
			out = append(out, &j.titles[t].evidence[c])
		}
	}
	return out
}

// Findings are the creatives that are off, at a false discovery rate of alpha in each
// family.
func (j *Judge) Findings(alpha float64) []Finding {
	all := j.all()
	var out []Finding
	for _, family := range Families() {
		out = append(out, findings(all, family, alpha)...)
	}
	return out
}

// Alarmed are the families that evidence stands out in, which is quicker to tell than
// all findings. A finding of theirs may still not be listed.
func (j *Judge) Alarmed() []Family {
	strongest := math.Inf(-1)
	for t := range j.titles {
		strongest = math.Max(strongest, j.titles[t].strongest)
	}
	if strongest < -math.Log(alarmLevel) {
		return nil // not even if all were as strong
	}
	all := j.all()
	var out []Family
	for _, family := range Families() {
		if _, alarm := alarms(all, family); len(alarm) > 0 {
			out = append(out, family)
		}
	}
	return out
}
