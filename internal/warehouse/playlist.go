package warehouse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"playhead/internal/event"
	"playhead/internal/fact"
	"playhead/internal/rollup"
)

// PlayOrder is what single plays are ordered by, the worst first; plays that it
// says nothing of are left out.
type PlayOrder uint8

// Orders.
const (
	Latest        PlayOrder = iota // by their first moment
	MostStalled                    // by the time spent in stalls
	SlowestStart                   // by the time to the first frame
	Failed                         // that failed, the latest first
	LeftEarly                      // that were left before a first frame, the latest first
	LowestBitrate                  // by the bitrate that was played, the lowest first
	PlayOrderCount
)

// Score orders plays, the highest first; ok is false for a play that is left out.
func (o PlayOrder) Score(p *fact.Play) (score float64, ok bool) {
	switch o {
	case MostStalled:
		ms := int64(0)
		for _, iv := range p.Intervals {
			if iv.Kind == fact.Stalled || iv.Kind == fact.SeekStalled {
				ms += iv.To - iv.From
			}
		}
		return float64(ms), ms > 0
	case SlowestStart:
		return float64(p.StartupMS), p.FirstFrame != 0 && p.StartupMS >= 0
	case Failed:
		return float64(rollup.FirstMoment(p)), p.Reason == fact.EndedByFailure
	case LeftEarly:
		return float64(rollup.FirstMoment(p)), p.Reason == fact.EndedByExit && p.FirstFrame == 0
	case LowestBitrate:
		if p.KnownBitrateMS <= 0 {
			return 0, false
		}
		return -float64(p.BitrateMS) / float64(p.KnownBitrateMS), true
	}
	return float64(rollup.FirstMoment(p)), true
}

// PlayAsk asks for single finished plays.
type PlayAsk struct {
	// Viewer is whose; the zero key is anybody's.
	Viewer event.ViewerKey
	// From and To are the times that the plays touch, epoch ms, half open.
	From, To int64
	// Where are dimensions that a play has one value of; those of its first frame
	// count, of a play without one those of its request.
	Where []rollup.Filter
	Order PlayOrder
	// Limit is how many are wanted.
	Limit int
	// AtLeast is how many distinct known viewers with a play that meets the rest,
	// whatever its score, are looked for. 0: none.
	AtLeast int
}

// Matches reports whether a play meets the ask, leaving its order aside.
func (a *PlayAsk) Matches(p *fact.Play, d *fact.Dims) bool {
	if !a.Viewer.IsZero() && p.Viewer != a.Viewer || rollup.FirstMoment(p) >= a.To || rollup.LastMoment(p) <= a.From {
		return false
	}
	for _, w := range a.Where {
		if !slices.Contains(w.In, rollup.Value(d, w.Dimension)) {
			return false
		}
	}
	return true
}

// PlayRow is one row of a play with what its indexes point into.
type PlayRow struct {
	fact.Play
	Dims  []fact.Dims
	Slots []fact.Slot
}

// PlayRows are rows of both signs: what PlayOrder puts first, Limit of them or
// more, and every row that takes one of them back.
type PlayRows struct {
	Rows []PlayRow
	// Viewers are distinct known viewers, up to AtLeast of them.
	Viewers map[event.ViewerKey]struct{}
}

// PlayLister is a Warehouse that can list single plays.
type PlayLister interface {
	// ListPlays reads rows from one snapshot, and says its offsets. Errors:
	// rollup.ErrNotCovered for a filter by what a play has no one value of.
	ListPlays(ctx context.Context, a PlayAsk) (PlayRows, []Offset, error)
}

// ErrNoPlays: the database lists no single plays.
var ErrNoPlays = errors.New("the warehouse lists no single plays")

// PlayList are plays as they are now, each once.
type PlayList struct {
	Plays []PlayRow
	// Viewers are how many distinct known viewers were found, up to AtLeast.
	Viewers int
	// More: there are more plays than the limit.
	More bool
}

