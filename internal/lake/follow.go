package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"playhead/internal/eventlog"
	"playhead/internal/fact"
)

// pollEvery is how often the follower looks at what waits in the log.
const pollEvery = 500 * time.Millisecond

// readBytes of the log are asked for at once.
const readBytes = 1 << 20

// follower reads the log and writes what it says into files.
type follower struct {
	lake    *Lake
	writer  *writer
	block   block
	facts   fact.Batch
	spans   []consumed
	limit   int       // bytes of the block under way
	flushed time.Time // when the last flush began
	full    bool      // the last flush left something
	heads   []head    // of partitions, as they were looked up last
}

// head is when the log took a record.
type head struct {
	offset int64
	since  time.Time
}

// consumed is what a batch of facts says of its input.
type consumed struct {
	end     int64 // of its input in "events"
	next    int64 // the offset after it in "facts"
	repeats []int64
}

// follow writes what waits whenever there is enough of it, or it is old enough.
// The log keeps it meanwhile: nothing is held in memory between two flushes.
func (l *Lake) follow(ctx context.Context) error {
	w, err := newWriter(l.options.Key, quick)
	if err != nil {
		return err
	}
	f := &follower{lake: l, writer: w, flushed: l.options.Clock()}
	t := time.NewTicker(pollEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return f.last(ctx)
		case <-t.C:
		}
		if err := f.flushDue(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// flushDue writes blocks for as long as it is time to. Others may need the processor
// between one and the next. Errors are those that another try does not mend.
func (f *follower) flushDue(ctx context.Context) error {
	for {
		due, err := f.due(ctx)
		if err == nil && !due {
			return nil
		}
		if err == nil {
			f.full, err = f.flush(ctx)
		}
		if errors.Is(err, eventlog.ErrClosed) || errors.Is(err, eventlog.ErrCorrupt) {
			return fmt.Errorf("lake: %w", err)
		}
		if err != nil && ctx.Err() == nil {
			f.lake.options.Logger.Error("events wait in the log for the lake; it is tried again", "error", err)
		}
		if err != nil || !f.full {
			return nil
		}
	}
}

// stopTime is what an orderly stop may take to write the rest.
const stopTime = 2 * time.Second

// last writes what is left at an orderly stop, if that is quick: a lake that is
// copied then has all. What is not written is so by the next run.
func (f *follower) last(ctx context.Context) error {
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	for full := true; full && stop.Err() == nil; {
		var err error
		if full, err = f.flush(stop); err != nil {
			if stop.Err() == nil {
				f.lake.options.Logger.Error("events wait in the log for the lake; the next start writes them", "error", err)
			}
			return nil
		}
	}
	return nil
}

// Flush writes all that facts speak of. It is for those who have the lake to
// themselves: Run does it by itself.
func (l *Lake) Flush(ctx context.Context) error {
	w, err := newWriter(l.options.Key, quick)
	if err != nil {
		return err
	}
	f := &follower{lake: l, writer: w}
	for full := true; full && err == nil; {
		full, err = f.flush(ctx)
	}
	return err
}

// due tells whether it is time to flush. While others need the processor it is when the
// oldest event has waited for as long as it may; if what there was to write did not fill a
// block then, since facts are late, not before there is more.
func (f *follower) due(ctx context.Context) (bool, error) {
	l := f.lake
	now := l.options.Clock()
	waits, err := f.waiting(ctx, l.state().Reached)
	if err != nil {
		return false, err
	}
	n, oldest := int64(0), now
	for _, w := range waits {
		if n += w.records; !w.since.IsZero() && w.since.Before(oldest) {
			oldest = w.since
		}
	}
	age := now.Sub(oldest)
	l.counts.lag.Store(n)
	l.counts.lagMS.Store(age.Milliseconds())
	rested := now.Sub(f.flushed) >= l.options.FlushEvery
	if n == 0 || !rested && n < int64(l.options.BlockBytes/recordBytes) {
		return false, nil
	}
	return !l.options.Busy() || age > l.options.Patience && (f.full || rested), nil
}

// recordBytes is about what a record of the log takes with what belongs to it.
const recordBytes = 200

// wait is what of a partition is not in the lake.
type wait struct {
	partition int32
	records   int64
	since     time.Time // when the log took the first of them, if there are any
}

// waiting is what waits in each partition, reached being what is in the lake. The log is
// read once for each record that is the first.
func (f *follower) waiting(ctx context.Context, reached []Reached) ([]wait, error) {
	log := f.lake.log
	f.heads = append(f.heads, make([]head, len(reached)-len(f.heads))...)
	waits := make([]wait, len(reached))
	for p := range reached {
		w := &waits[p]
		w.partition = int32(p)
		first, next, err := log.Bounds(ctx, eventlog.Events, w.partition)
		if err != nil {
			return nil, fmt.Errorf("lake: %w", err)
		}
		from := max(first, reached[p].Events)
		if w.records = max(0, next-from); w.records == 0 {
			continue
		}
		if h := &f.heads[p]; h.offset == from && !h.since.IsZero() {
			w.since = h.since
			continue
		}
		_, err = log.Read(ctx, eventlog.Events, eventlog.Cursor{Partition: w.partition, Offset: from}, 1, func(e eventlog.Entry) error {
			w.since = time.UnixMilli(e.ReceivedAt)
			return errEnough
		})
		f.heads[p] = head{from, w.since}
		if err != nil && !errors.Is(err, errEnough) && !errors.Is(err, eventlog.ErrTrimmed) {
			return nil, fmt.Errorf("lake: %w", err)
		}
	}
	return waits, nil
}

// byAge are the partitions, first those whose events have waited for longest: a block is
// full before it has something of all.
func (f *follower) byAge(ctx context.Context, reached []Reached) ([]wait, error) {
	waits, err := f.waiting(ctx, reached)
	slices.SortStableFunc(waits, func(a, b wait) int {
		if (a.records > 0) != (b.records > 0) {
			return cmp.Compare(b.records, a.records)
		}
		return a.since.Compare(b.since)
	})
	return waits, err
}

// flush writes one block of what waits; full if there may be more.
func (f *follower) flush(ctx context.Context) (full bool, err error) {
	l := f.lake
	start := l.options.Clock()
	f.block.reset()
	f.limit = l.options.BlockBytes
	before := l.state().Reached
	reached := append([]Reached(nil), before...)
	missing := int64(0)
	told := make([]bool, len(reached)) // whether facts go on from there
	for p := range reached {
		gone, ok, err := f.catchUp(ctx, int32(p), &reached[p])
		if err != nil {
			return false, err
		}
		missing, told[p] = missing+gone, ok
	}
	order, err := f.byAge(ctx, reached)
	if err != nil {
		return false, err
	}
	for moved := true; moved && !full; {
		moved = false
		for _, w := range order {
			p := w.partition
			if !told[p] {
				continue
			}
			at := reached[p]
			if err := f.take(ctx, p, &reached[p]); err != nil {
				return false, err
			}
			moved = moved || reached[p] != at
			if full = f.block.bytes() >= f.limit; full {
				break
			}
		}
	}
	if slices.Equal(before, reached) {
		f.flushed = start
		return false, nil
	}
	f.block.sort()
	files, err := f.write(rangesOf(before, reached))
	if err != nil {
		l.drop(files)
		return false, err
	}
	err = l.change(func(m *manifest) {
		m.Reached = reached
		m.Files = append(m.Files, files...)
		m.Missing += missing
	})
	if err != nil {
		l.drop(files)
		return false, err
	}
	l.counts.flushes.Add(1)
	l.counts.written.Add(int64(len(files)))
	f.flushed = start
	if missing > 0 {
		l.options.Logger.Warn("records were gone from the log before the lake read them, as when it was off", "records", missing)
	}
	keep := 0 // until the next minute
	if 2*f.block.bytes() >= l.options.BlockBytes {
		keep = l.options.BlockBytes // the next comes soon
	}
	f.block.release(keep)
	return full, nil
}

// catchUp moves past what the log has let go of. A lake that is new to a log
// whose beginning is gone, or was off for long, begins where facts say what the
// events are: without them a repeat could not be told.
// ok is false while no facts say where that is.
func (f *follower) catchUp(ctx context.Context, p int32, r *Reached) (missing int64, ok bool, err error) {
	log := f.lake.log
	first, next, err := log.Bounds(ctx, eventlog.Facts, p)
	if err != nil {
		return 0, false, err
	}
	if r.Facts < first {
		if first == next {
			return 0, false, nil
		}
		spans, err := f.readFacts(ctx, p, first, 1)
		if err != nil || len(spans) == 0 {
			return 0, false, err
		}
		missing = max(0, spans[0].end-r.Events)
		r.Facts, r.Events = spans[0].next, max(r.Events, spans[0].end)
	}
	if first, _, err = log.Bounds(ctx, eventlog.Events, p); err != nil {
		return 0, false, err
	}
	if r.Events < first {
		missing += first - r.Events
		r.Events = first
	}
	return missing, true, nil
}

// readFacts reads what batches from an offset of "facts" on say of their input.
func (f *follower) readFacts(ctx context.Context, p int32, from int64, size int) ([]consumed, error) {
	f.spans = f.spans[:0]
	_, err := f.lake.log.Read(ctx, eventlog.Facts, eventlog.Cursor{Partition: p, Offset: from}, size, func(e eventlog.Entry) error {
		if err := fact.DecodeBatch(e.Data, &f.facts); err != nil {
			return fmt.Errorf("facts %d: %w", e.Offset, err)
		}
		f.spans = append(f.spans, consumed{end: f.facts.InputEnd, next: e.Offset + 1, repeats: append([]int64(nil), f.facts.Repeats...)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read facts of partition %d: %w", p, err)
	}
	return f.spans, nil
}

// take adds the events of some batches of one partition to the block.
func (f *follower) take(ctx context.Context, p int32, r *Reached) error {
	spans, err := f.readFacts(ctx, p, r.Facts, readBytes)
	if err != nil {
		return err
	}
	for _, s := range spans {
		if s.end > r.Events {
			if err := f.takeEvents(ctx, p, r.Events, s); err != nil {
				return fmt.Errorf("read events of partition %d: %w", p, err)
			}
			r.Events = s.end
		}
		r.Facts = s.next
		if f.block.bytes() >= f.limit {
			return nil
		}
	}
	return nil
}

var errEnough = errors.New("enough")

// takeEvents adds the events before s.end that are no repeats.
func (f *follower) takeEvents(ctx context.Context, p int32, from int64, s consumed) error {
	repeats := s.repeats
	for from < s.end {
		next, err := f.lake.log.Read(ctx, eventlog.Events, eventlog.Cursor{Partition: p, Offset: from}, readBytes, func(e eventlog.Entry) error {
			if e.Offset >= s.end {
				return errEnough
			}
			for len(repeats) > 0 && repeats[0] < e.Offset {
				repeats = repeats[1:]
			}
			if len(repeats) > 0 && repeats[0] == e.Offset {
				return nil
			}
			if err := f.block.add(e.Data, e.ReceivedAt); err != nil {
				return fmt.Errorf("offset %d: %w", e.Offset, err)
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			return nil
		}
		if err != nil {
			return err
		}
		if next == from {
			return fmt.Errorf("%w: facts speak of offset %d, the log ends at %d", eventlog.ErrCorrupt, s.end, next)
		}
		from = next
	}
	return nil
}

// write makes a file of each hour of the block, and gives them their names.
func (f *follower) write(ranges string) (files []File, err error) {
	l := f.lake
	var r row
	err = f.block.hours(func(hour int32, entries []entry) error {
		file := File{Period: hourName(hour), Number: l.number()}
		path := l.unfinished(file.Number)
		if err := f.writer.begin(path, ranges); err != nil {
			f.writer.abandon()
			return err
		}
		for i := range entries {
			err := f.block.read(&entries[i], &r)
			if err == nil {
				err = f.writer.add(&r)
			}
			if err != nil {
				f.writer.abandon()
				return err
			}
		}
		file.Rows, file.From, file.To = f.writer.rows, f.writer.from, f.writer.to
		if file.Bytes, err = f.writer.end(); err == nil {
			file.Sum = hexSum(f.writer.sum)
			err = l.place(path, file)
		}
		if err != nil {
			_ = os.Remove(path) // maybe it was not even made
			return err
		}
		files = append(files, file)
		return nil
	})
	return files, err
}

// rangesOf says what of the log a flush is of: "partition:from-end", by comma.
func rangesOf(before, after []Reached) string {
	var parts []string
	for p := range after {
		if after[p].Events > before[p].Events {
			parts = append(parts, fmt.Sprintf("%d:%d-%d", p, before[p].Events, after[p].Events))
		}
	}
	return strings.Join(parts, ",")
}
