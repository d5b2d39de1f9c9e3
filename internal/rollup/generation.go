package rollup

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"playhead/internal/fact"
)

// Keep is how far back of the freshest fact the short-lived sources reach, ms.
// It is a little more than a reader may ask for, so that a reader's cut and a
// keeper's may differ by their clocks.
type Keep struct{ PulseMS, TitleHourMS int64 }

// DefaultKeep is 48 hours of pulse and 60 days of hours, with a margin.
func DefaultKeep() Keep { return Keep{PulseMS: 49 * HourMS, TitleHourMS: 61 * 24 * HourMS} }

// Options of a Generation.
type Options struct {
	// ReportTZ is where days are cut; nil is UTC.
	ReportTZ *time.Location
	// Keep is what is not even made; the zero value is DefaultKeep.
	Keep Keep
}

// Progress is how far one partition of the facts is applied.
type Progress struct {
	Partition int32
	// From and End are offsets of "facts": [From, End) is in the generation.
	From, End int64
	// FreshTo is that of the last batch, epoch ms.
	FreshTo int64
}

// Generation is the cells, retention curves and finished plays of a range of
// facts. One goroutine applies; any number scans, and each scan sees whole
// batches. After Seal it never changes.
type Generation struct {
	opts Options

	mu       sync.RWMutex
	sealed   bool
	names    names
	slab     slab
	tables   [SourcePlays]cellTable
	curves   map[curveKey]*Curve
	plays    []fact.Play
	arena    arena
	days     dayCache
	progress []Progress
	batches  int64
	extra    int64 // bytes of sketches, curves and plays
	over     int64

	ids []faceIDs // of the batch being applied
}

// NewGeneration returns an empty generation.
func NewGeneration(opts Options) *Generation {
	if opts.Keep == (Keep{}) {
		opts.Keep = DefaultKeep()
	}
	g := &Generation{opts: opts, curves: map[curveKey]*Curve{}, days: dayCache{days: NewDays(opts.ReportTZ)}}
	for s := range g.tables {
		g.tables[s] = cellTable{source: Source(s), buckets: map[int64]*bucket{}}
	}
	return g
}

// Apply adds a batch that the log holds at the offset. Batches of a partition
// come in order. It keeps nothing of b. It fails, and changes nothing, when the
// generation is sealed, an offset is missing, or an index points outside b.Dims.
func (g *Generation) Apply(offset int64, b *fact.Batch) error {
	if err := check(b); err != nil {
		return fmt.Errorf("apply facts %d of partition %d: %w", offset, b.Partition, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sealed {
		return fmt.Errorf("apply facts %d of partition %d: the generation is sealed", offset, b.Partition)
	}
	p := g.partition(b.Partition, offset)
	if p.End != offset {
		return fmt.Errorf("apply facts %d of partition %d: offset %d is next", offset, b.Partition, p.End)
	}
	p.End, p.FreshTo = offset+1, max(p.FreshTo, b.FreshTo)
	g.batches++
	g.resolve(b)
	g.applySpans(b)
	g.applyMarks(b)
	g.applyPlays(b)
	return nil
}

// partition finds or makes the progress of a partition that starts at offset.
func (g *Generation) partition(partition int32, offset int64) *Progress {
	for i := range g.progress {
		if g.progress[i].Partition == partition {
			return &g.progress[i]
		}
	}
	g.progress = append(g.progress, Progress{Partition: partition, From: offset, End: offset})
	return &g.progress[len(g.progress)-1]
}

// check refuses a batch whose indexes are broken.
func check(b *fact.Batch) error {
	n := uint32(len(b.Dims))
	bad := func(what string, i uint32) error { return fmt.Errorf("%s has dimension set %d of %d", what, i, n) }
	for i := range b.Spans {
		if b.Spans[i].Dims >= n {
			return bad("a span", b.Spans[i].Dims)
		}
	}
	for i := range b.Marks {
		if b.Marks[i].Dims >= n {
			return bad("a mark", b.Marks[i].Dims)
		}
	}
	for i := range b.Plays {
		p := &b.Plays[i]
		if p.Dims >= n {
			return bad("a play", p.Dims)
		}
		for _, list := range [][]fact.Interval{p.Intervals, p.Active} {
			for j := range list {
				if list[j].Dims >= n {
					return bad("an interval", list[j].Dims)
				}
			}
		}
	}
	return nil
}

// Seal makes the generation immutable.
func (g *Generation) Seal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sealed, g.ids = true, nil
}

// End is the offset up to which a partition's facts are in, 0 if none are.
func (g *Generation) End(partition int32) int64 {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, p := range g.progress {
		if p.Partition == partition {
			return p.End
		}
	}
	return 0
}

// Progress is how far each partition that has facts in the generation is applied.
func (g *Generation) Progress() []Progress {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Clone(g.progress)
}

// Size is how much a generation holds.
type Size struct {
	Batches, Cells, Plays, Bytes int64
	// Overcount is how many members corrections would have removed from sketches.
	Overcount int64
}

// Size is what the generation holds now.
func (g *Generation) Size() Size {
	g.mu.RLock()
	defer g.mu.RUnlock()
	s := Size{Batches: g.batches, Plays: int64(len(g.plays)), Bytes: g.extra + g.names.bytes(), Overcount: g.over}
	for i := range g.tables {
		s.Cells += g.tables[i].cells
		s.Bytes += g.tables[i].bytes
	}
	return s
}

// Values calls fn for the values of a dimension from the first-th on, in order
// of appearance, and returns how many there are: what first is next time.
func (g *Generation) Values(dim Dimension, first int, fn func(string)) int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	texts := g.names.dims[dim].texts
	for _, v := range texts[min(first, len(texts)):] {
		fn(v)
	}
	return len(texts)
}
