package insight

import "math"

// Index compares a share in a part with the share in the whole: 1 is the same.
type Index struct {
	// Value is the shrunken index, with its 95 % interval.
	Value Estimate
	// Raw is the ratio as counted.
	Raw float64
}

// Indexes are those of several labels: part[i].K of part[i].N viewers have label i,
// and whole[i].K of whole[i].N. Their logarithms are drawn towards 0 by how much
// they are spread beyond chance (empirical Bayes), so that the greatest of many
// labels is not the luckiest.
func Indexes(part, whole []Count) []Index {
	out := make([]Index, len(part))
	x, v := make([]float64, len(part)), make([]float64, len(part))
	spread, known := 0.0, 0.0
	for i := range part {
		a, b := part[i].clean(), whole[i].clean()
		if a.N <= 0 || b.N <= 0 {
			v[i] = math.Inf(1)
			continue
		}
		p, q := (a.K+0.5)/(a.N+1), (b.K+0.5)/(b.N+1)
		x[i] = math.Log(p / q)
		v[i] = (1-p)/(a.K+0.5) + (1-q)/(b.K+0.5) + 2*(a.Error*a.Error+b.Error*b.Error)
		spread += x[i]*x[i] - v[i]
		known++
		if b.K > 0 && a.K > 0 {
			out[i].Raw = a.rate() / b.rate()
		}
	}
	spread = math.Max(spread/math.Max(known, 1), 1e-3)
	for i := range out {
		if math.IsInf(v[i], 1) {
			out[i].Value = Estimate{1, 0, math.Inf(1)}
			continue
		}
		keep := spread / (spread + v[i])
		mean, half := x[i]*keep, z95*math.Sqrt(v[i]*keep)
		out[i].Value = Estimate{math.Exp(mean), math.Exp(mean - half), math.Exp(mean + half)}
	}
	return out
}
