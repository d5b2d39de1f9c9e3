package rollup

import (
	"math"

	"playhead/internal/sketch"
)

// addCoupon adds a distinct member.
func (n *node) addCoupon(s *nodes, coupon uint32) {
	if n.hll == nil {
		for _, have := range n.few[:n.n] {
			if have == coupon {
				return
			}
		}
		if int(n.n) < len(n.few) {
			n.few[n.n] = coupon
			n.n++
			return
		}
		n.hll = new(sketch.HLL)
		for _, have := range n.few {
			n.hll.AddCoupon(have)
		}
		n.n = 0
		s.large += 100
	}
	n.hll.AddCoupon(coupon)
	s.large += 6
}

// addValue adds a value of a quantile sketch.
func (n *node) addValue(s *nodes, v float32) {
	if n.kll == nil {
		if int(n.n) < len(n.few) {
			n.few[n.n] = math.Float32bits(v)
			n.n++
			return
		}
		n.kll = new(sketch.KLLFloat)
		for _, have := range n.few {
			n.kll.Add(math.Float32frombits(have))
		}
		n.n = 0
		s.large += 150
	}
	n.kll.Add(v)
	if n.kll.Count() < 600 { // it grows no more after that
		s.large += 5
	}
}

// addHash adds a distinct member of a theta sketch.
func (n *node) addHash(s *nodes, hash uint64) {
	if n.theta == nil {
		for i := 0; i < int(n.n); i += 2 {
			if n.hash(i) == hash {
				return
			}
		}
		if int(n.n)+2 <= len(n.few) {
			n.few[n.n], n.few[n.n+1] = uint32(hash), uint32(hash>>32)
			n.n += 2
			return
		}
		n.theta = new(sketch.Theta)
		for i := 0; i < int(n.n); i += 2 {
			n.theta.AddHash(n.hash(i))
		}
		n.n = 0
		s.large += 120
	}
	n.theta.AddHash(hash)
	s.large += 12
}

func (n *node) hash(i int) uint64 { return uint64(n.few[i]) | uint64(n.few[i+1])<<32 }

// merge adds every member of another sketch of the same kind.
func (n *node) merge(s *nodes, o *node) {
	switch {
	case o.hll != nil:
		n.spill()
		n.hll.Merge(o.hll)
		s.large += int64(o.hll.Bytes())
	case o.kll != nil:
		n.spill()
		n.kll.Merge(o.kll)
		s.large += int64(o.kll.Bytes())
	case o.theta != nil:
		n.spill()
		n.theta.Merge(o.theta)
		s.large += int64(o.theta.Bytes())
	case o.kind.Quantile():
		for _, v := range o.few[:o.n] {
			n.addValue(s, math.Float32frombits(v))
		}
	case o.kind == Audience:
		for i := 0; i < int(o.n); i += 2 {
			n.addHash(s, o.hash(i))
		}
	default:
		for _, c := range o.few[:o.n] {
			n.addCoupon(s, c)
		}
	}
}

// spill makes the sketch that takes over.
func (n *node) spill() {
	few := n.n
	switch {
	case n.hll != nil || n.kll != nil || n.theta != nil:
		return
	case n.kind.Quantile():
		n.kll = new(sketch.KLLFloat)
		for _, v := range n.few[:few] {
			n.kll.Add(math.Float32frombits(v))
		}
	case n.kind == Audience:
		n.theta = new(sketch.Theta)
		for i := 0; i < int(few); i += 2 {
			n.theta.AddHash(n.hash(i))
		}
	default:
		n.hll = new(sketch.HLL)
		for _, c := range n.few[:few] {
			n.hll.AddCoupon(c)
		}
	}
	n.n = 0
}

// addTo adds every member to a sketch of a group.
func (n *node) addTo(h *held) {
	h.estimate = 0
	switch {
	case n.hll != nil:
		h.hll.Merge(n.hll)
	case n.kll != nil:
		h.kll.Merge(n.kll)
	case n.theta != nil:
		h.theta.Merge(n.theta)
	case n.kind.Quantile():
		for _, v := range n.few[:n.n] {
			h.kll.Add(math.Float32frombits(v))
		}
	case n.kind == Audience:
		for i := 0; i < int(n.n); i += 2 {
			h.theta.AddHash(n.hash(i))
		}
	default:
		for _, c := range n.few[:n.n] {
			h.hll.AddCoupon(c)
		}
	}
}
