package layout

import (
	"errors"
	"fmt"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
)

// IsWhole reports whether all of the play belongs to the row's own dimension values.
func IsWhole(p *fact.Play) bool {
	for _, list := range [][]fact.Interval{p.Intervals, p.Active} {
		for i := range list {
			if list[i].Dims != p.Dims {
				return false
			}
		}
	}
	return true
}

// ErrDetail: a stored play cannot be read.
var ErrDetail = errors.New("corrupt play")

// AppendDetail appends what the columns do not say of a play, in the codec of
// facts: a batch of one play whose first dimension set, the row's own, and
// whose viewer are left empty but for what has no column.
func AppendDetail(dst []byte, p *fact.Play, dims []fact.Dims, slots []fact.Slot) []byte {
	own := *p
	own.Viewer = event.ViewerKey{}
	b := fact.Batch{Dims: []fact.Dims{{Live: dims[p.Dims].Live, Labels: dims[p.Dims].Labels}}}
	if p.Slot != 0 {
		b.Slots, own.Slot = []fact.Slot{slots[p.Slot-1]}, 1
	}
	was := append(make([]uint32, 0, 8), p.Dims) // what the dimension sets of b are in dims: few
	all := make([]fact.Interval, 0, len(p.Intervals)+len(p.Active))
	move := func(list []fact.Interval) []fact.Interval {
		from := len(all)
		all = append(all, list...)
		list = all[from:]
		for i := range list {
			to := slices.Index(was, list[i].Dims)
			if to < 0 {
				to = len(was)
				was = append(was, list[i].Dims)
				b.Dims = append(b.Dims, dims[list[i].Dims])
			}
			list[i].Dims = uint32(to)
		}
		return list
	}
	own.Dims, own.Intervals, own.Active = 0, move(p.Intervals), move(p.Active)
	b.Plays = []fact.Play{own}
	return fact.AppendBatch(dst, &b)
}

// ReadDetail reads into b a play whose dimension columns and viewer the caller
// has.
func ReadDetail(b *fact.Batch, detail, viewer []byte, d *fact.Dims) error {
	if err := fact.DecodeBatch(detail, b); err != nil {
		return fmt.Errorf("%w: %w", ErrDetail, err)
	}
	if len(b.Plays) != 1 || len(b.Dims) == 0 || b.Plays[0].Dims != 0 || int(b.Plays[0].Slot) > len(b.Slots) || len(viewer) != len(b.Plays[0].Viewer) {
		return ErrDetail
	}
	d.Live, d.Labels = b.Dims[0].Live, b.Dims[0].Labels
	b.Dims[0] = *d
	copy(b.Plays[0].Viewer[:], viewer)
	return nil
}
