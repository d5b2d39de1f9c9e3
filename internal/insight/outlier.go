package insight

import "math"

// Funnel is one creative's way from being seen to being watched: distinct
// viewers, standardised where places differ (see Standardise).
type Funnel struct {
	Take      Count // viewers reached → with a qualified play
	Keep      Count // with a qualified play → who complete
	Effective Count // viewers reached → who complete
}

// Family is a kind of finding. False discoveries are controlled in each.
type Family string

// Families of findings about creatives.
const (
	// TakeUp and TakeDown: more, or fewer, take it than title, placement and
	// audience explain.
	TakeUp   Family = "take_up"
	TakeDown Family = "take_down"
	// EffectiveUp and EffectiveDown are the same of those who complete.
	EffectiveUp   Family = "effective_up"
	EffectiveDown Family = "effective_down"
	// Clickbait: take is up, completion given take is down, and the effective rate
	// is not up: it promises what the title does not keep.
	Clickbait Family = "clickbait"
	// HiddenGem is the reverse: few take it, and those stay.
	HiddenGem Family = "hidden_gem"
)

// Families are all of them, in the order in which they are shown.
func Families() []Family {
	return []Family{Clickbait, HiddenGem, TakeUp, TakeDown, EffectiveUp, EffectiveDown}
}

// Usual is what is usual of each step of the funnel.
type Usual struct{ Take, Keep, Effective *Prior }

// LearnUsual learns it from titles with their creatives.
func LearnUsual(titles [][]Funnel) Usual {
	pick := func(of func(*Funnel) Count) [][]Count {
		out := make([][]Count, len(titles))
		for t := range titles {
			for i := range titles[t] {
				out[t] = append(out[t], of(&titles[t][i]))
			}
		}
		return out
	}
	return Usual{LearnRobustPrior(pick(takeOf)), LearnRobustPrior(pick(keepOf)), LearnRobustPrior(pick(effectiveOf))}
}

func takeOf(f *Funnel) Count      { return f.Take }
func keepOf(f *Funnel) Count      { return f.Keep }
func effectiveOf(f *Funnel) Count { return f.Effective }

// Finding is a creative that is off.
type Finding struct {
	Title, Creative int // indexes into what was searched
	Family          Family
	// LogE is the log e-value, the weight of the evidence: e^LogE times a bet
	// against "nothing but chance" has come back.
	LogE float64
	// Ratio is the creative's rate over what its siblings lead to expect: of takes
	// in take families, clickbait and gems, else of completions.
	Ratio Estimate
}

// Outliers are the creatives of a catalogue that are off, at a false discovery
// rate of alpha in each family, however often one has looked before. A title needs
// two creatives: one alone has nothing to be compared with.
func Outliers(titles [][]Funnel, usual Usual, alpha float64) []Finding {
	var all []evidence
	for t := range titles {
		if len(titles[t]) < 2 {
			continue
		}
		for c := range titles[t] {
			all = append(all, weigh(titles[t], usual, t, c))
		}
	}
	var out []Finding
	logE := make([]float64, len(all))
	for _, family := range Families() {
		for i := range all {
			logE[i] = all[i].of(family)
		}
		for _, i := range Discoveries(logE, alpha) {
			e := &all[i]
			ratio := e.take.ratio
			if family == EffectiveUp || family == EffectiveDown {
				ratio = e.effective.ratio
			}
			out = append(out, Finding{Title: e.title, Creative: e.creative, Family: family, LogE: logE[i], Ratio: ratio})
		}
	}
	return out
}

// step is the evidence about one step of the funnel of one creative.
type step struct {
	up, down float64 // log e-values
	ratio    Estimate
}

// evidence is all of one creative.
type evidence struct {
	title, creative       int
	take, keep, effective step
}

// of is the log e-value of a family. That of a finding with several parts is the
// least of theirs, which is an e-value whenever any part is not there.
func (e *evidence) of(f Family) float64 {
	switch f {
	case TakeUp:
		return e.take.up
	case TakeDown:
		return e.take.down
	case EffectiveUp:
		return e.effective.up
	case EffectiveDown:
		return e.effective.down
	case Clickbait:
		if e.effective.ratio.Low > 1 {
			return 0
		}
		return min(e.take.up, e.keep.down)
	case HiddenGem:
		if e.effective.ratio.High < 1 {
			return 0
		}
		return min(e.take.down, e.keep.up)
	}
	return 0
}

func weigh(title []Funnel, usual Usual, t, c int) evidence {
	e := evidence{title: t, creative: c}
	counts := make([]Count, len(title))
	for _, part := range []struct {
		to    *step
		of    func(*Funnel) Count
		prior *Prior
	}{{&e.take, takeOf, usual.Take}, {&e.keep, keepOf, usual.Keep}, {&e.effective, effectiveOf, usual.Effective}} {
		for i := range title {
			counts[i] = part.of(&title[i])
		}
		*part.to = part.prior.weighStep(counts, c)
	}
	return e
}

// screen is how many standard errors a rate must be off before its evidence is
// worked out: below it no bet has won anything that could become a discovery.
const screen = 2.2

func (p *Prior) weighStep(title []Count, c int) step {
	own, rest := title[c].clean(), Count{}
	for i := range title {
		if i != c {
			s := title[i].clean()
			rest.K += s.K
			rest.N += s.N
		}
	}
	s := step{ratio: ratioOf(own, rest)}
	if own.N <= 0 || rest.N <= 0 {
		return s
	}
	switch z := deviate(own, rest); {
	case z > screen:
		s.up = p.Odd(title, c, true)
	case z < -screen:
		s.down = p.Odd(title, c, false)
	}
	return s
}

// ratioOf is the ratio of two rates with its 95 % interval (Katz et al. 1978,
// with half a success added to each).
func ratioOf(a, b Count) Estimate {
	if a.N <= 0 || b.N <= 0 {
		return Estimate{Value: 1, Low: 0, High: math.Inf(1)}
	}
	p, q := (a.K+0.5)/(a.N+1), (b.K+0.5)/(b.N+1)
	v := (1-p)/(a.K+0.5) + (1-q)/(b.K+0.5) + 2*(a.Error*a.Error+b.Error*b.Error)
	half := z95 * math.Sqrt(math.Max(v, 0))
	return Estimate{Value: p / q, Low: p / q * math.Exp(-half), High: p / q * math.Exp(half)}
}