// ListPlays are single finished plays from everything that was applied, with what
// was taken back left out. Errors: rollup.ErrNotCovered, ErrNoPlays, ctx's, the database's.
func (s *Store) ListPlays(ctx context.Context, a PlayAsk) (*PlayList, error) {
	db, ok := s.db.(PlayLister)
	if !ok {
		return nil, ErrNoPlays
	}
	for _, w := range a.Where {
		if w.Dimension >= rollup.Creative {
			return nil, rollup.ErrNotCovered
		}
	}
	generations, _ := s.list()
	found, offsets, err := db.ListPlays(ctx, a)
	if err != nil {
		return nil, err
	}
	if found.Viewers == nil {
		found.Viewers = map[event.ViewerKey]struct{}{}
	}
	for _, g := range above(offsets, generations) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		AddPlays(&found, g, &a)
	}
	list := a.settle(found.Rows)
	out := &PlayList{Plays: list, Viewers: min(len(found.Viewers), a.AtLeast)}
	if len(list) > a.Limit {
		out.Plays, out.More = list[:a.Limit], true
	}
	return out, nil
}

// AddPlays adds the rows of a generation that an ask is about, all of them.
func AddPlays(to *PlayRows, g *rollup.Generation, a *PlayAsk) {
	// The callback never fails.
	_ = g.Plays(func(p *fact.Play, dims []fact.Dims, slots []fact.Slot) error {
		if !a.Matches(p, &dims[p.Dims]) {
			return nil
		}
		if p.Known && p.FirstFrame != 0 && p.N > 0 && len(to.Viewers) < a.AtLeast {
			to.Viewers[p.Viewer] = struct{}{}
		}
		if _, ok := a.Order.Score(p); ok {
			to.Rows = append(to.Rows, ownRow(p, dims, slots))
		}
		return nil
	})
}

// ownRow is a play with only those dimension sets and slots that it needs, in the
// order in which it uses them.
func ownRow(p *fact.Play, dims []fact.Dims, slots []fact.Slot) PlayRow {
	row := PlayRow{Play: *p}
	at := map[uint32]uint32{}
	index := func(old uint32) uint32 {
		i, ok := at[old]
		if !ok {
			i = uint32(len(row.Dims))
			at[old] = i
			row.Dims = append(row.Dims, dims[old])
		}
		return i
	}
	move := func(list []fact.Interval) []fact.Interval {
		list = slices.Clone(list)
		for i := range list {
			list[i].Dims = index(list[i].Dims)
		}
		return list
	}
	row.Play.Dims = index(p.Dims)
	row.Intervals, row.Active, row.Cover = move(p.Intervals), move(p.Active), slices.Clone(p.Cover)
	if p.Slot != 0 {
		row.Slots, row.Slot = []fact.Slot{slots[p.Slot-1]}, 1
	}
	return row
}

// settle leaves out rows that were taken back, with those that take them back,
// and puts the rest in order.
func (a *PlayAsk) settle(rows []PlayRow) []PlayRow {
	type version struct {
		n  int32
		at int
	}
	versions := map[string]version{}
	for i := range rows {
		r := &rows[i]
		name := r.content()
		v, seen := versions[name]
		if !seen || r.N > 0 {
			v.at = i
		}
		v.n += r.N
		versions[name] = v
	}
	var list []PlayRow
	for _, v := range versions {
		if v.n > 0 {
			list = append(list, rows[v.at])
		}
	}
	slices.SortFunc(list, func(x, y PlayRow) int {
		sx, _ := a.Order.Score(&x.Play)
		sy, _ := a.Order.Score(&y.Play)
		return cmp.Or(cmp.Compare(sy, sx), cmp.Compare(rollup.FirstMoment(&y.Play), rollup.FirstMoment(&x.Play)),
			slices.Compare(x.Play.Play[:], y.Play.Play[:]), cmp.Compare(x.Part, y.Part))
	})
	return list
}

// content tells one version of a play's part from another: it is the same for
// the row that takes it back.
func (r *PlayRow) content() string {
	p := &r.Play
	b := append(append([]byte(nil), p.Viewer[:]...), p.Play[:]...)
	return string(fmt.Appendf(b, "%d %d %d %d %d %d %d %d %d %d %d %s %s %v %v", p.Part, p.Requested, p.FirstFrame, p.Ended, p.Reason,
		p.StartupMS, p.MediaMS, p.WatchedMS, p.StallMS, p.BitrateMS, p.DroppedFrames, p.ErrorCode, p.ErrorClass, r.Dims, p.Intervals))
}
