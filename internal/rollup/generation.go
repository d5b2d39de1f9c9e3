package rollup

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"playhead/internal/fact"
)

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
	tables   [familyCount][]table // by base
	pieces   [familyCount]pieces
	areas    struct{ pulse, title, viewers, quality, label area }
	levels   levels
	curves   map[curveKey]*Curve
	plays    []fact.Play
	arena    arena
	progress []Progress
	batches  int64
	extra    int64 // bytes of curves and plays
	over     int64

	ids    []resolved // of the batch being applied
	slots  []slotIDs
	change change // of the span being applied
}

// NewGeneration returns an empty generation.
func NewGeneration(opts Options) *Generation {
	if opts.Keep == (Keep{}) {
		opts.Keep = DefaultKeep()
	}
	g := &Generation{
		opts: opts, names: newNames(), curves: map[curveKey]*Curve{},
		levels: levels{keep: opts.Keep, days: dayCache{days: NewDays(opts.ReportTZ)}},
	}
	for f := range g.tables {
		bases := families[f].bases
		g.tables[f] = make([]table, len(bases))
		for i := range bases {
			g.tables[f][i] = newTable(&bases[i])
		}
		g.pieces[f].rate = pieceRates[f]
	}
	g.areas.pulse, g.areas.quality = newArea(familyPulse, g.tables[familyPulse]), newArea(familyQuality, g.tables[familyQuality])
	title := g.tables[familyTitle]
	g.areas.title, g.areas.viewers = newArea(familyTitle, title[:viewersOf]), newArea(familyTitle, title[viewersOf:])
	g.areas.label = newArea(familyLabel, g.tables[familyLabel])
	return g
}

// Apply adds a batch that the log holds at the offset. Batches of a partition
// come in order. It keeps nothing of b. It fails, and changes nothing, when the
// generation is sealed, an offset is missing, or an index points outside the
// batch's dictionaries.
func (g *Generation) Apply(offset int64, b *fact.Batch) error { return g.ApplyAfter(offset, offset, b) }

// ApplyAfter is Apply of a batch that comes next after what ends at an offset, in a
// log whose offsets have holes: [from, offset) holds nothing.
func (g *Generation) ApplyAfter(from, offset int64, b *fact.Batch) error {
	if err := check(b); err != nil {
		return fmt.Errorf("apply facts %d of partition %d: %w", offset, b.Partition, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sealed {
		return fmt.Errorf("apply facts %d of partition %d: the generation is sealed", offset, b.Partition)
	}
	p := g.partition(b.Partition, from)
	if p.End != from || offset < from {
		return fmt.Errorf("apply facts %d after %d of partition %d: offset %d is next", offset, from, b.Partition, p.End)
	}
	p.End, p.FreshTo = offset+1, max(p.FreshTo, b.FreshTo)
	g.batches++
	g.begin(b)
	g.applySpans(b)
	g.applyMarks(b)
	g.applyExposures(b)
	g.applySearches(b)
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
	dims, slots, tastes := uint32(len(b.Dims)), uint32(len(b.Slots)), uint32(len(b.Tastes))
	var err error
	bad := func(what, of string, i, n uint32) {
		if err == nil && i >= n {
			err = fmt.Errorf("%s has %s %d of %d", what, of, i, n)
		}
	}
	const set = "dimension set"
	for i := range b.Spans {
		bad("a span", set, b.Spans[i].Dims, dims)
	}
	for i := range b.Marks {
		bad("a mark", set, b.Marks[i].Dims, dims)
		bad("a mark", "taste", b.Marks[i].Taste, tastes+1)
	}
	for i := range b.Exposures {
		x := &b.Exposures[i]
		bad("an exposure", set, x.Dims, dims)
		bad("an exposure", "slot", x.Slot, slots)
		bad("an exposure", "taste", x.Taste, tastes+1)
	}
	for i := range b.Searches {
		bad("a search", set, b.Searches[i].Dims, dims)
	}
	for i := range b.Plays {
		p := &b.Plays[i]
		bad("a play", set, p.Dims, dims)
		bad("a play", "slot", p.Slot, slots+1)
		for _, list := range [][]fact.Interval{p.Intervals, p.Active} {
			for j := range list {
				bad("an interval", set, list[j].Dims, dims)
			}
		}
	}
	return err
}

// Seal makes the generation immutable.
func (g *Generation) Seal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sealed, g.ids, g.slots = true, nil, nil
	for _, a := range [...]*area{&g.areas.pulse, &g.areas.title, &g.areas.quality, &g.areas.label} {
		a.sums = nil
	}
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
	for f := range g.tables {
		for i := range g.tables[f] {
			s.Cells += int64(len(g.tables[f][i].heads))
			s.Bytes += g.tables[f][i].bytes()
		}
		s.Bytes += 80 * int64(len(g.pieces[f].list))
	}
	return s
}

// Values calls fn for the values of a dimension from the first-th on, in order
// of appearance, and returns how many there are: what first is next time. What
// people searched for is theirs, and no value to be offered: Query has none.
func (g *Generation) Values(dim Dimension, first int, fn func(string)) int {
	if dim == Query {
		return 0
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	texts := g.names.dims[dim].texts
	for _, v := range texts[min(first, len(texts)):] {
		fn(v)
	}
	return len(texts)
}
