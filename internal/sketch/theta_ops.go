package sketch

// Intersect is the set of what is in both.
func Intersect(a, b *Theta) *Theta {
	if !a.filled || !b.filled {
		return &Theta{}
	}
	return combine(a, b, true)
}

// Subtract is the set of what is in a and not in b.
func Subtract(a, b *Theta) *Theta {
	if !a.filled || !b.filled {
		r := &Theta{}
		r.Merge(a)
		return r
	}
	return combine(a, b, false)
}

// combine walks both in order below the lower theta and keeps those members of
// a that are in b, or those that are not.
func combine(a, b *Theta, common bool) *Theta {
	va, vb := a.view(), b.view()
	theta := min(va.theta, vb.theta)
	kept := make([]uint64, 0, min(va.count, vb.count))
	j := 0
	for _, h := range va.slots {
		if h == 0 {
			continue
		}
		if h >= theta {
			break
		}
		for j < len(vb.slots) && vb.slots[j] < h {
			j++
		}
		if found := j < len(vb.slots) && vb.slots[j] == h; found == common {
			kept = append(kept, h)
		}
	}
	if len(kept) == 0 && theta == MaxTheta {
		return &Theta{} // nothing is left, and nothing was left out
	}
	r := &Theta{filled: true, cut: MaxTheta - theta}
	r.reserve(len(kept))
	for _, h := range kept {
		r.insert(h)
	}
	return r
}
