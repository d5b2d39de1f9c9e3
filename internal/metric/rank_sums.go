package metric

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// rankBySums answers a divided query whose groups are all shown, in one scan: by
// which metric they come was not said, and the first is a distinct count, whose
// figure over the whole range would cost the sketches of every bucket. The groups
// come by the sum of its figures instead. ok is false where groups may have to be
// left out; then they are ranked exactly.
func (x *execution) rankBySums(ctx context.Context, now, before *answers) (ranked []int32, ok bool, err error) {
	if ok, err = x.showsAll(ctx); err != nil || !ok {
		return nil, false, err
	}
	for _, a := range []*answers{now, before} {
		if a == nil {
			continue
		}
		if err := x.fill(ctx, a, nil); err != nil {
			return nil, false, err
		}
	}
	ranked = x.candidates(now, before)
	e := &evaluator{x: x}
	sums, buckets := make([]float64, x.groups.len()), now.window.buckets()
	x.firsts = make([]reading, len(sums)*buckets)
	for _, g := range ranked {
		sums[g] = math.NaN()
		for b := range buckets {
			f, st := e.figure(now, 0, row{bucket: b, group: g})
			x.firsts[int(g)*buckets+b] = reading{f, st}
			if st == known {
				sums[g] = f.v + max(0, noNaN(sums[g]))
			}
		}
	}
	slices.SortFunc(ranked, func(a, b int32) int {
		return cmp.Or(compareNull(sums[a], sums[b], true), slices.Compare(x.groups.values[a], x.groups.values[b]))
	})
	return ranked, true, nil
}

func noNaN(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// showsAll says whether the order is free and the groups are surely no more than
// are shown. It scans sums alone.
func (x *execution) showsAll(ctx context.Context) (bool, error) {
	r := x.r
	if r.grain == GrainNone || len(r.dims) == 0 || len(slices.DeleteFunc(slices.Clone(r.order), orderKey.time)) > 0 || r.others {
		return false, nil
	}
	if _, distinct := r.metrics[0].expr.(distinct); !distinct || r.metrics[0].needs().whole {
		return false, nil
	}
	for _, y := range x.p.parts {
		if y.audience || y.kind != ofGroups {
			return false, nil
		}
	}
	n := 0
	for _, y := range x.p.of[0] {
		for i := range y.now.pieces {
			s := y.scan(&y.now.pieces[i], false)
			s.Sketches = 0
			if len(s.Measures) == 0 {
				return false, nil
			}
			res, err := x.ask(ctx, s)
			if err != nil {
				return false, err
			}
			n += len(res.Groups)
		}
	}
	return n <= x.p.groups, nil
}
