package warehouse

import (
	"context"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"playhead/internal/rollup"
)

// joinedAtOnce is how many scans of one join run at a time: while one waits for the file
// another has the processor.
const joinedAtOnce = 2

// Join answers scans of the same keys and kinds, each of a stretch of time of its own,
// as one: see rollup.Join. What it says while memory has nothing of those stretches, or of
// before them, is remembered as an answer of the database is: the sketches that distinct
// counts of a month by place are made of are too many to be, their estimates are not.
// Errors are those of Scan.
func (s *Store) Join(ctx context.Context, scans []rollup.Scan) (*rollup.Result, error) {
	generations, fresh := s.list()
	name, about, ok := joinOf(scans)
	ok = ok && s.opts.RecallBytes > 0 && !slices.ContainsFunc(generations, func(g *rollup.Generation) bool { return touches(g, about) })
	epoch := int64(0)
	if ok {
		snap, at, found := s.recall.find(name)
		if found {
			own := *snap.Result
			own.FreshTo = fresh
			return &own, nil
		}
		epoch = at
	}
	results := make([]*rollup.Result, len(scans))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(joinedAtOnce)
	for i := range scans {
		group.Go(func() (err error) {
			results[i], err = s.Scan(ctx, scans[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	joined := rollup.Join(results...)
	if ok {
		s.recall.keep(name, epoch, about, Snapshot{Result: joined})
	}
	return joined, nil
}

// joinOf names a join and says what changes its answer.
func joinOf(scans []rollup.Scan) (name string, about []stretch, ok bool) {
	for i := range scans {
		one, ok := nameOf(&scans[i])
		if !ok {
			return "", nil, false
		}
		name += "join " + one
		about = append(about, stretch{scans[i].Source, math.MinInt64, scans[i].To})
	}
	return name, about, true
}
