package warehouse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"playhead/internal/rollup"
)

var (
	// ErrInUse: another process has the database open.
	ErrInUse = errors.New("warehouse is in use by another process")
	// ErrGap: a generation starts after the offset the database has reached, so
	// facts between them would be lost. Nothing was applied.
	ErrGap = errors.New("facts are missing between the warehouse and the generation")
)

// MemoryError says that a database needed more memory than it may use. It holds
// for that one question or transaction; others go on.
type MemoryError struct {
	LimitMB int
	Mend    string // what to do about it; empty for what LimitMB says
	Err     error  // the engine's words
}

// Advice says what ran out, and what to do.
func (e *MemoryError) Advice() string {
	if e.Mend != "" {
		return e.Mend
	}
	return fmt.Sprintf("the warehouse needs more than its %d MiB of memory for this; ask for a shorter range or fewer dimensions, or raise warehouse-memory (--warehouse-memory, PLAYHEAD_WAREHOUSE_MEMORY)", e.LimitMB)
}

// Error is the advice and the first line of the engine's words.
func (e *MemoryError) Error() string {
	line, _, _ := strings.Cut(e.Err.Error(), "\n")
	return e.Advice() + ": " + line
}

// Unwrap is the engine's error.
func (e *MemoryError) Unwrap() error { return e.Err }

// Offset is how far a partition of "facts" is in the database.
type Offset struct {
	Partition int32
	End       int64 // the next offset of "facts"
	FreshTo   int64 // of the last batch applied, epoch ms
}

// Snapshot is a database's answer with the offsets of the snapshot it read. Its
// Result has no FreshTo: that is the Store's to say.
type Snapshot struct {
	*rollup.Result
	Offsets []Offset
}

// Warehouse is a database that holds partial aggregates. All methods may be
// called from many goroutines; Apply and Maintain take turns.
type Warehouse interface {
	// Offsets are the partitions that have facts in the database.
	Offsets(ctx context.Context) ([]Offset, error)
	// Apply stores sealed generations, in order, with the offsets they reach, all
	// of it or nothing. It is idempotent by (partition, end offset): a generation
	// whose ends the database has reached in every partition is left out.
	// Errors: ErrGap, *MemoryError.
	Apply(ctx context.Context, generations []*rollup.Generation) error
	// Scan answers from one snapshot. Errors: rollup.ErrNotCovered, *MemoryError.
	Scan(ctx context.Context, s rollup.Scan) (Snapshot, error)
	// Retention is a title's curves, and the offsets of the snapshot read.
	Retention(ctx context.Context, s rollup.CurveScan) (*rollup.CurveSet, []Offset, error)
	// Values are all values of a dimension, in no particular order. Slow: the
	// Store asks once.
	Values(ctx context.Context, d rollup.Dimension) ([]string, error)
	// Maintain merges partial rows and drops what is older than is kept, as of
	// now (epoch ms), in steps that stall no reader. It may be given up at any
	// time and called again; no answer changes by it but for what is dropped.
	Maintain(ctx context.Context, now int64) error
	// Stats are sizes for operators.
	Stats(ctx context.Context) (Stats, error)
	// Close waits for writes under way and lets go of the database.
	Close() error
}

// Stats are the sizes of a database.
type Stats struct {
	// Rows by table, and what they take on disk as of the last Maintain.
	Rows, Bytes map[string]int64
	// FileBytes is what it takes on disk, MemoryBytes what its engine says it
	// holds in memory.
	FileBytes, MemoryBytes int64
	// Reopened is how often its engine was given up and opened again.
	Reopened int64
	// Overcount is how many members corrections would have removed from sketches
	// since the database was made.
	Overcount int64
}

// covered reports whether offsets reach every end of the progress, and whether
// they leave a gap before it.
func covered(offsets []Offset, progress []rollup.Progress) (all, gap bool) {
	all = true
	for _, p := range progress {
		end := int64(0)
		for _, o := range offsets {
			if o.Partition == p.Partition {
				end = o.End
			}
		}
		all = all && end >= p.End
		gap = gap || end < p.From && end != 0
	}
	return all, gap
}

// Pending are the generations that offsets do not hold yet. It fails with
// ErrGap when one of them does not begin where the offsets, and the generations
// before it, end. Drivers call it in Apply's transaction.
func Pending(offsets []Offset, generations []*rollup.Generation) ([]*rollup.Generation, []Offset, error) {
	reached := append([]Offset(nil), offsets...)
	var pending []*rollup.Generation
	for _, g := range generations {
		progress := g.Progress()
		all, gap := covered(reached, progress)
		if gap {
			return nil, nil, ErrGap
		}
		if all {
			continue
		}
		pending = append(pending, g)
		reached = advance(reached, progress)
	}
	return pending, reached, nil
}

// advance moves offsets to the ends of a generation.
func advance(offsets []Offset, progress []rollup.Progress) []Offset {
next:
	for _, p := range progress {
		for i := range offsets {
			if o := &offsets[i]; o.Partition == p.Partition {
				o.End, o.FreshTo = max(o.End, p.End), max(o.FreshTo, p.FreshTo)
				continue next
			}
		}
		offsets = append(offsets, Offset{p.Partition, p.End, p.FreshTo})
	}
	return offsets
}

// Follower is a Warehouse that another process fills.
type Follower interface {
	// Follow goes on to what is in the database now: answers are of it until the next
	// call. Idempotent.
	Follow(ctx context.Context) error
}

// Sampler is a Warehouse that keeps a sample of viewers.
type Sampler interface {
	// Sample is what sampled viewers watched, and the offsets of the snapshot read.
	Sample(ctx context.Context, s rollup.SampleScan) (*rollup.Sample, []Offset, error)
}
