package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"playhead/internal/journey"
	"playhead/tools/figures"
)

// tasteShares are how large a share of what the population chooses bears each label.
var tasteShares = [...]float64{0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3}

const (
	// tasteOdds is how many viewers like a label, of which each is liked by itself.
	tasteOdds = 0.1
	// tasteSpan is over how many days a viewer's plays are spread, evenly.
	tasteSpan = 60
	dayMS     = int64(24 * 3_600_000)
)

// taster is one viewer and one label: whether it is liked, and what was seen.
type taster struct {
	likes bool
	// posterior is that of the observer who knows the model: how many like, how much,
	// and every play at its full weight.
	posterior float64
	told      bool    // by the product
	met       bool    // it was among what was chosen
	said      float64 // the product's probability
}

// affinity counts how often tastes are told that are there: for plays and strengths,
// by journey's own inference and by the observer who knows the model, of likings of
// one strength that strength, too. Probabilities must be right over strengths mixed:
// who does not know how strong likings are cannot be right about each.
func affinity(o options, r *figures.Report) {
	worst, off := math.Inf(1), 0.0
	for _, plays := range []int{5, 10, 20, 50, 100} {
		for _, strength := range []float64{1.5, 2, 3} {
			name := fmt.Sprintf("insight.affinity.x%s_plays%d", short(strength), plays)
			list := drawTasters(o.tasters, plays, []float64{strength})
			worst = math.Min(worst, scoreTastes(r, name, list))
			r.Add(name+".calibration_error", calibration(list), "share")
		}
		mixed := drawTasters(o.tasters, plays, []float64{1.5, 2, 3})
		worst = math.Min(worst, scoreTastes(r, fmt.Sprintf("insight.affinity.mixed_plays%d", plays), mixed))
		off = math.Max(off, calibration(mixed))
	}
	r.AtLeast("insight.affinity.f1_to_bayes_least", worst, "ratio", 0.9)
	r.AtMost("insight.affinity.calibration_error_most", off, "share", 0.03)
}

// drawTasters are viewers whose likings have one of the strengths.
func drawTasters(viewers, plays int, strengths []float64) []taster {
	var mu sync.Mutex
	var out []taster
	each(8, func(part int) {
		rng := rand.New(rand.NewPCG(uint64(plays)<<8|uint64(part), math.Float64bits(strengths[0])+uint64(len(strengths))))
		var mine []taster
		for range viewers / 8 {
			mine = append(mine, drawViewer(rng, plays, strengths)...)
		}
		mu.Lock()
		defer mu.Unlock()
		out = append(out, mine...)
	})
	return out
}

// drawViewer chooses titles that bear each label with its share, moved in odds by
// how much the viewer likes it.
func drawViewer(rng *rand.Rand, plays int, strengths []float64) []taster {
	out := make([]taster, len(tasteShares))
	rates, with := make([]float64, len(tasteShares)), make([]float64, len(tasteShares))
	shares := map[string]float64{}
	for i, p := range tasteShares {
		rates[i] = p
		shares[tasteName(i)] = p
		if out[i].likes = rng.Float64() < tasteOdds; out[i].likes {
			rates[i] = moved(p, strengths[rng.IntN(len(strengths))])
		}
	}
	chosen := make([]journey.Choice, plays)
	for k := range chosen {
		chosen[k].Age = int64(float64(tasteSpan*dayMS) * (float64(k) + 0.5) / float64(plays))
		for i := range tasteShares {
			if rng.Float64() < rates[i] {
				if chosen[k].Labels != "" {
					chosen[k].Labels += "\n"
				}
				chosen[k].Labels += tasteName(i)
				with[i]++
			}
		}
	}
	for i, p := range tasteShares {
		likes := 0.0
		for _, s := range strengths {
			q := moved(p, s)
			likes += math.Exp(with[i]*math.Log(q/p)+(float64(plays)-with[i])*math.Log((1-q)/(1-p))) / float64(len(strengths))
		}
		out[i].posterior = tasteOdds * likes / (tasteOdds*likes + 1 - tasteOdds)
	}
	share, halfLife := func(label string) float64 { return shares[label] }, journey.DefaultConfig().HalfLife
	for _, l := range journey.Weigh(chosen, share, halfLife) {
		t := &out[tasteIndex(l.Label)]
		t.met, t.said = true, l.Probability
	}
	for _, l := range journey.Likes(chosen, share, halfLife) {
		out[tasteIndex(l.Label)].told = true
	}
	return out
}

func tasteIndex(label string) int { return int(label[len(label)-1] - 'a') }

func tasteName(i int) string { return "genre:" + string(rune('a'+i)) }

// moved is a share whose odds are multiplied.
func moved(p, by float64) float64 { return by * p / (1 - p + by*p) }

// scoreTastes adds precision and recall of the product and of the observer at the
// threshold that is best for it, and returns the ratio of their F1.
func scoreTastes(r *figures.Report, name string, list []taster) float64 {
	precision, recall, f1 := score(list, func(t *taster) bool { return t.told })
	best := 0.0
	for at := 0.02; at < 0.95; at += 0.02 {
		_, _, f := score(list, func(t *taster) bool { return t.posterior >= at })
		best = math.Max(best, f)
	}
	r.Add(name+".precision", precision, "share")
	r.Add(name+".recall", recall, "share")
	r.Add(name+".f1_to_bayes", f1/best, "ratio")
	return f1 / best
}

func score(list []taster, told func(*taster) bool) (precision, recall, f1 float64) {
	both, all, there := 0.0, 0.0, 0.0
	for i := range list {
		t := &list[i]
		if told(t) {
			all++
		}
		if t.likes {
			there++
		}
		if told(t) && t.likes {
			both++
		}
	}
	return both / math.Max(all, 1), both / math.Max(there, 1), 2 * both / math.Max(all+there, 1)
}

// calibration is the expected calibration error, in ten classes of probability, of
// what is said of the labels that a viewer met.
func calibration(list []taster) float64 {
	var said, there, n [10]float64
	all := 0.0
	for i := range list {
		t := &list[i]
		if !t.met {
			continue
		}
		k := min(int(t.said*10), 9)
		said[k] += t.said
		n[k]++
		all++
		if t.likes {
			there[k]++
		}
	}
	off := 0.0
	for k := range n {
		off += math.Abs(said[k]-there[k]) / math.Max(all, 1)
	}
	return off
}
