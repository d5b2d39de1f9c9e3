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

// tailSlack is by how much the concentration of rates is lowered before anything
// is said to be off them. It is learnt with some creatives thought to stray, which
// take the tails of those that do not: where none stray 220 is learnt for 200. Where
// some do, they make up for a part of that.
const tailSlack = 0.95

// productSlack is the same for effective rates. They are takes times completions:
// what takes vary by does not shrink where most complete, as it would in one Beta
// of the product's mean, so that the creatives of such titles seem off. Half of it
// covers titles of which up to three quarters complete.
const productSlack = 0.5

func takeOf(f *Funnel) Count      { return f.Take }
func keepOf(f *Funnel) Count      { return f.Keep }
func effectiveOf(f *Funnel) Count { return f.Effective }

// Finding is a creative that is off.
type Finding struct {
	Title, Creative int // indexes into what was searched
	Family          Family
	// Probability that it is, given all that was seen: of what is listed no more
	// than the false discovery rate asked for is expected to be wrong.
	Probability float64
	// LogE is the log e-value, the weight of the evidence: e^LogE times a bet
	// against "nothing but chance" has come back.
	LogE float64
	// Alarm is set when the evidence holds however often one has looked before
	// (e-BH): only that may wake somebody.
	Alarm bool
	// Ratio is the creative's rate over its siblings': of takes in take families,
	// clickbait and gems, else of completions.
	Ratio Estimate
}

// alarmLevel is the level of alarms, by e-BH: less than the 0.05 of worlds without
// anything off that it stands for, since what is usual is learnt and places are
// taken out by a fit, which makes e-values a little too large.
const alarmLevel = 0.02

// Outliers are the creatives of a catalogue that are off, at a false discovery
// rate of alpha in each family; alarms have a level of their own. A title needs two creatives: one alone has nothing
// to be compared with. Who looks again and again keeps a Judge.
func Outliers(titles [][]Funnel, usual Usual, alpha float64) []Finding {
	j := NewJudge(usual)
	j.Weigh(titles)
	return j.Findings(alpha)
}

// findings are those of one family, most probable first.
func findings(all []*evidence, family Family, alpha float64) []Finding {
	first, second := make([]sizes, len(all)), make([]sizes, len(all))
	for i := range all {
		first[i], second[i] = all[i].parts(family)
	}
	weightA, weightB := fitSizes(first), alike()
	a := make([]float64, len(all))
	var b []float64
	if family.double() {
		weightB, b = fitSizes(second), make([]float64, len(all))
	}
	for i := range all {
		a[i] = first[i].mix(weightA)
		if b != nil {
			b[i] = second[i].mix(weightB)
		}
	}
	logE, alarm := alarms(all, family)
	probability := shares(a, b)
	var out []Finding
	for _, i := range Likely(probability, alpha) {
		e := all[i]
		if !e.possible(family) {
			continue
		}
		ratio := e.takeRatio
		if family == EffectiveUp || family == EffectiveDown {
			ratio = e.effectiveRatio
		}
		out = append(out, Finding{e.title, e.creative, family, probability[i], logE[i], alarm[i], ratio})
	}
	return out
}

// alarms are the log e-values of a family, and of whom they stand out.
func alarms(all []*evidence, family Family) (logE []float64, alarm map[int]bool) {
	logE = make([]float64, len(all))
	for i, e := range all {
		if e.possible(family) {
			logE[i] = e.logE(family)
		}
	}
	alarm = map[int]bool{}
	for _, i := range Discoveries(logE, alarmLevel) {
		alarm[i] = true
	}
	return logE, alarm
}

// double is whether a family consists of two parts.
func (f Family) double() bool { return f == Clickbait || f == HiddenGem }

// evidence is all that is known of one creative.
type evidence struct {
	title, creative           int
	take, keep, effective     odds
	takeRatio, effectiveRatio Estimate
}

// parts are the log odds of what a family consists of; only clickbait and gems
// have a second.
func (e *evidence) parts(f Family) (a, b sizes) {
	switch f {
	case TakeUp:
		return e.take.up, b
	case TakeDown:
		return e.take.down, b
	case EffectiveUp:
		return e.effective.up, b
	case EffectiveDown:
		return e.effective.down, b
	case Clickbait:
		return e.take.up, e.keep.down
	}
	return e.take.down, e.keep.up // a hidden gem
}

// logE is the log e-value of a family. The least of two parts' is one whenever either
// part is not there.
func (e *evidence) logE(f Family) float64 {
	a, b := e.parts(f)
	if f.double() {
		return min(a.mix(alike()), b.mix(alike()))
	}
	return a.mix(alike())
}

// possible rules out clickbait whose takes make up for it, and gems that do not.
func (e *evidence) possible(f Family) bool {
	return !(f == Clickbait && e.effectiveRatio.Low > 1 || f == HiddenGem && e.effectiveRatio.High < 1)
}

// siblingRatios are the ratios of each rate to that of the others together.
func siblingRatios(counts []Count) []Estimate {
	all := total(counts)
	out := make([]Estimate, len(counts))
	for i, c := range counts {
		out[i] = ratioOf(c, Count{K: all.K - c.K, N: all.N - c.N, Error: c.Error})
	}
	return out
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
