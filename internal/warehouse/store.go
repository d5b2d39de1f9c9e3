package warehouse

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"playhead/internal/fact"
	"playhead/internal/rollup"
)

// ErrDimension: plays are not told apart by this dimension in retention.
var ErrDimension = errors.New("there is no retention by this dimension")

// StoreOptions of a Store.
type StoreOptions struct {
	// Partitions of the logs: an answer is as fresh as the least fresh of them.
	Partitions int32
	// Generation are the options of new generations.
	Generation rollup.Options
	// RotateBytes is how large the open generation may grow before another is
	// opened; 0 is 8 MiB. A scan of a sealed one holds up no writer, so this
	// bounds for how long a scan of the open one does: about a millisecond.
	RotateBytes int64
	// RecallBytes is how much of the database's answers is remembered until what
	// they are about changes; 0 is nothing.
	RecallBytes int64
	// Elsewhere: another process loads, and nothing is applied here. What the database
	// says is all there is, and as fresh as the offsets of the snapshot that it was read
	// in. RecallBytes must be 0: nobody says when an answer changes.
	Elsewhere bool
}

// Store answers from a database and the generations above it as one. It is safe
// for concurrent use; one goroutine applies and one flushes.
type Store struct {
	db   Warehouse
	opts StoreOptions

	mu     sync.RWMutex
	sealed []*rollup.Generation // oldest first; in memory until the database has them
	open   *rollup.Generation
	fresh  []int64 // by partition, epoch ms
	seen   [rollup.DimensionCount]int

	sealedBytes int64
	values      valueIndex
	recall      *recall
}

// NewStore returns a store over a database, and reads what its memory begins
// with: how fresh the database is and the values of its dimensions.
func NewStore(ctx context.Context, db Warehouse, opts StoreOptions) (*Store, error) {
	if opts.RotateBytes == 0 {
		opts.RotateBytes = 8 << 20
	}
	s := &Store{db: db, opts: opts, open: rollup.NewGeneration(opts.Generation), fresh: make([]int64, opts.Partitions), recall: newRecall(opts.RecallBytes)}
	offsets, err := db.Offsets(ctx)
	if err != nil {
		return nil, fmt.Errorf("start the store: %w", err)
	}
	s.reached(offsets)
	return s, s.loadValues(ctx)
}

// reached takes note of how fresh the database is.
func (s *Store) reached(offsets []Offset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range offsets {
		if o.Partition >= 0 && o.Partition < s.opts.Partitions {
			s.fresh[o.Partition] = max(s.fresh[o.Partition], o.FreshTo)
		}
	}
}

func (s *Store) loadValues(ctx context.Context) error {
	for d := range rollup.DimensionCount {
		values, err := s.db.Values(ctx, d)
		if err != nil {
			return fmt.Errorf("read the values of dimensions: %w", err)
		}
		s.values.load(d, values)
	}
	return nil
}

// apply adds a batch of facts that comes next after what ends at from.
func (s *Store) apply(from, offset int64, b *fact.Batch) error {
	if b.Partition < 0 || b.Partition >= s.opts.Partitions {
		return fmt.Errorf("apply facts %d: partition %d of %d", offset, b.Partition, s.opts.Partitions)
	}
	if err := s.open.ApplyAfter(from, offset, b); err != nil {
		return err
	}
	s.mu.Lock()
	s.fresh[b.Partition] = max(s.fresh[b.Partition], b.FreshTo)
	s.mu.Unlock()
	if len(b.Dims) > 0 {
		for d := range rollup.DimensionCount {
			s.seen[d] = s.open.Values(d, s.seen[d], func(v string) { s.values.add(d, v) })
		}
	}
	return nil
}

// rotateIfLarge opens another generation when the open one has grown.
func (s *Store) rotateIfLarge() {
	if s.open.Size().Bytes >= s.opts.RotateBytes {
		s.rotate()
	}
}

// rotate seals the open generation, if it has anything, and opens another. It
// is called by the goroutine that applies.
func (s *Store) rotate() {
	size := s.open.Size()
	if size.Batches == 0 {
		return
	}
	s.open.Seal()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = append(s.sealed, s.open)
	s.sealedBytes += size.Bytes
	s.open = rollup.NewGeneration(s.opts.Generation)
	s.seen = [rollup.DimensionCount]int{}
}

// pending are the sealed generations that the database does not hold yet.
func (s *Store) pending() []*rollup.Generation {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.sealed)
}

