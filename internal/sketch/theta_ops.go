package sketch

// Intersect is the set of what is in both.
func Intersect(a, b *Theta) *Theta {
	if !a.filled || !b.filled {
		return &Theta{}
	}
	r, _, _ := combine(a, b, true)
	return r
}

// Subtract is the set of what is in a and not in b.
func Subtract(a, b *Theta) *Theta {
	if !a.filled || !b.filled {
		return a.trimmed()
	}
	r, _, _ := combine(a, b, false)
	return r
}

func (t *Theta) trimmed() *Theta {
	r := &Theta{}
	r.Merge(t)
	return r
}

// combine walks both in order below the lower theta and keeps those members of
// a that are in b, or those that are not. It also counts both sides.
func combine(a, b *Theta, common bool) (r *Theta, inA, inB int) {
	va, vb := a.view(), b.view()
	theta := min(va.theta, vb.theta)
	r = &Theta{filled: true, cut: MaxTheta - theta}
	i, j := 0, 0
	for ; i < len(va.slots); i++ {
		h := va.slots[i]
		if h == 0 {
			continue
		}
		if h >= theta {
			break
		}
		inA++
		for j < len(vb.slots) && vb.slots[j] < h {
			if vb.slots[j] != 0 {
				inB++
			}
			j++
		}
		if found := j < len(vb.slots) && vb.slots[j] == h; found == common {
			r.insert(h)
		}
	}
	for ; j < len(vb.slots) && vb.slots[j] < theta; j++ {
		if vb.slots[j] != 0 {
			inB++
		}
	}
	if r.count == 0 && theta == MaxTheta {
		r.filled = false // nothing is left, and nothing was left out
	}
	return r, inA, inB
}
