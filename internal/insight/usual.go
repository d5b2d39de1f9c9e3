package insight

// LearnRates learns what is usual for telling the rates themselves: unlike
// LearnUsual nothing is taken to be off, so that a creative which is off makes all
// look a little more spread, and is not drawn to a level that it does not keep to.
func LearnRates(titles [][]Funnel) Usual {
	learn := func(of func(*Funnel) Count) *Prior {
		counts := make([][]Count, len(titles))
		for t := range titles {
			for i := range titles[t] {
				counts[t] = append(counts[t], of(&titles[t][i]))
			}
		}
		return LearnPrior(counts)
	}
	return Usual{learn(takeOf), learn(keepOf), learn(effectiveOf)}
}