// flushed lets go of generations that the database holds.
func (s *Store) flushed(generations []*rollup.Generation) {
	s.recall.flushed(generations)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sealed = slices.Clone(s.sealed[len(generations):])
	s.sealedBytes = 0
	for _, g := range s.sealed {
		s.sealedBytes += g.Size().Bytes
	}
}

// unflushed is how many bytes of generations wait for the database.
func (s *Store) unflushed() (sealed, all int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sealedBytes, s.sealedBytes + s.open.Size().Bytes
}

// list are the generations that may hold what the database does not, and how
// fresh they are. It comes before the database is asked: what is flushed in
// between is then in both, and left out by its offsets.
func (s *Store) list() ([]*rollup.Generation, int64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	fresh := int64(math.MaxInt64)
	for _, f := range s.fresh {
		fresh = min(fresh, f)
	}
	return append(slices.Clone(s.sealed), s.open), fresh
}

// Scan answers from everything that was applied, each fact once. Errors:
// rollup.ErrNotCovered, ctx's, the database's.
func (s *Store) Scan(ctx context.Context, scan rollup.Scan) (*rollup.Result, error) {
	if !rollup.Covers(scan.Source, scan.Dimensions()) {
		return nil, rollup.ErrNotCovered
	}
	generations, fresh := s.list()
	asked := scan
	var known []*rollup.Result // of each generation, where an estimate may do
	if scan.Source != rollup.SourcePlays && scan.Sketches != 0 && (scan.EstimateOnly || scan.Top != nil) {
		var err error
		if asked, known, err = withMemory(scan, generations); err != nil {
			return nil, err
		}
	}
	snap, err := s.scanDatabase(ctx, asked)
	if err != nil {
		return nil, err
	}
	acc := rollup.NewAccumulator(scan)
	if scan.Source == rollup.SourcePlays { // an exact gauge looks at all plays together
		acc.Merge(snap.Result)
	}
	var memory []*rollup.Result
	for i, g := range generations {
		if all, _ := covered(snap.Offsets, g.Progress()); all {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if known != nil {
			memory = append(memory, known[i])
		} else if err := g.AddTo(acc); err != nil {
			return nil, err
		}
	}
	if scan.Source == rollup.SourcePlays {
		return s.finished(acc.Result(), fresh, &snap), nil
	}
	memory = append(memory, acc.Result())
	if slices.ContainsFunc(memory, func(r *rollup.Result) bool { return len(r.Groups) > 0 }) {
		acc = rollup.NewAccumulator(scan)
		acc.Merge(append([]*rollup.Result{snap.Result}, memory...)...)
		return s.finished(acc.Result(), fresh, &snap), nil
	}
	// Memory has nothing to add: the answer need not be copied. What is in it may be
	// remembered.
	own := *snap.Result
	own.Groups = nil
	acc = rollup.NewAccumulator(scan)
	acc.Merge(append(memory, &own)...)
	all := acc.Result()
	all.Groups = snap.Groups
	return s.finished(all, fresh, &snap), nil
}

// finished is an answer that says how fresh it is and who gave it.
func (s *Store) finished(r *rollup.Result, fresh int64, snap *Snapshot) *rollup.Result {
	r.FreshTo, r.Engine = fresh, snap.Engine+"+memory"
	if s.opts.Elsewhere {
		r.FreshTo, r.Engine = s.freshOf(snap.Offsets), snap.Engine
	}
	return r
}

// freshOf is the moment before which everything received is in a snapshot, epoch ms; 0
// until every partition has said so.
func (s *Store) freshOf(offsets []Offset) int64 {
	fresh := make([]int64, s.opts.Partitions)
	for _, o := range offsets {
		if o.Partition >= 0 && o.Partition < s.opts.Partitions {
			fresh[o.Partition] = o.FreshTo
		}
	}
	return slices.Min(fresh)
}

// scanDatabase is the database's answer, from memory if nothing that it is about
// was flushed since.
func (s *Store) scanDatabase(ctx context.Context, scan rollup.Scan) (Snapshot, error) {
	name, ok := nameOf(&scan)
	if !ok || s.opts.RecallBytes == 0 {
		return s.db.Scan(ctx, scan)
	}
	snap, epoch, ok := s.recall.find(name)
	if ok {
		return snap, nil
	}
	snap, err := s.db.Scan(ctx, scan)
	if err == nil {
		s.recall.keep(name, epoch, of(&scan, snap), snap)
	}
	return snap, err
}

// withMemory tells a scan of the database what memory adds to its groups: of
// those an estimate will not do, and what is pruned must allow for it. It returns
// the answer of each generation, too: those are what must be added, since the open
// one may know more groups by the time the database has answered.
func withMemory(scan rollup.Scan, generations []*rollup.Generation) (rollup.Scan, []*rollup.Result, error) {
	known := map[string]bool{}
	name := func(bucket int, keys []string) string {
		return strconv.Itoa(bucket) + "\x00" + strings.Join(keys, "\x00")
	}
	memory := make([]*rollup.Result, len(generations))
	slack := 0.0
	for i, generation := range generations {
		acc := rollup.NewAccumulator(scan)
		if err := generation.AddTo(acc); err != nil {
			return scan, nil, err
		}
		memory[i] = acc.Result()
		most := 0.0
		for _, g := range memory[i].Groups {
			known[name(g.Bucket, g.Keys)] = true
			switch {
			case scan.Top == nil:
			case scan.Top.BySketch:
				most = max(most, g.Sketches.Estimate(scan.Top.Sketch))
			default:
				most = max(most, float64(g.Measures[scan.Top.Measure]))
			}
		}
		slack += most
	}
	if len(known) > 0 {
		scan.Whole = func(bucket int, keys []string) bool { return known[name(bucket, keys)] }
	}
	if scan.Top != nil {
		top := *scan.Top
		top.Slack = slack
		scan.Top = &top
	}
	return scan, memory, nil
}

// ErrNoSample: the database keeps no sample of viewers.
var ErrNoSample = errors.New("the warehouse keeps no sample of viewers")

// Sample is what the viewers in the sample watched on the days that touch
// [From, To) (epoch ms). Errors: rollup.ErrNotCovered, ErrNoSample, the database's.
func (s *Store) Sample(ctx context.Context, scan rollup.SampleScan) (*rollup.Sample, error) {
	db, ok := s.db.(Sampler)
	if !ok {
		return nil, ErrNoSample
	}
	days := rollup.NewDays(s.opts.Generation.ReportTZ)
	scan.From, _ = days.Bounds(scan.From)
	_, scan.To = days.Bounds(scan.To - 1)
	generations, _ := s.list()
	sample, offsets, err := db.Sample(ctx, scan)
	if err != nil {
		return nil, err
	}
	for _, g := range above(offsets, generations) {
		sample.AddGeneration(g)
	}
	return sample, nil
}

// above are the generations that a snapshot at the offsets does not hold.
func above(offsets []Offset, generations []*rollup.Generation) []*rollup.Generation {
	return slices.DeleteFunc(generations, func(g *rollup.Generation) bool {
		all, _ := covered(offsets, g.Progress())
		return all
	})
}

// Retention is how far the plays of titles went, on the days that touch [from, to)
// (epoch ms; to 0 is all time). of are the titles, each with the key of its curve;
// by is a dimension to have a curve a value of instead, rollup.Title for none. Any
// but device_type is asked of single plays; one that they have not a single value
// of, from Creative on, is ErrDimension. There is one curve a key; no curve means
// no plays.
func (s *Store) Retention(ctx context.Context, of map[string]string, by rollup.Dimension, from, to int64) ([]rollup.Curve, error) {
	if by >= rollup.Creative {
		return nil, ErrDimension
	}
	scan := rollup.CurveScan{Of: of, By: by, From: math.MinInt64, To: math.MaxInt64}
	if to != 0 {
		days := rollup.NewDays(s.opts.Generation.ReportTZ)
		scan.From, _ = days.Bounds(from)
		_, scan.To = days.Bounds(to - 1)
	}
	generations, _ := s.list()
	set, offsets, err := s.db.Retention(ctx, scan)
	if err != nil {
		return nil, err
	}
	for _, g := range above(offsets, generations) {
		set.AddGeneration(g)
	}
	return rollup.OneWidth(set.Curves()), nil
}

// Values are up to limit values of a dimension that begin with the prefix,
// whatever the case, in alphabetical order, from memory. "" (unknown) is none.
func (s *Store) Values(_ context.Context, d rollup.Dimension, prefix string, limit int) ([]string, error) {
	if d >= rollup.DimensionCount {
		return nil, fmt.Errorf("values of dimension %d: there is none", d)
	}
	return s.values.find(d, prefix, limit), nil
}

// FreshTo is the moment before which everything received is in, epoch ms; 0
// until every partition has said so.
func (s *Store) FreshTo() int64 {
	_, fresh := s.list()
	return fresh
}

// Day is the start and end of the report day that holds a moment, epoch ms.
func (s *Store) Day(at time.Time) (start, end int64) {
	return rollup.NewDays(s.opts.Generation.ReportTZ).Bounds(at.UnixMilli())
}
